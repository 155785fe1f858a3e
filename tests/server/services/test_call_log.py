"""LOG-1: the call log in the database, written behind the scenes."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from server.contract.calls import Direction, Outcome
from server.contract.extensions import ExtensionCreate
from server.db import migrate
from server.db.base import Database
from server.rules.outcomes import Ending
from server.services.call_log import CallLog
from server.services.call_log_store import Call, CallStore
from server.services.call_log_writer import CallWriter
from server.services.hub import Hub
from server.switch.port import Party
from tests.virtual_time import EPOCH, in_virtual_time


def call(number: int, *, caller="1001", callee="1002", ending: Ending | None = None) -> Call:
    started = EPOCH + timedelta(minutes=number)
    return Call(
        id=f"call{number}",
        caller=Party(caller, "Anna"),
        dialled=callee,
        callee=callee,
        callee_name="Boris 50%_",
        started_at=started,
        caller_leg=f"in{number}",
        bridge_id=f"call{number}",
        legs=(f"call{number}-0", f"call{number}-1"),
        ending=ending,
        ended_at=started + timedelta(seconds=30) if ending else None,
    )


@pytest.fixture
async def db(database_url):
    database = Database(database_url)
    await migrate.upgrade(database)
    yield database
    await database.aclose()


async def test_a_call_is_written_as_it_goes_and_each_side_gets_one_entry(db):
    store = CallStore(db)
    begun = call(1)
    await store.save([begun])
    assert await store.open_calls() == [begun]
    (record,) = await store.records()
    assert (record.outcome, record.ended_at) == (None, None)
    answered = replace(begun, answered_leg="call1-1", answered_at=begun.started_at + timedelta(seconds=3))
    await store.save([answered])
    assert await store.open_calls() == [answered]
    ended = replace(answered, ending=Ending.ANSWERED, ended_at=begun.started_at + timedelta(seconds=10))
    for _ in range(2):  # repeating a write changes nothing
        await store.save([ended])
    assert await store.open_calls() == []
    (outgoing,), (incoming,) = await store.entries("1001"), await store.entries("1002")
    assert (outgoing.direction, outgoing.number, outgoing.name) == (Direction.OUTGOING, "1002", "Boris 50%_")
    assert (incoming.direction, incoming.number, incoming.name) == (Direction.INCOMING, "1001", "Anna")
    assert incoming.talk_s == 7
    assert outgoing.sip_code is None


async def test_a_call_is_known_by_its_id_or_by_the_leg_of_its_caller(db):
    store = CallStore(db)
    await store.save([call(1, ending=Ending.BUSY), call(2)])
    assert await store.knows(call(1))
    assert await store.knows(replace(call(3), caller_leg=call(2).caller_leg))
    assert not await store.knows(call(3))


async def test_a_write_that_is_repeated_does_not_undo_what_the_owner_did(db):
    store = CallStore(db)
    missed = call(1, ending=Ending.NO_ANSWER)
    await store.save([missed])
    (seen,) = await store.mark_seen("1002", None)
    assert seen.seen
    await store.save([missed])
    (entry,) = await store.entries("1002")
    assert entry.seen


async def test_a_log_of_many_years_can_be_deleted_at_once_LOG_1(db):
    """No statement names each entry: databases take only so many parameters (PostgreSQL 65535)."""
    store = CallStore(db)
    count = 66_000
    row = (
        "INSERT INTO call_log SELECT 'e' || n, 'call1', '1009', 'incoming', '1001', '', 'missed', NULL, "
        "started_at, NULL, ended_at, {false} FROM calls, (WITH RECURSIVE c(n) AS "
        "(SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {count}) SELECT n FROM c) AS numbers"
    )
    await store.save([call(1, ending=Ending.NO_ANSWER)])
    async with db.session() as session:
        await session.execute(text(row.format(count=count, false="0" if db.is_sqlite else "false")))
    assert len(await store.delete("1009", None)) == count
    assert await store.entries("1009") == []
    assert len(await store.entries("1002")) == 1


async def test_entries_can_be_searched_and_paged(db):
    store = CallStore(db)
    await store.save([call(n, ending=Ending.BUSY if n % 2 else Ending.NO_ANSWER) for n in range(6)])
    ids = [entry.call_id for entry in await store.entries("1002")]
    assert ids == ["call5", "call4", "call3", "call2", "call1", "call0"]
    missed = await store.entries("1002", outcome=Outcome.MISSED, limit=2)
    assert [entry.call_id for entry in missed] == ["call4", "call2"]
    older = await store.entries("1002", outcome=Outcome.MISSED, before=missed[-1].id)
    assert [entry.call_id for entry in older] == ["call0"]
    assert len(await store.entries("1001", text="boris")) == 6
    assert len(await store.entries("1001", text="50%_")) == 6
    assert await store.entries("1001", text="50_%") == []
    assert await store.entries("1001", text="Anna") == []
    assert await store.entries("1001", before="nothing") == []


async def test_calls_of_one_moment_are_paged_without_loss(db):
    store = CallStore(db)
    calls = [replace(call(n, ending=Ending.BUSY), started_at=EPOCH) for n in range(5)]
    await store.save(calls)
    seen, before = [], None
    while page := await store.entries("1001", before=before, limit=2):
        seen += [entry.id for entry in page]
        before = page[-1].id
    assert len(seen) == len(set(seen)) == 5
    records = await store.records(limit=3)
    rest = await store.records(before=records[-1].id)
    assert len({record.id for record in records + rest}) == 5


async def test_a_number_that_is_given_again_does_not_inherit_the_log(core):
    for number in ("1001", "1002"):
        await core.extensions.add(ExtensionCreate(number=number), by="test")
    store = CallStore(core.db)
    log = CallLog(store=store, hub=Hub(), extensions=core.extensions)
    log.start()
    log.write(call(1, ending=Ending.BUSY))
    await log.flushed()
    log.write(call(2))
    await core.extensions.remove("1002", by="test")
    log.write(call(2, ending=Ending.BUSY))
    await log.flushed()
    await log.stop()
    assert await store.entries("1002") == []
    assert len(await store.entries("1001")) == 2
    assert len(await store.records(extension="1002")) == 2


async def test_what_a_killed_server_did_not_forget_is_forgotten_at_the_next_start(core):
    await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    store = CallStore(core.db)
    await store.save([call(1, ending=Ending.BUSY)])
    assert len(await store.entries("1002")) == 1
    log = CallLog(store=store, hub=Hub(), extensions=core.extensions)
    log.start()
    await log.stop()
    assert await store.entries("1002") == []
    assert len(await store.entries("1001")) == 1


class Disk:
    """A store that fails as told, and remembers."""

    def __init__(self) -> None:
        self.saved: dict[str, Call] = {}
        self.batches: list[list[str]] = []
        self.error: Exception | None = None
        self.poison: str | None = None

    async def save(self, calls, *, without_log=frozenset()):
        await asyncio.sleep(0.01)
        if self.error is not None:
            raise self.error
        if any(item.id == self.poison for item in calls):
            raise IntegrityError("INSERT", {}, ValueError("no"))
        self.batches.append([item.id for item in calls])
        self.saved.update({item.id: item for item in calls})


FULL = OperationalError("INSERT", {}, ValueError("database or disk is full"))


def writer_of(disk: Disk, **options) -> tuple[CallWriter, list[str]]:
    written: list[str] = []
    writer = CallWriter(disk, on_written=lambda calls: written.extend(c.id for c in calls), **options)
    writer.start()
    return writer, written


@in_virtual_time
async def test_a_burst_of_calls_is_written_together_newest_version_only():
    disk = Disk()
    writer, written = writer_of(disk)
    for number in range(3):
        writer.write(call(number))
        writer.write(call(number, ending=Ending.BUSY))
    await writer.flushed()
    assert disk.batches == [["call0", "call1", "call2"]]
    assert written == ["call0", "call1", "call2"]
    assert all(item.ending for item in disk.saved.values())
    await writer.stop()


@in_virtual_time
async def test_a_full_disk_loses_nothing_and_is_told_once(caplog):
    disk = Disk()
    disk.error = FULL
    writer, written = writer_of(disk)
    writer.write(call(1))
    await asyncio.sleep(60)
    writer.write(call(1, ending=Ending.BUSY))
    writer.write(call(2, ending=Ending.BUSY))
    await asyncio.sleep(60)
    assert (writer.pending, writer.lost, written) == (2, 0, [])
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1
    disk.error = None
    await asyncio.sleep(11)
    assert written == ["call1", "call2"]
    assert disk.saved["call1"].ending is Ending.BUSY
    assert writer.pending == 0
    await writer.stop()


@in_virtual_time
async def test_a_newer_version_is_not_overwritten_by_an_older_one_that_failed():
    disk = Disk()
    disk.error = FULL
    writer, _ = writer_of(disk, linger_s=0.001)
    writer.write(call(1))
    await asyncio.sleep(0.005)  # the first try is under way
    writer.write(call(1, ending=Ending.BUSY))
    await asyncio.sleep(1)
    disk.error = None
    await writer.flushed()
    assert disk.saved["call1"].ending is Ending.BUSY
    assert disk.batches == [["call1"]]
    await writer.stop()


@in_virtual_time
async def test_one_call_that_cannot_be_stored_does_not_hold_up_the_others(caplog):
    disk = Disk()
    disk.poison = "call1"
    writer, written = writer_of(disk)
    for number in range(3):
        writer.write(call(number))
    await writer.flushed()
    assert written == ["call0", "call2"]
    assert writer.lost == 1
    assert "call1" in caplog.text
    await writer.stop()


@in_virtual_time
async def test_memory_is_bounded_and_what_does_not_fit_is_in_the_servers_log(caplog):
    disk = Disk()
    disk.error = FULL
    writer, _ = writer_of(disk, max_pending=10)
    for number in range(30):
        writer.write(call(number, ending=Ending.BUSY if number % 2 else None))
    assert writer.pending <= 11
    assert writer.lost >= 19
    assert caplog.text.count("is not in the call log") == writer.lost
    disk.error = None
    await writer.stop()


@in_virtual_time
async def test_stopping_writes_what_is_pending_even_before_it_lingered():
    disk = Disk()
    writer, written = writer_of(disk, linger_s=30)
    writer.write(call(1))
    await writer.stop()
    assert written == ["call1"]


@in_virtual_time
async def test_stopping_with_a_dead_database_takes_a_bounded_time_and_tells(caplog):
    disk = Disk()
    disk.error = FULL
    writer, _ = writer_of(disk)
    writer.write(call(1))
    began = asyncio.get_running_loop().time()
    await writer.stop(timeout_s=5)
    assert asyncio.get_running_loop().time() - began < 6
    assert "call1" in caplog.text
    assert writer.lost == 1


async def test_a_locked_database_delays_the_log_only(tmp_path):
    db = Database(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}")
    await migrate.upgrade(db)
    other = Database(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}")
    writer = CallWriter(CallStore(db), on_written=lambda _: None)
    writer.start()
    async with other.session() as session:
        await session.execute(text("DELETE FROM calls"))
        writer.write(call(1, ending=Ending.BUSY))
        assert writer.pending == 1
    async with asyncio.timeout(60):
        await writer.flushed()
    assert len(await CallStore(db).entries("1001")) == 1
    await writer.stop()
    await other.aclose()
    await db.aclose()


@in_virtual_time
async def test_a_call_that_waits_to_be_written_is_known_already():
    class Slow:
        async def save(self, calls, *, without_log=frozenset()):
            await asyncio.sleep(1)

    writer = CallWriter(Slow(), on_written=lambda calls: None)
    writer.start()
    writer.write(call(1))
    assert writer.knows(call(1))
    assert not writer.knows(call(2))
    await asyncio.sleep(0.5)  # on its way now
    assert writer.knows(replace(call(2), caller_leg=call(1).caller_leg))
    await writer.flushed()
    assert not writer.knows(call(1))
    await writer.stop()
