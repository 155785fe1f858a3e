"""SIP-4, CODE-1 on real phones: a parked call hears music, and talks to whoever dials its slot."""

import asyncio

import numpy as np
import pytest

from tests.phones.baresip import Baresip
from tests.phones.hearing import GONE_DBOV, hears_tone, listen
from tests.phones.phone import RealPhone
from tests.phones.script_phone import ScriptPhone
from tests.phones.sound import level_of
from tests.phones.waiting import until
from tests.real.pbx import Pbx

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

LOUD = 500
"""A sample above this is no silence; music reaches some thousands."""


async def talk(anna: RealPhone, boris: RealPhone) -> None:
    """1001 and 1002 talk."""
    anna.says(550)
    boris.says(700)
    await anna.dial("1002")
    await boris.incoming()
    await boris.answer()
    await anna.connected()
    await asyncio.gather(hears_tone(anna, 700), hears_tone(boris, 550))


async def hears_music(phone: RealPhone, *, instead_of: float = 700) -> None:
    """Wait until something is heard that is not the other one's tone."""

    async def heard() -> bool:
        sound = await listen(phone, 1000)
        return bool(np.abs(sound.samples).max() > LOUD) and level_of(sound, instead_of) < GONE_DBOV

    await until(heard, "music is heard", timeout_s=120)


@pytest.mark.parametrize("phone", [ScriptPhone, Baresip])
async def test_a_call_is_parked_by_keys_and_taken_SIP_4(pbx: Pbx, phone: type[RealPhone]) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        phone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as cyril,
    ):
        await pbx.register(anna, boris, cyril)
        await talk(anna, boris)
        await boris.dtmf("*5")
        await boris.ended()
        await hears_music(anna)
        cyril.says(1000)
        await cyril.dial("6900")
        await cyril.connected()
        await asyncio.gather(hears_tone(anna, 1000), hears_tone(cyril, 550))
        await cyril.hangup()
        await anna.ended()
    await pbx.nothing_left()


async def test_a_call_is_parked_by_a_transfer_and_taken_back_SIP_4(pbx: Pbx) -> None:
    async with ScriptPhone(pbx.line("1001")) as anna, ScriptPhone(pbx.line("1002")) as boris:
        await pbx.register(anna, boris)
        await talk(anna, boris)
        assert await boris.refer("*056903") == 202
        await boris.ended()
        assert boris.told[-1] == 200
        await hears_music(anna)
        await boris.dial("6903")
        await boris.connected()
        await asyncio.gather(hears_tone(anna, 700), hears_tone(boris, 550))
        await anna.hangup()
        await boris.ended()
    await pbx.nothing_left()
