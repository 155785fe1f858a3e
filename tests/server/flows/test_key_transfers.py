"""SIP-4, CODE-1: transfers, consultation and flip by keys, from any phone; in virtual time."""

import asyncio

import pytest

from server.contract.extensions import CallState
from server.flows.conversation import NOT_DONE
from server.switch.port import LegState
from server.switch.simulated import Behaviour
from tests.phones.waiting import until
from tests.server.flows.office import RING_S, Office, office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_parking import Two, together
from tests.virtual_time import in_virtual_time

KEYS_S = 5.0
"""Enough for all keys of a code, and for what follows them."""


@pytest.mark.parametrize("end", ["", "#"], ids=["waits", "hash"])
@in_virtual_time
async def test_a_call_is_sent_on_by_keys_SIP_4(end):
    async with office() as place:
        people = await Two(place).talk()
        cyril = place.engine.phone("1003", Behaviour.answers(2.0))
        people.boris.press(people.callee, f"*031003{end}")
        await asyncio.sleep(KEYS_S - 1 if not end else 2.5)
        assert cyril.calls[0].state is LegState.RINGING
        assert cyril.calls[0].caller.number == "1001", "who is transferred is shown"
        assert people.call.tone, "who is transferred hears it ring"
        assert people.callee.tone, "and so does the one who waits for the answer"
        await asyncio.sleep(2)
        assert together(place, people.call, cyril.calls[0])
        assert people.callee.state is LegState.GONE, "who has sent it on is out"
        cyril.hang_up(cyril.calls[0])
        await place.idle()
        assert people.call.state is LegState.GONE
    assert place.log("1003") == [("incoming", "1001", "answered", None)]


@pytest.mark.parametrize("soon_s", [1.25, 2.0, 3.5], ids=["with the last key", "before the time", "after"])
@in_virtual_time
async def test_who_has_dialled_the_code_may_hang_up_at_once_SIP_4(soon_s):
    async with office() as place:
        people = await Two(place).talk()
        cyril = place.engine.phone("1003", Behaviour.answers(2.0))
        people.anna.press(people.call, "*031003")
        await asyncio.sleep(soon_s)
        people.anna.hang_up(people.call)
        await asyncio.sleep(3)
        assert together(place, people.callee, cyril.calls[0])
        cyril.hang_up(cyril.calls[0])


@pytest.mark.parametrize("parts", [("*03", "1003"), ("*0310", "03#"), ("*3", "1", "003")])
@in_virtual_time
async def test_a_number_may_be_looked_up_while_its_code_is_dialled_SIP_4(parts):
    """Nothing is made of what leads nowhere yet, for as long as a person needs."""
    async with office() as place:
        people = await Two(place).talk()
        cyril = place.engine.phone("1003", Behaviour.answers(0.5))
        for part in parts:
            people.boris.press(people.callee, part)
            await asyncio.sleep(4)
            assert not people.callee.sounds
        assert cyril.calls[0].state is LegState.UP
        people.anna.hang_up(people.call)
        await asyncio.sleep(1)
        cyril.hang_up(cyril.calls[0])


@pytest.mark.parametrize(
    "code", ["*031009", "*031003", "*031002", "*03*4"], ids=["none", "busy", "own", "code"]
)
@in_virtual_time
async def test_a_transfer_by_keys_that_fails_gives_the_call_back_SIP_4(code):
    async with office() as place:
        people = await Two(place).talk()
        place.engine.phone("1003", Behaviour.refuses(486))
        people.boris.behaviour = Behaviour.refuses(486)
        people.boris.press(people.callee, code)
        await asyncio.sleep(KEYS_S + 2)
        assert people.callee.sounds == [NOT_DONE]
        assert together(place, people.call, people.callee)
        assert not (people.call.tone)
        assert not (people.callee.tone)
        people.boris.hang_up(people.callee)


@in_virtual_time
async def test_nobody_answers_and_the_sender_who_has_left_is_called_back_SIP_4():
    async with office() as place:
        people = await Two(place).talk()
        place.engine.phone("1003", Behaviour.rings())
        people.boris.press(people.callee, "*031003#")
        await asyncio.sleep(2)
        people.boris.hang_up(people.callee)
        await asyncio.sleep(RING_S + 2)
        assert together(place, people.call, people.boris.calls[-1])
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_a_sender_who_hangs_up_on_hearing_that_it_failed_is_called_back_SIP_4():
    async with office() as place:
        people = await Two(place).talk()
        place.engine.phone("1003", Behaviour.refuses(486))
        people.boris.press(people.callee, "*031003#")
        await until(lambda: people.callee.sounds == [NOT_DONE], "the sound", every_s=0.001)
        people.boris.hang_up(people.callee)
        await asyncio.sleep(2)
        assert together(place, people.call, people.boris.calls[-1])
        assert people.boris.calls[-1].caller.number == "1001"
        people.anna.hang_up(people.call)


class Asking(Two):
    """Boris asks Cyril, who answers unless another behaviour is given, while Anna waits."""

    def __init__(self, place, behaviour=None) -> None:
        super().__init__(place)
        self.place = place
        self.cyril = place.engine.phone("1003", behaviour or Behaviour.answers(1.0))

    async def ask(self, number: str = "1003", *, seconds: float = 3.0) -> "Asking":
        await self.talk()
        self.boris.press(self.callee, f"*3{number}#")
        await asyncio.sleep(seconds)
        return self

    @property
    def asked(self):
        return self.cyril.calls[0]


@in_virtual_time
async def test_who_waits_hears_music_and_the_two_others_talk_SIP_4():
    async with office() as place:
        people = await Asking(place).ask()
        assert together(place, people.callee, people.asked)
        assert people.asked.caller.number == "1002"
        assert people.call.music
        assert not people.callee.tone
        people.cyril.hang_up(people.asked)
        await asyncio.sleep(1)
        assert together(place, people.call, people.callee), "the call is given back"
        assert not people.call.music
        people.anna.hang_up(people.call)
    assert place.log("1003") == [("incoming", "1002", "answered", None)]


@pytest.mark.parametrize("how", ["hangs up", "##"])
@in_virtual_time
async def test_the_one_who_asked_completes_it_SIP_4(how):
    async with office() as place:
        people = await Asking(place).ask()
        if how == "##":
            people.boris.press(people.callee, how)
        else:
            people.boris.hang_up(people.callee)
        await asyncio.sleep(1)
        assert people.callee.state is LegState.GONE
        assert together(place, people.call, people.asked)
        assert not people.call.music
        assert (place.state("1002"), place.state("1003")) == (CallState.IDLE, CallState.TALKING)
        people.anna.hang_up(people.call)
        await place.idle()
        assert people.asked.state is LegState.GONE
    assert place.log("1003") == [
        ("incoming", "1002", "answered", None),
        ("incoming", "1001", "answered", None),
    ]


@pytest.mark.parametrize("answered", [True, False], ids=["talking", "ringing"])
@in_virtual_time
async def test_two_stars_take_the_call_back_SIP_4(answered):
    async with office() as place:
        people = await Asking(place, None if answered else Behaviour.rings()).ask()
        people.boris.press(people.callee, "1**")
        await asyncio.sleep(1)
        assert people.asked.state is LegState.GONE
        assert together(place, people.call, people.callee)
        assert not (people.call.music)
        assert not (people.callee.tone)
        people.boris.press(people.callee, "*5")
        await asyncio.sleep(KEYS_S)
        assert people.call.music, "other codes work again"
        people.anna.hang_up(people.call)


@pytest.mark.parametrize("number", ["1009", "1002", "*4", "1003"], ids=["none", "own", "code", "busy"])
@in_virtual_time
async def test_a_consultation_that_fails_gives_the_call_back_SIP_4(number):
    async with office() as place:
        people = await Asking(place, Behaviour.refuses(486)).ask(number)
        assert people.callee.sounds == [NOT_DONE]
        assert together(place, people.call, people.callee)
        assert not people.call.music
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_who_hangs_up_before_the_answer_has_sent_the_call_on_SIP_4():
    async with office() as place:
        people = await Asking(place, Behaviour.answers(4.0)).ask()
        people.boris.hang_up(people.callee)
        await asyncio.sleep(5)
        assert together(place, people.call, people.cyril.calls[-1])
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_who_hangs_up_before_the_answer_sends_on_once_the_phone_there_is_free_SIP_4():
    """The engine tells of the end first, and sends its CANCEL then: a phone for one call would be busy."""
    async with office() as place:
        people = await Asking(place, Behaviour.answers(4.0)).ask()
        people.boris.hang_up(people.callee)
        await until(lambda: people.asked.state is LegState.GONE, "the end", every_s=0.001)
        await asyncio.sleep(0.1)
        assert people.cyril.calls == [people.asked]
        await asyncio.sleep(5)
        assert together(place, people.call, people.cyril.calls[-1])
        people.anna.hang_up(people.call)


@pytest.mark.parametrize("answered", [True, False], ids=["talking", "ringing"])
@in_virtual_time
async def test_the_one_who_waits_may_leave_SIP_4(answered):
    async with office() as place:
        people = await Asking(place, None if answered else Behaviour.rings()).ask()
        people.anna.hang_up(people.call)
        await asyncio.sleep(1)
        if answered:
            assert together(place, people.callee, people.asked), "the two go on"
            assert place.log("1001") == [("outgoing", "1002", "answered", None)]
            people.cyril.hang_up(people.asked)
        await place.idle()
        assert people.callee.state is LegState.GONE


@pytest.mark.parametrize("flipped", ["callee", "caller"])
@in_virtual_time
async def test_a_call_goes_over_to_another_own_phone_without_a_gap_CODE_1(flipped):
    async with office() as place:
        people = await Two(place).talk()
        mine, dialog = (people.boris, people.callee) if flipped == "callee" else (people.anna, people.call)
        other = people.call if flipped == "callee" else people.callee
        mine.behaviour = Behaviour.answers(0.5)  # it must not be rung itself
        second = place.engine.phone(mine.number, Behaviour.answers(3.0))
        third = place.engine.phone(mine.number, Behaviour.rings())
        before = len(mine.calls)
        mine.press(dialog, "*01")
        await asyncio.sleep(2.5)
        assert len(mine.calls) == before
        assert [phone.calls[0].state for phone in (second, third)] == [LegState.RINGING] * 2
        assert second.calls[0].caller.number == other.number
        assert together(place, people.call, people.callee), "the two talk on meanwhile"
        await asyncio.sleep(2)
        assert together(place, other, second.calls[0])
        assert (dialog.state, third.calls[0].state) == (LegState.GONE, LegState.GONE)
        assert (other.heard, other.music, other.tone) == ([], "", False), "the partner hears no gap"
        second.hang_up(second.calls[0])
        await place.idle()
        assert other.state is LegState.GONE


@in_virtual_time
async def test_a_flip_that_nobody_takes_changes_nothing_CODE_1():
    async with office() as place:
        people = await Two(place).talk()
        people.boris.press(people.callee, "*01")
        await asyncio.sleep(3)
        assert people.callee.sounds == [NOT_DONE], "there is no other phone"
        second = place.engine.phone("1002", Behaviour.refuses(603, 1.0))
        people.boris.press(people.callee, "*01")
        await asyncio.sleep(5)
        assert len(second.calls) == 1
        assert people.callee.sounds == [NOT_DONE] * 2
        assert len(place.calls.active()) == 1
        assert together(place, people.call, people.callee)
        people.anna.hang_up(people.call)
    assert place.log("1002") == [("incoming", "1001", "answered", None)]


@in_virtual_time
async def test_who_flips_may_hang_up_before_the_answer_CODE_1():
    async with office() as place:
        people = await Two(place).talk()
        second = place.engine.phone("1002", Behaviour.answers(4.0))
        people.boris.press(people.callee, "*01")
        await asyncio.sleep(2)
        people.boris.hang_up(people.callee)
        await asyncio.sleep(0.5)
        assert people.call.tone, "the partner hears it ring"
        await asyncio.sleep(3)
        assert together(place, people.call, second.calls[0])
        assert not people.call.tone
        people.anna.hang_up(people.call)


@pytest.mark.parametrize("answers", [True, False], ids=["talking", "ringing"])
@in_virtual_time
async def test_after_a_kill_during_a_consultation_the_call_is_given_back_A_3(answers):
    first = Office()
    await first.start()
    people = await Asking(first, Behaviour.answers(1.0) if answers else Behaviour.rings()).ask()
    second = await after_a_kill(first)
    await asyncio.sleep(0.1)
    assert together(second, people.call, people.callee)
    assert people.asked.state is LegState.GONE
    assert not people.call.music
    assert not people.callee.tone
    people.anna.hang_up(people.call)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "ringing"])
@in_virtual_time
async def test_a_call_survives_a_kill_during_and_after_a_flip_A_3(taken):
    first = Office()
    await first.start()
    people = await Two(first).talk()
    phone = first.engine.phone("1002", Behaviour.answers(1.0) if taken else Behaviour.rings())
    people.boris.press(people.callee, "*01")
    await asyncio.sleep(3)
    second = await after_a_kill(first)
    await asyncio.sleep(1)
    assert together(second, people.call, phone.calls[0] if taken else people.callee)
    assert phone.calls[0].state is (LegState.UP if taken else LegState.GONE)
    people.anna.hang_up(people.call)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()
