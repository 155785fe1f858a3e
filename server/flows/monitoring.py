"""A supervisor takes part in the call of somebody else: hears it, whispers, or barges in (WALL-3, CODE-1).

Whose leg it is, is noted on that of the supervisor: a later server process goes on with it, by the rights of
that moment and with a further entry in the audit log, or ends it.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from server.contract.decisions import DecisionKind
from server.contract.features import Feature
from server.contract.monitoring import MonitoringMode, MonitoringRight
from server.flows.extension_call import ExtensionCall
from server.flows.notes import note
from server.flows.places import Place
from server.flows.resources import RELEASE_S, Resources
from server.flows.waiting import finish, first_gone
from server.rules.monitoring import may_monitor
from server.rules.outcomes import Ending
from server.services.audit import Audit
from server.services.directory import Directory
from server.switch.port import Leg, LegState, Whisper

WHISPER = {
    MonitoringMode.LISTEN: Whisper.NOBODY,
    MonitoringMode.WHISPER: Whisper.LEG,
    MonitoringMode.BARGE: Whisper.ALL,
}

_log = logging.getLogger(__name__)


class Monitors:
    """Lets those take part who may, and keeps that in the audit log: without an entry there nobody does."""

    def __init__(
        self, *, directory: Directory, rights: Callable[[], Iterable[MonitoringRight]], audit: Audit
    ) -> None:
        self._directory = directory
        self._rights = rights
        self._audit = audit

    async def monitor(self, call: ExtensionCall, number: str, mode: MonitoringMode) -> None:
        """Connect the caller with the call of the extension `number`, until either is over; or refuse."""
        call.live.begun()
        await self._begin(call, number, mode, lambda: call.desk.talking(number))

    async def resume(self, call: ExtensionCall, place: Place) -> None:
        """Go on with what a former server process began: with the same leg, until either is over."""
        legs = {leg.id: leg for leg in call.desk.switch.legs()}
        mode = MonitoringMode(str(place.feature))
        await self._begin(call, place.number, mode, lambda: legs.get(place.leg), resumed=True)

    async def _begin(
        self,
        call: ExtensionCall,
        number: str,
        mode: MonitoringMode,
        find: Callable[[], Leg | None],
        *,
        resumed: bool = False,
    ) -> None:
        supervisor = call.caller.number
        if not may_monitor(self._rights(), self._directory, supervisor, number, mode):
            await call.refuse(Ending.FORBIDDEN)
            return
        leg = find()
        if leg is None:
            await call.refuse(Ending.NOTHING_THERE)
            return
        call_id = call.live.call.id
        detail: dict[str, Any] = {"resumed": True} if resumed else {}
        try:
            await self._audit.note(
                f"monitor.{mode}", actor=supervisor, subject=number, call=call_id, **detail
            )
        except (SQLAlchemyError, OSError) as error:
            _log.warning(
                "%s may not monitor %s: the audit log cannot be written: %s", supervisor, number, error
            )
            await call.refuse(Ending.FAILED)
            return
        place = Place(
            kind=DecisionKind.FEATURE, number=number, feature=Feature(str(mode)), call=call_id, leg=leg.id
        )
        await call.run(lambda resources: _take_part(call, resources, leg, WHISPER[mode], place))


async def _take_part(
    call: ExtensionCall, _resources: Resources, leg: Leg, whisper: Whisper, place: Place
) -> Ending:
    await note(call.caller, place)
    if call.caller.state is not LegState.UP:
        await call.caller.answer()
    if not call.live.is_answered:
        call.live.answered(None)
    spying = await leg.spy(call.caller, whisper)
    try:
        await first_gone(call.caller, leg)
    finally:
        await finish(spying.stop(), timeout_s=RELEASE_S)
    return Ending.ANSWERED
