"""Calls and audit entries go after the days that the settings name, and never otherwise (ADMIN-4)."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from server.clock import Clock
from server.core import Core
from server.db.models import CallLogRow
from server.rules.outcomes import Ending
from server.services import retention
from server.services.call_log_store import Call, CallStore
from server.services.retention import Retention
from server.settings import RetentionSettings
from server.switch.port import Party


def calls(count: int, clock: Clock, *, days_ago: float, ended: bool = True) -> list[Call]:
    started = clock.now() - timedelta(days=days_ago)
    return [
        Call(
            id=f"{days_ago}-{number}",
            caller=Party("1001", "Anna"),
            dialled="1002",
            callee="1002",
            callee_name="Boris",
            started_at=started,
            caller_leg=f"in-{number}",
            bridge_id=f"{days_ago}-{number}",
            legs=(),
            ending=Ending.NO_ANSWER if ended else None,
            ended_at=started + timedelta(seconds=1) if ended else None,
        )
        for number in range(count)
    ]


async def _entries(core: Core) -> int:
    async with core.db.reading() as session:
        return await session.scalar(select(func.count()).select_from(CallLogRow)) or 0


async def test_nothing_is_deleted_unless_the_settings_say_so(core: Core) -> None:
    store = CallStore(core.db)
    await store.save(calls(2, core.clock, days_ago=5000))
    assert await Retention(db=core.db, clock=core.clock, settings=RetentionSettings()).sweep() == 0
    assert len(await store.records()) == 2


async def test_old_calls_go_with_their_entries_in_both_logs(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    store = CallStore(core.db)
    await store.save(calls(7, core.clock, days_ago=40))
    await store.save(calls(1, core.clock, days_ago=41, ended=False))
    await store.save(calls(2, core.clock, days_ago=20))
    sweeper = Retention(db=core.db, clock=core.clock, settings=RetentionSettings(calls_days=30))
    assert await sweeper.sweep() == 7
    left = await store.records()
    assert sorted(record.id for record in left) == ["20-0", "20-1", "41-0"]
    assert await _entries(core) == 4
    assert await sweeper.sweep() == 0


async def test_old_audit_entries_go(core: Core) -> None:
    before = len(await core.audit.list())
    async with core.db.session() as session:
        core.audit.record(session, "old", actor="test")
    core.clock.advance(31 * 86400)
    async with core.db.session() as session:
        core.audit.record(session, "new", actor="test")
    sweeper = Retention(db=core.db, clock=core.clock, settings=RetentionSettings(audit_days=30))
    assert await sweeper.sweep() == before + 1
    assert [entry.action for entry in await core.audit.list()] == ["new"]
