"""KEY-1 to KEY-5 in the window: the panel of function keys, by mouse and keyboard, and how it is changed."""

import time
from datetime import timedelta

import fakes
import pytest
from fakes import FakeCall, LineState, World, colleague
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QDropEvent, QHelpEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from linkus_desktop.pbx.errors import NotConnected
from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.keys.grid import MIME
from linkus_desktop.ui.keys.panel import SHORTCUTS
from linkus_desktop.ui.lamps import Lamp
from linkus_desktop.ui.rooms import ROOMS
from linkus_desktop.ui.shortcuts import KeysOfTheWindow
from server.contract.pairs import Pair, PairCall, PairState

pytestmark = pytest.mark.qt_log_ignore("does not support (raise|grabbing|propagateSizeHints)")

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def names(panel):
    return [face.name for face in panel.faces]


def values(change):
    return [key.value for key in change.keys]


def test_the_panel_comes_with_the_first_key_and_goes_when_it_is_hidden_KEY_1(window, world, qtbot):
    assert not window.keys.isVisible(), "nobody who has no keys is bothered with them"
    world.tell_keys(*fakes.THREE_KEYS)
    assert window.keys.isVisible()
    assert window.toolbar.keys.isChecked()
    qtbot.mouseClick(window.toolbar.keys, Qt.MouseButton.LeftButton)
    assert not window.keys.isVisible()
    world.tell_keys(*fakes.THREE_KEYS[:2], revision=2)
    assert not window.keys.isVisible(), "the user has decided"
    qtbot.keyClick(window, Qt.Key.Key_F, CTRL | SHIFT)
    assert window.keys.isVisible()


def test_each_key_says_its_state_in_words_and_its_shortcut_KEY_3(panel):
    first = panel.grid.buttons[0]
    assert first.accessibleName() == "Ben Carter: In a call"
    assert "since" in first.accessibleDescription()
    assert first.toolTip().endswith("(Ctrl+1)")
    assert panel.grid.buttons[2].accessibleName() == "International: Prefix"


def test_a_tooltip_tells_how_long_ago_as_of_now_KEY_3(panel, monkeypatch):
    button = panel.grid.buttons[0]
    assert "(4 min)" in button.toolTip()
    monkeypatch.setattr(panel, "_clock", lambda: fakes.NOW + timedelta(minutes=10))
    QApplication.sendEvent(
        button, QHelpEvent(QEvent.Type.ToolTip, QPoint(5, 5), button.mapToGlobal(QPoint(5, 5)))
    )
    assert "(14 min)" in button.toolTip()
    QToolTip.hideText()


def test_a_click_calls_and_the_shortcut_picks_up_what_rings_KEY_3(panel, window, world, qtbot):
    qtbot.mouseClick(panel.grid.buttons[1], Qt.MouseButton.LeftButton)
    assert world.phone.dialled == ["1003"]
    world.phone.calls[0].finish(by_us=True)
    world.tell(colleague("1003", "Chiara Rossi", call=LineState.RINGING))
    assert panel.faces[1].lamp is Lamp.RINGING
    qtbot.keyClick(window, Qt.Key.Key_2, CTRL)
    assert world.phone.dialled == ["1003", "*041003"]


def test_the_shortcuts_are_nobody_elses():
    others = {shortcut for *_, shortcut in ROOMS} | KeysOfTheWindow.TAKEN
    assert not set(SHORTCUTS) & others


def test_in_a_call_a_click_opens_a_menu_that_transfers_SIP_4(panel, world, qtbot):
    call = world.phone.add(FakeCall("1007", "Grace Okafor", CallState.ACTIVE))
    panel.press(1)
    menu = QApplication.activePopupWidget()
    texts = [action.text() for action in menu.actions()]
    assert texts[0] == "Transfer the call to Chiara Rossi"
    menu.actions()[0].trigger()
    menu.close()
    assert call.transfer_progress.to == "1003"


def test_the_keyboard_reaches_every_key_and_tab_goes_past_them_KEY_1(panel, window, world, qtbot):
    panel.grid.focus(0)
    for pressed, there in (
        (Qt.Key.Key_Down, 1),
        (Qt.Key.Key_End, 2),
        (Qt.Key.Key_Up, 1),
        (Qt.Key.Key_Home, 0),
    ):
        qtbot.keyClick(QApplication.focusWidget(), pressed)
        assert panel.grid.buttons[there].hasFocus()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_End)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert window.rooms.phone().dialler.number.text() == "00"
    focusable = [b for b in panel.grid.buttons if b.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert len(focusable) == 1


async def test_alt_and_arrows_put_a_key_in_another_place_KEY_1(panel, world, qtbot, settle):
    panel.grid.focus(0)
    qtbot.keyClick(panel.grid.buttons[0], Qt.Key.Key_Down, ALT)
    assert names(panel) == ["Chiara Rossi", "Ben Carter", "International"]
    assert panel.grid.buttons[1].hasFocus(), "the focus goes along"
    await settle()
    qtbot.keyClick(panel.grid.buttons[1], Qt.Key.Key_Up, ALT)
    await settle()
    assert names(panel) == ["Ben Carter", "Chiara Rossi", "International"]
    assert [values(change) for change in world.session.api.key_changes] == [
        ["1003", "1002", "00"],
        ["1002", "1003", "00"],
    ]


def test_pulling_a_key_with_the_mouse_begins_a_drag_and_is_no_click_KEY_1(panel, world, qtbot, monkeypatch):
    begun = []
    monkeypatch.setattr(
        "linkus_desktop.ui.keys.grid.QDrag.exec",
        lambda drag, *_: begun.append(bytes(drag.mimeData().data(MIME).data())),
    )
    button = panel.grid.buttons[1]
    left, start = Qt.MouseButton.LeftButton, button.rect().center()
    for moved in (True, False):
        button.movable = moved
        QTest.mousePress(button, left, Qt.KeyboardModifier.NoModifier, start)
        for step in (2, 30):
            where = QPointF(start + QPoint(0, step if moved else 1))
            move = QMouseEvent(
                QEvent.Type.MouseMove,
                where,
                button.mapToGlobal(where),
                left,
                left,
                Qt.KeyboardModifier.NoModifier,
            )
            QApplication.sendEvent(button, move)
        QTest.mouseRelease(button, left, Qt.KeyboardModifier.NoModifier, start)
        assert world.phone.dialled == ([] if moved else ["1003"])
    assert begun == [b"1"]


@pytest.mark.parametrize("columns", [1, 2])
async def test_a_key_is_dragged_to_another_place_KEY_1(panel, world, qtbot, settle, columns):
    panel.set_columns(columns)
    qtbot.waitUntil(lambda: panel.grid.columns == columns)
    QTest.qWait(50)
    mime = QMimeData()
    mime.setData(MIME, b"0")
    last = panel.grid.buttons[2].geometry()
    where = QPointF(last.right() - 4, last.bottom() - 4)
    drop = QDropEvent(
        where, Qt.DropAction.MoveAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    panel.grid.dropEvent(drop)
    await settle()
    assert names(panel) == ["Chiara Rossi", "International", "Ben Carter"]
    assert values(world.session.api.key_changes[-1]) == ["1003", "00", "1002"]
    foreign = QMimeData()
    foreign.setText("0")
    event = QDropEvent(
        where, Qt.DropAction.MoveAction, foreign, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    panel.grid.dropEvent(event)
    assert len(world.session.api.key_changes) == 1, "something else was dropped"


@pytest.mark.parametrize("room", ["phone", "call_log"])
async def test_a_key_is_removed_and_that_can_be_taken_back_KEY_1(window, panel, world, qtbot, settle, room):
    window.open_room(room)  # the call log has something to take back of its own
    panel.grid.focus(1)
    qtbot.keyClick(panel.grid.buttons[1], Qt.Key.Key_Delete)
    assert names(panel) == ["Ben Carter", "International"]
    assert panel.undo_bar.isVisible()
    qtbot.keyClick(panel.grid.buttons[1], Qt.Key.Key_Z, CTRL)
    await settle()
    assert names(panel) == ["Ben Carter", "Chiara Rossi", "International"]
    assert world.session.api.key_changes == []
    panel.remove(0)
    panel.undo_bar.finish()
    await settle()
    assert values(world.session.api.key_changes[0]) == ["1003", "00"]


async def test_closing_the_window_removes_what_was_removed_KEY_1(panel, window, world, settle):
    panel.remove(0)
    window.close()
    await settle()
    assert values(world.session.api.key_changes[0]) == ["1003", "00"]


async def test_what_cannot_be_stored_is_shown_as_it_was_and_said_KEY_1(panel, world, settle, qtbot):
    world.session.api.problem = NotConnected("It does not answer.")
    panel.move_key(0, 3)
    await settle()
    assert names(panel) == ["Ben Carter", "Chiara Rossi", "International"]
    assert "It does not answer" in panel.message.text
    world.session.api.problem = None
    panel.own.try_again()
    await settle()
    assert names(panel) == ["Chiara Rossi", "International", "Ben Carter"]


def test_without_permission_nothing_can_be_changed_and_it_says_why_KEY_1(window, world, qtbot):
    world.tell_keys(*fakes.THREE_KEYS)
    panel = window.keys.panel
    assert not panel.add.isVisible()
    assert "administrator" in panel.read_only.text()
    assert panel.read_only.isVisible()
    panel.grid.focus(0)
    for pressed, modifier in (
        (Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Down, ALT),
        (Qt.Key.Key_F2, Qt.KeyboardModifier.NoModifier),
    ):
        qtbot.keyClick(panel.grid.buttons[0], pressed, modifier)
    assert names(panel) == ["Ben Carter", "Chiara Rossi", "International"]
    assert panel.dialog is None
    assert not panel.grid.acceptDrops()
    assert [action.text() for action in panel.menu_of(2).actions()] == ["Press this key"]
    world.permit_keys()
    assert panel.add.isVisible()
    assert not panel.read_only.isVisible()


def test_an_empty_panel_says_what_keys_are_good_for_KEY_1(window, world, qtbot):
    world.tell_keys()
    window.keys.toggle()
    panel = window.keys.panel
    assert panel.empty_title.text() == "No function keys yet"
    assert "Your administrator sets them" in panel.empty_text.text()
    assert not panel.empty_add.isVisible()
    world.permit_keys()
    assert panel.empty_add.isVisible()
    qtbot.mouseClick(panel.empty_add, Qt.MouseButton.LeftButton)
    assert panel.dialog.isVisible()
    panel.dialog.close()


def test_an_account_without_an_extension_does_not_wait_for_keys_KEY_1(world, theme, qtbot):
    """The server tells an administrator without an extension nothing of keys, now or ever."""
    world.session.me = world.session.me.model_copy(update={"extension": None})
    window = world.window()
    qtbot.addWidget(window)
    window.show()
    window.keys.toggle()
    panel = window.keys.panel
    assert panel.empty_title.text() == "No function keys yet"
    assert "your account has none" in panel.empty_text.text()
    panel._patience.stop()
    panel._follow_state()
    assert panel.empty_title.text() == "No function keys yet"
    window.close()


def test_while_keys_are_loaded_that_is_said_KEY_5(window, qtbot):
    window.keys.toggle()
    panel = window.keys.panel
    qtbot.waitUntil(lambda: panel.empty_title.text() == "Loading your keys…")
    assert not panel.empty_add.isVisible()


def test_a_lost_connection_shows_every_lamp_as_unknown_and_says_so_KEY_5(panel, world):
    world.session.live.forget()
    assert [face.lamp for face in panel.faces] == [Lamp.UNKNOWN, Lamp.UNKNOWN, None]
    assert panel.stale.isVisible()
    assert names(panel) == ["Ben Carter", "Chiara Rossi", "International"]


def test_the_green_key_asks_in_the_panel_BOSS_2(panel, world, qtbot):
    world.tell_keys(("boss_secretary", "*591003"), revision=2)
    one = Pair(
        boss="1001", secretary="1003", secretary_name="Chiara Rossi", boss_name="Anna Novak", value="*591003",
        state=PairState.IDLE, since=fakes.NOW,
    )  # fmt: skip
    world.session.live.pairs.take_snapshot({"1001/1003": one})
    assert panel.faces[0].lamp is Lamp.IDLE
    qtbot.mouseClick(panel.grid.buttons[0], Qt.MouseButton.LeftButton)
    assert "Switch Chiara Rossi off" in panel.message.text
    assert world.phone.dialled == []
    agree = next(b for b in panel.message.findChildren(type(panel.empty_add)) if b.text() == "Switch off")
    agree.click()
    assert world.phone.dialled == ["*591003"]
    assert panel.message.text == ""


def test_the_menu_of_a_key_offers_what_can_be_done_with_it_KEY_1(panel, world, qtbot):
    button = panel.grid.buttons[0]
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), QPoint())
    QApplication.sendEvent(button, event)
    menu = QApplication.activePopupWidget()
    texts = [action.text() for action in menu.actions() if action.text()]
    assert texts == [
        "Call Ben Carter", "Speak to Ben Carter (intercom)", "Edit…", "Move up", "Move down", "Remove",
    ]  # fmt: skip
    assert [a.text() for a in menu.actions() if a.text() and not a.isEnabled()] == ["Move up"]
    menu.close()


async def test_a_menu_is_about_its_key_although_the_keys_change_meanwhile_KEY_1(panel, world, settle):
    def remove(menu):
        next(action for action in menu.actions() if action.text() == "Remove").trigger()

    menu = panel.menu_of(0)
    world.tell_keys(*fakes.THREE_KEYS[1:], revision=2)  # as by the administrator
    remove(menu)
    assert [key.value for key in panel.own.keys] == ["1003", "00"], "what has gone is not what stands there"
    menu = panel.menu_of(0)
    world.tell_keys(("prefix", "000"), *fakes.THREE_KEYS[1:], revision=3)
    remove(menu)
    assert [key.value for key in panel.own.keys] == ["000", "00"]
    panel.undo_bar.finish()
    await settle()


# Speed


def test_of_a_storm_of_changes_only_keys_that_changed_are_painted_KEY_3(theme, qtbot):
    """500 extensions, 200 changes a second, a hundred keys: what is still stays unpainted."""
    people = [colleague(f"{2000 + n}", f"Person {n}") for n in range(500)]
    world = World(people=[colleague("1001", "Anna Novak"), *people])
    window = world.window()
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    with qtbot.waitExposed(window):
        window.show()
    world.tell_keys(*(("blf", f"{2000 + n}") for n in range(100)))
    window.keys.panel.set_columns(3)
    buttons = window.keys.panel.grid.buttons

    def shown_and_still():
        before = [button.painted for button in buttons]
        QTest.qWait(200)
        return before[0] > 0 and before == [button.painted for button in buttons]

    qtbot.waitUntil(shown_and_still)
    before = [button.painted for button in buttons]
    started = time.process_time()
    for n in range(200):
        number = 2300 + n if n % 10 else 2000 + n // 10 % 3
        call = LineState.TALKING if n // 10 % 2 else LineState.IDLE
        world.session.live.extensions.take_delta(
            f"{number}", colleague(f"{number}", f"Person {number - 2000}", call=call)
        )
        if n % 20 == 19:
            QTest.qWait(20)
    QTest.qWait(50)
    painted = [button.painted - was for button, was in zip(buttons, before, strict=True)]
    assert sum(painted[3:]) == 0, "none of the 97 others was painted"
    assert 0 < sum(painted[:3]) <= 60
    assert time.process_time() - started < 5


def test_a_blinking_key_beats_alone_KEY_3(panel, window, world, qtbot):
    world.tell(colleague("1003", "Chiara Rossi", call=LineState.RINGING))
    QTest.qWait(50)
    before = [button.painted for button in panel.grid.buttons]
    beats = [button.painted for button in panel.grid.buttons]
    qtbot.waitUntil(lambda: panel.grid.buttons[1].painted > before[1])
    assert (panel.grid.buttons[0].painted, panel.grid.buttons[2].painted) == (beats[0], beats[2])
    assert window.blinker.running
    world.tell(colleague("1003", "Chiara Rossi"))
    world.tell_keys(("prefix", "00"), revision=2)
    assert not any(button.blinks for button in panel.grid.buttons)


def test_the_time_and_how_many_wait_are_never_cut_off_BOSS_3(panel, world):
    world.tell_keys(("boss_secretary", "*591003"), ("boss_secretary", "*591002"), revision=2)
    since = fakes.NOW - timedelta(seconds=95)
    waiting = [
        PairCall(id=number, number=number, name="Emily Stone-Montgomery", since=since)
        for number in ("00420777000111", "00420777000112")
    ]
    told = {"boss": "1001", "secretary_name": "Chiara Rossi", "boss_name": "Anna Novak", "since": since}
    held = Pair(secretary="1003", value="*591003", state=PairState.HELD, calls=tuple(waiting), **told)
    talks = Pair(secretary="1002", value="*591002", state=PairState.ANSWERING, calls=(waiting[0],), **told)
    world.session.live.pairs.take_snapshot({"held": held, "talks": talks})
    first, second = panel.grid.buttons
    for button in (first, second):
        button.resize(176, button.height())
    assert first.line == "Emily Stone-Montgomery waits (+1) · 0:01:35"
    assert first.shown_line.startswith("Emil")
    assert first.shown_line.endswith("… (+1) · 0:01:35")
    assert second.line == "Answers Emily Stone-Montgomery"
    assert second.shown_line.startswith("Emily Stone")
    first.resize(600, first.height())
    assert first.shown_line == first.line


def test_a_forwarding_key_says_when_and_to_whom_in_two_lines_KEY_2(panel, world):
    world.tell_keys(("forward", "busy:1003"), ("forward", "always"), ("forward", "always", "Out"), revision=2)
    world.session.live.forwarding.take_snapshot({})
    assert [(face.name, face.word) for face in panel.faces] == [
        ("Forward if busy", "Off · Chiara Rossi"), ("Forward always", "Off"), ("Out", "Off"),
    ]  # fmt: skip


def test_a_key_that_is_edited_says_whom_it_is_about_and_nothing_wrong_KEY_4(panel):
    panel.edit(0)
    dialog = panel.dialog
    assert dialog.hint.text() == "Ben Carter"
    assert not dialog.problem.isVisible(), "an empty line would stand there"
    dialog.tell("There is no extension 1002.")
    assert dialog.problem.isVisible()
    assert not dialog.hint.isVisible()
