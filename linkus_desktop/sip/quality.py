"""How good a call sounds, from RTP and RTCP (RFC 3550) and the E-model (ITU-T G.107), SIP-8.

Here is what is computed; `quality_reading` asks PJSIP.
"""

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
