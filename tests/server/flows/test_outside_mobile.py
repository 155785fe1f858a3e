"""PRES-2: the mobile rings beside the phones; in virtual time."""

import asyncio

import pytest

from server.switch.port import LegState, Reason
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.server.flows.test_outside import calls_of, with_trunks
from tests.server.flows.test_ways import available, together
from tests.virtual_time import in_virtual_time


@in_virtual_time
async def test_the_mobile_rings_beside_the_phones_and_either_may_answer_PRES_2():
    async with office() as place:
        await with_trunks(place)
        place.extensions.put(place.extensions.known["1002"].model_copy(update={"mobile": "777 123 111"}))
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.rings())
        place.reaching.settings["1002"] = available(ring_mobile=True).model_copy(
            update={"mobile_prefix": "00420"}
        )
        call = anna.call("1002")
        await asyncio.sleep(0.5)
        assert boris.calls[0].state is LegState.RINGING
        await asyncio.sleep(1)
        assert together(place, call, calls_of(place, "one")[0])
        assert boris.calls[0].state is LegState.GONE
        anna.hang_up(call)
        await place.idle()
        assert place.log("1002") == [("incoming", "1001", "answered", None)]


@in_virtual_time
async def test_the_mobile_is_waited_for_when_the_phones_have_refused_PRES_2():
    """A mobile network says nothing for some seconds, and then it rings."""
    async with office() as place:
        await with_trunks(place)
        place.engine.carriers["one"].behaviour = Behaviour(rings_after_s=8.0, answers_after_s=12.0)
        place.extensions.put(place.extensions.known["1002"].model_copy(update={"mobile": "00420777123111"}))
        place.reaching.settings["1002"] = available(ring_mobile=True)
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.refuses(486))
        call = anna.call("1002")
        await asyncio.sleep(13)
        assert together(place, call, calls_of(place, "one")[0])
        anna.hang_up(call)


MOBILE = "00420777123111"


async def with_mobile(place: Office) -> None:
    """The mobile of 1002 rings beside its phones; two trunks lead there."""
    await with_trunks(place)
    place.extensions.put(place.extensions.known["1002"].model_copy(update={"mobile": MOBILE}))
    place.reaching.settings["1002"] = available(ring_mobile=True)


@pytest.mark.parametrize("code", [503, 500])
@in_virtual_time
async def test_the_mobile_is_tried_over_the_next_trunk_while_the_phones_ring_on_PRES_2(code):
    async with office() as place:
        await with_mobile(place)
        place.engine.carriers["one"].behaviours[MOBILE] = Behaviour.refuses(code)
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.rings())
        call = anna.call("1002")
        await asyncio.sleep(0.5)
        assert boris.calls[0].state is LegState.RINGING
        await asyncio.sleep(2)
        assert together(place, call, calls_of(place, "two")[0])
        assert calls_of(place, "two")[0].caller == calls_of(place, "one")[0].caller
        assert [each.why for each in boris.calls] == [Reason.ANSWERED_ELSEWHERE]
        anna.hang_up(call)
        await place.idle()
        assert place.log("1002") == [("incoming", "1001", "answered", None)]


@pytest.mark.parametrize(("code", "told"), [(486, 486), (480, 480), (404, 404)])
@in_virtual_time
async def test_what_the_network_says_of_the_mobile_is_its_answer_PRES_2(code, told):
    """Only what the trunk is at fault for is tried elsewhere."""
    async with office() as place:
        await with_mobile(place)
        place.engine.carriers["one"].behaviours[MOBILE] = Behaviour.refuses(code)
        call = place.engine.phone("1001").call("1002")
        await asyncio.sleep(3)
        assert call.told == told
        assert calls_of(place, "two") == []


@in_virtual_time
async def test_when_every_trunk_to_the_mobile_fails_the_phones_ring_on_PRES_2():
    async with office() as place:
        await with_mobile(place)
        for trunk in ("one", "two"):
            place.engine.carriers[trunk].behaviours[MOBILE] = Behaviour.refuses(503)
        boris = place.engine.phone("1002", Behaviour.answers(8.0))
        anna = place.engine.phone("1001")
        call = anna.call("1002")
        await asyncio.sleep(6)
        assert [len(calls_of(place, trunk)) for trunk in ("one", "two")] == [1, 1]
        assert boris.calls[0].state is LegState.RINGING
        await asyncio.sleep(3)
        assert together(place, call, boris.calls[0])
        anna.hang_up(call)


@in_virtual_time
async def test_the_mobile_does_not_ring_over_the_next_trunk_once_a_phone_was_answered_PRES_2():
    async with office() as place:
        await with_mobile(place)
        place.engine.carriers["one"].behaviours[MOBILE] = Behaviour.refuses(503, 3.0)
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        anna = place.engine.phone("1001")
        call = anna.call("1002")
        await asyncio.sleep(6)
        assert together(place, call, boris.calls[0])
        assert calls_of(place, "two") == []
        anna.hang_up(call)


@in_virtual_time
async def test_the_mobile_over_the_next_trunk_is_given_up_with_the_call_PRES_2():
    async with office() as place:
        await with_mobile(place)
        place.engine.carriers["one"].behaviours[MOBILE] = Behaviour.refuses(503)
        place.engine.carriers["two"].behaviours[MOBILE] = Behaviour.rings()
        boris = place.engine.phone("1002", Behaviour.answers(4.0))
        anna = place.engine.phone("1001")
        call = anna.call("1002")
        await asyncio.sleep(3)
        (mobile,) = calls_of(place, "two")
        assert mobile.state is LegState.RINGING
        await asyncio.sleep(2)
        assert together(place, call, boris.calls[0])
        assert mobile.state is LegState.GONE
        anna.hang_up(call)
