"""The counters of a call's sound, by PJSIP's own account (SIP-8)."""

import pjsua2 as pj

from linkus_desktop.sip.pj_call import PjCall
from linkus_desktop.sip.quality import Reading


def read(call: PjCall, at: float) -> Reading | None:
    """The counters now; `at` is the moment, in seconds. None without sound."""
    index = call.audio_index()
    if index is None:
        return None
    try:
        stream = call.getStreamInfo(index)
        rtcp = call.getStreamStat(index).rtcp
    except pj.Error:  # between two negotiations
        return None
    return Reading(
        at=at,
        received=rtcp.rxStat.pkt,
        lost=rtcp.rxStat.loss,
        sent=rtcp.txStat.pkt,
        sent_lost=rtcp.txStat.loss,
        reports=rtcp.txStat.updateCount,
        jitter_ms=rtcp.rxStat.jitterUsec.last / 1000,
        round_trip_ms=rtcp.rttUsec.last / 1000 if rtcp.rttUsec.n else None,
        codec=stream.codecName,
        encrypted="SRTP status: Active" in call.dump(True, ""),
    )
