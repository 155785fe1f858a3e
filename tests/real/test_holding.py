"""SIP-4 on real phones: a call is held over the API, by music for one and silence for the other."""

import asyncio

import numpy as np
import pytest

from tests.phones.baresip import Baresip
from tests.phones.hearing import hears_tone, listen
from tests.phones.phone import RealPhone
from tests.phones.script_phone import ScriptPhone
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tests.real.test_parking import LOUD, hears_music, talk

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]


async def order(pbx: Pbx, number: str, action: str) -> None:
    """Hold or resume the only call of an extension, as its user."""
    token = await pbx.token_of(number)
    (call,) = await pbx.api("GET", "/me/calls", token=token)
    await pbx.api("POST", f"/me/calls/{call['id']}/{action}", token=token)


async def hears_silence(phone: RealPhone) -> None:
    """Wait until a second of nothing was heard: not nothing received, which some phones take for the end."""

    async def heard() -> bool:
        return bool(np.abs((await listen(phone, 1000)).samples).max() < LOUD)

    await until(heard, "nothing is heard", timeout_s=120)


async def held(pbx: Pbx, *numbers: str) -> None:
    """Wait until these extensions, out of 1001 and 1002, hold the call, for everybody to see."""
    for number in ("1001", "1002"):
        wanted = "held" if number in numbers else "talking"
        await until(lambda n=number, w=wanted: _is(pbx, n, w), f"{number} is shown as {wanted}")  # type: ignore[misc]


async def _is(pbx: Pbx, number: str, call: str) -> bool:
    return bool((await pbx.states())[number]["call"] == call)


async def talk_again(anna: RealPhone, boris: RealPhone) -> None:
    await asyncio.gather(hears_tone(anna, 700), hears_tone(boris, 550))


@pytest.mark.parametrize("phone", [ScriptPhone, Baresip])
async def test_a_call_is_held_and_resumed_for_either_side_SIP_4(pbx: Pbx, phone: type[RealPhone]) -> None:
    async with ScriptPhone(pbx.line("1001")) as anna, phone(pbx.line("1002")) as boris:
        await pbx.register(anna, boris)
        await talk(anna, boris)
        await order(pbx, "1002", "hold")
        await held(pbx, "1002")
        await asyncio.gather(hears_music(anna), hears_silence(boris))
        await order(pbx, "1002", "resume")
        await held(pbx)
        await talk_again(anna, boris)
        await order(pbx, "1001", "hold")
        await asyncio.gather(hears_music(boris, instead_of=550), hears_silence(anna))
        await order(pbx, "1001", "resume")
        await talk_again(anna, boris)
        await boris.hangup()
        await anna.ended()
    await pbx.nothing_left()


async def test_a_phone_that_holds_meanwhile_has_to_resume_as_well_SIP_4(pbx: Pbx) -> None:
    async with ScriptPhone(pbx.line("1001")) as anna, ScriptPhone(pbx.line("1002")) as boris:
        await pbx.register(anna, boris)
        await talk(anna, boris)
        await order(pbx, "1002", "hold")
        await boris.hold()
        await order(pbx, "1002", "resume")
        await hears_music(anna)
        await held(pbx, "1002")
        await boris.resume()
        await held(pbx)
        await talk_again(anna, boris)
        await boris.hold()
        await hears_music(anna)
        await order(pbx, "1002", "hold")
        await boris.resume()
        await hears_music(anna)
        await held(pbx, "1002")
        await order(pbx, "1002", "resume")
        await talk_again(anna, boris)
        await anna.hangup()
        await boris.ended()
    await pbx.nothing_left()


async def test_a_held_call_is_sent_on_SIP_4(pbx: Pbx) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as cyril,
    ):
        await pbx.register(anna, boris, cyril)
        await talk(anna, boris)
        await order(pbx, "1002", "hold")
        await hears_music(anna)
        assert await boris.refer("1003") == 202
        await cyril.incoming()
        cyril.says(1000)
        await cyril.answer()
        await boris.ended()
        await asyncio.gather(hears_tone(anna, 1000), hears_tone(cyril, 550))
        await cyril.hangup()
        await anna.ended()
    await pbx.nothing_left()


async def test_a_held_call_is_held_on_after_a_kill_and_resumed_SIP_4(own_pbx: Pbx) -> None:
    pbx = own_pbx
    async with ScriptPhone(pbx.line("1001")) as anna, ScriptPhone(pbx.line("1002")) as boris:
        await pbx.register(anna, boris)
        await talk(anna, boris)
        await order(pbx, "1002", "hold")
        await asyncio.gather(hears_music(anna), hears_silence(boris))
        await pbx.kill()
        await pbx.start()
        await pbx.ready()
        await held(pbx, "1002")
        await asyncio.gather(hears_music(anna), hears_silence(boris))
        await order(pbx, "1002", "resume")
        await held(pbx)
        await talk_again(anna, boris)
        await boris.hangup()
        await anna.ended()
        await pbx.nothing_left()


async def test_a_call_is_parked_over_the_api_and_taken_from_another_phone_SIP_4(pbx: Pbx) -> None:
    """The phone whose call is parked is out at once, without a word of its own."""
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        Baresip(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as cyril,
    ):
        await pbx.register(anna, boris, cyril)
        await talk(anna, boris)
        token = await pbx.token_of("1002")
        (call,) = await pbx.api("GET", "/me/calls", token=token)
        told = await pbx.api("POST", f"/me/calls/{call['id']}/park", body={"slot": "6907"}, token=token)
        assert told == {"slot": "6907"}
        await boris.ended()
        await hears_music(anna)
        cyril.says(1000)
        await cyril.dial("6907")
        await cyril.connected()
        await asyncio.gather(hears_tone(anna, 1000), hears_tone(cyril, 550))
        await cyril.hangup()
        await anna.ended()
    await pbx.nothing_left()
