"""A.3: the server killed in the middle of calls, and the engine killed under the server."""

import asyncio
import contextlib

import pytest

from server.contract.extensions import CallState
from server.rules.outcomes import Ending
from server.switch.port import Ended, LegState, Party, Reason
from server.switch.simulated import Behaviour
from tests.server.flows.office import RING_S, Office, office
from tests.virtual_time import in_virtual_time, run


async def after_a_kill(before: Office, *, down_s: float = 3.0, meanwhile=lambda: None) -> Office:
    """The server of this office is killed; another one comes up after `down_s`; what happens `meanwhile`."""
    after = successor(before)
    await before.killed()
    meanwhile()
    await asyncio.sleep(down_s)
    await after.start(restarted=not before.engine.up)
    return after


def successor(before: Office) -> Office:
    """The next server process of this office, not started yet."""
    after = Office(
        engine=before.engine,
        store=before.store,
        extensions=before.extensions,
        tapes=before.tapes,
        files=before.files,
        voicemail=before.voicemail,
        queue_store=before.queue_store,
        emergency_store=before.emergency_store,
    )
    after.configuration = after.configured.objects = before.configuration
    after.reaching.settings = before.reaching.settings
    after.presence.chosen = before.presence.chosen
    after.pins.update(before.pins)
    return after


@in_virtual_time
async def test_a_conversation_survives_the_server_and_is_logged_with_its_true_start():
    first = Office()
    await first.start()
    anna = first.engine.phone("1001")
    first.engine.phone("1002", Behaviour.answers(2.0))
    call = anna.call("1002", name="Anna")
    await asyncio.sleep(10)
    second = await after_a_kill(first)
    assert call.state is LegState.UP
    assert second.state("1001") is second.state("1002") is CallState.TALKING
    assert [(active.caller, active.state) for active in second.calls.active()] == [("1001", "talking")]
    await asyncio.sleep(7)
    anna.hang_up(call)
    await second.idle()
    second.assert_nothing_left()
    entry = second.entry("1002")
    assert entry.outcome == "answered"
    assert entry.talk_s == pytest.approx(8 + 3 + 7, abs=0.2)
    await second.stop()


@in_virtual_time
async def test_two_who_had_answered_but_were_not_yet_together_hear_each_other_after_the_restart():
    first = Office()
    await first.start()
    anna = first.engine.phone("1001")
    boris = first.engine.phone("1002", Behaviour.answers(1.0))
    call = anna.call("1002")
    await asyncio.sleep(5)
    first.engine.bridges.clear()
    second = await after_a_kill(first)
    await asyncio.sleep(0.1)
    assert [*second.engine.bridges.values()] == [{call.id, boris.calls[0].id}]
    anna.hang_up(call)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()


@in_virtual_time
async def test_a_call_that_rang_goes_on_ringing_and_can_be_answered():
    first = Office()
    await first.start()
    anna = first.engine.phone("1001")
    boris = first.engine.phone("1002", Behaviour.rings())
    call = anna.call("1002")
    await asyncio.sleep(5)
    second = await after_a_kill(first)
    assert second.state("1002") is CallState.RINGING
    boris.answer(boris.calls[0])
    await asyncio.sleep(0.1)
    assert call.state is LegState.UP
    assert [*second.engine.bridges.values()] == [{call.id, boris.calls[0].id}]
    boris.hang_up(boris.calls[0])
    await second.idle()
    second.assert_nothing_left()
    assert second.log("1001") == [("outgoing", "1002", "answered", None)]
    await second.stop()


@in_virtual_time
async def test_a_phone_that_answered_while_no_server_was_there_gets_its_caller():
    first = Office()
    await first.start()
    anna = first.engine.phone("1001")
    first.engine.phone("1002", Behaviour.answers(6.0))
    other = first.engine.phone("1002", Behaviour.rings())
    call = anna.call("1002")
    await asyncio.sleep(5)
    second = await after_a_kill(first)
    await asyncio.sleep(0.1)
    assert call.state is LegState.UP
    assert other.calls[0].why is Reason.ANSWERED_ELSEWHERE
    anna.hang_up(call)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()


@in_virtual_time
async def test_the_ring_time_goes_on_over_the_restart():
    first = Office()
    await first.start()
    anna = first.engine.phone("1001")
    first.engine.phone("1002", Behaviour.rings())
    call = anna.call("1002")
    await asyncio.sleep(20)
    second = await after_a_kill(first, down_s=5.0)
    await asyncio.sleep(RING_S - 26)
    assert call.state is LegState.RINGING
    await asyncio.sleep(2)
    assert call.told == 480
    await second.idle()
    assert second.log("1002") == [("incoming", "1001", "missed", 480)]
    second.assert_nothing_left()
    await second.stop()


@in_virtual_time
async def test_an_answer_is_not_lost_because_the_ring_time_ran_out_during_the_restart():
    first = Office()
    await first.start()
    anna = first.engine.phone("1001")
    first.engine.phone("1002", Behaviour.answers(28.0))
    call = anna.call("1002")
    await asyncio.sleep(27)
    second = await after_a_kill(first, down_s=7.0)
    await asyncio.sleep(0.5)
    assert call.state is LegState.UP
    anna.hang_up(call)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()


@in_virtual_time
async def test_calls_that_ended_while_no_server_was_there_are_closed_in_the_log():
    first = Office()
    await first.start()
    anna, cyril = first.engine.phone("1001"), first.engine.phone("1003")
    first.engine.phone("1002", Behaviour.answers(1.0))
    first.engine.phone("1004", Behaviour.rings())
    talking, ringing = anna.call("1002"), cyril.call("1004")
    await asyncio.sleep(5)
    store = first.store
    await first.killed()
    anna.hang_up(talking)
    cyril.hang_up(ringing)
    await asyncio.sleep(1)
    second = Office(engine=first.engine, store=store, extensions=first.extensions)
    await second.start(restarted=False)
    await second.idle()
    await asyncio.sleep(0.1)
    second.assert_nothing_left()
    assert second.log("1001") == [("outgoing", "1002", "answered", None)]
    assert second.log("1004") == [("incoming", "1003", "missed", None)]
    assert (second.entry("1002").ended_at - second.entry("1002").started_at).total_seconds() == pytest.approx(
        6, abs=0.1
    )
    await second.stop()


@in_virtual_time
async def test_a_conversation_that_was_not_written_yet_goes_on_and_is_logged_LOG_1():
    """Killed right after the answer: the engine knows what the database never heard of."""
    first = Office()
    await first.start()
    anna = first.engine.phone("1001")
    boris = first.engine.phone("1002", Behaviour.answers(0.01))
    call = anna.call("1002", name="Anna")
    await asyncio.sleep(0.03)
    assert first.store.calls == {}
    assert [*first.engine.bridges.values()] == [{call.id, boris.calls[0].id}]
    second = await after_a_kill(first)
    await asyncio.sleep(1)
    assert call.state is boris.calls[0].state is LegState.UP
    assert [*second.engine.bridges.values()] == [{call.id, boris.calls[0].id}]
    assert [(active.caller, active.dialled, active.state) for active in second.calls.active()] == [
        ("1001", "1002", "talking")
    ]
    anna.hang_up(call)
    await second.idle()
    second.assert_nothing_left()
    assert second.log("1001") == [("outgoing", "1002", "answered", None)]
    assert second.log("1002") == [("incoming", "1001", "answered", None)]
    assert (second.entry("1001").name, second.entry("1002").name) == ("Boris", "Anna")
    await second.stop()


@in_virtual_time
async def test_a_call_that_was_not_written_yet_goes_on_ringing_LOG_1():
    first = Office()
    await first.start()
    anna = first.engine.phone("1001")
    phones = [first.engine.phone("1002", Behaviour.rings()) for _ in range(2)]
    call = anna.call("1002")
    await asyncio.sleep(0.03)
    assert first.store.calls == {}
    second = await after_a_kill(first)
    await asyncio.sleep(0.1)
    assert second.state("1002") is CallState.RINGING
    phones[1].answer(phones[1].calls[0])
    await asyncio.sleep(0.1)
    assert call.state is LegState.UP
    assert phones[0].calls[0].why is Reason.ANSWERED_ELSEWHERE
    anna.hang_up(call)
    await second.idle()
    second.assert_nothing_left()
    assert second.log("1002") == [("incoming", "1001", "answered", None)]
    await second.stop()


@pytest.mark.parametrize(
    ("answers", "who", "caller", "callee", "code"),
    [
        (True, "caller", "answered", "answered", None),
        (True, "callee", "answered", "answered", None),
        (False, "caller", "failed", "missed", None),
        (False, "callee", "no_answer", "missed", 480),  # it rings anew there
    ],
)
def test_of_a_call_that_was_not_written_yet_one_side_is_gone_LOG_1(answers, who, caller, callee, code):
    @in_virtual_time
    async def scenario():
        first = Office()
        await first.start()
        anna = first.engine.phone("1001")
        answers_after_s = 0.01 if answers else None
        boris = first.engine.phone("1002", Behaviour(rings_after_s=0.0, answers_after_s=answers_after_s))
        call = anna.call("1002")
        await asyncio.sleep(0.03)
        assert first.store.calls == {}
        store = first.store
        await first.killed()
        first.engine.end(call if who == "caller" else boris.calls[0], Ended())
        second = Office(engine=first.engine, store=store, extensions=first.extensions)
        await second.start(restarted=False)
        await asyncio.sleep(0.1)
        await second.idle()
        second.assert_nothing_left()
        assert second.log("1001") == [("outgoing", "1002", caller, code)]
        assert second.log("1002") == [("incoming", "1001", callee, code)]
        await second.stop()

    scenario()


@in_virtual_time
async def test_what_is_left_of_a_call_that_is_in_the_log_is_removed_and_not_logged_again_LOG_1():
    """Killed while it hung up, after the end was written."""
    first = Office()
    await first.start()
    anna = first.engine.phone("1001")
    boris = first.engine.phone("1002", Behaviour.answers(0.5))
    call = anna.call("1002")
    await asyncio.sleep(2)
    (live,) = first.calls._desk.calls()
    live.ended(Ending.ANSWERED)
    await asyncio.sleep(0.2)
    assert len(first.store.log) == 2
    ended_at = first.entry("1001").ended_at
    second = await after_a_kill(first)
    await asyncio.sleep(0.1)
    assert call.state is boris.calls[0].state is LegState.GONE
    await second.idle()
    second.assert_nothing_left()
    assert second.entry("1001").ended_at == ended_at
    await second.stop()


@in_virtual_time
async def test_legs_and_bridges_that_no_call_made_are_removed():
    first = Office()
    await first.start()
    boris = first.engine.phone("1002", Behaviour.answers(0.01))
    await first.switch.dial(boris.contact, leg_id="stray", caller=Party("1001"), timeout_s=60)
    await first.switch.bridge("stray bridge")
    await asyncio.sleep(1)
    second = await after_a_kill(first)
    await asyncio.sleep(0.1)
    assert boris.calls[0].state is LegState.GONE
    second.assert_nothing_left()
    assert second.store.calls == {}
    await second.stop()


KILLED_CALLS = {
    "answered": [Behaviour.answers(0.004), Behaviour.rings()],
    "ringing": [Behaviour.rings(), Behaviour.rings()],
    "two answers": [Behaviour.answers(0.004), Behaviour.answers(0.004)],
    "refused": [Behaviour.refuses(603, 0.004)],
}


async def killed_at(behaviours, at: int) -> int:
    """One call, the server killed at this moment with a request under way; returns how many there were."""
    first = Office()
    await first.start()
    anna = first.engine.phone("1001")
    for behaviour in behaviours:
        first.engine.phone("1002", behaviour)
    begin, kill = first.switch.points, asyncio.Event()

    def strike(point: int) -> None:
        if point - begin == at:
            first.switch.fault = None
            kill.set()

    first.switch.fault = strike
    call = anna.call("1002")
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(kill.wait(), 1.0)
    moments = first.switch.points - begin
    was_there = call.state is not LegState.GONE
    second = await after_a_kill(first, down_s=0.5)
    await asyncio.sleep(1)
    stands = call.state is LegState.UP
    if stands:
        (members,) = second.engine.bridges.values()
        assert call.id in members
        assert len(members) == 2, "the caller talks to nobody"
        anna.hang_up(call)
    await asyncio.sleep(RING_S + 5)
    await second.idle()
    second.assert_nothing_left()
    logs = [len(second.log(number)) for number in ("1001", "1002")]
    assert logs == [1, 1] if was_there else logs in ([1, 1], [0, 0])
    if stands:
        assert second.entry("1001").outcome == "answered"
    await second.stop()
    return moments


@pytest.mark.parametrize("behaviours", KILLED_CALLS.values(), ids=KILLED_CALLS.keys())
def test_a_kill_at_each_moment_of_a_young_call_leaves_one_entry_a_side_and_nothing_else_LOG_1(behaviours):
    moments = run(killed_at(behaviours, at=-1))
    assert moments >= 4
    for at in range(1, moments + 1):
        run(killed_at(behaviours, at))


@in_virtual_time
async def test_a_second_kill_changes_nothing():
    first = Office()
    await first.start()
    anna = first.engine.phone("1001")
    first.engine.phone("1002", Behaviour.answers(1.0))
    call = anna.call("1002")
    await asyncio.sleep(5)
    third = await after_a_kill(await after_a_kill(first))
    anna.hang_up(call)
    await third.idle()
    third.assert_nothing_left()
    assert len(third.store.log) == 2
    assert third.entry("1001").talk_s == pytest.approx(10, abs=0.1)
    await third.stop()


@in_virtual_time
async def test_an_engine_crash_ends_every_call_and_unknown_is_shown_until_it_is_back_KEY_5():
    async with office() as place:
        anna, cyril = place.engine.phone("1001"), place.engine.phone("1003")
        place.engine.phone("1002", Behaviour.answers(1.0))
        place.engine.phone("1004", Behaviour.rings())
        anna.call("1002")
        cyril.call("1004")
        await asyncio.sleep(5)
        place.switch.crash()
        assert {state.call for state in place.states.all().values()} == {CallState.UNKNOWN}
        assert {state.registered for state in place.states.all().values()} == {None}
        await asyncio.sleep(3)
        assert place.calls.active() == []
        place.switch.restart()
        assert {state.call for state in place.states.all().values()} == {CallState.IDLE}
        assert {state.registered for state in place.states.all().values()} == {True}
        await place.idle()
        assert place.log("1001") == [("outgoing", "1002", "answered", None)]
        assert place.log("1003") == [("outgoing", "1004", "failed", None)]
        assert place.log("1004") == [("incoming", "1003", "missed", None)]


@in_virtual_time
async def test_a_broken_connection_to_the_engine_costs_no_conversation():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.answers(1.0))
        call = anna.call("1002")
        await asyncio.sleep(5)
        place.switch.disconnect()
        await asyncio.sleep(2)
        place.switch.connect(restarted=False)
        await asyncio.sleep(1)
        assert call.state is LegState.UP
        assert place.state("1001") is CallState.TALKING
        anna.hang_up(call)


@in_virtual_time
async def test_what_ended_behind_a_broken_connection_is_noticed_when_it_is_back():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        call = anna.call("1002")
        await asyncio.sleep(5)
        place.switch.disconnect()
        anna.hang_up(call)
        await asyncio.sleep(2)
        place.switch.connect(restarted=False)
        await asyncio.sleep(0.1)
        assert boris.calls[0].state is LegState.GONE
