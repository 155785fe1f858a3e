"""What to tell a person about the end of a call or a failed registration (SIP-1).

Codes are those of RFC 3261 (section 21); `Reason` headers (RFC 3326) carry a Q.850 cause that says
more than the code where the PBX knows more.
"""

from collections.abc import Sequence

from linkus_desktop.sip.headers import Reason
from linkus_desktop.sip.values import CallEnd

_BY_CAUSE = {
    1: "Number does not exist",
    17: "Busy",
    18: "No answer",
    19: "No answer",
    20: "Not registered",
    21: "Declined",
    22: "Number has changed",
    27: "The destination is out of order",
    28: "Number is incomplete",
    34: "All lines are in use",
    38: "The network is out of order",
    41: "A temporary fault, please try again",
    42: "The PBX is overloaded, please try again",
    58: "No common codec or encryption",
    88: "No common codec or encryption",
    102: "No answer",
}
"""Texts by Q.850 cause; a cause not listed leaves the word to the SIP code."""

_BY_CODE = {
    400: "The PBX did not understand the call",
    401: "The PBX refused this phone's password",
    403: "Not allowed",
    404: "Number does not exist",
    405: "The other end cannot take calls",
    407: "The PBX refused this phone's password",
    408: "No answer from the PBX",
    410: "Number no longer exists",
    415: "No common codec or encryption",
    416: "Number cannot be dialled",
    420: "The other end lacks a needed feature",
    480: "Not available",
    481: "The call no longer exists",
    482: "The call went round in a circle",
    483: "The call went round in a circle",
    484: "Number is incomplete",
    485: "Number is ambiguous",
    486: "Busy",
    487: "Cancelled",
    488: "No common codec or encryption",
    491: "Busy, please try again",
    493: "No common codec or encryption",
    500: "The PBX had an internal error",
    501: "The PBX cannot do that",
    502: "The line to the destination failed",
    503: "Service unavailable",
    504: "No answer from the destination's network",
    580: "No common codec or encryption",
    600: "Busy everywhere",
    603: "Declined",
    604: "Number does not exist anywhere",
    606: "No common codec or encryption",
    607: "Unwanted",
}

ANSWERED_ELSEWHERE = "Answered on another phone"
LOCAL_FAILURE = "The PBX cannot be reached"

_BY_CLASS = {
    3: "The PBX sent the call elsewhere",
    4: "The call was refused",
    5: "The PBX could not make the call",
    6: "The call was refused everywhere",
}


def answered_elsewhere(found: Sequence[Reason]) -> bool:
    """Whether a CANCEL's Reason says that another phone took the call (SIP cause 200 or Q.850 cause 26)."""
    return any((r.protocol, r.cause) in {("SIP", 200), ("Q.850", 26)} for r in found)


def call_end(
    code: int,
    found: Sequence[Reason],
    *,
    by_us: bool,
    incoming: bool,
    answered: bool,
    transport_failed: bool = False,
) -> CallEnd:
    """How a call ended, from its final SIP code and the Reason headers of the message that ended it.

    `transport_failed`: the code was made up by this phone because nothing got through.
    """
    if answered:
        text = LOCAL_FAILURE if transport_failed else ""
        return CallEnd(200 if code < 300 else code, text, by_us)
    if by_us:
        return CallEnd(code, "Declined" if incoming else "Cancelled", by_us=True)
    if incoming:
        if answered_elsewhere(found):
            return CallEnd(code, ANSWERED_ELSEWHERE, by_us=False, answered_elsewhere=True)
        return CallEnd(code, "Missed" if code in (200, 487) else text_for(code, found), by_us=False)
    if transport_failed:
        return CallEnd(code, LOCAL_FAILURE, by_us=False)
    return CallEnd(code, text_for(code, found), by_us=False)


def refer_refused(code: int, found: Sequence[Reason] = ()) -> str:
    """Why the PBX did not even try to transfer, from its answer to the REFER (RFC 3515, 2.4.2)."""
    if code in (405, 420, 489, 501):
        return "The PBX cannot transfer calls"
    if code in (403, 603):
        return "The PBX does not allow this transfer"
    if code == 408:
        return "The PBX does not answer"
    return text_for(code, found)


def text_for(code: int, found: Sequence[Reason] = ()) -> str:
    """A few words for a person about a refusal with `code`; a Q.850 cause that says more wins."""
    if code in (480, 500, 502, 503, 603):  # these codes are used for many things; the cause tells which
        for reason in found:
            if reason.protocol == "Q.850" and reason.cause in _BY_CAUSE:
                return _BY_CAUSE[reason.cause]
    if code == 480 and any("subscriber absent" in r.text.lower() for r in found):
        return _BY_CAUSE[20]
    return _BY_CODE.get(code) or f"{_BY_CLASS.get(code // 100, 'The call failed')} (SIP {code})"
