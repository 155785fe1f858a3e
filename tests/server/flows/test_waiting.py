"""Waiting and releasing under cancellation: nothing is cut off half-way."""

import asyncio

import pytest

from server.flows.waiting import finish, first_gone, unless_gone
from server.switch.port import LegGone, LegState
from server.switch.simulated import Behaviour
from tests.server.flows.office import office
from tests.virtual_time import in_virtual_time


@in_virtual_time
async def test_finish_is_not_stopped_by_any_number_of_cancellations():
    done = []

    async def work():
        await asyncio.sleep(1)
        done.append("work")

    task = asyncio.ensure_future(finish(work(), timeout_s=5))
    for _ in range(3):
        await asyncio.sleep(0.1)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == ["work"]


@in_virtual_time
async def test_finish_gives_up_what_takes_too_long():
    began = asyncio.get_running_loop().time()
    await finish(asyncio.sleep(100), asyncio.sleep(1), timeout_s=5)
    assert asyncio.get_running_loop().time() - began == pytest.approx(5)


@in_virtual_time
async def test_unless_gone_cleans_up_the_work_before_it_returns():
    cleaned = []

    async def work():
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(0.01)
            cleaned.append(True)

    async with office() as place:
        dialog = place.engine.phone("1001").call("1002")
        leg = place.switch._leg(dialog)
        with pytest.raises(LegGone):
            await unless_gone(leg, work())
        assert cleaned == [True]


@in_virtual_time
async def test_first_gone_waits_for_either():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(0.1, hangs_up_after_s=1))
        call = anna.call("1002")
        await asyncio.sleep(0.5)
        legs = [place.switch._leg(dialog) for dialog in (call, boris.calls[0])]
        ended = await first_gone(*legs)
        assert not ended.by_us


@in_virtual_time
async def test_a_phone_whose_invite_seemed_to_fail_does_not_ring_on():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.rings())
        place.switch.answer_lost = True
        call = anna.call("1002")
        await asyncio.sleep(0.1)
        assert call.told == 503
        assert boris.calls[0].state is LegState.GONE


@in_virtual_time
async def test_a_bridge_whose_making_seemed_to_fail_is_used():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.answers(1.0, hangs_up_after_s=1))
        call = anna.call("1002")
        await asyncio.sleep(0.0231)  # the 180 was sent; the request for the bridge is next
        assert call.state is LegState.RINGING
        place.switch.answer_lost = True
        await asyncio.sleep(0.5)
        assert not place.switch.answer_lost
        await asyncio.sleep(1)
        assert call.state is LegState.UP
