"""Calls between extensions on a real Asterisk (item 7 of the foundation; SIP-2, SIP-3, SIP-4)."""

import asyncio

import pytest

from server.switch.port import (
    Contact,
    Dtmf,
    Ended,
    LegChanged,
    LegGone,
    LegState,
    Party,
    Reason,
    SwitchError,
)
from tests.phones.phone import Transport
from tests.phones.waiting import until
from tests.server.switch.asterisk.bench import Bench

pytestmark = pytest.mark.real

GIVEN_UP_WITHIN_S = 20.0
"""After one second, on a machine that stands still now and then; sooner than SIP itself gives up (32 s)."""


async def test_a_call_shows_name_and_number_of_the_caller_and_connects_SIP_2(bench: Bench) -> None:
    await bench.extension("1001", 'Zoë "Z" Čapková')
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    caller.says(440)
    callee.says(900)

    await caller.dial("1002")
    inbound = await bench.events.incoming()
    assert (inbound.number, inbound.dialled, inbound.inbound, inbound.state) == (
        "1001",
        "1002",
        True,
        LegState.NEW,
    )
    assert inbound.caller == Party("1001", "Zoë Z Čapková")

    (contact,) = bench.switch.contacts("1002")
    outbound = await bench.dial(contact, leg_id="the-leg", caller=inbound.caller, for_leg=inbound)
    assert outbound.id == "the-leg"
    shown = await callee.incoming()
    assert (shown.number, shown.name) == ("1001", "Zoë Z Čapková")
    assert callee.dialog is not None
    assert "sip:1001@" in callee.dialog.invite.get("P-Asserted-Identity")
    await outbound.ringing()
    await inbound.ring(Party("1002", 'Ben "B" Carter'))
    await caller.ringback()
    assert caller.dialog is not None
    assert '"Ben B Carter" <sip:1002@' in caller.dialog.asserted

    await callee.answer()
    await outbound.answered()
    await inbound.answer()
    assert inbound.state is LegState.UP
    bridge = await bench.switch.bridge("the-bridge")
    await bridge.add(inbound, outbound)
    assert bridge.legs == {inbound.id, outbound.id}
    await caller.connected()

    await caller.hangup()
    ended = await inbound.gone()
    assert (ended.sip_code, ended.by_us, ended.lost) == (None, False, False)
    await outbound.hangup()
    await callee.ended()
    assert (await outbound.gone()).by_us
    await bridge.close()
    assert not bench.switch.legs()
    assert not bench.switch.bridges()


async def test_all_phones_of_an_extension_ring_and_the_others_are_told_who_answered(bench: Bench) -> None:
    first, second = await bench.phone("1002"), await bench.phone("1002")
    contacts = bench.switch.contacts("1002")
    assert len(contacts) == 2
    legs = [await bench.dial(contact) for contact in contacts]
    await asyncio.gather(first.incoming(), second.incoming())
    by_port = {leg.contact.rpartition(":")[2]: leg for leg in legs}
    await second.answer()
    await by_port[str(second.wire.port)].answered()
    await by_port[str(first.wire.port)].hangup(Reason.ANSWERED_ELSEWHERE)
    ending = await first.ended()
    assert 'cause=200;text="Call completed elsewhere"' in ending.reason
    assert (await by_port[str(first.wire.port)].gone()).by_us


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (Reason.BUSY, 486),
        (Reason.DECLINED, 603),
        (Reason.NO_ANSWER, 480),
        (Reason.UNREGISTERED, 480),
        (Reason.UNKNOWN_NUMBER, 404),
        (Reason.FORBIDDEN, 403),
        (Reason.UNAVAILABLE, 503),
    ],
)
@pytest.mark.parametrize("rung", [False, True])
async def test_a_refused_caller_is_told_the_right_status(
    bench: Bench, reason: Reason, status: int, rung: bool
) -> None:
    caller = await bench.phone("1001")
    await caller.dial("7777")
    leg = await bench.events.incoming()
    if rung:
        await leg.ring()
    await leg.hangup(reason)
    assert (await caller.ended()).code == status
    assert (await leg.gone()).by_us


@pytest.mark.parametrize(
    ("status", "phrase"), [(486, "Busy Here"), (603, "Decline"), (480, "Away"), (404, "None")]
)
async def test_the_status_by_which_a_phone_refuses_is_known(bench: Bench, status: int, phrase: str) -> None:
    callee = await bench.phone("1002")
    leg = await bench.dial(bench.switch.contacts("1002")[0])
    await callee.incoming()
    callee.refuse(status, phrase)
    with pytest.raises(LegGone) as refused:
        await leg.answered()
    assert refused.value.ended.sip_code == status
    assert not refused.value.ended.by_us


async def test_a_phone_that_does_not_answer_is_given_up_after_the_time_out(bench: Bench) -> None:
    callee = await bench.phone("1002")
    leg = await bench.dial(bench.switch.contacts("1002")[0], timeout_s=1)
    await callee.incoming()
    async with asyncio.timeout(GIVEN_UP_WITHIN_S):
        ended = await leg.gone()
    assert ended.sip_code in (480, 408, 487)
    assert not ended.by_us
    await callee.ended()


async def test_a_phone_that_is_not_there_ends_the_leg_by_itself(bench: Bench) -> None:
    await bench.extension("1002")
    dead = Contact("1002", "sip:1002@127.0.0.1:9")
    leg = await bench.dial(dead, timeout_s=1)
    async with asyncio.timeout(GIVEN_UP_WITHIN_S):
        assert (await leg.gone()).sip_code is not None
    unknown = await bench.dial(Contact("4444", "sip:4444@127.0.0.1:9"), timeout_s=1)
    assert (await unknown.gone()).sip_code == 480
    assert not bench.switch.legs()


async def test_a_caller_that_gives_up_ends_the_leg(bench: Bench) -> None:
    caller = await bench.phone("1001")
    await caller.dial("1002")
    leg = await bench.events.incoming()
    await leg.ring()
    await caller.ringback()
    await caller.hangup()
    assert await leg.gone() == Ended(q850=127)
    with pytest.raises(LegGone):
        await leg.ring()
    await leg.hangup()


async def test_hold_is_told_and_the_other_side_hears_music_SIP_4(bench: Bench) -> None:
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    inbound, outbound = await bench.call(caller, callee)
    await caller.hold()
    await bench.events.get(LegChanged, lambda event: event.leg is inbound and event.leg.held)
    assert not outbound.held
    await caller.resume()
    bench.events.forget()
    if inbound.held:
        await bench.events.get(LegChanged, lambda event: event.leg is inbound and not event.leg.held)
    await outbound.hangup()
    await callee.ended()


async def test_digits_are_told_and_reach_the_other_phone_SIP_4(bench: Bench) -> None:
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    inbound, _ = await bench.call(caller, callee)
    await caller.dtmf("5#")
    await bench.events.get(Dtmf, lambda event: event.leg is inbound and event.digit == "5")
    await bench.events.get(Dtmf, lambda event: event.leg is inbound and event.digit == "#")
    await until(lambda: callee.digits() == "5#", "the other phone has them too")


async def test_an_id_is_used_once(bench: Bench) -> None:
    await bench.phone("1002")
    contact = bench.switch.contacts("1002")[0]
    leg = await bench.dial(contact, leg_id="twice")
    with pytest.raises(SwitchError):
        await bench.dial(contact, leg_id="twice")
    await leg.hangup()
    await leg.gone()


async def test_a_header_given_is_sent(bench: Bench) -> None:
    callee = await bench.phone("1002")
    leg = await bench.dial(
        bench.switch.contacts("1002")[0], headers={"Alert-Info": "<http://x>;info=internal"}
    )
    await callee.incoming()
    assert callee.dialog is not None
    assert callee.dialog.invite.get("Alert-Info") == "<http://x>;info=internal"
    await leg.hangup()


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_which_phone_of_an_extension_calls_is_told_by_its_address(
    bench: Bench, transport: Transport
) -> None:
    await bench.phone("1001")
    known = {contact.uri for contact in bench.switch.contacts("1001")}
    caller = await bench.phone("1001", transport)
    (contact,) = [one for one in bench.switch.contacts("1001") if one.uri not in known]
    await caller.dial("7777")
    leg = await bench.events.incoming()
    assert leg.source == contact.address
    await leg.hangup()


async def test_a_dial_that_is_cancelled_leaves_no_leg_behind(bench: Bench) -> None:
    callee = await bench.phone("1002")
    dialling = asyncio.create_task(bench.dial(bench.switch.contacts("1002")[0], leg_id="given-up"))
    await bench.events.get(LegChanged, lambda event: event.leg.id == "given-up")
    dialling.cancel()
    await bench.events.get(
        LegChanged, lambda event: event.leg.id == "given-up" and event.leg.state is LegState.GONE
    )
    assert not bench.switch.legs()

    async def no_channel() -> bool:
        return bool(await bench.switch._control.connected.get("channels") == [])

    await until(no_channel, "Asterisk has none either")
    # Whether the INVITE had left already is chance; if so, the phone does not ring on.
    if callee.dialog is not None:
        await callee.ended()
