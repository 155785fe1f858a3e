"""A boss takes the call that a secretary holds (BOSS-4): in the task and the bridge of that call.

For the log it is a call of its own, from the caller to the boss. The secretary is released, or may come back
into the call as a third one, which ends when the caller or the boss hangs up.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from server.flows.resources import Resources
from server.flows.talk import Taken, Talk
from server.flows.tape import Tape
from server.rules.outcomes import Ending
from server.switch.port import (
    Event,
    Leg,
    LegChanged,
    LegGone,
    LegState,
    Reason,
    SwitchError,
    TransferProgress,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from server.flows.extension_call import ExtensionCall

    Converse = Callable[[ExtensionCall, Resources, Leg], Awaitable[None]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taking:
    """A boss takes one of two who talk in `call`; `converse` conducts two who talk."""

    call: "ExtensionCall"
    resources: Resources
    talk: Talk
    tape: Tape
    converse: "Converse"

    async def carry_out(self, taken: Taken) -> bool:
        """Do it, and stay to the end of what comes of it. False: it failed, and nothing has changed."""
        boss, secretary = taken.boss, taken.secretary
        stays = self.talk.partner(secretary)
        bridge = await self.resources.bridge()
        told = self._are_told(stays, boss)
        apart = told and stays.id in bridge.legs
        try:
            if boss.state is not LegState.UP:  # else its call was ordered, and it was called first
                await boss.ring(self.call.desk.party(stays))
                await boss.answer()
            if apart:
                await bridge.remove(stays)
            await bridge.add(boss)
        except LegGone:
            if apart and stays.id not in bridge.legs:
                with suppress(LegGone):
                    await bridge.add(stays)
            return False
        if stays.state is LegState.GONE:
            self.resources.hang_up_others([boss.id], None, Reason.UNKNOWN_NUMBER)
            return False
        await self.tape.suspend()
        if secretary.id in bridge.legs:
            await bridge.remove(secretary)
        for leg in self.talk.legs:
            with suppress(LegGone):
                if leg.held_by_us:
                    await leg.mark_held(on=False)
        await stays.stop_music()
        if not told and stays.id not in bridge.legs:
            await bridge.add(stays)
        live = self.call.desk.join(stays, boss, within=self.call.live.call.bridge_id)
        if taken.keeps:
            live.keeps(secretary.id)
        self.call.live.ended(Ending.ANSWERED)
        self.tape.close()
        self.resources.hang_up_with(boss, Reason.NORMAL)
        successor = replace(self.call, live=live, caller=stays)
        await successor.logged(self._talk(successor, taken))
        return True

    def _are_told(self, stays: Leg, boss: Leg) -> bool:
        """Whether the two are told first that they are recorded; until then neither hears anybody."""
        legs, desk = (stays, boss), self.call.desk
        return desk.recorder.announces(legs) and not desk.is_urgent(legs)

    async def _talk(self, successor: "ExtensionCall", taken: Taken) -> Ending:
        boss, secretary = taken.boss, taken.secretary
        if not taken.keeps:
            # So that no phone of hers shows a missed call.
            self.resources.hang_up_others([secretary.id], None, Reason.ANSWERED_ELSEWHERE)
        await successor.put_together(self.resources, boss)
        if not taken.keeps:
            await self.converse(successor, self.resources, boss)
            return Ending.ANSWERED
        third = [
            asyncio.ensure_future(work) for work in (self._attend(secretary), _refuse_transfers(secretary))
        ]
        try:
            await self.converse(successor, self.resources, boss)
        finally:
            for task in third:
                task.cancel()
            await asyncio.gather(*third, return_exceptions=True)
        return Ending.ANSWERED

    async def _attend(self, secretary: Leg) -> None:
        """The secretary is in the call whenever her phone does not hold it."""
        changed = asyncio.Event()

        def look(event: Event) -> None:
            if isinstance(event, LegChanged) and event.leg.id == secretary.id:
                changed.set()

        stop_listening = self.call.desk.switch.listen(look)
        try:
            await secretary.stop_music()
            bridge = await self.resources.bridge()
            while secretary.state is LegState.UP:
                changed.clear()
                inside = secretary.id in bridge.legs
                if secretary.held is inside:
                    await (bridge.remove(secretary) if inside else bridge.add(secretary))
                await changed.wait()
        except SwitchError as error:
            _log.info("Call %s goes on without the secretary: %s", self.call.live.call.id, error)
        finally:
            stop_listening()


async def _refuse_transfers(leg: Leg) -> None:
    """A third one cannot send the two elsewhere."""
    while True:
        await leg.transfer_requested()
        await leg.tell_transfer(TransferProgress.FAILED)
