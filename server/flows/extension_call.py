"""A call to an extension, from the INVITE to the end (issue A.7).

Both ways in meet here: a new call rings phones by INVITE, a call of a former server process goes on with the
legs that are there.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from server.flows.conversation import converse
from server.flows.desk import Desk
from server.flows.live_call import LiveCall
from server.flows.notes import note
from server.flows.parking import stay_parked
from server.flows.resources import RELEASE_S, Resources
from server.flows.ringing import Ringing
from server.flows.stops import Connected, Following, Machine, Stop
from server.flows.waiting import finish, unless_gone
from server.rules.outcomes import Ending
from server.switch.port import Bridge, Leg, LegGone, LegState, Reason, SwitchError, TransferProgress

_log = logging.getLogger(__name__)

REASONS = {
    Ending.NO_ANSWER: Reason.NO_ANSWER,
    Ending.PICKED_UP: Reason.NORMAL,
    Ending.NOTHING_THERE: Reason.UNKNOWN_NUMBER,
    Ending.BUSY: Reason.BUSY,
    Ending.DO_NOT_DISTURB: Reason.BUSY,
    Ending.OWN_NUMBER: Reason.BUSY,
    Ending.DECLINED: Reason.DECLINED,
    Ending.UNREGISTERED: Reason.UNREGISTERED,
    Ending.UNKNOWN_NUMBER: Reason.UNKNOWN_NUMBER,
    Ending.FORBIDDEN: Reason.FORBIDDEN,
    Ending.TOO_MANY_CALLS: Reason.UNAVAILABLE,
    Ending.FAILED: Reason.UNAVAILABLE,
    Ending.LOST: Reason.UNAVAILABLE,
    Ending.CALLER_GAVE_UP: Reason.NORMAL,
    Ending.ANSWERED: Reason.NORMAL,
}
"""Why the caller's leg is ended, for each ending of the call."""

MACHINES = 100
"""How often a caller may go from one machine to the next, such as through menus; then the call ends."""

PHONE_REASONS = {Ending.NO_ANSWER: Reason.NO_ANSWER, Ending.ANSWERED: Reason.NORMAL}
"""Why phones that are still there are hung up, where it is not that the caller is gone."""


@dataclass(frozen=True, slots=True)
class ExtensionCall:
    """One call: the caller's leg, and the facts for the log."""

    desk: Desk
    live: LiveCall
    caller: Leg

    async def refuse(self, ending: Ending) -> None:
        """Answer the caller with the SIP status of `ending` and log it."""
        self.live.ended(ending)
        await finish(self.caller.hangup(REASONS[ending]), timeout_s=RELEASE_S)

    async def place(self, stop: Stop | Machine) -> None:
        """Go to this stop and on from there; if somebody answers, stay until either side hangs up."""
        await self.run(lambda resources: self._place(resources, stop))

    async def resume_talking(self, phone: Leg, bridge: Bridge | None) -> None:
        """Go on where a former server stopped: caller and this phone talk, in this bridge if there is one."""
        await self.run(lambda resources: self._resume_talking(resources, phone), bridge)

    async def resume_parked(self, slot: str, by: str, bridge: Bridge | None) -> None:
        """Go on where a former server stopped: the caller waits on a slot, parked by the extension `by`."""
        await self.run(lambda resources: self.wait_parked(resources, slot, by=by), bridge)

    async def wait_parked(self, resources: Resources, slot: str, *, by: str) -> Ending:
        """The caller waits on a slot that is reserved; then it talks to who takes it."""
        phone = await stay_parked(self, resources, slot, by=by)
        await self.connect(resources, phone)
        await converse(self, resources, phone)
        return Ending.ANSWERED

    async def _resume_talking(self, resources: Resources, phone: Leg) -> Ending:
        resources.take(phone)
        bridge = await resources.bridge()
        if not (self.caller.held_by_us or phone.held_by_us):
            for leg in (self.caller, phone):
                if leg.id not in bridge.legs:
                    await leg.stop_ringing()  # it waited for a transfer, which nobody carries out any more
            await self._together(resources, phone)
        await converse(self, resources, phone, resumed=True)
        return Ending.ANSWERED

    # Ringing

    async def _place(self, resources: Resources, stop: Stop | Machine) -> Ending:
        if isinstance(stop, Machine):
            return await self.be_served(resources, stop)
        if self.caller.state is LegState.UP:
            await self.caller.ring()  # its call was ordered, and it was called first
        ringing = Ringing(self, resources).walk(stop)
        return await self.ring_and_talk(resources, self.announced(stop, resources, ringing))

    async def announced(
        self, stop: Stop, resources: Resources, ringing: Coroutine[Any, Any, Leg | Machine | Ending]
    ) -> Leg | Machine | Ending:
        """Who answers, and has heard what is heard there first; a colleague who picks up hears nothing."""
        answer = await ringing
        if stop.announced_by is not None and isinstance(answer, Leg) and not answer.inbound:
            resources.hang_up_others(self.live.call.legs, answer, Reason.ANSWERED_ELSEWHERE)
            await answer.play(stop.announced_by)
        return answer

    async def ring_and_talk(
        self, resources: Resources, ringing: Coroutine[Any, Any, Leg | Machine | Ending]
    ) -> Ending:
        """Whoever comes of this ringing talks with the caller, or serves it."""
        result = await unless_gone(self.caller, ringing)
        if isinstance(result, Ending):
            return result
        if isinstance(result, Machine):
            return await self.be_served(resources, result)
        await self.connect(resources, result)
        await converse(self, resources, result)
        return Ending.ANSWERED

    async def be_served(
        self, resources: Resources, machine: Machine, on_answer: Callable[[], Awaitable[None]] | None = None
    ) -> Ending:
        """The machine answers the caller, and serves it to the end, or to where it sends it on.

        `on_answer` is awaited once the machine has answered.
        """
        await self._note(machine)
        if self.caller.state is LegState.UP:
            await self.caller.stop_ringing()
        else:
            await self.caller.answer()
        self.live.answered_by_machine(machine.callees, missed=machine.missed)
        if on_answer is not None:
            await on_answer()
        return await self.stay_served(resources, machine)

    async def resume_served(self, machine: Machine, bridge: Bridge | None) -> None:
        """Go on where a former server stopped: the caller is at this machine."""
        await self.run(lambda resources: self.stay_served(resources, machine), bridge)

    async def stay_served(self, resources: Resources, machine: Machine) -> Ending:
        """From machine to machine, until one has served the caller or sends it on to people."""
        way = await self._served_by(resources, machine)
        for _ in range(MACHINES):
            if not isinstance(way, Machine):
                break
            await self._note(way)
            self.live.goes_on(())
            self.live.answered_by_machine(way.callees, missed=way.missed)
            way = await self._served_by(resources, way)
        if isinstance(way, Leg):
            await self.connect(resources, way)
            await converse(self, resources, way)
        return await self.go_on(resources, way) if isinstance(way, Stop) else Ending.ANSWERED

    async def _note(self, machine: Machine) -> None:
        place = machine.place
        await note(self.caller, place.with_changes(call=self.live.call.id) if place is not None else None)

    async def _served_by(self, resources: Resources, machine: Machine) -> Following | Leg:
        """Where the machine sends the caller on, once it has served it, or who is to talk with the caller."""
        if machine.place is not None and machine.place.language:
            self.caller.speak(machine.place.language)
        refusing = asyncio.ensure_future(self._refuse_transfers())
        try:
            onward = await machine.serve(self, resources)
        finally:
            refusing.cancel()
            await asyncio.gather(refusing, return_exceptions=True)
        if isinstance(onward, Connected):
            return onward.phone
        return Ending.ANSWERED if onward is None else onward.following

    async def go_on(self, resources: Resources, following: Stop) -> Ending:
        """The caller, who has been answered already, hears ringing until somebody answers there."""
        self.live.goes_on(following.callees)
        await self.caller.ring()
        return await self.ring_and_talk(resources, Ringing(self, resources, again=True).walk(following))

    async def _refuse_transfers(self) -> None:
        """A phone cannot send a machine elsewhere."""
        while True:
            await self.caller.transfer_requested()
            await self.caller.tell_transfer(TransferProgress.FAILED)

    async def connect(self, resources: Resources, phone: Leg) -> None:
        """Caller and this phone, which has answered, talk from now on; the other phones stop ringing."""
        if phone.inbound and phone.state is not LegState.UP:
            await self.let_in(resources, phone)
        resources.hang_up_others(self.live.call.legs, phone, Reason.ANSWERED_ELSEWHERE)
        await resources.bridge()
        if self.caller.state is LegState.UP:
            await self.caller.stop_ringing()  # it was transferred, and has heard the ringing tone
        else:
            await self.caller.answer()
        self.live.answered(phone.id, callee=self.desk.party(phone) if phone.number else None)
        await self.put_together(resources, phone)

    async def put_together(self, resources: Resources, phone: Leg) -> None:
        """Caller and this phone hear each other, once they were told that they are recorded, if so."""
        legs = (self.caller, phone)
        await self.desk.recorder.announce(self.live, legs, urgent=lambda: self.desk.is_urgent(legs))
        await self._together(resources, phone)

    async def let_in(self, resources: Resources, picker: Leg) -> None:
        """Answer a phone that has called to pick this call up.

        The others ring on until it is in the bridge, by which an heir of this process knows that it belongs
        to the call.
        """
        bridge = await resources.bridge()
        await picker.ring(self.desk.party(self.caller))
        await picker.answer()
        resources.hang_up_with(picker, Reason.NORMAL)
        await bridge.add(picker)

    async def _together(self, resources: Resources, phone: Leg) -> None:
        """Caller and phone hear each other."""
        bridge = await resources.bridge()
        if missing := [leg for leg in (self.caller, phone) if leg.id not in bridge.legs]:
            await bridge.add(*missing)

    # Life

    async def run(
        self, conduct: Callable[[Resources], Awaitable[Ending]], bridge: Bridge | None = None
    ) -> None:
        """Conduct the call, log its end, and give everything back, however it ends."""
        async with Resources(self.desk.switch, self.live.call.bridge_id) as resources:
            resources.take(self.caller)
            if bridge is not None:
                resources.take_bridge(bridge)
            try:
                await self.logged(conduct(resources))
            finally:
                ending = self.live.call.ending or Ending.FAILED
                resources.hang_up_with(self.caller, REASONS[ending])
                resources.hang_up_rest_with(PHONE_REASONS.get(ending, Reason.CANCELLED))

    async def logged(self, conduct: Awaitable[Ending]) -> None:
        """Conduct the call, and log its end, however that comes.

        Logged before anything is given back: the moment of the end is now, not when the engine has
        confirmed everything.
        """
        ending = Ending.FAILED
        try:
            ending = await conduct
        except LegGone as gone:
            ending = self._ending(gone)
        except SwitchError as error:
            ending = Ending.LOST if self.caller.state is LegState.GONE else Ending.FAILED
            _log.warning("Call %s: %s", self.live.call.id, error)
        finally:
            self.live.ended(ending)

    def _ending(self, gone: LegGone) -> Ending:
        if gone.ended.lost:
            return Ending.LOST
        if self.caller.state is LegState.GONE:
            return Ending.CALLER_GAVE_UP
        return Ending.DECLINED  # the phone hung up before the caller's leg was answered
