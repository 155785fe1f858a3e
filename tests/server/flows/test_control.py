"""SIP-2, SIP-4 from outside: a call is made, ended and transferred for an application; in virtual time."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from server.contract.destinations import Destination
from server.contract.errors import ErrorCode
from server.contract.extensions import CallState
from server.contract.parking import Parking
from server.contract.routing import RingGroup
from server.flows.control import CallControl
from server.services.errors import ServiceError
from server.switch.port import LegState, Reason
from server.switch.simulated import Behaviour
from tests.server.flows.office import RING_S, Office, office
from tests.virtual_time import in_virtual_time


@asynccontextmanager
async def controlled():
    """An office whose calls may be controlled; own calls leave nothing in the audit log."""
    async with office() as place:
        control = CallControl(
            calls=place.calls,
            switch=place.switch,
            directory=place.directory,
            clock=place.clock,
            audit=None,
            recorder=place.recorder,
            own_calls=place.own_calls,
            ring_timeout_s=RING_S,
        )
        yield place, control
        await place.idle()
        assert control.in_progress() == []
        await control.stop()


def together(place: Office, *dialogs) -> bool:
    return [{dialog.id for dialog in dialogs}] == [legs for legs in place.engine.bridges.values() if legs]


@in_virtual_time
async def test_an_ordered_call_rings_the_own_phones_and_then_the_number_SIP_2():
    async with controlled() as (place, control):
        desk = place.engine.phone("1001", Behaviour.answers(2.0))
        client = place.engine.phone("1001", Behaviour.rings())
        boris = place.engine.phone("1002", Behaviour.answers(3.0))
        call_id = await control.make("1001", "10 02")
        await asyncio.sleep(1)
        assert [(call.id, call.state) for call in control.in_progress("1001")] == [(call_id, "ordered")]
        assert desk.calls[0].caller.number == "1002", "the phone shows whom it will call"
        assert boris.calls == []
        await asyncio.sleep(2)
        assert client.calls[0].why is Reason.ANSWERED_ELSEWHERE
        assert desk.calls[0].tone, "it rings at the other end"
        assert [(call.id, call.state) for call in control.in_progress()] == [(call_id, "ringing")]
        assert boris.calls[0].caller.number == "1001"
        await asyncio.sleep(3)
        assert together(place, desk.calls[0], boris.calls[0])
        assert not desk.calls[0].tone
        boris.hang_up(boris.calls[0])
        await place.idle()
    assert place.log("1001") == [("outgoing", "1002", "answered", None)]
    assert place.log("1002") == [("incoming", "1001", "answered", None)]


@pytest.mark.parametrize(
    ("behaviour", "log"),
    [
        (Behaviour.refuses(603), []),
        (Behaviour.rings(), []),
        (Behaviour.answers(1.0, hangs_up_after_s=1.0), [("outgoing", "1002", "cancelled", 487)]),
    ],
    ids=["declined", "not answered", "given up"],
)
@in_virtual_time
async def test_who_does_not_take_the_ordered_call_makes_none_SIP_2(behaviour, log):
    async with controlled() as (place, control):
        place.engine.phone("1001", behaviour)
        place.engine.phone("1002", Behaviour.rings())
        await control.make("1001", "1002")
        await asyncio.sleep(RING_S + 5)
    assert place.log("1001") == log


@in_virtual_time
async def test_a_number_that_cannot_be_reached_ends_the_ordered_call_SIP_2():
    async with controlled() as (place, control):
        anna = place.engine.phone("1001", Behaviour.answers(1.0))
        place.engine.phone("1002", Behaviour.refuses(486))
        await control.make("1001", "1002")
        await asyncio.sleep(5)
        assert anna.calls[0].state is LegState.GONE
    assert place.log("1001") == [("outgoing", "1002", "busy", 486)]


@in_virtual_time
async def test_what_cannot_be_ordered_is_refused_with_the_reason_SIP_2():
    async with controlled() as (place, control):
        place.engine.phone("1001", Behaviour.rings())
        for extension, number, code in (
            ("1009", "1002", ErrorCode.NOT_FOUND),
            ("1001", "Boris", ErrorCode.INVALID),
            ("1001", "1001", ErrorCode.INVALID),
            ("1002", "1001", ErrorCode.CONFLICT),
        ):
            with pytest.raises(ServiceError) as refused:
                await control.make(extension, number)
            assert refused.value.code is code
        for _ in range(place.calls.per_extension):
            await control.make("1001", "1002")
        with pytest.raises(ServiceError, match="8 calls"):
            await control.make("1001", "1002")
        place.switch.disconnect()
        with pytest.raises(ServiceError) as away:
            await control.make("1001", "1002")
        assert away.value.code is ErrorCode.UNAVAILABLE
        place.switch.connect(restarted=False)
        await asyncio.sleep(RING_S + 10)


@in_virtual_time
async def test_an_ordered_call_is_taken_back_SIP_2():
    async with controlled() as (place, control):
        anna = place.engine.phone("1001", Behaviour.rings())
        call_id = await control.make("1001", "1002")
        await asyncio.sleep(1)
        with pytest.raises(ServiceError):
            await control.hang_up(call_id, "1002")
        await control.hang_up(call_id, "1001")
        await asyncio.sleep(0.1)
        assert anna.calls[0].state is LegState.GONE
        assert place.state("1001") is CallState.IDLE


@pytest.mark.parametrize("who", ["1001", "1002", None], ids=["caller", "callee", "administrator"])
@in_virtual_time
async def test_a_call_is_ended_by_either_side_SIP_4(who):
    async with controlled() as (place, control):
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        call = place.engine.phone("1001").call("1002")
        await asyncio.sleep(3)
        (active,) = control.in_progress()
        for stranger in ("1003", "1009"):
            assert control.in_progress(stranger) == []
            with pytest.raises(ServiceError):
                await control.hang_up(active.id, stranger)
        await control.hang_up(active.id, who)
        await asyncio.sleep(0.1)
        assert call.state is boris.calls[0].state is LegState.GONE


@in_virtual_time
async def test_a_ringing_call_is_given_up_by_the_caller_SIP_4():
    async with controlled() as (place, control):
        place.engine.phone("1002", Behaviour.rings())
        call = place.engine.phone("1001").call("1002")
        await asyncio.sleep(1)
        (active,) = control.in_progress("1001")
        await control.hang_up(active.id, "1001")
        await asyncio.sleep(0.1)
        assert call.state is LegState.GONE
        await place.idle()
    assert place.log("1002") == [("incoming", "1001", "missed", 487)]


@in_virtual_time
async def test_a_call_that_rings_is_declined_for_its_callee_as_its_phones_would_SIP_11():
    async with controlled() as (place, control):
        phones = [place.engine.phone("1002", Behaviour.rings()) for _ in range(2)]
        call = place.engine.phone("1001").call("1002")
        await asyncio.sleep(1)
        await control.hang_up(control.in_progress("1002")[0].id, "1002")
        await asyncio.sleep(0.1)
        assert {phone.calls[0].why for phone in phones} == {Reason.ANSWERED_ELSEWHERE}, "none is missed"
        assert call.told == 603
        await place.idle()
    assert place.log("1002") == [("incoming", "1001", "declined", 603)]


@in_virtual_time
async def test_declining_for_one_member_of_a_group_leaves_the_others_ringing_SIP_11():
    async with controlled() as (place, control):
        group = {"number": "620", "members": ("1002", "1003"), "strategy": "ring_all", "ring_timeout_s": 20}
        place.configuration.append(RingGroup(**group, destination=Destination.parse("hang_up")))
        boris, cyril = (place.engine.phone(number, Behaviour.rings()) for number in ("1002", "1003"))
        call = place.engine.phone("1001").call("620")
        await asyncio.sleep(1)
        await control.hang_up(place.own_calls.of("1002")[0].id, "1002")
        await asyncio.sleep(0.1)
        assert [phone.calls[0].state for phone in (boris, cyril)] == [LegState.GONE, LegState.RINGING]
        assert [one.state for one in place.own_calls.of("1002")] == ["ended"]
        call.phone.hang_up(call)


@in_virtual_time
async def test_two_own_calls_are_put_together_SIP_11():
    async with controlled() as (place, control):
        anna = place.engine.phone("1001")
        boris, cyril = (place.engine.phone(number, Behaviour.answers(0.5)) for number in ("1002", "1003"))
        first = anna.call("1002")
        await asyncio.sleep(2)
        (one,) = place.own_calls.of("1001")
        await control.hold(one.id, "1001", on=True)
        anna.call("1003")
        await asyncio.sleep(0.1)
        (two,) = [call for call in place.own_calls.of("1001") if call.id != one.id]
        for other in (one.id, two.id):
            with pytest.raises(ServiceError) as refused:
                await control.join(one.id, "1001", other)
            assert refused.value.code is ErrorCode.CONFLICT
        await asyncio.sleep(2)
        await control.join(one.id, "1001", two.id)
        await asyncio.sleep(3)
        assert together(place, boris.calls[0], cyril.calls[0])
        assert not boris.calls[0].music
        assert first.state is LegState.GONE
        assert [call.state for call in place.own_calls.of("1001")] == ["ended", "ended"]
        cyril.hang_up(cyril.calls[0])


@pytest.mark.parametrize("by", ["1001", "1002"])
@in_virtual_time
async def test_a_call_is_transferred_by_either_side_SIP_4(by):
    async with controlled() as (place, control):
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        cyril = place.engine.phone("1003", Behaviour.answers(1.0))
        call = place.engine.phone("1001").call("1002")
        await asyncio.sleep(0.5)
        (active,) = control.in_progress()
        with pytest.raises(ServiceError) as early:
            await control.transfer(active.id, by, "1003")
        assert early.value.code is ErrorCode.CONFLICT
        await asyncio.sleep(2)
        with pytest.raises(ServiceError) as wrong:
            await control.transfer(active.id, by, "nobody")
        assert wrong.value.code is ErrorCode.INVALID
        await control.transfer(active.id, by, "1003")
        await asyncio.sleep(4)
        stays = boris.calls[0] if by == "1001" else call
        assert together(place, stays, cyril.calls[0])
        cyril.hang_up(cyril.calls[0])
        await place.idle()


@pytest.mark.parametrize("wanted", [None, "6903"], ids=["a free slot", "one slot"])
@pytest.mark.parametrize("by", ["1001", "1002"])
@in_virtual_time
async def test_a_call_is_parked_by_either_side_and_taken_by_a_colleague_SIP_4(by, wanted):
    async with controlled() as (place, control):
        boris = place.engine.phone("1002", Behaviour.answers(0.5))
        call = place.engine.phone("1001").call("1002")
        await asyncio.sleep(0.2)
        (active,) = control.in_progress()
        with pytest.raises(ServiceError) as early:
            await control.park(active.id, by)
        assert early.value.code is ErrorCode.CONFLICT
        await asyncio.sleep(2)
        stays, leaves = (boris.calls[0], call) if by == "1001" else (call, boris.calls[0])
        slot = await control.park(active.id, by, wanted)
        assert slot == wanted or (wanted is None and slot == "6900")
        assert [(one.slot, one.number, one.by) for one in place.lot.calls()] == [(slot, stays.number, by)]
        assert stays.music, "who waits hears music"
        await asyncio.sleep(0.1)
        assert leaves.state is LegState.GONE, "at once: this phone does not hang up by itself"
        assert leaves.transfer_told == [], "it has not asked for a transfer"
        cyril = place.engine.phone("1003")
        taker = cyril.call(slot)
        await asyncio.sleep(0.1)
        assert together(place, stays, taker)
        assert place.lot.calls() == []
        cyril.hang_up(taker)
        await place.idle()
    assert place.log("1003") == [("incoming", stays.number, "answered", None)]


@in_virtual_time
async def test_what_cannot_be_parked_is_refused_and_the_two_talk_on_SIP_4():
    async with controlled() as (place, control):
        place.configuration.append(Parking(first_slot="6900", last_slot="6901"))
        boris = place.engine.phone("1002", Behaviour.answers(0.5))
        call = place.engine.phone("1001").call("1002")
        await asyncio.sleep(2)
        (active,) = control.in_progress()
        place.lot.reserve("6901")
        for extension, slot, code, why in (
            ("1003", None, ErrorCode.NOT_FOUND, "1003"),
            ("1001", "6902", ErrorCode.INVALID, "parking slot"),
            ("1001", "6901", ErrorCode.CONFLICT, "6901 is taken"),
        ):
            with pytest.raises(ServiceError, match=why) as refused:
                await control.park(active.id, extension, slot)
            assert refused.value.code is code
        place.lot.reserve()
        await control.hold(active.id, "1001", on=True)
        with pytest.raises(ServiceError, match="No parking slot is free") as full:
            await control.park(active.id, "1001")
        assert full.value.code is ErrorCode.CONFLICT
        assert boris.calls[0].music, "it is held as before"
        await control.hold(active.id, "1001", on=False)
        assert together(place, call, boris.calls[0])
        assert place.lot.calls() == []
        place.lot.clear("6900")
        await control.hold(active.id, "1001", on=True)
        assert await control.park(active.id, "1001") == "6900", "what is held can be parked"
        boris.hang_up(boris.calls[0])
        await place.idle()
        assert place.lot.reserve("6900") == "6900", "the slot is free again"


@in_virtual_time
async def test_of_two_who_park_one_call_in_the_same_moment_one_does_SIP_4():
    async with controlled() as (place, control):
        boris = place.engine.phone("1002", Behaviour.answers(0.5))
        call = place.engine.phone("1001").call("1002")
        await asyncio.sleep(2)
        (active,) = control.in_progress()
        orders = [
            control.park(active.id, number, slot) for number, slot in (("1001", None), ("1002", "6905"))
        ]
        done, refused = await asyncio.gather(*orders, return_exceptions=True)
        assert done == "6900"
        assert isinstance(refused, ServiceError)
        assert refused.code is ErrorCode.CONFLICT
        await asyncio.sleep(0.1)
        assert call.state is LegState.GONE
        assert [one.slot for one in place.lot.calls()] == ["6900"]
        boris.hang_up(boris.calls[0])
        await place.idle()


@in_virtual_time
async def test_who_hangs_up_while_being_parked_leaves_no_slot_taken_SIP_4():
    async with controlled() as (place, control):
        boris = place.engine.phone("1002", Behaviour.answers(0.5))
        place.engine.phone("1001").call("1002")
        await asyncio.sleep(2)
        (active,) = control.in_progress()
        order = asyncio.ensure_future(control.park(active.id, "1001"))
        await asyncio.sleep(0)
        boris.hang_up(boris.calls[0])
        with pytest.raises(ServiceError, match="ended"):
            await order
        await place.idle()
        assert place.lot.reserve("6900") == "6900"


@in_virtual_time
async def test_an_administrator_ends_a_call_that_is_being_transferred_for_both_SIP_4():
    """The one who transfers would else be called back, since nobody answers."""
    async with controlled() as (place, control):
        place.engine.phone("1002", Behaviour.answers(0.1))
        anna = place.engine.phone("1001", Behaviour.answers(0.1))
        anna.call("1002")
        await asyncio.sleep(1)
        (active,) = control.in_progress()
        await control.transfer(active.id, "1001", "4711")
        await control.hang_up(active.id)
        await asyncio.sleep(2)
        assert control.in_progress() == []
        assert place.engine.dialogs == {}


@in_virtual_time
async def test_a_ringing_call_is_picked_up_by_an_order_SIP_4():
    async with controlled() as (place, control):
        place.engine.phone("1002", Behaviour.rings())
        cyril = place.engine.phone("1003", Behaviour.answers(0.1))
        call = place.engine.phone("1001").call("1002")
        await asyncio.sleep(1)
        await control.make("1003", "*041002")
        await asyncio.sleep(1)
        assert together(place, call, cyril.calls[0])
        cyril.hang_up(cyril.calls[0])
