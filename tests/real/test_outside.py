"""ADMIN-2, SIP-12, SIP-2 on real phones and a carrier of our own: trunks, inbound and outbound routes."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.phones.baresip import Baresip
from tests.phones.carrier import Carrier, Outcome
from tests.phones.hearing import hears_tone
from tests.phones.own_phone import OwnPhone
from tests.phones.phone import RealPhone, Transport
from tests.phones.ports import LOOPBACK
from tests.phones.script_phone import ScriptPhone
from tests.real.outside import (
    ACCOUNT,
    BACKUP_HZ,
    COMPANY,
    DID,
    ELIN,
    MAIN_HZ,
    MENU_HZ,
    SAYS,
    STRANGER,
    Outside,
    a_phone,
    heard,
)
from tests.real.test_voicemail import (
    a_message,
    assert_says,
    greeted_by_a_tone,
    silent_before_messages,
    sound_of,
    speaks,
)
from tools.standstill import witness

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]


# Trunks


async def test_a_trunk_that_is_lost_is_told_and_passed_over_until_it_is_back_ADMIN_2(
    outside: Outside,
) -> None:
    """The carrier is asked every 20 s if it is there; until then it costs one caller 13 s, and no other."""
    pbx, number = outside.pbx, "530110000"
    async with a_phone(pbx, "1001") as anna:
        await pbx.register(anna)
        await outside.main.lose()
        async with witness() as machine:
            began = time.monotonic()
            await anna.dial(f"00420{number}")
            call = await outside.backup.incoming(number)
            assert machine.ran_s(began, time.monotonic()) < 20
        await anna.connected()
        await anna.hangup()
        await call.ended()
        async with witness() as machine:
            began = time.monotonic()
            await anna.dial(f"00420{number}")
            call = await outside.backup.incoming(number)
            await anna.connected()
            took_s = machine.ran_s(began, time.monotonic())
        assert took_s < 10, "nobody waits for a carrier of which it is known that it is lost"
        await heard(anna, SAYS["1001"], call, BACKUP_HZ)
        await anna.hangup()
        await call.ended()
        reason = await outside.trunk_is("main", "unreachable")
        assert reason == f"{outside.main.address}:{outside.main.port} does not answer."
        await outside.main.back()
        await outside.trunk_is("main", "registered")
        await outside.main.registered(ACCOUNT["username"])
        await anna.dial(f"00420{number}")
        call = await outside.main.incoming(number)
        await heard(anna, SAYS["1001"], call, MAIN_HZ)
        await anna.hangup()
        await call.ended()


@pytest.mark.parametrize("kind", [ScriptPhone, Baresip, OwnPhone])
async def test_a_call_out_is_heard_both_ways_and_logged_SIP_2_LOG_1(
    outside: Outside, kind: type[RealPhone]
) -> None:
    pbx, number = outside.pbx, "530120000"
    seen = await pbx.ids("1001")
    async with kind(pbx.line("1001")) as anna:
        await pbx.register(anna)
        anna.says(SAYS["1001"])
        await anna.dial(f"00420{number}")
        call = await outside.main.incoming(number)
        await anna.connected()
        await heard(anna, SAYS["1001"], call, MAIN_HZ)
        await anna.hangup()
        await call.ended()
    entry = await outside.logged("1001", f"00420{number}", after=seen)
    assert (entry["direction"], entry["outcome"]) == ("outgoing", "answered")


@pytest.mark.parametrize("kind", [ScriptPhone, Baresip, OwnPhone])
async def test_a_call_in_shows_who_calls_and_is_heard_both_ways_and_logged_SIP_9_LOG_1(
    outside: Outside, kind: type[RealPhone]
) -> None:
    pbx = outside.pbx
    seen = await pbx.ids("1001")
    async with kind(pbx.line("1001")) as anna:
        await pbx.register(anna)
        anna.says(SAYS["1001"])
        call = await outside.call_in(0, over=outside.main, name="Eva Nová")
        shown = await anna.incoming()
        assert (shown.number, shown.name) == (STRANGER, "Eva Nová")
        await anna.answer()
        await call.connected()
        await heard(anna, SAYS["1001"], call, MAIN_HZ)
        await call.hangup()
        await anna.ended()
    entry = await outside.logged("1001", STRANGER, after=seen)
    assert (entry["direction"], entry["name"], entry["outcome"]) == ("incoming", "Eva Nová", "answered")


@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_a_trunk_over_tcp_and_tls_carries_calls_both_ways_ADMIN_2(
    outside: Outside, transport: Transport
) -> None:
    pbx = outside.pbx
    port = pbx.sips_port if transport == "tls" else pbx.sip_port
    async with (
        Carrier((LOOPBACK, port), address="127.0.7.3", transport=transport) as carrier,
        a_phone(pbx, "1001") as anna,
    ):
        carrier.secrets = {ACCOUNT["username"]: ACCOUNT["secret"]}
        carrier.says = MAIN_HZ
        trunk = {
            "kind": "register", "host": carrier.address, "port": carrier.port, "transport": transport,
            **ACCOUNT,
        }  # fmt: skip
        route = {"patterns": [{"pattern": "86XXX"}], "everybody": True, "trunks": ["wired"]}
        await pbx.api("PUT", "/trunks/wired", body=trunk)
        try:
            await pbx.api("PUT", "/outbound-routes/wired", body=route)
            await outside.trunk_is("wired", "registered")
            await pbx.register(anna)
            await anna.dial("86000")
            call = await carrier.incoming("86000")
            await anna.connected()
            await heard(anna, SAYS["1001"], call, MAIN_HZ)
            await anna.hangup()
            await call.ended()
            call = await outside.call_in(0, over=carrier)
            await anna.incoming()
            await anna.answer()
            await call.connected()
            await heard(anna, SAYS["1001"], call, MAIN_HZ)
            await call.hangup()
            await anna.ended()
        finally:
            await pbx.api("DELETE", "/outbound-routes/wired")
            await pbx.api("DELETE", "/trunks/wired")


# In


@pytest.mark.parametrize(
    ("digit", "rings"), [(1, "1002"), (5, "1001"), (6, "1002")], ids=["extension", "open", "outside hours"]
)
async def test_a_number_leads_to_an_extension_by_hours_ADMIN_2(
    outside: Outside, digit: int, rings: str
) -> None:
    pbx = outside.pbx
    async with a_phone(pbx, "1001") as anna, a_phone(pbx, "1002") as boris:
        await pbx.register(anna, boris)
        who, other = (anna, boris) if rings == "1001" else (boris, anna)
        call = await outside.call_in(digit)
        assert (await who.incoming()).number == STRANGER
        await who.answer()
        await call.connected()
        await heard(who, SAYS[rings], call, BACKUP_HZ)
        assert not other.heard().ms
        await who.hangup()
        await call.ended()


async def test_a_number_leads_to_a_ring_group_whose_others_then_stop_ringing_ADMIN_2(
    outside: Outside,
) -> None:
    pbx = outside.pbx
    async with a_phone(pbx, "1001") as anna, a_phone(pbx, "1002") as boris:
        await pbx.register(anna, boris)
        before, seen = await pbx.ids("1001"), await pbx.ids("1002")
        call = await outside.call_in(2)
        await asyncio.gather(anna.incoming(), boris.incoming())
        await boris.answer()
        await call.connected()
        assert "Call completed elsewhere" in (await anna.ended()).reason
        await heard(boris, SAYS["1002"], call, BACKUP_HZ)
        await call.hangup()
        await boris.ended()
    assert (await outside.logged("1002", STRANGER, after=seen))["outcome"] == "answered"
    assert await pbx.ids("1001") == before, "they have missed nothing"


async def test_a_number_leads_to_a_menu_whose_keys_a_caller_outside_presses_ADMIN_2(outside: Outside) -> None:
    pbx = outside.pbx
    async with a_phone(pbx, "1002") as boris:
        await pbx.register(boris)
        call = await outside.call_in(3)
        await call.connected()
        await hears_tone(call, MENU_HZ)
        call.rtp.press("1")
        assert (await boris.incoming()).number == STRANGER
        await boris.answer()
        await heard(boris, SAYS["1002"], call, BACKUP_HZ)
        await call.hangup()
        await boris.ended()


async def test_a_number_leads_to_a_mailbox_that_keeps_what_is_said_VM_5(
    outside: Outside, tmp_path: Path
) -> None:
    pbx = outside.pbx
    await greeted_by_a_tone(pbx, "1005", tmp_path)
    call = await outside.call_in(4)
    await call.connected()
    await speaks(pbx)
    await call.hangup()
    message = await a_message(pbx, "1005")
    assert message["caller"] == STRANGER
    assert_says(await sound_of(pbx, "1005", message["id"], tmp_path), BACKUP_HZ)
    await pbx.cli("voicemail", "delete", "1005", message["id"])
    await pbx.cli("voicemail", "delete-greetings", "1005", "--all")
    await silent_before_messages(pbx, "1005")


@pytest.mark.parametrize("number", [f"{DID}9", "00420530130000"], ids=["no route", "a number outside"])
async def test_what_no_inbound_route_takes_is_refused_and_never_led_out_ADMIN_2(
    outside: Outside, number: str
) -> None:
    call = await outside.backup.call(number, caller=STRANGER)
    assert await call.status() == 404
    assert not [one for one in outside.main.calls if one.number == "530130000"]


async def test_a_number_leads_out_again_to_another_one_ADMIN_2(outside: Outside) -> None:
    call = await outside.call_in(7)
    other = await outside.main.incoming("530700000")
    await call.connected()
    await heard(call, BACKUP_HZ, other, MAIN_HZ)
    assert other.caller == COMPANY
    await call.hangup()
    await other.ended()


# Out


@pytest.mark.parametrize(
    ("dialled", "trunk", "number", "shown"),
    [
        ("00420530140000", "main", "530140000", COMPANY),
        ("0049301000", "main", "+49301000", COMPANY),
        ("87000", "backup", "420530000", "1001"),
    ],
)
async def test_a_number_is_rewritten_and_shown_a_caller_by_its_route_and_trunk_ADMIN_2(
    outside: Outside, dialled: str, trunk: str, number: str, shown: str
) -> None:
    pbx, carrier = outside.pbx, outside.main if trunk == "main" else outside.backup
    async with a_phone(pbx, "1001") as anna:
        await pbx.register(anna)
        await anna.dial(dialled)
        call = await carrier.incoming(number)
        await anna.connected()
        await heard(anna, SAYS["1001"], call, carrier.says)
        assert call.caller == shown
        await call.hangup()
        await anna.ended()


@pytest.mark.parametrize(("dialled", "told"), [("0049302000", 403), ("87001", 403), ("4712", 404)])
async def test_who_may_not_use_a_route_is_refused_and_nothing_goes_out_ADMIN_2(
    outside: Outside, dialled: str, told: int
) -> None:
    pbx = outside.pbx
    before = len(outside.main.calls), len(outside.backup.calls)
    async with a_phone(pbx, "1002") as boris:
        await pbx.register(boris)
        await boris.dial(dialled)
        assert (await boris.ended()).code == told
    assert (len(outside.main.calls), len(outside.backup.calls)) == before


@pytest.mark.parametrize(("status", "told"), [(486, 486), (404, 404), (480, 480), (603, 603)])
async def test_what_the_carrier_says_of_a_number_is_the_answer_ADMIN_2(
    outside: Outside, status: int, told: int
) -> None:
    pbx, number = outside.pbx, f"530150{status}"
    async with a_phone(pbx, "1001") as anna:
        await pbx.register(anna)
        await anna.dial(f"00420{number}")
        assert (await anna.ended()).code == told
    assert [one.number for one in outside.main.calls].count(number) == 1
    assert not [one for one in outside.backup.calls if one.number == number]


@pytest.mark.parametrize("status", [503, 500])
async def test_a_congested_trunk_gives_way_to_the_next_one_ADMIN_2(outside: Outside, status: int) -> None:
    pbx, number = outside.pbx, f"530160{status}"
    outside.backup.outcomes[number] = Outcome()
    async with a_phone(pbx, "1001") as anna:
        await pbx.register(anna)
        await anna.dial(f"00420{number}")
        call = await outside.backup.incoming(number)
        await anna.connected()
        await heard(anna, SAYS["1001"], call, BACKUP_HZ)
        assert [one.number for one in outside.main.calls].count(number) == 1
        await anna.hangup()
        await call.ended()


async def test_the_limit_of_calls_is_kept_and_holds_no_emergency_call_up_ADMIN_2_SIP_12(
    outside: Outside,
) -> None:
    pbx = outside.pbx
    outside.main.outcomes["112"] = Outcome()
    for name in ("main", "backup"):
        await pbx.api("PUT", f"/trunks/{name}", body=outside.trunk(name, max_concurrent=1))
    try:
        async with a_phone(pbx, "1001") as anna, a_phone(pbx, "1002") as boris, a_phone(pbx, "1003") as cyril:
            await pbx.register(anna, boris, cyril)
            first = await outside.call_in(0, over=outside.main)
            await anna.incoming()
            await anna.answer()
            await first.connected()
            await boris.dial("00420530170000")
            second = await outside.backup.incoming("530170000")
            await boris.connected()
            await cyril.dial("00420530180000")
            assert (await cyril.ended()).code == 503
            assert not [one for one in outside.main.calls if one.number in ("530170000", "530180000")]
            await cyril.dial("112")
            urgent = await outside.main.incoming("112")
            await cyril.connected()
            await heard(cyril, SAYS["1003"], urgent, MAIN_HZ)
            assert urgent.caller == ELIN
            await heard(anna, SAYS["1001"], first, MAIN_HZ)
            await heard(boris, SAYS["1002"], second, BACKUP_HZ)
            await cyril.hangup()
            await urgent.ended()
            await second.hangup()
            await boris.ended()
            await boris.dial("00420530190000")
            again = await outside.backup.incoming("530190000")
            await boris.connected()
            await again.hangup()
            await boris.ended()
    finally:
        await outside.hang_up()
        for name in ("main", "backup"):
            await pbx.api("PUT", f"/trunks/{name}", body=outside.trunk(name))
