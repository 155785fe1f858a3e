"""PRES-2, PRES-3, SIP-4 with the world outside: forwarding, the mobile, and transfers, on real phones."""

import pytest

from tests.phones.carrier_call import CarrierCall
from tests.phones.hearing import Listener
from tests.phones.script_phone import ScriptPhone
from tests.phones.waiting import until
from tests.real.outside import BACKUP_HZ, COMPANY, MAIN_HZ, SAYS, STRANGER, Outside, a_phone, heard, to

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]


# Forwarding and the mobile


async def calling(
    outside: Outside, number: str, anna: ScriptPhone, *, inside: bool
) -> tuple[Listener, float]:
    """1001, or a stranger, calls 1002; who listens there, and what is said."""
    if inside:
        await anna.dial(number)
        return anna, SAYS["1001"]
    return await outside.call_in(1), BACKUP_HZ


@pytest.mark.parametrize("inside", [True, False], ids=["internal", "external"])
@pytest.mark.parametrize("condition", ["always", "busy", "no_answer"])
async def test_a_call_is_forwarded_to_a_number_outside_PRES_3(
    outside: Outside, condition: str, inside: bool
) -> None:
    pbx, number = outside.pbx, "530210000"
    forwarding = {condition: to("external", f"00420{number}")}
    kind = "internal" if inside else "external"
    settings = {"ring_timeout_s": 5 if condition == "no_answer" else 60, kind: forwarding}
    await pbx.api("PUT", "/extensions/1002/presence/settings", body={"statuses": {"available": settings}})
    try:
        async with a_phone(pbx, "1001") as anna, a_phone(pbx, "1002") as boris:
            await pbx.register(anna, boris)
            caller, says = await calling(outside, "1002", anna, inside=inside)
            if condition != "always":
                await boris.incoming()
            if condition == "busy":
                await boris.reject(busy=True)
            call = await outside.main.incoming(number)
            assert call.caller == COMPANY
            await heard(caller, says, call, MAIN_HZ)
            if condition == "no_answer":
                await boris.ended()
            await call.hangup()
            await (anna.ended() if inside else outside.backup.calls[-1].ended())
    finally:
        await pbx.api("PUT", "/extensions/1002/presence/settings", body={})


@pytest.mark.parametrize("inside", [True, False], ids=["internal", "external"])
@pytest.mark.parametrize("mobile", ["530310001", "530310200"], ids=["mobile answers", "phone answers"])
async def test_the_mobile_rings_beside_the_phone_and_either_answers_PRES_2(
    outside: Outside, mobile: str, inside: bool
) -> None:
    """The first mobile answers after a second, the other one rings on."""
    pbx = outside.pbx
    await pbx.api("PATCH", "/extensions/1002", body={"mobile": mobile})
    settings = {"statuses": {"available": {"ring_mobile": True}}, "mobile_prefix": "00420"}
    await pbx.api("PUT", "/extensions/1002/presence/settings", body=settings)
    try:
        async with a_phone(pbx, "1001") as anna, a_phone(pbx, "1002") as boris:
            await pbx.register(anna, boris)
            caller, says = await calling(outside, "1002", anna, inside=inside)
            await boris.incoming()
            call = await outside.main.incoming(mobile)
            if mobile.endswith("001"):
                await boris.ended()
                await heard(caller, says, call, MAIN_HZ)
                await call.hangup()
            else:
                await boris.answer()
                await call.ended()
                await heard(caller, says, boris, SAYS["1002"])
                await boris.hangup()
            await (anna.ended() if inside else outside.backup.calls[-1].ended())
    finally:
        await pbx.api("PUT", "/extensions/1002/presence/settings", body={})
        await pbx.api("PATCH", "/extensions/1002", body={"mobile": None})


# Transfers


async def talking(outside: Outside, boris: ScriptPhone) -> CarrierCall:
    """A stranger has called 1002, and they talk."""
    call = await outside.call_in(1)
    await boris.incoming()
    await boris.answer()
    await call.connected()
    await heard(boris, SAYS["1002"], call, BACKUP_HZ)
    return call


async def test_a_caller_outside_is_transferred_to_a_colleague_SIP_4(outside: Outside) -> None:
    pbx = outside.pbx
    async with a_phone(pbx, "1002") as boris, a_phone(pbx, "1003") as cyril:
        await pbx.register(boris, cyril)
        call = await talking(outside, boris)
        before = await pbx.ids("1003")
        assert await boris.refer("1003") == 202
        assert (await cyril.incoming()).number == STRANGER
        await cyril.answer()
        await boris.ended()
        await heard(cyril, SAYS["1003"], call, BACKUP_HZ)
        await call.hangup()
        await cyril.ended()
        assert (await outside.logged("1003", STRANGER, after=before))["outcome"] == "answered"


async def test_a_caller_outside_is_transferred_to_a_number_outside_SIP_4(outside: Outside) -> None:
    pbx, number = outside.pbx, "530410001"
    async with a_phone(pbx, "1002") as boris:
        await pbx.register(boris)
        call = await talking(outside, boris)
        assert await boris.refer(f"00420{number}") == 202
        other = await outside.main.incoming(number)
        await boris.ended()
        # Two of Asterisk's threads send the BYE and this.
        await until(lambda: boris.told[-1:] == [200], "boris is told that the transfer is done")
        await heard(call, BACKUP_HZ, other, MAIN_HZ)
        assert other.caller == COMPANY
        await other.hangup()
        await call.ended()


@pytest.mark.parametrize("target", ["00420530420486", "0049304000"], ids=["busy", "not permitted"])
async def test_after_a_transfer_outside_that_fails_the_two_talk_on_SIP_4(
    outside: Outside, target: str
) -> None:
    pbx = outside.pbx
    async with a_phone(pbx, "1002") as boris:
        await pbx.register(boris)
        call = await talking(outside, boris)
        assert await boris.refer(target) == 202
        await boris.is_told(100, 503)
        await heard(boris, SAYS["1002"], call, BACKUP_HZ)
        await boris.hangup()
        await call.ended()


async def test_who_was_called_outside_is_transferred_to_a_colleague_SIP_4(outside: Outside) -> None:
    pbx, number = outside.pbx, "530430000"
    async with a_phone(pbx, "1001") as anna, a_phone(pbx, "1003") as cyril:
        await pbx.register(anna, cyril)
        await anna.dial(f"00420{number}")
        call = await outside.main.incoming(number)
        await anna.connected()
        await heard(anna, SAYS["1001"], call, MAIN_HZ)
        assert await anna.refer("1003") == 202
        assert (await cyril.incoming()).number == number
        await cyril.answer()
        await anna.ended()
        await heard(cyril, SAYS["1003"], call, MAIN_HZ)
        await cyril.hangup()
        await call.ended()
