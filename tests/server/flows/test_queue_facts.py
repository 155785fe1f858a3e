"""Q-11: what is true of an agent follows from phones, presence and servers, in virtual time."""

import asyncio

from server.contract.agents import AgentState
from server.switch.simulated import Behaviour
from tests.server.flows.office import office
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
