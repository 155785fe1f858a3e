"""SIP-4 in the window: somebody is called into a conversation, by keyboard and by mouse."""

import pytest
from fakes import FakeCall
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from linkus_desktop.sip.values import CallState

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def call(window, world):
    """A call with Ben."""
    return world.phone.add(FakeCall("1002", "Ben Carter", CallState.ACTIVE))


@pytest.fixture
def panel(window):
    return window.transfers.panel


def in_conference(world):
    return [call.number for call in world.phone.conference.calls]


def test_a_key_a_name_and_return_add_as_soon_as_they_answer_SIP_4(window, world, call, panel, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_J, CTRL | SHIFT)
    assert panel.isVisible()
    assert panel.title.text() == "Add to the call with Ben Carter"
    assert panel.accessibleName() == "Add to the conversation"
    assert not panel.park.isVisible()
    assert window.focusWidget() is panel.field
    qtbot.keyClicks(panel.field, "okafor")
    assert panel.now.accessibleName() == "Add at once: 1007"
    qtbot.keyClick(panel.field, Qt.Key.Key_Return)
    assert not panel.isVisible()
    assert world.phone.dialled == ["1007"]
    made = world.phone.calls[-1]
    made.turn(CallState.RINGING_OUT)
    qtbot.wait(1)
    assert in_conference(world) == [], "nobody is brought in before they answer"
    made.turn(CallState.ACTIVE)
    qtbot.waitUntil(lambda: in_conference(world) == ["1002", "1007"], timeout=20_000)
    assert window.calls.conference.isVisible()


def test_a_third_is_added_to_a_conference_by_mouse_SIP_4(window, world, call, panel, qtbot):
    world.phone.add(FakeCall("1003", "Chiara Rossi", CallState.ACTIVE))
    world.phone.merge()
    window.calls.conference.add.click()
    assert panel.title.text() == "Add to the conference"
    panel.field.setText("+420 530-335 533")
    panel.now.click()
    made = world.phone.calls[-1]
    assert made.consultation_for is None, "there is nobody to transfer"
    made.turn(CallState.ACTIVE)
    qtbot.waitUntil(lambda: in_conference(world) == ["1002", "1003", "+420530335533"], timeout=20_000)


def test_who_is_asked_first_is_brought_in_by_merge_SIP_4(window, world, call, panel, qtbot):
    window.calls.card_of(call).add.click()
    panel.field.setText("1007")
    qtbot.keyClick(panel.field, Qt.Key.Key_Return, SHIFT)
    made = world.phone.calls[-1]
    made.turn(CallState.ACTIVE)
    qtbot.wait(1)
    assert in_conference(world) == []
    window.calls.card_of(made).merge.click()
    assert in_conference(world) == ["1002", "1007"]


def test_who_does_not_answer_changes_nothing_and_a_call_that_ended_gets_nobody_SIP_4(
    window, world, call, panel, qtbot
):
    window.calls.card_of(call).add.click()
    panel.field.setText("1007")
    panel.now.click()
    world.phone.calls[-1].finish("Busy", 486)
    qtbot.wait(1)
    assert in_conference(world) == []
    assert call.state is CallState.HELD
    call.resume()
    window.calls.card_of(call).add.click()
    panel.field.setText("1006")
    panel.now.click()
    made = world.phone.calls[-1]
    call.finish()
    made.turn(CallState.ACTIVE)
    qtbot.wait(1)
    assert in_conference(world) == []
    assert made.state is CallState.ACTIVE


def test_a_full_phone_is_told_in_the_panel_and_transfer_is_itself_again_SIP_4(
    window, world, call, panel, qtbot
):
    window.calls.card_of(call).add.click()
    world.phone.problem = "4 calls are the most at a time. End one first."
    panel.field.setText("1007")
    panel.now.click()
    assert panel.message.text.startswith("4 calls are the most")
    assert panel.field.text() == "1007"
    qtbot.keyClick(panel.field, Qt.Key.Key_Escape)
    card = window.calls.card_of(call)
    assert window.focusWidget() is card.add
    card.transfer.click()
    assert panel.title.text() == "Transfer Ben Carter"
    assert panel.now.text() == "Transfer now"
    assert panel.park.isVisible()


def test_in_the_compact_window_the_buttons_are_as_wide_as_the_panel_SIP_4(window, world, call, panel):
    window.size_of.set_compact(True)
    card = window.calls.card_of(call)
    window.transfers.choose_addition(card)
    QApplication.processEvents()
    assert panel.ask.y() > panel.now.y()
    assert panel.ask.width() == panel.now.width()
    window.transfers.choose(card)
    QApplication.processEvents()
    assert panel.park.isVisible()
    assert panel.ask.width() < panel.now.width()
