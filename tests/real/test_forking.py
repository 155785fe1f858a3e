"""Several phones on one extension: all ring, the first answer wins (A.7, SIP-3)."""

import asyncio

import pytest

from tests.phones.baresip import Baresip
from tests.phones.hearing import hears_tone
from tests.phones.own_phone import OwnPhone
from tests.phones.script_phone import ScriptPhone
from tests.phones.waiting import until
from tests.real.pbx import Pbx

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]


async def test_all_ring_the_first_wins_the_others_hear_answered_elsewhere_SIP_3(pbx: Pbx) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as caller,
        ScriptPhone(pbx.line("1002")) as desk,
        ScriptPhone(pbx.line("1002", transport="tcp")) as shelf,
        OwnPhone(pbx.line("1002")) as client,
        Baresip(pbx.line("1002")) as kitchen,
    ):
        phones = [desk, shelf, client, kitchen]
        await pbx.register(caller, *phones)

        assert (await pbx.states())["1002"]["phones"] == 4
        before = await pbx.ids("1002")
        caller.says(440)
        desk.says(1000)
        await caller.dial("1002")
        shown = await asyncio.gather(*(phone.incoming() for phone in phones))
        assert {(one.number, one.name) for one in shown} == {("1001", "Alice Archer")}
        await desk.answer()
        await caller.connected()
        lost = await shelf.ended()
        assert "SIP;cause=200" in lost.reason.replace(" ", "")
        assert "Call completed elsewhere" in lost.reason
        assert "another phone" in (await client.ended()).reason
        await kitchen.ended()
        await asyncio.gather(hears_tone(caller, 1000), hears_tone(desk, 440))
        await caller.hangup()
        await desk.ended()
        entry = await pbx.newest("1002", after=before)
        assert entry["outcome"] == "answered"
        assert len(await pbx.ids("1002") - before) == 1, "one call, one entry, however many phones"
    await pbx.nothing_left()


async def test_who_loses_to_a_quick_answer_has_missed_nothing_SIP_3(pbx: Pbx) -> None:
    """The quick one answers while the INVITEs to the others are still on their way: a race, so many times."""
    async with (
        ScriptPhone(pbx.line("1001")) as caller,
        ScriptPhone(pbx.line("1002")) as quick,
        ScriptPhone(pbx.line("1002")) as desk,
        OwnPhone(pbx.line("1002")) as client,
    ):
        await pbx.register(caller, quick, desk, client)
        for _ in range(20):
            before = desk.dialog
            await caller.dial("1002")
            await quick.incoming()
            await quick.answer()
            await caller.connected()
            await until(lambda: desk.dialog is not before, "the INVITE arrives there")  # noqa: B023
            assert "Call completed elsewhere" in (await desk.ended()).reason
            assert "another phone" in (await client.ended()).reason
            await caller.hangup()
            await quick.ended()
    await pbx.nothing_left()


async def test_two_answers_at_the_same_moment_make_one_call_SIP_3(pbx: Pbx) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as caller,
        ScriptPhone(pbx.line("1002")) as one,
        ScriptPhone(pbx.line("1002")) as other,
    ):
        await pbx.register(caller, one, other)
        await caller.dial("1002")
        await asyncio.gather(one.incoming(), other.incoming())
        await asyncio.gather(one.answer(), other.answer())
        await caller.connected()
        ended = [asyncio.ensure_future(phone.ended()) for phone in (one, other)]
        done, waiting = await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)
        assert len(done) == 1, "one of two must lose"
        await pbx.calls_are("talking")
        await caller.hangup()
        await asyncio.gather(*waiting)
    await pbx.nothing_left()


async def test_busy_on_one_phone_leaves_the_others_ringing_SIP_3(pbx: Pbx) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as caller,
        ScriptPhone(pbx.line("1002")) as one,
        ScriptPhone(pbx.line("1002")) as other,
    ):
        await pbx.register(caller, one, other)
        await caller.dial("1002")
        await asyncio.gather(one.incoming(), other.incoming())
        await one.reject(busy=True)
        await other.answer()
        await caller.connected()
        await other.hangup()
        await caller.ended()
    await pbx.nothing_left()


async def test_a_phone_that_is_gone_does_not_hold_up_the_refusal_of_the_other_SIP_3(own_pbx: Pbx) -> None:
    pbx = own_pbx
    before = await pbx.ids("1001")
    gone = ScriptPhone(pbx.line("1002"))
    await gone.start()
    async with ScriptPhone(pbx.line("1001")) as caller, ScriptPhone(pbx.line("1002")) as desk:
        await pbx.register(caller, desk, gone)
        await gone.crash()
        await caller.dial("1002")
        await desk.incoming()
        await desk.reject(busy=True)
        assert (await caller.ended()).code == 486
        assert (await pbx.newest("1001", after=before))["outcome"] == "busy"
        await pbx.nothing_left()
