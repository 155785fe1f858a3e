"""CODE-1, SIP-4, SIP-9 on real phones: spoken answers, intercom, and calls handled by keys."""

import asyncio

import numpy as np
import pytest

from tests.phones.baresip import Baresip
from tests.phones.hearing import GONE_DBOV, hears_tone, unbroken
from tests.phones.phone import RealPhone
from tests.phones.script_phone import ScriptPhone
from tests.phones.sound import Sound, level_of
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tests.real.test_parking import LOUD, hears_music, talk

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

PHONES = pytest.mark.parametrize("phone", [ScriptPhone, Baresip])

MS = 100
"""Length of a piece of sound that is looked at alone."""


def loud_pieces(sound: Sound) -> list[Sound]:
    """Pieces of `MS` in which something is heard, in order."""
    size = sound.rate * MS // 1000
    pieces = [Sound(sound.samples[at : at + size], sound.rate) for at in range(0, len(sound.samples), size)]
    return [piece for piece in pieces if len(piece.samples) and np.abs(piece.samples).max() > LOUD]


async def dial_code(phone: RealPhone, code: str) -> float:
    """Dial a code, be answered and hung up; for how many milliseconds something was said."""
    phone.says(0)
    await phone.dial(code)
    await phone.connected()
    ending = await phone.ended()
    assert ending.code is None, "it was answered"
    return MS * len(loud_pieces(phone.heard()))


async def settings_of(pbx: Pbx, number: str) -> dict[str, object]:
    found = await pbx.api("GET", f"/extensions/{number}/presence/settings")
    return dict(found["statuses"]["available"]["external"])


@PHONES
async def test_forwarding_is_switched_and_spoken_and_the_next_call_follows_CODE_1(
    pbx: Pbx, phone: type[RealPhone]
) -> None:
    async with (
        phone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as cyril,
    ):
        await pbx.register(anna, boris, cyril)
        before = await pbx.ids("1001")
        assert await dial_code(anna, "*311003") > 1000, "the destination is said"
        assert (await settings_of(pbx, "1001"))["always"] == {"kind": "extension", "value": "1003"}
        await boris.dial("1001")
        await cyril.incoming()
        await boris.hangup()
        await cyril.ended()
        assert await dial_code(anna, "*031") > 500
        assert (await settings_of(pbx, "1001"))["always"] is None
        assert await pbx.ids("1001") == before, "what was done is no call"
        assert await dial_code(anna, "*31*5") > 500, "a refusal is spoken"
        assert (await pbx.newest("1001", after=before))["outcome"] == "unknown_number"
        assert (await settings_of(pbx, "1001"))["always"] is None
    await pbx.nothing_left()


async def test_do_not_disturb_and_hours_are_switched_from_a_phone_CODE_1(pbx: Pbx) -> None:
    periods = [{"days": ["monday"], "start": "09:00", "end": "09:01"}]
    await pbx.api("PUT", "/time-conditions/office", body={"periods": periods})
    await pbx.api("PUT", "/time-switches/1", body={"time_condition": "office", "extensions": ["1001"]})
    async with ScriptPhone(pbx.line("1001")) as anna, ScriptPhone(pbx.line("1002")) as boris:
        await pbx.register(anna, boris)
        assert await dial_code(anna, "*81") > 500
        await boris.dial("1001")
        assert (await boris.ended()).code == 486
        assert await dial_code(anna, "*081") > 500
        assert (await pbx.states())["1001"]["presence"]["status"] == "available"
        assert await dial_code(anna, "*991") > 500
        assert (await pbx.api("GET", "/time-conditions/office"))["by_hand"] == "open"
        assert await dial_code(boris, "*992") > 500, "boris may not, and is told so"
        assert (await pbx.api("GET", "/time-conditions/office"))["by_hand"] == "open"
        assert await dial_code(anna, "*990") > 500
        assert (await pbx.api("GET", "/time-conditions/office"))["by_hand"] == "automatic"
    await pbx.nothing_left()


async def test_a_phone_that_can_answers_by_itself_after_a_beep_SIP_9(pbx: Pbx) -> None:
    async with ScriptPhone(pbx.line("1001")) as anna, ScriptPhone(pbx.line("1002")) as boris:
        await pbx.register(anna, boris)
        anna.says(550)
        boris.says(700)
        await anna.dial("*61002")
        assert (await boris.incoming()).number == "1001"
        assert boris.dialog is not None
        invite = boris.dialog.invite
        assert invite.get("Call-Info").endswith(";answer-after=0")
        assert invite.get("Alert-Info").endswith(";info=alert-autoanswer")
        assert invite.get("Answer-Mode") == "Auto"
        await boris.answer()
        await anna.connected()
        await asyncio.gather(hears_tone(anna, 700), hears_tone(boris, 550))
        first = loud_pieces(boris.heard())[0]
        assert level_of(first, 550) < GONE_DBOV, "the beep comes before the voice"
        async with ScriptPhone(pbx.line("1003")) as cyril:
            await pbx.register(cyril)
            await cyril.dial("*61002")
            assert (await cyril.ended()).code == 486, "nobody is intruded upon"
        await anna.hangup()
        await boris.ended()
    await pbx.nothing_left()


async def test_a_phone_that_does_not_know_intercom_rings_SIP_9(pbx: Pbx) -> None:
    async with ScriptPhone(pbx.line("1001")) as anna, Baresip(pbx.line("1002")) as boris:
        await pbx.register(anna, boris)
        anna.says(550)
        boris.says(700)
        await anna.dial("*61002")
        await boris.incoming()
        await anna.ringback()
        await boris.answer()
        await anna.connected()
        await asyncio.gather(hears_tone(anna, 700), hears_tone(boris, 550))
        await boris.hangup()
        await anna.ended()
    await pbx.nothing_left()


@PHONES
@pytest.mark.parametrize("leaves", [True, False], ids=["hangs up at once", "waits"])
async def test_a_call_is_sent_on_by_keys_SIP_4(pbx: Pbx, phone: type[RealPhone], leaves: bool) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        phone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as cyril,
    ):
        await pbx.register(anna, boris, cyril)
        await talk(anna, boris)
        cyril.says(1000)
        await boris.dtmf("*031003")
        if leaves:
            await asyncio.sleep(0.5)  # the last key is on its way; a person takes as long to hang up
            await boris.hangup()
        assert (await cyril.incoming()).number == "1001"
        await cyril.answer()
        await asyncio.gather(hears_tone(anna, 1000), hears_tone(cyril, 550), boris.ended())
        await cyril.hangup()
        await anna.ended()
    await pbx.nothing_left()


async def test_a_transfer_by_keys_that_fails_gives_the_call_back_SIP_4(pbx: Pbx) -> None:
    async with ScriptPhone(pbx.line("1001")) as anna, Baresip(pbx.line("1002")) as boris:
        await pbx.register(anna, boris)
        await talk(anna, boris)
        before = boris.heard().ms
        await boris.dtmf("*031099#")

        def beeps() -> bool:
            pieces = loud_pieces(boris.heard().since(before))
            return any(level_of(piece, 550) < GONE_DBOV for piece in pieces)

        await until(beeps, "something else than the partner is heard")
        await asyncio.gather(hears_tone(boris, 550), hears_tone(anna, 700))
        await anna.hangup()
        await boris.ended()
    await pbx.nothing_left()


@PHONES
@pytest.mark.parametrize("how", ["hang up", "##", "**"])
async def test_a_colleague_is_asked_first_by_keys_SIP_4(pbx: Pbx, phone: type[RealPhone], how: str) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        phone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as cyril,
    ):
        await pbx.register(anna, boris, cyril)
        await talk(anna, boris)
        cyril.says(1000)
        await boris.dtmf("*31003#")
        assert (await cyril.incoming()).number == "1002"
        await hears_music(anna)
        await cyril.answer()
        await asyncio.gather(hears_tone(boris, 1000), hears_tone(cyril, 700), hears_music(anna))
        if how == "**":
            await boris.dtmf("**")
            await cyril.ended()
            await asyncio.gather(hears_tone(anna, 700), hears_tone(boris, 550))
            await boris.hangup()
        else:
            if how == "hang up":
                await boris.hangup()
            else:
                pressing = asyncio.ensure_future(boris.dtmf("##"))
                await boris.ended()  # it may be before the end of the last key
                pressing.cancel()
                await asyncio.gather(pressing, return_exceptions=True)
            await asyncio.gather(hears_tone(anna, 1000), hears_tone(cyril, 550))
            await cyril.hangup()
        await anna.ended()
    await pbx.nothing_left()


@pytest.mark.parametrize("caller", [True, False], ids=["the caller", "the callee"])
async def test_a_call_goes_over_to_another_own_phone_CODE_1(pbx: Pbx, caller: bool) -> None:
    """The phone in the call is not rung itself, and its partner hears no gap until the other one answers."""
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1001" if caller else "1002")) as second,
    ):
        await pbx.register(anna, boris)
        await talk(anna, boris)
        mine, other = (anna, boris) if caller else (boris, anna)
        own_hz, other_hz = (550, 700) if caller else (700, 550)
        await pbx.register(second)
        second.says(1000)
        seen = len(mine.requests)
        await mine.dtmf("*01")
        assert (await second.incoming()).number == other.line.number
        await unbroken((other, own_hz), (mine, other_hz), ms=1500)
        await second.answer()
        await asyncio.gather(hears_tone(other, 1000), hears_tone(second, other_hz), mine.ended())
        assert "INVITE" not in [request.method for request in mine.requests[seen:]]
        await other.hangup()
        await second.ended()
    await pbx.nothing_left()
