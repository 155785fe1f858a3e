"""A.8: the window at its least size: nothing scrolls sideways, one dial pad at a time."""

from datetime import timedelta

import fakes
import pytest
from fakes import FakeCall
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractScrollArea, QCheckBox

from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.call_log.workspace import CallLogWorkspace
from linkus_desktop.ui.phone.dial_pad import DialPad
from linkus_desktop.ui.widgets.fitted_columns import fitted


def test_columns_give_what_they_can_in_proportion():
    assert fitted([100, 200], [80, 100], 400) == [100, 200]
    assert fitted([100, 200], [80, 100], 240) == [90, 150]
    assert fitted([100, 200], [80, 100], 100) == [80, 100], "and no more than that"
    assert fitted([100], [100], 10) == [100]


@pytest.mark.parametrize("room", ["phone", "call_log", "extensions", "queues", "preferences"])
def test_no_room_scrolls_sideways_or_cuts_words_off_at_the_least_size(window, world, qtbot, room):
    window.resize(880, 560)
    window.open_room(room)
    shown = window.rooms.room(room)
    for area in [shown, *shown.findChildren(QAbstractScrollArea)]:
        if isinstance(area, QAbstractScrollArea) and area.isVisible():
            assert area.horizontalScrollBar().maximum() == 0, area.accessibleName()
    for box in shown.findChildren(QCheckBox):
        if box.isVisible():
            assert box.width() >= box.sizeHint().width(), box.text()


@pytest.fixture
def log(world, theme, qtbot):
    def make():
        made = CallLogWorkspace(world.call_log, world.settings, clock=fakes.clock)
        qtbot.addWidget(made)
        made.resize(1200, 500)
        made.show()
        return made

    return make


def widths(room):
    header = room.table.horizontalHeader()
    return [header.sectionSize(column) for column in range(header.count())]


def test_a_narrow_window_is_forgotten_when_there_is_room_again(log):
    room = log()
    before = widths(room)
    room.resize(720, 500)
    assert widths(room) != before
    room.table.sortByColumn(1, Qt.SortOrder.AscendingOrder)  # which is remembered, with the widths
    room.resize(1200, 500)
    assert widths(room) == before
    room.resize(720, 500)
    again = log()
    assert widths(again) == before
    assert again.table.horizontalHeader().sortIndicatorSection() == 1


def test_a_width_that_the_user_chose_is_kept(log):
    room = log()
    room.table.horizontalHeader().resizeSection(1, 240)
    assert log().table.columnWidth(1) == 240


def test_the_column_of_recordings_comes_and_goes_without_a_gap(log, world):
    room = log()
    assert sum(widths(room)) == room.table.viewport().width()
    world.permit("listen")
    world.recordings.set_permissions(world.session.me.permissions)
    assert not room.table.isColumnHidden(6)
    assert room.table.columnWidth(6) >= 96
    assert sum(widths(room)) == room.table.viewport().width()


def pads(window):
    return [pad for pad in window.findChildren(DialPad) if pad.isVisible()]


@pytest.mark.parametrize("compact", [False, True])
def test_there_is_one_dial_pad_at_a_time_SIP_4(window, world, qtbot, compact):
    if compact:
        window.size_of.toggle()
    call = world.phone.add(FakeCall("1002", "Ben", CallState.ACTIVE, talked=timedelta(seconds=9)))
    dialler = window.rooms.phone().dialler
    assert pads(window) == [dialler.pad]
    card = window.calls.card_of(call)
    card.keypad_button.click()
    assert pads(window) == [card.keypad.pad]
    assert dialler.number.isVisible()
    assert dialler.call.isVisible(), "another number can still be typed and called"
    card.keypad_button.click()
    assert pads(window) == [dialler.pad]
    card.keypad_button.click()
    call.finish()
    assert pads(window) == [dialler.pad], "the call is over"
