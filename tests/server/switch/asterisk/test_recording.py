"""What the PBX records of real phones (SIP-5, VM-3, LOG-1)."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from server.switch.asterisk import AsteriskSettings
from server.switch.asterisk import recording as adapter
from server.switch.port import DiskFull, Leg, SwitchError, Up
from server.switch.port import Sound as Prompt
from tests.phones.hearing import hears_tone
from tests.phones.script_phone import ScriptPhone
from tests.phones.sound import Sound, hears, level_of, read_wav
from tests.phones.waiting import until
from tests.server.switch.asterisk.bench import Bench

pytestmark = pytest.mark.real

WITHIN_S = 90.0
HEARD_DBOV = -30.0
"""A phone says its tone at -15 dBov."""


async def on_the_line(bench: Bench, hz: float) -> tuple[ScriptPhone, Leg]:
    """A phone that has called, is answered, alone, and says a tone."""
    phone = await bench.phone("1001")
    phone.says(hz)
    await phone.dial("7777")
    leg = await bench.events.incoming()
    await leg.answer()
    await phone.connected()
    return phone, leg


async def grows(path: Path, ms: float) -> None:
    """Wait until so much has been recorded."""
    await until(lambda: read_wav(path).ms > ms, f"{ms} ms are recorded")


def in_folder(settings: AsteriskSettings, name: str) -> Path:
    return settings.data.resolve() / f"spool/recording/{name}.wav"


@pytest.mark.parametrize("end", ["terminator", "hang-up", "silence"])
async def test_a_message_is_recorded_until_it_ends_VM_3(
    bench: Bench, engine_settings: AsteriskSettings, end: str
) -> None:
    phone, leg = await on_the_line(bench, 900)
    name = f"voicemail/1001/{end}"
    recording = asyncio.create_task(leg.record(name, longest_s=200, silence_s=3))
    await grows(in_folder(engine_settings, name), 2000)
    if end == "terminator":
        await phone.dtmf("#")
    elif end == "hang-up":
        await phone.hangup()
    else:
        phone.says(0)
    async with asyncio.timeout(WITHIN_S):
        recorded = await recording
    assert recorded.path == in_folder(engine_settings, name)
    sound = read_wav(recorded.path)
    assert recorded.seconds == pytest.approx(sound.ms / 1000, abs=0.01)
    assert recorded.seconds > 1.5
    assert hears(Sound(sound.samples[:8000], sound.rate), 900)
    if end != "hang-up":
        with pytest.raises(SwitchError, match="already"):
            await leg.record(name, longest_s=9)
        assert leg.digits.unread == ""


async def test_a_call_is_recorded_with_both_voices_and_without_the_pause_SIP_5(
    bench: Bench, engine_settings: AsteriskSettings
) -> None:
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    caller.says(600)
    callee.says(900)
    inbound, outbound = await bench.call(caller, callee)
    (bridge,) = bench.switch.bridges()
    path = in_folder(engine_settings, "calls/both")
    recording = await bridge.record("calls/both")
    await grows(path, 1500)
    assert bridge.legs == {inbound.id, outbound.id}
    await recording.pause()
    caller.says(1500)
    await hears_tone(callee, 1500)
    caller.says(600)
    await hears_tone(callee, 600)
    await recording.resume()
    await grows(path, read_wav(path).ms + 500)
    recorded = await recording.stop()
    sound = read_wav(recorded.path)
    assert recorded.seconds == pytest.approx(sound.ms / 1000, abs=0.01)
    assert recorded.seconds > 1.9
    for hz in (600, 900):
        assert level_of(sound, hz) > HEARD_DBOV
    assert level_of(sound, 1500) < HEARD_DBOV - 10
    await hears_tone(caller, 900)


async def test_a_bridge_that_is_closed_leaves_its_recording_LOG_1(
    bench: Bench, engine_settings: AsteriskSettings
) -> None:
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    caller.says(600)
    await bench.call(caller, callee)
    (bridge,) = bench.switch.bridges()
    recording = await bridge.record("calls/closed")
    await grows(in_folder(engine_settings, "calls/closed"), 1000)
    await bridge.close()
    recorded = await recording.stop()
    assert recorded.seconds >= 1
    assert level_of(read_wav(recorded.path), 600) > HEARD_DBOV


async def test_a_full_disk_is_told_and_the_call_goes_on_SIP_5(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    caller.says(600)
    inbound, _ = await bench.call(caller, callee)
    (bridge,) = bench.switch.bridges()
    recording = await bridge.record("calls/full")
    monkeypatch.setattr(adapter, "_free_bytes", lambda folder: 0)
    with pytest.raises(SwitchError, match="full"):
        await recording.stop()
    with pytest.raises(SwitchError, match="full"):
        await bridge.record("calls/more")
    await hears_tone(callee, 600)
    await bridge.remove(inbound)
    with pytest.raises(SwitchError, match="full"):
        await inbound.record("message", longest_s=9)


async def test_a_recording_is_lost_with_the_engine_and_says_so_OPS_1(own_settings: AsteriskSettings) -> None:
    async with Bench(own_settings, stop_engine=True) as bench:
        caller, callee = await bench.phone("1001"), await bench.phone("1002")
        await bench.call(caller, callee)
        (bridge,) = bench.switch.bridges()
        recording = await bridge.record("calls/lost")
        bench.events.forget()
        pid = bench.switch.status.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await bench.events.get(Up, lambda event: event.restarted, within_s=90)
        with pytest.raises(SwitchError):
            await recording.stop()


async def test_a_later_server_goes_on_with_a_recording_and_finds_what_was_left_SIP_5(
    own_settings: AsteriskSettings,
) -> None:
    async with Bench(own_settings) as bench:
        caller, callee = await bench.phone("1001"), await bench.phone("1002")
        caller.says(600)
        callee.says(900)
        await bench.call(caller, callee)
        (bridge,) = bench.switch.bridges()
        await bridge.record("calls/one")
        await grows(in_folder(own_settings, "calls/one"), 1000)
        await bench.switch.aclose(stop_engine=False)
        async with Bench(own_settings, stop_engine=True) as heir:
            (bridge,) = heir.switch.bridges()
            assert await bridge.recording("calls/other") is None
            recording = await bridge.recording("calls/one")
            assert recording is not None
            await recording.pause()
            await recording.resume()
            await grows(in_folder(own_settings, "calls/one"), 3000)
            assert await heir.switch.left_recordings("calls") == ["calls/one"]
            over = asyncio.create_task(recording.over())
            await bridge.close()
            async with asyncio.timeout(WITHIN_S):
                recorded = await over
            assert recorded.seconds > 3
            for hz in (600, 900):
                assert level_of(read_wav(recorded.path), hz) > HEARD_DBOV
            assert await bridge.recording("calls/one") is None, "it is over"
            assert await heir.switch.finish_recording("calls/one") == recorded
            assert await heir.switch.finish_recording("calls/other") is None
            recorded.path.write_bytes(b"")
            assert await heir.switch.finish_recording("calls/one") is None
            assert await heir.switch.left_recordings("calls") == [], "an empty one is removed"


async def test_a_later_server_finds_what_was_noted_and_goes_on_with_a_message_OPS_1(
    own_settings: AsteriskSettings,
) -> None:
    memo = '{"number": "6500", "odd": "ž ${EXTEN} , ; & % + \\" #"}'
    path = in_folder(own_settings, "messages/1002-a")
    async with Bench(own_settings) as bench:
        phone, leg = await on_the_line(bench, 900)
        await leg.remember("an older note")
        await leg.remember(memo)
        recording = asyncio.create_task(leg.record("messages/1002-a", longest_s=200))
        await grows(path, 1000)
        await bench.switch.aclose(stop_engine=False)
        with pytest.raises(SwitchError):
            await recording
        async with Bench(own_settings, stop_engine=True) as heir:
            (found,) = heir.switch.legs()
            assert (found.id, found.memo) == (leg.id, memo)
            assert await found.recording("messages/1002-b") is None
            going_on = asyncio.create_task(found.recording("messages/1002-a"))
            await grows(path, read_wav(path).ms + 1000)
            await phone.dtmf("#")
            async with asyncio.timeout(WITHIN_S):
                recorded = await going_on
            assert recorded is not None
            assert recorded.seconds > 2
            assert hears(Sound(read_wav(path).samples[:8000], 8000), 900)
            assert await found.recording("messages/1002-a") == recorded, "it is over, and there"
            await found.play(Prompt.prompt("beep"))


async def test_a_recording_ends_by_itself_before_the_disk_is_full_SIP_5(
    bench: Bench, engine_settings: AsteriskSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    caller.says(600)
    await bench.call(caller, callee)
    (bridge,) = bench.switch.bridges()
    recording = await bridge.record("calls/nearly")
    await grows(in_folder(engine_settings, "calls/nearly"), 1000)
    monkeypatch.setattr(adapter, "_free_bytes", lambda folder: adapter.LOW_BYTES - 1)
    async with asyncio.timeout(WITHIN_S):
        with pytest.raises(DiskFull):
            await recording.over()
    recorded = await recording.stop()
    assert level_of(read_wav(recorded.path), 600) > HEARD_DBOV
    await hears_tone(callee, 600)


async def test_the_other_side_still_hears_who_was_disturbed_once_its_key_was_released_CODE_1(
    bench: Bench,
) -> None:
    """Before the end of the digit the engine would not tell the other side of it, and send it no sound."""
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    caller.says(600)
    callee.says(900)
    _, outbound = await bench.call(caller, callee)
    (bridge,) = bench.switch.bridges()
    pressing = asyncio.create_task(callee.dtmf("1"))
    async with asyncio.timeout(WITHIN_S):
        assert await outbound.digits.next() == "1"
        await outbound.digits.released()
    recording = await bridge.record("calls/pressed")
    await outbound.play(Prompt.prompt("beep"))
    await pressing
    await hears_tone(caller, 900)
    await recording.stop()
