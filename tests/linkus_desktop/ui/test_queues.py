"""Q-13, Q-6: the room of queues, for those who manage them."""

from datetime import timedelta

import fakes
import pytest
from fakes import agent
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QAbstractItemModelTester

from linkus_desktop.pbx.errors import ApiError, NotConnected
from linkus_desktop.ui.lamps import Lamp
from linkus_desktop.ui.queues.rows import ITEM, LAMP, WARNS
from server.contract.agents import AgentSwitch
from server.contract.errors import ErrorBody, ErrorCode
from tests.linkus_desktop.ui.fake_queues import board, waiting_caller

pytestmark = pytest.mark.qt_log_ignore("does not support (raise|grabbing|propagateSizeHints)")

FIRST = waiting_caller(ago=timedelta(seconds=75), ringing=("1004",))
SECOND = waiting_caller("1005", "Elif Yılmaz", position=2, ago=timedelta(seconds=8))
AGENTS = (
    agent(extension="1002", state="available"),
    agent(extension="1003", state="paused", reason="Lunch", ago=timedelta(seconds=90)),
    agent(extension="1004", state="ringing", dynamic=False),
    agent("6401", "Sales", extension="1005", state="logged_out"),
)
TODAY = {
    "calls": 8,
    "answered": 6,
    "abandoned": 2,
    "service_level": 0.5,
    "service_level_all": 0.625,
    "mean_answer_s": 17,
}
SUPPORT = board("6400", "Support", FIRST, SECOND, agents={"available": 1, "paused": 1, "ringing": 1}, **TODAY)
SALES = board("6401", "Sales", agents={"logged_out": 1})


class Clock:
    """Goes on when a test says so."""

    def __init__(self):
        self.moment = fakes.NOW

    def __call__(self):
        return self.moment


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def window(world, theme, qtbot, clock):
    shown = world.window(clock=clock)
    qtbot.addWidget(shown)
    shown.show()
    return shown


@pytest.fixture
def room(world, window):
    """The room of a manager of two queues."""
    world.tell_agents(*AGENTS)
    world.tell_boards(SUPPORT, SALES)
    window.rooms.boards._run = fakes.at_once
    window.open_room("queues")
    return window.rooms.room("queues")


def texts(view):
    model = view.model()
    return [
        [model.index(row, column).data() for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def choose(view, *rows):
    model = view.selectionModel()
    model.clearSelection()
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for row in rows:
        model.setCurrentIndex(view.model().index(row, 0), flags)


def words(menu):
    return [action.text() for action in menu.actions() if action.text()]


def test_the_room_is_for_who_manages_a_queue_and_its_badge_says_who_waits_Q_13(window, world, qtbot):
    button = window.rail.rooms["queues"]
    assert button.isHidden()
    qtbot.keyClick(window, Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    assert window.stack.currentWidget() is window.rooms.room("phone")
    world.tell_agents(*AGENTS)
    world.tell_boards(SUPPORT, SALES)
    assert button.isVisible()
    assert (button.badge, button.accessibleName()) == ("2", "Queues, 2 waiting")
    world.tell_board(board("6400", "Support"))
    assert button.badge == ""
    world.tell_boards()
    assert button.isHidden()


def test_each_queue_says_who_waits_and_how_today_is_Q_13(room):
    assert texts(room.table) == [
        ["Support (6400)", "2", "0:01:15", "50%", "6", "2", "1 available · 1 ringing · 1 paused"],
        ["Sales (6401)", "0", "", "–", "0", "0", "1 logged out"],
    ]
    late = room.table.model().index(0, 2)
    assert late.data(WARNS) is True
    assert late.data(Qt.ItemDataRole.ToolTipRole) == "0:01:15\nAn answer within 20 s is in time"
    values = {key: value.text() for key, value in room.figures.values.items()}
    assert values["Longest wait"] == "0:01:15"
    assert (values["Of all calls"], values["Average wait"]) == ("62%", "0:00:17")
    assert room.figures.values["Longest wait"].accessibleName() == "Longest wait: 0:01:15, too long"


def test_the_chosen_queue_is_shown_in_full_Q_13(room, qtbot):
    assert room.title.text() == "Support (6400)"
    assert texts(room.callers) == [
        ["1", "Grace Okafor", "+420530535333", "0:01:15", "David Kim"],
        ["2", "Elif Yılmaz", "1005", "0:00:08", ""],
    ]
    assert texts(room.agents.table) == [
        ["Ben Carter", "1002", "Available", "0:12:03"],
        ["Chiara Rossi", "1003", "Paused: Lunch", "0:01:30"],
        ["David Kim", "1004", "Ringing", "0:12:03"],
    ]
    room.table.setFocus()
    qtbot.keyClick(room.table, Qt.Key.Key_Down)
    assert (room.chosen, room.title.text()) == ("6401", "Sales (6401)")
    assert [row[0] for row in texts(room.agents.table)] == ["Elif Yılmaz"]
    assert room.caller_states.showing.name == "EMPTY"


def test_what_happens_is_shown_at_once_and_what_is_selected_stays_Q_13(room, world):
    choose(room.agents.table, 1)
    choose(room.callers, 1)
    moved = SECOND.model_copy(update={"position": 1})
    world.tell_board(
        board("6400", "Support", moved, talking=1, agents={"talking": 1}, **TODAY | {"answered": 7})
    )
    assert [row[0:2] for row in texts(room.callers)] == [["1", "Elif Yılmaz"]]
    assert room.callers.selected() == [moved]
    assert texts(room.table)[0][1:3] == ["1", "0:00:08"]
    assert room.table.model().index(0, 2).data(WARNS) is False
    world.session.live.agents.take_delta("6400/1002", agent(extension="1002", state="talking"))
    world.session.live.agents.flush()
    assert texts(room.agents.table)[0][2] == "In a call"
    assert [one.extension for one in room.agents.table.selected()] == ["1003"]


def test_times_run_by_one_timer_and_only_while_somebody_looks_Q_13(room, window, clock, world):
    assert room.ticks
    seen = []
    room.queues.dataChanged.connect(lambda first, last: seen.append((first.column(), last.column())))
    clock.moment += timedelta(seconds=5)
    room._second.timeout.emit()
    assert texts(room.table)[0][2] == "0:01:20"
    assert room.figures.values["Longest wait"].text() == "0:01:20"
    assert texts(room.agents.table)[0][3] == "0:12:08"
    assert seen == [(2, 2)], "nothing else is painted anew"
    window.open_room("phone")
    assert not room.ticks


def test_a_room_that_nobody_sees_costs_nothing_and_is_right_when_it_is_seen_Q_13(room, window, world):
    window.open_room("phone")
    touched = []
    for rows in (room.queues, room.agents.rows):
        for signal in (rows.dataChanged, rows.rowsInserted, rows.rowsRemoved):
            signal.connect(lambda *_: touched.append(1))
    agents = world.session.live.agents
    for state in ("talking", "available", "talking"):
        agents.take_delta("6400/1002", agent(extension="1002", state=state))
        agents.flush()
    world.tell_board(board("6400", "Support", talking=1))
    assert touched == []
    window.open_room("queues")
    assert texts(room.agents.table)[0][2] == "In a call"
    assert room.figures.values["In a call"].text() == "1"
    assert texts(room.table)[0][1] == "0"


def test_nothing_stale_is_shown_as_fresh_KEY_5(room, world):
    world.session.live.forget()
    assert room.note.text().startswith("Not connected")
    assert texts(room.table)[0][2] == ""
    assert {row[2] for row in texts(room.agents.table)} == {"Unknown"}
    assert room.agents.table.model().index(0, 0).data(LAMP) is Lamp.UNKNOWN
    assert not room.agents.pause.isEnabled()
    assert room.figures.values["Longest wait"].text() == "–"
    world.tell_agents(*AGENTS)
    world.tell_boards(SUPPORT, SALES)
    assert room.note.text() == "Live"
    assert texts(room.agents.table)[0][2] == "Available"


def test_a_manager_logs_agents_in_and_out_and_pauses_them_Q_6(room, world):
    panel, asked = room.agents, world.session.api.switches
    panel.reasons.popup(panel.pause.mapToGlobal(panel.pause.rect().bottomLeft()))
    assert words(panel.reasons) == ["Without a reason", "Break", "Lunch", "Meeting", "Training"]
    panel.reasons.close()
    choose(panel.table, 0)
    assert not panel.log_in.isEnabled()
    assert not panel.resume.isEnabled()
    panel.log_out.click()
    next(a for a in panel.reasons.actions() if a.text() == "Lunch").trigger()
    choose(panel.table, 0, 1)
    panel.resume.click()
    choose(panel.table, 2)
    assert not panel.log_out.isEnabled()
    assert "Static agents" in panel.log_out.accessibleDescription()
    room.choose("6401")
    choose(panel.table, 0)
    panel.log_in.click()
    assert asked == [
        ("6400/1002", AgentSwitch(logged_in=False)),
        ("6400/1002", AgentSwitch(paused=True, reason="Lunch")),
        ("6400/1003", AgentSwitch(paused=False)),
        ("6401/1005", AgentSwitch(logged_in=True)),
    ], "of several only those of whom it makes sense"
    assert words(panel.menu()) == ["Log in"]


def test_an_order_shows_that_it_is_on_its_way_Q_6(room, window):
    waiting = []
    window.rooms.boards._run = lambda coro, **_: waiting.append(coro)
    choose(room.agents.table, 1)
    room.agents.resume.click()
    assert texts(room.agents.table)[1][2] == "Changing…"
    for coro in waiting:
        coro.close()


def test_what_was_not_done_says_so_and_may_be_tried_again_Q_6(room, window, world):
    world.session.api.problem = NotConnected("The network is down.")
    choose(room.agents.table, 1)
    room.agents.resume.click()
    assert texts(room.agents.table)[1][2] == "Paused: Lunch"
    assert "Nothing has changed for Chiara Rossi" in window.message.accessibleName() + str(
        [label.text() for label in window.message.findChildren(type(room.note))]
    )
    failures = []
    room.failed.connect(lambda text, again: failures.append(again))
    world.session.api.problem = ApiError(409, ErrorBody(code=ErrorCode.CONFLICT, message="No."))
    room.agents.resume.click()
    assert failures == [None]


def test_of_several_agents_those_who_were_not_changed_are_named_Q_6(room, window, world, monkeypatch):
    asked, away = [], {"1002", "1004"}

    async def switch(_queue, extension, _change):
        asked.append(extension)
        if extension in away:
            raise NotConnected("The network is down.")

    monkeypatch.setattr(world.session.api, "switch_agent", switch)
    told = []
    room.failed.connect(lambda text, again: told.append((text, again)))
    room.done.connect(lambda: told.append("done"))
    choose(room.agents.table, 0, 1, 2)
    room.agents.reasons.aboutToShow.emit()
    next(a for a in room.agents.reasons.actions() if a.text() == "Lunch").trigger()
    assert asked == ["1002", "1003", "1004"]
    ((text, again),) = told
    assert text.startswith("Nothing has changed for Ben Carter and David Kim. ")
    assert any(text in label.text() for label in window.message.findChildren(type(room.note)))
    away.clear()
    again()
    assert (asked[3:], told[1:]) == (["1002", "1004"], ["done"])


def test_more_callers_than_are_named_are_counted_Q_13(room, world):
    world.tell_board(board("6400", "Support", FIRST, more=212))
    assert room.more.text() == "and 212 more"
    assert texts(room.table)[0][1] == "213"


def test_a_queue_that_is_no_longer_managed_leaves_Q_13(room, world):
    world.session.live.queues.take_delta("6400", None)
    world.session.live.queues.flush()
    assert (room.chosen, len(texts(room.table))) == ("6401", 1)


def test_a_screen_reader_hears_whole_rows_OPS_5(room):
    said = room.table.model().index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said.startswith("Support (6400), Waiting: 2, Longest wait: 0:01:15, Service level: 50%")
    agents = room.agents.table.model()
    assert agents.index(1, 0).data(Qt.ItemDataRole.AccessibleTextRole) == (
        "Chiara Rossi, Extension: 1003, State: Paused: Lunch, For: 0:01:30"
    )


def test_rows_come_go_and_change_places_as_qt_wants_it_Q_13(room, world):
    rows = room.waiting
    QAbstractItemModelTester(rows, QAbstractItemModelTester.FailureReportingMode.Warning, rows)
    third, fourth = (waiting_caller(str(n), "", position=n) for n in (3, 4))
    for callers in ((FIRST, SECOND, third), (third, FIRST, fourth), (fourth,), (), (SECOND, FIRST)):
        rows.follow(callers)
        assert rows.items == list(callers)
        assert [rows.index(row, 0).data(ITEM) for row in range(rows.rowCount())] == list(callers)
