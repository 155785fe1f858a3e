"""Calls that are not over, and which legs of agents belong to those of queues."""

from collections import OrderedDict
from collections.abc import Callable

from server.rules.queues.floor import Floor
from server.services.call_log_store import Call
from server.services.states import States
from server.switch.port import Leg, LegState

REMEMBERED = 10_000
"""Calls that have been in a queue of which it is remembered, so that their legs are known."""


class QueueLegs:
    """Says of a leg of an agent whether a queue has rung it, and whether it is still there.

    Attributes:
        open: calls of any kind that are not over, by id.
        leaving: calls that are over, by the leg of an agent which is being hung up.
    """

    def __init__(self, states: States, call_of_leg: Callable[[str], str]) -> None:
        """`call_of_leg`: the call for which the leg with this id was dialled; "" if none has."""
        self.open: dict[str, Call] = {}
        self.leaving: dict[str, str] = {}
        self._states = states
        self._call_of_leg = call_of_leg
        self._queued: OrderedDict[str, None] = OrderedDict()
        """Calls that are, or lately were, in a queue."""

    def note_queued(self, call: str) -> None:
        """This call is in a queue."""
        self._queued[call] = None
        while len(self._queued) > REMEMBERED:
            self._queued.popitem(last=False)

    def call_answered_by(self, leg: str) -> str | None:
        """The call that is not over in which this leg is the one that has answered."""
        of = self._call_of_leg(leg)
        return of if of in self.open and self.open[of].answered_leg == leg else None

    def is_being_hung_up(self, call: Call, agent: str) -> bool:
        """Whether the agent's leg of a call that is over is there, and in no other call; asked once."""
        leg = call.answered_leg or ""
        if self.leaving.pop(leg, None):
            return False  # even the engine has forgotten the call
        there = any(one.id == call.answered_leg for one in self._states.legs(agent))
        return there and not self._is_elsewhere(leg, call.id)

    def is_of_no_queue(self, leg: Leg, floor: Floor) -> bool:
        """Whether this leg of an agent is in a call, and not the one for which a queue has rung it."""
        if not leg.inbound and leg.state is not LegState.UP:
            return False
        of = self._call_of_leg(leg.id)
        if of not in self._queued:
            return True
        own = self.open.get(of)
        is_over = of not in floor.waiting and of not in floor.talking
        if is_over and own is not None and own.answered_leg == leg.id:
            return True  # called back after a transfer that nobody has taken
        return self._is_elsewhere(leg.id, of)

    def _is_elsewhere(self, leg: str, call: str) -> bool:
        """Whether a leg is in another call than this one."""
        others = (one for one in self.open.values() if one.id != call)
        return any(leg in (one.caller_leg, one.answered_leg) for one in others)
