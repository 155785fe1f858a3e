"""Q-12: reports over the stored logs, on both databases."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import event

from server.contract.agents import AgentChange, AgentState
from server.contract.queues import Queue
from server.core import Core
from server.db.models import AgentChangeRow
from server.services.accounts import Role, Who
from server.services.agents import Agents
from server.services.queue_reports import QueueReports
from server.services.queue_store import Changes, QueueStore

ADMIN = Who(1, "admin", None, Role.ADMINISTRATOR, "session")


def reports_of(core: Core) -> QueueReports:
    queue = Queue(number="6400", name="Sales", static_agents=[{"extension": "1002"}])
    queues = SimpleNamespace(settings_of={"6400": queue}.get)
    return QueueReports(db=core.db, clock=core.clock, agents=Agents(queues=queues, audit=core.audit))


async def test_an_agent_report_reads_no_more_of_the_log_than_it_is_about_Q_12(
    core: Core, request: pytest.FixtureRequest
) -> None:
    """A log of years must not be read for a report of a day."""
    now = core.clock.now()
    states = (AgentState.AVAILABLE, AgentState.PAUSED)
    changes = [
        AgentChange(
            queue="6400",
            extension=extension,
            at=now - timedelta(hours=100 - hour),
            before=states[hour % 2] if hour else None,
            after=states[(hour + 1) % 2],
        )
        for hour in range(80)
        for extension in ("1002", "1003")
    ]
    changes.append(
        AgentChange(
            queue="6400",
            extension="1003",
            at=now - timedelta(hours=5),
            before=AgentState.AVAILABLE,
            after=None,
        )
    )
    await QueueStore(core.db).save(Changes(agents=changes))
    read = []

    def note(row: AgentChangeRow, _context: object) -> None:
        read.append(row)

    event.listen(AgentChangeRow, "load", note)
    request.addfinalizer(lambda: event.remove(AgentChangeRow, "load", note))
    boris, cyril = await reports_of(core).agents("6400", ADMIN, since=now - timedelta(hours=10), until=now)
    assert boris.seconds[AgentState.AVAILABLE] == pytest.approx(36_000), "since 21 hours ago"
    assert cyril.seconds[AgentState.AVAILABLE] == pytest.approx(5 * 3600), "no member any more for 5 hours"
    assert len(read) == 3


async def test_the_last_state_is_the_last_one_also_when_the_clock_was_set_back_Q_12(core: Core) -> None:
    now = core.clock.now()
    changes = [
        AgentChange(
            queue="6400", extension="1002", at=now - timedelta(minutes=minutes), before=before, after=after
        )
        for minutes, before, after in (
            (180, None, AgentState.AVAILABLE),
            (60, AgentState.AVAILABLE, AgentState.PAUSED),
            (90, AgentState.PAUSED, AgentState.WRAP_UP),
        )
    ]
    await QueueStore(core.db).save(Changes(agents=changes))
    (boris,) = await reports_of(core).agents("6400", ADMIN, since=now - timedelta(hours=4), until=now)
    assert boris.seconds[AgentState.PAUSED] == 0
    assert boris.seconds[AgentState.WRAP_UP] == pytest.approx(90 * 60)
