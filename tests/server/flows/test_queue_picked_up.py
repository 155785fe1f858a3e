"""SIP-4 in queues: a colleague takes the call that rings at an agent, or waits; in virtual time."""

import asyncio

import pytest

from server.contract.agents import AgentState, QueueEnd
from server.contract.calls import Outcome
from server.contract.queues import QueueAgent
from server.switch.port import LegState, Reason
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, extension, office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_faults import FAULTS, at_each_moment, phones_of
from tests.server.flows.test_pickup import together
from tests.server.flows.test_queue import SALES, sales, set_up, state
from tests.virtual_time import in_virtual_time


async def anna_waits(place: Office, **more: object):
    """1001 waits in the queue of 1002 (by its static list) and 1003; it rings at 1002."""
    agents = {"dynamic_agents": [QueueAgent(extension="1003")], "retry_s": 60, "agent_timeout_s": 60} | more
    set_up(place, sales("1002", **agents))
    anna, boris = place.engine.phone("1001"), place.engine.phone("1002", Behaviour.rings())
    call = anna.call(SALES, name="Anna")
    await asyncio.sleep(1)
    return call, boris


def lines(place: Office) -> list[tuple[str | None, str]]:
    return [(line.agent, line.end.value) for line in place.queue_store.calls]


@pytest.mark.parametrize("code", ["*041002", "*4", "*046400"], ids=["agent", "group", "queue"])
@in_virtual_time
async def test_an_agent_takes_the_call_that_rings_at_another_and_has_answered_it_SIP_4(code):
    async with office() as place:
        call, boris = await anna_waits(place)
        cyril = place.engine.phone("1003")
        picker = cyril.call(code, name="Cyril")
        await asyncio.sleep(0.1)
        assert together(place, call, picker)
        assert call.music == ""
        assert boris.calls[0].why is Reason.ANSWERED_ELSEWHERE
        assert (state(place, "1002"), state(place, "1003")) == (AgentState.AVAILABLE, AgentState.TALKING)
        assert place.queues.acd.callers(SALES) == []
        await asyncio.sleep(10)
        cyril.hang_up(picker)
        await place.idle()
        assert state(place, "1003") is AgentState.LOGGED_OUT
        assert lines(place) == [("1003", "answered")]
        assert place.queue_store.calls[0].missed == ()
        assert round(place.queue_store.calls[0].talked_s) == 10
    assert place.log("1001") == [("outgoing", "1003", "answered", None)]
    assert place.log("1002") == [("incoming", "1001", "answered_elsewhere", None)]
    assert place.log("1003") == [("incoming", "1001", "answered", None)], "and no call to a code"


@pytest.mark.parametrize("code", ["*041002", "*4"])
@in_virtual_time
async def test_a_colleague_who_is_no_agent_takes_it_and_the_log_of_the_queue_says_so_SIP_4(code):
    async with office() as place:
        call, _ = await anna_waits(place)
        picker = place.engine.phone("1004").call(code)
        await asyncio.sleep(3)
        assert together(place, call, picker)
        place.engine.hang_up(picker, "normal")
        await place.idle()
        assert lines(place) == [("1004", "picked_up")]
    assert place.log("1002") == [("incoming", "1001", "answered_elsewhere", None)]
    assert place.log("1004") == [("incoming", "1001", "answered", None)]


@in_virtual_time
async def test_the_number_of_the_queue_takes_who_waits_longest_and_is_for_its_people_alone_Q_13():
    async with office() as place:
        first, boris = await anna_waits(place, managers=("1004",))
        boris.unregister()
        second = place.engine.phone("1001").call(SALES)
        await asyncio.sleep(1)
        assert place.queues.acd.callers(SALES)[0].ringing == (), "nobody is rung, and still they wait"
        place.extensions.put(extension("1005"))
        await asyncio.sleep(0.1)
        stranger = place.engine.phone("1005").call("*046400")
        await asyncio.sleep(0.5)
        assert stranger.told == 404
        taken = place.engine.phone("1003").call("*046400")
        await asyncio.sleep(0.5)
        assert together(place, first, taken)
        managed = place.engine.phone("1004").call("*046400")
        await asyncio.sleep(0.5)
        assert managed.state is second.state is LegState.UP
        nobody = place.engine.phone("1003").call("*046400")
        await asyncio.sleep(0.5)
        assert nobody.told == 404
        for dialog in (first, second):
            dialog.phone.hang_up(dialog)
        await place.idle()
        assert sorted(lines(place)) == [("1003", "answered"), ("1004", "picked_up")]


@in_virtual_time
async def test_all_who_are_rung_are_told_and_who_rings_takes_it_on_another_phone_SIP_4():
    async with office() as place:
        set_up(place, sales("1002", "1003", strategy="ring_all", agent_timeout_s=60))
        phones = [place.engine.phone(number, Behaviour.rings()) for number in ("1002", "1003")]
        call = place.engine.phone("1001").call(SALES)
        await asyncio.sleep(1)
        picker = place.engine.phone("1002").call("*041002")
        await asyncio.sleep(0.5)
        assert together(place, call, picker)
        assert [phone.calls[0].why for phone in phones] == [Reason.ANSWERED_ELSEWHERE] * 2
        call.phone.hang_up(call)
        await place.idle()
        assert lines(place) == [("1002", "answered")]
    assert place.log("1002") == [("incoming", "1001", "answered", None)]
    assert place.log("1003") == [("incoming", "1001", "answered_elsewhere", None)]


@in_virtual_time
async def test_of_an_agent_and_two_colleagues_in_one_moment_one_has_the_call_SIP_4():
    for answers_after_s in [1.0 + step * 0.0005 for step in range(12)]:
        async with office() as place:
            set_up(place, sales("1002", agent_timeout_s=60))
            boris = place.engine.phone("1002", Behaviour.answers(answers_after_s))
            call = place.engine.phone("1001").call(SALES)
            await asyncio.sleep(1)
            pickers = [place.engine.phone(number).call("*041002") for number in ("1003", "1004")]
            await asyncio.sleep(0.5)
            everybody = [boris.calls[0], *pickers]
            (winner,) = [dialog for dialog in everybody if dialog.state is LegState.UP]
            assert together(place, call, winner)
            assert [one.told for one in pickers if one is not winner].count(404) >= 1
            place.engine.hang_up(call, "normal")
            await place.idle()
            assert [agent for agent, _ in lines(place)] == [winner.number]


@in_virtual_time
async def test_a_colleague_who_hangs_up_at_once_costs_the_caller_nothing_SIP_4():
    for after_s in [step * 0.0005 for step in range(1, 10)]:
        async with office() as place:
            call, boris = await anna_waits(place)
            cyril = place.engine.phone("1003")
            picker = cyril.call("*041002")
            await asyncio.sleep(after_s)
            cyril.hang_up(picker)
            await asyncio.sleep(1)
            if call.state is LegState.UP:
                (waiting,) = place.queues.acd.callers(SALES)
                assert waiting.ringing == ("1002",), after_s
                assert boris.calls[-1].state is LegState.RINGING
                assert call.music == "default"
                call.phone.hang_up(call)
                await place.idle()
                assert lines(place) == [(None, "abandoned")]
            else:
                await place.idle()
                assert lines(place) == [("1003", "answered")], "they had talked already"


@in_virtual_time
async def test_a_caller_who_gives_up_in_that_moment_has_waited_in_vain_SIP_4():
    for after_s in (0.0005, 0.001, 0.0015):
        async with office() as place:
            call, _ = await anna_waits(place)
            picker = place.engine.phone("1003").call("*041002")
            await asyncio.sleep(after_s)
            call.phone.hang_up(call)
            await place.idle()
            assert picker.state is LegState.GONE
            assert lines(place) == [(None, "abandoned")]
        assert place.log("1002") == [("incoming", "1001", "missed", 487)]
        assert place.log("1003") == [("outgoing", "*041002", "failed", 404)]


@in_virtual_time
async def test_an_agent_declines_by_order_and_the_next_one_is_rung_SIP_11():
    async with office() as place:
        set_up(place, sales("1002", "1003", agent_timeout_s=60, strategy="linear"))
        boris, cyril = (place.engine.phone(number, Behaviour.rings()) for number in ("1002", "1003"))
        call = place.engine.phone("1001").call(SALES)
        await asyncio.sleep(1)
        (live,) = place.calls.live()
        await place.control.hang_up(live.call.id, "1002")
        await asyncio.sleep(1)
        assert boris.calls[0].state is LegState.GONE
        assert cyril.calls[0].state is LegState.RINGING
        call.phone.hang_up(call)
        await place.idle()
    assert [outcome for _, _, outcome, _ in place.log("1002")] == [Outcome.DECLINED]


async def pick_up_at_agent(place: Office) -> None:
    """1001 waits in a queue, 1002 rings, 1003 takes the call, and hangs up in the end."""
    place.configured.put(sales("1002", agent_timeout_s=5, max_wait_s=20))
    phones_of(place, "1001")[0].call(SALES)
    await asyncio.sleep(0.5)
    for cyril in phones_of(place, "1003"):
        picker = cyril.call("*041002")
        await asyncio.sleep(3)
        cyril.hang_up(picker)


RUNG = {
    "rings": Behaviour.rings(),
    "answers then": Behaviour.answers(0.5025, hangs_up_after_s=2.0),
    "refuses then": Behaviour.refuses(603, 0.5025),
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("rung", RUNG.values(), ids=RUNG.keys())
def test_a_fault_at_each_moment_of_a_pick_up_in_a_queue_leaves_nothing_behind_Q_11(rung, fault):
    at_each_moment(pick_up_at_agent, [("1002", rung), ("1003", Behaviour.rings())], fault, least=9)


@pytest.mark.parametrize("after_s", [0.0005, 0.0015, 0.0025, 0.0035, 0.0045, 0.006, 0.02, 0.5])
@in_virtual_time
async def test_a_queue_call_that_is_picked_up_survives_the_server_Q_11(after_s):
    """kill -9 at a moment of the pick-up: the two talk on, or the caller waits on at the old place."""
    first = Office()
    await first.start()
    call, _ = await anna_waits(first)
    behind = first.engine.phone("1001").call(SALES)
    await asyncio.sleep(0.5)
    cyril = first.engine.phone("1003")
    picker = cyril.call("*041002")
    await asyncio.sleep(after_s)
    second = await after_a_kill(first)
    await asyncio.sleep(1)
    if picker.state is not LegState.UP:
        assert picker.state is LegState.GONE, "it tries again"
        assert [one.position for one in second.queues.acd.callers(SALES)] == [1, 2]
        picker = cyril.call("*046400")
        await asyncio.sleep(0.5)
    assert together(second, call, picker)
    assert [one.position for one in second.queues.acd.callers(SALES)] == [1]
    cyril.hang_up(picker)
    behind.phone.hang_up(behind)
    await second.idle()
    second.assert_nothing_left()
    ends = {line.end for line in second.queue_store.calls}
    assert QueueEnd.ABANDONED in ends
    await second.stop()


@in_virtual_time
async def test_a_kill_before_who_picks_up_was_let_in_gives_the_place_back_Q_11():
    first = Office()
    await first.start()
    call, _ = await anna_waits(first)
    behind = first.engine.phone("1001").call(SALES)
    await asyncio.sleep(0.5)
    oldest, _ = first.queues.acd.callers(SALES)
    assert first.queues.picked_up(oldest.call, "1003"), "and the engine is slow to let 1003 in"
    await asyncio.sleep(0.5)
    second = await after_a_kill(first)
    await asyncio.sleep(1)
    assert [one.call == oldest.call for one in second.queues.acd.callers(SALES)] == [True, False]
    assert state(second, "1003") is AgentState.LOGGED_OUT
    for dialog in (call, behind):
        dialog.phone.hang_up(dialog)
    await second.idle()
    second.assert_nothing_left()
    assert [line.end for line in second.queue_store.calls] == [QueueEnd.ABANDONED] * 2
    await second.stop()
