"""A.6, KEY-3, KEY-5: the list of colleagues as views see it."""

import time
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from linkus_desktop.pbx.colleagues import ColleagueRole, ColleaguesFilter, ColleaguesModel
from linkus_desktop.pbx.live import LiveTopic
from server.contract.events import Topic
from server.contract.extensions import CallState, ExtensionState
from tests.linkus_desktop.pbx.fake_pbx import extension_state

STORMS = 10

TEAM = {
    "1001": extension_state("1001", "Anna Berg", groups=["Sales"]),
    "1002": extension_state("1002", "Otto Dorn", groups=["Support", "Sales"]),
    "1003": extension_state("1003", "", registered=False, phones=0),
}


@pytest.fixture
def topic(qapp: Any) -> LiveTopic[ExtensionState]:
    return LiveTopic(Topic.EXTENSIONS, ExtensionState)


@pytest.fixture
def model(topic: LiveTopic[ExtensionState]) -> ColleaguesModel:
    colleagues = ColleaguesModel(topic, "1001")
    QAbstractItemModelTester(colleagues, QAbstractItemModelTester.FailureReportingMode.Warning, colleagues)
    topic.take_snapshot(TEAM)
    return colleagues


def shown(view: ColleaguesModel | ColleaguesFilter) -> list[str]:
    return [view.index(row, 0).data(ColleagueRole.NUMBER) for row in range(view.rowCount())]


def test_a_change_repaints_its_row_only(
    model: ColleaguesModel, topic: LiveTopic[ExtensionState], qtbot: QtBot
) -> None:
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged) as changed:
        topic.take_delta("1002", extension_state("1002", "Otto Dorn", call="talking"))
    first, last = changed.args[0], changed.args[1]
    assert first.row() == last.row() == model.row_of("1002")
    assert first.data(ColleagueRole.STATE).call is CallState.TALKING


def test_everything_is_unknown_after_a_lost_connection_KEY_5(
    model: ColleaguesModel, topic: LiveTopic[ExtensionState], qtbot: QtBot
) -> None:
    with qtbot.waitSignal(model.dataChanged):
        topic.forget()
    states = [model.index(row).data(ColleagueRole.STATE) for row in range(model.rowCount())]
    assert {(state.call, state.registered) for state in states} == {(CallState.UNKNOWN, None)}
    assert [state.name for state in states] == ["Anna Berg", "Otto Dorn", ""]
    alone = model.state("1002")
    assert alone is not None
    assert alone.call is CallState.UNKNOWN


def test_deltas_count_for_nothing_before_the_snapshot_KEY_5(topic: LiveTopic[ExtensionState]) -> None:
    model = ColleaguesModel(topic)
    topic.take_delta("1002", TEAM["1002"])
    topic.flush()
    assert model.rowCount() == 0
    assert not model.known


def test_the_same_people_again_do_not_reset_the_view(
    model: ColleaguesModel, topic: LiveTopic[ExtensionState], qtbot: QtBot
) -> None:
    topic.forget()
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.known_changed):
        topic.take_snapshot(TEAM | {"1003": extension_state("1003", call="held")})
    state = model.state("1003")
    assert state is not None
    assert state.call is CallState.HELD


def test_people_come_and_go(model: ColleaguesModel, topic: LiveTopic[ExtensionState]) -> None:
    topic.take_delta("1002", None)
    topic.take_delta("1004", extension_state("1004", "Eva Falk", groups=["Board"]))
    topic.flush()
    assert shown(model) == ["1001", "1003", "1004"]
    assert model.groups() == ["Board", "Sales"]
    assert model.row_of("1002") == -1


def test_one_without_a_name_shows_as_its_number(model: ColleaguesModel) -> None:
    assert model.index(model.row_of("1003")).data(Qt.ItemDataRole.DisplayRole) == "1003"


def test_the_filter_finds_by_name_number_and_note(
    model: ColleaguesModel, topic: LiveTopic[ExtensionState]
) -> None:
    view = ColleaguesFilter(model)
    assert shown(view) == ["1003", "1002"]  # by name, the own extension is not there
    view.set_text("dorn ot")
    assert shown(view) == ["1002"]
    view.set_text("100")
    assert shown(view) == ["1003", "1002"]
    view.set_text("lisbon")
    assert shown(view) == []
    away = {"status": "away", "note": "In Lisbon", "since": "2026-03-02T09:00:00Z"}
    topic.take_delta("1002", extension_state("1002", "Otto Dorn", presence=away))
    topic.flush()
    assert shown(view) == ["1002"]


def test_the_filter_hides_by_group_and_registration(
    model: ColleaguesModel, topic: LiveTopic[ExtensionState]
) -> None:
    view = ColleaguesFilter(model)
    view.set_group("Support")
    assert shown(view) == ["1002"]
    view.set_group(None)
    view.set_show_unregistered(False)
    assert shown(view) == ["1002"]
    topic.forget()
    assert shown(view) == ["1003", "1002"], "unknown is not unregistered (KEY-5)"
    view.set_show_own(True)
    assert shown(view) == ["1003", "1001", "1002"]


def test_a_storm_of_changes_costs_little_and_repaints_once_a_frame(
    topic: LiveTopic[ExtensionState], qtbot: QtBot
) -> None:
    """500 colleagues, 200 changes a second: less than a tenth of a core (best of some: noise only adds)."""
    topic.take_snapshot({str(n): extension_state(str(n), f"Person {n}") for n in range(1000, 1500)})
    model = ColleaguesModel(topic, "1000")
    view = ColleaguesFilter(model)
    repaints = 0

    def count() -> None:
        nonlocal repaints
        repaints += 1

    view.dataChanged.connect(count)
    costs_s = []
    for storm in range(STORMS):
        began = time.process_time()
        with qtbot.waitSignal(view.dataChanged):
            for n in range(200):
                number = str(1001 + n % 5)
                call = ("talking", "ringing")[storm % 2]
                topic.take_delta(number, extension_state(number, f"Person {number}", call=call))
        costs_s.append(time.process_time() - began)
        assert repaints == storm + 1
    assert min(costs_s) < 0.1, costs_s
