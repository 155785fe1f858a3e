"""SIP-11: the desk phone as the client controls it, against a server that answers by hand."""

from datetime import UTC, datetime

import pytest

from linkus_desktop.calls.chosen_phone import ChosenPhone
from linkus_desktop.calls.desk_call import NO_ANSWER, ORDERED, UNKNOWN, WHY_NOT
from linkus_desktop.calls.desk_phone import AWAY, NOBODY, DeskPhone, phone_name
from linkus_desktop.pbx.errors import PbxError
from linkus_desktop.pbx.live import LiveTopic
from linkus_desktop.sip.headers import Party
from linkus_desktop.sip.values import Ability, CallState, PhoneError, Registration, TransferState
from linkus_desktop.store.settings import Settings
from server.contract.calls import Direction, Outcome
from server.contract.events import Topic
from server.contract.own_calls import OwnCall, OwnCallState, OwnPhone
from server.contract.reaching import EndpointKind
from server.contract.recording import CallRecording
from tests.linkus_desktop.ui.fakes import FakePhone, at_once

NOW = datetime(2026, 3, 12, 14, 30, tzinfo=UTC)
IN, OUT = Direction.INCOMING, Direction.OUTGOING


class Server:
    """Remembers what it is asked, as one word each; `problem` is raised instead, if set."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.problem = ""
        self.made = 0

    def _note(self, what: str) -> None:
        if self.problem:
            raise PbxError(self.problem)
        self.asked.append(what)

    async def make_call(self, number: str, *, phone: str | None) -> str:
        self._note(f"call {number} by {phone}")
        self.made += 1
        return f"made-{self.made}"

    async def answer_call(self, call_id: str) -> None:
        self._note(f"answer {call_id}")

    async def hang_up(self, call_id: str) -> None:
        self._note(f"hang up {call_id}")

    async def hold(self, call_id: str, *, on: bool) -> None:
        self._note(f"{'hold' if on else 'resume'} {call_id}")

    async def transfer(self, call_id: str, *, to: str | None = None, call: str | None = None) -> None:
        self._note(f"transfer {call_id} to {to or call}")

    async def park(self, call_id: str, slot: str | None = None) -> str:
        self._note(f"park {call_id} on {slot or 'a free slot'}")
        return slot or "6900"

    async def press_keys(self, call_id: str, keys: str) -> None:
        self._note(f"keys {call_id} {keys}")


def own(
    call_id: str, state: str, number: str = "1002", direction: Direction = OUT, **more: object
) -> OwnCall:
    facts = {"name": "", "since": NOW, "sip_call_ids": [], "recording": CallRecording(), **more}
    return OwnCall(id=call_id, direction=direction, number=number, state=OwnCallState(state), **facts)


def desk_phone(key: str, name: str = "Yealink SIP-T54W 96.86.0.70", **more: object) -> OwnPhone:
    facts = {"kind": EndpointKind.EXTENSION_ENDPOINT, "can_answer": True, "reachable": True, **more}
    return OwnPhone(id=key, name=name, **facts)


class Place:
    """A desk phone that is controlled, and what the server tells of it."""

    def __init__(self, *phones: OwnPhone) -> None:
        self.server = Server()
        self.calls: LiveTopic[OwnCall] = LiveTopic(Topic.CALLS, OwnCall)
        self.phones: LiveTopic[OwnPhone] = LiveTopic(Topic.PHONES, OwnPhone)
        self.elsewhere: set[str] = set()
        self.desk = DeskPhone(
            self.calls,
            self.phones,
            self.server,
            lambda: "1001",
            is_elsewhere=lambda call: call.id in self.elsewhere,
            run=at_once,
        )
        self.errors: list[str] = []
        self.desk.error.connect(self.errors.append)
        self.desk.switch(on=True)
        self.phones.take_snapshot({phone.id: phone for phone in phones or (desk_phone("p1"),)})
        self.calls.take_snapshot({})

    def tell(self, call: OwnCall) -> None:
        self.calls.take_delta(call.id, call)
        self.calls.flush()

    def gone(self, call_id: str) -> None:
        self.calls.take_delta(call_id, None)
        self.calls.flush()


@pytest.fixture
def place(qapp: object) -> Place:
    return Place()


def test_a_number_is_called_with_the_desk_phone_and_followed_to_its_end_SIP_11(place: Place) -> None:
    added: list[object] = []
    place.desk.call_added.connect(added.append)
    call = place.desk.dial("+420 530-335 533")
    assert place.server.asked == ["call +420530335533 by p1"]
    assert (added, call.state, call.said) == ([call], CallState.DIALLING, ORDERED)
    place.tell(own("made-1", "ordered", "+420530335533"))
    place.tell(own("made-1", "calling", "+420530335533"))
    assert (call.state, call.said) == (CallState.DIALLING, "")
    place.tell(own("made-1", "ringing", "+420530335533"))
    assert call.state is CallState.RINGING_OUT
    place.tell(own("made-1", "talking", "+420530335533", sip_call_ids=["abc@phone"]))
    assert (call.state, call.answered_at, call.sip_call_id) == (CallState.ACTIVE, NOW, "abc@phone")
    assert place.desk.calls == added == [call], "it is one call from the click to the end"
    call.hangup()
    assert place.server.asked[-1] == "hang up made-1"
    place.tell(own("made-1", "ended", outcome=Outcome.ANSWERED))
    assert call.end is not None
    assert (call.end.text, call.end.by_us, place.desk.calls) == ("", True, [])


@pytest.mark.parametrize(
    ("before", "outcome", "text"),
    [
        ("ordered", Outcome.NO_ANSWER, "Your desk phone did not take the call"),
        ("ordered", Outcome.DECLINED, "Your desk phone did not take the call"),
        ("ringing", Outcome.NO_ANSWER, "No answer"),
        ("ringing", Outcome.BUSY, "Busy"),
        ("calling", Outcome.UNKNOWN_NUMBER, "Number does not exist"),
    ],
)
def test_why_nothing_came_of_a_call_is_said_SIP_11(
    place: Place, before: str, outcome: Outcome, text: str
) -> None:
    call = place.desk.dial("1002")
    place.tell(own("made-1", before))
    place.tell(own("made-1", "ended", outcome=outcome))
    assert call.end is not None
    assert call.end.text == text


def test_without_a_desk_phone_that_is_said_and_nothing_is_called_SIP_11(place: Place) -> None:
    place.phones.take_snapshot({"p1": desk_phone("p1", "Linkus Desktop 1.0", kind=EndpointKind.DESKTOP)})
    assert place.desk.registration == (Registration.FAILED, NOBODY)
    with pytest.raises(PhoneError, match="No desk phone of yours"):
        place.desk.dial("1002")
    assert place.server.asked == []


def test_a_click_that_the_server_refuses_ends_the_card_with_the_reason_SIP_11(place: Place) -> None:
    place.server.problem = "1001 has 8 calls, which is the most: end one first."
    call = place.desk.dial("1002")
    assert call.end is not None
    assert call.end.text == place.server.problem


def test_a_call_that_comes_in_is_answered_where_the_phone_can_be_told_to_SIP_11(place: Place) -> None:
    added: list[object] = []
    place.desk.call_added.connect(added.append)
    place.tell(own("x", "ringing", direction=IN, can_answer=True, name="Boris"))
    (call,) = place.desk.calls
    assert (call.state, call.number, call.name, call.why_not(Ability.ANSWER)) == (
        CallState.INCOMING, "1002", "Boris", ""
    )  # fmt: skip
    call.answer()
    call.answer()
    assert place.server.asked == ["answer x"], "pressed twice, asked once"
    place.tell(own("x", "talking", direction=IN))
    assert (call.state, call.answering) == (CallState.ACTIVE, False)
    assert added == [call]


def test_a_call_of_a_queue_names_it_and_since_when_its_caller_waits_SIP_9(place: Place) -> None:
    facts = {"direction": IN, "queue": "6400", "queue_name": "Support", "waiting_since": NOW}
    place.tell(own("x", "ringing", **facts))
    (call,) = place.desk.calls
    assert (call.called_for, call.waiting_since) == (Party("6400", "Support"), NOW)
    place.tell(own("y", "ringing", direction=IN, for_number="2000"))
    assert (place.desk.calls[1].called_for, place.desk.calls[1].waiting_since) == (Party("2000", ""), None)


def test_a_call_back_of_the_emergency_service_is_known_as_such_PRES_8(place: Place) -> None:
    place.tell(own("x", "ringing", direction=IN, emergency_call_back=True))
    place.tell(own("y", "ringing", direction=IN))
    assert [call.emergency_call_back for call in place.desk.calls] == [True, False]


def test_what_a_desk_phone_cannot_do_is_said_SIP_11(place: Place) -> None:
    place.tell(own("x", "ringing", direction=IN))
    (call,) = place.desk.calls
    assert call.why_not(Ability.ANSWER) == NO_ANSWER
    for ability, why in WHY_NOT.items():
        assert call.why_not(ability) == why
    place.server.problem = "The phone of 1001 cannot be told to answer: answer it there."
    call.answer()
    assert place.errors == [f"The call was not answered: {place.server.problem}"]
    assert not call.answering, "it can be tried again"
    with pytest.raises(PhoneError):
        call.set_muted(True)


def test_a_call_is_declined_held_resumed_and_sent_keys_SIP_11(place: Place) -> None:
    place.tell(own("x", "ringing", direction=IN))
    place.desk.calls[0].reject()
    place.tell(own("x", "ended", direction=IN, outcome=Outcome.DECLINED))
    place.tell(own("y", "talking"))
    (call,) = place.desk.calls
    call.hold()
    place.tell(own("y", "talking", held_by=["1001", "1002"]))
    assert (call.state, call.remote_held) == (CallState.HELD, True)
    call.resume()
    place.tell(own("y", "talking", held_by=["1002"]))
    assert (call.state, call.remote_held) == (CallState.ACTIVE, True)
    call.send_dtmf("1a#")
    assert place.server.asked == ["hang up x", "hold y", "resume y", "keys y 1A#"]


def test_a_blind_transfer_is_followed_to_its_end_SIP_11(place: Place) -> None:
    place.tell(own("x", "talking"))
    (call,) = place.desk.calls
    call.transfer("1003")
    assert (call.transfer_progress.state, call.transfer_progress.to) == (TransferState.ASKED, "1003")
    place.tell(own("x", "talking", transferred_to="1003"))
    assert call.transfer_progress.state is TransferState.RINGING
    place.tell(own("x", "talking"))
    assert call.transfer_progress.state is TransferState.FAILED, "nobody answered: the two talk on"
    call.transfer("1004")
    place.tell(own("x", "talking", transferred_to="1004"))
    place.tell(own("x", "ended", outcome=Outcome.ANSWERED))
    assert call.end is not None
    assert (call.end.transferred, call.transfer_progress.to) == (True, "1004")


def test_a_transfer_that_the_server_refuses_or_never_begins_has_failed_SIP_11(place: Place, qtbot) -> None:
    place.tell(own("x", "talking"))
    (call,) = place.desk.calls
    place.server.problem = "Only a call that is answered can be transferred."
    call.transfer("1003")
    assert call.transfer_progress.state is TransferState.FAILED
    assert "answered" in call.transfer_progress.text
    place.server.problem = ""
    call._late.setInterval(10)
    call.transfer("1003")
    qtbot.waitUntil(lambda: call.transfer_progress.state is TransferState.FAILED)
    assert call.state is CallState.ACTIVE


@pytest.mark.parametrize(("slot", "where"), [("", "a free slot"), ("6903", "6903")])
def test_a_call_is_parked_by_the_server_which_says_why_not_SIP_4_SIP_11(place: Place, slot, where) -> None:
    place.tell(own("x", "ringing"))
    (call,) = place.desk.calls
    with pytest.raises(PhoneError, match="parked once it is answered"):
        call.park("*5", slot)
    place.tell(own("x", "talking"))
    place.server.problem = "No parking slot is free."
    call.park("*5", slot)
    assert call.transfer_progress.state is TransferState.FAILED
    assert call.transfer_progress.text == "No parking slot is free"
    assert call.state is CallState.ACTIVE
    place.server.problem = ""
    call.park("*5", slot)
    assert place.server.asked == [f"park x on {where}"]
    assert call.transfer_progress.state is TransferState.ASKED
    place.tell(own("x", "ended", outcome=Outcome.ANSWERED))
    assert call.end is not None
    assert call.end.transferred


def test_somebody_is_asked_first_and_then_both_are_connected_SIP_11(place: Place) -> None:
    place.tell(own("x", "talking"))
    (first,) = place.desk.calls
    asked = place.desk.consult(first, "1003")
    assert asked.consultation_for is first
    assert place.server.asked == ["call 1003 by p1", "hold x"]
    place.tell(own("x", "talking", held_by=["1001"]))
    place.tell(own("made-1", "ringing", "1003"))
    with pytest.raises(PhoneError, match="once somebody has answered"):
        place.desk.complete(asked)
    place.tell(own("made-1", "talking", "1003"))
    place.desk.complete(asked)
    assert place.server.asked[-1] == "transfer x to made-1"
    place.tell(own("x", "ended", outcome=Outcome.ANSWERED))
    place.tell(own("made-1", "ended", "1003", outcome=Outcome.ANSWERED))
    for call in (first, asked):
        assert call.end is not None
        assert call.end.transferred


def test_who_changes_their_mind_talks_with_the_first_again_SIP_11(place: Place) -> None:
    place.tell(own("x", "talking"))
    asked = place.desk.consult(place.desk.calls[0], "1003")
    place.tell(own("x", "talking", held_by=["1001"]))
    place.tell(own("made-1", "ringing", "1003"))
    place.desk.go_back(asked)
    assert place.server.asked[-2:] == ["hang up made-1", "resume x"]


def test_without_the_server_calls_are_unknown_and_nothing_stale_remains_SIP_11_KEY_5(place: Place) -> None:
    place.tell(own("x", "talking"))
    place.tell(own("y", "ringing", "1003", direction=IN))
    stays, goes = place.desk.calls
    place.calls.forget()
    place.phones.forget()
    for call in (stays, goes):
        assert (call.known, call.said, call.why_not(Ability.ANSWER)) == (False, UNKNOWN, UNKNOWN)
        assert call.end is None, "unknown is not gone"
    assert place.desk.registration == (Registration.CONNECTING, AWAY)
    with pytest.raises(PhoneError, match="cannot be reached"):
        place.desk.dial("1004")
    place.phones.take_snapshot({"p1": desk_phone("p1")})
    place.calls.take_snapshot({"x": own("x", "talking", held_by=["1001"])})
    assert (stays.known, stays.state) == (True, CallState.HELD)
    assert (goes.state, place.desk.calls) == (CallState.ENDED, [stays])
    place.tell(own("x", "talking", known=False))
    assert (stays.known, stays.said) == (False, UNKNOWN), "the server itself does not know it now"
    place.gone("x")
    assert place.desk.calls == []


def test_a_call_given_up_before_the_server_has_named_it_is_ended_SIP_11(qapp: object) -> None:
    place = Place()
    waiting: list[object] = []
    place.desk._run = lambda request, **more: waiting.append((request, more))
    call = place.desk.dial("1002")
    place.tell(own("made-1", "ordered"))
    assert place.desk.calls == [call], "the call that the server tells of is this one"
    call.hangup()
    request, more = waiting.pop()  # type: ignore[misc]
    place.desk._run = at_once
    at_once(request, **more)
    assert place.server.asked == ["call 1002 by p1", "hang up made-1"]
    assert place.desk.calls == [call]


def test_calls_of_this_computer_are_not_shown_twice_SIP_11(place: Place) -> None:
    place.elsewhere.add("x")
    place.tell(own("x", "talking"))
    assert place.desk.calls == []


def test_switched_off_it_follows_what_goes_on_and_takes_up_nothing_new_SIP_11(place: Place) -> None:
    place.tell(own("x", "talking"))
    place.desk.switch(on=False)
    place.tell(own("y", "ringing", "1003", direction=IN))
    assert [call.server_id for call in place.desk.calls] == ["x"]
    place.tell(own("x", "ended", outcome=Outcome.ANSWERED))
    assert place.desk.calls == []


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Yealink SIP-T54W 96.86.0.70", "Yealink SIP-T54W"),
        ("snom320/8.9.3.60", "snom320"),
        ("baresip v1.1.0 (x86_64/Linux)", "baresip"),
        ("PolycomVVX-VVX_411-UA/5.9.0", "PolycomVVX-VVX_411-UA"),
        ("", "without a name"),
    ],
)
def test_a_phone_is_called_as_people_call_it_SIP_11(user_agent: str, name: str) -> None:
    assert phone_name(user_agent) == name


def test_the_choice_decides_who_calls_and_is_remembered_SIP_11(place: Place) -> None:
    settings = Settings()
    computer = FakePhone()
    phones = ChosenPhone(computer, place.desk, settings)
    assert phones.choices == [(None, "This computer"), ("Yealink SIP-T54W", "Desk phone: Yealink SIP-T54W")]
    phones.dial("1002")
    assert (computer.dialled, place.server.asked) == (["1002"], [])
    phones.use("Yealink SIP-T54W")
    assert (settings.control_desk_phone, phones.choice) == (True, "Yealink SIP-T54W")
    assert (phones.registration, phones.registration_text) == (Registration.REGISTERED, "Yealink SIP-T54W")
    phones.dial("1003")
    assert (computer.dialled, place.server.asked) == (["1002"], ["call 1003 by p1"])
    assert len(phones.calls) == 2, "a call stays with the phone that it began on"
    place.phones.take_snapshot({})
    assert phones.choices[1:] == [("Yealink SIP-T54W", "Desk phone: Yealink SIP-T54W")]
    assert phones.registration is Registration.FAILED
    phones.use(None)
    assert phones.choices == [(None, "This computer"), ("", "Desk phone: none registered")]
    assert phones.registration is Registration.REGISTERED


def test_of_several_desk_phones_the_chosen_one_calls_SIP_11(qapp: object) -> None:
    place = Place(desk_phone("p1"), desk_phone("p2", "snom320/8.9"), desk_phone("p3", reachable=False))
    place.desk.name = "snom320"
    place.desk.dial("1002")
    place.desk.name = "Yealink SIP-T54W"
    place.desk.dial("1003")
    assert place.server.asked == ["call 1002 by p2", "call 1003 by p1"]
