"""SIP-5, BOSS-4: a boss who takes a call, and its caller, are told that it is recorded, as in a transfer."""

import asyncio

import pytest

from server.contract.recording import RecordingRule, RecordingState
from server.switch.port import LegState
from tests.server.flows.office import Office, office
from tests.server.flows.test_boss_secretary import Firm
from tests.server.flows.test_recording import PROMPT, PROMPT_S, state, told
from tests.virtual_time import in_virtual_time


def bridged(place: Office, *dialogs) -> list[bool]:
    """Which of these are in a bridge with anybody."""
    return [
        any(dialog.id in legs and len(legs) > 1 for legs in place.engine.bridges.values())
        for dialog in dialogs
    ]


@pytest.mark.parametrize("by_server", [False, True], ids=["phone holds", "server holds"])
@pytest.mark.parametrize("keeps", [False, True], ids=["released", "kept"])
@in_virtual_time
async def test_boss_and_caller_are_told_before_they_hear_each_other_SIP_5(keeps, by_server):
    async with office() as place:
        firm = Firm(place, keep_secretary=keeps)
        place.configuration.append(RecordingRule(name="boss", extensions=("1002",), announcement=PROMPT))
        call, at_secretary = await firm.answered()
        if by_server:
            (live,) = place.calls.live()
            await place.control.hold(live.call.id, "1003", on=True)
        else:
            firm.cyril.hold(at_secretary)
        await asyncio.sleep(0.5)
        assert told(call, at_secretary) == [0, 0]
        taken = firm.boris.call("*591003")
        await asyncio.sleep(PROMPT_S / 2)
        assert told(call, taken, at_secretary) == [1, 1, 0]
        assert bridged(place, call, taken) == [False, False], "nobody is heard yet"
        assert at_secretary.state is (LegState.UP if keeps else LegState.GONE)
        await asyncio.sleep(PROMPT_S)
        assert {call.id, taken.id} in place.engine.bridges.values() or (keeps and by_server)
        assert bridged(place, call, taken) == [True, True]
        assert await state(place, "1002") is RecordingState.RECORDING
        await asyncio.sleep(10)
        firm.boris.hang_up(taken)
        await place.idle()
    (row,) = place.tapes.rows.values()
    assert (row.caller, row.callee) == ("1001", "1002")
    assert row.seconds == pytest.approx(10 + PROMPT_S / 2, abs=0.5), "the announcement is no part"


@pytest.mark.parametrize("who", ["boss", "caller"])
@in_virtual_time
async def test_who_hangs_up_while_being_told_ends_the_call_SIP_5(who):
    async with office() as place:
        firm = Firm(place)
        place.configuration.append(RecordingRule(name="all", everybody=True, announcement=PROMPT))
        call = firm.anna.call("1002")
        await asyncio.sleep(1 + 2 * PROMPT_S)
        (at_secretary,) = firm.cyril.calls
        firm.cyril.hold(at_secretary)
        await asyncio.sleep(0.5)
        taken = firm.boris.call("*591003")
        await asyncio.sleep(PROMPT_S / 2)
        assert told(call, taken) == [2, 1]
        if who == "boss":
            firm.boris.hang_up(taken)
        else:
            firm.anna.hang_up(call)
        await place.idle()
        assert call.state is taken.state is at_secretary.state is LegState.GONE


@in_virtual_time
async def test_a_boss_who_hangs_up_before_being_told_leaves_the_call_held_BOSS_4():
    async with office() as place:
        firm = Firm(place)
        place.configuration.append(RecordingRule(name="boss", extensions=("1002",), announcement=PROMPT))
        call, at_secretary = await firm.held()
        taken = firm.boris.call("*591003")
        await asyncio.sleep(0.0035)
        firm.boris.hang_up(taken)
        await asyncio.sleep(1)
        assert firm.state() == "held"
        assert {call.id, at_secretary.id} in place.engine.bridges.values()
        firm.anna.hang_up(call)


@in_virtual_time
async def test_a_boss_whose_calls_no_rule_announces_talks_at_once_SIP_5():
    async with office() as place:
        firm = Firm(place)
        place.configuration.append(RecordingRule(name="other", extensions=("1004",), announcement=PROMPT))
        call, _ = await firm.held()
        taken = firm.boris.call("*591003")
        await asyncio.sleep(0.2)
        assert {call.id, taken.id} in place.engine.bridges.values()
        assert told(call, taken) == [0, 0]
        firm.boris.hang_up(taken)
