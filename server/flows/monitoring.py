"""A supervisor takes part in the call of somebody else: hears it, whispers, or barges in (WALL-3, CODE-1)."""

import logging
from collections.abc import Callable, Iterable

from sqlalchemy.exc import SQLAlchemyError

from server.contract.monitoring import MonitoringMode, MonitoringRight
from server.flows.extension_call import ExtensionCall
from server.flows.resources import RELEASE_S, Resources
from server.flows.waiting import finish, first_gone
from server.rules.monitoring import may_monitor
from server.rules.outcomes import Ending
from server.services.audit import Audit
from server.services.directory import Directory
from server.switch.port import Leg, Whisper

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
        supervisor = call.caller.number
        call.live.begun()
        if not may_monitor(self._rights(), self._directory, supervisor, number, mode):
            await call.refuse(Ending.FORBIDDEN)
            return
        leg = call.desk.talking(number)
        if leg is None:
            await call.refuse(Ending.NOTHING_THERE)
            return
        try:
            await self._audit.note(
                f"monitor.{mode}", actor=supervisor, subject=number, call=call.live.call.id
            )
        except (SQLAlchemyError, OSError) as error:
            _log.warning(
                "%s may not monitor %s: the audit log cannot be written: %s", supervisor, number, error
            )
            await call.refuse(Ending.FAILED)
            return
        await call.run(lambda resources: _take_part(call, resources, leg, WHISPER[mode]))


async def _take_part(call: ExtensionCall, _resources: Resources, leg: Leg, whisper: Whisper) -> Ending:
    await call.caller.answer()
    call.live.answered(None)
    spying = await leg.spy(call.caller, whisper)
    try:
        await first_gone(call.caller, leg)
    finally:
        await finish(spying.stop(), timeout_s=RELEASE_S)
    return Ending.ANSWERED
