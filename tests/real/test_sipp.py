"""Two sipp phones: talk, hold, resume, digits, hang up (A.7, SIP-3, SIP-4)."""

import asyncio

import pytest

from tests.phones.hearing import hears_tone, unbroken
from tests.phones.sipp import Sipp
from tests.phones.waiting import until
from tests.real.pbx import Pbx

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

TALK_MS = 15000
"""sipp goes by its own clock: time enough for what is listened to meanwhile."""
WITHIN_S = 80.0


async def test_two_sipp_phones_talk_hold_resume_press_keys_and_hang_up_SIP_4(pbx: Pbx) -> None:
    async with Sipp(pbx.line("1001")) as caller, Sipp(pbx.line("1004")) as callee:
        caller.rtp.says(440)
        callee.rtp.says(1000)
        await callee.serve()
        await until(lambda: _registered(pbx, "1004"), "the server knows of the callee")
        await caller.call("1004", talk_ms=TALK_MS, hold_ms=4000, again_ms=3000)
        await asyncio.gather(caller.media(), callee.media())
        await asyncio.gather(hears_tone(caller.rtp, 1000), hears_tone(callee.rtp, 440))
        await unbroken((caller.rtp, 1000), (callee.rtp, 440), ms=2000)
        caller.rtp.press("73")
        await until(lambda: callee.rtp.digits == "73", "the digits arrive")

        async def held() -> bool:
            return bool((await pbx.states())["1001"]["call"] == "held")

        async def talking() -> bool:
            return bool((await pbx.states())["1001"]["call"] == "talking")

        await until(held, "the caller holds")
        await until(talking, "the caller has resumed")
        assert [await caller.finished(WITHIN_S), await callee.finished(WITHIN_S)] == [0, 0]
    await pbx.nothing_left()


async def test_the_callee_of_two_sipp_phones_hangs_up_SIP_4(pbx: Pbx) -> None:
    async with Sipp(pbx.line("1001")) as caller, Sipp(pbx.line("1004")) as callee:
        caller.rtp.says(440)
        callee.rtp.says(1000)
        await callee.serve(talk_ms=TALK_MS)
        await until(lambda: _registered(pbx, "1004"), "the server knows of the callee")
        before = await pbx.ids("1004")
        await caller.call_until_hung_up("1004")
        await asyncio.gather(caller.media(), callee.media())
        await asyncio.gather(hears_tone(caller.rtp, 1000), hears_tone(callee.rtp, 440))
        assert [await caller.finished(WITHIN_S), await callee.finished(WITHIN_S)] == [0, 0]
        assert (await pbx.newest("1004", after=before))["outcome"] == "answered"
    await pbx.nothing_left()


async def _registered(pbx: Pbx, number: str) -> bool:
    return bool((await pbx.states())[number]["registered"])
