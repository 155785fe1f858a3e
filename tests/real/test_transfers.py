"""SIP-4 on real phones: who stays is heard by whom it was sent to, and the sender is out."""

import asyncio

import pytest

from tests.phones.hearing import hears_tone
from tests.phones.own_phone import OwnPhone
from tests.phones.phone import RealPhone
from tests.phones.script_phone import ScriptPhone
from tests.real.pbx import Pbx

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

TONES = {"1001": 550.0, "1002": 700.0, "1003": 1000.0}
"""What the phones of each extension say."""
RINGING_TONE = 425.0


async def hear(one: RealPhone, other: RealPhone) -> None:
    """Wait until both hear the other's tone, and nothing much else."""
    await asyncio.gather(hears_tone(one, TONES[other.line.number]), hears_tone(other, TONES[one.line.number]))


async def call(caller: RealPhone, callee: RealPhone) -> None:
    """Bring two registered phones into a call in which they hear each other."""
    for phone in (caller, callee):
        phone.says(TONES[phone.line.number])
    await caller.dial(callee.line.number)
    await callee.incoming()
    await callee.answer()
    await caller.connected()
    await hear(caller, callee)


@pytest.mark.parametrize("by_caller", [True, False], ids=["by the caller", "by the callee"])
@pytest.mark.parametrize("held", [False, True], ids=["talking", "on hold"])
async def test_a_blind_transfer_SIP_4(pbx: Pbx, by_caller: bool, held: bool) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as cyril,
    ):
        await pbx.register(anna, boris, cyril)
        seen = await pbx.ids("1003")
        await call(anna, boris)
        by, stays = (anna, boris) if by_caller else (boris, anna)
        if held:
            await by.hold()
        assert await by.refer("1003") == 202
        shown = await cyril.incoming()
        assert shown.number == stays.line.number
        await hears_tone(stays, RINGING_TONE)
        cyril.says(TONES["1003"])
        await cyril.answer()
        await by.ended()
        assert by.told[-1] == 200
        await hear(stays, cyril)
        await cyril.hangup()
        await stays.ended()
        entry = await pbx.newest("1003", after=seen)
        assert (entry["number"], entry["outcome"]) == (stays.line.number, "answered")
    await pbx.nothing_left()


@pytest.mark.parametrize(("target", "code"), [("1003", 486), ("1003", 603), ("1004", 480), ("4711", 404)])
async def test_after_a_transfer_that_nobody_takes_the_two_talk_on_SIP_4(
    pbx: Pbx, target: str, code: int
) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as cyril,
    ):
        await pbx.register(anna, boris, cyril)
        await call(anna, boris)
        assert await anna.refer(target) == 202
        if target == "1003":
            await cyril.incoming()
            cyril.refuse(code, "No")
        await anna.is_told(100, 503)
        await hear(anna, boris)
        await boris.hangup()
        await anna.ended()
    await pbx.nothing_left()


@pytest.mark.parametrize("by_caller", [True, False], ids=["by the caller", "by the callee"])
async def test_an_attended_transfer_SIP_4(pbx: Pbx, by_caller: bool) -> None:
    """The consultation is made on a second phone of the one who transfers: to the PBX that is the same."""
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as cyril,
    ):
        await pbx.register(anna, boris, cyril)
        await call(anna, boris)
        by, stays = (anna, boris) if by_caller else (boris, anna)
        await by.hold()
        async with ScriptPhone(pbx.line(by.line.number)) as second:
            await pbx.register(second)
            await call(second, cyril)
            assert await by.refer("1003", replaces=second) == 202
            await asyncio.gather(by.ended(), second.ended())
        await hear(stays, cyril)
        await stays.hangup()
        await cyril.ended()
    await pbx.nothing_left()


async def test_a_sender_who_hangs_up_at_once_is_called_back_SIP_4(pbx: Pbx) -> None:
    """As many phones do."""
    async with (
        pbx.rings_briefly("1003"),
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as cyril,
    ):
        await pbx.register(anna, boris, cyril)
        await call(anna, boris)
        assert await anna.refer("1003") == 202
        await cyril.incoming()
        await anna.hangup()
        await cyril.ended()
        shown = await anna.incoming()
        anna.says(TONES["1001"])
        assert shown.number == "1002"
        await anna.answer()
        await hear(anna, boris)
        await anna.hangup()
        await boris.ended()
    await pbx.nothing_left()


async def test_the_client_transfers_blind_SIP_4(pbx: Pbx) -> None:
    async with (
        OwnPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as cyril,
    ):
        cyril.says(TONES["1003"])
        await pbx.register(anna, boris, cyril)
        await call(anna, boris)
        await anna.transfer("1003")
        await cyril.incoming()
        await cyril.answer()
        assert (await anna.ended()).code is None
        await hear(boris, cyril)
        await boris.hangup()
        await cyril.ended()
    await pbx.nothing_left()


async def test_the_client_goes_on_talking_when_its_transfer_is_refused_SIP_4(pbx: Pbx) -> None:
    async with (
        OwnPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as cyril,
    ):
        await pbx.register(anna, boris, cyril)
        await call(anna, boris)
        await anna.transfer("1003")
        await cyril.incoming()
        await cyril.reject(busy=True)
        await hear(anna, boris)
        await anna.hangup()
        await boris.ended()
    await pbx.nothing_left()


async def test_the_client_asks_first_and_then_transfers_SIP_4(pbx: Pbx) -> None:
    async with (
        OwnPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as cyril,
    ):
        cyril.says(TONES["1003"])
        await pbx.register(anna, boris, cyril)
        await call(anna, boris)
        await anna.dial("1003")
        await cyril.incoming()
        await cyril.answer()
        await hear(anna, cyril)
        await anna.complete()
        await hear(boris, cyril)
        await boris.hangup()
        await cyril.ended()
    await pbx.nothing_left()
