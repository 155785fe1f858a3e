"""The log of each queue, and how far its calls were dealt with: the one owner of topic `queue_log` (Q-9)."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select

from server.clock import Clock
from server.contract.agents import CallResult, QueueEnd, QueueLogEntry
from server.contract.errors import ErrorCode
from server.contract.events import Topic
from server.contract.queues import Queue
from server.db.base import Database
from server.db.models import QueueCallRow
from server.services.accounts import Who
from server.services.errors import AuthError, not_found
from server.services.hub import Hub
from server.services.queue_reports import period
from server.services.queue_store import log_entry
from server.services.queues import Queues

SNAPSHOT_ENTRIES = 500
"""Newest entries in the topic `queue_log`."""

_NEWEST = (QueueCallRow.joined_at.desc(), QueueCallRow.id.desc())
_UNANSWERED = (QueueEnd.ABANDONED, QueueEnd.FAILED_OVER, QueueEnd.LEFT)


class QueueLog:
    """Reads the log for those who may, and keeps the results."""

    def __init__(self, *, db: Database, hub: Hub, clock: Clock, queues: Queues) -> None:
        self._db = db
        self._hub = hub
        self._clock = clock
        self._queues = queues
        self._changing = asyncio.Lock()
        queues.writer.on_logged = self._publish
        hub.topic(Topic.QUEUE_LOG, self._snapshot)

    async def calls(
        self,
        number: str,
        who: Who,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        end: QueueEnd | None = None,
        result: CallResult | None = None,
        text: str = "",
        limit: int = 100,
    ) -> list[QueueLogEntry]:
        """The newest calls that are over and joined in this time, the newest first; `text`: of the caller.

        Raises:
            ServiceError: `NOT_FOUND`, `FORBIDDEN`, `INVALID`.
        """
        visible = _visible(self._check(number, who), who)
        since, until = period(self._clock.now(), since, until)
        query = select(QueueCallRow).where(
            visible, QueueCallRow.joined_at >= since, QueueCallRow.joined_at < until
        )
        if end is not None:
            query = query.where(QueueCallRow.ending == end)
        if result is not None:
            query = query.where(QueueCallRow.result == result)
        if text:
            query = query.where(
                or_(
                    QueueCallRow.caller.contains(text, autoescape=True),
                    QueueCallRow.caller_name.icontains(text, autoescape=True),
                )
            )
        async with self._db.reading() as session:
            return [log_entry(row) for row in await session.scalars(query.order_by(*_NEWEST).limit(limit))]

    async def set_result(self, number: str, entry_id: int, result: CallResult, who: Who) -> QueueLogEntry:
        """A call was dealt with so far; everybody who may see it sees that at once.

        A result that moves forward is also that of the same caller's other unanswered calls of the last
        hours, if the queue options say so.

        Raises:
            ServiceError: `NOT_FOUND`: no such call, or none that `who` may see; `FORBIDDEN`.
        """
        queue = self._check(number, who)
        options, now = self._queues.options, self._clock.now()
        async with self._changing, self._db.session() as session:
            row = await session.scalar(
                select(QueueCallRow).where(QueueCallRow.id == entry_id, _visible(queue, who))
            )
            if row is None:
                raise not_found(f"call {entry_id} in the log of queue {number}")
            changed = [row]
            if options.sync_results and row.caller and result.is_after(CallResult(row.result)):
                same = select(QueueCallRow).where(
                    QueueCallRow.queue == number,
                    QueueCallRow.caller == row.caller,
                    QueueCallRow.id != row.id,
                    QueueCallRow.ending.in_(_UNANSWERED),
                    QueueCallRow.joined_at >= now - timedelta(hours=options.sync_hours),
                )
                others = list(await session.scalars(same))
                changed += [other for other in others if result.is_after(CallResult(other.result))]
            for one in changed:
                one.result, one.result_by, one.result_at = result.value, who.user, now
                one.result_automatic = one is not row
            entries = [log_entry(one) for one in changed]
        self._publish(entries)
        return entries[0]

    def _check(self, number: str, who: Who) -> Queue:
        queue = self._queues.settings_of(number)
        if queue is None:
            raise not_found(f"queue {number}")
        if not who.is_administrator and not queue.log_is_for(who.number):
            raise AuthError(ErrorCode.FORBIDDEN, f"You may not see the log of queue {number}.")
        return queue

    def _publish(self, entries: Sequence[QueueLogEntry]) -> None:
        for entry in entries:
            queue = self._queues.settings_of(entry.queue)
            for number in queue.shown_to(entry) if queue is not None else ():
                self._hub.publish(Topic.QUEUE_LOG, str(entry.id), entry, to=number)

    async def _snapshot(self, who: Who) -> Mapping[str, Any]:
        queues = [queue for queue in self._queues.all() if queue.log_is_for(who.number)]
        if not queues:
            return {}
        seen = or_(false(), *(_visible(queue, who) for queue in queues))
        query = select(QueueCallRow).where(seen).order_by(*_NEWEST).limit(SNAPSHOT_ENTRIES)
        async with self._db.reading() as session:
            return {str(row.id): log_entry(row) for row in await session.scalars(query)}


def _visible(queue: Queue, who: Who) -> ColumnElement[bool]:
    """The same as `Queue.shows`, for the database; administrators see all."""
    of_queue = QueueCallRow.queue == queue.number
    if who.is_administrator or who.number in queue.managers:
        return of_queue
    shown: list[ColumnElement[bool]] = [false()]
    if queue.log_missed:
        shown.append(QueueCallRow.agent.is_(None))
    if queue.log_incoming:
        shown.append(QueueCallRow.agent == who.number)
    return and_(of_queue, or_(*shown))
