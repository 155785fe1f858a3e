"""Parked calls: they wait with music until somebody takes them, else go back to who has parked them (SIP-4).

A parked call is, for the log, one from who waits to who has parked it, in the task of the call it comes from.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from server.clock import Clock
from server.contract.events import Topic
from server.contract.parking import ParkedCall, Parking
from server.flows.live_call import Lost
from server.flows.resources import Resources
from server.flows.ringing import Ringing
from server.flows.stops import Machine, Stop
from server.flows.waiting import unless_gone
from server.rules.outcomes import Ending
from server.services.accounts import Who
from server.services.hub import Hub
from server.switch.port import Leg, Party, Reason

if TYPE_CHECKING:
    from server.flows.extension_call import ExtensionCall


class ParkingLot:
    """Which calls are on which slots: the one owner of topic `parked`. Nothing here is awaited."""

    def __init__(self, *, hub: Hub, clock: Clock, settings: Callable[[], Parking]) -> None:
        self._hub = hub
        self._clock = clock
        self._settings = settings
        self._parked: dict[str, Parked | None] = {}
        self._shown: dict[str, ParkedCall] = {}
        self._observers: list[Callable[[str], None]] = []
        hub.topic(Topic.PARKED, self._snapshot)

    @property
    def settings(self) -> Parking:
        """As of now."""
        return self._settings()

    def reserve(self, slot: str = "") -> str:
        """Take this slot, or the first that is free; "" if that cannot be."""
        free = [one for one in self.settings.slots if one not in self._parked]
        found = next((one for one in free if slot in ("", one)), "")
        if found:
            self._parked[found] = None
        return found

    def put(self, slot: str, parked: "Parked", *, who: Party, by: str) -> None:
        """This call is on a slot that was reserved for it; everybody sees it."""
        self._parked[slot] = parked
        shown = ParkedCall(slot=slot, number=who.number, name=who.name, by=by, since=self._clock.now())
        self._shown[slot] = shown
        self._publish(slot, shown)

    def clear(self, slot: str) -> None:
        """The slot is free again."""
        self._parked.pop(slot, None)
        if self._shown.pop(slot, None) is not None:
            self._publish(slot, None)

    def take(self, slot: str, leg: Leg, lost: Lost) -> bool:
        """Give the call on this slot to a leg that has called us; False if there is none (any more).

        `lost`: see `Ringing.pick_up`.
        """
        parked = self._parked.get(slot)
        return parked is not None and parked.take(leg, lost)

    def calls(self) -> list[ParkedCall]:
        """What is parked, by slot."""
        return [self._shown[slot] for slot in sorted(self._shown)]

    def is_taken(self, slot: str) -> bool:
        """Whether a call is parked there."""
        return slot in self._shown

    def observe(self, observer: Callable[[str], None]) -> Callable[[], None]:
        """Call `observer(slot)` after each change of a slot. The returned function ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def _publish(self, slot: str, shown: ParkedCall | None) -> None:
        self._hub.publish(Topic.PARKED, slot, shown)
        for observer in tuple(self._observers):
            observer(slot)

    async def _snapshot(self, _who: Who) -> Mapping[str, Any]:
        return self._shown


class Parked:
    """One parked call, until it is taken or the caller hangs up."""

    def __init__(self, call: "ExtensionCall", resources: Resources) -> None:
        self._call = call
        self._resources = resources
        self._taker: asyncio.Future[Leg] = asyncio.get_running_loop().create_future()
        self._ringing: Ringing | None = None

    def take(self, leg: Leg, lost: Lost) -> bool:
        """Let this leg have the call, which owns it from now on; False: it is too late."""
        if self._ringing is not None:
            return self._ringing.pick_up(leg, lost)
        if self._taker.done():
            return False
        self._resources.take(leg)
        self._resources.hang_up_with(leg, Reason.UNKNOWN_NUMBER)  # unless it is answered
        self._call.live.wanted(lost)
        self._call.live.rings((leg.id,))
        self._taker.set_result(leg)
        return True

    async def wait(self, back: Stop | Ending, timeout_s: float) -> Leg:
        """The leg that takes the call; after each time-out it rings where `back` leads to."""
        caller = self._call.caller
        try:
            while True:
                await caller.start_music()
                leg = await self._taken_within(timeout_s)
                if leg is not None:
                    self._call.live.picked_up(self._call.desk.party(leg))
                    await caller.stop_music()
                    return leg
                if isinstance(back, Stop):
                    answer = await self._go_back(back)
                    if answer is not None:
                        return answer
        finally:
            self._taker.cancel()

    async def _go_back(self, back: Stop) -> Leg | None:
        """Ring where the call came from; whoever dials the slot meanwhile picks it up.

        None: nobody answers. A machine there counts as nobody: the call is still parked for a person.
        """
        caller = self._call.caller
        self._ringing = Ringing(self._call, self._resources, again=True)
        await caller.stop_music()
        await caller.ring()
        answer = await self._ringing.walk(back)
        self._ringing = None
        await caller.stop_ringing()
        return None if isinstance(answer, Ending | Machine) else answer

    async def _taken_within(self, seconds: float) -> Leg | None:
        await asyncio.wait({self._taker}, timeout=seconds)
        return self._taker.result() if self._taker.done() else None


async def stay_parked(call: "ExtensionCall", resources: Resources, slot: str, *, by: str) -> Leg:
    """Wait on a slot that is reserved, parked by the extension `by`; the leg that takes the call.

    Raises `LegGone` when the caller hangs up. The slot is free afterwards, however it ends.
    """
    lot = call.desk.lot
    parked = Parked(call, resources)
    try:
        lot.put(slot, parked, who=call.desk.party(call.caller), by=by)
        back = call.desk.way_back(call.caller, by)
        return await unless_gone(call.caller, parked.wait(back, lot.settings.timeout_s))
    finally:
        lot.clear(slot)
