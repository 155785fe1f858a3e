"""SIP-4, CODE-1: a colleague takes a call that rings at somebody else; in virtual time."""

import asyncio

import pytest

from server.contract.calls import Outcome
from server.contract.extensions import CallState
from server.contract.features import FeatureCodes
from server.contract.routing import RingGroup
from server.switch.port import LegState, Reason
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, extension, office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_ways import forwards
from tests.virtual_time import in_virtual_time


async def anna_calls_boris(place: Office, dialled: str = "1002"):
    """1001 calls; it rings at 1002."""
    anna = place.engine.phone("1001")
    boris = place.engine.phone("1002", Behaviour.rings())
    call = anna.call(dialled, name="Anna")
    await asyncio.sleep(1)
    return call, boris.calls[0]


def together(place: Office, *dialogs) -> bool:
    """Whether these, and nobody else, hear each other."""
    return [{dialog.id for dialog in dialogs}] == [legs for legs in place.engine.bridges.values() if legs]


@pytest.mark.parametrize("code", ["*041002", "*4"], ids=["directed", "group"])
@in_virtual_time
async def test_a_colleague_takes_the_call_and_the_phones_it_rang_at_are_told_SIP_4(code):
    async with office() as place:
        call, rung = await anna_calls_boris(place)
        cyril = place.engine.phone("1003")
        picker = cyril.call(code, name="Cyril")
        await asyncio.sleep(0.1)
        assert together(place, call, picker)
        assert call.state is picker.state is LegState.UP
        assert rung.why is Reason.ANSWERED_ELSEWHERE
        assert (place.state("1002"), place.state("1003")) == (CallState.IDLE, CallState.TALKING)
        cyril.hang_up(picker)
        await place.idle()
    assert place.log("1001") == [("outgoing", "1003", "answered", None)]
    assert place.log("1002") == [("incoming", "1001", "answered_elsewhere", None)]
    assert place.entry("1002").seen, "nothing that 1002 should call back for"
    assert place.log("1003") == [("incoming", "1001", "answered", None)], "and no call to a code"


@in_virtual_time
async def test_of_two_who_pick_up_one_wins_and_the_other_is_told_SIP_4():
    async with office() as place:
        call, _ = await anna_calls_boris(place)
        pickers = [place.engine.phone(number).call("*041002") for number in ("1003", "1004")]
        await asyncio.sleep(0.1)
        assert together(place, call, pickers[0])
        assert pickers[1].told == 404
        call.phone.hang_up(call)
        await place.idle()
    assert place.log("1004") == [("outgoing", "*041002", "failed", 404)]
    assert place.log("1003") == [("incoming", "1001", "answered", None)]


@in_virtual_time
async def test_whoever_answers_in_the_same_moment_nobody_is_left_alone_SIP_4():
    for answers_after_s in (1.0, 1.0005, 1.001, 1.0015, 1.002, 1.003):
        async with office() as place:
            anna = place.engine.phone("1001")
            boris = place.engine.phone("1002", Behaviour.answers(answers_after_s))
            call = anna.call("1002")
            cyril = place.engine.phone("1003")
            await asyncio.sleep(1)
            picker = cyril.call("*041002")
            await asyncio.sleep(0.5)
            rung = boris.calls[0]
            assert together(place, call, picker) != together(place, call, rung)
            assert (picker.state is LegState.UP) != (rung.state is LegState.UP)
            anna.hang_up(call)


@in_virtual_time
async def test_who_picks_up_while_the_caller_gives_up_is_told_and_nobody_has_talked_SIP_4_LOG_1():
    async with office() as place:
        call, _ = await anna_calls_boris(place)
        picker = place.engine.phone("1003").call("*041002")
        call.phone.hang_up(call)
        await place.idle()
        assert picker.told == 404
    assert place.log("1001") == [("outgoing", "1002", "cancelled", 487)]
    assert place.log("1002") == [("incoming", "1001", "missed", 487)]
    assert place.log("1003") == [("outgoing", "*041002", "failed", 404)]


@pytest.mark.parametrize("code", ["*04", "*041003", "*041001", "*0499", "*45"])
@in_virtual_time
async def test_a_code_that_fits_nothing_is_refused_and_the_call_rings_on_SIP_4(code):
    async with office() as place:
        call, rung = await anna_calls_boris(place)
        picker = place.engine.phone("1003").call(code)
        await asyncio.sleep(0.1)
        assert picker.told == 404
        assert (call.state, rung.state) == (LegState.RINGING, LegState.RINGING)
        call.phone.hang_up(call)


@in_virtual_time
async def test_group_pick_up_is_for_colleagues_of_a_common_group_only_SIP_4():
    async with office() as place:
        place.extensions.put(extension("1003").model_copy(update={"groups": ["warehouse"]}))
        place.extensions.put(extension("1004").model_copy(update={"groups": ["warehouse", "office"]}))
        call, _ = await anna_calls_boris(place)
        stranger = place.engine.phone("1003").call("*4")
        await asyncio.sleep(0.1)
        assert stranger.told == 404
        colleague = place.engine.phone("1004").call("*4")
        await asyncio.sleep(0.1)
        assert together(place, call, colleague)
        call.phone.hang_up(call)


@in_virtual_time
async def test_group_pick_up_takes_the_call_that_rings_longest_SIP_4():
    async with office() as place:
        first, _ = await anna_calls_boris(place)
        place.engine.phone("1004", Behaviour.rings())
        second = place.engine.phone("1001").call("1004")
        await asyncio.sleep(1)
        picker = place.engine.phone("1003").call("*4")
        await asyncio.sleep(0.1)
        assert together(place, first, picker)
        assert second.state is LegState.RINGING
        for dialog in (first, second):
            dialog.phone.hang_up(dialog)


@in_virtual_time
async def test_nobody_picks_up_a_call_of_its_own_SIP_4():
    async with office() as place:
        call, _ = await anna_calls_boris(place)
        picker = call.phone.call("*041002")
        await asyncio.sleep(0.1)
        assert picker.told == 404
        call.phone.hang_up(call)


@in_virtual_time
async def test_a_call_is_picked_up_on_another_phone_of_the_same_extension_SIP_4():
    async with office() as place:
        call, rung = await anna_calls_boris(place)
        picker = place.engine.phone("1002").call("*041002")
        await asyncio.sleep(0.1)
        assert together(place, call, picker)
        assert rung.state is LegState.GONE
        call.phone.hang_up(call)
        await place.idle()
    assert place.log("1002") == [("incoming", "1001", "answered", None)]


@pytest.mark.parametrize("code", ["*04620", "*041003", "*4"])
@in_virtual_time
async def test_a_call_to_a_ring_group_is_picked_up_by_the_group_or_a_member_SIP_4(code):
    async with office() as place:
        place.configuration.append(RingGroup(number="620", members=("1002", "1003")))
        phones = [place.engine.phone(number, Behaviour.rings()) for number in ("1002", "1003")]
        call = place.engine.phone("1001").call("620")
        await asyncio.sleep(1)
        picker = place.engine.phone("1004").call(code)
        await asyncio.sleep(0.1)
        assert together(place, call, picker)
        assert all(phone.calls[0].state is LegState.GONE for phone in phones)
        call.phone.hang_up(call)
        await place.idle()
    assert place.log("1004") == [("incoming", "1001", "answered", None)]


@in_virtual_time
async def test_a_forwarded_call_is_picked_up_where_it_rings_now_SIP_4():
    async with office() as place:
        place.reaching.settings["1002"] = forwards(no_answer="extension:1003")
        call, _ = await anna_calls_boris(place)
        place.engine.phone("1003", Behaviour.rings())
        await asyncio.sleep(35)
        dana = place.engine.phone("1004")
        late = dana.call("*041003")
        await asyncio.sleep(0.1)
        assert together(place, call, late)
        dana.hang_up(late)
        await place.idle()
    assert place.log("1003") == [("incoming", "1001", "answered_elsewhere", None)]
    assert [outcome for _, _, outcome, _ in place.log("1002")] == [Outcome.MISSED]


@in_virtual_time
async def test_a_transferred_call_is_picked_up_and_a_transfer_to_a_code_fails_SIP_4():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(0.1))
        place.engine.phone("1003", Behaviour.rings())
        call = anna.call("1002")
        await asyncio.sleep(1)
        anna.transfer(call, "*041003")
        await asyncio.sleep(1)
        assert together(place, call, boris.calls[0]), "they talk on"
        anna.transfer(call, "1003")
        await asyncio.sleep(1)
        picker = place.engine.phone("1004").call("*041003")
        await asyncio.sleep(2)
        assert together(place, boris.calls[0], picker)
        boris.hang_up(boris.calls[0])


@in_virtual_time
async def test_codes_can_be_changed_and_switched_off_CODE_1():
    async with office() as place:
        place.configuration.append(FeatureCodes(group_pickup="", directed_pickup="#8"))
        call, _ = await anna_calls_boris(place)
        cyril = place.engine.phone("1003")
        old = [cyril.call("*4"), cyril.call("*041002")]
        await asyncio.sleep(0.1)
        assert [dialog.told for dialog in old] == [404, 404]
        new = cyril.call("#81002")
        await asyncio.sleep(0.1)
        assert together(place, call, new)
        cyril.hang_up(new)


@pytest.mark.parametrize("after_s", [0.0005, 0.0015, 0.0025, 0.0035, 0.0045, 0.006, 0.02, 0.5])
@in_virtual_time
async def test_a_call_that_is_picked_up_survives_the_server_SIP_4(after_s):
    """kill -9 at a moment of the pick-up: the two talk on, or do so once the next server is there."""
    first = Office()
    await first.start()
    call, rung = await anna_calls_boris(first)
    cyril = first.engine.phone("1003")
    picker = cyril.call("*041002")
    await asyncio.sleep(after_s)
    second = await after_a_kill(first)
    await asyncio.sleep(1)
    assert together(second, call, picker)
    assert rung.state is LegState.GONE
    cyril.hang_up(picker)
    await second.idle()
    second.assert_nothing_left()
    assert [outcome for _, _, outcome, _ in second.log("1001")] == ["answered"]
    await second.stop()
