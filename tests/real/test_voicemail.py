"""VM-3, VM-5, PRES-3, SIP-4 on real phones: what a caller says is what the owner of the mailbox hears."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.phones.baresip import Baresip
from tests.phones.hearing import has_heard, hears_tone
from tests.phones.script_phone import ScriptPhone
from tests.phones.sound import Sound, heard_ms, hears, longest_gap_ms, read_wav, tone, write_wav
from tests.phones.waiting import until
from tests.real.pbx import Pbx

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

SPOKEN_MS = 4000
"""A message is ended once so much of it is recorded."""
GREETING_HZ = 1200.0
RECORDED_GAP_MS = 150.0
"""What is recorded has no gap above this: a throttled machine may lose some packets of a phone's own."""


async def silent_before_messages(pbx: Pbx, number: str, **more: object) -> None:
    """The mailbox says nothing before a message."""
    body = {"announce_time": False, "announce_caller": False, "announce_duration": False, **more}
    await pbx.api("PUT", f"/voicemail/{number}/settings", body=body)


async def greeted_by_a_tone(pbx: Pbx, number: str, folder: Path) -> None:
    """Callers of this mailbox hear `GREETING_HZ`, which was uploaded by the command line."""
    file = folder / "greeting.wav"
    write_wav(file, tone(GREETING_HZ, ms=1500))
    greeting = await pbx.cli("voicemail", "add-greeting", number, str(file))
    await silent_before_messages(pbx, number, greeting=greeting["id"])


def recordings(pbx: Pbx) -> list[Path]:
    """What the engine records for mailboxes now."""
    folder = pbx.data / "asterisk/spool/recording"
    return [path for kind in ("messages", "voicemail") for path in (folder / kind).glob("*.wav")]


async def speaks(pbx: Pbx, ms: float = SPOKEN_MS) -> None:
    """Wait until so much of each message has been recorded."""

    def enough() -> bool:
        found = recordings(pbx)
        return bool(found) and all(read_wav(path).ms >= ms for path in found)

    await until(enough, f"{ms:.0f} ms of a message are recorded")


async def a_message(pbx: Pbx, number: str) -> dict[str, Any]:
    """Wait until the only message of this mailbox is listed."""

    async def look() -> list[dict[str, Any]]:
        return list(await pbx.api("GET", "/me/voicemail", token=await pbx.token_of(number)))

    (message,) = await until(look, f"a message is listed for {number}") or []
    return dict(message)


async def sound_of(pbx: Pbx, number: str, message_id: str, folder: Path) -> Sound:
    """The sound of a message as a client gets it."""
    url = f"https://127.0.0.1:{pbx.http_port}/api/v1/me/voicemail/{message_id}/audio"
    pin = aiohttp.Fingerprint(bytes.fromhex(pbx.fingerprint))
    headers = {"Authorization": f"Bearer {await pbx.token_of(number)}"}
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=pin), headers=headers) as session,
        session.get(url) as answer,
    ):
        assert answer.status == 200
        file = folder / "message.wav"
        file.write_bytes(await answer.read())
    return read_wav(file)


def assert_says(sound: Sound, hz: float) -> None:
    """The message is this tone, from its beginning to its end."""
    assert sound.ms >= SPOKEN_MS
    assert hears(Sound(sound.samples[4000:-4000], sound.rate), hz)
    assert heard_ms(sound, hz) >= sound.ms - 600
    assert longest_gap_ms(sound, hz) <= RECORDED_GAP_MS


async def test_nobody_answers_and_the_message_is_what_was_said_and_is_heard_by_phone_VM_5_PRES_3(
    pbx: Pbx, tmp_path: Path
) -> None:
    await greeted_by_a_tone(pbx, "1002", tmp_path)
    forwards = {
        "statuses": {"available": {"ring_timeout_s": 5, "internal": {"no_answer": {"kind": "voicemail"}}}}
    }
    await pbx.api("PUT", "/extensions/1002/presence/settings", body=forwards)
    before = await pbx.ids("1002")
    async with Baresip(pbx.line("1001")) as anna, ScriptPhone(pbx.line("1002")) as boris:
        await pbx.register(anna, boris)
        anna.says(700)
        await anna.dial("1002")
        await boris.incoming()
        await anna.connected()
        await has_heard(anna, GREETING_HZ)
        await speaks(pbx)
        await anna.hangup()
        message = await a_message(pbx, "1002")
        assert (message["caller"], message["heard"]) == ("1001", False)
        sound = await sound_of(pbx, "1002", message["id"], tmp_path)
        assert message["seconds"] == pytest.approx(sound.ms / 1000, abs=0.01)
        assert_says(sound, 700)
        assert recordings(pbx) == []
        assert (await pbx.newest("1002", after=before))["outcome"] == "missed"

        await boris.dial("*2")
        await boris.connected()
        await boris.dtmf("1")
        await has_heard(boris, 700)
        await boris.dtmf("7")

        async def is_deleted() -> bool:
            return not await pbx.api("GET", "/me/voicemail", token=await pbx.token_of("1002"))

        await until(is_deleted, "the message is deleted by a key")
        await boris.hangup()
    await pbx.api("PUT", "/extensions/1002/presence/settings", body={})
    await pbx.nothing_left()


async def test_a_caller_is_sent_straight_to_a_mailbox_and_ends_the_message_by_a_key_SIP_4(
    pbx: Pbx, tmp_path: Path
) -> None:
    await greeted_by_a_tone(pbx, "1003", tmp_path)
    async with ScriptPhone(pbx.line("1001")) as anna, ScriptPhone(pbx.line("1002")) as boris:
        await pbx.register(anna, boris)
        anna.says(550)
        boris.says(700)
        await anna.dial("1002")
        await boris.incoming()
        await boris.answer()
        await anna.connected()
        await asyncio.gather(hears_tone(anna, 700), hears_tone(boris, 550))
        assert await boris.refer("*121003") == 202
        await boris.ended()
        assert boris.told[-1] == 200
        await has_heard(anna, GREETING_HZ)
        await speaks(pbx)
        await anna.dtmf("#")
        await anna.ended()
        message = await a_message(pbx, "1003")
        assert_says(await sound_of(pbx, "1003", message["id"], tmp_path), 550)
    await pbx.nothing_left()


async def test_who_says_nothing_is_let_go_and_leaves_no_message_VM_5(pbx: Pbx) -> None:
    async with ScriptPhone(pbx.line("1001")) as anna:
        await pbx.register(anna)
        anna.says(0)
        await anna.dial("*121005")
        await anna.connected()
        await speaks(pbx, 500)
        await anna.ended()
        assert await pbx.api("GET", "/voicemail/1005") == []
        assert recordings(pbx) == []
    await pbx.nothing_left()


async def test_a_greeting_is_recorded_by_phone_and_the_next_caller_hears_it_VM_3(pbx: Pbx) -> None:
    token = await pbx.token_of("1004")
    async with ScriptPhone(pbx.line("1004")) as dana, ScriptPhone(pbx.line("1001")) as anna:
        await pbx.register(dana, anna)
        dana.says(900)
        await pbx.api("POST", "/me/voicemail/greetings/record", body={"name": "By phone"}, token=token)
        await dana.incoming()
        await dana.answer()
        await speaks(pbx, 2000)
        await dana.dtmf("#")
        await dana.ended()
        (greeting,) = await pbx.api("GET", "/me/voicemail/greetings", token=token)
        assert greeting["name"] == "By phone"
        await pbx.api("PUT", "/me/voicemail/settings", body={"greeting": greeting["id"]}, token=token)
        await anna.dial("*121004")
        await anna.connected()
        await has_heard(anna, 900)
        await anna.hangup()
    await pbx.nothing_left()


async def test_a_server_killed_while_a_message_is_left_keeps_all_of_it_VM_5(
    own_pbx: Pbx, tmp_path: Path
) -> None:
    """Whoever speaks notices nothing; and who hangs up while no server is there has left a message, too."""
    pbx = own_pbx
    async with ScriptPhone(pbx.line("1001")) as anna, ScriptPhone(pbx.line("1003")) as cyril:
        await pbx.register(anna, cyril)
        for caller, box in ((anna, "1002"), (cyril, "1001")):
            caller.says(700)
            await caller.dial(f"*12{box}")
            await caller.connected()
        await until(lambda: len(recordings(pbx)) == 2, "both are recorded")
        await speaks(pbx, 4500)
        await pbx.kill()
        await cyril.hangup()
        await pbx.start()
        await pbx.ready()
        kept = await a_message(pbx, "1001")
        assert kept["caller"] == "1003"
        assert_says(await sound_of(pbx, "1001", kept["id"], tmp_path), 700)
        assert await pbx.api("GET", "/voicemail/1002") == [], "it is not over"
        await speaks(pbx, kept["seconds"] * 1000 + 1500)
        await anna.dtmf("#")
        await anna.ended()
        message = await a_message(pbx, "1002")
        assert message["seconds"] > kept["seconds"]
        assert_says(await sound_of(pbx, "1002", message["id"], tmp_path), 700)
    await pbx.nothing_left()
    assert recordings(pbx) == []
