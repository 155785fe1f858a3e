"""Q-11: what is true of an agent follows from phones, presence and servers, in virtual time."""

import asyncio

import pytest

from server.contract.agents import AgentState
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_queue import SALES, sales, set_up, state
from tests.virtual_time import in_virtual_time


@in_virtual_time
async def test_an_agent_none_of_whose_phones_answers_the_engine_is_unreachable_Q_11():
    async with office() as place:
        set_up(place, sales("1002", "1003"))
        silent = place.engine.phone("1002", Behaviour.is_dead(), reachable=False)
        assert state(place, "1002") is AgentState.UNREACHABLE
        cyril = place.engine.phone("1003", Behaviour.answers(0.5))
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(1)
        assert (silent.calls, len(cyril.calls)) == ([], 1)
        place.engine.phone("1002")
        assert state(place, "1002") is AgentState.AVAILABLE
        anna.hang_up(call)


@pytest.mark.parametrize("after_s", [0.0, 0.002, 0.004, 0.02])
@in_virtual_time
async def test_who_answers_as_the_server_is_killed_talks_however_long_none_runs_Q_9_Q_11(after_s):
    first = Office()
    await first.start()
    set_up(first, sales("1002", max_wait_s=5))
    boris, anna = first.engine.phone("1002"), first.engine.phone("1001")
    call = anna.call(SALES)
    await asyncio.sleep(1)
    boris.answer(boris.calls[0])
    await asyncio.sleep(after_s)
    second = await after_a_kill(first, down_s=25)
    await asyncio.sleep(1)
    assert [*second.engine.bridges.values()] == [{call.id, boris.calls[0].id}]
    assert state(second, "1002") is AgentState.TALKING
    boris.hang_up(boris.calls[0])
    await second.idle()
    assert state(second, "1002") is AgentState.AVAILABLE
    (line,) = second.queue_store.calls
    assert (line.end, line.agent) == ("answered", "1002")
    second.assert_nothing_left()
    await second.stop()
