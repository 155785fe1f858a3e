"""Q-11: what is true of an agent follows from phones, presence and servers, in virtual time."""

import asyncio

import pytest

from server.contract.agents import AgentState
from server.contract.presence import PresenceChange, PresenceStatus
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.server.flows.test_adoption import successor
from tests.server.flows.test_agent_codes import by_status
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


@pytest.mark.parametrize("returned", [True, False])
@in_virtual_time
async def test_a_status_that_comes_back_while_no_server_runs_switches_the_agent_PRES_5_PRES_6(returned):
    first = Office()
    await first.start()
    set_up(first, sales("1002"))
    first.engine.phone("1002")
    first.reaching.settings["1002"] = by_status(available="log_in", lunch_break="pause")
    await first.presence.change("1002", PresenceChange(status=PresenceStatus.LUNCH_BREAK))
    await asyncio.sleep(1)
    assert state(first, "1002") is AgentState.PAUSED
    second = successor(first)
    await first.killed()
    if returned:
        second.presence.chosen = {}
        second.presence.returned = {"1002"}
    await asyncio.sleep(3600)
    await second.start(restarted=False)
    assert state(second, "1002") is (AgentState.AVAILABLE if returned else AgentState.PAUSED)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()
