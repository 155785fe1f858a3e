"""SIP-5: a recording outlives what goes wrong: disks, engines, databases, servers; in virtual time."""

import asyncio

import pytest

from server.contract.recording import RecordingAction, RecordingRefusal
from server.contract.recording import RecordingState as State
from server.flows.tape import REFUSED
from server.switch.port import SwitchError
from tests.server.flows.office import Office, office
from tests.server.flows.test_parking import Two
from tests.server.flows.test_recording import always, control, heir_of, may, only, seen_by, state
from tests.virtual_time import in_virtual_time


@in_virtual_time
async def test_a_full_disk_ends_the_recording_and_the_call_goes_on_SIP_5(caplog):
    async with office() as place:
        always(place)
        people = await Two(place).talk()
        await asyncio.sleep(5)
        place.engine.recorder.fill_disk()
        await asyncio.sleep(1)
        assert await state(place, "1002") is State.DISK_FULL
        assert {people.call.id, people.callee.id} in place.engine.bridges.values()
        row, _ = only(place)
        assert row.state is State.DISK_FULL
        assert row.seconds == pytest.approx(5.5, abs=0.1)
        people.anna.hang_up(people.call)
    assert "disk is full" in caplog.text


@in_virtual_time
async def test_no_room_from_the_beginning_is_told_and_the_call_goes_on_SIP_5():
    async with office() as place:
        place.engine.recorder.disk_full = True
        may(place, "1001")
        people = await Two(place).talk()
        (call,) = place.calls.active()
        with pytest.raises(SwitchError, match="disk is full"):
            await control(place).record(call.id, RecordingAction.START, "1001")
        shown = (await seen_by(place, "1001")).recording
        assert (shown.state, shown.refusal) == (State.DISK_FULL, RecordingRefusal.OVER)
        people.anna.press(people.call, "*1")
        await asyncio.sleep(1)
        assert people.call.sounds == [REFUSED]
        people.anna.hang_up(people.call)
    assert place.tapes.rows == {}


@in_virtual_time
async def test_an_engine_that_dies_leaves_what_there_was_SIP_5():
    async with office() as place:
        always(place)
        await Two(place).talk()
        await asyncio.sleep(7)
        place.switch.crash()
        await asyncio.sleep(1)
        place.switch.restart()
        await asyncio.sleep(1)
    row, _ = only(place)
    assert row.state is State.INTERRUPTED
    assert row.seconds == pytest.approx(7.5, abs=0.1)


@in_virtual_time
async def test_a_database_that_is_away_delays_the_list_only_SIP_5():
    async with office() as place:
        always(place)
        place.tapes.fail = OSError("the database is away")
        people = await Two(place).talk()
        await asyncio.sleep(5)
        people.anna.hang_up(people.call)
        await asyncio.sleep(5)
        place.tapes.fail = None
    assert only(place)[0].state is State.FINISHED


@pytest.mark.parametrize("paused", [False, True], ids=["recording", "paused"])
@in_virtual_time
async def test_a_recording_goes_on_after_the_server_was_killed_SIP_5(paused):
    place = Office()
    await place.start()
    may(place, "1001")
    people = await Two(place).talk()
    await asyncio.sleep(1)
    people.anna.press(people.call, "*1")
    await asyncio.sleep(5)
    if paused:
        people.anna.press(people.call, "*1")
        await asyncio.sleep(2)
    async with heir_of(place) as heir:
        may(heir, "1001")
        await asyncio.sleep(4)
        assert await state(heir) is (State.PAUSED if paused else State.RECORDING)
        if paused:
            people.anna.press(people.call, "*1")
            await asyncio.sleep(2)
        people.anna.hang_up(people.call)
    row, take = only(heir)
    assert row.state is State.FINISHED
    assert row.owners == ["1001"]
    assert row.seconds == pytest.approx(5 + 2 if paused else 5 + 1 + 4, abs=0.3)
    assert take.voices == {people.call.id, people.callee.id}


@pytest.mark.parametrize("written", [True, False], ids=["written", "not written"])
@in_virtual_time
async def test_a_recording_of_a_call_that_ended_without_a_server_is_found_SIP_5(written):
    place = Office()
    await place.start()
    always(place)
    if not written:
        place.tapes.fail = OSError("killed before")
    people = await Two(place).talk()
    await asyncio.sleep(5)
    async with heir_of(place, before=lambda: people.anna.hang_up(people.call)) as heir:
        heir.tapes.fail = None
        await asyncio.sleep(2)
    row, _ = only(heir)
    assert row.state is State.INTERRUPTED
    assert (row.caller, row.callee) == ("1001", "1002")
    assert row.owners == (["1001", "1002"] if written else [])
    assert row.seconds > 5


@in_virtual_time
async def test_one_that_was_killed_between_file_and_database_is_listed_SIP_5():
    place = Office()
    await place.start()
    always(place)
    people = await Two(place).talk()
    await asyncio.sleep(5)
    place.tapes.fail = OSError("killed before")
    people.anna.hang_up(people.call)
    await asyncio.sleep(1)
    (kept,) = place.files.kept
    async with heir_of(place) as heir:
        heir.tapes.fail = None
        await asyncio.sleep(2)
    row, _ = only(heir)
    assert (row.id, row.state) == (kept, State.INTERRUPTED)


@in_virtual_time
async def test_an_empty_recording_is_removed_SIP_5():
    place = Office()
    await place.start()
    always(place)
    people = await Two(place).talk()
    (take,) = place.engine.recorder.takes.values()
    take._seconds = 0.0
    take._began = asyncio.get_running_loop().time()
    take.stop()
    async with heir_of(place, before=lambda: people.anna.hang_up(people.call)) as heir:
        await asyncio.sleep(2)
    assert heir.tapes.rows == {}
    assert heir.engine.recorder.takes == {}
