"""SIP-11, VM-3: own phones are told by an application what to do; in virtual time."""

import asyncio
from pathlib import Path

import pytest

from server.contract.destinations import Destination
from server.contract.errors import ErrorCode
from server.contract.ivr import Choice, Ivr
from server.contract.own_calls import OwnCallState
from server.contract.prompts import Prompt
from server.flows.places import Errand
from server.flows.voicemail_prompts import BEEP, GREETING, SAVED
from server.services.errors import ServiceError
from server.services.own_phones import phone_id
from server.switch.port import LegState, Reason, Sound
from server.switch.simulated import Behaviour
from tests.server.flows.office import office
from tests.server.flows.test_control import controlled, together
from tests.virtual_time import in_virtual_time

YEALINK = "Yealink SIP-T54W 96.86.0.70"
RECORD = Errand(does="record", greeting="At lunch")


@in_virtual_time
async def test_a_phone_that_can_be_told_to_answers_a_call_that_comes_in_SIP_11():
    async with controlled() as (place, control):
        desk = place.engine.phone("1002", Behaviour.rings(), user_agent=YEALINK)
        other = place.engine.phone("1002", Behaviour.rings(), user_agent="Linkus Mobile")
        call = place.engine.phone("1001").call("1002")
        await asyncio.sleep(1)
        (own,) = place.own_calls.of("1002")
        assert own.can_answer
        assert not place.own_calls.of("1001")[0].can_answer, "the caller cannot answer for the callee"
        await control.answer(own.id, "1002")
        await asyncio.sleep(0.1)
        assert together(place, call, desk.calls[0])
        assert other.calls[0].why is Reason.ANSWERED_ELSEWHERE
        assert [(one.state, one.can_answer) for one in place.own_calls.of("1002")] == [("talking", False)]
        with pytest.raises(ServiceError) as refused:
            await control.answer(own.id, "1002")
        assert refused.value.code is ErrorCode.CONFLICT
        call.phone.hang_up(call)


@pytest.mark.parametrize(
    ("user_agent", "behaviour", "said"),
    [
        ("Simulated", Behaviour.rings(), "cannot be told"),
        (YEALINK, Behaviour(answers_when_told=False), "does not answer when told"),
    ],
    ids=["not known to", "does not"],
)
@in_virtual_time
async def test_what_a_phone_cannot_do_is_said_and_it_rings_on_SIP_11(user_agent, behaviour, said):
    async with controlled() as (place, control):
        desk = place.engine.phone("1002", behaviour, user_agent=user_agent)
        call = place.engine.phone("1001").call("1002")
        await asyncio.sleep(1)
        (own,) = place.own_calls.of("1002")
        assert own.can_answer is (user_agent == YEALINK)
        with pytest.raises(ServiceError, match=said) as refused:
            await control.answer(own.id, "1002")
        assert refused.value.code is ErrorCode.CONFLICT
        assert desk.calls[0].state is LegState.RINGING
        with pytest.raises(ServiceError) as refused:
            await control.answer(own.id, "1003")
        assert refused.value.code is ErrorCode.NOT_FOUND
        call.phone.hang_up(call)


@in_virtual_time
async def test_only_the_chosen_phone_rings_for_an_order_and_is_asked_to_go_off_hook_SIP_11():
    async with controlled() as (place, control):
        other = place.engine.phone("1001", Behaviour.answers(0.1))
        desk = place.engine.phone("1001", Behaviour.rings(), user_agent=YEALINK)
        place.engine.phone("1002", Behaviour.answers(1.0))
        call_id = await control.make("1001", "1002", auto_answer=True, phone=phone_id(desk.contact))
        await asyncio.sleep(1)
        assert other.calls == []
        assert desk.calls[0].headers["Call-Info"].endswith("answer-after=0")
        (own,) = place.own_calls.of("1001")
        assert (own.state, own.can_answer) == ("ordered", True), "if it has not by itself, it can be told"
        await control.answer(call_id, "1001")
        await asyncio.sleep(3)
        assert [one.state for one in place.own_calls.of("1001")] == ["talking"]
        await control.hang_up(call_id, "1001")
        await place.idle()
        desk.unregister()
        with pytest.raises(ServiceError, match="choose another") as refused:
            await control.make("1001", "1002", phone=phone_id(desk.contact))
        assert refused.value.code is ErrorCode.CONFLICT
        await control.make("1001", "1002")
        await asyncio.sleep(0.05)
        assert not other.calls[0].headers.get("Call-Info"), "nobody has asked for that"
        await asyncio.sleep(3)
        other.hang_up(other.calls[0])


@in_virtual_time
async def test_keys_are_heard_by_the_other_end_be_it_a_person_or_a_machine_SIP_11():
    async with controlled() as (place, control):
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        anna = place.engine.phone("1001")
        call = anna.call("1002")
        await asyncio.sleep(0.5)
        (own,) = place.own_calls.of("1001")
        with pytest.raises(ServiceError) as refused:
            await control.keys(own.id, "1001", "1")
        assert refused.value.code is ErrorCode.CONFLICT
        await asyncio.sleep(1)
        await control.keys(own.id, "1001", "12#")
        assert (boris.calls[0].digits_heard, call.digits_heard) == ("12#", "")
        anna.hang_up(call)
        await place.idle()
        place.configuration += [
            Prompt(name="welcome"),
            Ivr(
                number="6500",
                prompt="welcome",
                choices=(Choice(key="1", destination=Destination.parse("extension:1002")),),
            ),
        ]
        place.engine.files[Path("/prompts/en-welcome")] = 5.0
        call = anna.call("6500")
        await asyncio.sleep(2)
        (own,) = [one for one in place.own_calls.of("1001") if one.state == "talking"]
        await control.keys(own.id, "1001", "1")
        await asyncio.sleep(3)
        assert together(place, call, boris.calls[1])
        anna.hang_up(call)


@in_virtual_time
async def test_a_greeting_is_recorded_and_played_on_the_own_phone_VM_3():
    async with controlled() as (place, control):
        desk = place.engine.phone("1001", Behaviour.answers(1.0))
        recorder = place.mailboxes.errand("1001", RECORD, by="1001")
        control.serve("1001", recorder, shown="*2")
        await asyncio.sleep(0.5)
        assert desk.calls[0].caller.number == "*2", "the phone shows what it is for"
        await asyncio.sleep(12)
        desk.press(desk.calls[0], "#")
        await place.idle()
        assert desk.calls[0].sounds == [*GREETING, *BEEP, *SAVED]
        ((greeting, path),) = place.voicemail.greetings.paths.items()
        play = Errand(does="play", greeting=greeting)
        control.serve("1001", place.mailboxes.errand("1001", play, by="1001"), shown="*2")
        await asyncio.sleep(1.5)
        assert desk.calls[1].sounds == [Sound.file(path.with_suffix(""))]
        await place.idle()
        assert desk.calls[1].state is LegState.GONE
    assert place.voicemail.settings == {}, "it is not chosen by that"
    assert place.log("1001") == [("outgoing", "*2", "answered", None)] * 2


@in_virtual_time
async def test_nothing_is_recorded_for_an_extension_without_a_phone_VM_3():
    async with controlled() as (place, control):
        recorder = place.mailboxes.errand("1001", RECORD, by="1001")
        for number, code in (("1001", ErrorCode.CONFLICT), ("9999", ErrorCode.NOT_FOUND)):
            with pytest.raises(ServiceError) as error:
                control.serve(number, recorder, shown="*2")
            assert error.value.code is code


@pytest.mark.parametrize("what", ["a call that rings", "a parked call"])
@in_virtual_time
async def test_a_desk_phone_takes_what_rings_or_waits_elsewhere_once_it_is_answered_SIP_11_KEY_3(what):
    async with office() as place:
        engine = place.engine
        anna = engine.phone("1001")
        cyril = engine.phone("1003", Behaviour.rings() if "rings" in what else Behaviour.answers(0.5))
        desk = engine.phone("1002", Behaviour.answers(1.0))
        call = anna.call("1003")
        await asyncio.sleep(2)
        number = "*041003"
        if what == "a parked call":
            cyril.transfer(cyril.calls[0], "*5")
            await asyncio.sleep(1)
            (parked,) = place.lot.calls()
            number = parked.slot
        await place.control.make("1002", number)
        await asyncio.sleep(3)
        assert {call.id, desk.calls[0].id} in place.engine.bridges.values()
        (own,) = [one for one in place.own_calls.of("1002") if one.state is not OwnCallState.ENDED]
        assert (own.number, own.state, own.sip_call_ids) == ("1001", "talking", [desk.calls[0].sip_call_id])
        anna.hang_up(call)
        await place.idle()
        place.assert_nothing_left()
