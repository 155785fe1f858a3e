"""SIP-8: how calls sounded is kept with the entries of those whose clients tell, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError

from server.contract.calls import CallQuality, CallQualityReport
from server.contract.errors import ErrorCode
from server.contract.events import Topic
from server.contract.extensions import ExtensionCreate, Role
from server.db import migrate
from server.db.base import Database
from server.rules.outcomes import Ending
from server.services.accounts import Who
from server.services.call_log import CallLog
from server.services.call_log_store import Call, CallStore, Visit
from server.services.call_log_writer import CallWriter
from server.services.errors import ServiceError
from server.services.hub import Hub
from server.services.retention import Retention
from server.settings import RetentionSettings
from server.switch.port import Party
from tests.virtual_time import EPOCH

GOOD = CallQualityReport(
    codec="PCMA",
    encrypted=True,
    measured_s=61.5,
    mos=4.3,
    mos_worst=3.9,
    loss_received=0.4,
    loss_sent=1.25,
    jitter_ms=3.5,
    jitter_worst_ms=11,
    round_trip_ms=24,
)
BAD = CallQualityReport(mos=1.5)


def call(number: int, *, answered: bool = True, ended: bool = True, trunk: str = "") -> Call:
    started = EPOCH + timedelta(minutes=number)
    return Call(
        id=f"call{number}",
        caller=Party("1001", "Anna"),
        dialled="1002",
        callee="1002",
        callee_name="Boris",
        started_at=started,
        caller_leg=f"in{number}",
        bridge_id=f"call{number}",
        answered_at=started + timedelta(seconds=3) if answered else None,
        ending=(Ending.ANSWERED if answered else Ending.NO_ANSWER) if ended else None,
        ended_at=started + timedelta(seconds=30) if ended else None,
        caller_trunk=trunk,
    )


@pytest.fixture
async def db(database_url):
    database = Database(database_url)
    await migrate.upgrade(database)
    yield database
    await database.aclose()


@pytest.fixture
async def log(db):
    class Nobody:
        def observe(self, _callback):
            return lambda: None

    store = CallStore(db)
    hub = Hub()
    made = CallLog(store=store, hub=hub, extensions=Nobody())
    made.store, made.hub = store, hub
    made._writer.start()
    yield made
    await made.stop()


@pytest.fixture
def told(log):
    """The entries that clients are told of, the latest by owner."""
    found = {}
    publish = log.hub.publish

    def note(topic, key, item, *, to=None):
        assert topic is Topic.CALL_LOG
        found[to] = item
        publish(topic, key, item, to=to)

    log.hub.publish = note
    return found


async def stored(log, *calls):
    for one in calls:
        log.write(one)
    await log.flushed()


async def refusal(log, owner, call_id):
    with pytest.raises(ServiceError) as refused:
        await log.tell_quality(owner, call_id, GOOD)
    return refused.value.code


async def test_each_side_keeps_what_its_own_client_told_SIP_8(log, told):
    await stored(log, call(1))
    await log.tell_quality("1001", "call1", GOOD)
    await log.tell_quality("1002", "call1", BAD)
    (hers,), (his,) = await log.entries("1001"), await log.entries("1002")
    assert hers.quality == CallQuality(**GOOD.model_dump())
    assert his.quality == CallQuality(mos=1.5)
    assert (told["1001"], told["1002"]) == (hers, his), "the clients are told at once"
    (record,) = await log.records()
    assert record.quality == {"1001": hers.quality, "1002": his.quality}


async def test_what_is_told_again_replaces_it_SIP_8(log):
    await stored(log, call(1))
    await log.tell_quality("1001", "call1", GOOD)
    await log.tell_quality("1001", "call1", BAD)
    (entry,) = await log.entries("1001")
    assert entry.quality == CallQuality(mos=1.5), "nothing of the former is left"


async def test_a_call_that_is_just_ending_takes_it_SIP_8(log, told):
    """The phone knows of the end before the log does; the entry comes later, and has it."""
    await stored(log, call(1, ended=False))
    await log.tell_quality("1001", "call1", GOOD)
    assert await log.entries("1001") == []
    await stored(log, call(1))
    (entry,) = await log.entries("1001")
    assert entry.quality.mos == GOOD.mos
    assert told["1001"] == entry
    assert told["1002"].quality is None


async def test_an_end_that_waits_for_the_database_takes_it_SIP_8(log, told):
    await stored(log, call(1, ended=False))
    log.write(call(1))
    await log.tell_quality("1002", "call1", GOOD)
    await log.flushed()
    (entry,) = await log.entries("1002")
    assert (entry.quality.codec, told["1002"]) == ("PCMA", entry)


async def test_a_call_that_was_never_stored_asks_to_come_again_SIP_8(db):
    """The database is away since before the call: nothing is lost silently."""
    store = CallStore(db)

    class Extensions:
        def observe(self, _callback):
            return lambda: None

    log = CallLog(
        store=store, hub=Hub(), extensions=Extensions(), writer=CallWriter(store, on_written=lambda _: None)
    )
    log.write(call(1))  # and nobody writes
    assert await refusal(log, "1001", "call1") is ErrorCode.UNAVAILABLE


async def test_only_who_has_talked_in_it_can_tell_SIP_8(log):
    outside = replace(call(4, trunk="carrier"), caller=Party("1001", "somebody's own number"))
    await stored(log, call(1), call(2, answered=False), call(3, answered=False, ended=False), outside)
    for owner, call_id in (
        ("1003", "call1"),  # no party of it
        ("1001", "call2"),  # not answered
        ("1001", "call3"),  # rings
        ("1001", "call4"),  # a caller outside is no extension, whatever the number
        ("1001", "nothing"),
    ):
        assert await refusal(log, owner, call_id) is ErrorCode.NOT_FOUND, (owner, call_id)
    await log.delete("1001", None)
    assert await refusal(log, "1001", "call1") is ErrorCode.NOT_FOUND, "it deleted that call"
    assert all(record.quality == {} for record in await log.records())


async def test_a_number_that_is_given_again_does_not_tell_of_calls_before_SIP_8(core):
    for number in ("1001", "1002"):
        await core.extensions.add(ExtensionCreate(number=number), by="test")
    log = CallLog(store=CallStore(core.db), hub=Hub(), extensions=core.extensions)
    log.start()
    await stored(log, call(1), call(2, ended=False))
    await core.extensions.remove("1002", by="test")
    await log._background.join()
    log.write(call(2))
    for call_id in ("call1", "call2"):
        assert await refusal(log, "1002", call_id) is ErrorCode.NOT_FOUND
    await log.stop()


async def test_a_forwarded_call_has_it_where_it_was_answered_only_SIP_8(log):
    """1002 was called in vain, and called again as the end of the way: one entry each."""
    visit = Visit("1002", "Boris", Ending.NO_ANSWER, EPOCH + timedelta(minutes=1, seconds=2))
    await stored(log, replace(call(1), visits=(visit,)))
    await log.tell_quality("1002", "call1", GOOD)
    entries = {entry.outcome: entry.quality for entry in await log.entries("1002")}
    assert entries["missed"] is None
    assert entries["answered"].mos == GOOD.mos


async def test_it_goes_with_its_call_SIP_8(db, log):
    await stored(log, call(1))
    await log.tell_quality("1001", "call1", GOOD)

    class Later:
        def now(self):
            return EPOCH + timedelta(days=9)

    await Retention(db=db, clock=Later(), settings=RetentionSettings(calls_days=1)).sweep()
    await stored(log, call(1))  # the same id again: as if nothing had been told
    (entry,) = await log.entries("1001")
    assert entry.quality is None


async def test_a_snapshot_has_it_SIP_8(log):
    await stored(log, call(1))
    await log.tell_quality("1001", "call1", GOOD)
    items = await log._snapshot(Who(account_id=1, user="1001", number="1001", role=Role.USER, session_id="x"))
    assert [entry.quality.round_trip_ms for entry in items.values()] == [24]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"codec": None},
        {"codec": ""},
        {"codec": "x" * 33},
        {"codec": "PCMA\x00"},
        {"encrypted": "perhaps"},
        {"measured_s": -1},
        {"measured_s": 31 * 86_400 + 1},
        {"mos": 0.9},
        {"mos": 4.6},
        {"mos": "nan"},
        {"mos": 3.0, "mos_worst": 3.1},
        {"loss_received": 100.1},
        {"loss_sent": -0.1},
        {"loss_sent": float("nan")},
        {"jitter_ms": float("inf")},
        {"jitter_ms": 5, "jitter_worst_ms": 4},
        {"round_trip_ms": 60_001},
        {"mood": "fine"},
    ],
)
def test_figures_that_cannot_be_are_refused_SIP_8(wrong):
    with pytest.raises(ValidationError):
        CallQualityReport.model_validate(wrong)


@pytest.mark.parametrize("right", [{"mos": 1}, {"loss_sent": 100, "loss_received": 0}, {"encrypted": False}])
def test_one_figure_is_enough_SIP_8(right):
    assert CallQualityReport.model_validate(right).model_dump(exclude_none=True) == right
