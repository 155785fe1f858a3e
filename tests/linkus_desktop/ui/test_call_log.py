"""LOG-1: the own calls in the window."""

import fakes
import pytest
from PySide6.QtCore import Qt

from linkus_desktop.pbx.errors import NotConnected
from linkus_desktop.ui.call_log.rows import Kind
from linkus_desktop.ui.call_log.workspace import CallLogWorkspace


@pytest.fixture
def room(world, qtbot):
    shown = CallLogWorkspace(
        world.call_log, world.settings, clock=fakes.clock, undo_ms=60_000, seen_after_ms=10
    )
    qtbot.addWidget(shown)
    return shown


def test_filters_by_kind_and_text_LOG_1(room):
    room.kinds[Kind.MISSED].click()
    assert room.rows.rowCount() == 2
    room.kinds[Kind.OUTGOING].click()
    room.search.setText("grace")
    assert [room.rows.entry(room.rows.index(0, 0)).number] == ["1007"]
    room.search.setText("nobody")
    assert room.rows.rowCount() == 0
    room.states.action.emit()
    assert room.rows.rowCount() == 10


def test_enter_calls_back(room, qtbot):
    room.table.selectRow(1)
    with qtbot.waitSignal(room.call_requested) as called:
        qtbot.keyClick(room.table, Qt.Key.Key_Return)
    assert called.args == ["1002"]


async def test_delete_can_be_undone_for_a_while(room, world, qtbot, settle):
    room.table.selectRow(0)
    qtbot.keyClick(room.table, Qt.Key.Key_Delete)
    assert room.rows.rowCount() == 9
    assert room.undo_bar.text == "Call deleted."
    room.undo_bar.undo_button.click()
    await settle()
    assert room.rows.rowCount() == 10
    assert world.session.api.deleted == []


async def test_a_bulk_delete_says_how_many_and_happens_after_the_time(room, world, settle):
    ids = room.rows.ids()[:3]
    room.delete_calls(ids)
    assert room.undo_bar.text == "3 calls deleted."
    room.undo_bar.finish()
    await settle()
    assert world.session.api.deleted == ids


async def test_a_failed_delete_puts_the_calls_back_and_says_so(room, world, qtbot, settle):
    world.session.api.problem = NotConnected("The network is down.")
    room.delete_calls(room.rows.ids()[:2])
    with qtbot.waitSignal(room.problem) as said:
        room.undo_bar.finish()
        await settle()
    assert "network is down" in said.args[0]
    assert room.rows.rowCount() == 10


async def test_closing_the_window_does_what_waits(room, world, settle):
    room.delete_calls(room.rows.ids()[:1])
    room.finish_deletions()
    await settle()
    assert len(world.session.api.deleted) == 1


def test_copy_gives_useful_text(room, qtbot, qapp):
    room.table.selectRow(1)
    qtbot.keyClick(room.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    text = qapp.clipboard().text()
    assert "Ben Carter\t1002\t2026-03-12" in text


def test_columns_and_their_order_are_remembered(room, world, qtbot):
    room.table.setColumnWidth(1, 333)
    again = CallLogWorkspace(world.call_log, world.settings, clock=fakes.clock)
    qtbot.addWidget(again)
    again.resize(1400, 500)
    again.show()
    assert again.table.columnWidth(1) == 333


def test_an_empty_log_says_how_calls_get_there(qtbot):
    world = fakes.World(calls=())
    room = CallLogWorkspace(world.call_log, world.settings)
    qtbot.addWidget(room)
    assert room.states._title.text() == "No calls yet"


def test_a_log_that_turns_out_empty_stops_loading(theme, qtbot):
    world = fakes.World(calls=None)
    room = CallLogWorkspace(world.call_log, world.settings)
    qtbot.addWidget(room)
    room.show()
    assert room.states.showing.name == "NOTHING_YET"
    world.session.live.call_log.take_snapshot({})
    assert room.states.showing.name == "EMPTY"
