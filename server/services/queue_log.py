"""The log of each queue, and how far its calls were dealt with: the one owner of topic `queue_log` (Q-9)."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true, tuple_

from server.clock import Clock
from server.contract.agents import CallResult, QueueEnd, QueueLogEntry
from server.contract.errors import ErrorCode
from server.contract.events import Topic
from server.contract.queue_log import QueueLogPage, QueueLogView
from server.contract.queues import Queue
from server.db.base import Database
from server.db.models import QueueCallRow
from server.services.accounts import Who
from server.services.configuration import Configuration, ConfigurationChanged
from server.services.errors import AuthError, not_found
from server.services.hub import Hub
from server.services.queue_reports import period
from server.services.queue_store import log_entry
from server.services.queues import Queues

SNAPSHOT_ENTRIES = 500
"""Newest entries in the topic `queue_log`."""

_NEWEST = (QueueCallRow.joined_at.desc(), QueueCallRow.id.desc())
_UNANSWERED = (QueueEnd.ABANDONED, QueueEnd.FAILED_OVER, QueueEnd.LEFT)
LARGEST_ID = 2**31 - 1
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines of the log are wanted: all that fit every part that is given.

    Attributes:
        since, until: when the caller joined.
        answered: by an agent, or by nobody.
        result: *not dealt* are only calls that nobody has answered: the others need nobody.
        text: part of the caller's name or number.
    """

    queue: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    end: QueueEnd | None = None
    answered: bool | None = None
    result: CallResult | None = None
    text: str = ""

    def of(self, query: Select[QueueCallRow]) -> Select[QueueCallRow]:
        """The query, for these lines only."""
        if self.queue is not None:
            query = query.where(QueueCallRow.queue == self.queue)
        if self.since is not None:
            query = query.where(QueueCallRow.joined_at >= self.since)
        if self.until is not None:
            query = query.where(QueueCallRow.joined_at < self.until)
        if self.end is not None:
            query = query.where(QueueCallRow.ending == self.end)
        if self.answered is not None:
            by_nobody = QueueCallRow.agent.is_(None)
            query = query.where(~by_nobody if self.answered else by_nobody)
        if self.result is not None:
            query = query.where(QueueCallRow.result == self.result)
            if self.result is CallResult.NOT_DEALT and self.answered is None and self.end is None:
                query = query.where(QueueCallRow.agent.is_(None))
        if self.text:
            number = QueueCallRow.caller.contains(self.text, autoescape=True)
            query = query.where(or_(number, QueueCallRow.caller_name.icontains(self.text, autoescape=True)))
        return query


class QueueLog:
    """Reads the log for those who may, and keeps the results."""

    def __init__(
        self, *, db: Database, hub: Hub, clock: Clock, queues: Queues, configuration: Configuration
    ) -> None:
        self._db = db
        self._hub = hub
        self._clock = clock
        self._queues = queues
        self._changing = asyncio.Lock()
        self._permissions = {queue.number: _permissions(queue) for queue in queues.all()}
        queues.writer.on_logged = self._publish
        configuration.observe(self._on_configuration)
        hub.topic(Topic.QUEUE_LOG, self._snapshot)

    # To be read

    async def calls(self, number: str, who: Who, wanted: Filter, *, limit: int = 100) -> list[QueueLogEntry]:
        """The newest calls of a queue that are over, of the last day unless the filter says otherwise.

        Raises:
            ServiceError: `NOT_FOUND`, `FORBIDDEN`, `INVALID`.
        """
        visible = _visible(self._check(number, who), who)
        since, until = period(self._clock.now(), wanted.since, wanted.until)
        query = wanted.of(select(QueueCallRow).where(visible))
        query = query.where(QueueCallRow.joined_at >= since, QueueCallRow.joined_at < until)
        async with self._db.reading() as session:
            return [log_entry(row) for row in await session.scalars(query.order_by(*_NEWEST).limit(limit))]

    async def page(
        self, who: Who, wanted: Filter, *, before: str | None = None, limit: int = 100
    ) -> QueueLogPage:
        """Calls of all queues of which `who` may see something, the newest first, from the cursor on.

        Raises:
            ServiceError: `NOT_FOUND`, `FORBIDDEN`: the filter is for a queue of which that is so.
        """
        if wanted.queue is not None:
            self._check(wanted.queue, who)
        seen = self._seen_by(who)
        views = [_view(queue, who) for queue in seen]
        if not seen:
            return QueueLogPage(entries=[], queues=[])
        query = wanted.of(select(QueueCallRow).where(_visible_of(seen, who)))
        if before is not None:
            query = query.where(tuple_(QueueCallRow.joined_at, QueueCallRow.id) < _place(before))
        async with self._db.reading() as session:
            rows = list(await session.scalars(query.order_by(*_NEWEST).limit(limit + 1)))
        further = _cursor(rows[limit - 1]) if len(rows) > limit else None
        return QueueLogPage(entries=[log_entry(row) for row in rows[:limit]], queues=views, next=further)

    # To be changed

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
            deleted = {one.id for one in changed if one.deleted_by_agent}
        self._publish(entries, deleted=deleted)
        return entries[0]

    async def delete(self, ids: Collection[int], who: Who, *, queue: str | None = None) -> int:
        """Calls that `who` has answered are gone from the log as `who` sees it; how many that were.

        For managers, for administrators and in the reports they stay. Either all of them go or none; what has
        gone already is no error.

        Raises:
            ServiceError: `NOT_FOUND`: no such call (in that queue), or none that `who` may see; `FORBIDDEN`:
                one that somebody else has answered, or nobody.
        """
        async with self._changing, self._db.session() as session:
            rows = list(await session.scalars(select(QueueCallRow).where(QueueCallRow.id.in_(ids))))
            found = {row.id: row for row in rows if queue is None or row.queue == queue}
            for entry_id in ids:
                row = found.get(entry_id)
                settings = self._queues.settings_of(row.queue) if row is not None else None
                if row is None or settings is None or not _shows(settings, log_entry(row), who):
                    raise not_found(f"call {entry_id} in the logs of your queues")
                if row.agent is None or row.agent != who.number:
                    raise AuthError(
                        ErrorCode.FORBIDDEN, "Only calls that you have answered yourself can be deleted."
                    )
            gone = [row for row in found.values() if not row.deleted_by_agent]
            for row in gone:
                row.deleted_by_agent = True
            deleted = [row.id for row in gone]
        for entry_id in deleted:
            self._hub.publish(Topic.QUEUE_LOG, str(entry_id), None, to=who.number)
        return len(deleted)

    # Inside

    def _check(self, number: str, who: Who) -> Queue:
        queue = self._queues.settings_of(number)
        if queue is None:
            raise not_found(f"queue {number}")
        if not who.is_administrator and not queue.log_is_for(who.number):
            raise AuthError(ErrorCode.FORBIDDEN, f"You may not see the log of queue {number}.")
        return queue

    def _seen_by(self, who: Who) -> list[Queue]:
        queues = sorted(self._queues.all(), key=lambda queue: queue.number)
        return [queue for queue in queues if who.is_administrator or queue.log_is_for(who.number)]

    def _publish(self, entries: Sequence[QueueLogEntry], *, deleted: Collection[int] = ()) -> None:
        for entry in entries:
            queue = self._queues.settings_of(entry.queue)
            if queue is None:
                continue
            gone_for = entry.agent if entry.id in deleted else None
            self._hub.publish_to(
                Topic.QUEUE_LOG, str(entry.id), entry, queue.shown_to(entry), unless=gone_for
            )

    def _on_configuration(self, change: ConfigurationChanged) -> None:
        """Whoever may see more or less of a log now gets a new snapshot."""
        if change.model is not Queue:
            return
        before = self._permissions.pop(change.key, None)
        queue = self._queues.settings_of(change.key)
        after = _permissions(queue) if queue is not None else None
        if after is not None:
            self._permissions[change.key] = after
        if before != after:
            self._hub.renew(Topic.QUEUE_LOG, to={*(before or {}), *(after or {})})

    async def _snapshot(self, who: Who) -> Mapping[str, Any]:
        queues = self._seen_by(who)
        if not queues:
            return {}
        query = select(QueueCallRow).where(_visible_of(queues, who)).order_by(*_NEWEST)
        async with self._db.reading() as session:
            rows = await session.scalars(query.limit(SNAPSHOT_ENTRIES))
            return {str(row.id): log_entry(row) for row in rows}


def _permissions(queue: Queue) -> dict[str, QueueLogView]:
    """What each extension sees of a queue's log."""
    return {number: _view_of(queue, number) for number in queue.may_see_log()}


def _view(queue: Queue, who: Who) -> QueueLogView:
    if who.is_administrator:
        return QueueLogView(queue=queue.number, name=queue.name, incoming=True, missed=True, all=True)
    return _view_of(queue, who.number or "")


def _view_of(queue: Queue, number: str) -> QueueLogView:
    manages = number in queue.managers
    return QueueLogView(
        queue=queue.number,
        name=queue.name,
        incoming=manages or queue.log_incoming,
        missed=manages or queue.log_missed,
        all=manages,
    )


def _shows(queue: Queue, entry: QueueLogEntry, who: Who) -> bool:
    return who.is_administrator or (who.number is not None and queue.shows(entry, who.number))


def _visible(queue: Queue, who: Who) -> ColumnElement[bool]:
    """The same as `Queue.shows`, for the database; administrators see all, nobody what they have deleted."""
    return and_(QueueCallRow.queue == queue.number, _shown(_view(queue, who), who))


def _visible_of(queues: Sequence[Queue], who: Who) -> ColumnElement[bool]:
    """The same for several queues.

    A page is made of the newest lines of many queues. The database would look all lines of each queue up and
    sort them; the expression keeps it from that, and it reads the newest lines, whatever queue they are of.
    """
    alike: dict[tuple[bool, bool, bool], list[str]] = defaultdict(list)
    views = {queue.number: _view(queue, who) for queue in queues}
    for number, view in views.items():
        alike[view.all, view.incoming, view.missed].append(number)
    number_of_line = func.coalesce(QueueCallRow.queue, "")
    return or_(
        false(),
        *(and_(number_of_line.in_(some), _shown(views[some[0]], who)) for some in alike.values()),
    )


def _shown(view: QueueLogView, who: Who) -> ColumnElement[bool]:
    if view.all:
        return _not_deleted(who)
    shown: list[ColumnElement[bool]] = [false()]
    if view.missed:
        shown.append(QueueCallRow.agent.is_(None))
    if view.incoming:
        shown.append(QueueCallRow.agent == who.number)
    return and_(_not_deleted(who), or_(*shown))


def _not_deleted(who: Who) -> ColumnElement[bool]:
    if who.number is None:
        return true()
    return or_(QueueCallRow.deleted_by_agent.is_(False), QueueCallRow.agent != who.number)


def _cursor(row: QueueCallRow) -> str:
    return f"{(row.joined_at - _EPOCH) // timedelta(microseconds=1)}-{row.id}"


def _place(cursor: str) -> tuple[datetime, int]:
    microseconds, _, entry_id = cursor.partition("-")
    return _EPOCH + timedelta(microseconds=int(microseconds)), min(int(entry_id), LARGEST_ID)
