"""BOSS-3, BOSS-4: the boss takes what the secretary holds; in virtual time."""

import asyncio
import contextlib
from dataclasses import replace

import pytest

from server.contract.recording import RecordingRule
from server.flows.spoken import PAUSE
from server.rules.outcomes import Ending
from server.switch.port import LegState, Sound
from tests.server.flows.office import Office, office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_boss_secretary import ANSWERS, OFF, ON, Firm
from tests.server.flows.test_parking import together
from tests.virtual_time import in_virtual_time, run


@in_virtual_time
async def test_a_program_takes_the_call_for_the_boss_whose_phone_rings_first_BOSS_4():
    async with office() as place:
        firm = Firm(place)
        firm.boris.behaviour = ANSWERS
        call, at_secretary = await firm.held()
        await place.control.make("1002", "*591003")
        await asyncio.sleep(1)
        assert together(place, call, firm.boris.calls[0])
        assert at_secretary.state is LegState.GONE
        firm.anna.hang_up(call)


@in_virtual_time
async def test_of_two_held_calls_the_boss_gets_the_older_one_BOSS_4():
    async with office() as place:
        firm = Firm(place)
        first, at_first = await firm.held()
        second, at_second = await firm.held(firm.dana)
        assert firm.waiting() == ["1001", "1004"]
        firm.cyril.resume(at_first)
        await asyncio.sleep(1)
        assert (firm.state(), firm.waiting()) == ("held", ["1004", "1001"])
        firm.cyril.hold(at_first)
        await asyncio.sleep(1)
        assert firm.waiting() == ["1004", "1001"], "held longest without a break"
        taken = firm.boris.call("*591003")
        await asyncio.sleep(0.2)
        assert {taken.id, second.id} in place.engine.bridges.values()
        assert (firm.state(), firm.waiting()) == ("held", ["1001"])
        again = firm.boris.call("*591003")
        await asyncio.sleep(0.2)
        assert {again.id, first.id} in place.engine.bridges.values()
        assert firm.state() == "idle"
        assert (at_first.state, at_second.state) == (LegState.GONE, LegState.GONE)
        for dialog in (taken, again):
            firm.boris.hang_up(dialog)


@in_virtual_time
async def test_a_caller_who_hangs_up_while_held_is_gone_and_nothing_is_switched_BOSS_2():
    async with office() as place:
        firm = Firm(place)
        call, _ = await firm.held()
        firm.anna.hang_up(call)
        await asyncio.sleep(0.5)
        assert firm.state() == "idle"
        late = firm.boris.call("*591003")
        await asyncio.sleep(0.5)
        assert late.told == 404, "a moment too late: the key was flashing"
        assert firm.state() == "idle"
        await asyncio.sleep(5)
        switched = firm.boris.call("*591003")
        await asyncio.sleep(6)
        assert switched.sounds == [PAUSE, Sound.digits("1003"), *OFF]
        assert firm.state() == "off"


@in_virtual_time
async def test_a_boss_who_hangs_up_before_the_connection_leaves_the_call_held_BOSS_4():
    async with office() as place:
        firm = Firm(place)
        call, at_secretary = await firm.held()
        taken = firm.boris.call("*591003")
        await asyncio.sleep(0.0015)
        firm.boris.hang_up(taken)
        await asyncio.sleep(0.5)
        assert firm.state() == "held"
        assert {call.id, at_secretary.id} in place.engine.bridges.values()
        again = firm.boris.call("*591003")
        await asyncio.sleep(0.5)
        assert together(place, call, again)
        firm.boris.hang_up(again)


@in_virtual_time
async def test_the_pair_is_switched_off_and_on_by_the_code_and_told_BOSS_2():
    async with office() as place:
        firm = Firm(place)
        for state, said in (("off", OFF), ("idle", ON)):
            call = firm.boris.call("*591003")
            await asyncio.sleep(6)
            assert call.sounds == [PAUSE, Sound.digits("1003"), *said]
            assert firm.state() == state
        assert place.configured.changed_by == ["1002", "1002"]


@in_virtual_time
async def test_what_the_secretary_holds_is_seen_also_if_her_former_call_ends_late_BOSS_3():
    """After a transfer the same leg is in another call; that the old one is over comes in either order."""
    async with office() as place:
        firm = Firm(place)
        call, at_secretary = await firm.answered()
        (live,) = place.calls.live()
        former = replace(live.call, id="f" * 32)
        place.pairs.follow(former)
        place.pairs.follow(live.call)
        place.pairs.follow(replace(former, ending=Ending.ANSWERED))
        firm.cyril.hold(at_secretary)
        await asyncio.sleep(0.1)
        assert (firm.state(), firm.waiting()) == ("held", ["1001"])
        firm.anna.hang_up(call)


@in_virtual_time
async def test_a_secretary_who_goes_on_at_another_phone_still_has_the_call_BOSS_3():
    async with office() as place:
        firm = Firm(place)
        call, at_secretary = await firm.answered()
        second = place.engine.phone("1003", ANSWERS)
        firm.cyril.press(at_secretary, "*01")
        await asyncio.sleep(4)
        assert together(place, call, second.calls[-1])
        assert firm.state() == "answering"
        second.hold(second.calls[-1])
        await asyncio.sleep(0.1)
        assert firm.state() == "held"
        firm.anna.hang_up(call)


@in_virtual_time
async def test_the_secretary_is_kept_and_comes_back_when_she_resumes_BOSS_4():
    async with office() as place:
        firm = Firm(place, keep_secretary=True)
        call, at_secretary = await firm.held()
        taken = firm.boris.call("*591003")
        await asyncio.sleep(0.2)
        assert together(place, call, taken)
        assert at_secretary.state is LegState.UP
        assert firm.state() == "idle"
        firm.cyril.resume(at_secretary)
        await asyncio.sleep(0.1)
        assert together(place, call, taken, at_secretary)
        firm.cyril.hold(at_secretary)
        await asyncio.sleep(0.1)
        assert together(place, call, taken)
        firm.cyril.resume(at_secretary)
        await asyncio.sleep(0.1)
        firm.cyril.hang_up(at_secretary)
        await asyncio.sleep(0.1)
        assert together(place, call, taken), "the two talk on"
        firm.anna.hang_up(call)
        await place.idle()
        assert taken.state is LegState.GONE


@in_virtual_time
async def test_a_held_call_and_its_pair_outlive_a_kill_of_the_server_BOSS_3():
    first = Office()
    await first.start()
    firm = Firm(first)
    call, at_secretary = await firm.held()
    other, _ = await firm.answered(firm.dana)
    await asyncio.sleep(1)
    second = await after_a_kill(first)
    firm.place = second
    assert (firm.state(), firm.waiting()) == ("held", ["1001", "1004"])
    taken = firm.boris.call("*591003")
    await asyncio.sleep(0.2)
    assert {taken.id, call.id} in second.engine.bridges.values()
    assert at_secretary.state is LegState.GONE
    assert (firm.state(), firm.waiting()) == ("answering", ["1004"])
    firm.boris.hang_up(taken)
    firm.dana.hang_up(other)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()


async def killed_at(moment: int, *, by_server: bool, told: bool = False) -> int:
    """The server is killed at this moment of a taking; returns how many moments there were."""
    first = Office()
    await first.start()
    firm = Firm(first)
    if told:
        first.configuration.append(RecordingRule(name="boss", extensions=("1002",), announcement="beep"))
    call, at_secretary = await firm.answered()
    if by_server:
        (live,) = first.calls.live()
        await first.control.hold(live.call.id, "1003", on=True)
    else:
        firm.cyril.hold(at_secretary)
    await asyncio.sleep(0.1)
    begin, struck = first.switch.points, asyncio.Event()
    first.switch.fault = lambda point: struck.set() if point - begin == moment else None
    taken = firm.boris.call("*591003")
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(struck.wait(), 0.5)
    moments = first.switch.points - begin
    second = await after_a_kill(first)
    firm.place = second
    await asyncio.sleep(1)
    assert call.state is LegState.UP
    waits = firm.state() == "held" and at_secretary.state is LegState.UP
    talks = [legs for legs in second.engine.bridges.values() if call.id in legs and len(legs) > 1]
    assert waits or talks, "the caller is not left alone"
    await asyncio.sleep(3)
    assert any({call.id, taken.id} <= legs for legs in second.engine.bridges.values()), (
        "the boss has the call"
    )
    assert not second.pairs.is_off("1002", "1003"), "nothing was switched"
    firm.anna.hang_up(call)
    await asyncio.sleep(1)
    for dialog in [*second.engine.dialogs.values()]:
        dialog.phone.hang_up(dialog)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()
    return moments


@pytest.mark.parametrize("told", [True, False], ids=["told of a recording", "not recorded"])
@pytest.mark.parametrize("by_server", [True, False], ids=["by us", "by phone"])
def test_a_kill_at_each_moment_of_a_taking_leaves_nobody_alone_BOSS_4(by_server, told):
    moments = run(killed_at(-1, by_server=by_server, told=told))
    assert moments >= 6
    for moment in range(1, moments + 1):
        run(killed_at(moment, by_server=by_server, told=told))
