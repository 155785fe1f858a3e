"""The simulated switch records as the port promises (SIP-5, VM-3, LOG-1)."""

import asyncio
from collections.abc import Callable

import pytest

from server.switch.port import Leg, LegGone, Sound, SwitchError, SwitchUnavailable
from server.switch.simulated import Dialog, Phone
from server.switch.simulated.recording import FOLDER
from tests.server.switch.simulated.desk import Desk
from tests.virtual_time import in_virtual_time


@pytest.mark.parametrize(
    ("happens", "seconds"),
    [
        (lambda phone, dialog: phone.press(dialog, "#"), 4),
        (lambda phone, dialog: phone.press(dialog, "12#"), 4.4),
        (lambda phone, dialog: phone.hang_up(dialog), 4),
        (lambda phone, dialog: phone.fall_silent(dialog), 7),
        (lambda phone, dialog: None, 30),
    ],
    ids=["terminator", "other digits", "hang-up", "silence", "longest"],
)
@in_virtual_time
async def test_a_message_ends_in_every_way_and_its_file_can_be_played_VM_3(
    happens: Callable[[Phone, Dialog], None], seconds: float
) -> None:
    desk = await Desk().up()
    phone, dialog, leg = await desk.answered()
    phone.press(dialog, "#")
    asyncio.get_running_loop().call_later(4, happens, phone, dialog)
    recorded = await leg.record("voicemail/1001/a", longest_s=30, silence_s=3)
    assert recorded.path == FOLDER / "voicemail/1001/a.wav"
    assert recorded.seconds == pytest.approx(seconds, abs=0.02)
    assert leg.digits.unread == ""
    assert desk.engine.recorder.takes["voicemail/1001/a"].voices == {dialog.id}
    _, _, other = await desk.answered()
    await other.play(Sound.file(recorded.path.with_suffix("")))


@in_virtual_time
async def test_who_pauses_for_breath_is_not_cut_off_VM_3() -> None:
    desk = await Desk().up()
    phone, dialog, leg = await desk.answered()
    loop = asyncio.get_running_loop()
    loop.call_later(4, phone.fall_silent, dialog)
    loop.call_later(6, phone.speak, dialog)
    loop.call_later(9, phone.fall_silent, dialog)
    assert (await leg.record("a", longest_s=30, silence_s=3)).seconds == pytest.approx(12, abs=0.02)


@in_virtual_time
async def test_a_recording_that_is_cancelled_or_moved_away_from_ends_VM_3() -> None:
    desk = await Desk().up()
    _, _, leg = await desk.answered()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await leg.record("a", longest_s=30)
    bridge = await desk.switch.bridge("b")
    recording = asyncio.create_task(leg.record("b", longest_s=30))
    await asyncio.sleep(3)
    await bridge.add(leg)
    assert (await recording).seconds == pytest.approx(3, abs=0.02)
    takes = desk.engine.recorder.takes
    assert takes["a"].over.result().seconds == pytest.approx(2, abs=0.02)
    with pytest.raises(SwitchError, match="in a bridge"):
        await leg.record("c", longest_s=30)


async def talking(desk: Desk) -> tuple[list[tuple[Phone, Dialog, Leg]], object]:
    ends = [await desk.answered(), await desk.answered()]
    bridge = await desk.switch.bridge("call")
    await bridge.add(*(leg for _, _, leg in ends))
    return ends, bridge


@in_virtual_time
async def test_a_call_is_recorded_with_both_voices_and_without_the_pause_SIP_5() -> None:
    desk = await Desk().up()
    ends, bridge = await talking(desk)
    recording = await bridge.record("calls/x")
    await asyncio.sleep(5)
    await recording.pause()
    await recording.pause()
    _, third, leg = await desk.answered()
    await bridge.add(leg)
    await bridge.remove(leg)
    await asyncio.sleep(5)
    await recording.resume()
    await asyncio.sleep(2)
    recorded = await recording.stop()
    assert recorded.seconds == pytest.approx(7, abs=0.02)
    assert await recording.stop() == recorded
    voices = desk.engine.recorder.takes["calls/x"].voices
    assert voices == {dialog.id for _, dialog, _ in ends}
    assert third.id not in voices


@in_virtual_time
async def test_a_bridge_that_is_closed_ends_its_recording_LOG_1() -> None:
    desk = await Desk().up()
    ends, bridge = await talking(desk)
    ends[0][0].fall_silent(ends[0][1])
    recording = await bridge.record("calls/x")
    await asyncio.sleep(5)
    await bridge.close()
    assert (await recording.stop()).seconds == pytest.approx(5, abs=0.02)
    assert desk.engine.recorder.takes["calls/x"].voices == {ends[1][1].id}


@in_virtual_time
async def test_a_full_disk_and_a_used_name_are_errors_and_the_call_goes_on_SIP_5() -> None:
    desk = await Desk().up()
    _, bridge = await talking(desk)
    await bridge.record("calls/x")
    with pytest.raises(SwitchError, match="recording calls/x already"):
        await bridge.record("calls/x")
    desk.engine.recorder.disk_full = True
    with pytest.raises(SwitchError, match="disk is full"):
        await bridge.record("calls/y")
    _, _, alone = await desk.answered()
    with pytest.raises(SwitchError, match="disk is full"):
        await alone.record("m", longest_s=9)
    assert len(bridge.legs) == 2
    await alone.play(Sound.prompt("beep"))


@in_virtual_time
async def test_a_crash_loses_the_recording_and_a_lost_connection_does_not_OPS_1() -> None:
    desk = await Desk().up()
    _, bridge = await talking(desk)
    recording = await bridge.record("calls/x")
    desk.switch.disconnect()
    with pytest.raises(SwitchUnavailable):
        await recording.stop()
    desk.switch.connect(restarted=False)
    assert (await recording.stop()).seconds > 0
    second = await bridge.record("calls/y")
    _, _, leg = await desk.answered()
    asyncio.get_running_loop().call_later(3, desk.switch.crash)
    with pytest.raises((LegGone, SwitchUnavailable)):
        await leg.record("m", longest_s=9)
    with pytest.raises(SwitchError, match="crashed"):
        await second.stop()


@pytest.mark.parametrize("name", ["", "../a", "/a", "a//b", "a/.b", "a b", "a\n", "a" * 201])
@in_virtual_time
async def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    desk = await Desk().up()
    _, _, leg = await desk.answered()
    with pytest.raises(ValueError, match="recording has a name"):
        await leg.record(name, longest_s=9)
