"""What an administrator changes holds for phones from the moment the answer is there (A.4, AUTH-7)."""

import secrets
from dataclasses import replace

import pytest

from tests.phones.script_phone import ScriptPhone
from tests.real.pbx import Pbx

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

ROUNDS = 5


async def _register(pbx: Pbx, number: str, secret: str) -> int:
    """The final status that a phone with this secret gets, asked once."""
    async with ScriptPhone(replace(pbx.line("1001"), number=number, secret=secret)) as phone:
        status = (await phone.try_register()).status
        if status == 200:
            await phone.unregister()
        return status


async def test_a_phone_may_be_set_up_the_moment_its_extension_is_there_AUTH_7(pbx: Pbx) -> None:
    for position in range(ROUNDS):
        number = str(2001 + position)
        made = await pbx.api("POST", "/extensions", body={"number": number})
        assert await _register(pbx, number, made["sip_secret"]) == 200
        await pbx.api("DELETE", f"/extensions/{number}")
        assert await _register(pbx, number, made["sip_secret"]) == 401


async def test_an_old_secret_is_of_no_use_the_moment_it_is_replaced_AUTH_7(pbx: Pbx) -> None:
    made = await pbx.api("POST", "/extensions", body={"number": "2010"})
    old = made["sip_secret"]
    for _ in range(ROUNDS):
        new = secrets.token_urlsafe(24)
        await pbx.api("PATCH", "/extensions/2010", body={"sip_secret": new})
        assert await _register(pbx, "2010", old) == 401
        assert await _register(pbx, "2010", new) == 200
        old = new
    await pbx.api("DELETE", "/extensions/2010")


async def test_the_command_line_answers_as_late_AUTH_7(pbx: Pbx) -> None:
    made = await pbx.cli("extension", "add", "2011")
    assert await _register(pbx, "2011", made["sip_secret"]) == 200
    await pbx.api("DELETE", "/extensions/2011")
