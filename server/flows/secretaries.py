"""What a boss does by dialling the code and the number of a secretary (BOSS-2, BOSS-4)."""

import logging
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from server.contract.pairs import PairState
from server.flows.desk import Desk
from server.flows.extension_call import ExtensionCall
from server.flows.phone_settings import OFF, ON
from server.flows.spoken import FAULT, NOT_PERMITTED, NotDone, Words, do_and_tell
from server.rules.outcomes import Ending
from server.services.errors import ServiceError
from server.services.pairs import Pairs
from server.switch.port import Sound

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Secretaries:
    """Gives bosses the calls that are held for them, and switches pairs on and off."""

    desk: Desk
    pairs: Pairs

    async def carry_out(self, call: ExtensionCall, secretary: str) -> None:
        """The caller gets the call that this secretary holds longest for it; else the pair is switched.

        A boss who is a moment too late for a held call switches nothing: it is told that nothing is there.
        """
        boss = call.caller.number
        held = self.pairs.held(boss, secretary)
        for leg in held:
            talk = self.desk.talk_of(leg)
            if talk is not None and talk.take(
                call.caller, secretary=leg, keeps=self.pairs.keeps_secretary(boss)
            ):
                return
        if held or self.pairs.was_held_lately(boss, secretary):
            call.live.begun()
            await call.refuse(Ending.NOTHING_THERE)
        else:
            await do_and_tell(call, lambda: self._switch(boss, secretary))

    async def _switch(self, boss: str, secretary: str) -> Words:
        if self.pairs.get(boss, secretary) is None:
            raise NotDone(NOT_PERMITTED, Ending.FORBIDDEN)
        try:
            pair = await self.pairs.switch(boss, secretary, on=None, by=boss)
        except ServiceError as error:
            _log.info("%s cannot switch its secretary %s: %s", boss, secretary, error.message)
            raise NotDone(NOT_PERMITTED, Ending.FORBIDDEN) from error
        except (SQLAlchemyError, OSError) as error:
            _log.warning("%s switched its secretary %s, which cannot be stored: %s", boss, secretary, error)
            raise NotDone(FAULT, Ending.FAILED) from error
        return (Sound.digits(secretary), *(OFF if pair.state is PairState.OFF else ON))
