"""ADMIN-2, SIP-12, PRES-2: a carrier that has vanished costs one caller the wait, and no other."""

import asyncio

import pytest

from server.contract.queues import Queue
from server.contract.routing import EmergencyNumber, InboundRoute
from server.switch.port import LegState
from server.switch.simulated import Behaviour
from server.switch.simulated.engine import TIMER_B_S
from tests.server.flows.office import Office, office
from tests.server.flows.test_outside import OUTSIDE, calls_of, with_trunks
from tests.server.flows.test_ways import available, to, together
from tests.virtual_time import in_virtual_time

SILENT, ANSWERS = Behaviour.is_dead(), Behaviour.answers(1.0)


async def call(place: Office, dialled: str = OUTSIDE) -> tuple[float, str]:
    """Somebody calls outside; after how many seconds it is answered, over which trunk."""
    (anna,) = [phone for phone in place.engine.phones if phone.number == "1001"]
    began = asyncio.get_running_loop().time()
    dialog = anna.call(dialled)
    while dialog.state is not LegState.UP:
        await asyncio.sleep(0.1)
        assert dialog.ended is None
    over = next(
        name for name in ("one", "two") for out in calls_of(place, name) if together(place, dialog, out)
    )
    anna.hang_up(dialog)
    await place.idle()
    return asyncio.get_running_loop().time() - began, over


async def silenced(place: Office, *objects) -> None:
    """The carrier of the first trunk has vanished, which nobody knows yet but one caller."""
    await with_trunks(place, EmergencyNumber(number="112", trunks=("one", "two")), *objects)
    place.engine.phone("1001")
    place.engine.carriers["one"].behaviour = SILENT
    took_s, over = await call(place)
    assert (took_s > TIMER_B_S, over) == (True, "two")


@pytest.mark.parametrize("dialled", [OUTSIDE, "112"])
@in_virtual_time
async def test_the_next_caller_does_not_wait_for_a_carrier_that_was_silent_ADMIN_2_SIP_12(dialled):
    async with office() as place:
        await silenced(place)
        took_s, over = await call(place, dialled)
        assert (took_s < 3, over) == (True, "two")
        assert len(calls_of(place, "one")) == 1, "it is not even tried"


@in_virtual_time
async def test_a_mobile_beside_the_phones_and_that_of_an_agent_ring_over_the_other_trunk_PRES_2_Q_9():
    async with office() as place:
        queue = Queue(number="6400", static_agents=({"extension": "1002"},))
        await silenced(place, queue)
        place.extensions.put(place.extensions.known["1002"].model_copy(update={"mobile": OUTSIDE}))
        place.reaching.settings["1002"] = available(ring_mobile=True)
        took_s, over = await call(place, "1002")
        assert (took_s < 3, over) == (True, "two")


@pytest.mark.parametrize("sign", ["it calls", "it is told", "in time", "it answers"])
@in_virtual_time
async def test_a_carrier_that_is_heard_of_again_is_tried_first_again_ADMIN_2(sign):
    async with office() as place:
        inbound = InboundRoute(name="in", trunks=("one",), destination=to("extension:1001"))
        await silenced(place, inbound)
        one, two = place.engine.carriers["one"], place.engine.carriers["two"]
        one.behaviour = ANSWERS
        match sign:
            case "it calls":
                incoming = one.call("530335533", caller="777123456")
                await asyncio.sleep(1)
                one.hang_up(incoming)
            case "it is told":
                one.lose()
                one.back()
            case "in time":
                await asyncio.sleep(31)
            case "it answers":
                two.behaviour = Behaviour.refuses(503)
                assert (await call(place))[1] == "one", "it is tried all the same"
                two.behaviour = ANSWERS
        took_s, over = await call(place)
        assert (took_s < 3, over) == (True, "one")


@in_virtual_time
async def test_a_carrier_that_stays_silent_costs_ever_fewer_callers_the_wait_ADMIN_2():
    async with office() as place:
        await silenced(place)
        waits = 0
        for _ in range(60):  # one caller a minute, for an hour
            await asyncio.sleep(55)
            waits += (await call(place))[0] > 10
        assert 5 <= waits <= 14


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour.refuses(503, 15.0),
        Behaviour.refuses(408, 0.5),
        Behaviour(rings_after_s=15.0, refuses_after_s=40.0, refuses_with=408),
    ],
    ids=["refuses late", "says 408", "rings late, and nobody answers"],
)
@in_virtual_time
async def test_a_carrier_that_says_anything_is_tried_first_the_next_time_too_ADMIN_2(behaviour):
    async with office() as place:
        await with_trunks(place)
        place.engine.phone("1001")
        one = place.engine.carriers["one"]
        one.behaviour = behaviour
        assert (await call(place))[1] == "two"
        one.behaviour = ANSWERS
        assert (await call(place))[1] == "one"


@in_virtual_time
async def test_a_caller_who_gives_up_or_a_lost_engine_says_nothing_of_the_carrier_ADMIN_2():
    async with office() as place:
        await with_trunks(place)
        anna = place.engine.phone("1001")
        one = place.engine.carriers["one"]
        one.behaviour = SILENT
        dialog = anna.call(OUTSIDE)
        await asyncio.sleep(20)
        anna.hang_up(dialog)
        await place.idle()
        anna.call(OUTSIDE)
        await asyncio.sleep(20)
        place.switch.crash()
        place.switch.restart()
        await place.idle()
        one.behaviour = ANSWERS
        assert (await call(place))[1] == "one"
