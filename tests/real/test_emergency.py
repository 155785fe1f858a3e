"""PRES-8, SIP-12 on real phones: whoever has called for help is reached when the centre calls back."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from tests.phones.baresip import Baresip
from tests.phones.own_phone import OwnPhone
from tests.phones.phone import RealPhone
from tests.phones.script_phone import ScriptPhone
from tests.phones.waiting import until
from tests.real.outside import DID, ELIN, MAIN_HZ, SAYS, STRANGER, Outside, a_phone, heard, set_up, to
from tests.real.pbx import Pbx

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

CENTRE = "+420950112112"


@asynccontextmanager
async def not_to_be_disturbed(pbx: Pbx, number: str) -> AsyncIterator[None]:
    """The extension is not to be disturbed, forwards all calls, and has blocked the emergency centre."""
    forward = {"always": to("extension", "1003")}
    settings = {
        "statuses": {"do_not_disturb": {"internal": forward, "external": forward}},
        "caller_rules": [{"pattern": CENTRE, "destination": {"kind": "hang_up"}}],
    }
    await pbx.api("PUT", f"/extensions/{number}/presence/settings", body=settings)
    await pbx.api("PUT", f"/extensions/{number}/presence", body={"status": "do_not_disturb"})
    yield
    await pbx.api("PUT", f"/extensions/{number}/presence", body={"status": "available"})
    await pbx.api("PUT", f"/extensions/{number}/presence/settings", body={})


async def call_for_help(outside: Outside, phone: RealPhone) -> None:
    """The call breaks off once somebody has answered."""
    await phone.dial("112")
    urgent = await outside.main.incoming("112")
    assert urgent.caller == ELIN
    await phone.connected()
    await urgent.hangup()
    await phone.ended()


async def test_the_centre_calls_back_and_all_phones_ring_whatever_is_set_PRES_8(outside: Outside) -> None:
    pbx = outside.pbx
    async with (
        a_phone(pbx, "1001") as anna,
        OwnPhone(pbx.line("1001")) as own,
        Baresip(pbx.line("1001")) as third,
        not_to_be_disturbed(pbx, "1001"),
    ):
        await pbx.register(anna, own, third)
        refused = await outside.main.call(ELIN, caller=CENTRE, priority="psap-callback")
        await refused.ended()
        assert refused.final is not None
        assert refused.final.status == 404, "nobody has called for help"
        await call_for_help(outside, anna)
        back = await outside.main.call(ELIN, caller=CENTRE)
        for phone in (anna, own, third):
            assert (await phone.incoming()).number == CENTRE
        assert anna.dialog is not None
        assert anna.dialog.invite.get("Priority") == "psap-callback"
        assert anna.dialog.invite.get("Alert-Info") == "<urn:alert:priority:high>"
        explained = await pbx.cli("route", "explain", "--trunk", "main", "--caller", CENTRE, ELIN)
        decision = explained["decision"]
        assert (decision["number"], decision["emergency_call_back"]) == ("1001", True)
        await anna.answer()
        await back.connected()
        await heard(anna, SAYS["1001"], back, MAIN_HZ)
        await anna.hangup()
        await back.ended()


async def test_a_marked_call_comes_through_and_goes_on_as_usual_if_nobody_answers_PRES_8(
    outside: Outside,
) -> None:
    pbx = outside.pbx
    async with a_phone(pbx, "1001") as anna, a_phone(pbx, "1002") as boris, a_phone(pbx, "1003") as cyril:
        await pbx.register(anna, boris, cyril)
        await call_for_help(outside, anna)
        async with not_to_be_disturbed(pbx, "1001"):
            back = await outside.backup.call(f"{DID}1", caller=CENTRE, priority="psap-callback")
            await anna.incoming()
            await anna.reject()
            await boris.incoming()
            await boris.answer()
            await back.connected()
            await back.hangup()
            await boris.ended()
            ordinary = await outside.backup.call(f"{DID}1", caller=STRANGER)
            await boris.incoming()
            assert boris.dialog is not None
            assert boris.dialog.invite.get("Priority") == ""
            await ordinary.hangup()
            await boris.ended()


async def test_a_server_that_was_killed_knows_whom_the_centre_calls_back_PRES_8(
    own_pbx: Pbx, tmp_path: Path
) -> None:
    pbx = own_pbx
    await pbx.add("1005", "Emil", "Egger")  # a route leads there
    async with set_up(pbx, tmp_path) as outside, ScriptPhone(pbx.line("1001")) as anna:
        await pbx.register(anna)
        await call_for_help(outside, anna)

        def stored() -> int:
            with closing(sqlite3.connect(f"file:{pbx.data / 'linkus.db'}?mode=ro", uri=True)) as database:
                (count,) = database.execute("SELECT count(*) FROM emergency_calls").fetchone()
            return int(count)

        await until(stored, "the call is stored")
        await pbx.nothing_left()
        await pbx.kill()
        await pbx.start()
        await outside.trunk_is("main", "registered")
        async with not_to_be_disturbed(pbx, "1001"):
            back = await outside.main.call(ELIN, caller=CENTRE)
            await anna.incoming()
            await anna.answer()
            await back.connected()
            await back.hangup()
            await anna.ended()
            await pbx.nothing_left()
