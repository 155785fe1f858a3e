"""How good a call sounds, from RTCP (RFC 3550) and the E-model (ITU-T G.107), SIP-8."""

import pjsua2 as pj

from linkus_desktop.sip.pj_call import PjCall
from linkus_desktop.sip.values import Quality

_R_BEST = 93.2
_CODEC_DELAY_MS = 60.0
"""Frame, jitter buffer and our rings, as a fair constant."""


def measure(call: PjCall) -> Quality | None:
    """The figures of a call's sound now; None if it has none."""
    index = call.audio_index()
    if index is None:
        return None
    try:
        stream = call.getStreamInfo(index)
        rtcp = call.getStreamStat(index).rtcp
    except pj.Error:  # between two negotiations
        return None
    loss = _percent(rtcp.rxStat.loss, rtcp.rxStat.pkt)
    jitter = rtcp.rxStat.jitterUsec.last / 1000
    trip = rtcp.rttUsec.last / 1000 if rtcp.rttUsec.n else None
    return Quality(
        codec=stream.codecName,
        encrypted=_encrypted(call),
        loss_received=loss,
        loss_sent=_percent(rtcp.txStat.loss, rtcp.txStat.pkt),
        jitter_ms=jitter,
        round_trip_ms=trip,
        mos=mos(loss, jitter, trip or 0.0),
    )


def mos(loss_percent: float, jitter_ms: float, round_trip_ms: float) -> float:
    """Mean opinion score, 1 to 4.4, from the reduced E-model.

    Delay impairment as in G.107 annex B's approximation; loss impairment as for G.711 with concealment
    (Bpl 25.1, Ie 0), random loss.
    """
    delay = round_trip_ms / 2 + 2 * jitter_ms + _CODEC_DELAY_MS
    impairment = 0.024 * delay + (0.11 * (delay - 177.3) if delay > 177.3 else 0.0)
    impairment += 95.0 * loss_percent / (loss_percent + 25.1)
    r = min(max(_R_BEST - impairment, 0.0), 100.0)
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def _percent(lost: int, received: int) -> float:
    total = lost + received
    return 100.0 * lost / total if total > 0 else 0.0


def _encrypted(call: PjCall) -> bool:
    """Whether SRTP is in use, by PJSIP's own account of the stream."""
    return "SRTP status: Active" in call.dump(True, "")
