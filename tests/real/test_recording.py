"""SIP-5, CODE-1, LOG-1 on real phones: what is said in a call is in its recording, and nothing else."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.phones.baresip import Baresip
from tests.phones.hearing import GONE_DBOV, hears_tone
from tests.phones.own_phone import OwnPhone
from tests.phones.phone import RealPhone
from tests.phones.script_phone import ScriptPhone
from tests.phones.sound import Sound, heard_ms, level_of, longest_gap_ms, read_wav
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tests.real.small_disk import SmallDisk
from tests.real.workplace import at_work
from tools.standstill import witness

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

ANNA_HZ, BORIS_HZ, SECRET_HZ = 550.0, 900.0, 1500.0
HEARD_DBOV = -27.0
"""A phone says its tone at -15 dBov."""
GAP_MS = 60.0
LOUD = 500
"""A sample above this is no silence."""


async def talk(anna: RealPhone, boris: RealPhone) -> None:
    """1001 calls 1002, and they talk."""
    anna.says(ANNA_HZ)
    boris.says(BORIS_HZ)
    await anna.dial("1002")
    await boris.incoming()
    await boris.answer()
    await anna.connected()
    await asyncio.gather(hears_tone(anna, BORIS_HZ), hears_tone(boris, ANNA_HZ))


async def own_call(pbx: Pbx, number: str) -> dict[str, Any]:
    """The call as the client of this extension sees it."""
    calls = await pbx.topic("calls", await pbx.token_of(number))
    (call,) = [one for one in calls.values() if one["state"] != "ended"]
    return call


async def is_now(pbx: Pbx, state: str | None, *numbers: str) -> None:
    """Wait until these clients see the recording in this state."""

    async def look() -> bool:
        return all([(await own_call(pbx, number))["recording"]["state"] == state for number in numbers])

    await until(look, f"the recording is {state} for {', '.join(numbers)}")


async def recorded(pbx: Pbx, call_id: str, folder: Path) -> tuple[dict[str, Any], Sound]:
    """The recording of this call once it is listed, and its sound, which can be fetched at once."""

    async def look() -> dict[str, Any] | None:
        found = [one for one in await pbx.api("GET", "/recordings") if one["id"] == call_id]
        return found[0] if found and found[0]["ended_at"] else None

    listed = dict(await until(look, "the recording is listed") or {})
    path = folder / "recording.wav"
    path.write_bytes(await pbx.download(f"/recordings/{call_id}/audio"))
    sound = read_wav(path)
    assert listed["seconds"] == pytest.approx(sound.ms / 1000, abs=0.01)
    assert listed["size"] == path.stat().st_size
    return listed, sound


async def grows(pbx: Pbx, call_id: str, ms: float) -> None:
    """Wait until so much of a call was recorded."""
    path = pbx.data / f"asterisk/spool/recording/calls/{call_id}.wav"
    before = read_wav(path).ms
    await until(lambda: read_wav(path).ms > before + ms, f"{ms:.0f} ms more are recorded")


@pytest.mark.parametrize("phone", [ScriptPhone, Baresip, OwnPhone])
async def test_a_rule_records_both_voices_in_full_SIP_5(
    pbx: Pbx, phone: type[RealPhone], tmp_path: Path
) -> None:
    rule = {"extensions": ["1002"], "calls": ["internal"]}
    await pbx.api("PUT", "/recording-rules/boris", body=rule)
    try:
        async with ScriptPhone(pbx.line("1001")) as anna, phone(pbx.line("1002")) as boris:
            await pbx.register(anna, boris)
            async with witness() as machine:
                began = asyncio.get_running_loop().time()
                await talk(anna, boris)
                await is_now(pbx, "recording", "1001", "1002")
                call = await own_call(pbx, "1002")
                await grows(pbx, call["id"], 3000)
                await anna.hangup()
                await boris.ended()
                listed, sound = await recorded(pbx, call["id"], tmp_path)
                stood_s = machine.stood_s(began, asyncio.get_running_loop().time())
        assert (listed["caller"], listed["callee"], listed["owners"]) == ("1001", "1002", ["1002"])
        assert listed["state"] == "finished"
        for hz in (ANNA_HZ, BORIS_HZ):
            assert level_of(sound, hz) > HEARD_DBOV
            assert heard_ms(sound, hz) > 3000
            assert longest_gap_ms(sound, hz) <= GAP_MS + 1000 * stood_s, "not a word is missing"
    finally:
        await pbx.api("DELETE", "/recording-rules/boris")
    await pbx.nothing_left()


@pytest.mark.parametrize("phone", [ScriptPhone, Baresip, OwnPhone])
async def test_keys_record_pause_and_go_on_CODE_1(pbx: Pbx, phone: type[RealPhone], tmp_path: Path) -> None:
    await pbx.api("PUT", "/recording-rights/boris", body={"extensions": ["1002"]})
    async with ScriptPhone(pbx.line("1001")) as anna, phone(pbx.line("1002")) as boris:
        await pbx.register(anna, boris)
        await talk(anna, boris)
        await is_now(pbx, None, "1001", "1002")
        call = await own_call(pbx, "1002")
        await boris.dtmf("*1")
        await is_now(pbx, "recording", "1001", "1002")
        await hears_tone(anna, BORIS_HZ)  # what boris was told is over
        await grows(pbx, call["id"], 1500)
        await boris.dtmf("*1")
        await is_now(pbx, "paused", "1001", "1002")
        anna.says(SECRET_HZ)
        await hears_tone(boris, SECRET_HZ)
        anna.says(ANNA_HZ)
        await hears_tone(boris, ANNA_HZ)
        await boris.dtmf("*1")
        await is_now(pbx, "recording", "1001", "1002")
        await grows(pbx, call["id"], 1500)
        await anna.dtmf("*1")  # who has no permission changes nothing
        await grows(pbx, call["id"], 1500)
        await is_now(pbx, "recording", "1001", "1002")
        await boris.hangup()
        await anna.ended()
        listed, sound = await recorded(pbx, call["id"], tmp_path)
    assert listed["owners"] == ["1002"]
    assert level_of(sound, ANNA_HZ) > HEARD_DBOV
    assert level_of(sound, BORIS_HZ) > HEARD_DBOV
    assert level_of(sound, SECRET_HZ) < GONE_DBOV, "what was said in the pause is not there"
    await pbx.nothing_left()


async def test_the_client_finds_its_call_and_records_it_without_a_gap_SIP_5(pbx: Pbx, tmp_path: Path) -> None:
    """What the client's button does: its own Call-ID names the call, and nobody hears that it begins."""
    await pbx.api("PUT", "/recording-rights/anna", body={"extensions": ["1001"]})
    async with OwnPhone(pbx.line("1001")) as anna, ScriptPhone(pbx.line("1002")) as boris:
        await pbx.register(anna, boris)
        await talk(anna, boris)
        shown = await own_call(pbx, "1001")
        assert shown["sip_call_ids"] == [await anna.sip_call_id()]
        assert (await own_call(pbx, "1002"))["sip_call_ids"] == [boris.sip_call_id]
        token = await pbx.token_of("1001")
        path = f"/me/calls/{shown['id']}/recording"
        async with witness() as machine:
            began = asyncio.get_running_loop().time()
            before = {phone: phone.heard().ms for phone in (anna, boris)}
            for action, state in [
                ("start", "recording"), ("pause", "paused"), ("resume", "recording")
            ]:  # fmt: skip
                await pbx.api("POST", path, body={"action": action}, token=token)
                await is_now(pbx, state, "1001", "1002")
                if state == "recording":
                    await grows(pbx, shown["id"], 1500)
            await pbx.api("POST", path, body={"action": "stop"}, token=token)
            listed, sound = await recorded(pbx, shown["id"], tmp_path)
            stood_ms = 1000 * machine.stood_s(began, asyncio.get_running_loop().time())
        for phone, hz in ((anna, BORIS_HZ), (boris, ANNA_HZ)):
            heard = phone.heard().since(before[phone])
            assert longest_gap_ms(heard, hz, edges=True) <= GAP_MS + stood_ms, "nobody misses a word"
        for hz in (ANNA_HZ, BORIS_HZ):
            assert longest_gap_ms(sound, hz) <= GAP_MS + stood_ms, "nothing is missing in the recording"
        assert listed["owners"] == ["1001"]
        await anna.hangup()
        await boris.ended()
    await pbx.nothing_left()


async def test_a_recording_outlives_the_server_SIP_5(own_pbx: Pbx, tmp_path: Path) -> None:
    """kill -9 in a recorded call, twice: it goes on while the call does, and is found if it does not."""
    pbx = own_pbx
    await pbx.api("PUT", "/recording-rules/all", body={"everybody": True})
    async with ScriptPhone(pbx.line("1001")) as anna, ScriptPhone(pbx.line("1002")) as boris:
        await pbx.register(anna, boris)
        await talk(anna, boris)
        await is_now(pbx, "recording", "1001")
        call = await own_call(pbx, "1001")
        await grows(pbx, call["id"], 1000)
        await pbx.kill()
        await grows(pbx, call["id"], 1000)
        await pbx.start(sip=pbx.sip_port)
        await pbx.ready()
        await is_now(pbx, "recording", "1001", "1002")
        assert (await own_call(pbx, "1002"))["id"] == call["id"]
        await grows(pbx, call["id"], 1000)
        await pbx.kill()
        await anna.hangup()
        boris.says(0)
        await pbx.start(sip=pbx.sip_port)
        await pbx.ready()
        listed, sound = await recorded(pbx, call["id"], tmp_path)
    assert listed["state"] in {"interrupted", "finished"}
    assert (listed["caller"], listed["callee"]) == ("1001", "1002")
    for hz in (ANNA_HZ, BORIS_HZ):
        assert heard_ms(sound, hz) > 3000
    assert not list((pbx.data / "asterisk/spool/recording/calls").iterdir())
    kept = pbx.data / f"recordings/{call['id']}.wav"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700


async def test_a_full_disk_ends_the_recording_and_not_the_call_SIP_5(tmp_path: Path) -> None:
    async with SmallDisk(tmp_path / "small", megabytes=90) as disk, Pbx(tmp_path, disk=disk) as pbx:
        for number in ("1001", "1002"):
            await pbx.add(number, "Alice", "Archer")
        await pbx.api("PUT", "/recording-rules/all", body={"everybody": True})
        async with ScriptPhone(pbx.line("1001")) as anna, ScriptPhone(pbx.line("1002")) as boris:
            await pbx.register(anna, boris)
            await talk(anna, boris)
            await is_now(pbx, "recording", "1001", "1002")
            call = await own_call(pbx, "1001")
            path = disk.seen(pbx.data) / f"asterisk/spool/recording/calls/{call['id']}.wav"
            await until(lambda: read_wav(path).ms > 1500, "something is recorded")
            disk.fill()
            await is_now(pbx, "disk_full", "1001", "1002")
            await asyncio.gather(hears_tone(anna, BORIS_HZ), hears_tone(boris, ANNA_HZ))
            disk.make_room()
            listed, sound = await recorded(pbx, call["id"], tmp_path)
            assert listed["state"] == "disk_full"
            for hz in (ANNA_HZ, BORIS_HZ):
                assert level_of(sound, hz) > HEARD_DBOV
            await anna.hangup()
            await boris.ended()
        await pbx.nothing_left()


async def test_the_button_of_the_client_records_and_its_player_has_it_SIP_5_LOG_1(
    pbx: Pbx, tmp_path: Path
) -> None:
    """The whole way: windows, API, phones. What the other one says is in the file."""
    await pbx.api("PUT", "/recording-rights/dana", body={"extensions": ["1004"]})
    async with (
        at_work(pbx, "1004", tmp_path) as dana,
        ScriptPhone(pbx.line("1002")) as boris,
    ):
        await pbx.register(boris)
        boris.says(BORIS_HZ)
        await dana.type("Search a colleague or dial a number", "1002", enter=True)
        await boris.incoming()
        await boris.answer()
        await dana.see("Call with ", ": In a call")
        await dana.click("Record")
        await dana.see("Call with ", ": In a call, Recording")
        call = await own_call(pbx, "1004")
        await is_now(pbx, "recording", "1002")
        await grows(pbx, call["id"], 1500)
        await dana.click("Pause recording")
        await dana.see("Call with ", "Recording paused")
        boris.says(SECRET_HZ)
        await is_now(pbx, "paused", "1002")
        boris.says(BORIS_HZ)
        await dana.click("Resume recording")
        await dana.miss("Recording paused")
        await grows(pbx, call["id"], 1500)
        await dana.click("Hang up")
        await boris.ended()
        listed, sound = await recorded(pbx, call["id"], tmp_path)
        assert listed["owners"] == ["1004"]
        assert level_of(sound, BORIS_HZ) > HEARD_DBOV
        await dana.click("Call Logs")
        await dana.see("Outgoing call, Bob Baker", ", recorded")
    await pbx.nothing_left()


async def test_who_is_put_together_by_an_attended_transfer_is_told_of_the_rule_SIP_5(pbx: Pbx) -> None:
    """The announcement is heard by both, in whose ears nobody else is meanwhile; then they talk."""
    rule = {"extensions": ["1003"], "announcement": "conf-now-recording"}
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1002")) as second,
        ScriptPhone(pbx.line("1003")) as cyril,
    ):
        await pbx.register(anna, boris, second, cyril)
        await talk(anna, boris)
        await boris.hold()
        await second.dial("1003")
        cyril.says(SECRET_HZ)
        await cyril.incoming()
        await cyril.answer()
        await second.connected()
        await hears_tone(second, SECRET_HZ)
        await pbx.api("PUT", "/recording-rules/cyril", body=rule)
        try:
            before = {phone: phone.heard().ms for phone in (anna, cyril)}
            assert await boris.refer("1003", replaces=second) == 202
            await asyncio.gather(boris.ended(), second.ended())
            await asyncio.gather(hears_tone(anna, SECRET_HZ), hears_tone(cyril, ANNA_HZ))
            for phone, partner_hz in ((anna, SECRET_HZ), (cyril, ANNA_HZ)):
                heard = phone.heard().since(before[phone])
                alone = heard.ms - heard_ms(heard, partner_hz)
                assert alone > 1500, "the announcement takes 2.3 s"
                told = heard.samples[
                    int(alone * 0.3 * heard.rate / 1000) : int(alone * 0.8 * heard.rate / 1000)
                ]
                assert np.abs(told).max() > LOUD, "and is heard"
            await is_now(pbx, "recording", "1001", "1003")
        finally:
            await pbx.api("DELETE", "/recording-rules/cyril")
        await anna.hangup()
        await cyril.ended()
    await pbx.nothing_left()
