"""The audit log: who did what to what, when, from where."""

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import Clock
from server.contract.system import AuditEntry
from server.db.base import Database
from server.db.models import AuditRow

_log = logging.getLogger(__name__)

MAX_PAGE = 1000


class Audit:
    """Writes and reads the audit log. What goes into `detail` must never be a secret."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def record(
        self,
        session: AsyncSession,
        action: str,
        *,
        actor: str,
        subject: str = "",
        address: str = "",
        **detail: Any,
    ) -> None:
        """Add an entry to a transaction: it is kept, and logged, if and only if what it tells of is kept."""
        session.add(
            AuditRow(
                at=self._clock.now(),
                actor=actor[:255],
                address=address[:63],
                action=action,
                subject=subject[:255],
                detail=detail,
            )
        )

        def kept(_: object) -> None:
            _log.info(
                "Audit: %s by %r from %s: %r %s", action, actor, address or "here", subject, detail or ""
            )

        event.listen(session.sync_session, "after_commit", kept, once=True)

    async def note(
        self, action: str, *, actor: str, subject: str = "", address: str = "", **detail: Any
    ) -> None:
        """Add an entry that belongs to no other transaction. Raises what the database raises."""
        async with self._db.session() as session:
            self.record(session, action, actor=actor, subject=subject, address=address, **detail)

    async def list(self, *, limit: int = 100, before: datetime | None = None) -> list[AuditEntry]:
        """The newest entries first, those older than `before` only."""
        query = select(AuditRow).order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(min(limit, MAX_PAGE))
        if before is not None:
            query = query.where(AuditRow.at < before)
        async with self._db.reading() as session:
            return [
                AuditEntry(
                    at=row.at,
                    actor=row.actor,
                    address=row.address,
                    action=row.action,
                    subject=row.subject,
                    detail=row.detail,
                )
                for row in await session.scalars(query)
            ]
