"""How a call ended: from SIP codes to the refusal the caller gets and the entries in both logs."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from server.contract.calls import Outcome


class Ending(Enum):
    """Every way in which a call between extensions ends."""

    ANSWERED = "answered"
    CALLER_GAVE_UP = "caller_gave_up"
    NO_ANSWER = "no_answer"
    """The ring time ran out, or the phones said that nobody is there (480, 408)."""
    PICKED_UP = "picked_up"
    """A colleague took the call while it rang (SIP-4)."""
    NOTHING_THERE = "nothing_there"
    """What was to be picked up, or taken from a parking slot, is not there (any more)."""
    BUSY = "busy"
    DO_NOT_DISTURB = "do_not_disturb"
    OWN_NUMBER = "own_number"
    DECLINED = "declined"
    UNREGISTERED = "unregistered"
    UNKNOWN_NUMBER = "unknown_number"
    FORBIDDEN = "forbidden"
    TOO_MANY_CALLS = "too_many_calls"
    """The caller has as many calls at once as one extension may have."""
    FAILED = "failed"
    """Something on our side, or phones that cannot take the call (no common codec)."""
    LOST = "lost"
    """The engine or the server died before an answer; nobody could tell the caller a code."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an ending is for either side. `caller` is also the outcome of the call as a whole."""

    caller: Outcome
    callee: Outcome | None
    """None: the call is not in a callee's log."""
    sip_code: int | None


MEANING = {
    Ending.ANSWERED: Meaning(Outcome.ANSWERED, Outcome.ANSWERED, None),
    Ending.CALLER_GAVE_UP: Meaning(Outcome.CANCELLED, Outcome.MISSED, 487),
    Ending.NO_ANSWER: Meaning(Outcome.NO_ANSWER, Outcome.MISSED, 480),
    Ending.PICKED_UP: Meaning(Outcome.ANSWERED, Outcome.ANSWERED_ELSEWHERE, None),
    Ending.NOTHING_THERE: Meaning(Outcome.FAILED, None, 404),
    Ending.BUSY: Meaning(Outcome.BUSY, Outcome.BUSY, 486),
    Ending.DO_NOT_DISTURB: Meaning(Outcome.BUSY, Outcome.BUSY, 486),
    Ending.OWN_NUMBER: Meaning(Outcome.BUSY, None, 486),
    Ending.DECLINED: Meaning(Outcome.DECLINED, Outcome.DECLINED, 603),
    Ending.UNREGISTERED: Meaning(Outcome.UNREGISTERED, Outcome.UNREGISTERED, 480),
    Ending.UNKNOWN_NUMBER: Meaning(Outcome.UNKNOWN_NUMBER, None, 404),
    Ending.FORBIDDEN: Meaning(Outcome.FAILED, None, 403),
    Ending.TOO_MANY_CALLS: Meaning(Outcome.FAILED, None, 503),
    Ending.FAILED: Meaning(Outcome.FAILED, Outcome.MISSED, 503),
    Ending.LOST: Meaning(Outcome.FAILED, Outcome.MISSED, None),
}
"""The whole table: LOG-1 on both sides, and the SIP status the caller is told."""

DECLINES = frozenset({603})
"""Statuses by which a person declines a call."""

_GONE_PHONE = frozenset({404, 410, 604})
_ABSENT = frozenset({408, 480, 487})
_NO_SUCH_NUMBER = frozenset({404, 410, 484, 604})
_NOBODY_THERE = frozenset({480, 487})


def ending_of_code(sip_code: int | None) -> Ending:
    """What one phone's final status says about the call; None is a phone that never spoke."""
    if sip_code is None or sip_code in _ABSENT:
        return Ending.NO_ANSWER
    if sip_code in (486, 600):
        return Ending.BUSY
    if sip_code in _GONE_PHONE:
        return Ending.UNREGISTERED
    if sip_code in DECLINES:
        return Ending.DECLINED
    return Ending.FAILED


def ending_outside(sip_code: int | None) -> Ending:
    """What a carrier's final status says about the call; None is a carrier that never spoke.

    `FAILED` means that the way is at fault, not the number: another trunk may lead there.
    """
    if sip_code in _NO_SUCH_NUMBER:
        return Ending.UNKNOWN_NUMBER
    if sip_code in _NOBODY_THERE:
        return Ending.NO_ANSWER
    if sip_code in (486, 600):
        return Ending.BUSY
    return Ending.DECLINED if sip_code in DECLINES else Ending.FAILED


_PREFERENCE = (
    Ending.DECLINED,
    Ending.BUSY,
    Ending.NO_ANSWER,
    Ending.UNKNOWN_NUMBER,
    Ending.UNREGISTERED,
)


def best_ending(endings: Iterable[Ending]) -> Ending:
    """The one of several endings that the caller is told (RFC 3261, 16.7 point 6).

    A person's decision (6xx) comes first, then busy, then absence, then a phone that is no longer there;
    only if no phone said any of these is it a failure. Without any ending the extension has no phone.
    """
    endings = set(endings)
    if not endings:
        return Ending.UNREGISTERED
    return next((ending for ending in _PREFERENCE if ending in endings), Ending.FAILED)
