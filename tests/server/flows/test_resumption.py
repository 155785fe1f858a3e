"""The server is killed while a call is on its way, or at a machine: the next one goes on (OPS-1)."""

import asyncio
from pathlib import Path

import pytest

from server.contract.boss import Boss
from server.contract.conference import Conference
from server.contract.extensions import CallState
from server.contract.prompts import Prompt
from server.contract.reaching import EndpointKind
from server.contract.routing import InboundRoute, RingGroup
from server.flows import voicemail_prompts as said
from server.flows.intercom import INTERCOM_BEEP
from server.switch.port import LegState
from server.switch.simulated import Behaviour
from tests.server.flows.office import RING_S, Office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_ivr import WELCOME, configure, menu
from tests.server.flows.test_outside import OUTSIDE, calls_of, with_trunks
from tests.server.flows.test_ways import available, forwards, to, together
from tests.virtual_time import in_virtual_time


async def opened(**people: Behaviour) -> Office:
    """An office in which 1001, and these people, have phones."""
    place = Office()
    await place.start()
    place.engine.phone("1001")
    for number, behaviour in people.items():
        place.engine.phone(number.strip("_"), behaviour)
    return place


def phone(place: Office, number: str):
    return next(one for one in place.engine.phones if one.number == number)


async def closed(place: Office) -> None:
    """Everything is over, and nothing left."""
    await place.idle()
    place.assert_nothing_left()
    await place.stop()


# At a machine


@in_virtual_time
async def test_a_caller_in_a_menu_hears_it_anew_and_chooses_ADMIN_2():
    first = await opened(_1002=Behaviour.answers(1.0))
    configure(first, menu(keys={"1": "ivr:6501"}), menu("6501", keys={"2": "extension:1002"}))
    anna = phone(first, "1001")
    call = anna.call("6500")
    await asyncio.sleep(1)
    anna.press(call, "1")
    await asyncio.sleep(1)
    assert call.sounds == [WELCOME, WELCOME]
    second = await after_a_kill(first)
    await asyncio.sleep(0.5)
    assert call.sounds == [WELCOME] * 3
    assert [active.state for active in second.calls.active()] == ["talking"]
    anna.press(call, "2")
    await asyncio.sleep(2)
    assert together(second, call, phone(second, "1002").calls[0]), "the second menu, not the first"
    anna.hang_up(call)
    await second.idle()
    assert second.log("1001") == [("outgoing", "1002", "answered", None)]
    assert second.log("1002") == [("incoming", "1001", "answered", None)]
    await closed(second)


@in_virtual_time
async def test_a_menu_that_is_gone_meanwhile_ends_the_call_ADMIN_2():
    first = await opened()
    configure(first, menu(keys={"1": "extension:1002"}))
    call = phone(first, "1001").call("6500")
    await asyncio.sleep(1)
    second = await after_a_kill(first, meanwhile=first.configuration.clear)
    await asyncio.sleep(1)
    assert call.state is LegState.GONE
    await second.idle()
    assert second.log("1001") == [("outgoing", "6500", "answered", None)]
    await closed(second)


@in_virtual_time
async def test_a_caller_who_has_chosen_in_a_menu_still_reaches_who_rings_ADMIN_2():
    first = await opened(_1002=Behaviour.rings(), _1003=Behaviour.answers(1.0))
    first.reaching.settings["1002"] = forwards(no_answer="extension:1003")
    configure(first, menu(keys={"1": "extension:1002"}))
    anna = phone(first, "1001")
    call = anna.call("6500")
    await asyncio.sleep(1)
    anna.press(call, "1")
    await asyncio.sleep(5)
    second = await after_a_kill(first)
    await asyncio.sleep(1)
    assert second.state("1002") is CallState.RINGING
    await asyncio.sleep(RING_S)
    assert together(second, call, phone(second, "1003").calls[0])
    anna.hang_up(call)
    await second.idle()
    assert second.log("1001") == [("outgoing", "1003", "answered", None)]
    assert second.log("1002") == [("incoming", "1001", "missed", 480)]
    await closed(second)


@in_virtual_time
async def test_a_prompt_is_heard_anew_and_the_call_ends_ADMIN_2():
    first = await opened()
    first.engine.files[Path(WELCOME.value)] = 4.0
    first.configuration += [Prompt(name="welcome"), InboundRoute(name="in", destination=to("prompt:welcome"))]
    await with_trunks(first)
    call = first.engine.carriers["one"].call("530")
    await asyncio.sleep(2)
    assert call.sounds == [WELCOME]
    second = await after_a_kill(first)
    await asyncio.sleep(2)
    assert (call.sounds, call.state) == ([WELCOME, WELCOME], LegState.UP)
    await asyncio.sleep(3)
    assert call.state is LegState.GONE
    await closed(second)


@in_virtual_time
async def test_who_has_given_the_pin_of_a_mailbox_is_asked_for_it_again_VM_1():
    first = await opened()
    first.voicemail.pins["1001"] = "471"
    anna = phone(first, "1001")
    call = anna.call("*2")
    await asyncio.sleep(1)
    anna.press(call, "471#")
    await asyncio.sleep(2)
    assert said.PIN[0] in call.sounds
    second = await after_a_kill(first)
    await asyncio.sleep(1)
    assert call.sounds[-1:] == [*said.PIN]
    anna.press(call, "999#")
    await asyncio.sleep(4)
    assert said.WRONG_PIN[0] in call.sounds
    anna.hang_up(call)
    await closed(second)


@in_virtual_time
async def test_a_greeting_that_was_being_recorded_is_dropped_and_the_menu_begins_anew_VM_3():
    first = await opened()
    anna = phone(first, "1001")
    call = anna.call("*2")
    await asyncio.sleep(1)
    anna.press(call, "31")
    await asyncio.sleep(8)
    assert call.take is not None
    assert not call.take.over.done(), "it records"
    before = len(call.sounds)
    second = await after_a_kill(first)
    await asyncio.sleep(1)
    assert call.take.over.done()
    assert call.sounds[before:], "the menu is heard"
    assert second.engine.recorder.left("voicemail") == []
    assert second.voicemail.greetings.paths == {}
    anna.hang_up(call)
    await closed(second)


@in_virtual_time
async def test_who_is_asked_for_the_pin_of_a_room_is_asked_again_SIP_4():
    first = await opened()
    first.configuration.append(Conference(number="6600"))
    first.pins["6600"] = "42"
    anna = phone(first, "1001")
    call = anna.call("6600")
    await asyncio.sleep(1)
    second = await after_a_kill(first)
    await asyncio.sleep(1)
    assert not any(call.id in members for members in second.engine.bridges.values())
    anna.press(call, "42#")
    await asyncio.sleep(8)
    assert second.engine.bridges == {"conference-6600": {call.id}}
    anna.hang_up(call)
    await closed(second)


# Ringing


@pytest.mark.parametrize("killed_after_s", [2, 7], ids=["the first rings", "the second rings"])
@in_virtual_time
async def test_the_members_of_a_ring_group_go_on_ringing_in_turn_ADMIN_2(killed_after_s):
    first = await opened(_1002=Behaviour.rings(), _1003=Behaviour.rings(), _1004=Behaviour.answers(1.0))
    group = {"number": "620", "members": ("1002", "1003"), "strategy": "sequential", "ring_timeout_s": 5}
    first.configuration.append(RingGroup(**group, destination=to("extension:1004")))
    call = phone(first, "1001").call("620")
    await asyncio.sleep(killed_after_s)
    second = await after_a_kill(first, down_s=1.0)
    await asyncio.sleep(15)
    assert together(second, call, phone(second, "1004").calls[0])
    rung = [len(phone(second, number).calls) for number in ("1002", "1003", "1004")]
    assert rung == [1, 1, 1], "each once"
    phone(second, "1001").hang_up(call)
    await second.idle()
    assert second.log("1001") == [("outgoing", "1004", "answered", None)]
    assert second.log("1002") == second.log("1003") == [("incoming", "1001", "missed", 480)]
    await closed(second)


@in_virtual_time
@pytest.mark.parametrize("rings_at", ["secretary", "boss"])
async def test_a_call_for_a_boss_goes_on_to_the_boss_and_not_back_to_the_secretary_BOSS_1(rings_at):
    first = await opened(_1002=Behaviour.rings(), _1003=Behaviour.rings(), _1004=Behaviour.answers(1.0))
    first.configured.put(Boss(name="1002", secretaries=("1003",), ring_timeout_s=10))
    first.reaching.settings["1002"] = forwards(no_answer="extension:1004")
    anna = phone(first, "1001")
    call = anna.call("1002")
    await asyncio.sleep(5 if rings_at == "secretary" else 15)
    second = await after_a_kill(first)
    await asyncio.sleep(10)
    assert second.state("1002") is CallState.RINGING
    assert second.state("1003") is CallState.IDLE
    await asyncio.sleep(RING_S)
    assert together(second, call, phone(second, "1004").calls[0])
    assert len(phone(second, "1003").calls) == 1, "the secretary is not called again"
    anna.hang_up(call)
    await second.idle()
    assert second.log("1002") == [("incoming", "1001", "missed", 480)]
    await closed(second)


@in_virtual_time
async def test_who_rings_in_a_group_over_a_kill_is_picked_up_by_its_number_CODE_1():
    first = await opened(_1002=Behaviour.rings(), _1003=Behaviour.rings(), _1004=Behaviour.rings())
    group = {"number": "620", "members": ("1002", "1003"), "ring_timeout_s": 20}
    first.configuration.append(RingGroup(**group, destination=to("extension:1004")))
    call = phone(first, "1001").call("620")
    await asyncio.sleep(2)
    second = await after_a_kill(first, down_s=1.0)
    await asyncio.sleep(1)
    taker = phone(second, "1004").call("*041003")
    await asyncio.sleep(1)
    assert together(second, call, taker)
    phone(second, "1001").hang_up(call)
    await closed(second)


@in_virtual_time
async def test_the_phones_that_ring_second_ring_after_a_kill_PRES_2():
    first = await opened()
    first.engine.phone("1002", Behaviour.rings(), user_agent="Linkus Desktop/1.0")
    desk = first.engine.phone("1002", Behaviour.answers(1.0))
    first.reaching.settings["1002"] = available(
        ring_first=[EndpointKind.DESKTOP], ring_second=[EndpointKind.EXTENSION_ENDPOINT], ring_timeout_s=10
    )
    call = phone(first, "1001").call("1002")
    await asyncio.sleep(3)
    assert desk.calls == []
    second = await after_a_kill(first, down_s=1.0)
    await asyncio.sleep(8)
    assert together(second, call, desk.calls[0])
    phone(second, "1001").hang_up(call)
    await closed(second)


@pytest.mark.parametrize("meanwhile", ["", "refuses", "hangs up"])
@in_virtual_time
async def test_who_does_not_answer_forwards_the_call_after_a_kill_too_PRES_3(meanwhile):
    first = await opened(_1002=Behaviour.rings(), _1003=Behaviour.answers(1.0))
    first.reaching.settings["1002"] = forwards(no_answer="extension:1003")
    call = phone(first, "1001").call("1002")
    await asyncio.sleep(20)
    boris = phone(first, "1002")

    def happens() -> None:
        if meanwhile == "refuses":  # nobody sees why: it rings there once more
            boris.refuse(boris.calls[0], 480)
        elif meanwhile:
            boris.vanish()

    second = await after_a_kill(first, down_s=1.0, meanwhile=happens)
    await asyncio.sleep(11 if not meanwhile else RING_S + 3)
    assert together(second, call, phone(second, "1003").calls[0])
    phone(second, "1001").hang_up(call)
    await second.idle()
    assert second.log("1001") == [("outgoing", "1003", "answered", None)]
    await closed(second)


@in_virtual_time
async def test_who_does_not_answer_sends_the_call_to_the_mailbox_after_a_kill_VM_3():
    first = await opened(_1002=Behaviour.rings())
    first.reaching.settings["1002"] = forwards(no_answer="voicemail")
    call = phone(first, "1001").call("1002")
    await asyncio.sleep(20)
    second = await after_a_kill(first, down_s=1.0)
    await asyncio.sleep(45)
    phone(second, "1001").hang_up(call)
    await second.idle()
    assert [message.box for message in second.voicemail.messages.kept.values()] == ["1002"]
    await closed(second)


@in_virtual_time
async def test_what_was_configured_meanwhile_holds_once_the_phones_have_rung_PRES_3():
    """The way is planned anew: the phones that ring ring on, then it goes where it would go now."""
    first = await opened(_1002=Behaviour.rings(), _1003=Behaviour.answers(1.0), _1004=Behaviour.answers(1.0))
    first.reaching.settings["1002"] = forwards(no_answer="extension:1003")
    call = phone(first, "1001").call("1002")
    await asyncio.sleep(5)

    def changed() -> None:
        first.reaching.settings["1002"] = forwards(always="extension:1004")

    second = await after_a_kill(first, down_s=1.0, meanwhile=changed)
    await asyncio.sleep(RING_S)
    assert together(second, call, phone(second, "1004").calls[0])
    phone(second, "1001").hang_up(call)
    await second.idle()
    assert second.log("1002") == [("incoming", "1001", "missed", 480)]
    assert second.log("1003") == []
    assert second.log("1001") == [("outgoing", "1004", "answered", None)]
    await closed(second)


@in_virtual_time
async def test_a_group_that_is_gone_meanwhile_ends_the_call_after_its_ringing_ADMIN_2():
    first = await opened(_1002=Behaviour.rings(), _1003=Behaviour.rings())
    group = {"number": "620", "members": ("1002", "1003"), "strategy": "sequential", "ring_timeout_s": 5}
    first.configuration.append(RingGroup(**group))
    call = phone(first, "1001").call("620")
    await asyncio.sleep(7)
    second = await after_a_kill(first, down_s=1.0, meanwhile=first.configuration.clear)
    await asyncio.sleep(RING_S)
    assert call.told == 404
    await closed(second)


@in_virtual_time
async def test_the_next_trunk_is_tried_after_a_kill_SIP_2():
    first = await opened()
    await with_trunks(first)
    first.engine.carriers["one"].behaviour = Behaviour.refuses(503, 4.0)
    call = phone(first, "1001").call(OUTSIDE)
    await asyncio.sleep(1)
    second = await after_a_kill(first, down_s=1.0)
    await second.switch.push_trunks([*first.switch._trunks.values()])
    await asyncio.sleep(5)
    assert [len(calls_of(second, trunk)) for trunk in ("one", "two")] == [1, 1]
    assert together(second, call, calls_of(second, "two")[0])
    phone(second, "1001").hang_up(call)
    await second.idle()
    assert second.log("1001") == [("outgoing", OUTSIDE, "answered", None)]
    await closed(second)


@in_virtual_time
async def test_a_mobile_whose_trunk_fails_after_a_kill_is_tried_over_the_next_one_PRES_2():
    mobile = "00420777123111"
    first = await opened(_1002=Behaviour.rings())
    await with_trunks(first)
    first.extensions.put(first.extensions.known["1002"].model_copy(update={"mobile": mobile}))
    first.reaching.settings["1002"] = available(ring_mobile=True)
    first.engine.carriers["one"].behaviours[mobile] = Behaviour.refuses(503, 4.0)
    call = phone(first, "1001").call("1002")
    await asyncio.sleep(1)
    second = await after_a_kill(first, down_s=1.0)
    await second.switch.push_trunks([*first.switch._trunks.values()])
    await asyncio.sleep(5)
    assert [len(calls_of(second, trunk)) for trunk in ("one", "two")] == [1, 1]
    assert together(second, call, calls_of(second, "two")[0])
    phone(second, "1001").hang_up(call)
    await second.idle()
    assert second.log("1001") == [("outgoing", "1002", "answered", None)]
    await closed(second)


@in_virtual_time
async def test_a_call_to_outside_waits_until_the_new_server_has_told_of_the_trunks_ADMIN_2():
    """Killed before the INVITE went out, or after the carrier refused: its trunks come after the call."""
    first = await opened()
    await with_trunks(first)
    call = phone(first, "1001").call(OUTSIDE)
    trunks = [*first.switch._trunks.values()]
    second = await after_a_kill(first)
    await asyncio.sleep(2)
    assert call.state is not LegState.GONE
    await second.switch.push_trunks(trunks)
    await asyncio.sleep(2)
    assert together(second, call, calls_of(second, "one")[0])
    phone(second, "1001").hang_up(call)
    await closed(second)


@in_virtual_time
async def test_a_call_that_had_not_rung_anywhere_yet_is_placed_OPS_1():
    """Killed before the first INVITE: the engine knows no more than the caller."""
    first = await opened(_1002=Behaviour.answers(1.0))
    call = phone(first, "1001").call("1002")
    assert phone(first, "1002").calls == []
    second = await after_a_kill(first)
    await asyncio.sleep(2)
    assert together(second, call, phone(second, "1002").calls[0])
    phone(second, "1001").hang_up(call)
    await second.idle()
    assert second.log("1001") == [("outgoing", "1002", "answered", None)]
    await closed(second)


@in_virtual_time
async def test_an_intercom_call_is_still_announced_after_a_kill_CODE_1():
    first = await opened(_1002=Behaviour(answers_after_s=2.0))
    call = phone(first, "1001").call("*61002")
    await asyncio.sleep(1)
    second = await after_a_kill(first, down_s=2.0)
    await asyncio.sleep(1)
    answered = phone(second, "1002").calls[0]
    assert together(second, call, answered)
    assert answered.sounds == [INTERCOM_BEEP], "nobody is listened to without being told"
    phone(second, "1001").hang_up(call)
    await closed(second)


@in_virtual_time
async def test_a_blind_transfer_whose_sender_is_gone_still_finds_the_mailbox_SIP_4():
    first = await opened(_1002=Behaviour.answers(1.0), _1003=Behaviour.rings())
    first.reaching.settings["1003"] = forwards(no_answer="voicemail")
    anna = phone(first, "1001")
    call = anna.call("1002")
    await asyncio.sleep(2)
    boris = phone(first, "1002")
    boris.transfer(boris.calls[0], "1003")
    await asyncio.sleep(1)
    boris.hang_up(boris.calls[0])
    await asyncio.sleep(4)
    second = await after_a_kill(first)
    await asyncio.sleep(60)
    anna.hang_up(call)
    await second.idle()
    assert [message.box for message in second.voicemail.messages.kept.values()] == ["1003"]
    await closed(second)


@in_virtual_time
async def test_a_blind_transfer_that_nobody_takes_after_a_kill_comes_back_to_its_sender_SIP_4():
    first = await opened(_1002=Behaviour.answers(1.0), _1003=Behaviour.rings())
    anna = phone(first, "1001")
    call = anna.call("1002")
    await asyncio.sleep(2)
    boris = phone(first, "1002")
    boris.transfer(boris.calls[0], "1003")
    await asyncio.sleep(1)
    boris.hang_up(boris.calls[0])
    await asyncio.sleep(4)
    second = await after_a_kill(first)
    await asyncio.sleep(RING_S)
    assert together(second, call, boris.calls[1]), "who waits is not left alone"
    anna.hang_up(call)
    await second.idle()
    assert second.log("1003") == [("incoming", "1001", "missed", 480)]
    await closed(second)


@in_virtual_time
async def test_a_second_kill_on_the_way_costs_nothing_either_OPS_1():
    first = await opened(_1002=Behaviour.rings(), _1003=Behaviour.rings(), _1004=Behaviour.answers(1.0))
    group = {"number": "620", "members": ("1002", "1003"), "strategy": "sequential", "ring_timeout_s": 8}
    first.configuration.append(RingGroup(**group, destination=to("extension:1004")))
    call = phone(first, "1001").call("620")
    await asyncio.sleep(2)
    second = await after_a_kill(first, down_s=1.0)
    await asyncio.sleep(7)
    third = await after_a_kill(second, down_s=1.0)
    await asyncio.sleep(15)
    assert together(third, call, phone(third, "1004").calls[0])
    assert [len(phone(third, number).calls) for number in ("1002", "1003", "1004")] == [1, 1, 1]
    phone(third, "1001").hang_up(call)
    await closed(third)


@in_virtual_time
async def test_who_was_sent_to_a_room_leaves_no_bridge_after_a_kill_SIP_4():
    first = await opened(_1002=Behaviour.answers(1.0))
    first.configuration.append(Conference(number="6600"))
    call = phone(first, "1001").call("1002")
    await asyncio.sleep(2)
    boris = phone(first, "1002")
    boris.transfer(boris.calls[0], "6600")
    await asyncio.sleep(6)
    assert {call.id} in [*first.engine.bridges.values()]
    second = await after_a_kill(first)
    await asyncio.sleep(1)
    assert {call.id} in [*second.engine.bridges.values()]
    phone(second, "1001").hang_up(call)
    await closed(second)
