"""CODE-1: recording by keys in a call; in virtual time."""

import asyncio

import pytest

from server.contract.features import FeatureCodes
from server.contract.recording import RecordingAction, RecordingRefusal
from server.contract.recording import RecordingState as State
from server.flows.tape import REFUSED, SAID
from tests.server.flows.office import office
from tests.server.flows.test_parking import Two
from tests.server.flows.test_recording import may, only, seen_by, state
from tests.virtual_time import in_virtual_time


@in_virtual_time
async def test_keys_record_pause_and_go_on_and_the_pause_is_left_out_CODE_1():
    async with office() as place:
        may(place, "1002")
        people = await Two(place).talk()
        people.boris.press(people.callee, "*1")
        await asyncio.sleep(10)
        assert await state(place, "1001") is State.RECORDING, "the other one sees it, too"
        people.boris.press(people.callee, "*1")
        await asyncio.sleep(20)
        assert await state(place) is State.PAUSED
        people.boris.press(people.callee, "*1")
        await asyncio.sleep(5)
        assert await state(place) is State.RECORDING
        assert people.callee.sounds == [
            SAID[RecordingAction.START], SAID[RecordingAction.PAUSE], SAID[RecordingAction.RESUME]
        ]  # fmt: skip
        assert people.call.sounds == []
        people.anna.hang_up(people.call)
    row, take = only(place)
    assert row.seconds == pytest.approx(15, abs=0.3)
    assert row.owners == ["1002"]
    assert take.voices == {people.call.id, people.callee.id}


@in_virtual_time
async def test_keys_with_another_code_and_with_pauses_between_them_work_CODE_1():
    async with office() as place:
        place.configuration.append(FeatureCodes(record="*98"))
        may(place, "1001")
        people = await Two(place).talk()
        for key in "*98":
            people.anna.press(people.call, key)
            await asyncio.sleep(1.5)
        assert await state(place) is State.RECORDING
        people.anna.hang_up(people.call)
    assert only(place)[0].owners == ["1001"]


@in_virtual_time
async def test_a_second_code_right_behind_the_first_pauses_CODE_1():
    async with office() as place:
        may(place, "1002")
        people = await Two(place).talk()
        (leg,) = [leg for leg in place.switch.legs() if leg.number == "1002"]
        for key in "*1*1":
            leg.digits.put(key)
        await asyncio.sleep(5)
        assert await state(place) is State.PAUSED
        assert people.callee.sounds == [SAID[RecordingAction.START], SAID[RecordingAction.PAUSE]]
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_keys_of_one_do_not_spoil_those_of_the_other_CODE_1():
    async with office() as place:
        may(place, "1001")
        people = await Two(place).talk()
        people.boris.press(people.callee, "*")
        people.anna.press(people.call, "*1")
        await asyncio.sleep(1)
        assert await state(place) is State.RECORDING
        people.boris.press(people.callee, "5")
        await asyncio.sleep(6)
        assert [parked.by for parked in place.lot.calls()] == ["1002"]
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_nothing_is_done_while_the_last_key_is_held_down_CODE_1():
    """The other side hears the key, too: disturbed before its end, that side would hear nothing more."""
    async with office() as place:
        may(place, "1002")
        people = await Two(place).talk()
        (leg,) = [leg for leg in place.switch.legs() if leg.number == "1002"]
        leg.digits.put("*")
        leg.digits.put("1", pressed=True)
        await asyncio.sleep(1)
        assert await state(place) is None
        assert people.callee.sounds == []
        leg.digits.release()
        await asyncio.sleep(0.1)
        assert await state(place) is State.RECORDING
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_without_permission_keys_do_nothing_and_say_so_CODE_1():
    async with office() as place:
        may(place, "1002", permissions=("pause", "listen", "delete"))
        people = await Two(place).talk()
        for dialog in (people.call, people.callee):
            dialog.phone.press(dialog, "*1")
            await asyncio.sleep(1)
            assert dialog.sounds == [REFUSED]
        assert (await seen_by(place, "1001")).recording.refusal is RecordingRefusal.NOT_ALLOWED
        assert await state(place) is None
        people.anna.hang_up(people.call)
    assert place.tapes.rows == {}
