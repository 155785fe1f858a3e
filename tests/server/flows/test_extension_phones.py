"""SIP-1, SIP-3: several phones of one extension, and those that refuse or are silent; in virtual time."""

import asyncio

import pytest

from server.flows.fork import SILENCE_S
from server.switch.port import LegState, Reason
from server.switch.simulated import Behaviour
from tests.server.flows.office import office
from tests.virtual_time import in_virtual_time


@pytest.mark.parametrize("after_s", [0.6, 3.0], ids=["far", "or stands still"])
@in_virtual_time
async def test_a_phone_far_away_is_told_that_another_one_was_quicker_SIP_3(after_s):
    """RFC 3261, 9.1: a CANCEL waits for the first response; one that had to wait says no reason any more."""
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.answers(0.1, hangs_up_after_s=5))
        far = place.engine.phone("1002", Behaviour(rings_after_s=after_s))
        anna.call("1002")
        await asyncio.sleep(after_s - 0.1)
        assert far.calls[0].state is LegState.NEW, "nothing is sent to it before it has responded"
        await asyncio.sleep(0.2)
        assert far.calls[0].state is LegState.GONE
        assert far.calls[0].why is Reason.ANSWERED_ELSEWHERE


@in_virtual_time
async def test_when_two_phones_answer_in_one_moment_exactly_one_gets_the_call():
    async with office() as place:
        anna = place.engine.phone("1001")
        phones = [place.engine.phone("1002", Behaviour.answers(1.0)) for _ in range(3)]
        call = anna.call("1002")
        await asyncio.sleep(1.5)
        up = [phone for phone in phones if phone.calls[0].state is LegState.UP]
        assert len(up) == 1
        assert [*place.engine.bridges.values()] == [{call.id, up[0].calls[0].id}]
        anna.hang_up(call)


@pytest.mark.parametrize("code", [486, 603])
def test_a_phone_that_is_silent_does_not_hold_up_the_refusal_of_the_only_one_that_spoke_SIP_3(code):
    @in_virtual_time
    async def scenario():
        async with office() as place:
            anna = place.engine.phone("1001")
            dead = place.engine.phone("1002", Behaviour.is_dead())
            place.engine.phone("1002", Behaviour.refuses(code, 0.1))
            call = anna.call("1002")
            await asyncio.sleep(SILENCE_S - 0.5)
            assert call.told is None, "it may only be slow"
            await asyncio.sleep(1)
            assert call.told == code
            assert dead.calls[0].state is LegState.GONE

    scenario()


@in_virtual_time
async def test_a_refusal_that_comes_later_than_that_is_told_at_once():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.is_dead())
        place.engine.phone("1002", Behaviour.refuses(603, 10.0))
        call = anna.call("1002")
        await asyncio.sleep(9.9)
        assert call.state is LegState.RINGING
        await asyncio.sleep(0.2)
        assert call.told == 603


@in_virtual_time
async def test_a_phone_that_rings_counts_whatever_another_refuses_SIP_3():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.is_dead())
        place.engine.phone("1002", Behaviour.refuses(486))
        boris = place.engine.phone("1002", Behaviour(rings_after_s=SILENCE_S - 0.1))
        call = anna.call("1002")
        await asyncio.sleep(20)
        boris.answer(boris.calls[0])
        await asyncio.sleep(0.1)
        assert call.state is LegState.UP
        anna.hang_up(call)


@pytest.mark.parametrize("code", [408, 503])
def test_a_phone_that_could_not_be_reached_does_not_shorten_the_time_of_a_slow_one(code):
    @in_virtual_time
    async def scenario():
        async with office() as place:
            anna = place.engine.phone("1001")
            place.engine.phone("1002", Behaviour.refuses(code))
            boris = place.engine.phone("1002", Behaviour(rings_after_s=SILENCE_S + 5))
            call = anna.call("1002")
            await asyncio.sleep(SILENCE_S + 6)
            assert boris.calls[0].state is LegState.RINGING
            anna.hang_up(call)

    scenario()


@in_virtual_time
async def test_a_refusal_on_one_phone_leaves_the_others_ringing():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.refuses(603))
        place.engine.phone("1002", Behaviour.refuses(486))
        place.engine.phone("1002", Behaviour.answers(3.0, hangs_up_after_s=1))
        call = anna.call("1002")
        await asyncio.sleep(3.5)
        assert call.state is LegState.UP


@in_virtual_time
async def test_a_decision_of_a_person_outweighs_busy_when_all_refuse():
    """RFC 3261, 16.7: 6xx first."""
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.refuses(486))
        place.engine.phone("1002", Behaviour.refuses(603))
        call = anna.call("1002")
        await asyncio.sleep(1)
        assert call.told == 603


@in_virtual_time
async def test_a_phone_that_does_not_respond_to_checks_is_rung_only_for_want_of_a_better_one():
    async with office() as place:
        anna = place.engine.phone("1001")
        weak = place.engine.phone("1002", Behaviour.rings(), reachable=False)
        call = anna.call("1002")
        await asyncio.sleep(0.5)
        assert len(weak.calls) == 1
        anna.hang_up(call)
        await asyncio.sleep(0.5)
        good = place.engine.phone("1002", Behaviour.rings())
        call = anna.call("1002")
        await asyncio.sleep(0.5)
        assert (len(good.calls), len(weak.calls)) == (1, 1)
        anna.hang_up(call)


@in_virtual_time
async def test_a_phone_that_registered_a_moment_ago_rings_though_the_switch_has_not_told_of_it_SIP_1():
    async with office() as place:
        anna = place.engine.phone("1001")
        phones = [place.engine.phone("1002", Behaviour.answers(1.0), told_after_s=0.5) for _ in range(2)]
        assert place.switch.contacts("1002") == ()
        call = anna.call("1002")
        await asyncio.sleep(0.1)
        assert [len(phone.calls) for phone in phones] == [1, 1]
        await asyncio.sleep(2)
        assert call.state is LegState.UP
        anna.hang_up(call)
        await place.idle()
        assert place.log("1002") == [("incoming", "1001", "answered", None)]


@in_virtual_time
async def test_a_phone_that_took_the_place_of_a_silent_one_rings_though_nobody_told_of_it_SIP_1():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.is_dead())
        boris = place.engine.phone("1002", Behaviour.answers(1.0), told_after_s=30)
        assert len(place.switch.contacts("1002")) == 1
        call = anna.call("1002")
        await asyncio.sleep(0.5)
        assert len(boris.calls) == 1
        await asyncio.sleep(1)
        assert call.state is LegState.UP
        anna.hang_up(call)
        await place.idle()
        assert place.log("1002") == [("incoming", "1001", "answered", None)]


@in_virtual_time
async def test_silence_of_the_only_phone_is_no_answer_still():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.is_dead())
        anna.call("1002")
        await place.idle()
        assert place.log("1001") == [("outgoing", "1002", "no_answer", 480)]
