"""Sums over the logs of queues and agents (Q-12)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, and_, func, or_, select

from server.clock import Clock
from server.contract.agents import AgentChange, AgentReport, QueueReport
from server.db.base import Database
from server.db.models import AgentChangeRow, QueueCallRow
from server.rules.queues.reports import agent_reports, by_interval, queue_report
from server.services.accounts import Who
from server.services.agents import Agents
from server.services.errors import invalid
from server.services.queue_store import queue_calls

DAY = timedelta(days=1)
LONGEST = timedelta(days=400)
"""What one report may be about."""
MOST_INTERVALS = 2000
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


class QueueReports:
    """Reads the logs, for managers of the queue and administrators."""

    def __init__(self, *, db: Database, clock: Clock, agents: Agents) -> None:
        self._db = db
        self._clock = clock
        self._agents = agents

    async def report(
        self,
        queue: str,
        who: Who,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        step: timedelta | None = None,
    ) -> list[QueueReport]:
        """Sums over the calls that joined in this time, for each `step` of it (None: for all of it).

        Raises:
            ServiceError: `NOT_FOUND`, `FORBIDDEN`, `INVALID`.
        """
        settings = self._agents.check_managed(queue, who)
        since, until = period(self._clock.now(), since, until)
        if step is not None and (until - since) / step > MOST_INTERVALS:
            raise invalid("interval_s", f"would make more than {MOST_INTERVALS} intervals")
        async with self._db.reading() as session:
            rows = list(await session.scalars(_joined(queue, since, until)))
        calls = queue_calls(rows)
        level = settings.service_level_s
        if step is None:
            return [queue_report(calls, queue, since, until, service_level_s=level)]
        return by_interval(calls, queue, since, until, step=step, service_level_s=level)

    async def agents(
        self, queue: str, who: Who, *, since: datetime | None = None, until: datetime | None = None
    ) -> list[AgentReport]:
        """What each agent did in the queue in this time, by extension.

        Raises:
            ServiceError: as `report`.
        """
        self._agents.check_managed(queue, who)
        since, until = period(self._clock.now(), since, until)
        of_queue = AgentChangeRow.queue == queue
        # What each was at the beginning is told by their last change before it; older ones tell nothing.
        last_before = (
            select(func.max(AgentChangeRow.id))
            .where(of_queue, AgentChangeRow.at < since)
            .group_by(AgentChangeRow.extension)
        )
        meanwhile = and_(AgentChangeRow.at >= since, AgentChangeRow.at < until)
        changed = (
            select(AgentChangeRow)
            .where(of_queue, or_(meanwhile, AgentChangeRow.id.in_(last_before)))
            .order_by(AgentChangeRow.id)  # in which they happened, also when the clock was set back
        )
        called = select(QueueCallRow).where(
            QueueCallRow.queue == queue, QueueCallRow.joined_at < until, QueueCallRow.left_at >= since
        )
        async with self._db.reading() as session:
            changes = _changes(list(await session.scalars(changed)))
            calls = queue_calls(list(await session.scalars(called)))
        return agent_reports(changes, calls, since, until)


def period(now: datetime, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    """The last day, unless something else is given; never the future, whose time nobody has spent.

    Raises:
        ServiceError: `INVALID`: it is empty, or too long.
    """
    end = min(until or now, now)
    if end < _EARLIEST:
        raise invalid("until", "is before any call")
    begin = since or end - DAY
    if begin >= end:
        raise invalid("since", "is not before the end of the time")
    if end - begin > LONGEST:
        raise invalid("since", f"is more than {LONGEST.days} days before the end of the time")
    return begin, end


def _joined(queue: str, since: datetime, until: datetime) -> Select[QueueCallRow]:
    return select(QueueCallRow).where(
        QueueCallRow.queue == queue, QueueCallRow.joined_at >= since, QueueCallRow.joined_at < until
    )


def _changes(rows: Sequence[AgentChangeRow]) -> list[AgentChange]:
    return [AgentChange.model_validate(row, from_attributes=True) for row in rows]
