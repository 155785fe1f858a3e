"""Codecs, transports and encryption (SIP-1, SIP-7)."""

import asyncio
from typing import get_args

import pytest

from tests.phones.baresip import Baresip
from tests.phones.hearing import hears_tone
from tests.phones.linphone import Linphone
from tests.phones.own_phone import OwnPhone
from tests.phones.phone import RealPhone, Transport
from tests.phones.script_phone import ScriptPhone
from tests.real.pbx import Pbx

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]


async def talk(pbx: Pbx, caller: RealPhone, callee: RealPhone) -> None:
    """Call, be heard both ways, hang up."""
    await pbx.register(caller, callee)
    caller.says(440)
    callee.says(1000)
    await caller.dial(callee.line.number)
    await callee.incoming()
    await callee.answer()
    await caller.connected()
    await asyncio.gather(hears_tone(caller, 1000), hears_tone(callee, 440))
    await caller.hangup()
    await callee.ended()


@pytest.mark.parametrize("codec", ["G722", "PCMA", "PCMU"])
@pytest.mark.parametrize("kind", [Baresip, Linphone])
async def test_each_codec_carries_sound_SIP_7(pbx: Pbx, codec: str, kind: type[RealPhone]) -> None:
    own, other = pbx.line("1001", codecs=(codec,)), pbx.line("1002", codecs=(codec,))
    async with OwnPhone(own) as caller, kind(other) as callee:
        await talk(pbx, caller, callee)


async def test_phones_without_a_common_codec_still_talk_SIP_7(pbx: Pbx) -> None:
    async with (
        OwnPhone(pbx.line("1001", codecs=("G722",))) as caller,
        ScriptPhone(pbx.line("1002", codecs=("PCMU",))) as callee,
    ):
        await talk(pbx, caller, callee)


@pytest.mark.parametrize("transport", [one for one in get_args(Transport) if one != "udp"])
async def test_the_client_over_each_transport_SIP_1(pbx: Pbx, transport: Transport) -> None:
    async with (
        OwnPhone(pbx.line("1001", transport=transport)) as caller,
        ScriptPhone(pbx.line("1002", transport=transport)) as callee,
    ):
        await talk(pbx, caller, callee)


@pytest.mark.parametrize(("kind", "transport"), [(Baresip, "tls"), (Linphone, "tcp")])
async def test_encrypted_media_with_other_peoples_phones_SIP_7(
    pbx: Pbx, kind: type[RealPhone], transport: Transport
) -> None:
    async with (
        OwnPhone(pbx.line("1011", transport="tls", srtp="mandatory")) as caller,
        kind(pbx.line("1012", transport=transport, srtp="mandatory")) as callee,
    ):
        await talk(pbx, caller, callee)


async def test_an_encrypted_phone_talks_to_one_that_is_not_SIP_7(pbx: Pbx) -> None:
    async with (
        OwnPhone(pbx.line("1011", transport="tls", srtp="mandatory")) as caller,
        ScriptPhone(pbx.line("1002")) as callee,
    ):
        await talk(pbx, caller, callee)


async def test_where_encryption_is_mandatory_a_call_in_clear_is_refused_SIP_7(pbx: Pbx) -> None:
    async with ScriptPhone(pbx.line("1011")) as caller:
        await pbx.register(caller)
        await caller.dial("1002")
        assert (await caller.ended()).code in {403, 488}
