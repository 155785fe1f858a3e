"""The simulated switch keeps the port's promises about trunks (ADMIN-2, DIAL-4)."""

from dataclasses import replace

import pytest

from server.switch.port import (
    Event,
    Incoming,
    LegGone,
    LegState,
    Party,
    Reason,
    SipTrunk,
    SwitchError,
    SwitchUnavailable,
    TrunkChanged,
    TrunkKind,
    TrunkState,
    TrunkStatus,
    Up,
)
from server.switch.simulated import Behaviour, SimulatedEngine, SimulatedSwitch
from tests.virtual_time import in_virtual_time

REGISTERING = SipTrunk("main", TrunkKind.REGISTER, "sip.example", username="acc", secret="right")
PEER = SipTrunk("branch", TrunkKind.PEER, "192.0.2.7")
CALLER = Party("+49301", "Ada")


class Desk:
    """A connected switch, and what it told."""

    def __init__(self) -> None:
        self.engine = SimulatedEngine()
        self.switch = SimulatedSwitch(self.engine)
        self.told: list[Event] = []
        self.switch.listen(self.told.append)

    async def up(self, *trunks: SipTrunk) -> "Desk":
        await self.switch.start()
        await self.switch.push_trunks(trunks)
        return self

    def statuses(self, name: str) -> list[TrunkStatus]:
        """What was told of a trunk, in order."""
        return [e.state.status for e in self.told if isinstance(e, TrunkChanged) and e.name == name]


@in_virtual_time
async def test_a_trunk_is_registered_only_with_the_secret_that_its_carrier_takes_ADMIN_2() -> None:
    desk = Desk()
    desk.engine.carrier("main", secret="right")
    await desk.up(REGISTERING)
    assert desk.switch.trunks() == {"main": TrunkState(TrunkStatus.REGISTERED)}
    await desk.switch.push_trunks([replace(REGISTERING, secret="wrong")])
    state = desk.switch.trunks()["main"]
    assert (state.status, state.usable) == (TrunkStatus.REJECTED, False)
    assert "403" in state.reason
    assert desk.statuses("main") == [TrunkStatus.REGISTERED, TrunkStatus.REJECTED]


@in_virtual_time
async def test_a_carrier_that_is_lost_and_back_is_told_ADMIN_2() -> None:
    desk = Desk()
    carriers = desk.engine.carrier("main"), desk.engine.carrier("branch")
    await desk.up(REGISTERING, PEER)
    leg = await desk.switch.dial_trunk("branch", "1000", leg_id="a", caller=CALLER, timeout_s=9)
    await leg.answered()
    for carrier in carriers:
        carrier.lose()
        carrier.back()
    assert (await leg.gone()).q850 == 44
    assert desk.statuses("main") == [
        TrunkStatus.REGISTERED, TrunkStatus.UNREGISTERED, TrunkStatus.REGISTERED,
    ]  # fmt: skip
    assert desk.statuses("branch") == [
        TrunkStatus.REACHABLE, TrunkStatus.UNREACHABLE, TrunkStatus.REACHABLE,
    ]  # fmt: skip


@in_virtual_time
async def test_the_whole_set_is_declared_and_equal_trunks_are_not_touched_ADMIN_2() -> None:
    desk = Desk()
    desk.engine.carrier("branch")
    await desk.up(REGISTERING, PEER)
    leg = await desk.switch.dial_trunk("branch", "1000", leg_id="a", caller=CALLER, timeout_s=9)
    await leg.answered()
    desk.told.clear()
    await desk.switch.push_trunks([PEER])
    assert list(desk.switch.trunks()) == ["branch"]
    await desk.switch.push_trunks([])
    assert desk.told == []
    assert leg.state is LegState.UP


@pytest.mark.parametrize("status", [404, 486, 503, 603])
@in_virtual_time
async def test_the_dialled_number_picks_how_the_carrier_refuses_DIAL_4(status: int) -> None:
    desk = Desk()
    desk.engine.carrier("branch")
    await desk.up(PEER)
    leg = await desk.switch.dial_trunk("branch", f"49301{status}", leg_id="a", caller=CALLER, timeout_s=9)
    with pytest.raises(LegGone) as refused:
        await leg.answered()
    assert refused.value.ended.sip_code == status


@in_virtual_time
async def test_a_leg_over_a_trunk_is_no_extensions_and_behaves_by_its_number_ADMIN_2() -> None:
    desk = Desk()
    carrier = desk.engine.carrier("branch", Behaviour.answers(3))
    carrier.behaviours["777"] = Behaviour.answers(1, hangs_up_after_s=2)
    await desk.up(PEER)
    leg = await desk.switch.dial_trunk("branch", "777", leg_id="a", caller=CALLER, timeout_s=9)
    assert (leg.trunk, leg.number, leg.inbound, leg.caller) == ("branch", "", False, CALLER)
    await leg.ringing()
    await leg.answered()
    assert not (await leg.gone()).by_us
    never = await desk.switch.dial_trunk("branch", "200", leg_id="b", caller=CALLER, timeout_s=9)
    with pytest.raises(LegGone):
        await never.answered()
    assert [dialog.contact for dialog in carrier.calls] == ["sip:777@branch", "sip:200@branch"]


@in_virtual_time
async def test_a_call_from_a_carrier_comes_in_by_its_trunk_ADMIN_2() -> None:
    desk = Desk()
    carrier = desk.engine.carrier("branch")
    await desk.up(PEER)
    dialog = carrier.call("+49305", caller="1001", name="Ada")
    (leg,) = [event.leg for event in desk.told if isinstance(event, Incoming)]
    assert (leg.trunk, leg.number, leg.dialled, leg.caller) == ("branch", "", "+49305", Party("1001", "Ada"))
    await leg.hangup(Reason.BUSY)
    assert dialog.told == 486


@in_virtual_time
async def test_a_carrier_without_a_trunk_is_a_stranger_SIP_1() -> None:
    desk = Desk()
    carrier = desk.engine.carrier("branch")
    await desk.up(REGISTERING)
    assert carrier.call("+49305", caller="1001").told == 401
    assert not [event for event in desk.told if isinstance(event, Incoming)]


@in_virtual_time
async def test_an_unknown_trunk_an_empty_number_and_a_used_id_are_errors() -> None:
    desk = Desk()
    desk.engine.carrier("branch")
    await desk.up(PEER)
    for name, number, text in (("other", "1", "no trunk other"), ("branch", "", "No number")):
        with pytest.raises(SwitchError, match=text):
            await desk.switch.dial_trunk(name, number, leg_id="a", caller=CALLER, timeout_s=9)
    await desk.switch.dial_trunk("branch", "1", leg_id="a", caller=CALLER, timeout_s=9)
    with pytest.raises(SwitchError, match="leg a exists"):
        await desk.switch.dial_trunk("branch", "1", leg_id="a", caller=CALLER, timeout_s=9)


@in_virtual_time
async def test_a_new_engine_has_its_trunks_again_and_without_one_nothing_is_known_OPS_1() -> None:
    desk = Desk()
    desk.engine.carrier("main")
    await desk.up(REGISTERING)
    desk.told.clear()
    desk.switch.crash()
    assert desk.switch.trunks() == {"main": TrunkState(TrunkStatus.UNKNOWN)}
    with pytest.raises(SwitchUnavailable):
        await desk.switch.push_trunks([REGISTERING])
    desk.switch.restart()
    assert desk.switch.trunks() == {"main": TrunkState(TrunkStatus.REGISTERED)}
    assert desk.statuses("main") == [TrunkStatus.UNKNOWN, TrunkStatus.REGISTERED]
    assert desk.told[-1] == Up(restarted=True)


@in_virtual_time
async def test_a_later_server_finds_the_legs_of_trunks_OPS_1() -> None:
    desk = Desk()
    desk.engine.carrier("branch")
    await desk.up(PEER)
    leg = await desk.switch.dial_trunk("branch", "777", leg_id="a", caller=CALLER, timeout_s=9)
    await leg.answered()
    desk.switch.kill()
    second = SimulatedSwitch(desk.engine)
    second.connect(restarted=False)
    (again,) = second.legs()
    assert (again.id, again.trunk, again.number) == ("a", "branch", "")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"name": "a b"}, "'a b'"),
        ({"name": ""}, "''"),
        ({"name": "x" * 33}, "1 to 32"),
        ({"host": "x;y"}, "'x;y'"),
        ({"host": ""}, "host"),
        ({"domain": "a\r\nb"}, "domain"),
        ({"port": 0}, "port 0"),
        ({"addresses": ("carrier.example",)}, "carrier.example"),
        ({"username": "a\nb"}, "printable"),
        ({"kind": TrunkKind.REGISTER, "username": ""}, "user name"),
    ],
)
def test_what_cannot_stand_in_sip_is_no_trunk_ADMIN_2(change: dict[str, object], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        replace(PEER, **change)  # type: ignore[arg-type]


def test_a_trunk_never_shows_its_secret_AUTH_5() -> None:
    assert "right" not in repr(REGISTERING)
