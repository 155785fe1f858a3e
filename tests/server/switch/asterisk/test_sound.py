"""What a real phone hears of what the PBX plays (CODE-1, VM-2, Q-5, SIP-4)."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from server.switch.asterisk import AsteriskSettings, AsteriskSwitch
from server.switch.port import SILENCE, Event, Leg, LegGone, Sound, SwitchError, Tone, Up
from server.switch.simulated.sound import prompts
from tests.phones.hearing import hears_tone, listen, tone_gone
from tests.phones.script_phone import ScriptPhone
from tests.phones.sound import hears, tone, write_wav
from tests.phones.waiting import until
from tests.server.switch.asterisk.bench import Bench, Events

pytestmark = pytest.mark.real

LOUD = 400
"""A sample above this is speech, music or a tone; prompts and music reach some thousands."""
LONG = Sound.prompt("demo-congrats")
"""Half a minute of speech."""
BUSY = Sound.tone(Tone.BUSY)
BUSY_HZ = 425.0


async def on_the_line(bench: Bench, number: str = "1001") -> tuple[ScriptPhone, Leg]:
    """A phone that has called and is answered, alone."""
    phone = await bench.phone(number)
    await phone.dial("7777")
    leg = await bench.events.incoming()
    await leg.answer()
    await phone.connected()
    return phone, leg


def loud_ms(phone: ScriptPhone, since_ms: float = 0) -> float:
    """For how long something was to be heard, in pieces of 20 ms."""
    samples = phone.heard().since(since_ms).samples
    pieces = np.abs(samples[: len(samples) // 160 * 160].astype(int)).reshape(-1, 160).max(axis=1)
    return float(np.count_nonzero(pieces > LOUD)) * 20


async def is_silent(phone: ScriptPhone) -> None:
    """From now on nothing is heard for half a second, by the clock of what arrives or without any."""

    def silence() -> Callable[[], bool]:
        began, before = time.monotonic(), phone.rtp.now_ms()
        return lambda: time.monotonic() - began > 0.5 and loud_ms(phone, before) == 0

    async def some_silence() -> bool:
        look = silence()
        await asyncio.sleep(0.6)
        return look()

    await until(some_silence, f"{phone.line.number} hears nothing")


async def test_a_prompt_is_heard_and_then_silence_CODE_1(bench: Bench) -> None:
    phone, leg = await on_the_line(bench)
    async with asyncio.timeout(90):
        await leg.play(Sound.prompt("vm-goodbye"), Sound.digits("10"))
    await until(lambda: loud_ms(phone) > 600, "the prompt and the digits are heard")
    await is_silent(phone)


async def test_a_file_of_ours_is_heard_before_the_answer_VM_3(bench: Bench, tmp_path: Path) -> None:
    write_wav(tmp_path / "greeting.wav", tone(900, ms=8000))
    phone = await bench.phone("1001")
    await phone.dial("7777")
    leg = await bench.events.incoming()
    playing = asyncio.create_task(leg.play(Sound.file(tmp_path / "greeting")))
    await until(lambda: phone.dialog is not None and 183 in phone.dialog.provisional, "early media")
    assert not phone.dialog.decided.is_set()
    await playing
    await leg.answer()
    await phone.connected()


async def test_a_tone_is_heard_until_it_is_cancelled_CODE_1(bench: Bench) -> None:
    phone, leg = await on_the_line(bench)
    playing = asyncio.create_task(leg.play(BUSY))
    await until(lambda: hears(phone.heard().last(300), BUSY_HZ), "the busy tone is heard")
    playing.cancel()
    await asyncio.wait([playing])
    await is_silent(phone)
    async with asyncio.timeout(90):
        await leg.play(Sound.prompt("beep"))


async def test_in_a_bridge_only_the_leg_itself_hears_the_sound_SIP_4(bench: Bench) -> None:
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    caller.says(600)
    callee.says(900)
    inbound, _ = await bench.call(caller, callee)
    await hears_tone(callee, 600)
    playing = asyncio.create_task(inbound.play(BUSY))
    await until(lambda: hears(caller.heard().last(300), BUSY_HZ), "the caller hears the tone")
    await listen(caller, 500)  # time for the wrong one to hear it, too
    assert not hears(callee.heard().last(300), BUSY_HZ)
    playing.cancel()
    await hears_tone(caller, 900)
    await hears_tone(callee, 600)


@pytest.mark.parametrize("sound", [Sound.prompt("no-such"), Sound.file(Path("/no/such"))], ids=str)
async def test_a_sound_that_there_is_not_is_an_error_at_once_CODE_1(bench: Bench, sound: Sound) -> None:
    phone, leg = await on_the_line(bench)
    with pytest.raises(SwitchError, match="no"):
        await leg.play(Sound.prompt("beep"), sound)
    assert loud_ms(phone) == 0


async def test_a_file_that_is_no_sound_is_an_error_VM_3(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_bytes(b"not a sound at all")
    _, leg = await on_the_line(bench)
    with pytest.raises(SwitchError, match="could not play"):
        async with asyncio.timeout(60):
            await leg.play(Sound.file(tmp_path / "broken"))


async def test_who_hangs_up_ends_whoever_plays_VM_2(bench: Bench) -> None:
    phone, leg = await on_the_line(bench)
    playing = asyncio.create_task(leg.play(LONG))
    await until(lambda: loud_ms(phone) > 0, "the prompt is heard")
    await phone.hangup()
    with pytest.raises(LegGone):
        async with asyncio.timeout(20):
            await playing


async def test_nothing_waits_for_a_sound_to_end_SIP_4(bench: Bench) -> None:
    """Asterisk would answer nothing at all until the end of the sound."""
    phone = await bench.phone("1001")
    await phone.dial("7777")
    leg = await bench.events.incoming()
    bridge = await bench.switch.bridge("moved")

    async def at_once(what: Callable[[], object]) -> None:
        """Does it while the long prompt plays."""
        playing = asyncio.create_task(leg.play(LONG))
        before = phone.rtp.packets
        await until(lambda: phone.rtp.packets > before, "something is heard")
        await what()  # type: ignore[misc]
        await bench.switch.known()
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)

    await at_once(leg.answer)
    await phone.connected()
    await at_once(phone.hold)
    await phone.resume()
    await at_once(lambda: bridge.add(leg))
    await at_once(lambda: bridge.remove(leg))
    await at_once(leg.hangup)
    assert bench.switch.status.up


async def test_music_is_heard_alone_goes_on_after_a_sound_and_stops_SIP_4(bench: Bench) -> None:
    phone, leg = await on_the_line(bench)
    await leg.start_music()
    await leg.start_music()
    await until(lambda: loud_ms(phone) > 500, "1001 hears music")
    await leg.play(Sound.prompt("beep"))
    before = phone.rtp.now_ms()
    await until(lambda: loud_ms(phone, before) > 500, "1001 hears music again")
    await leg.stop_music()
    await is_silent(phone)
    await leg.stop_music()
    with pytest.raises(SwitchError, match="no music polka"):
        await leg.start_music("polka")


async def test_a_bridge_ends_the_music_and_both_hear_each_other_SIP_4(bench: Bench) -> None:
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    caller.says(600)
    callee.says(900)
    inbound, outbound = await bench.call(caller, callee)
    (bridge,) = bench.switch.bridges()
    await bridge.remove(inbound, outbound)
    await inbound.start_music()
    before = caller.rtp.now_ms()
    await until(lambda: loud_ms(caller, before) > 500, "1001 hears music")
    await bridge.add(inbound, outbound)
    await hears_tone(caller, 900)
    await hears_tone(callee, 600)
    await inbound.start_music()
    await tone_gone(caller, 900)
    await inbound.stop_music()
    await hears_tone(caller, 900)


async def streams(phone: ScriptPhone) -> None:
    """From now on, a stream arrives."""
    before = phone.rtp.packets
    await until(lambda: phone.rtp.packets > before + 40, f"{phone.line.number} receives a stream")


async def test_silence_is_a_stream_and_a_bridge_ends_it_as_it_ends_music_SIP_4(bench: Bench) -> None:
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    caller.says(600)
    callee.says(900)
    inbound, outbound = await bench.call(caller, callee)
    (bridge,) = bench.switch.bridges()
    await bridge.remove(inbound, outbound)
    await inbound.start_music(SILENCE)
    await is_silent(caller)
    await streams(caller)
    await inbound.play(Sound.prompt("beep"))
    await is_silent(caller)
    await streams(caller)
    await inbound.start_music()
    before = caller.rtp.now_ms()
    await until(lambda: loud_ms(caller, before) > 500, "1001 hears music")
    await inbound.start_music(SILENCE)
    await is_silent(caller)
    await streams(caller)
    await bridge.add(inbound, outbound)
    await hears_tone(caller, 900)
    await hears_tone(callee, 600)


async def test_the_next_server_ends_what_the_one_before_played_OPS_1(
    engine_settings: AsteriskSettings,
) -> None:
    async with Bench(engine_settings) as bench:
        phone, leg = await on_the_line(bench)
        playing = asyncio.create_task(leg.play(Sound.tone(Tone.DIAL)))
        await hears_tone(phone, BUSY_HZ)
        await bench.switch.aclose(stop_engine=False)
        with pytest.raises(SwitchError):
            await playing
        bench.switch = AsteriskSwitch(engine_settings)
        bench.events = Events(bench.switch)
        await bench.switch.start()
        await bench.events.up()
        await is_silent(phone)


async def test_the_next_server_plays_at_once_and_stops_it_when_it_wants_to_OPS_1(
    engine_settings: AsteriskSettings, tmp_path: Path
) -> None:
    """Asterisk tells of the end of the old sound while the new one is played already."""
    write_wav(tmp_path / "old.wav", tone(600, ms=30_000))
    write_wav(tmp_path / "new.wav", tone(900, ms=30_000))
    async with Bench(engine_settings) as bench:
        phone, leg = await on_the_line(bench)
        playing = asyncio.create_task(leg.play(Sound.file(tmp_path / "old")))
        await hears_tone(phone, 600)
        await bench.switch.aclose(stop_engine=False)
        with pytest.raises(SwitchError):
            await playing
        bench.switch = AsteriskSwitch(engine_settings)
        bench.events = Events(bench.switch)
        tasks: list[asyncio.Task[None]] = []

        def on_switch(event: Event) -> None:
            if isinstance(event, Up):
                (again,) = bench.switch.legs()
                tasks.append(asyncio.create_task(again.play(Sound.file(tmp_path / "new"))))

        bench.switch.listen(on_switch)
        await bench.switch.start()
        await bench.events.up()
        await hears_tone(phone, 900)
        (playing,) = tasks
        assert not playing.done()
        (leg,) = bench.switch.legs()
        await leg.ring()
        await tone_gone(phone, 900)
        await playing


async def test_the_simulation_knows_the_prompts_that_asterisk_has(bench: Bench) -> None:
    listed = await bench.switch._control.connected.get("sounds")
    assert set(prompts()) <= {entry["id"] for entry in listed}
