"""How good a call sounds, from RTP and RTCP (RFC 3550) and the E-model (ITU-T G.107), SIP-8.

Here is what is computed; `quality_reading` asks PJSIP.
"""

import math
from collections import deque
from dataclasses import dataclass

from linkus_desktop.sip.values import Quality

HEARD_S = 5.0
"""What we hear is judged by the last so many seconds."""
TOLD_S = 16.0
"""What the other end tells, by RTCP reports that come every five seconds (RFC 3550, 6.2), by so many."""
SILENT_S = 3.0
"""Nothing at all for so long is no pause: this phone and the PBX send in silence, too."""

_R_BEST = 93.2
"""R0 - Is for the default values of G.107, table 3, and the equipment of an ordinary handset."""
_FIXED_DELAY_MS = 60.0
"""Frame, jitter buffer at rest and our rings, as a fair constant."""
_LOSS_ROBUSTNESS = 25.1
"""Bpl of G.711 with concealment (G.113, appendix I). PJSIP conceals for every codec of this phone."""
_GSM_IMPAIRMENT = 20.0
"""Ie of GSM full rate (G.113, appendix I); of the others none has a value there or it is zero."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Counters of a stream, since it began, at a moment (seconds, from any beginning).

    `reports`: RTCP reports of the other end so far; `sent_lost`: what they told. Times in milliseconds.
    """

    at: float
    received: int
    lost: int
    sent: int
    sent_lost: int
    reports: int
    jitter_ms: float
    round_trip_ms: float | None
    codec: str
    encrypted: bool


class QualityMeter:
    """Turns readings of one call into its quality now. A new stream (after hold) begins anew."""

    def __init__(self) -> None:
        self._readings: deque[Reading] = deque()

    def take(self, reading: Reading) -> Quality:
        """The quality at a reading, which is newer than those before."""
        readings = self._readings
        if readings and (reading.received < readings[-1].received or reading.codec != readings[-1].codec):
            readings.clear()
        readings.append(reading)
        while reading.at - readings[0].at > TOLD_S:
            readings.popleft()
        heard = self._loss_received(reading)
        told = self._loss_sent(reading)
        delay = reading.round_trip_ms or 0.0
        return Quality(
            codec=reading.codec,
            encrypted=reading.encrypted,
            loss_received=heard,
            loss_sent=told,
            jitter_ms=reading.jitter_ms,
            round_trip_ms=reading.round_trip_ms,
            mos=mos(heard, reading.jitter_ms, delay, codec=reading.codec),
            mos_sent=None if told is None else mos(told, 0.0, delay, codec=reading.codec),
        )

    def _loss_received(self, now: Reading) -> float:
        then = next(r for r in self._readings if now.at - r.at <= HEARD_S)
        if then is now:
            return _percent(now.lost, now.received)
        lost, received = now.lost - then.lost, now.received - then.received
        if not received and now.at - then.at >= SILENT_S:
            return 100.0
        return _percent(max(0, lost), received)  # negative: a packet thought lost came after all

    def _loss_sent(self, now: Reading) -> float | None:
        """Between the oldest and the newest report that are remembered; None without a new one for long."""
        then = self._readings[0]
        newest = next(r for r in self._readings if r.reports == now.reports)
        if newest.reports == then.reports:
            return None
        lost = max(0, newest.sent_lost - then.sent_lost)
        return _percent(lost, newest.sent - then.sent - lost)


@dataclass(frozen=True, slots=True)
class Summary:
    """How a whole call sounded; None: not told in all of it. Units as in `Quality`, `measured_s` in seconds.

    `mos` and `loss_…` are averages over the time that was measured, in which a line that is dead for a while
    counts as lost; `mos` is that of the worse direction.
    """

    codec: str
    encrypted: bool
    measured_s: float
    mos: float
    mos_worst: float
    loss_received: float
    loss_sent: float | None
    jitter_ms: float
    jitter_worst_ms: float
    round_trip_ms: float | None


class QualityRecord:
    """Sums up what was measured of one call at equal distances of time; a long call takes no more memory."""

    def __init__(self) -> None:
        self._newest: Quality | None = None
        self._encrypted = True
        self._since: float | None = None
        self._measured_s = 0.0
        self._mos, self._loss_received, self._jitter = _Mean(), _Mean(), _Mean()
        self._loss_sent, self._round_trip = _Mean(), _Mean()

    def take(self, at: float, quality: Quality | None) -> None:
        """The quality at a moment, in seconds; None: nothing is measured now, as on hold."""
        if quality is None:
            self._since = None
            return
        if self._since is not None:
            self._measured_s += at - self._since
        self._since = at
        self._newest = quality
        self._encrypted = self._encrypted and quality.encrypted
        self._mos.take(quality.worst)
        self._loss_received.take(quality.loss_received)
        self._loss_sent.take(quality.loss_sent)
        self._jitter.take(quality.jitter_ms)
        self._round_trip.take(quality.round_trip_ms)

    def summary(self) -> Summary | None:
        """Of all that was taken; None if that was nothing."""
        if self._newest is None:
            return None
        return Summary(
            codec=self._newest.codec,
            encrypted=self._encrypted,
            measured_s=self._measured_s,
            mos=self._mos.mean or 0.0,
            mos_worst=self._mos.least,
            loss_received=self._loss_received.mean or 0.0,
            loss_sent=self._loss_sent.mean,
            jitter_ms=self._jitter.mean or 0.0,
            jitter_worst_ms=self._jitter.most,
            round_trip_ms=self._round_trip.mean,
        )


class _Mean:
    """Of those figures that are known."""

    def __init__(self) -> None:
        self.least, self.most = math.inf, 0.0
        self._sum, self._count = 0.0, 0

    def take(self, value: float | None) -> None:
        if value is not None:
            self.least, self.most = min(self.least, value), max(self.most, value)
            self._sum += value
            self._count += 1

    @property
    def mean(self) -> float | None:
        return self._sum / self._count if self._count else None


class BadSpell:
    """Whether a call has been bad for so long that it must be told, and good for so long that it is over.

    Users are annoyed below an R of 60, a MOS of 3.1 (G.109, table 1), and may be dissatisfied below 3.6.
    """

    BAD, WELL = 3.1, 3.6
    BEGINS_S, ENDS_S = 4.0, 6.0

    def __init__(self) -> None:
        self.told = False
        self._since: float | None = None

    def take(self, at: float, worst: float) -> bool:
        """Whether it is to be told at this moment; `worst`: the lower MOS of both directions."""
        turning = worst >= self.WELL if self.told else worst < self.BAD
        if not turning:
            self._since = None
            return self.told
        if self._since is None:
            self._since = at
        if at - self._since >= (self.ENDS_S if self.told else self.BEGINS_S):
            self.told = not self.told
            self._since = None
        return self.told


def mos(loss_percent: float, jitter_ms: float, round_trip_ms: float, *, codec: str = "") -> float:
    """Mean opinion score, 1 to 4.4, from the reduced E-model.

    R = R0 - Is - Id - Ie,eff (G.107, 7.1), with R0 - Is for default values. Id, the impairment by delay, in
    the approximation of Cole and Rosenbluth (2001). Ie,eff = Ie + (95 - Ie) · Ppl / (Ppl + Bpl) for random
    loss (G.107, 7.5). From R to MOS by annex B. Wideband codecs are judged as narrow ones are.
    """
    delay = round_trip_ms / 2 + 2 * jitter_ms + _FIXED_DELAY_MS
    impairment = 0.024 * delay + (0.11 * (delay - 177.3) if delay > 177.3 else 0.0)
    equipment = _GSM_IMPAIRMENT if codec.upper() == "GSM" else 0.0
    impairment += equipment + (95.0 - equipment) * loss_percent / (loss_percent + _LOSS_ROBUSTNESS)
    r = min(max(_R_BEST - impairment, 0.0), 100.0)
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def _percent(lost: int, arrived: int) -> float:
    total = lost + max(0, arrived)
    return 100.0 * lost / total if total > 0 else 0.0
