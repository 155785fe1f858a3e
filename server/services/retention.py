"""How long calls and audit entries are kept: for ever, unless the settings name a number of days."""

import logging
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, select

from server.clock import Clock
from server.db.base import Database
from server.db.models import AgentChangeRow, AuditRow, CallRow, QueueCallRow
from server.settings import RetentionSettings

BATCH = 500
"""Rows deleted in one transaction: calls in progress wait for it with their own writes."""

_log = logging.getLogger(__name__)


class Retention:
    """Deletes what is older than the settings allow; calls take their entries in personal logs along."""

    def __init__(self, *, db: Database, clock: Clock, settings: RetentionSettings) -> None:
        self._db = db
        self._clock = clock
        self._settings = settings

    async def sweep(self) -> int:
        """Delete what is too old; returns how many calls and audit entries that were."""
        found = 0
        now = self._clock.now()
        if days := self._settings.calls_days:
            then = now - timedelta(days=days)
            found += await self._delete(CallRow, CallRow.ended_at < then, "calls", days)
            found += await self._delete(QueueCallRow, QueueCallRow.left_at < then, "calls of queues", days)
            # The last change of each agent tells what they were at the beginning of what is kept.
            last = (
                select(func.max(AgentChangeRow.id))
                .where(AgentChangeRow.at < then)
                .group_by(AgentChangeRow.queue, AgentChangeRow.extension)
            )
            old_change = (AgentChangeRow.at < then) & AgentChangeRow.id.not_in(last)
            found += await self._delete(AgentChangeRow, old_change, "changes of agents", days)
        if days := self._settings.audit_days:
            old = AuditRow.at < now - timedelta(days=days)
            found += await self._delete(AuditRow, old, "audit entries", days)
        return found

    async def _delete(
        self,
        table: type[CallRow | AuditRow | QueueCallRow | AgentChangeRow],
        too_old: ColumnElement[bool],
        what: str,
        days: int,
    ) -> int:
        found = 0
        while True:
            async with self._db.session() as session:
                gone = await session.scalars(
                    delete(table)
                    .where(table.id.in_(select(table.id).where(too_old).limit(BATCH)))
                    .returning(table.id),
                    execution_options={"synchronize_session": False},
                )
                count = len(gone.all())
            found += count
            if count < BATCH:
                break
        if found:
            _log.info("%d %s older than %d days were deleted", found, what, days)
        return found
