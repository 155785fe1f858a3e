"""SIP-4: conference rooms on the server, in virtual time."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.contract.conference import Conference
from server.flows.conference import ALONE, ASK_PIN, FULL, JOIN, WRONG_PIN
from server.switch.port import LegState
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_ways import forwards, together
from tests.virtual_time import in_virtual_time, run

ROOM = Conference(number="6600", max_members=3)


@in_virtual_time
async def test_all_who_dial_the_number_talk_with_each_other_SIP_4():
    async with office() as place:
        place.configuration.append(ROOM)
        phones = [place.engine.phone(number) for number in ("1001", "1002", "1003")]
        calls = []
        for phone in phones:
            calls.append(phone.call("6600"))
            await asyncio.sleep(5)
        assert together(place, *calls)
        assert [call.sounds for call in calls] == [[ALONE], [JOIN], [JOIN]]
        phones[0].hang_up(calls[0])
        await asyncio.sleep(1)
        assert together(place, *calls[1:])
        for phone, call in zip(phones[1:], calls[1:], strict=True):
            phone.hang_up(call)
        await place.idle()
        assert place.log("1001") == [("outgoing", "6600", "answered", None)]
        assert place.entry("1002").talk_s == pytest.approx(11, abs=1)


@in_virtual_time
async def test_who_is_alone_hears_music_and_nobody_else_SIP_4():
    async with office() as place:
        place.configuration.append(ROOM)
        anna, boris = place.engine.phone("1001"), place.engine.phone("1002")
        first = anna.call("6600")
        await asyncio.sleep(5)
        assert first.music
        second = boris.call("6600")
        await asyncio.sleep(2)
        assert (first.music, second.music) == ("", "")
        anna.hang_up(first)
        await asyncio.sleep(1)
        assert second.music
        boris.hang_up(second)


@in_virtual_time
async def test_a_pin_is_asked_of_everybody_and_three_wrong_ones_end_the_call_SIP_4():
    async with office() as place:
        place.configuration.append(ROOM)
        place.pins["6600"] = "4711"
        anna, boris = place.engine.phone("1001"), place.engine.phone("1002")
        inside = anna.call("6600")
        await asyncio.sleep(0.5)
        anna.press(inside, "4711#")
        await asyncio.sleep(6)
        assert inside.sounds == [ASK_PIN, ALONE]
        guesser = boris.call("6600")
        for guess in ("4710#", "471#", "#"):
            await asyncio.sleep(1)
            boris.press(guesser, guess)
            await asyncio.sleep(5)
        assert guesser.sounds == [ASK_PIN, WRONG_PIN] * 3
        assert guesser.state is LegState.GONE
        assert inside.music, "nobody came in"
        anna.hang_up(inside)


@in_virtual_time
async def test_a_room_that_is_full_says_so_SIP_4():
    async with office() as place:
        place.configuration.append(ROOM)
        phones = [place.engine.phone(number) for number in ("1001", "1002", "1003", "1004")]
        calls = []
        for phone in phones:
            calls.append(phone.call("6600"))
            await asyncio.sleep(5)
        assert calls[-1].sounds == [FULL]
        assert calls[-1].state is LegState.GONE
        assert together(place, *calls[:3])
        for phone, call in zip(phones[:3], calls[:3], strict=True):
            phone.hang_up(call)


@in_virtual_time
async def test_a_call_comes_to_a_room_by_transfer_and_by_forwarding_SIP_4_PRES_3():
    async with office() as place:
        place.configuration.append(ROOM)
        place.reaching.settings["1004"] = forwards(always="conference:6600")
        anna, cyril = place.engine.phone("1001"), place.engine.phone("1003")
        boris = place.engine.phone("1002", Behaviour.answers(0.5))
        first = anna.call("1002")
        await asyncio.sleep(1)
        boris.transfer(boris.calls[0], "6600")
        await asyncio.sleep(5)
        second = cyril.call("1004")
        await asyncio.sleep(5)
        assert together(place, first, second)
        anna.hang_up(first)
        cyril.hang_up(second)


@in_virtual_time
async def test_a_room_outlives_a_server_that_is_killed_OPS_1():
    first = Office()
    await first.start()
    first.configuration.append(ROOM)
    phones = [first.engine.phone(number) for number in ("1001", "1002", "1003")]
    calls = []
    for phone in phones[:2]:
        calls.append(phone.call("6600"))
        await asyncio.sleep(5)
    second = await after_a_kill(first)
    second.configuration.append(ROOM)
    assert together(second, *calls)
    assert [active.state for active in second.calls.active()] == ["talking", "talking"]
    calls.append(phones[2].call("6600"))
    await asyncio.sleep(5)
    assert together(second, *calls)
    for phone, call in zip(phones, calls, strict=True):
        phone.hang_up(call)
    await second.idle()
    second.assert_nothing_left()
    assert second.entry("1001").talk_s == pytest.approx(10 + 3 + 5, abs=1)
    await second.stop()


@given(
    st.lists(
        st.tuples(st.sampled_from(["1001", "1002", "1003", "1004"]), st.sampled_from([0.0, 0.003, 0.4, 5.0])),
        max_size=14,
    )
)
def test_whoever_comes_and_goes_those_inside_hear_each_other_and_nothing_is_left_SIP_4(steps):
    """Each step: this extension comes in, or leaves if it is there, so many seconds after the step before."""

    async def story():
        async with office() as place:
            place.configuration.append(Conference(number="6600", max_members=4))
            phones = {number: place.engine.phone(number) for number in ("1001", "1002", "1003", "1004")}
            inside = {}
            for number, after_s in steps:
                await asyncio.sleep(after_s)
                if number in inside:
                    phones[number].hang_up(inside.pop(number))
                else:
                    inside[number] = phones[number].call("6600")
            await asyncio.sleep(15)
            assert not inside or together(place, *inside.values())
            assert all(bool(call.music) == (len(inside) == 1) for call in inside.values())
            for number, call in inside.items():
                phones[number].hang_up(call)

    run(story())


@pytest.mark.parametrize(("secret", "why"), [("12", "3 to 15"), ("12a4", "pattern"), ("1" * 16, "pattern")])
def test_a_pin_has_three_to_fifteen_digits(secret, why):
    with pytest.raises(ValueError, match=why):
        Conference(number="6600", secret=secret)
