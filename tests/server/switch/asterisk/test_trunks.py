"""Trunks to a carrier on a real Asterisk: registered, lost, back; calls both ways (ADMIN-2, DIAL-4)."""

import asyncio
import os
import signal
from dataclasses import replace

import pytest

from server.switch.asterisk import AsteriskSettings, trunk_objects
from server.switch.port import (
    CallerIdPolicy,
    Incoming,
    LegGone,
    LegState,
    Party,
    Reason,
    SipTrunk,
    SwitchError,
    TrunkChanged,
    TrunkKind,
    TrunkState,
    TrunkStatus,
    Up,
)
from tests.files import content_of
from tests.phones.carrier import Carrier
from tests.phones.rtp import RtpPort
from tests.phones.sound import hears
from tests.phones.waiting import until
from tests.server.switch.asterisk.bench import Bench

pytestmark = pytest.mark.real

ACCOUNT = {"username": "acc-77", "secret": "carrier-secret-1"}


async def registered(bench: Bench, **more: object) -> Carrier:
    """A carrier at which the trunk `main` is registered."""
    carrier = await bench.carrier()
    carrier.secrets = {ACCOUNT["username"]: ACCOUNT["secret"]}
    await bench.trunk(carrier, **{**ACCOUNT, **more})
    await carrier.registered(ACCOUNT["username"])
    await bench.trunk_is(TrunkStatus.REGISTERED)
    return carrier


async def hears_now(rtp: RtpPort, hz: float) -> None:
    """Wait until the last 300 ms that arrived there are this tone."""

    def look() -> bool:
        latest = rtp.heard().since(rtp.now_ms() - 300)
        return latest.ms > 200 and hears(latest, hz)

    await until(look, f"{hz} Hz is heard")


# Registration


async def test_a_trunk_registers_with_its_secret_and_withdraws_when_it_is_removed_ADMIN_2(
    bench: Bench,
) -> None:
    carrier = await registered(bench)
    assert bench.switch.trunks()["main"].usable
    assert carrier.registers[-1].get("Expires") == "300"
    await bench.switch.push_trunks([])
    await until(lambda: not carrier.bindings, "the registration is withdrawn")
    assert not bench.switch.trunks()


async def test_a_wrong_secret_is_told_with_the_status_and_a_right_one_registers_at_once_ADMIN_2(
    bench: Bench,
) -> None:
    carrier = await bench.carrier()
    carrier.secrets = {ACCOUNT["username"]: ACCOUNT["secret"]}
    await bench.trunk(carrier, **{**ACCOUNT, "secret": "wrong"})
    reason = await bench.trunk_is(TrunkStatus.REJECTED)
    assert reason == "The carrier refused the registration (SIP 403): check user name and secret."
    assert not bench.switch.trunks()["main"].usable
    assert not carrier.bindings
    await bench.trunk(carrier, **ACCOUNT)
    await bench.trunk_is(TrunkStatus.REGISTERED)


async def test_a_registrar_that_is_lost_is_told_and_registered_at_again_once_it_is_back_ADMIN_2(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trunk_objects, "QUALIFY_S", 1)
    monkeypatch.setattr(trunk_objects, "QUALIFY_TIMEOUT_S", 0.5)
    carrier = await registered(bench)
    await until(lambda: carrier.asked, "the carrier is asked if it is there")
    await carrier.lose()
    reason = await bench.trunk_is(TrunkStatus.UNREACHABLE)
    assert reason == f"{carrier.address}:{carrier.port} does not answer."
    bench.events.forget()
    await carrier.back()
    await bench.trunk_is(TrunkStatus.REGISTERED)
    assert carrier.bindings, "registered in truth, not only as far as is remembered"


async def test_a_carrier_that_never_answers_is_told_ADMIN_2(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trunk_objects, "QUALIFY_S", 1)
    monkeypatch.setattr(trunk_objects, "QUALIFY_TIMEOUT_S", 0.5)
    carrier = await bench.carrier()
    await carrier.lose()
    await bench.trunk(carrier)
    assert (await bench.trunk_is(TrunkStatus.UNREACHABLE)).endswith("does not answer.")
    await carrier.back()
    await bench.trunk_is(TrunkStatus.REACHABLE)


async def test_a_trunk_to_a_host_that_does_not_exist_keeps_no_other_from_working_ADMIN_2(
    bench: Bench,
) -> None:
    carrier = await bench.carrier()
    bad = SipTrunk("bad", TrunkKind.PEER, "no.such.host.invalid")
    good = SipTrunk("good", TrunkKind.PEER, carrier.address, carrier.port)
    with pytest.raises(SwitchError, match=r"Trunk bad .*'no\.such\.host\.invalid'"):
        await bench.switch.push_trunks([bad, good])
    await bench.trunk_is(TrunkStatus.REACHABLE, "good")
    await bench.switch.push_trunks([good])
    assert list(bench.switch.trunks()) == ["good"]


# Calls


async def test_a_call_over_a_trunk_is_heard_both_ways_SIP_2(bench: Bench) -> None:
    carrier = await registered(bench)
    carrier.says, carrier.demands_secret = 900, True
    phone = await bench.phone("1001")
    phone.says(440)
    await phone.dial("0030123000")
    inbound = await bench.events.incoming()
    outbound = await bench.dial_trunk("+4930123000", caller=Party("1001", "Ada"), for_leg=inbound)
    assert (outbound.trunk, outbound.number, outbound.inbound, inbound.trunk) == ("main", "", False, "")
    call = await carrier.incoming("+4930123000")
    await outbound.answered()
    await inbound.answer()
    bridge = await bench.switch.bridge("over-a-trunk")
    await bridge.add(inbound, outbound)
    await phone.connected()
    assert (call.caller, call.asserted) == ("1001", "")
    await hears_now(phone.rtp, 900)
    await hears_now(call.rtp, 440)
    await call.hangup()
    assert (await outbound.gone()).sip_code is None


@pytest.mark.parametrize("status", [404, 480, 486, 503, 603])
async def test_the_status_by_which_a_carrier_refuses_is_known_DIAL_4(bench: Bench, status: int) -> None:
    carrier = await bench.carrier()
    await bench.trunk(carrier)
    leg = await bench.dial_trunk(f"+4930123{status}")
    with pytest.raises(LegGone) as refused:
        await leg.answered()
    assert (refused.value.ended.sip_code, refused.value.ended.by_us) == (status, False)


async def test_ringing_late_answers_and_hang_ups_of_the_carrier_are_told_DIAL_4(bench: Bench) -> None:
    carrier = await bench.carrier()
    await bench.trunk(carrier)
    late = await bench.dial_trunk("49301001")
    await late.ringing()
    assert late.state in {LegState.RINGING, LegState.UP}, "it may be answered by now"
    await late.answered()
    await late.hangup()
    short = await bench.dial_trunk("49301101")
    await short.answered()
    assert not (await short.gone()).by_us
    never = await bench.dial_trunk("49301200", timeout_s=3)
    await never.ringing()
    assert (await never.gone()).sip_code in (408, 480, 487)
    silent = await bench.dial_trunk("49301300")
    await carrier.incoming("49301300")
    await silent.hangup(Reason.CANCELLED)
    assert (await silent.gone()).by_us


@pytest.mark.parametrize(
    ("policy", "shown"),
    [
        (CallerIdPolicy.FROM, ("+49301", "")),
        (CallerIdPolicy.ASSERTED, ("+49301", "+49301")),
        (CallerIdPolicy.ACCOUNT, (ACCOUNT["username"], "+49301")),
    ],
)
async def test_the_carrier_is_shown_the_caller_by_the_trunks_policy_ADMIN_2(
    bench: Bench, policy: CallerIdPolicy, shown: tuple[str, str]
) -> None:
    carrier = await registered(bench, caller_id=policy)
    leg = await bench.dial_trunk("49301200", caller=Party("+49301", "Ada"), headers={"X-Test": "1"})
    call = await carrier.incoming("49301200")
    assert (call.caller, call.asserted) == shown
    assert call.invite.get("X-Test") == "1"
    await leg.hangup()


async def test_a_number_is_dialled_as_it_is_and_a_trunk_must_exist_ADMIN_2(bench: Bench) -> None:
    carrier = await bench.carrier()
    await bench.trunk(carrier)
    leg = await bench.dial_trunk("*21*1#200")
    assert (await carrier.incoming("*21*1#200")).number == "*21*1#200"
    await leg.hangup()
    with pytest.raises(SwitchError, match="no trunk other"):
        await bench.dial_trunk("1", "other")
    with pytest.raises(SwitchError, match="No number"):
        await bench.dial_trunk("")


# Calls that come in


async def test_a_call_from_the_carrier_comes_in_with_its_DID_and_is_no_extensions_ADMIN_2(
    bench: Bench,
) -> None:
    carrier = await bench.carrier()
    await bench.trunk(carrier)
    await bench.extension("1001")
    call = await carrier.call("+4930555", caller="1001", name="Ada")
    leg = await bench.events.incoming()
    assert (leg.trunk, leg.number, leg.dialled, leg.inbound) == ("main", "", "+4930555", True)
    assert leg.caller == Party("1001", "Ada")
    await leg.ring()
    await leg.hangup(Reason.BUSY)
    assert await call.status() == 486
    assert 180 in call.provisional

    await carrier.call("+4930555", caller="anonymous", asserted="+49170")
    assert (await bench.events.incoming()).caller == Party("+49170")
    await carrier.call("+4930555", caller="anonymous", name="Anonymous")
    assert (await bench.events.incoming()).caller == Party("")


async def test_a_call_to_the_registered_contact_has_its_DID_in_To_ADMIN_2(bench: Bench) -> None:
    carrier = await registered(bench)
    call = await carrier.call("+4930555", caller="+49170", uri=carrier.bindings[ACCOUNT["username"]])
    leg = await bench.events.incoming()
    assert (leg.trunk, leg.dialled) == ("main", "+4930555")
    carrier.says = 0
    await leg.answer()
    await call.connected()
    await call.hangup()
    await leg.gone()


async def test_a_stranger_is_refused_and_a_trunk_cannot_be_claimed_by_name_SIP_1(bench: Bench) -> None:
    carrier = await bench.carrier()
    await bench.trunk(carrier)
    stranger = await bench.carrier(address="127.0.7.9")
    neighbour = await bench.carrier(address=carrier.address)
    for other in (stranger, neighbour):
        for caller in ("+49170", "trunk-main", "main"):
            call = await other.call("+4930555", caller=caller)
            assert await call.status() in (401, 403)
    await bench.switch.push_trunks([])
    call = await carrier.call("+4930555", caller="+49170")
    assert await call.status() in (401, 403)
    assert not [event for event in bench.events.seen if isinstance(event, Incoming)]


# Changes, restarts


async def test_where_a_carrier_was_before_it_moved_there_is_a_stranger_SIP_1(bench: Bench) -> None:
    before, now = await bench.carrier(), await bench.carrier(address="127.0.7.2")
    await bench.trunk(before)
    await bench.trunk(now)
    assert await (await before.call("+4930555", caller="+49170")).status() in (401, 403)
    await now.call("+4930555", caller="+49170")
    assert (await bench.events.incoming()).trunk == "main"
    leg = await bench.dial_trunk("49301200")
    await now.incoming("49301200")
    await leg.hangup()
    assert not before.calls[1:], "only the call that it made itself"


async def test_a_trunk_that_changes_or_goes_leaves_its_calls_alone_ADMIN_2(bench: Bench) -> None:
    carrier = await registered(bench)
    leg = await bench.dial_trunk("49301000")
    await leg.answered()
    registers = len(carrier.registers)
    await bench.trunk(carrier, **ACCOUNT)
    await bench.trunk(carrier, **ACCOUNT, codecs=("ulaw",))
    second = await bench.dial_trunk("49302000")
    offered = (await carrier.incoming("49302000")).invite.body
    assert "RTP/AVP 0 101" in offered
    await second.answered()
    assert len(carrier.registers) == registers, "its registration went on"
    await bench.switch.push_trunks([])
    await until(lambda: not carrier.bindings, "the registration is withdrawn")
    assert (leg.state, second.state) == (LegState.UP, LegState.UP)
    await (await carrier.incoming("49301000")).hangup()
    assert not (await leg.gone()).by_us


async def test_trunks_are_no_extensions_AUTH_7(bench: Bench) -> None:
    carrier = await bench.carrier()
    # The engine may still know extensions of earlier tests, as long as a call of theirs is being cleared.
    before = await bench.switch.known()
    await bench.trunk(carrier)
    await bench.extension("1090")
    assert await bench.switch.known() - before == {"1090"}


async def test_after_the_engine_was_killed_its_trunks_are_registered_again_OPS_1(
    own_settings: AsteriskSettings,
) -> None:
    async with Bench(own_settings, stop_engine=True) as bench:
        carrier = await registered(bench)
        leg = await bench.dial_trunk("49301000")
        await leg.answered()
        bench.events.forget()
        carrier.bindings.clear()
        os.kill(bench.switch.status.pid or 0, signal.SIGKILL)
        await bench.trunk_is(TrunkStatus.UNKNOWN)
        assert (await leg.gone()).lost
        assert (await bench.events.get(Up, within_s=30)).restarted
        await bench.trunk_is(TrunkStatus.REGISTERED)
        assert carrier.bindings


async def test_the_next_server_adopts_trunks_and_their_calls_OPS_1(own_settings: AsteriskSettings) -> None:
    async with Bench(own_settings) as first:
        carrier = await registered(first)
        outbound = await first.dial_trunk("49301000", caller=Party("+49301", "Ada"))
        await outbound.answered()
        await carrier.call("+4930555", caller="+49170")
        inbound = await first.events.incoming()
        await inbound.answer()
        trunk = SipTrunk("main", TrunkKind.REGISTER, carrier.address, carrier.port, **ACCOUNT)
        registers = len(carrier.registers)
        await first.switch.aclose(stop_engine=False)

        async with Bench(own_settings, stop_engine=True) as second:
            legs = {leg.id: leg for leg in second.switch.legs()}
            again = legs[outbound.id]
            assert (again.trunk, again.number, again.contact) == ("main", "", outbound.contact)
            assert again.caller == Party("+49301", "Ada")
            again = legs[inbound.id]
            assert (again.trunk, again.number, again.dialled) == ("main", "", "+4930555")
            assert again.caller == Party("+49170")
            await second.switch.push_trunks([trunk])
            assert second.switch.trunks() == {"main": TrunkState(TrunkStatus.REGISTERED)}
            assert len(carrier.registers) == registers, "an equal trunk is not touched"
            await second.switch.push_trunks([replace(trunk, name="renamed")])
            await second.trunk_is(TrunkStatus.REGISTERED, "renamed")
            assert not [e for e in second.events.seen if isinstance(e, TrunkChanged) and e.name == "main"][1:]


async def test_no_secret_of_a_trunk_is_on_disk_or_told_AUTH_5(own_settings: AsteriskSettings) -> None:
    async with Bench(own_settings, stop_engine=True) as bench:
        carrier = await registered(bench)
        trunk = await bench.trunk(carrier, **ACCOUNT, codecs=("alaw",))
        assert trunk.secret not in repr(trunk)
        await asyncio.to_thread(os.sync)
        for path in own_settings.data.rglob("*"):
            if path.is_file():
                assert trunk.secret.encode() not in content_of(path), path.name
