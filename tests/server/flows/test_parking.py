"""SIP-4, CODE-1: calls are parked, taken from their slots, and go back in time; in virtual time."""

import asyncio

import pytest

from server.contract.calls import Outcome
from server.contract.events import Topic
from server.contract.extensions import CallState
from server.contract.features import FeatureCodes
from server.contract.parking import Parking
from server.flows.conversation import NO_SLOT
from server.services.accounts import LOCAL
from server.switch.port import LegState, Sound, TransferProgress
from server.switch.simulated import Behaviour
from tests.server.flows.office import RING_S, Office, office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_ways import forwards
from tests.virtual_time import in_virtual_time

TIMEOUT_S = 60


def together(place: Office, *dialogs) -> bool:
    """Whether these, and nobody else, hear each other."""
    return [{dialog.id for dialog in dialogs}] == [legs for legs in place.engine.bridges.values() if legs]


class Two:
    """Anna (1001) has called Boris (1002), and they talk."""

    def __init__(self, place: Office) -> None:
        self.anna = place.engine.phone("1001", Behaviour.answers(1.0))
        self.boris = place.engine.phone("1002", Behaviour.answers(0.5))
        self.call = self.anna.call("1002", name="Anna")

    async def talk(self) -> "Two":
        await asyncio.sleep(1)
        self.callee = self.boris.calls[0]
        return self


def slots(place: Office) -> list[tuple[str, str, str]]:
    return [(parked.slot, parked.number, parked.by) for parked in place.lot.calls()]


@pytest.mark.parametrize("by_keys", [True, False], ids=["by keys", "by transfer"])
@in_virtual_time
async def test_a_call_is_parked_and_taken_by_a_colleague_SIP_4(by_keys):
    async with office() as place:
        people = await Two(place).talk()
        if by_keys:
            people.boris.press(people.callee, "*5")
        else:
            people.boris.transfer(people.callee, "*5")
        await asyncio.sleep(6)
        assert slots(place) == [("6900", "1001", "1002")]
        assert [*(await place.hub.snapshot(LOCAL, Topic.PARKED))] == ["6900"]
        assert people.call.music, "who waits hears music"
        assert people.callee.state is LegState.GONE
        if by_keys:
            assert people.callee.sounds == [Sound.digits("6900")]
        else:
            assert people.callee.transfer_told[-1] is TransferProgress.DONE
        assert (place.state("1002"), place.state("1001")) == (CallState.IDLE, CallState.TALKING)
        cyril = place.engine.phone("1003")
        taker = cyril.call("6900")
        await asyncio.sleep(0.1)
        assert together(place, people.call, taker)
        assert not people.call.music
        assert slots(place) == []
        cyril.hang_up(taker)
        await place.idle()
    assert place.log("1003") == [("incoming", "1001", "answered", None)]
    assert [outcome for _, _, outcome, _ in place.log("1002")] == ["answered", "answered_elsewhere"]


@in_virtual_time
async def test_the_caller_may_park_the_callee_too_and_take_it_back_SIP_4():
    async with office() as place:
        people = await Two(place).talk()
        people.anna.press(people.call, "*5")
        await asyncio.sleep(6)
        assert slots(place) == [("6900", "1002", "1001")]
        back = people.anna.call("6900")
        await asyncio.sleep(0.1)
        assert together(place, people.callee, back)
        people.anna.hang_up(back)


@in_virtual_time
async def test_a_slot_is_chosen_and_one_that_is_taken_is_refused_SIP_4():
    async with office() as place:
        people = await Two(place).talk()
        people.boris.press(people.callee, "*056905")
        await asyncio.sleep(6)
        assert slots(place) == [("6905", "1001", "1002")]
        dana = place.engine.phone("1004", Behaviour.answers(0.1))
        cyril = place.engine.phone("1003")
        call = cyril.call("1004")
        await asyncio.sleep(1)
        for taken in ("*056905", "*056999", "*0512"):
            dana.press(dana.calls[0], taken)
            await asyncio.sleep(6)
            assert dana.calls[0].sounds[-1] == NO_SLOT
        dana.transfer(dana.calls[0], "*056905")
        await asyncio.sleep(1)
        assert dana.calls[0].transfer_told == [TransferProgress.FAILED]
        assert {call.id, dana.calls[0].id} in place.engine.bridges.values(), "they talk on"
        cyril.hang_up(call)
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_no_free_slot_leaves_the_call_as_it_was_SIP_4():
    async with office() as place:
        place.configuration.append(Parking(first_slot="70", last_slot="70"))
        people = await Two(place).talk()
        people.boris.transfer(people.callee, "*5")
        await asyncio.sleep(2)
        assert slots(place) == [("70", "1001", "1002")]
        dana = place.engine.phone("1004", Behaviour.answers(0.1))
        call = place.engine.phone("1003").call("1004")
        await asyncio.sleep(1)
        dana.press(dana.calls[0], "*5")
        await asyncio.sleep(6)
        assert dana.calls[0].sounds == [NO_SLOT]
        assert {call.id, dana.calls[0].id} in place.engine.bridges.values()
        for dialog in (call, people.call):
            dialog.phone.hang_up(dialog)


@in_virtual_time
async def test_after_the_time_the_call_goes_back_and_else_waits_on_SIP_4():
    async with office() as place:
        people = await Two(place).talk()
        people.boris.behaviour = Behaviour.rings()
        people.boris.transfer(people.callee, "*5")
        await asyncio.sleep(TIMEOUT_S + 5)
        first = people.boris.calls[-1]
        assert first.state is LegState.RINGING
        assert first.caller.number == "1001"
        assert people.call.tone
        assert not people.call.music
        await asyncio.sleep(RING_S)
        assert first.state is LegState.GONE
        assert people.call.music
        assert slots(place) == [("6900", "1001", "1002")], "it waits on the same slot"
        people.boris.behaviour = Behaviour.answers(1.0)
        await asyncio.sleep(TIMEOUT_S)
        assert together(place, people.call, people.boris.calls[-1])
        assert slots(place) == []
        people.boris.hang_up(people.boris.calls[-1])


@in_virtual_time
async def test_a_call_that_goes_back_may_still_be_taken_SIP_4():
    async with office() as place:
        people = await Two(place).talk()
        people.boris.behaviour = Behaviour.rings()
        people.boris.transfer(people.callee, "*5")
        await asyncio.sleep(TIMEOUT_S + 5)
        cyril = place.engine.phone("1003")
        taker = cyril.call("6900")
        await asyncio.sleep(0.1)
        assert together(place, people.call, taker)
        assert people.boris.calls[-1].state is LegState.GONE
        cyril.hang_up(taker)


@in_virtual_time
async def test_who_hangs_up_while_it_waits_is_missed_by_who_parked_it_SIP_4_LOG_1():
    async with office() as place:
        people = await Two(place).talk()
        people.boris.transfer(people.callee, "*5")
        await asyncio.sleep(3)
        people.anna.hang_up(people.call)
        await place.idle()
    assert place.log("1002")[-1] == ("incoming", "1001", Outcome.MISSED, 487)


@in_virtual_time
async def test_of_two_who_take_a_parked_call_one_wins_SIP_4():
    async with office() as place:
        people = await Two(place).talk()
        people.boris.transfer(people.callee, "*5")
        await asyncio.sleep(3)
        takers = [place.engine.phone(number).call("6900") for number in ("1003", "1004")]
        await asyncio.sleep(0.1)
        assert together(place, people.call, takers[0])
        assert takers[1].told == 404
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_who_takes_a_call_that_hangs_up_in_this_moment_is_told_SIP_4_LOG_1():
    async with office() as place:
        people = await Two(place).talk()
        people.boris.transfer(people.callee, "*5")
        await asyncio.sleep(3)
        taker = place.engine.phone("1003").call("6900")
        people.anna.hang_up(people.call)
        await place.idle()
        assert taker.told == 404
    assert place.log("1002")[-1] == ("incoming", "1001", "missed", 487)
    assert place.log("1003") == [("outgoing", "6900", "failed", 404)]


@pytest.mark.parametrize("dialled", ["6901", "*5", "*056901"])
@in_virtual_time
async def test_what_parks_and_takes_nothing_is_refused_SIP_4(dialled):
    async with office() as place:
        call = place.engine.phone("1001").call(dialled)
        await asyncio.sleep(0.1)
        assert call.told == 404


@pytest.mark.parametrize("keys", ["5", "*", "12*", "**5", "#5"])
@in_virtual_time
async def test_other_keys_in_a_call_do_nothing_SIP_4(keys):
    async with office() as place:
        people = await Two(place).talk()
        people.boris.press(people.callee, keys)
        await asyncio.sleep(6)
        assert together(place, people.call, people.callee)
        people.boris.press(people.callee, "*5")
        await asyncio.sleep(6)
        assert slots(place) == [("6900", "1001", "1002")], "and those that count are heard afterwards"
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_keys_are_changed_and_switched_off_CODE_1():
    async with office() as place:
        place.configuration.append(FeatureCodes(park="#9", park_at=""))
        people = await Two(place).talk()
        for keys in ("*5", "*056901"):
            people.boris.press(people.callee, keys)
            await asyncio.sleep(6)
            assert together(place, people.call, people.callee)
        people.boris.press(people.callee, "#9")
        await asyncio.sleep(6)
        assert slots(place) == [("6900", "1001", "1002")]
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_a_parked_call_survives_the_server_and_can_be_taken_SIP_4():
    first = Office()
    await first.start()
    people = await Two(first).talk()
    people.boris.transfer(people.callee, "*056903")
    await asyncio.sleep(5)
    second = await after_a_kill(first)
    await asyncio.sleep(1)
    assert slots(second) == [("6903", "1001", "1002")]
    assert people.call.state is LegState.UP
    assert people.call.music
    cyril = second.engine.phone("1003")
    taker = cyril.call("6903")
    await asyncio.sleep(0.1)
    assert together(second, people.call, taker)
    cyril.hang_up(taker)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()


@pytest.mark.parametrize("after_s", [0.0005, 0.0015, 0.0025, 0.0035, 0.0045, 0.006, 0.5])
@in_virtual_time
async def test_who_takes_a_parked_call_in_the_moment_of_a_kill_gets_it_SIP_4(after_s):
    first = Office()
    await first.start()
    people = await Two(first).talk()
    people.boris.transfer(people.callee, "*5")
    await asyncio.sleep(5)
    cyril = first.engine.phone("1003")
    taker = cyril.call("6900")
    await asyncio.sleep(after_s)
    second = await after_a_kill(first)
    await asyncio.sleep(2)
    assert together(second, people.call, taker)
    assert slots(second) == []
    cyril.hang_up(taker)
    await second.idle()
    second.assert_nothing_left()
    assert [entry[2] for entry in second.log("1003")] == ["answered"]
    await second.stop()


@pytest.mark.parametrize("after_s", [0.0005, 0.0015, 0.0025, 0.0035, 0.0045, 0.006, 0.5, 1.5])
@in_virtual_time
async def test_a_kill_while_a_call_is_being_parked_loses_nobody_SIP_4(after_s):
    first = Office()
    await first.start()
    people = await Two(first).talk()
    people.boris.transfer(people.callee, "*5")
    await asyncio.sleep(after_s)
    second = await after_a_kill(first)
    await asyncio.sleep(2)
    assert people.call.state is LegState.UP
    if slots(second):
        assert slots(second) == [("6900", "1001", "1002")]
        assert people.call.music
    else:
        assert together(second, people.call, people.callee)
    people.anna.hang_up(people.call)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()


@in_virtual_time
async def test_a_parked_call_waits_on_rather_than_going_to_the_mailbox_of_who_parked_it_SIP_4():
    async with office() as place:
        people = await Two(place).talk()
        people.boris.press(people.callee, "*5")
        await asyncio.sleep(6)
        people.boris.behaviour = Behaviour.rings()
        place.reaching.settings["1002"] = forwards(no_answer="voicemail")
        await asyncio.sleep(TIMEOUT_S + 5)
        assert people.boris.calls[-1].state is LegState.RINGING
        await asyncio.sleep(RING_S)
        assert slots(place) == [("6900", "1001", "1002")]
        assert people.call.music
        assert place.voicemail.messages.kept == {}
        people.anna.hang_up(people.call)
        await place.idle()


@pytest.mark.parametrize("keys", ["*5", "*056900"])
@in_virtual_time
async def test_a_call_on_a_slot_stays_there_when_the_one_that_waited_there_before_ends_SIP_4(keys):
    async with office() as place:
        first = await Two(place).talk()
        first.boris.press(first.callee, keys)
        await asyncio.sleep(6)
        cyril = place.engine.phone("1003")
        taker = cyril.call("6900")
        await asyncio.sleep(0.1)
        second = first.anna.call("1002", name="Anna")
        await asyncio.sleep(1)
        first.boris.transfer(first.boris.calls[-1], "*5")
        await asyncio.sleep(6)
        assert slots(place) == [("6900", "1001", "1002")]
        cyril.hang_up(taker)
        await asyncio.sleep(1)
        assert slots(place) == [("6900", "1001", "1002")]
        again = cyril.call("6900")
        await asyncio.sleep(0.1)
        assert together(place, second, again)
        cyril.hang_up(again)
        await place.idle()
