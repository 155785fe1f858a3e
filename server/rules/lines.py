"""What an extension's line is doing, from the legs of all its phones (KEY-3)."""

from collections.abc import Iterable
from dataclasses import dataclass

from server.contract.extensions import CallState


@dataclass(frozen=True, slots=True)
class LegView:
    """What counts of one leg.

    Attributes:
        inbound: the phone called us.
        ringing: told that it rings (180), not answered.
        up: answered.
        held: the extension has put the call on hold.
    """

    inbound: bool
    ringing: bool
    up: bool
    held: bool


def call_state(legs: Iterable[LegView]) -> CallState:
    """The state that the lamp of an extension shows.

    A conversation outweighs a second call that rings, which outweighs one on hold. A phone that dials is in
    use, not ringing: nobody could pick that call up (RFC 4235: direction initiator). A phone that was
    called and has not said that it rings does not count.
    """
    states = {_state(leg) for leg in legs}
    for state in (CallState.TALKING, CallState.RINGING, CallState.HELD):
        if state in states:
            return state
    return CallState.IDLE


def _state(leg: LegView) -> CallState:
    if leg.up:
        return CallState.HELD if leg.held else CallState.TALKING
    if leg.inbound:
        return CallState.TALKING
    return CallState.RINGING if leg.ringing else CallState.IDLE
