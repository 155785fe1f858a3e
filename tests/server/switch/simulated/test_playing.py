"""The simulated switch plays sounds as the port promises (CODE-1, VM-2, Q-5)."""

import asyncio
import math
from pathlib import Path

import pytest

from server.switch.port import LegGone, Sound, SwitchError, SwitchUnavailable, Tone
from server.switch.simulated import SimulatedSwitch
from server.switch.simulated.sound import length_s, prompts
from tests.server.switch.simulated.desk import Desk
from tests.virtual_time import in_virtual_time

BEEP = Sound.prompt("beep")
GOODBYE = Sound.prompt("vm-goodbye")


def now() -> float:
    return asyncio.get_running_loop().time()


@in_virtual_time
async def test_sounds_are_heard_one_after_the_other_for_their_length_CODE_1() -> None:
    desk = await Desk().up()
    desk.engine.files[Path("/sounds/hello")] = 12.5
    _, dialog, leg = await desk.answered()
    began = now()
    sounds = (BEEP, Sound.digits("10*#"), Sound.number(7), Sound.file(Path("/sounds/hello")))
    await leg.play(*sounds)
    assert dialog.sounds == list(sounds)
    assert now() - began == pytest.approx(sum(length_s(s, desk.engine.files) for s in sounds), abs=0.01)
    assert [heard.ended for heard in dialog.heard[:-1]] == [heard.began for heard in dialog.heard[1:]]


@in_virtual_time
async def test_a_caller_hears_a_prompt_before_the_answer_Q_5() -> None:
    desk = await Desk().up()
    _, dialog, leg = desk.calls()
    await leg.play(GOODBYE)
    assert dialog.sounds == [GOODBYE]


@in_virtual_time
async def test_a_tone_lasts_until_whoever_plays_it_is_cancelled_CODE_1() -> None:
    desk = await Desk().up()
    _, dialog, leg = await desk.answered()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await leg.play(BEEP, Sound.tone(Tone.BUSY))
    await asyncio.sleep(1)
    _, busy = dialog.heard
    assert busy.sound == Sound.tone(Tone.BUSY)
    assert busy.ended == pytest.approx(5, abs=0.02)


@in_virtual_time
async def test_a_second_sound_waits_for_the_first_CODE_1() -> None:
    desk = await Desk().up()
    _, dialog, leg = await desk.answered()
    await asyncio.gather(leg.play(GOODBYE), leg.play(BEEP))
    first, second = dialog.heard
    assert (first.sound, second.sound) == (GOODBYE, BEEP)
    assert first.ended is not None
    assert second.began >= first.ended


@in_virtual_time
async def test_who_hangs_up_hears_no_more_and_whoever_plays_is_told_VM_2() -> None:
    desk = await Desk().up()
    phone, dialog, leg = await desk.answered()
    asyncio.get_running_loop().call_later(0.5, phone.hang_up, dialog)
    with pytest.raises(LegGone):
        await leg.play(GOODBYE, BEEP)
    assert dialog.sounds == [GOODBYE]
    with pytest.raises(LegGone):
        await leg.play(BEEP)


@pytest.mark.parametrize("sound", [Sound.prompt("no-such"), Sound.file(Path("/no/such"))], ids=str)
@in_virtual_time
async def test_a_sound_that_there_is_not_is_an_error_and_nothing_is_heard_CODE_1(sound: Sound) -> None:
    desk = await Desk().up()
    _, dialog, leg = await desk.answered()
    with pytest.raises(SwitchError, match="no"):
        await leg.play(BEEP, sound)
    assert dialog.sounds == []


@pytest.mark.parametrize("change", ["answer", "ring", "bridge", "remove"])
@in_virtual_time
async def test_a_leg_that_is_moved_hears_its_sound_no_more_SIP_4(change: str) -> None:
    desk = await Desk().up()
    _, dialog, leg = desk.calls() if change == "answer" else await desk.answered()
    bridge = await desk.switch.bridge("b")
    if change == "remove":
        await bridge.add(leg)
    playing = asyncio.create_task(leg.play(GOODBYE, BEEP))
    await asyncio.sleep(0.3)
    changes = {"answer": leg.answer, "ring": leg.ring}
    await (bridge.add(leg) if change == "bridge" else bridge.remove(leg) if change == "remove"
           else changes[change]())  # fmt: skip
    await playing
    assert dialog.sounds == [GOODBYE]
    assert now() < 0.5


@in_virtual_time
async def test_a_lost_connection_is_told_and_the_next_server_ends_the_sound_OPS_1() -> None:
    desk = await Desk().up()
    _, dialog, leg = await desk.answered()
    asyncio.get_running_loop().call_later(0.5, desk.switch.disconnect)
    with pytest.raises(SwitchUnavailable):
        await leg.play(Sound.tone(Tone.RINGING))
    assert dialog.playback is not None
    SimulatedSwitch(desk.engine).connect(restarted=False)
    assert dialog.playback is None


@in_virtual_time
async def test_a_crash_of_the_engine_ends_whoever_plays_OPS_1() -> None:
    desk = await Desk().up()
    _, _, leg = await desk.answered()
    asyncio.get_running_loop().call_later(0.5, desk.switch.crash)
    with pytest.raises(LegGone) as gone:
        await leg.play(Sound.tone(Tone.RINGING))
    assert gone.value.ended.lost


@in_virtual_time
async def test_nothing_and_something_after_a_tone_cannot_be_played() -> None:
    desk = await Desk().up()
    _, _, leg = await desk.answered()
    for sounds in ((), (Sound.tone(Tone.BUSY), BEEP)):
        with pytest.raises(ValueError, match=r"nothing to play|has no end"):
            await leg.play(*sounds)


@pytest.mark.parametrize(
    ("make", "value"),
    [
        (Sound.prompt, "../beep"),
        (Sound.prompt, "beep,vm-goodbye"),
        (Sound.prompt, ""),
        (Sound.digits, "12a"),
        (Sound.digits, ""),
        (Sound.number, -1),
        (Sound.file, Path("relative")),
        (Sound.file, Path("/a,b")),
        (Sound.file, Path("/a&b")),
    ],
)
def test_what_is_no_sound_cannot_be_made(make: object, value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - every way has its own text
        make(value)  # type: ignore[operator]


def test_the_simulation_knows_prompts_and_their_lengths() -> None:
    assert prompts()["beep"] == pytest.approx(0.44)
    assert length_s(Sound.tone(Tone.DIAL), {}) == math.inf
