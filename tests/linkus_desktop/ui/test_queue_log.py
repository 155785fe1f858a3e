"""Q-9, LOG-2: the Queue tab of the call logs."""

from datetime import datetime, timedelta

import fakes
import pytest
from PySide6.QtCore import QItemSelectionModel, Qt

from linkus_desktop.pbx.errors import NotConnected
from linkus_desktop.pbx.queue_log_lines import QueueLogColumn
from linkus_desktop.ui.call_log.workspace import PERSONAL, QUEUE
from linkus_desktop.ui.queue_log.filters import Dates, Kind
from linkus_desktop.ui.window_size import WHOLE_LEAST
from server.contract.agents import CallResult, QueueEnd
from tests.linkus_desktop.ui.fake_queues import queue_line, queue_view

pytestmark = pytest.mark.qt_log_ignore("does not support (raise|grabbing|propagateSizeHints)")

LOST, MINE, HIS = (
    queue_line(ago=timedelta(minutes=1), missed=("1002", "1002")),
    queue_line("1005", "Elif Yılmaz", by="1001", ago=timedelta(minutes=2)),
    queue_line("+4930901820", "Konrad Zuse", by="1002", ago=timedelta(days=2)),
)


@pytest.fixture
def room(world, window):
    """The call logs of an agent who may see everything; the Queue tab is open."""
    world.tell_agents(fakes.agent())
    world.tell_queue_log(LOST, MINE, HIS, views=[queue_view(), queue_view("6401", "Sales")])
    window.open_room("call_log")
    shown = window.rooms.room("call_log")
    shown.queue_page.log._run = fakes.at_once
    shown.tabs.setCurrentIndex(QUEUE)
    return shown


@pytest.fixture
def page(room):
    return room.queue_page


def names(page):
    return [page.rows.entry(page.rows.index(row, 0)).name for row in range(page.rows.rowCount())]


def choose(page, *rows):
    """Select these rows, whatever key Qt thinks is still held."""
    model = page.table.selectionModel()
    model.clear()
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for row in rows:
        model.setCurrentIndex(page.rows.index(row, 0), flags)


def words(menu):
    return [action.text() for action in menu.actions() if action.text()]


def test_only_who_has_to_do_with_queues_sees_the_tabs_LOG_2(window, world):
    window.open_room("call_log")
    room = window.rooms.room("call_log")
    assert room.tabs.isHidden()
    world.tell_agents(fakes.agent())
    assert room.tabs.isVisible()
    assert [room.tabs.tabText(tab) for tab in (PERSONAL, QUEUE)] == ["Personal", "Queue"]
    assert room.table.isVisible()
    world.tell_agents()
    assert room.tabs.isHidden()


async def test_missed_calls_are_not_seen_by_looking_at_those_of_queues_LOG_1(room, world, qtbot, settle):
    room._seen.setInterval(0)
    assert not room._seen.isActive()
    room.tabs.setCurrentIndex(PERSONAL)
    qtbot.waitUntil(lambda: not room._seen.isActive(), timeout=20_000)
    await settle()
    assert world.session.api.seen == [None]


def test_a_tab_is_chosen_by_the_arrows_and_the_room_keeps_it_LOG_2(room, window, qtbot):
    room.tabs.setFocus()
    qtbot.keyClick(room.tabs, Qt.Key.Key_Left)
    assert room.table.isVisible()
    qtbot.keyClick(room.tabs, Qt.Key.Key_Right)
    assert room.queue_page.table.isVisible()
    window.open_room("phone")
    window.open_room("call_log")
    assert window.focusWidget() is room.queue_page.table


def test_the_log_is_filtered_by_kind_queue_result_and_text_Q_9(page, world):
    assert names(page) == ["Grace Okafor", "Elif Yılmaz", "Konrad Zuse"]
    page.filters.kinds[Kind.MISSED].click()
    assert names(page) == ["Grace Okafor"]
    page.filters.kinds[Kind.INCOMING].click()
    assert names(page) == ["Elif Yılmaz", "Konrad Zuse"]
    page.filters.search.setText("zuse")
    page.filters.tell_now()
    assert names(page) == ["Konrad Zuse"]
    page.filters.queue.setCurrentIndex(page.filters.queue.findData("6401"))
    assert page.states.showing.name == "EMPTY"
    page.states.action.emit()
    assert len(names(page)) == 3
    page.filters.result.setCurrentIndex(page.filters.result.findData(CallResult.NOT_DEALT))
    asked = world.session.api.queue_queries
    assert asked[-1]["result"] == "not_dealt"
    assert "queue" not in asked[-1]


@pytest.mark.parametrize(
    ("dates", "since", "until"),
    [
        (Dates.TODAY, 0, None),
        (Dates.YESTERDAY, 1, 0),
        (Dates.WEEK, 6, None),
        (Dates.MONTH, 29, None),
        (Dates.CUSTOM, 6, -1),
    ],
)
def test_the_log_is_filtered_by_whole_days_here_Q_9(page, world, dates, since, until):
    page.filters.dates.setCurrentIndex(page.filters.dates.findData(dates))
    asked = page.filters.wanted()
    today = fakes.NOW.astimezone().date()
    for moment, days in ((asked.since, since), (asked.until, until)):
        if days is None:
            assert moment is None
        else:
            local = moment.astimezone()
            assert (local.date(), local.hour) == (today - timedelta(days=days), 0)
    assert page.filters.first.isVisible() is (dates is Dates.CUSTOM)
    assert world.session.api.queue_queries[-1]["since"] == asked.since.isoformat()


def test_today_is_another_day_after_midnight_Q_9(world, page, monkeypatch):
    page.filters.dates.setCurrentIndex(page.filters.dates.findData(Dates.TODAY))
    asked = world.session.api.queue_queries
    before = asked[-1]["since"]
    page.filters._minute.timeout.emit()
    assert asked[-1]["since"] == before
    monkeypatch.setattr(page.filters, "_clock", lambda: fakes.NOW + timedelta(days=1))
    count = len(asked)
    page.filters._minute.timeout.emit()
    assert len(asked) == count + 1
    assert datetime.fromisoformat(asked[-1]["since"]) - datetime.fromisoformat(before) == timedelta(days=1)
    assert page.filters._minute.isActive()
    page.hide()
    assert not page.filters._minute.isActive(), "while nobody looks, nothing is asked"
    monkeypatch.setattr(page.filters, "_clock", lambda: fakes.NOW + timedelta(days=2))
    page.show()
    assert len(asked) == count + 2


def test_return_and_a_double_click_dial_Q_9(page, qtbot):
    choose(page, 1)
    with qtbot.waitSignal(page.call_requested) as called:
        qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert called.args == ["1005"]
    with qtbot.waitSignal(page.call_requested) as called:
        page.table.doubleClicked.emit(page.rows.index(1, 0))
    assert called.args == ["1005"]


def test_a_result_is_set_by_click_and_by_keyboard_Q_9(page, world, qtbot):
    cell = page.table.visualRect(page.rows.index(0, 8))
    qtbot.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=cell.center())
    assert page.table.result_menu.isVisible()
    assert words(page.table.result_menu) == ["Not dealt with", "Dealing", "Dealt with"]
    assert page.table.result_menu.results[CallResult.NOT_DEALT].isChecked()
    page.table.result_menu.results[CallResult.DEALING].trigger()
    page.table.result_menu.close()
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Space)
    assert page.table.result_menu.isVisible()
    page.table.result_menu.results[CallResult.DEALT].trigger()
    page.table.result_menu.close()
    assert world.session.api.results == [
        ("6400", LOST.id, CallResult.DEALING), ("6400", LOST.id, CallResult.DEALT)
    ]  # fmt: skip


def test_an_answered_call_needs_nobody_Q_9(page, qtbot):
    choose(page, 1)
    assert not page.result.isEnabled()
    assert "has answered" in page.result.accessibleDescription()
    cell = page.table.visualRect(page.rows.index(1, 8))
    qtbot.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=cell.center())
    assert not page.table.result_menu.isVisible()


def test_what_somebody_else_does_is_seen_at_once_and_automatic_is_a_word_Q_9(page, world):
    change = {"result": CallResult.DEALING, "result_by": "1002", "result_at": fakes.NOW, "automatic": True}
    world.tell_queue_line(LOST.model_copy(update=change))
    assert page.rows.index(0, 8).data() == "Dealing · Ben Carter · automatic"
    said = page.table._cells.whole_text(page.rows.index(0, 8))
    assert "Operator: Ben Carter (1002)" in said
    assert "Time of operation: Thursday, 12 March 2026" in said
    assert "Automatic" in said


async def test_own_answered_calls_are_deleted_after_the_time_to_undo_Q_9(page, world, qtbot, settle):
    choose(page, 1)
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    assert names(page) == ["Grace Okafor", "Konrad Zuse"]
    page.undo_bar.undo_button.click()
    assert len(names(page)) == 3
    choose(page, 1)
    page.delete.click()
    page.undo_bar.finish()
    await settle()
    assert world.session.api.deleted_queue_calls == [MINE.id]


async def test_a_deletion_is_taken_back_by_its_key_Q_9(page, world, qtbot, settle):
    choose(page, 1)
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    assert names(page) == ["Grace Okafor", "Konrad Zuse"]
    qtbot.keyClick(page.table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    await settle()
    assert names(page) == ["Grace Okafor", "Elif Yılmaz", "Konrad Zuse"]
    assert world.session.api.deleted_queue_calls == []
    assert not page.undo_bar.isVisible()


async def test_a_failed_deletion_puts_the_calls_back_Q_9(page, world, qtbot, settle):
    world.session.api.problem = NotConnected("The network is down.")
    choose(page, 1)
    page.delete.click()
    page.undo_bar.finish()
    await settle()
    assert len(names(page)) == 3


@pytest.mark.parametrize("rows", [(0,), (2,), (1, 2)])
def test_nobody_deletes_what_somebody_else_answered_or_nobody_Q_9(page, qtbot, rows):
    choose(page, *rows)
    assert not page.delete.isEnabled()
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    assert len(names(page)) == 3
    assert not any(word.startswith("Delete") for word in words(page.table.menu()))


def test_the_menu_offers_what_can_be_done_Q_9(page, qapp):
    choose(page, 0)
    menu = page.table.menu()
    assert words(menu) == [
        "Call Grace Okafor", "Copy the number", "Copy the call", "Processing result", "Block this number"
    ]  # fmt: skip
    next(a for a in menu.actions() if a.text() == "Copy the number").trigger()
    assert qapp.clipboard().text() == "+420530535333"
    choose(page, 1)
    assert words(page.table.menu())[-1] == "Delete this call"


def test_what_cannot_be_shown_says_why_Q_9(window, world, theme):
    world.tell_agents(fakes.agent())
    world.tell_queue_log()
    world.session.api.queue_views = []
    world.session.api.problem = NotConnected("The network is down.")
    window.open_room("call_log")
    room = window.rooms.room("call_log")
    page = room.queue_page
    page.log._run = fakes.at_once
    assert page.states._title.text() != "This did not load"
    room.tabs.setCurrentIndex(QUEUE)
    assert (page.states.showing.name, page.states._text.text()) == (
        "ERROR",
        str(NotConnected("The network is down.")),
    )
    world.session.api.problem = None
    page.states.action.emit()
    assert page.states._title.text() == "You may not see the calls of a queue"
    world.session.api.queue_views = [queue_view(missed=False)]
    page.log.reload()
    assert page.states._title.text() == "No calls yet"
    assert not page.filters.kinds[Kind.MISSED].isVisible(), "there could be none"


def test_a_large_log_comes_as_one_scrolls_Q_9(page, world):
    world.tell_queue_log(*(queue_line(ago=timedelta(minutes=n)) for n in range(1, 251)))
    assert page.rows.rowCount() == 100
    assert page.footer.text() == "The newest 100 calls. Scroll down for older ones."
    for expected in (200, 250):
        page.table.scrollToBottom()
        assert page.rows.rowCount() == expected
    assert page.footer.text() == "250 calls"
    world.session.live.forget()
    assert "Not connected" in page.footer.text()


def test_older_lines_that_do_not_come_are_asked_for_again_and_those_that_are_there_stay_Q_9(page, world):
    world.tell_queue_log(*(queue_line(ago=timedelta(minutes=n)) for n in range(1, 251)))
    told = []
    page.failed.connect(lambda text, again: told.append(again))
    page.table.scrollToBottom()
    assert page.rows.rowCount() == 200
    world.session.api.problem = NotConnected("The network is down.")
    page.table.scrollToBottom()
    assert page.footer.text() == "The newest 200 calls. Older ones did not load."
    world.session.api.problem = None
    (again,) = told
    again()
    assert page.rows.rowCount() == 250
    assert page.footer.text() == "250 calls"


def test_a_page_that_does_not_come_is_told_once_beside_the_lines_that_are_there_Q_9(page, world):
    told = []
    page.failed.connect(lambda text, again: told.append((text, again)))
    world.session.api.problem = NotConnected("The network is down.")
    page.log.reload()
    world.session.live.forget()
    ((text, again),) = told
    assert text.startswith("The calls did not load.")
    assert len(names(page)) == 3
    world.session.api.problem = None
    again()
    assert page.log.problem == ""


def test_a_screen_reader_hears_all_of_a_call_OPS_5(page):
    said = page.rows.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said.startswith("Abandoned, Grace Okafor, +420530535333, queue Support, Thursday, 12 March 2026")
    assert said.endswith("waited 0:00:42, Not dealt with")
    assert "Answered by Anna Novak" in page.rows.index(1, 0).data(Qt.ItemDataRole.AccessibleTextRole)


@pytest.mark.parametrize("end", QueueEnd)
def test_a_call_is_shown_and_read_out_however_its_waiting_ended_Q_9(page, world, end):
    talked = end in {QueueEnd.ANSWERED, QueueEnd.PICKED_UP}
    world.tell_queue_log(queue_line(by="1002" if talked else None, end=end), views=[queue_view()])
    page.log.reload()
    page.grab()  # paints each cell
    row = page.rows.index(0, 0)
    assert row.data(Qt.ItemDataRole.AccessibleTextRole).startswith(row.data())


def test_everything_fits_into_the_narrowest_window_LOG_2(page, window, world):
    window.resize(WHOLE_LEAST)
    assert window.size() == WHOLE_LEAST
    inside = page.filters.rect()
    for button in (page.call_back, page.result, page.block, page.delete, *page.filters.kinds.values()):
        assert inside.contains(button.mapTo(page.filters, button.rect().center()))
    world.tell_queue_log(
        *(queue_line() for _ in range(30)), views=[queue_view(), queue_view("6401", "Sales")]
    )
    page.log.reload()
    page.filters.dates.setCurrentIndex(page.filters.dates.findData(Dates.CUSTOM))
    page.grab()
    assert page.table.verticalScrollBar().maximum() > 0
    assert page.table.horizontalScrollBar().maximum() == 0, "no column is out of sight"
    header, words = page.table.horizontalHeader(), page.table.fontMetrics()
    for column in (QueueLogColumn.WAIT, QueueLogColumn.TALK):
        assert words.horizontalAdvance("0:00:42") < header.sectionSize(column) - 16
    assert page.filters.dates.shown_text == "From…"
    assert page.filters.dates.toolTip() == "Dates: From … to …"
    assert inside.contains(page.filters.last.mapTo(page.filters, page.filters.last.rect().bottomRight()))
