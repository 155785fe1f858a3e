"""SIP-4 in the window: transfer by keyboard and mouse, consultation, conference; what goes wrong is told."""

import pytest
from fakes import FakeCall, LineState, colleague
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QApplication

from linkus_desktop.sip.values import CallState, TransferState
from linkus_desktop.ui.rail import RoomButton
from linkus_desktop.ui.widgets.buttons import WordButton

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def call(window, world):
    """A call with Ben."""
    return world.phone.add(FakeCall("1002", "Ben Carter", CallState.ACTIVE))


@pytest.fixture
def panel(window):
    return window.transfers.panel


def words(card):
    return [button.text() for button in card.buttons()]


def test_ctrl_t_a_name_and_enter_transfer_at_once(window, world, call, panel, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_T, CTRL)
    assert panel.isVisible()
    assert QApplication.activeModalWidget() is None
    assert window.focusWidget() is panel.field
    assert panel.title.text() == "Transfer Ben Carter"
    qtbot.keyClicks(panel.field, "okafor")
    qtbot.keyClick(panel.field, Qt.Key.Key_Return)
    assert call.transfer_progress.to == "1007"
    assert not panel.isVisible()
    assert window.calls.card_of(call).state.text() == "Transferring to Grace Okafor…"


def test_any_number_can_be_typed(window, call, panel, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_T, CTRL)
    qtbot.keyClicks(panel.field, "+420 530-335 533")
    assert panel.now.accessibleName() == "Transfer now: +420530335533"
    panel.now.click()
    assert call.transfer_progress.to == "+420530335533"


def test_a_pasted_signature_gives_its_number_SIP_2(window, call, panel, qtbot):
    window.calls.card_of(call).transfer.click()
    QApplication.clipboard().setText("Emily Stone | Sales | +44 (0)20 7946 0958")
    qtbot.keyClick(panel.field, Qt.Key.Key_V, CTRL)
    assert panel.field.text() == "+442079460958"
    panel.now.click()
    assert call.transfer_progress.to == "+442079460958"


def test_a_pasted_name_stays_a_name_SIP_2(window, call, panel, qtbot):
    window.calls.card_of(call).transfer.click()
    QApplication.clipboard().setText("okafor")
    qtbot.keyClick(panel.field, Qt.Key.Key_V, CTRL)
    assert panel.field.text() == "okafor"
    assert panel.target() == "1007"


def test_arrows_choose_among_colleagues_with_live_states(window, world, call, panel, qtbot):
    window.calls.card_of(call).transfer.click()
    qtbot.keyClicks(panel.field, "100")
    qtbot.keyClick(panel.field, Qt.Key.Key_Down)
    qtbot.keyClick(panel.field, Qt.Key.Key_Down)
    chosen = panel.target()
    assert chosen in panel.field.accessibleDescription()
    world.tell(colleague(chosen, "Somebody", "Support", call=LineState.RINGING))
    assert panel.target() == chosen
    qtbot.keyClick(panel.field, Qt.Key.Key_Return)
    assert call.transfer_progress.to == chosen


def test_who_is_on_the_line_is_not_offered(window, call, panel):
    window.calls.card_of(call).transfer.click()
    numbers = [panel.people.index(row, 0).data(Qt.ItemDataRole.UserRole + 1) for row in range(7)]
    assert "1003" in numbers
    assert "1002" not in numbers


def test_nothing_chosen_nothing_to_press_and_a_name_that_nobody_has_says_so(window, call, panel, qtbot):
    window.calls.card_of(call).transfer.click()
    assert not panel.now.isEnabled()
    qtbot.keyClick(panel.field, Qt.Key.Key_Return)
    assert call.transfer_progress.state is TransferState.NONE
    qtbot.keyClicks(panel.field, "zebra")
    assert "zebra" in panel.nobody.text()
    assert not panel.ask.isEnabled()


def test_escape_closes_and_the_focus_goes_back_to_the_card(window, call, panel, qtbot):
    card = window.calls.card_of(call)
    card.transfer.click()
    qtbot.keyClick(panel.field, Qt.Key.Key_Escape)
    assert not panel.isVisible()
    assert window.focusWidget() is card.transfer
    assert call.state is CallState.ACTIVE


def test_tab_reaches_every_control_and_return_presses_the_one_with_the_focus(window, call, panel, qtbot):
    window.calls.card_of(call).transfer.click()
    panel.field.setText("1007")
    for control in (panel.now, panel.ask):
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        assert window.focusWidget() is control
    qtbot.keyClick(panel.ask, Qt.Key.Key_Return)
    assert window.phone.dialled == ["1007"]
    assert call.transfer_progress.state is TransferState.NONE


def test_a_refusal_is_told_in_the_panel_and_nothing_typed_is_lost(window, call, panel, qtbot):
    call.problem = "This call is being transferred already."
    window.calls.card_of(call).transfer.click()
    panel.field.setText("1007")
    panel.now.click()
    assert panel.isVisible()
    assert panel.message.text == call.problem
    assert panel.field.text() == "1007"


def test_the_panel_goes_with_its_call(window, call, panel):
    window.calls.card_of(call).transfer.click()
    call.finish()
    assert not panel.isVisible()


@pytest.mark.parametrize("compact", [False, True])
def test_the_panel_stays_inside_the_window(window, call, panel, compact):
    window.size_of.set_compact(compact)
    QApplication.processEvents()
    window.calls.card_of(call).transfer.click()
    QApplication.processEvents()
    assert QRect(0, 0, panel.over.width(), panel.over.height()).contains(panel.geometry())
    assert panel.view.height() > 56, "a whole row is seen"


def test_progress_and_success_are_shown_and_are_no_error(window, call):
    card = window.calls.card_of(call)
    call.transfer("1003")
    assert words(card) == ["Hang up"]
    call.progress(TransferState.RINGING, "1003")
    assert card.state.text() == "Transferring: Chiara Rossi rings"
    assert "Chiara Rossi rings" in card.accessibleName()
    call.progress(TransferState.DONE, "1003")
    assert card.state.text() == "Transferred to Chiara Rossi"
    assert card.state.property("tone") == "muted"
    assert words(card) == ["Close"]


def test_a_failure_says_what_happened_and_offers_the_next_step(window, call, panel):
    card = window.calls.card_of(call)
    call.transfer("1006")
    call.resume()
    call.progress(TransferState.FAILED, "1006", "Busy")
    assert card.message.text == "Not transferred to Frank Müller: Busy. You are back in the call."
    assert words(card)[:3] == ["Hold", "Mute", "Keypad"]
    card._on_transfer()
    assert panel.isVisible()
    panel.field.setText("1007")
    panel.now.click()
    assert card.message.text == "", "a new try, and the old failure is gone"


def test_a_closed_failure_stays_closed(window, call):
    card = window.calls.card_of(call)
    call.progress(TransferState.FAILED, "1006", "Busy")
    card.message.clear()
    call.set_muted(True)
    assert card.message.text == ""


def test_asking_first_then_completing(window, world, call, panel, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_T, CTRL)
    qtbot.keyClicks(panel.field, "rossi")
    qtbot.keyClick(panel.field, Qt.Key.Key_Return, SHIFT)
    consultation = world.phone.calls[1]
    assert (world.phone.dialled, call.state) == (["1003"], CallState.HELD)
    card = window.calls.card_of(consultation)
    consultation.turn(CallState.RINGING_OUT)
    assert words(card) == ["Complete transfer", "Cancel and go back"]
    consultation.turn(CallState.ACTIVE)
    assert card.state.text() == "Asking about Ben Carter"
    assert words(card) == ["Complete transfer", "Cancel and go back", "Merge", "Mute"]
    qtbot.keyClick(window, Qt.Key.Key_T, CTRL)
    assert call.transfer_progress.to == "1003"
    assert card.state.text() == "Connecting with Ben Carter…"
    assert words(card) == ["Hang up"]


def test_cancel_and_go_back(window, world, call):
    consultation = world.phone.consult(call, "1003")
    window.calls.card_of(consultation).go_back.click()
    assert consultation.state is CallState.ENDED
    assert call.state is CallState.ACTIVE


def test_a_consultation_that_cannot_be_completed_says_so(window, world, call):
    consultation = world.phone.consult(call, "1003")
    consultation.turn(CallState.ACTIVE)
    call.problem = "A call can be transferred once it is answered."
    window.calls.card_of(consultation).complete.click()
    assert window.message.text == call.problem


@pytest.fixture
def conference(window, world, call):
    """Ben, David and Grace."""
    for number in ("1004", "1007"):
        world.phone.add(FakeCall(number, "", CallState.HELD))
    assert "Merge" in words(window.calls.card_of(call))
    window.calls.card_of(call).merge.click()
    return window.calls.conference


def test_merging_makes_one_card_of_all(window, world, call, conference):
    assert [row.name.text() for row in conference.members] == ["Ben Carter", "David Kim", "Grace Okafor"]
    assert conference.isVisible()
    assert not any(card.isVisible() for card in window.calls.cards)
    assert conference.state.text() == "3 people and you"
    assert conference.timer.text() == "0:01:35"
    assert window.calls.current() is conference


def test_ctrl_j_merges_only_where_there_is_something_to_merge(window, world, call, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_J, CTRL)
    assert world.phone.conference.calls == []
    world.phone.add(FakeCall("1004", "David", CallState.HELD))
    qtbot.keyClick(window, Qt.Key.Key_J, CTRL)
    assert len(world.phone.conference.calls) == 2


def test_hold_mute_and_hang_up_are_for_all(window, world, call, conference, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_H, CTRL)
    assert [one.held for one in world.phone.calls] == [True] * 3
    assert conference.hold.text() == "Resume"
    qtbot.keyClick(window, Qt.Key.Key_H, CTRL)
    qtbot.keyClick(window, Qt.Key.Key_M, CTRL)
    assert [one.muted for one in world.phone.calls] == [True] * 3
    assert "muted" in conference.state.text()
    qtbot.keyClick(window, Qt.Key.Key_D, CTRL)
    assert world.phone.calls == []
    assert not conference.isVisible()


def test_drop_and_split_off(window, world, call, conference):
    david, grace = world.phone.calls[1:]
    conference.members[1].drop.click()
    assert david.state is CallState.ENDED
    assert [row.call for row in conference.members] == [call, grace]
    conference.members[0].split.click()
    assert (call.state, grace.state) == (CallState.ACTIVE, CallState.HELD)
    assert not conference.isVisible()
    assert window.calls.card_of(call).isVisible()
    assert window.calls.card_of(grace).isVisible()


@pytest.mark.parametrize("compact", [False, True])
def test_no_button_of_a_card_is_cut_off(window, world, call, compact):
    consultation = world.phone.consult(call, "1003")
    consultation.turn(CallState.ACTIVE)
    window.resize(880, 560)
    window.size_of.set_compact(compact)
    QApplication.processEvents()
    assert len(window.calls.cards) == 2
    for card in window.calls.cards:
        assert len(card.buttons()) > 1
        for button in card.buttons():
            assert button.width() >= button.sizeHint().width(), button.text()
            assert card.rect().contains(QRect(button.mapTo(card, button.rect().topLeft()), button.size()))


def test_the_names_of_rooms_fit_the_rail(window):
    """UI.md: 64 px wide, no name cut off."""
    assert window.rail.width() == 64
    for button in window.rail.findChildren(RoomButton):
        assert button.name_width() <= button.width(), button.text()


def whole(button):
    """It is as large as its text needs, and nothing lies over its edges."""
    wished, parent = button.sizeHint(), button.parentWidget()
    return (
        button.width() >= wished.width()
        and button.height() >= wished.height()
        and parent.rect().contains(button.geometry())
    )


@pytest.mark.parametrize("size", [(880, 560), (340, 560)])
def test_cards_with_everything_are_never_squeezed_they_scroll(window, world, call, size):
    """A long name, two calls that can be recorded, a bad line and an error, in the smallest windows."""
    window.size_of.set_compact(size[0] < 880)
    window.resize(*size)
    other = world.phone.add(FakeCall("12345678", "Maximiliane von Hohenstein-Wittgenstein", CallState.HELD))
    world.phone.switch_to(other)
    for each in (call, other):
        world.tell_recording(each, "paused", actions=["resume"])
    card = window.calls.card_of(other)
    card.quality.warning.say("The sound of this call is bad. " * 4, warning=True)
    card.recording.message.say(
        "There is no connection to the server now.", ("Try again", card.recording.press)
    )
    settle_layouts()
    area = window.calls.parentWidget().parentWidget()
    for each in window.calls.cards:
        for button in each.buttons():
            assert whole(button), button.text()
            assert each.rect().contains(QRect(button.mapTo(each, button.rect().topLeft()), button.size()))
    assert window.calls.width() <= area.viewport().width(), "nothing is cut off at the right"
    assert window.rooms.phone().height() > 0, "the room is still there"
    assert area.verticalScrollBar().value() == 0
    assert window.calls._layout.indexOf(card) == 0, "the active call is in sight"
    last = window.calls.card_of(call).hang_up
    area.ensureWidgetVisible(last)
    assert not last.visibleRegion().isEmpty(), "and every other one can be reached"


def test_calls_take_no_more_room_than_they_need(window, world, call):
    area = window.calls.parentWidget().parentWidget()
    settle_layouts()
    assert area.height() == window.calls.height()
    assert area.verticalScrollBar().maximum() == 0
    call.finish(by_us=True)
    assert not area.isVisible()


@pytest.mark.parametrize("compact", [False, True])
def test_no_button_of_the_transfer_panel_is_cut_off_SIP_4(window, call, panel, compact):
    window.size_of.set_compact(compact)
    window.calls.card_of(call).transfer.click()
    settle_layouts()
    assert panel.park.isVisible()
    for button in (panel.now, panel.ask, panel.park):
        assert whole(button), button.text()


@pytest.mark.parametrize("compact", [False, True])
def test_the_next_step_stands_beside_a_short_message_and_below_a_long_one(window, call, compact):
    window.size_of.set_compact(compact)
    settle_layouts()
    call.progress(TransferState.FAILED, "1006", "Busy")
    settle_layouts()
    message = window.calls.card_of(call).message
    (step,) = message.findChildren(WordButton)
    text = message._text
    assert (step.mapTo(message, step.rect().topLeft()).x() > text.geometry().right()) is not compact
    assert (step.mapTo(message, step.rect().topLeft()).y() > text.geometry().bottom()) is compact
    assert whole(step)
    assert text.height() >= text.heightForWidth(text.width()), "no line of it is cut off"


def settle_layouts():
    for _ in range(4):  # the scroll area and what is in it tell each other their sizes
        QApplication.sendPostedEvents()
        QApplication.processEvents()
