"""SIP-11: the window while it controls a desk phone."""

from types import SimpleNamespace

import pytest
from fakes import at_once

from linkus_desktop.calls.chosen_phone import ChosenPhone
from linkus_desktop.calls.desk_call import NO_ANSWER, UNKNOWN
from linkus_desktop.calls.desk_phone import DeskPhone, phone_name
from linkus_desktop.pbx.states import ConnectionState
from linkus_desktop.remote.desk import Desk as Orders
from linkus_desktop.remote.words import Action, ExitCode, Order
from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.incoming_window import IncomingWindows
from linkus_desktop.ui.lamps import Lamp
from linkus_desktop.ui.phone.phone_choice import PhoneChoice
from server.contract.calls import Direction, Outcome
from server.contract.pairs import Pair, PairCall, PairState
from server.contract.recording import CallRecording, RecordingAction
from tests.linkus_desktop.calls.test_desk_phone import NOW, Server, desk_phone, own

pytestmark = pytest.mark.qt_log_ignore("does not support raise")
"""The offscreen platform has no order of windows."""

IN = Direction.INCOMING


class Desk:
    """The window over a desk phone, and what the server tells."""

    def __init__(self, world, qtbot) -> None:
        live = world.session.live
        live.phones.take_snapshot({"p1": desk_phone("p1")})
        live.calls.take_snapshot({})
        self.server = Server()
        desk = DeskPhone(live.calls, live.phones, self.server, lambda: "1001", run=at_once)
        self.live, self.computer = live, world.phone
        self.phones = world.phone = ChosenPhone(world.phone, desk, world.settings)
        self.phones.use("Yealink SIP-T54W")
        self.window = world.window(phones=self.phones)
        qtbot.addWidget(self.window)
        with qtbot.waitActive(self.window):
            self.window.show()
            self.window.activateWindow()

    def tell(self, call) -> None:
        self.live.calls.take_delta(call.id, call)
        self.live.calls.flush()

    def card(self):
        (card,) = self.window.calls.cards
        return card

    def words(self) -> list[str]:
        return [button.text() for button in self.card().buttons()]


@pytest.fixture
def desk(world, theme, qtbot) -> Desk:
    return Desk(world, qtbot)


def test_every_way_of_dialling_uses_the_desk_phone_SIP_11_SIP_2(desk, world, qtbot):
    window = desk.window
    window.rooms.phone().dialler.number.setText("+420 530-335 533")
    window.rooms.phone().dialler.call.click()
    window.search.dial_requested.emit("1002")
    window.rooms.call_requested.emit("1003")
    window.pick_up("1004")
    assert desk.server.asked == [
        "call +420530335533 by p1",
        "call 1002 by p1",
        "call 1003 by p1",
        "call *041004 by p1",
    ]
    assert desk.computer.dialled == []


def test_the_card_of_a_desk_phones_call_has_what_a_desk_phone_can_SIP_11(desk):
    desk.window.dial("1002")
    assert desk.card().state.text() == "Desk phone rings"
    assert desk.words() == ["Hang up"]
    desk.tell(own("made-1", "talking"))
    assert desk.words() == ["Hold", "Keypad", "Record", "Transfer", "Hang up"], "mute is the phone's own key"
    desk.card().toggle_mute()  # the shortcut does nothing either
    desk.card().hold.click()
    assert desk.server.asked[-1] == "hold made-1"
    desk.tell(own("made-1", "talking", held_by=["1001"]))
    assert desk.words() == ["Resume", "Record", "Transfer", "Hang up"]
    desk.card().hold.click()
    desk.tell(own("made-1", "talking"))
    desk.card().keypad_button.click()
    desk.card().keypad.pad.keys["5"].click()
    desk.card().hang_up.click()
    assert desk.server.asked[-3:] == ["resume made-1", "keys made-1 5", "hang up made-1"]
    desk.tell(own("made-1", "ended", outcome=Outcome.ANSWERED))
    assert desk.window.calls.cards == []


def test_a_call_that_comes_in_is_answered_or_the_reason_is_said_SIP_11(desk):
    windows = IncomingWindows(desk.phones, screen=desk.window.screen().availableGeometry)
    desk.tell(own("x", "ringing", direction=IN))
    (shown,) = windows.windows
    for answer in (desk.card().answer, shown.answer):
        assert not answer.isEnabled()
        assert answer.toolTip() == answer.accessibleDescription() == NO_ANSWER
    assert desk.card().state.text() == shown.what.text() == "Answer it on the phone"
    desk.tell(own("x", "ringing", direction=IN, can_answer=True))
    assert desk.card().state.text() == shown.what.text() == "Incoming call"
    assert shown.answer.isEnabled()
    assert "Answer" in desk.card().answer.toolTip()
    desk.card().answer.click()
    assert desk.server.asked == ["answer x"]
    desk.tell(own("x", "talking", direction=IN))
    assert windows.windows == []
    windows.close()


def test_a_secretary_sees_for_whom_a_call_is_that_only_the_phone_can_answer_SIP_11_BOSS_1(desk):
    windows = IncomingWindows(
        desk.phones, screen=desk.window.screen().availableGeometry, callers=desk.window.callers
    )
    desk.tell(own("x", "ringing", direction=IN, for_number="1003"))
    (shown,) = windows.windows
    words = "For Chiara Rossi. Answer it on the phone"
    assert (desk.card().state.text(), shown.what.text()) == (words, words)
    desk.tell(own("x", "ringing", direction=IN, for_number="1003", can_answer=True))
    words = "Incoming call for Chiara Rossi"
    assert (desk.card().state.text(), shown.what.text()) == (words, words)
    windows.close()


def test_an_order_to_answer_what_only_the_phone_can_answer_is_refused_SIP_11_SIP_2(desk, world):
    workplace = SimpleNamespace(session=world.session, window=desk.window)
    orders = Orders(lambda: workplace)
    desk.tell(own("x", "ringing", direction=IN))
    answer = orders.take(Order(Action.ANSWER))
    assert (answer.code, answer.text) == (ExitCode.REFUSED, NO_ANSWER)
    assert desk.server.asked == []
    desk.tell(own("x", "ringing", direction=IN, can_answer=True))
    assert orders.take(Order(Action.ANSWER)).code is ExitCode.DONE
    assert desk.server.asked == ["answer x"]


def test_what_the_server_refuses_is_told_in_the_window_SIP_11(desk):
    desk.tell(own("x", "talking"))
    desk.server.problem = "The phone of 1001 itself holds this call: resume it there."
    desk.card().hold.click()
    assert desk.window.message.text == f"The call was not held: {desk.server.problem}"


def test_a_call_is_transferred_and_the_card_says_how_it_goes_SIP_11(desk):
    desk.tell(own("x", "talking"))
    desk.card().transfer.click()
    desk.window.transfers.panel.now_requested.emit("1003")
    assert desk.server.asked == ["transfer x to 1003"]
    desk.tell(own("x", "talking", transferred_to="1003"))
    assert desk.card().state.text() == "Transferring: Chiara Rossi rings"
    desk.tell(own("x", "talking"))
    assert "Not transferred to Chiara Rossi" in desk.card().message.text
    desk.window.transfers.panel.now_requested.emit("1004")


def test_a_consultation_is_completed_once_somebody_has_answered_SIP_11(desk):
    desk.tell(own("x", "talking"))
    desk.card().transfer.click()
    desk.window.transfers.panel.ask_requested.emit("1003")
    desk.tell(own("x", "talking", held_by=["1001"]))
    desk.tell(own("made-1", "ringing", "1003"))
    card = desk.window.calls.current()
    assert [button.text() for button in card.buttons()] == ["Complete transfer", "Cancel and go back"]
    assert not card.complete.isEnabled()
    assert "once somebody has answered" in card.complete.toolTip()
    desk.tell(own("made-1", "talking", "1003"))
    assert [button.text() for button in card.buttons()] == ["Complete transfer", "Cancel and go back"]
    card.complete.click()
    assert desk.server.asked[-1] == "transfer x to made-1"


def test_without_the_server_a_call_is_shown_as_unknown_SIP_11_KEY_5(desk):
    desk.tell(own("x", "talking"))
    desk.live.forget()
    card = desk.card()
    assert (card.state.text(), card.timer.text(), desk.words()) == (UNKNOWN, "", [])
    assert card.face.lamp is Lamp.UNKNOWN
    assert "Not known" in card.accessibleName()
    desk.window.dial("1002")
    assert "cannot be reached" in desk.window.message.text
    desk.live.calls.take_snapshot({"x": own("x", "talking")})
    assert card.state.text() == "In a call"
    assert "Hang up" in desk.words()


def test_the_choice_is_below_the_dial_pad_and_says_what_is_missing_SIP_11(desk, world):
    box = desk.window.rooms.phone().dialler.findChild(PhoneChoice)
    assert [box.box.itemText(at) for at in range(box.box.count())] == [
        "This computer",
        "Desk phone: Yealink SIP-T54W",
    ]
    assert box.box.currentText() == "Desk phone: Yealink SIP-T54W"
    assert not box.problem.isVisible()
    world.session.connection_changed.emit(ConnectionState.ONLINE, "")
    assert desk.window.toolbar.connection.words == "Connected"
    desk.live.phones.take_snapshot({})
    assert box.problem.isVisible()
    assert "Register one" in box.problem.text()
    assert desk.window.toolbar.connection.words == "Desk phone not registered"
    box.box.setCurrentIndex(0)
    box.box.activated.emit(0)
    assert not world.settings.control_desk_phone
    assert not box.problem.isVisible()
    desk.window.dial("1002")
    assert desk.computer.dialled == ["1002"]


def test_the_preference_and_the_choice_agree_SIP_11(desk, world):
    desk.window.open_room("preferences")
    section = desk.window.rooms.room("preferences").desk_phone
    assert section.control.isChecked()
    section.control.click()
    assert not world.settings.control_desk_phone
    desk.phones.use("Yealink SIP-T54W")
    assert section.control.isChecked()


def test_calls_of_both_phones_are_shown_and_end_on_their_own_SIP_11(desk):
    from fakes import FakeCall

    mine = desk.computer.add(FakeCall("1002", "Ben", CallState.HELD))
    desk.tell(own("x", "talking", "1003"))
    assert len(desk.window.calls.cards) == 2
    assert not desk.window.calls.can_merge(), "they cannot be mixed here"
    mine.finish(by_us=True)
    assert len(desk.window.calls.cards) == 1


def test_a_long_name_of_a_phone_is_elided_not_cut_off_SIP_11(desk):
    name = "Grandstream-HT813-with-DECT-base-of-the-regional-office"
    desk.live.phones.take_snapshot({"p9": desk_phone("p9", f"{name} 1.0.13.9")})
    choice = desk.window.rooms.phone().dialler.findChild(PhoneChoice)
    desk.phones.use(phone_name(name))
    assert choice.box.shown_text.startswith("Desk phone")
    assert "…" in choice.box.shown_text
    assert choice.box.currentText() in choice.box.toolTip()
    room = choice.box.width() - 24
    assert choice.box.fontMetrics().horizontalAdvance(choice.box.shown_text) <= room
    desk.phones.use(None)
    assert choice.box.shown_text == "This computer"


async def test_function_keys_use_the_desk_phone_as_everything_else_does_KEY_3_SIP_11(desk, world, settle):
    """Each type that dials, and each that needs a call that is talked on."""
    world.tell_keys(
        ("blf", "1002"),
        ("boss_secretary", "*591003"),
        ("park", "7001"),
        ("pickup", "1004"),
        ("voicemail", ""),
        ("dtmf", "12#"),
        ("recording", ""),
    )
    live, panel = desk.live, desk.window.keys.panel
    blf, pair, park, pick_up, voicemail, dtmf, record = range(7)
    live.parked.take_snapshot({})
    live.pairs.take_snapshot({"1001/1003": held_pair()})
    panel.press(dtmf)
    assert "There is none now" in panel.message.text
    for row in (blf, pair, pick_up, voicemail):
        panel.press(row)
    assert desk.server.asked == [
        "call 1002 by p1",
        "call *591003 by p1",
        "call *041004 by p1",
        "call *2 by p1",
    ]
    assert [call.picks_up for call in desk.phones.calls] == [False, True, True, False]
    assert desk.computer.dialled == []
    for number in range(1, 5):
        desk.tell(own(f"made-{number}", "ended"))
    actions = CallRecording(actions=[RecordingAction.START])
    desk.tell(own("x", "talking", "1005", recording=actions, sip_call_ids=["x@desk"]))
    assert panel.faces[record].word == "Not recorded"
    panel.press(record)
    await settle()
    assert world.session.api.orders == [("x", RecordingAction.START)]
    panel.press(dtmf)
    panel.press(park)
    assert desk.server.asked[4:] == ["keys x 12#", "park x on 7001"]
    desk.tell(own("x", "ended", outcome=Outcome.ANSWERED))  # no timer of it outlives the window


def held_pair() -> Pair:
    waiting = PairCall(id="c", number="1006", name="", since=NOW)
    return Pair(
        boss="1001",
        secretary="1003",
        secretary_name="Chiara Rossi",
        boss_name="",
        value="*591003",
        state=PairState.HELD,
        since=NOW,
        calls=(waiting,),
    )
