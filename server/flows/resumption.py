"""Going on with a call of a former server process that is still on its way: it rings, or is at a machine.

Where it was is noted on its caller's leg (see `server.flows.places`). From there the way is planned anew: the
phones that ring ring on for as long as they would have, then comes what comes after them now.
"""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any

from server.flows.desk import Desk
from server.flows.extension_call import ExtensionCall
from server.flows.places import Place
from server.flows.resources import Resources
from server.flows.ringing import Ringing
from server.flows.stops import Following, Machine, OutsideNumber, Ring, Stop, Target
from server.rules.outcomes import Ending
from server.switch.port import Bridge, Event, Leg, LegState, Party

MOMENT_S = 1.0
"""The least time that a call which is taken over gets: its phone may have been answered meanwhile."""

TRUNKS_S = 5.0
"""Seconds within which the switch knows its trunks again."""

_log = logging.getLogger(__name__)


async def resume(
    call: ExtensionCall, phones: Sequence[Leg], bridge: Bridge | None, place: Place | None
) -> None:
    """Go on with a call, to its end; `phones` ring for it. `place`: as it was noted."""
    await call.run(lambda resources: _Resumption(call, resources, place).go_on(list(phones)), bridge)


class _Resumption:
    """One call whose caller was at `place`, or, if that is None, where the number leads that was dialled."""

    def __init__(self, call: ExtensionCall, resources: Resources, place: Place | None) -> None:
        self._call = call
        self._desk: Desk = call.desk
        self._resources = resources
        self._noted = place
        self._here = self._desk.resume(call.live.call, call.caller, place)

    async def go_on(self, phones: list[Leg]) -> Ending:
        """From where it was, to the end."""
        call, here = self._call, self._here
        if phones:
            return await call.ring_and_talk(self._resources, self._or_back(self._ring_on(phones)))
        if isinstance(here, Ending):
            return here
        if not call.live.call.legs and call.caller.state is not LegState.UP:
            call.live.goes_on(())  # its callee was only guessed, by the number that was dialled
        if isinstance(here, Machine):
            noted = self._noted is not None and self._noted.is_at(here.place)
            if call.caller.state is not LegState.UP or not noted:
                return await call.be_served(self._resources, here)
            if not call.live.is_answered:
                call.live.answered_by_machine(here.callees, missed=here.missed)
            # Nothing is asked of the leg before the machine does: it may be recorded.
            return await call.stay_served(self._resources, here)
        call.live.resumes_at(here.callees)
        if call.caller.state is LegState.UP:
            await call.caller.ring()
        return await call.ring_and_talk(
            self._resources, self._or_back(call.announced(here, self._resources, self._walk(here)))
        )

    async def _or_back(self, ringing: Coroutine[Any, Any, Leg | Machine | Ending]) -> Leg | Machine | Ending:
        """What comes of this ringing; if nobody answers, whoever has sent the call on is called back (SIP-4).

        It has hung up: else the transfer would not go on, but the two would talk again.
        """
        call, place = self._call, self._noted
        answer = await ringing
        if place is None or not place.sent_by or not isinstance(answer, Ending):
            return answer
        back = self._desk.way_back(call.caller, place.sent_by)
        if not isinstance(back, Stop):
            return answer
        now = call.live.call
        left = [Party(now.callee, now.callee_name)] if now.callee is not None else []
        call.live.moves_on(answer, left, back.callees)
        return await Ringing(call, self._resources, again=True).walk(back)

    async def _walk(self, here: Stop) -> Leg | Machine | Ending:
        await self._trunks_are_known(here)
        return await Ringing(self._call, self._resources, again=True).walk(here)

    async def _trunks_are_known(self, here: Stop) -> None:
        """Wait until the switch has been told of the trunks: its owner does that at the same time as this."""
        switch, known = self._desk.switch, asyncio.Event()
        targets = [target for ring in here.rings for target in ring.targets]
        outside = [target for target in targets if isinstance(target, OutsideNumber)]
        wanted = {trunk for target in outside for trunk in target.trunks}

        def look(_: Event | None = None) -> None:
            if wanted <= switch.trunks().keys():
                known.set()

        stop_listening = switch.listen(look)
        look()
        try:
            async with asyncio.timeout(TRUNKS_S):
                await known.wait()
        except TimeoutError:
            _log.warning("Call %s: not all of its trunks are there", self._call.live.call.id)
        finally:
            stop_listening()

    async def _ring_on(self, phones: list[Leg]) -> Leg | Machine | Ending:
        here = self._here if isinstance(self._here, Stop) and self._is_same(self._here) else None
        ring = self._ring(here, phones) if here is not None else None
        place = self._noted or (here.place if here is not None else None)
        if place is not None and ring is not None:
            place = place.with_changes(ring=ring.name)
        if here is not None:
            self._call.live.resumes_at(here.callees)

        def onward() -> Following | None:
            after = place.with_changes(tried=place.past, ring="") if place is not None else None
            following = self._desk.resume(self._call.live.call, self._call.caller, after)
            # That a number leads nowhere by now is no answer to who heard it ring.
            return None if after is None and isinstance(following, Ending) else following

        ringing = Ringing(self._call, self._resources, again=True)
        resumed = ringing.resume(phones, self._left_s(ring), here, onward, ring=ring)
        return await (self._call.announced(here, self._resources, resumed) if here is not None else resumed)

    def _is_same(self, here: Stop | Machine) -> bool:
        """Whether it is where the call was, and not where it leads by now."""
        if self._noted is not None:
            return self._noted.is_at(here.place)
        callee = self._call.live.call.callee
        return callee is None or callee in {party.number for party in here.callees}

    def _ring(self, here: Stop, phones: Sequence[Leg]) -> Ring | None:
        """What of this stop rings on these legs."""
        if self._noted is not None and self._noted.ring:
            return next((ring for ring in here.rings if ring.name == self._noted.ring), None)
        rung = (ring for ring in here.rings if any(_is_to(leg, ring.targets) for leg in phones))
        return next(rung, here.rings[0] if here.rings else None)

    def _left_s(self, ring: Ring | None) -> float:
        """Seconds that the phones may still ring, by the clock; a clock that was set is not trusted."""
        timeout_s = ring.timeout_s if ring is not None else self._desk.ring_timeout_s
        began = self._noted.since if self._noted is not None else None
        rung_s = (self._desk.clock.now() - (began or self._call.live.call.started_at)).total_seconds()
        return max(timeout_s - max(rung_s, 0.0), MOMENT_S)


def _is_to(leg: Leg, targets: Sequence[Target]) -> bool:
    """Whether a leg was dialled to one of these."""
    return any(
        leg.trunk in target.trunks if isinstance(target, OutsideNumber) else leg.contact == target.uri
        for target in targets
    )
