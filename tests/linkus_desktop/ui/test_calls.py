"""SIP-3, SIP-4, SIP-9: calls in the window."""

from datetime import timedelta

import pytest
from fakes import NOW, FakeCall, FakePhone, colleague
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QDialog

from linkus_desktop.sip.headers import Party
from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.avatars import initials
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.call_panel import CallPanel
from linkus_desktop.ui.callers import Callers
from linkus_desktop.ui.incoming_window import IncomingWindows

pytestmark = pytest.mark.qt_log_ignore("does not support raise")
"""The offscreen platform has no order of windows."""

CTRL = Qt.KeyboardModifier.ControlModifier


def words(card):
    return [button.text() for button in card.buttons()]


def test_the_panel_is_there_only_while_there_are_calls(window, world):
    assert not window.calls.isVisible()
    call = world.phone.add(FakeCall("1002", "Ben", CallState.ACTIVE))
    assert window.calls.isVisible()
    call.finish()
    assert not window.calls.isVisible()


def test_a_card_offers_the_actions_of_its_state_in_words_SIP_3(window, world):
    call = world.phone.add(FakeCall("1002", "Ben", CallState.INCOMING))
    card = window.calls.card_of(call)
    assert words(card) == ["Answer", "Ignore", "Decline"]
    card.answer.click()
    assert words(card) == ["Hold", "Mute", "Keypad", "Record", "Transfer", "Add", "Hang up"]
    card.hold.click()
    assert call.state is CallState.HELD
    assert words(card) == ["Resume", "Record", "Transfer", "Hang up"]
    card.hold.click()
    assert call.state is CallState.ACTIVE
    card.mute.click()
    assert call.muted
    assert card.mute.text() == "Unmute"


def test_switch_holds_the_other_call_SIP_3(window, world):
    first = world.phone.add(FakeCall("1002", "Ben", CallState.HELD))
    second = world.phone.add(FakeCall("1003", "Chiara", CallState.ACTIVE))
    card = window.calls.card_of(first)
    assert words(card) == ["Switch", "Record", "Transfer", "Hang up"]
    card.switch.click()
    assert (first.state, second.state) == (CallState.ACTIVE, CallState.HELD)
    assert window.calls.current() is card
    assert window.calls._layout.indexOf(card) == 0, "the active call stands first"


def test_keys_work_on_the_current_call(window, world, qtbot):
    call = world.phone.add(FakeCall("1002", "Ben", CallState.ACTIVE))
    qtbot.keyClick(window, Qt.Key.Key_H, CTRL)
    assert call.held
    qtbot.keyClick(window, Qt.Key.Key_H, CTRL)
    qtbot.keyClick(window, Qt.Key.Key_M, CTRL)
    assert call.muted
    qtbot.keyClick(window, Qt.Key.Key_D, CTRL)
    assert call.state is CallState.ENDED


def test_the_keypad_sends_tones_by_mouse_and_keyboard_SIP_4(window, world, qtbot):
    call = world.phone.add(FakeCall("1002", "Ben", CallState.ACTIVE))
    card = window.calls.cards[0]
    card.keypad_button.click()
    card.keypad.pad.keys["5"].click()
    qtbot.keyClicks(card.keypad, "12#")
    assert call.digits == "512#"
    assert card.keypad.sent.text() == "512#"


@pytest.mark.parametrize(
    "text",
    ["Busy", "No answer", "Number does not exist", "Not registered", "Declined", "The PBX cannot be reached"],
)
def test_a_failed_call_says_why_and_offers_to_call_again(window, world, text):
    call = world.phone.add(FakeCall("1006", "Frank", CallState.RINGING_OUT))
    call.finish(text, 486)
    card = window.calls.cards[0]
    assert card.state.text() == text
    assert words(card) == ["Call again", "Close"]
    card.again.click()
    assert world.phone.dialled == ["1006"]


def test_why_a_call_failed_goes_away_by_itself(theme, qtbot):
    phone = FakePhone()
    panel = CallPanel(phone, Blinker(), failure_stays_ms=20)
    qtbot.addWidget(panel)
    phone.add(FakeCall("1006", "Frank", CallState.DIALLING)).finish("Busy", 486)
    assert panel.cards
    qtbot.waitUntil(lambda: not panel.cards)


def test_the_timer_starts_at_the_answer_and_never_shifts_the_layout(window, world):
    world.phone.add(FakeCall("1002", "Ben", CallState.ACTIVE, talked=timedelta(seconds=59)))
    card = window.calls.cards[0]
    assert card.timer.text() == "0:00:59"
    before = card.timer.minimumWidth()
    assert card.timer.fontMetrics().horizontalAdvance("9:59:59") <= before


@pytest.fixture
def incoming(qtbot):
    phone = FakePhone()
    windows = IncomingWindows(phone, screen=lambda: QRect(0, 0, 1280, 800))
    yield phone, windows
    windows.close()


def test_an_incoming_call_never_takes_the_focus_SIP_9(incoming, window, qtbot):
    phone, windows = incoming
    window.search.setFocus()
    qtbot.keyClicks(window.search, "ab")
    phone.add(FakeCall("1004", "David Kim", CallState.INCOMING))
    shown = windows.windows[0]
    assert shown.isVisible()
    assert QApplication.activeWindow() is not shown
    assert shown.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    assert shown.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus
    qtbot.keyClicks(window.search, "cd")
    assert window.search.text() == "abcd"
    assert shown.name.text() == "David Kim"
    assert shown.number.text() == "1004"


@pytest.mark.parametrize(
    ("party", "words"),
    [(Party("2000", "Bob Boss"), "for Bob Boss"), (Party("2000", ""), "for 2000"), (None, "")],
)
def test_a_secretary_sees_for_whom_the_call_is_BOSS_1(incoming, window, world, party, words):
    phone, windows = incoming
    call = FakeCall("1004", "David Kim", CallState.INCOMING)
    call.called_for = party
    phone.add(call)
    shown = windows.windows[0]
    assert shown.what.text() == f"Incoming call {words}".strip()
    assert shown.accessibleName() == f"Incoming call from David Kim 1004 {words}".strip()
    assert shown.name.text() == "David Kim"
    world.phone.add(call)
    card = window.calls.cards[0]
    for state, said in ((CallState.ACTIVE, "In a call"), (CallState.HELD, "On hold")):
        call.turn(state)
        assert card.state.text() == f"{said} {words}".strip()


@pytest.fixture
def of_queue():
    """A call of queue Support, whose caller has waited for 42 seconds."""
    call = FakeCall("1004", "David Kim", CallState.INCOMING)
    call.called_for, call.waiting_since = Party("6400", "Support"), NOW - timedelta(seconds=42)
    return call


def test_an_agent_sees_the_queue_and_how_long_the_caller_waits_going_on_SIP_9(theme, of_queue, qtbot):
    moment, phone = [NOW], FakePhone()
    windows = IncomingWindows(phone, screen=lambda: QRect(0, 0, 1280, 800), clock=lambda: moment[0])
    phone.add(of_queue)
    shown = windows.windows[0]
    assert shown.what.text() == "Incoming call for Support"
    assert (shown.wait.isVisible(), shown.wait.text()) == (True, "waits 0:00:42")
    moment[0] += timedelta(seconds=3)
    qtbot.waitUntil(lambda: shown.wait.text() == "waits 0:00:45")
    other = phone.add(FakeCall("1003", "Chiara", CallState.INCOMING))
    assert not windows.windows[1].wait.isVisible()
    other.finish()
    windows.close()


def test_a_long_name_of_a_queue_leaves_the_waiting_time_in_sight_SIP_9(theme, of_queue):
    of_queue.called_for = Party("6400", "Reception of Maximiliane Alexandra von Hohenstein-Wittgenstein")
    phone = FakePhone()
    windows = IncomingWindows(phone, screen=lambda: QRect(0, 0, 1280, 800), clock=lambda: NOW)
    phone.add(of_queue)
    shown = windows.windows[0]
    QApplication.processEvents()
    assert shown.wait.width() >= shown.wait.fontMetrics().horizontalAdvance("waits 0:00:42")
    assert shown.rect().contains(shown.wait.mapTo(shown, shown.wait.rect().bottomRight()))
    windows.close()


def test_the_card_tells_the_queue_and_the_wait_also_in_the_call_SIP_9(window, world, of_queue):
    world.phone.add(of_queue)
    card = window.calls.cards[0]
    assert card.state.text() == "Incoming call for Support, waits 0:00:42"
    assert card.accessibleName() == "Call with David Kim: Incoming call for Support"
    of_queue.turn(CallState.ACTIVE)
    card.tick(NOW + timedelta(seconds=30))
    assert card.state.text() == "In a call for Support, waited 0:00:42"
    of_queue.finish()
    card.tick(NOW)
    assert "wait" not in card.state.text()


def test_what_is_not_known_any_more_is_not_told_as_a_wait_KEY_5(window, world, of_queue):
    world.phone.add(of_queue)
    of_queue.known = False
    of_queue.changed.emit()
    card = window.calls.cards[0]
    card.tick(NOW)
    assert "waits" not in card.state.text()


def test_several_incoming_calls_stack_on_the_screen(incoming):
    phone, windows = incoming
    for number in ("1002", "1003", "1004"):
        phone.add(FakeCall(number, "", CallState.INCOMING))
    places = [w.geometry() for w in windows.windows]
    assert not any(a.intersects(b) for i, a in enumerate(places) for b in places[i + 1 :])
    assert all(QRect(0, 0, 1280, 800).contains(place) for place in places)
    windows.windows[0].decline.click()
    assert windows.windows[0].geometry() == places[0], "the others move down"


def test_the_window_goes_when_another_phone_answers(incoming):
    phone, windows = incoming
    call = phone.add(FakeCall("1004", "David Kim", CallState.INCOMING))
    call.finish("Answered on another phone", 487)
    assert windows.windows == []


def test_answer_and_decline_in_the_window(incoming):
    phone, windows = incoming
    first = phone.add(FakeCall("1004", "David Kim", CallState.INCOMING))
    windows.windows[0].answer.click()
    assert first.state is CallState.ACTIVE
    second = phone.add(FakeCall("1005", "Elif", CallState.INCOMING))
    windows.windows[0].decline.click()
    assert second.end.sip_code == 603


def test_ignore_stops_the_ringing_here_and_the_card_stays_SIP_3(incoming):
    phone, windows = incoming
    call = phone.add(FakeCall("1004", "David Kim", CallState.INCOMING))
    windows.windows[0].ignore.click()
    assert call.ignored
    assert call.state is CallState.INCOMING, "it goes on ringing elsewhere"
    assert windows.windows == []


def test_an_ignored_call_can_still_be_taken_but_others_come_first_SIP_3(window, world, qtbot):
    first = world.phone.add(FakeCall("1004", "David Kim", CallState.INCOMING))
    window.search.setFocus()
    qtbot.keyClick(window.search, Qt.Key.Key_I, CTRL)
    assert first.ignored
    card = window.calls.card_of(first)
    assert card.state.text() == "Ignored here"
    assert words(card) == ["Answer", "Decline"]
    second = world.phone.add(FakeCall("1005", "Elif", CallState.INCOMING))
    qtbot.keyClick(window.search, Qt.Key.Key_Return, CTRL)
    assert (first.state, second.state) == (CallState.INCOMING, CallState.ACTIVE)
    qtbot.keyClick(window.search, Qt.Key.Key_Return, CTRL)
    assert first.state is CallState.ACTIVE


def test_an_automatic_answer_is_told_in_the_window_SIP_9(window, world):
    call = world.phone.add(FakeCall("1002", "Ben", CallState.INCOMING))
    call.answered_by_itself = True
    call.answer()
    card = window.calls.card_of(call)
    assert card.state.text() == "Auto-answered"
    assert "Auto-answered" in card.accessibleName()


def test_ctrl_return_answers_from_anywhere_in_the_window_SIP_9(window, world, qtbot):
    call = world.phone.add(FakeCall("1004", "David Kim", CallState.INCOMING))
    window.search.setFocus()
    qtbot.keyClick(window.search, Qt.Key.Key_Return, CTRL)
    assert call.state is CallState.ACTIVE


def test_ctrl_return_answers_from_another_window_of_the_program_SIP_9(window, world, qtbot):
    window.change_password()
    dialog = window.findChild(QDialog)
    with qtbot.waitActive(dialog):
        dialog.activateWindow()
    assert not dialog.isModal()
    call = world.phone.add(FakeCall("1004", "David Kim", CallState.INCOMING))
    qtbot.keyClick(dialog.old.edit, Qt.Key.Key_Return, CTRL)
    assert call.state is CallState.ACTIVE


class OnePicture:
    """Everybody with an avatar looks the same."""

    def __init__(self):
        self.pixmap = QPixmap(8, 8)

    def of(self, number, digest):
        return self.pixmap if digest else None


def test_the_card_of_a_colleague_has_their_name_and_picture_DIR_1(world, theme, qtbot):
    window = world.window(pictures=OnePicture())
    qtbot.addWidget(window)
    world.tell(colleague("1004", "David Kim", avatar="abc"))
    world.phone.add(FakeCall("1004", "", CallState.DIALLING))
    card = window.calls.cards[0]
    assert card.name.text() == "David Kim"
    assert card.number.text() == "1004"
    assert card.face.picture is not None
    assert card.accessibleName() == "Call with David Kim: Calling…"
    world.tell(colleague("1004", "David Kim-Novak", avatar=None))
    assert card.name.text() == "David Kim-Novak", "a change is seen at once"
    assert card.face.picture is None


def test_who_is_no_colleague_has_the_name_that_came_with_the_call(window, world):
    call = world.phone.add(FakeCall("+420530335533", "", CallState.RINGING_OUT))
    card = window.calls.card_of(call)
    assert card.name.text() == "+420530335533"
    call.name = "Yeastar"
    call.changed.emit()
    assert (card.name.text(), card.number.text()) == ("Yeastar", "+420530335533")


def test_the_window_of_an_incoming_call_shows_the_colleague_SIP_9(world, qtbot):
    callers = Callers(world.colleagues, OnePicture())
    world.tell(colleague("1004", "David Kim", avatar="abc"))
    phone = FakePhone()
    windows = IncomingWindows(phone, callers=callers, screen=lambda: QRect(0, 0, 1280, 800))
    phone.add(FakeCall("1004", "D", CallState.INCOMING))
    shown = windows.windows[0]
    assert shown.name.text() == "David Kim"
    assert shown.face.picture is not None
    assert "David Kim" in shown.accessibleName()
    windows.close()


def test_the_whole_dial_pad_stays_in_sight_below_calls(window, world):
    dialler = window.rooms.phone().dialler
    for size in ((1180, 760), (880, 560)):
        window.resize(*size)
        call = world.phone.add(FakeCall("1002", "Ben", CallState.ACTIVE))
        QApplication.processEvents()
        bottom = dialler.call.mapTo(window, dialler.call.rect().bottomLeft()).y()
        assert bottom < window.height()
        call.finish(by_us=True)


def test_a_caller_without_name_and_number_has_a_face_SIP_9():
    assert initials("", "") == "?"
