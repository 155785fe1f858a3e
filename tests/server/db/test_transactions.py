"""Transactions: all or nothing, and no failure half-way on either database (A.4)."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import StatementError

from server.db.base import Database
from server.db.migrate import upgrade
from server.db.models import AuditRow
from tests.server.conftest import SettableClock


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    await upgrade(opened)
    yield opened
    await opened.aclose()


def _entry(at: datetime) -> AuditRow:
    return AuditRow(at=at, actor="a", address="", action="x", subject="", detail={"n": 1})


async def _count(db: Database) -> int:
    async with db.reading() as session:
        return await session.scalar(select(func.count()).select_from(AuditRow)) or 0


async def test_a_failed_block_leaves_nothing_behind(db: Database, clock: SettableClock) -> None:
    async def fail() -> None:
        async with db.session() as session:
            session.add(_entry(clock.now()))
            await session.flush()
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        await fail()
    assert await _count(db) == 0


async def test_transactions_that_read_and_then_write_do_not_fail_each_other(
    db: Database, clock: SettableClock
) -> None:
    """On SQLite a plain BEGIN would end in "database is locked" here."""

    async def read_then_write() -> None:
        async with db.session() as session:
            await session.scalar(select(func.count()).select_from(AuditRow))
            session.add(_entry(clock.now()))

    await asyncio.gather(*(read_then_write() for _ in range(12)))
    assert await _count(db) == 12


async def test_a_reader_does_not_wait_for_a_writer(db: Database, clock: SettableClock) -> None:
    async with db.session() as session:
        session.add(_entry(clock.now()))
        await session.flush()
        async with asyncio.timeout(60):
            assert await _count(db) == 0
    assert await _count(db) == 1


async def test_moments_come_back_in_utc_and_naive_ones_are_refused(
    db: Database, clock: SettableClock
) -> None:
    async with db.session() as session:
        session.add(_entry(clock.now()))
    async with db.reading() as session:
        row = (await session.scalars(select(AuditRow))).one()
    assert row.at == clock.now()
    assert row.at.utcoffset() is not None
    with pytest.raises(StatementError, match="naive"):
        async with db.session() as session:
            session.add(_entry(clock.now().replace(tzinfo=None)))


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'only.db'}")
    await upgrade(opened)
    yield opened
    await opened.aclose()


async def test_a_transaction_inside_another_is_an_error_at_once(sqlite: Database) -> None:
    async with sqlite.session():
        with pytest.raises(RuntimeError, match="inside another"):
            async with sqlite.session():
                pass


async def test_no_other_program_can_write_between_our_reading_and_writing(
    sqlite: Database, clock: SettableClock
) -> None:
    """SQLite would refuse our write then: what we had read is no longer true."""
    with sqlite3.connect(str(sqlite.url.database), timeout=0, isolation_level=None) as other:
        async with sqlite.session() as session:
            await session.scalar(select(func.count()).select_from(AuditRow))
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
            session.add(_entry(clock.now()))
    other.close()
    assert await _count(sqlite) == 1
