"""SIP-4, CODE-1 on real phones: a colleague takes the call that rings at somebody else."""

import asyncio

import pytest

from tests.phones.baresip import Baresip
from tests.phones.hearing import hears_tone
from tests.phones.own_phone import OwnPhone
from tests.phones.phone import RealPhone
from tests.phones.script_phone import ScriptPhone
from tests.real.pbx import Pbx

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("phone", [ScriptPhone, Baresip, OwnPhone])
async def test_a_colleague_takes_a_ringing_call_SIP_4(pbx: Pbx, phone: type[RealPhone]) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        phone(pbx.line("1003")) as cyril,
    ):
        await pbx.register(anna, boris, cyril)
        before = {number: await pbx.ids(number) for number in ("1002", "1003")}
        anna.says(550)
        cyril.says(1000)
        await anna.dial("1002")
        await boris.incoming()
        if isinstance(cyril, OwnPhone):
            await cyril.pick_up("*041002", "1002")
        else:
            await cyril.dial("*041002")
        await asyncio.gather(anna.connected(), cyril.connected())
        lost = await boris.ended()
        assert "SIP;cause=200" in lost.reason.replace(" ", ""), "no missed call on this phone"
        await asyncio.gather(hears_tone(anna, 1000), hears_tone(cyril, 550))
        await cyril.hangup()
        await anna.ended()
        taken = await pbx.newest("1003", after=before["1003"])
        assert (taken["direction"], taken["number"], taken["outcome"]) == ("incoming", "1001", "answered")
        rang = await pbx.newest("1002", after=before["1002"])
        assert (rang["outcome"], rang["seen"]) == ("answered_elsewhere", True)
    await pbx.nothing_left()


async def test_the_client_shows_whose_call_it_took_SIP_4(pbx: Pbx) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        OwnPhone(pbx.line("1003")) as cyril,
    ):
        await pbx.register(anna, boris, cyril)
        await anna.dial("1002")
        await boris.incoming()
        await cyril.pick_up("*041002", "1002")
        assert (await cyril.shows()).number == "1001"
        await cyril.hangup()
        await anna.ended()
    await pbx.nothing_left()


async def test_of_two_who_pick_up_at_once_one_wins_SIP_4(pbx: Pbx) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as cyril,
        ScriptPhone(pbx.line("1004")) as dana,
    ):
        await pbx.register(anna, boris, cyril, dana)
        anna.says(550)
        pickers = (cyril, dana)
        for picker, hz in zip(pickers, (700, 1000), strict=True):
            picker.says(hz)
        await anna.dial("1002")
        await boris.incoming()
        await asyncio.gather(*(picker.dial("*041002") for picker in pickers))
        ends = await asyncio.gather(*(picker.connected() for picker in pickers), return_exceptions=True)
        (refused,) = [end for end in ends if end is not None]
        assert "404" in str(refused)
        winner = pickers[ends.index(None)]
        await asyncio.gather(hears_tone(anna, 700 if winner is cyril else 1000), hears_tone(winner, 550))
        await anna.hangup()
        await winner.ended()
    await pbx.nothing_left()


async def test_a_caller_who_gives_up_cannot_be_picked_up_any_more_SIP_4(pbx: Pbx) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as cyril,
    ):
        await pbx.register(anna, boris, cyril)
        await anna.dial("1002")
        await boris.incoming()
        await anna.hangup()
        await boris.ended()
        await cyril.dial("*041002")
        assert (await cyril.ended()).code == 404
    await pbx.nothing_left()
