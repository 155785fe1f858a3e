"""SIP-4 on real phones: a conference room in which everybody hears everybody else."""

import asyncio
from contextlib import AsyncExitStack

import numpy as np
import pytest

from tests.phones.baresip import Baresip
from tests.phones.hearing import hears_tone, listen, tone_gone
from tests.phones.own_phone import OwnPhone
from tests.phones.phone import RealPhone
from tests.phones.script_phone import ScriptPhone
from tests.phones.sound import level_of
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tests.real.scenes import Logbooks

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

KINDS = {"1001": ScriptPhone, "1002": Baresip, "1003": OwnPhone, "1004": ScriptPhone, "1005": ScriptPhone}
TONES = {"1001": 450.0, "1002": 620.0, "1003": 830.0, "1004": 1100.0, "1005": 1500.0}
LOUD = 500
"""A sample above this is no silence; music reaches some thousands."""
HEARD_DBOV = -40.0
"""A tone among others is heard above this; each is spoken at -15 dBov."""


async def hears_all(phone: RealPhone, numbers: set[str]) -> None:
    """Wait until the phone hears the tones of these, and of nobody else."""

    async def look() -> bool:
        sound = await listen(phone, 600)
        levels = {number: level_of(sound, hertz) for number, hertz in TONES.items()}
        return {number for number, level in levels.items() if level > HEARD_DBOV} == numbers

    await until(look, f"{phone.line.number} hears {sorted(numbers)}", timeout_s=120)


async def hears_music(phone: RealPhone) -> None:
    """Wait until something is heard that is nobody's tone."""

    async def look() -> bool:
        sound = await listen(phone, 1000)
        tones = any(level_of(sound, hertz) > HEARD_DBOV for hertz in TONES.values())
        return not tones and bool(np.abs(sound.samples).max() > LOUD)

    await until(look, f"{phone.line.number} hears music", timeout_s=120)


async def test_five_phones_of_three_kinds_hear_each_other_SIP_4(pbx: Pbx) -> None:
    await pbx.api("PUT", "/conferences/6600", body={"secret": "4711"})
    async with Logbooks(pbx, *KINDS) as logs, AsyncExitStack() as stack:
        phones = {}
        for number, kind in KINDS.items():
            phones[number] = await stack.enter_async_context(kind(pbx.line(number)))
        await pbx.register(*phones.values())
        for number, phone in phones.items():
            phone.says(TONES[number])
            await phone.dial("6600")
            await phone.connected()
            await phone.dtmf("4711#")
        await asyncio.gather(*(hears_all(phone, {*TONES} - {number}) for number, phone in phones.items()))
        await phones["1003"].hangup()
        rest = {*TONES} - {"1003"}
        await asyncio.gather(*(hears_all(phones[number], rest - {number}) for number in sorted(rest)))
        for number in sorted(rest):
            await phones[number].hangup()
        await logs.have(**{f"of_{number}": [("outgoing", "6600", "answered")] for number in KINDS})
    await pbx.nothing_left()


async def test_a_room_goes_on_without_the_server_and_with_the_next_one_OPS_1(own_pbx: Pbx) -> None:
    await own_pbx.api("PUT", "/conferences/6601", body={})
    async with (
        ScriptPhone(own_pbx.line("1001")) as anna,
        ScriptPhone(own_pbx.line("1002")) as boris,
        ScriptPhone(own_pbx.line("1003")) as cyril,
    ):
        await own_pbx.register(anna, boris, cyril)
        for phone in (anna, boris, cyril):
            phone.says(TONES[phone.line.number])
        for phone in (anna, boris):
            await phone.dial("6601")
            await phone.connected()
        await asyncio.gather(hears_tone(anna, TONES["1002"]), hears_tone(boris, TONES["1001"]))
        await own_pbx.kill()
        await asyncio.gather(hears_tone(anna, TONES["1002"]), hears_tone(boris, TONES["1001"]))
        await own_pbx.start(sip=own_pbx.sip_port)
        await own_pbx.ready()
        await cyril.dial("6601")
        await cyril.connected()
        await asyncio.gather(
            hears_all(anna, {"1002", "1003"}),
            hears_all(boris, {"1001", "1003"}),
            hears_all(cyril, {"1001", "1002"}),
        )
        await boris.hangup()
        await tone_gone(anna, TONES["1002"])
        await cyril.hangup()
        await hears_music(anna)
        await anna.hangup()
    await own_pbx.nothing_left()
