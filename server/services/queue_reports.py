"""What the logs of the queues tell: their calls, and sums over them (Q-9, Q-12)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select

from server.clock import Clock
from server.contract.agents import AgentChange, AgentReport, QueueCall, QueueEnd, QueueReport
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


class QueueReports:
    """Reads the logs, for managers of the queue and administrators."""

    def __init__(self, *, db: Database, clock: Clock, agents: Agents) -> None:
        self._db = db
        self._clock = clock
        self._agents = agents

    async def calls(
        self,
        queue: str,
        who: Who,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        end: QueueEnd | None = None,
        text: str = "",
        limit: int = 100,
    ) -> list[QueueCall]:
        """The newest calls that are over and joined in this time, the newest first; `text`: of the caller.

        Raises:
            ServiceError: `NOT_FOUND`, `FORBIDDEN`, `INVALID`.
        """
        self._agents.check_managed(queue, who)
        since, until = self._period(since, until)
        query = _joined(queue, since, until).order_by(QueueCallRow.joined_at.desc(), QueueCallRow.id.desc())
        if end is not None:
            query = query.where(QueueCallRow.ending == end)
        if text:
            query = query.where(
                or_(
                    QueueCallRow.caller.contains(text, autoescape=True),
                    QueueCallRow.caller_name.icontains(text, autoescape=True),
                )
            )
        async with self._db.reading() as session:
            return queue_calls(list(await session.scalars(query.limit(limit))))

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
            ServiceError: as `calls`.
        """
        settings = self._agents.check_managed(queue, who)
        since, until = self._period(since, until)
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
            ServiceError: as `calls`.
        """
        self._agents.check_managed(queue, who)
        since, until = self._period(since, until)
        changed = (
            select(AgentChangeRow)
            .where(AgentChangeRow.queue == queue, AgentChangeRow.at < until)
            .order_by(AgentChangeRow.at, AgentChangeRow.id)
        )
        called = select(QueueCallRow).where(
            QueueCallRow.queue == queue, QueueCallRow.joined_at < until, QueueCallRow.left_at >= since
        )
        async with self._db.reading() as session:
            changes = _changes(list(await session.scalars(changed)))
            calls = queue_calls(list(await session.scalars(called)))
        return agent_reports(changes, calls, since, until)

    def _period(self, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
        """The last day, unless something else is given; never the future, whose time nobody has spent."""
        end = min(until or self._clock.now(), self._clock.now())
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
