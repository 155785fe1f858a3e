"""What an extension's line is doing, from the legs of all its phones (KEY-3)."""

from collections import Counter
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


class Line:
    """The legs of one extension: what each of them adds, and what all of them come to.

    A change of one costs the same however many there are.
    """

    def __init__(self) -> None:
        self._legs: dict[str, CallState] = {}
        self._count: Counter[CallState] = Counter()

    def __bool__(self) -> bool:
        return bool(self._legs)

    def put(self, leg_id: str, leg: LegView) -> None:
        """This leg is like that now."""
        self.drop(leg_id)
        state = self._legs[leg_id] = _state(leg)
        self._count[state] += 1

    def drop(self, leg_id: str) -> None:
        """This leg is gone, if it was there."""
        if (state := self._legs.pop(leg_id, None)) is not None:
            self._count[state] -= 1

    @property
    def state(self) -> CallState:
        """The state that the lamp of the extension shows.

        A conversation outweighs a second call that rings, which outweighs one on hold. A phone that dials is
        in use, not ringing: nobody could pick that call up (RFC 4235: direction initiator). A phone that was
        called and has not said that it rings does not count.
        """
        for state in (CallState.TALKING, CallState.RINGING, CallState.HELD):
            if self._count[state]:
                return state
        return CallState.IDLE


def _state(leg: LegView) -> CallState:
    if leg.up:
        return CallState.HELD if leg.held else CallState.TALKING
    if leg.inbound:
        return CallState.TALKING
    return CallState.RINGING if leg.ringing else CallState.IDLE
