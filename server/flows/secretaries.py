"""What a boss does by dialling the code and the number of a secretary (BOSS-2, BOSS-4)."""

import logging
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from server.contract.pairs import PairState
from server.flows.desk import Desk
from server.flows.extension_call import ExtensionCall
from server.flows.goals import Settle, takes
from server.flows.phone_settings import OFF, ON
from server.flows.places import Goal
from server.flows.resources import Resources
from server.flows.spoken import FAULT, NOT_PERMITTED, NotDone, Words, do_and_tell
from server.rules.outcomes import Ending
from server.services.errors import ServiceError
from server.services.pairs import Pairs
from server.switch.port import Reason, Sound

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Secretaries:
    """Gives bosses the calls that are held for them, and switches pairs on and off."""

    desk: Desk
    pairs: Pairs

    async def carry_out(self, call: ExtensionCall, secretary: str, settle: Settle) -> None:
        """The caller gets the call that this secretary holds longest for it; else the pair is switched.

        A boss who is a moment too late for a held call switches nothing: it is told that nothing is there.
        """
        boss = call.caller.number
        async with Resources(call.desk.switch, call.live.call.bridge_id) as resources:
            resources.take(call.caller)
            resources.hang_up_with(call.caller, Reason.UNAVAILABLE)
            try:
                goal = await settle(self._goal(boss, secretary))
            except NotDone as refusal:
                call.live.begun()
                await call.refuse(refusal.ending)
                return
            if goal is not Goal.TAKE:
                await do_and_tell(call, lambda: self._switch(boss, secretary, on=goal is Goal.ON))
            elif self._take(call, secretary):
                resources.drop(call.caller)
            else:
                call.live.begun()
                await call.refuse(Ending.NOTHING_THERE)

    def finds(self, call: ExtensionCall, secretary: str) -> bool:
        """Whether what the caller wants can be done: of a call that is held, those who talk are known."""
        held = self.pairs.held(call.caller.number, secretary)
        return any(self.desk.talk_of(leg) is not None for leg in held) if held else not takes(call.caller)

    def _goal(self, boss: str, secretary: str) -> Goal:
        if self.pairs.held(boss, secretary) or self.pairs.was_held_lately(boss, secretary):
            return Goal.TAKE
        return Goal.ON if self.pairs.is_off(boss, secretary) else Goal.OFF

    def _take(self, call: ExtensionCall, secretary: str) -> bool:
        """Whether the caller gets a held call; then it is that call's."""
        boss = call.caller.number
        for leg in self.pairs.held(boss, secretary):
            talk = self.desk.talk_of(leg)
            if talk is not None and talk.take(
                call.caller, secretary=leg, keeps=self.pairs.keeps_secretary(boss)
            ):
                return True
        return False

    async def _switch(self, boss: str, secretary: str, *, on: bool) -> Words:
        if self.pairs.get(boss, secretary) is None:
            raise NotDone(NOT_PERMITTED, Ending.FORBIDDEN)
        try:
            pair = await self.pairs.switch(boss, secretary, on=on, by=boss)
        except ServiceError as error:
            _log.info("%s cannot switch its secretary %s: %s", boss, secretary, error.message)
            raise NotDone(NOT_PERMITTED, Ending.FORBIDDEN) from error
        except (SQLAlchemyError, OSError) as error:
            _log.warning("%s switched its secretary %s, which cannot be stored: %s", boss, secretary, error)
            raise NotDone(FAULT, Ending.FAILED) from error
        return (Sound.digits(secretary), *(OFF if pair.state is PairState.OFF else ON))
