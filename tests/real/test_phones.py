"""Calls between phones of every kind: what is said at one end is heard at the other (A.7, SIP-1, 3, 4)."""

import asyncio

import pytest

from tests.phones.baresip import Baresip
from tests.phones.hearing import hears_tone, tone_gone, unbroken
from tests.phones.linphone import Linphone
from tests.phones.own_phone import OwnPhone
from tests.phones.phone import RealPhone
from tests.phones.script_phone import ScriptPhone
from tests.phones.waiting import until
from tests.real.pbx import Pbx

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

LOW, HIGH = 440.0, 1000.0
PAIRS = [
    pytest.param(OwnPhone, OwnPhone, id="two clients"),
    pytest.param(OwnPhone, Baresip, id="client and baresip"),
    pytest.param(Baresip, OwnPhone, id="baresip and client"),
    pytest.param(OwnPhone, Linphone, id="client and linphone"),
    pytest.param(Linphone, OwnPhone, id="linphone and client"),
]


async def talk(caller: RealPhone, callee: RealPhone, *, ms: float) -> None:
    """Each end must hear the other's tone, without a gap."""
    await asyncio.gather(hears_tone(caller, HIGH), hears_tone(callee, LOW))
    await unbroken((caller, HIGH), (callee, LOW), ms=ms)


async def call(caller: RealPhone, callee: RealPhone) -> None:
    """Bring two registered phones into a call."""
    caller.says(LOW)
    callee.says(HIGH)
    await caller.dial(callee.line.number)
    shown = await callee.incoming()
    assert (shown.number, shown.name) == (caller.line.number, caller.line.name)
    await caller.ringback()
    await callee.answer()
    await caller.connected()


@pytest.mark.parametrize(("one", "other"), PAIRS)
async def test_two_phones_talk_hold_resume_and_hang_up_SIP_3_SIP_4(
    pbx: Pbx, one: type[RealPhone], other: type[RealPhone]
) -> None:
    async with one(pbx.line("1001")) as caller, other(pbx.line("1002")) as callee:
        await pbx.register(caller, callee)
        await call(caller, callee)
        await talk(caller, callee, ms=2500)
        await callee.hold()
        await tone_gone(caller, HIGH)
        await callee.resume()
        await hears_tone(caller, HIGH)
        await caller.hangup()
        await asyncio.gather(caller.ended(), callee.ended())
        await call(caller, callee)
        await callee.hangup()
        await asyncio.gather(caller.ended(), callee.ended())
    await pbx.nothing_left()


@pytest.mark.parametrize("kind", [OwnPhone, Baresip, Linphone])
async def test_who_hangs_up_while_it_rings_ends_the_call_at_both_ends_SIP_3(
    pbx: Pbx, kind: type[RealPhone]
) -> None:
    async with kind(pbx.line("1001")) as one, ScriptPhone(pbx.line("1002")) as other:
        await pbx.register(one, other)
        await other.dial("1001")
        await one.incoming()
        await other.hangup()
        await asyncio.gather(one.ended(), other.ended())
        await other.dial("1001")
        await one.incoming()
        await one.reject()
        assert (await other.ended()).code in {486, 603}
        await one.ended()
        await one.dial("1002")
        await other.incoming()
        await one.ringback()
        await one.hangup()
        await asyncio.gather(one.ended(), other.ended())
        await one.dial("1002")
        await other.incoming()
        await other.reject(busy=True)
        await asyncio.gather(one.ended(), other.ended())
        await call(other, one)
        await other.hangup()
        await asyncio.gather(one.ended(), other.ended())
    await pbx.nothing_left()


@pytest.mark.parametrize("kind", [OwnPhone, Baresip, Linphone])
async def test_digits_pressed_on_any_phone_arrive_SIP_4(pbx: Pbx, kind: type[RealPhone]) -> None:
    async with kind(pbx.line("1001")) as caller, ScriptPhone(pbx.line("1002")) as callee:
        await pbx.register(caller, callee)
        await call(caller, callee)
        await caller.hears_for(300)
        await caller.dtmf("159#")
        await callee.gets_digits("159#")


@pytest.mark.parametrize("kind", [Baresip, Linphone])
async def test_digits_arrive_at_other_peoples_phones_SIP_4(pbx: Pbx, kind: type[RealPhone]) -> None:
    async with ScriptPhone(pbx.line("1001")) as caller, kind(pbx.line("1002")) as callee:
        await pbx.register(caller, callee)
        await call(caller, callee)
        await caller.hears_for(300)
        await caller.dtmf("0*8")
        await callee.gets_digits("0*8")


async def test_half_a_minute_of_talk_has_no_gap_above_60_ms_SIP_6(pbx: Pbx) -> None:
    async with OwnPhone(pbx.line("1001")) as caller, OwnPhone(pbx.line("1002")) as callee:
        await pbx.register(caller, callee)
        await call(caller, callee)
        await talk(caller, callee, ms=30000)


async def test_a_call_can_be_held_by_both_ends_and_both_resume_SIP_4(pbx: Pbx) -> None:
    async with OwnPhone(pbx.line("1001")) as caller, ScriptPhone(pbx.line("1002")) as callee:
        await pbx.register(caller, callee)
        await call(caller, callee)
        await caller.hears_for(300)
        await caller.hold()
        await callee.hold()

        async def both_held() -> bool:
            states = await pbx.states()
            return [states["1001"]["call"], states["1002"]["call"]] == ["held", "held"]

        await until(both_held, "both are shown as held")
        await caller.resume()
        await callee.resume()
        await talk(caller, callee, ms=700)


async def test_hold_and_resume_in_one_breath_leave_sound_both_ways_SIP_4(pbx: Pbx) -> None:
    async with ScriptPhone(pbx.line("1001")) as caller, OwnPhone(pbx.line("1002")) as callee:
        await pbx.register(caller, callee)
        await call(caller, callee)
        await caller.hears_for(300)
        for _ in range(4):
            await callee.hold()
            await callee.resume()
            await talk(caller, callee, ms=500)


async def test_both_clients_press_hold_and_resume_in_haste_and_hear_each_other_SIP_4(pbx: Pbx) -> None:
    async with OwnPhone(pbx.line("1001")) as caller, OwnPhone(pbx.line("1002")) as callee:
        await pbx.register(caller, callee)
        await call(caller, callee)
        await asyncio.gather(
            caller.fidget(0, 0.01, 0.03, 0, 0.06, 0.005), callee.fidget(0.02, 0, 0, 0.04, 0.008, 0.015)
        )
        await talk(caller, callee, ms=500)
        await caller.hangup()
        await asyncio.gather(caller.ended(), callee.ended())
    await pbx.nothing_left()
