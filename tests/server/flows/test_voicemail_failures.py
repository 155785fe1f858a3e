"""VM-5: no message is lost, or said to be kept and is not; in virtual time."""

import asyncio

import pytest
from sqlalchemy.exc import OperationalError

from server.flows.voicemail_prompts import FULL, SAVED, WRONG
from server.switch.port import LegState
from tests.server.flows.office import Office, office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_voicemail import greeted, messages
from tests.virtual_time import in_virtual_time


@in_virtual_time
async def test_a_full_disk_is_told_and_nothing_is_listed_VM_5():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.recorder.disk_full = True
        call = anna.call("*121002")
        await place.idle()
        assert call.sounds[-1:] == [*FULL]
        assert messages(place) == []
        assert len(place.voicemail.failed) == 1, "what there is of it takes no room"


@pytest.mark.parametrize("error", [OSError(28, "No space left"), OperationalError("", {}, Exception())])
@in_virtual_time
async def test_a_message_that_cannot_be_kept_is_not_said_to_be_VM_5(error):
    async with office() as place:
        anna = place.engine.phone("1001")
        place.voicemail.messages.fail = error
        call = anna.call("*121002")
        await greeted(call)
        await asyncio.sleep(3)
        anna.press(call, "#")
        await place.idle()
        assert call.sounds[-1:] == [*WRONG]
        assert messages(place) == []


@in_virtual_time
async def test_a_mailbox_that_is_full_says_so_VM_5():
    async with office() as place:
        anna = place.engine.phone("1001")

        async def has_room(_):
            return False

        place.voicemail.messages.has_room = has_room
        call = anna.call("*121002")
        await place.idle()
        assert call.sounds == [*FULL]


@in_virtual_time
async def test_a_database_that_is_back_before_the_end_loses_no_message_VM_5():
    async with office() as place:
        anna = place.engine.phone("1001")

        async def has_room(_):
            raise OperationalError("", {}, Exception())

        place.voicemail.messages.has_room = has_room
        call = anna.call("*121002")
        await greeted(call)
        await asyncio.sleep(3)
        anna.hang_up(call)
        await place.idle()
        assert messages(place) == [("1002", "1001", 3)]


@in_virtual_time
async def test_a_server_that_is_stopped_keeps_the_message_that_is_being_left_VM_5():
    place = Office()
    await place.start()
    place.voicemail.messages.takes_s = 1.0  # a slow disk
    anna = place.engine.phone("1001")
    call = anna.call("*121002")
    await greeted(call)
    await asyncio.sleep(4)
    await place.stop()
    assert messages(place) == [("1002", "1001", 4)]
    assert call.state is LegState.GONE


@in_virtual_time
async def test_a_server_that_is_killed_costs_nothing_of_the_message_VM_5():
    """Who speaks notices nothing: the engine records on, and the next server keeps the whole message."""
    first = Office()
    await first.start()
    anna = first.engine.phone("1001")
    call = anna.call("*121002")
    await greeted(call)
    await asyncio.sleep(4)
    heard = len(call.sounds)
    second = await after_a_kill(first)
    await asyncio.sleep(2)
    assert call.state is LegState.UP
    assert len(call.sounds) == heard, "nothing interrupts who speaks"
    anna.press(call, "#")
    await asyncio.sleep(0.1)
    assert messages(second) == [("1002", "1001", 9)]
    await second.idle()
    assert call.sounds[heard:] == list(SAVED)
    second.assert_nothing_left()
    assert call.state is LegState.GONE
    assert second.log("1001") == [("outgoing", "*121002", "answered", None)]
    await second.stop()


@pytest.mark.parametrize(("spoke_s", "kept"), [(4, [("1002", "1001", 4)]), (0.5, [])])
@in_virtual_time
async def test_who_hangs_up_while_no_server_is_there_has_left_the_message_VM_5(spoke_s, kept):
    first = Office()
    await first.start()
    anna = first.engine.phone("1001")
    call = anna.call("*121002")
    await greeted(call)
    await asyncio.sleep(spoke_s)
    store = first.store
    await first.killed()
    anna.hang_up(call)
    await asyncio.sleep(3)
    second = Office(engine=first.engine, store=store, extensions=first.extensions, voicemail=first.voicemail)
    await second.start(restarted=False)
    await second.idle()
    assert messages(second) == kept
    await second.calls.sort_out_recordings()
    assert messages(second) == kept, "once"
    assert second.engine.recorder.left("messages") == []
    second.assert_nothing_left()
    await second.stop()


@pytest.mark.parametrize("pause_s", [0.5, 30.0], ids=["in the greeting", "after the message"])
@in_virtual_time
async def test_a_server_that_is_killed_before_or_after_the_message_serves_its_caller_VM_5(pause_s):
    first = Office()
    await first.start()
    anna = first.engine.phone("1001")
    call = anna.call("*121002")
    if pause_s > 1:
        await greeted(call)
        await asyncio.sleep(4)
        anna.press(call, "#")
        await asyncio.sleep(0.3)
        assert call.state is LegState.UP, "it is told that the message is saved"
    else:
        await asyncio.sleep(pause_s)
    second = await after_a_kill(first, down_s=0.5)
    if pause_s > 1:
        await second.idle()
        assert call.state is LegState.GONE
        assert messages(second) == [("1002", "1001", 4)], "nobody is asked for a second one"
    else:
        await greeted(call)
        await asyncio.sleep(5)
        anna.hang_up(call)
        await second.idle()
        assert messages(second) == [("1002", "1001", 5)]
    second.assert_nothing_left()
    await second.stop()
