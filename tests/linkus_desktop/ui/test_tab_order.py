"""OPS-5: the Tab key reaches everything there is at the moment, in reading order."""

from datetime import timedelta

import fakes
import pytest
from fakes import NOW, FakeCall, agent
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from linkus_desktop.sip.values import CallState, Quality
from linkus_desktop.ui.call_log.workspace import QUEUE
from linkus_desktop.ui.queue_log.filters import Dates, Kind
from server.contract.parking import ParkedCall
from tests.linkus_desktop.ui.fake_queues import board, queue_line, queue_view, waiting_caller

ROOMS = ["phone", "call_log", "queue log", "extensions", "queues", "preferences"]
MEASURED = Quality("G722", True, 0.0, None, 3.0, None, 4.3)


@pytest.fixture
def busy(window, world):
    """Three calls, two parked ones and a message, all of which came after the window."""
    first = world.phone.add(FakeCall("1002", "Ben", CallState.ACTIVE, talked=timedelta(seconds=95)))
    first.measured = MEASURED
    world.phone.add(FakeCall("1003", "Chiara", CallState.HELD, talked=timedelta(seconds=9)))
    world.phone.add(FakeCall("1004", "David", CallState.INCOMING))
    window.calls._on_second()
    waiting = {
        slot: ParkedCall(slot=slot, number="1007", name="Grace", by="1002", since=NOW)
        for slot in ("6900", "6901")
    }
    world.session.live.parked.take_snapshot(waiting)
    world.tell_agents(agent(), agent(extension="1002", state="paused"))
    world.tell_boards(board("6400", "Support", waiting_caller()), board("6401", "Sales"))
    world.tell_queue_log(queue_line(), views=[queue_view(), queue_view("6401", "Sales")])
    window.message.say("Something happened.", ("Try again", int))
    window.rooms.room("call_log")._seen.setInterval(600_000)  # no loop runs that could tell the server
    return window


def go_to(window, room):
    """Open a room, or the log of queues, where everything can be pressed."""
    window.open_room("call_log" if room == "queue log" else room)
    assert window.rooms.room("call_log" if room == "queue log" else room).isVisible()
    if room == "queue log":
        shown = window.rooms.room("call_log")
        shown.queue_page.log._run = fakes.at_once
        shown.tabs.setCurrentIndex(QUEUE)
        filters = shown.queue_page.filters
        filters.dates.setCurrentIndex(filters.dates.findData(Dates.CUSTOM))
        shown.queue_page.table.selectRow(0)
        assert filters.last.isVisible()
        assert shown.queue_page.result.isEnabled()
    elif room == "queues":
        window.rooms.room(room).agents.table.selectRow(1)
        assert window.rooms.room(room).agents.resume.isEnabled()


def walk(window, qtbot, key=Qt.Key.Key_Tab):
    """Where the key leads, once round."""
    window.search.setFocus()
    seen = [window.focusWidget()]
    while True:
        qtbot.keyClick(window.focusWidget(), key)
        if window.focusWidget() in seen:
            return seen
        seen.append(window.focusWidget())


def can_be_tabbed_to(window):
    policy = Qt.FocusPolicy.TabFocus
    return {
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & policy == policy
        if widget.focusProxy() is None and not widget.objectName().startswith("qt_")
    }


@pytest.mark.parametrize("room", ROOMS)
def test_tab_reaches_everything_and_shift_tab_the_same_way_back_OPS_5(busy, qtbot, room):
    go_to(busy, room)
    there = walk(busy, qtbot)
    assert can_be_tabbed_to(busy) <= set(there)
    back = walk(busy, qtbot, Qt.Key.Key_Backtab)
    assert [back[0], *reversed(back[1:])] == there


def test_tab_goes_in_reading_order_OPS_5(busy, qtbot):
    order = walk(busy, qtbot)
    phone = busy.rooms.phone()
    first, second, third = busy.calls.cards
    expected = [
        busy.search,
        busy.toolbar.presence,
        busy.message.findChildren(QWidget)[-1],
        first.quality.sign,
        first.hold,
        first.hang_up,
        second.switch,
        third.answer,
        third.decline,
        busy.parked.buttons["6900"],
        busy.parked.buttons["6901"],
        phone.colleagues.search,
        phone.colleagues.view,
        phone.dialler.number,
        phone.dialler.pad.keys["1"],
        phone.recent.view,
    ]
    places = [order.index(widget) for widget in expected if widget in order]
    assert len(places) >= len(expected) - 1
    assert places == sorted(places)


def test_tab_goes_through_the_log_and_the_board_of_queues_in_reading_order_OPS_5(busy, qtbot):
    go_to(busy, "queue log")
    page = busy.rooms.room("call_log").queue_page
    filters = page.filters
    order = walk(busy, qtbot)
    expected = [
        filters.kinds[Kind.ALL], filters.queue, filters.result, filters.dates, filters.first, filters.last,
        filters.search, page.call_back, page.result, page.block, page.table,
    ]  # fmt: skip
    assert [widget for widget in order if page.isAncestorOf(widget)] == expected
    go_to(busy, "queues")
    room = busy.rooms.room("queues")
    agents = room.agents
    expected = [room.table, room.callers, agents.log_out, agents.pause, agents.resume, agents.table]
    assert [widget for widget in walk(busy, qtbot) if room.isAncestorOf(widget)] == expected


def test_what_has_the_focus_is_in_sight_OPS_5(busy, qtbot):
    busy.resize(880, 560)
    busy.open_room("preferences")
    page = busy.rooms.room("preferences")
    busy.parked.buttons["6901"].setFocus()  # the last before the page
    seen = 0
    while True:
        qtbot.keyClick(busy.focusWidget(), Qt.Key.Key_Tab)
        reached = busy.focusWidget()
        if not page.isAncestorOf(reached):
            break
        middle = reached.mapTo(page.viewport(), QPoint(0, reached.height() // 2))
        assert 0 <= middle.y() <= page.viewport().height(), reached.accessibleName()
        seen += 1
    assert seen > 20


@pytest.mark.parametrize("room", ROOMS)
def test_the_focus_is_always_seen_OPS_5(busy, qtbot, room):
    go_to(busy, room)
    qtbot.waitUntil(busy.isActiveWindow, timeout=20_000)
    unseen = []
    order = walk(busy, qtbot)
    for before, widget in zip([order[-1], *order], order, strict=False):
        before.setFocus(Qt.FocusReason.TabFocusReason)
        without = widget.grab().toImage()
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        if widget.grab().toImage() == without:
            unseen.append(widget.accessibleName() or widget.text())
    assert unseen == []


def test_opening_a_room_shows_no_other_window_and_keeps_the_window_active(window, qapp):
    before = set(qapp.topLevelWidgets())
    for room in window.rail.rooms:
        window.open_room(room)
        assert window.isActiveWindow()
    assert [w for w in set(qapp.topLevelWidgets()) - before if w.isVisible()] == []


def test_escape_goes_out_of_the_keypad_of_a_call_OPS_5(window, world, qtbot):
    call = world.phone.add(FakeCall("1002", "Ben", CallState.ACTIVE, talked=timedelta(seconds=9)))
    card = window.calls.card_of(call)
    card.keypad_button.setFocus()
    qtbot.keyClick(card.keypad_button, Qt.Key.Key_Space)
    assert card.keypad.hasFocus()
    qtbot.keyClick(card.keypad, Qt.Key.Key_5)
    assert call.digits == "5"
    qtbot.keyClick(card.keypad, Qt.Key.Key_Escape)
    assert not card.keypad.isVisible()
    assert card.keypad_button.hasFocus()


def test_ctrl_shift_d_declines_what_rings_and_nothing_else_SIP_3(window, world, qtbot):
    first = world.phone.add(FakeCall("1002", "Ben", CallState.ACTIVE, talked=timedelta(seconds=9)))
    second = world.phone.add(FakeCall("1003", "Chiara", CallState.INCOMING))
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window, Qt.Key.Key_D, keys)
    assert (first.state, second.state) == (CallState.ACTIVE, CallState.ENDED)
    assert second.end.text == "Declined"
    qtbot.keyClick(window, Qt.Key.Key_D, keys)
    assert first.state is CallState.ACTIVE
