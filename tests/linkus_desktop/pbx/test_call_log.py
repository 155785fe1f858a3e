"""LOG-1: the own call log as a table."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from linkus_desktop.pbx.call_log import CallLogColumn, CallLogModel, CallLogRole
from linkus_desktop.pbx.live import LiveTopic
from server.contract.calls import CallLogEntry
from server.contract.events import Topic
from tests.linkus_desktop.pbx.fake_pbx import NOW, call_log_entry

MISSED = {"outcome": "missed", "answered_at": None, "seen": False, "sip_code": 487}
LOG = {
    "a": call_log_entry("a"),
    "b": call_log_entry("b", started_at=NOW + timedelta(hours=1), **MISSED),
    "c": call_log_entry("c", started_at=NOW - timedelta(hours=1), direction="outgoing", name=""),
}


class FakeApi:
    def __init__(self) -> None:
        self.seen: list[list[str] | None] = []
        self.deleted: list[list[str]] = []

    async def mark_calls_seen(self, ids: Iterable[str] | None = None) -> None:
        self.seen.append(None if ids is None else list(ids))

    async def delete_calls(self, ids: Iterable[str]) -> None:
        self.deleted.append(list(ids))


@pytest.fixture
def topic(qapp: Any) -> LiveTopic[CallLogEntry]:
    return LiveTopic(Topic.CALL_LOG, CallLogEntry)


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def model(topic: LiveTopic[CallLogEntry], api: FakeApi) -> CallLogModel:
    log = CallLogModel(topic, api)
    QAbstractItemModelTester(log, QAbstractItemModelTester.FailureReportingMode.Warning, log)
    topic.take_snapshot(LOG)
    return log


def ids(model: CallLogModel) -> list[str]:
    return [model.entry(row).id for row in range(model.rowCount())]


def texts(model: CallLogModel, row: int) -> list[str]:
    return [model.index(row, column).data() for column in range(model.columnCount())]


def test_the_newest_call_is_on_top(model: CallLogModel) -> None:
    assert ids(model) == ["b", "a", "c"]


def test_a_row_says_who_when_how_long_and_how_it_ended(model: CallLogModel) -> None:
    missed, answered, outgoing = (texts(model, row) for row in range(3))
    assert (missed[CallLogColumn.TYPE], missed[CallLogColumn.OUTCOME]) == ("Missed", "Missed")
    assert missed[CallLogColumn.DURATION] == ""
    assert answered[:3] == ["Incoming", "Otto Dorn", "1002"]
    assert answered[CallLogColumn.DURATION] == "0:01:00"
    assert outgoing[:3] == ["Outgoing", "1002", "1002"]


def test_columns_have_titles(model: CallLogModel) -> None:
    titles = [model.headerData(column, Qt.Orientation.Horizontal) for column in range(model.columnCount())]
    assert titles == ["Type", "Name", "Number", "Time", "Duration", "Outcome", "Recording"]


def test_time_and_duration_sort_as_numbers(model: CallLogModel) -> None:
    times = [model.index(row, CallLogColumn.TIME).data(CallLogRole.SORT) for row in range(3)]
    assert times == sorted(times, reverse=True)
    assert model.index(1, CallLogColumn.DURATION).data(CallLogRole.SORT) == 60.0


def test_missed_calls_are_counted_until_seen(
    model: CallLogModel, topic: LiveTopic[CallLogEntry], qtbot: QtBot
) -> None:
    assert model.missed == 1
    with qtbot.waitSignal(model.missed_changed) as changed:
        topic.take_delta("b", LOG["b"] | {"seen": True})
    assert changed.args == [0]


def test_a_new_call_takes_its_place_by_time(model: CallLogModel, topic: LiveTopic[CallLogEntry]) -> None:
    topic.take_delta("d", call_log_entry("d", started_at=NOW + timedelta(minutes=30)))
    topic.take_delta("e", call_log_entry("e", started_at=NOW + timedelta(hours=2)))
    topic.take_delta("a", None)
    topic.flush()
    assert ids(model) == ["e", "b", "d", "c"]


def test_the_same_snapshot_again_does_not_reset_the_view(
    model: CallLogModel, topic: LiveTopic[CallLogEntry], qtbot: QtBot
) -> None:
    topic.forget()
    with qtbot.assertNotEmitted(model.modelReset):
        topic.take_snapshot(LOG | {"b": LOG["b"] | {"seen": True}})
    assert model.missed == 0


async def test_only_unseen_missed_calls_are_marked(model: CallLogModel, api: FakeApi) -> None:
    await model.mark_seen(["a", "b"])
    assert api.seen == [["b"]]
    await model.mark_seen(["a"])
    assert api.seen == [["b"]]
    await model.mark_seen()
    assert api.seen == [["b"], None]


async def test_a_deleted_call_leaves_when_the_server_says_so(
    model: CallLogModel, api: FakeApi, topic: LiveTopic[CallLogEntry]
) -> None:
    await model.delete(["a"])
    assert api.deleted == [["a"]]
    assert ids(model) == ["b", "a", "c"]
    topic.take_delta("a", None)
    topic.flush()
    assert ids(model) == ["b", "c"]


def test_an_empty_log_is_known_to_be_empty(
    topic: LiveTopic[CallLogEntry], api: FakeApi, qtbot: QtBot
) -> None:
    model = CallLogModel(topic, api)
    assert not model.known
    with qtbot.waitSignal(model.known_changed) as known, qtbot.waitSignal(model.modelReset):
        topic.take_snapshot({})
    assert known.args == [True]
    with qtbot.waitSignal(model.known_changed) as unknown:
        topic.forget()
    assert unknown.args == [False]
