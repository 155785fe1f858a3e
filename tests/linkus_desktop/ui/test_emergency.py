"""SIP-12: an emergency call is placed at once, and its card says what the caller has to know."""

from typing import Any

import fakes
import pytest
from fakes import FakeCall, FakePhone
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QLabel

from linkus_desktop.calls.desk_call import DeskCall
from linkus_desktop.calls.emergency import CALL_BACK
from linkus_desktop.remote.desk import Desk
from linkus_desktop.remote.words import Action, ExitCode, Order
from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.incoming_window import IncomingWindows
from linkus_desktop.ui.keys.actions import KeyActions
from linkus_desktop.ui.preferences.about import AboutSection
from server.contract.calls import Direction
from server.contract.keys import FunctionKey, KeyType

WHERE = "say where you are first"


@pytest.fixture(autouse=True)
def numbers(world):
    """The administrator has entered 150; 1112 is a colleague."""
    world.session.me = world.session.me.model_copy(update={"emergency_numbers": ["150"]})
    world.tell(fakes.colleague("1112", "Ivy Hall", "Support"))


def by_dial_pad(window: Any, qtbot: Any, number: str) -> None:
    for digit in number:
        qtbot.keyClicks(window.rooms.phone().dialler.number, digit)
    qtbot.keyClick(window.rooms.phone().dialler.number, Qt.Key.Key_Return)


def by_paste(window: Any, qtbot: Any, number: str) -> None:
    field = window.rooms.phone().dialler.number
    field.setText(" ".join(number))
    qtbot.keyClick(field, Qt.Key.Key_Return)


def by_search(window: Any, qtbot: Any, number: str) -> None:
    window.search.setFocus()
    qtbot.keyClicks(window.search, number)
    qtbot.keyClick(window.search, Qt.Key.Key_Return)


def by_log(window: Any, qtbot: Any, number: str) -> None:
    told = window.session.live.call_log
    made = fakes.logged_call(number, "", direction=Direction.OUTGOING)
    told.take_snapshot({**told.items, made.id: made})
    window.open_room("call_log")
    room = window.stack.currentWidget()
    room.search.setText(number)
    room.table.selectRow(0)
    qtbot.keyClick(room.table, Qt.Key.Key_Return)


def by_key(window: Any, _qtbot: Any, number: str) -> None:
    window.findChild(KeyActions).press(FunctionKey(type=KeyType.SPEED_DIAL, value=number))


def by_link(window: Any, qtbot: Any, number: str) -> None:
    window.offer_number(number)
    qtbot.keyClick(window.rooms.phone().dialler.number, Qt.Key.Key_Return)


@pytest.mark.parametrize("way", [by_dial_pad, by_paste, by_search, by_log, by_key, by_link])
@pytest.mark.parametrize("number", ["112", "0150"])
def test_it_is_called_at_once_and_the_card_says_what_matters_SIP_12(world, window, qtbot, way, number):
    way(window, qtbot, number)
    assert world.phone.dialled == [number]
    card = window.calls.cards[0]
    assert card.call.state is CallState.DIALLING
    assert card.emergency.isVisible()
    assert "cannot be located" in card.emergency.text
    assert WHERE in card.emergency.text


def test_it_stays_as_long_as_the_call_for_screen_readers_too_SIP_12(world, window):
    window.dial("112")
    call, card = world.phone.calls[0], window.calls.cards[0]
    for state in (CallState.RINGING_OUT, CallState.ACTIVE, CallState.HELD, CallState.ACTIVE):
        call.turn(state)
        assert WHERE in card.emergency.text
        assert WHERE in card.accessibleDescription()
    told = QAccessible.queryAccessibleInterface(card.emergency)
    assert WHERE in told.text(QAccessible.Text.Name)
    call.finish("Busy", 486)
    assert (card.emergency.text, card.accessibleDescription()) == ("", "")


@pytest.mark.parametrize("number", ["1112", "1002", "+420530335150"])
def test_other_calls_have_no_such_notice_SIP_12(world, window, number):
    window.dial(number)
    assert window.calls.cards[0].emergency.text == ""


def test_a_call_that_comes_in_or_is_picked_up_was_dialled_by_somebody_else_SIP_12(world, window):
    for call in (FakeCall("150", "", CallState.INCOMING), FakeCall("150", "", CallState.ACTIVE)):
        call.incoming, call.picks_up = call.state is CallState.INCOMING, call.state is CallState.ACTIVE
        world.phone.add(call)
        assert window.calls.card_of(call).emergency.text == ""


def test_numbers_that_the_administrator_enters_later_count_SIP_12(world, window):
    world.session.me = world.session.me.model_copy(update={"emergency_numbers": ["158"]})
    window.dial("158")
    assert WHERE in window.calls.cards[0].emergency.text


def test_a_desk_phone_is_told_apart_SIP_12(world, window):
    class Phone:
        own_number = "1001"

    call = DeskCall(Phone(), "112", incoming=False, parent=world.phone)
    world.phone.call_added.emit(call)
    text = window.calls.card_of(call).emergency.text
    assert "desk phone" in text
    assert WHERE in text


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_in_the_compact_window_all_of_it_is_seen_SIP_12(world, window, theme, qtbot, mode):
    window.size_of.set_compact(True)
    window.dial("112")
    theme.set_mode(mode)
    card = window.calls.cards[0]
    notice = card.emergency
    qtbot.waitUntil(lambda: notice.height() >= notice.heightForWidth(notice.width()) > 0)
    assert card.rect().contains(notice.geometry())
    assert window.rect().contains(notice.rect().translated(notice.mapTo(window, notice.rect().topLeft())))
    assert card.hang_up.isVisible()


def test_the_command_line_says_it_too_SIP_12(world, window):
    class Workplace:
        session = world.session

    Workplace.window = window
    desk = Desk(lambda: Workplace)
    answer = desk.take(Order(Action.CALL, "112"))
    assert answer.code is ExitCode.DONE
    assert world.phone.dialled == ["112"]
    assert answer.text.startswith("Calling 112.\n")
    assert WHERE in answer.text
    assert WHERE in answer.data["notice"]
    ordinary = desk.take(Order(Action.CALL, "1002"))
    assert ordinary.text == "Calling 1002."
    assert "notice" not in ordinary.data


def test_about_says_it_to_who_has_a_phone_SIP_12(qtbot, theme):
    for has_phone in (True, False):
        section = AboutSection(has_phone=has_phone)
        qtbot.addWidget(section)
        shown = " ".join(child.text() for child in section.findChildren(QLabel))
        assert ("where you are first" in shown) is has_phone


@pytest.fixture
def called_back():
    """A call that the PBX takes for the call-back of an emergency centre."""
    call = FakeCall("112", "", CallState.INCOMING)
    call.emergency_call_back = True
    return call


def test_a_call_back_is_told_as_such_as_long_as_it_lasts_PRES_8(world, window, called_back):
    world.phone.add(called_back)
    card = window.calls.card_of(called_back)
    for state in (CallState.INCOMING, CallState.ACTIVE, CallState.HELD):
        called_back.turn(state)
        assert card.emergency.isVisible()
        assert card.emergency.text == CALL_BACK
        assert card.accessibleDescription() == CALL_BACK
    called_back.finish()
    assert card.emergency.text == ""


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_window_of_a_call_back_says_so_and_all_of_it_is_seen_PRES_8(theme, qtbot, called_back, mode):
    theme.set_mode(mode)
    phone, screen = FakePhone(), QRect(0, 0, 1280, 800)
    windows = IncomingWindows(phone, screen=lambda: screen)
    ordinary = phone.add(FakeCall("1002", "Ben", CallState.INCOMING))
    phone.add(called_back)
    other, shown = windows.windows
    notice = shown.emergency
    assert notice.isVisible()
    assert CALL_BACK in shown.accessibleName()
    assert (other.emergency.text, other.accessibleName()) == ("", "Incoming call from Ben 1002")
    qtbot.waitUntil(lambda: notice.height() >= notice.heightForWidth(notice.width()) > 0)
    for part in (notice, shown.name, shown.answer, shown.decline):
        assert shown.rect().contains(part.rect().translated(part.mapTo(shown, part.rect().topLeft())))
    assert screen.contains(shown.geometry())
    assert not shown.geometry().intersects(other.geometry())
    assert shown.answer.height() == other.answer.height()
    ordinary.finish()
    assert screen.contains(shown.geometry())
    windows.close()


def test_the_window_makes_room_for_what_is_told_of_a_call_back_while_it_rings_PRES_8(
    theme, qtbot, called_back
):
    phone, screen = FakePhone(), QRect(0, 0, 1280, 800)
    windows = IncomingWindows(phone, screen=lambda: screen)
    called_back.emergency_call_back = False
    phone.add(called_back)
    phone.add(FakeCall("1002", "Ben", CallState.INCOMING))
    shown, other = windows.windows
    before = shown.height()
    called_back.emergency_call_back = True
    called_back.changed.emit()
    qtbot.waitUntil(lambda: shown.height() > before)
    assert screen.contains(shown.geometry())
    assert not shown.geometry().intersects(other.geometry())
    windows.close()
