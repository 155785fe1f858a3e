"""ADMIN-2 on real phones: an uploaded prompt is heard, and keys lead where the menu says."""

import asyncio
from pathlib import Path

import pytest
import pytest_asyncio

from tests.phones.baresip import Baresip
from tests.phones.hearing import hears_tone
from tests.phones.phone import RealPhone
from tests.phones.script_phone import ScriptPhone
from tests.real.pbx import Pbx
from tests.real.prompts import upload

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

MAIN, SECOND = "6510", "6511"


@pytest_asyncio.fixture(loop_scope="session")
async def menus(pbx: Pbx, tmp_path: Path) -> None:
    """A menu that is a tone of 1,000 Hz and leads to another one of 1,400 Hz, and from there to 1002."""
    await upload(pbx, tmp_path, "main menu", 1000)
    await upload(pbx, tmp_path, "second menu", 1400)
    for number, prompt, key, where, value in (
        (SECOND, "second menu", "2", "extension", "1002"),
        (MAIN, "main menu", "1", "ivr", SECOND),
    ):
        choices = [{"key": key, "destination": {"kind": where, "value": value}}]
        body = {"prompt": prompt, "choices": choices, "dial_extensions": number == MAIN}
        await pbx.api("PUT", f"/ivrs/{number}", body=body)


@pytest.mark.usefixtures("menus")
@pytest.mark.parametrize("phone", [ScriptPhone, Baresip])
async def test_prompts_are_heard_and_keys_lead_from_menu_to_menu_to_a_person_ADMIN_2(
    pbx: Pbx, phone: type[RealPhone]
) -> None:
    async with phone(pbx.line("1001")) as anna, ScriptPhone(pbx.line("1002")) as boris:
        await pbx.register(anna, boris)
        anna.says(550)
        boris.says(700)
        await anna.dial(MAIN)
        await anna.connected()
        await hears_tone(anna, 1000)
        await anna.dtmf("1")
        await hears_tone(anna, 1400)
        await anna.dtmf("2")
        await boris.incoming()
        await boris.answer()
        await asyncio.gather(hears_tone(anna, 700), hears_tone(boris, 550))
        await boris.hangup()
        await anna.ended()
    await pbx.nothing_left()


@pytest.mark.usefixtures("menus")
async def test_an_extension_is_dialled_from_a_menu_and_one_who_hangs_up_leaves_nothing_ADMIN_2(
    pbx: Pbx,
) -> None:
    async with ScriptPhone(pbx.line("1001")) as anna, ScriptPhone(pbx.line("1002")) as boris:
        await pbx.register(anna, boris)
        await anna.dial(MAIN)
        await anna.connected()
        await hears_tone(anna, 1000)
        await anna.dtmf("1002#")
        await boris.incoming()
        await anna.hangup()
        await boris.ended()
        await anna.dial(MAIN)
        await anna.connected()
        await hears_tone(anna, 1000)
        await anna.hangup()
    await pbx.nothing_left()


async def test_music_on_hold_is_what_was_uploaded_ADMIN_2(pbx: Pbx, tmp_path: Path) -> None:
    await upload(pbx, tmp_path, "our music", 1800)
    await pbx.api("PUT", "/system-settings", body={"music": ["our music"]})
    try:
        async with ScriptPhone(pbx.line("1001")) as anna, ScriptPhone(pbx.line("1002")) as boris:
            await pbx.register(anna, boris)
            anna.says(550)
            boris.says(700)
            await anna.dial("1002")
            await boris.incoming()
            await boris.answer()
            await anna.connected()
            await hears_tone(anna, 700)
            await boris.hold()
            await hears_tone(anna, 1800)
            await boris.resume()
            await hears_tone(anna, 700)
            await anna.hangup()
    finally:
        await pbx.api("PUT", "/system-settings", body={})
    await pbx.nothing_left()
