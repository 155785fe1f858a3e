"""KEY-1, KEY-3 on a real client and real phones: a key shows who rings; one click takes, another parks."""

from pathlib import Path

import pytest

from tests.phones.hearing import hears_tone
from tests.phones.script_phone import ScriptPhone
from tests.real.pbx import Pbx
from tests.real.workplace import at_work

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

KEYS = """
[[keys]]
type = "blf"
value = "1002"
[[keys]]
type = "park"
value = "6919"
"""


async def test_a_key_shows_who_rings_takes_the_call_and_parks_it_KEY_3(pbx: Pbx, tmp_path: Path) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        at_work(pbx, "1003", tmp_path) as client,
    ):
        await pbx.register(anna, boris)
        await client.miss("Bob Baker: Available", within=1.0)
        await pbx.cli("extension", "keys", "set", "1003", stdin=KEYS)
        await client.see("Bob Baker: Available")
        anna.says(1000)
        await anna.dial("1002")
        await boris.incoming()
        await client.click("Bob Baker: Ringing")
        await anna.connected()
        lost = await boris.ended()
        assert "SIP;cause=200" in lost.reason.replace(" ", ""), "no missed call on this phone"
        await client.see("Call with Alice Archer", ": In a call")
        await client.see("Sound quality: good")  # the client measures what it hears of Anna
        await client.click("Slot 6919: Free")
        await client.see("Slot 6919: Alice Archer")
        await client.miss("Call with ")
        boris.says(700)
        await boris.dial("6919")
        await boris.connected()
        await hears_tone(boris, 1000)
        await client.see("Slot 6919: Free")
        await client.see("Bob Baker: In a call")
        await anna.hangup()
        await boris.ended()
        await client.see("Bob Baker: Available")
        await pbx.cli("extension", "keys", "clear", "1003")
        await client.miss("Bob Baker: Available")
    await pbx.nothing_left()


async def test_the_boss_sees_who_waits_at_the_secretary_and_takes_the_call_by_one_click_BOSS_4(
    pbx: Pbx, tmp_path: Path
) -> None:
    boss = {"secretaries": ["1002"]}
    await pbx.api("PUT", "/bosses/1003", body=boss)
    keys = {"keys": [{"type": "boss_secretary", "value": "*591002"}]}
    await pbx.api("PUT", "/extensions/1003/keys", body=keys)
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as secretary,
        at_work(pbx, "1003", tmp_path) as client,
    ):
        await pbx.register(anna, secretary)
        anna.says(1000)
        await client.click("Bob Baker: Free")
        await client.click("Switch off")
        await client.see("Bob Baker: Switched off")
        await client.miss("Call with ")  # the spoken answer is over
        await pbx.api("PUT", "/bosses/1003", body=boss)
        await client.see("Bob Baker: Free")
        await anna.dial("1003")
        await secretary.incoming()
        await secretary.answer()
        await client.see("Bob Baker: Answers Alice Archer")
        await secretary.hold()
        await client.click("Bob Baker: Alice Archer waits")
        await client.see("Call with Alice Archer", ": In a call")
        await client.see("Sound quality: good")
        await client.see("Bob Baker: Free")
        await client.click("Hang up")
        await anna.ended()
    await pbx.api("PUT", "/extensions/1003/keys", body={"keys": []})
    await pbx.api("DELETE", "/bosses/1003")
    await pbx.nothing_left()
