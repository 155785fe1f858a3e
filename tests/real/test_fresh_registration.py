"""A phone can be called from the moment its registration is confirmed (SIP-1)."""

import pytest

from tests.phones.script_phone import ScriptPhone
from tests.real.pbx import Pbx

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

TRIES = 15


async def test_a_call_in_the_moment_of_the_callees_registration_rings_SIP_1(pbx: Pbx) -> None:
    """The engine tells of phones and of calls on separate ways: neither may overtake the other."""
    async with ScriptPhone(pbx.line("1001")) as caller:
        await pbx.register(caller)
        for _ in range(TRIES):
            async with ScriptPhone(pbx.line("1005")) as callee:
                await callee.register()
                await caller.dial("1005")
                await caller.ringback()
                await callee.incoming()
                await caller.hangup()
                await callee.ended()
    await pbx.nothing_left()
