"""ADMIN-2, SIP-12, PRES-2: calls to and from outside, by routes and trunks, in virtual time."""

import asyncio

import pytest

from server.contract.presence import PresenceChange, PresenceStatus
from server.contract.routing import DialPattern, EmergencyNumber, InboundRoute, OutboundRoute, RingGroup
from server.contract.trunks import Trunk
from server.flows.calls import PER_EXTENSION
from server.switch.port import LegState, SipTrunk, TrunkKind
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, extension, office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_ways import forwards, to, together
from tests.virtual_time import in_virtual_time

OUTSIDE = "00420530335111"


async def with_trunks(place: Office, *objects, **limits: int) -> None:
    """Trunks `one` and `two`, each with a carrier, a route over both, and these objects."""
    for name in ("one", "two"):
        place.engine.carrier(name, Behaviour.answers(1.0))
        place.configuration.append(
            Trunk(name=name, kind="peer", host="192.0.2.1", max_concurrent=limits.get(name, 0))
        )
    await place.switch.push_trunks(
        [SipTrunk(name=name, kind=TrunkKind.PEER, host="192.0.2.1") for name in ("one", "two")]
    )
    route = OutboundRoute(
        name="out", patterns=(DialPattern(pattern="00."),), everybody=True, trunks=("one", "two")
    )
    place.configuration += [route, *objects]


def calls_of(place: Office, trunk: str):
    return place.engine.carriers[trunk].calls


@in_virtual_time
async def test_a_colleague_calls_outside_ADMIN_2():
    async with office() as place:
        await with_trunks(place)
        anna = place.engine.phone("1001")
        call = anna.call(OUTSIDE)
        await asyncio.sleep(2)
        (out,) = calls_of(place, "one")
        assert together(place, call, out)
        assert out.caller.number == "1001"
        anna.hang_up(call)
        await place.idle()
        assert place.log("1001") == [("outgoing", OUTSIDE, "answered", None)]
        assert calls_of(place, "two") == []


@pytest.mark.parametrize(
    ("code", "told", "tries"),
    [(486, 486, 1), (603, 603, 1), (404, 404, 1), (480, 480, 1), (503, 503, 2), (500, 503, 2), (408, 503, 2)],
)
@in_virtual_time
async def test_only_what_the_way_is_at_fault_for_is_tried_over_the_next_trunk_ADMIN_2(code, told, tries):
    async with office() as place:
        await with_trunks(place)
        anna = place.engine.phone("1001")
        call = anna.call(f"00420777123{code}")
        await asyncio.sleep(3)
        assert call.told == told
        assert len(calls_of(place, "one")) + len(calls_of(place, "two")) == tries


@in_virtual_time
async def test_a_congested_trunk_gives_way_to_the_next_one_ADMIN_2():
    async with office() as place:
        await with_trunks(place)
        place.engine.carriers["one"].behaviours[OUTSIDE] = Behaviour.refuses(503)
        anna = place.engine.phone("1001")
        call = anna.call(OUTSIDE)
        await asyncio.sleep(2)
        assert together(place, call, calls_of(place, "two")[0])
        anna.hang_up(call)


@in_virtual_time
async def test_the_limit_of_a_trunk_is_kept_ADMIN_2():
    async with office() as place:
        await with_trunks(place, one=1, two=1)
        phones = [place.engine.phone(number) for number in ("1001", "1002", "1003")]
        calls = []
        for phone in phones:
            calls.append(phone.call(OUTSIDE))
            await asyncio.sleep(2)
        assert [len(calls_of(place, "one")), len(calls_of(place, "two"))] == [1, 1]
        assert calls[2].told == 503
        phones[0].hang_up(calls[0])
        await asyncio.sleep(0.5)
        calls[2] = phones[2].call(OUTSIDE)
        await asyncio.sleep(2)
        assert calls[2].state is LegState.UP
        for phone, call in zip(phones[1:], calls[1:], strict=True):
            phone.hang_up(call)


@in_virtual_time
async def test_no_limit_holds_an_emergency_call_up_SIP_12():
    async with office() as place:
        await with_trunks(
            place, EmergencyNumber(number="112", trunks=("one",), caller_id_number="+420111222333"), one=1
        )
        boris = place.engine.phone("1002")
        ordinary = boris.call(OUTSIDE)
        await asyncio.sleep(2)
        anna = place.engine.phone("1001")
        call = anna.call("112")
        await asyncio.sleep(2)
        urgent = calls_of(place, "one")[1]
        assert together(place, call, urgent)
        assert urgent.caller.number == "+420111222333"
        anna.hang_up(call)
        boris.hang_up(ordinary)


@pytest.mark.parametrize("hindrance", ["too many calls", "disabled"])
@in_virtual_time
async def test_no_rule_about_its_caller_holds_an_emergency_call_up_SIP_12(hindrance):
    async with office() as place:
        await with_trunks(place, EmergencyNumber(number="112", trunks=("one",)))
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.rings())
        others = []
        if hindrance == "disabled":
            place.extensions.put(extension("1001", enabled=False))
        else:
            others = [anna.call("1002") for _ in range(PER_EXTENSION)]
        refused = anna.call("1003")
        call = anna.call("112")
        await asyncio.sleep(2)
        assert refused.told in (403, 503)
        assert together(place, call, calls_of(place, "one")[0])
        for dialog in (call, *others):
            anna.hang_up(dialog)


@in_virtual_time
async def test_who_shows_the_number_of_an_extension_uses_up_none_of_its_calls_ADMIN_2():
    async with office() as place:
        await with_trunks(place, INBOUND)
        place.engine.phone("1002", Behaviour.rings())
        strangers = [place.engine.carriers["one"].call("530", caller="1001") for _ in range(PER_EXTENSION)]
        anna, dana = place.engine.phone("1001"), place.engine.phone("1004", Behaviour.answers(0.5))
        call = anna.call("1004")
        await asyncio.sleep(1)
        assert together(place, call, dana.calls[0])
        anna.hang_up(call)
        for stranger in strangers:
            place.engine.carriers["one"].hang_up(stranger)


INBOUND = InboundRoute(name="in", destination=to("extension:1002"))


@in_virtual_time
async def test_a_call_from_outside_reaches_its_extension_and_its_log_ADMIN_2():
    async with office() as place:
        await with_trunks(place, INBOUND)
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        call = place.engine.carriers["one"].call("530335533", caller="777123456", name="Eva")
        await asyncio.sleep(2)
        assert together(place, call, boris.calls[0])
        assert (boris.calls[0].caller.number, boris.calls[0].caller.name) == ("777123456", "Eva")
        boris.hang_up(boris.calls[0])
        await place.idle()
        assert place.log("1002") == [("incoming", "777123456", "answered", None)]
        assert {entry.owner for entry in place.store.log.values()} == {"1002"}


@in_virtual_time
async def test_a_call_from_outside_that_rings_nowhere_is_in_the_log_of_whom_it_was_for_LOG_1():
    async with office() as place:
        await with_trunks(place, INBOUND)
        place.engine.phone("1002", Behaviour.answers(1.0))
        await place.presence.change("1002", PresenceChange(status=PresenceStatus.DO_NOT_DISTURB))
        call = place.engine.carriers["one"].call("530335533", caller="777123456")
        await asyncio.sleep(0.5)
        assert call.told == 486
        assert place.log("1002") == [("incoming", "777123456", "busy", 486)]


@in_virtual_time
async def test_a_caller_outside_who_shows_the_number_of_an_extension_is_none_ADMIN_2():
    """It gets no log entry, and the forwarding for external calls applies (PRES-3)."""
    async with office() as place:
        await with_trunks(place, INBOUND)
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        place.reaching.settings["1002"] = forwards(always="extension:1003")
        call = place.engine.carriers["one"].call("530335533", caller="1001")
        await asyncio.sleep(2)
        assert together(place, call, boris.calls[0])
        place.engine.carriers["one"].hang_up(call)
        await place.idle()
        assert place.log("1001") == []


@in_virtual_time
async def test_a_colleague_s_name_is_never_shown_for_a_caller_outside_ADMIN_2():
    """What a carrier says of who calls is shown as it is, in calls, in their transfers, and in logs."""
    async with office() as place:
        await with_trunks(place, INBOUND)
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        cyril = place.engine.phone("1003", Behaviour.answers(1.0))
        call = place.engine.carriers["one"].call("530335533", caller="1001")
        await asyncio.sleep(2)
        boris.transfer(boris.calls[0], "1003")
        await asyncio.sleep(3)
        assert together(place, call, cyril.calls[0])
        place.engine.carriers["one"].hang_up(call)
        await place.idle()
        for phone in (boris, cyril):
            assert (phone.calls[0].caller.number, phone.calls[0].caller.name) == ("1001", "")
            assert (place.entry(phone.number).number, place.entry(phone.number).name) == ("1001", "")


@in_virtual_time
async def test_whatever_a_carrier_says_of_a_caller_can_be_shown_and_stored_LOG_1():
    async with office() as place:
        await with_trunks(place, INBOUND)
        place.engine.phone("1002", Behaviour.answers(1.0))
        call = place.engine.carriers["one"].call("530335533", caller="7" * 300, name="E\x00v\na" + "!" * 300)
        await asyncio.sleep(2)
        place.engine.carriers["one"].hang_up(call)
        await place.idle()
        entry = place.entry("1002")
        assert (len(entry.number), len(entry.name)) == (65, 65)
        assert entry.name.startswith("E?v?a!")


@in_virtual_time
async def test_a_call_from_outside_without_a_route_is_refused_ADMIN_2():
    async with office() as place:
        await with_trunks(place)
        call = place.engine.carriers["one"].call("530335533", caller="777123456")
        await asyncio.sleep(0.5)
        assert call.told == 404


@in_virtual_time
async def test_nobody_outside_can_dial_out_through_us_ADMIN_2():
    async with office() as place:
        await with_trunks(place, INBOUND)
        place.engine.phone("1002", Behaviour.rings())
        call = place.engine.carriers["one"].call(OUTSIDE, caller="777123456")
        await asyncio.sleep(1)
        assert calls_of(place, "one") == calls_of(place, "two") == []
        place.engine.carriers["one"].hang_up(call)


@in_virtual_time
async def test_a_call_from_outside_rings_a_group_ADMIN_2():
    async with office() as place:
        group = RingGroup(number="620", members=("1002", "1003"))
        await with_trunks(place, group, InboundRoute(name="in", destination=to("ring_group:620")))
        place.engine.phone("1002", Behaviour.rings())
        cyril = place.engine.phone("1003", Behaviour.answers(1.0))
        call = place.engine.carriers["one"].call("530335533", caller="777123456")
        await asyncio.sleep(2)
        assert together(place, call, cyril.calls[0])
        cyril.hang_up(cyril.calls[0])
        await place.idle()
        assert place.log("1003") == [("incoming", "777123456", "answered", None)]


@in_virtual_time
async def test_an_extension_forwards_outside_PRES_3():
    async with office() as place:
        await with_trunks(place)
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.refuses(486))
        place.reaching.settings["1002"] = forwards(busy=f"external:{OUTSIDE}")
        call = anna.call("1002")
        await asyncio.sleep(2)
        assert together(place, call, calls_of(place, "one")[0])
        anna.hang_up(call)
        await place.idle()
        assert place.log("1002") == [("incoming", "1001", "busy", 486)]


@in_virtual_time
async def test_a_caller_outside_is_transferred_to_a_colleague_SIP_4():
    async with office() as place:
        await with_trunks(place, INBOUND)
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        cyril = place.engine.phone("1003", Behaviour.answers(1.0))
        call = place.engine.carriers["one"].call("530335533", caller="777123456")
        await asyncio.sleep(2)
        boris.transfer(boris.calls[0], "1003")
        await asyncio.sleep(3)
        assert together(place, call, cyril.calls[0])
        assert cyril.calls[0].caller.number == "777123456"
        place.engine.carriers["one"].hang_up(call)
        await place.idle()
        assert place.log("1003") == [("incoming", "777123456", "answered", None)]


@in_virtual_time
async def test_a_caller_outside_is_transferred_to_a_number_outside_SIP_4():
    async with office() as place:
        await with_trunks(place, INBOUND)
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        call = place.engine.carriers["one"].call("530335533", caller="777123456")
        await asyncio.sleep(2)
        boris.transfer(boris.calls[0], OUTSIDE)
        await asyncio.sleep(3)
        other = calls_of(place, "one")[-1]
        assert other is not call
        assert together(place, call, other)
        assert boris.calls[0].state is LegState.GONE
        place.engine.carriers["one"].hang_up(call)
        await place.idle()
        assert place.log("1002") == [("incoming", "777123456", "answered", None)]


@pytest.mark.parametrize("target", ["00420777123486", "4711"])
@in_virtual_time
async def test_after_a_transfer_outside_that_fails_the_two_talk_on_SIP_4(target):
    async with office() as place:
        await with_trunks(place, INBOUND)
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        call = place.engine.carriers["one"].call("530335533", caller="777123456")
        await asyncio.sleep(2)
        boris.transfer(boris.calls[0], target)
        await asyncio.sleep(3)
        assert together(place, call, boris.calls[0])
        boris.hang_up(boris.calls[0])


@in_virtual_time
async def test_who_was_called_outside_is_transferred_to_a_colleague_SIP_4():
    async with office() as place:
        await with_trunks(place)
        anna = place.engine.phone("1001")
        cyril = place.engine.phone("1003", Behaviour.answers(1.0))
        mine = anna.call(OUTSIDE)
        await asyncio.sleep(2)
        (out,) = calls_of(place, "one")
        anna.transfer(mine, "1003")
        await asyncio.sleep(3)
        assert together(place, out, cyril.calls[0])
        assert cyril.calls[0].caller.number == OUTSIDE
        cyril.hang_up(cyril.calls[0])


@pytest.mark.parametrize(("dialled", "lost"), [(OUTSIDE, "one"), (OUTSIDE, "two"), ("112", "one")])
@in_virtual_time
async def test_nobody_waits_for_a_trunk_that_is_lost_where_another_works_ADMIN_2_SIP_12(dialled, lost):
    async with office() as place:
        await with_trunks(place, EmergencyNumber(number="112", trunks=("one", "two")))
        place.engine.carriers[lost].lose()
        anna = place.engine.phone("1001")
        call = anna.call(dialled)
        await asyncio.sleep(3)
        works = "two" if lost == "one" else "one"
        assert together(place, call, calls_of(place, works)[0])
        assert calls_of(place, lost) == []
        anna.hang_up(call)


@in_virtual_time
async def test_a_trunk_that_was_lost_is_tried_all_the_same_when_there_is_no_other_ADMIN_2():
    async with office() as place:
        await with_trunks(place)
        for name in ("one", "two"):
            place.engine.carriers[name].lose()
        anna = place.engine.phone("1001")
        call = anna.call(OUTSIDE)
        await asyncio.sleep(3)
        assert call.told is None
        place.engine.carriers["two"].back()
        await asyncio.sleep(40)
        assert together(place, call, calls_of(place, "two")[0])
        anna.hang_up(call)


@in_virtual_time
async def test_a_call_with_outside_survives_a_kill_A_3():
    first = Office()
    await first.start()
    await with_trunks(first, INBOUND)
    boris = first.engine.phone("1002", Behaviour.answers(1.0))
    call = first.engine.carriers["one"].call("530335533", caller="777123456")
    await asyncio.sleep(2)
    second = await after_a_kill(first)
    assert together(second, call, boris.calls[0])
    boris.hang_up(boris.calls[0])
    await second.idle()
    second.assert_nothing_left()
    assert second.log("1002") == [("incoming", "777123456", "answered", None)]
    assert {entry.owner for entry in second.store.log.values()} == {"1002"}
    await second.stop()


@in_virtual_time
async def test_a_call_from_outside_that_was_not_written_yet_survives_a_kill_as_one_from_outside_LOG_1():
    first = Office()
    await first.start()
    await with_trunks(first, INBOUND)
    boris = first.engine.phone("1002", Behaviour.answers(0.01))
    call = first.engine.carriers["one"].call("530335533", caller="1001")
    await asyncio.sleep(0.03)
    assert first.store.calls == {}
    second = await after_a_kill(first)
    await asyncio.sleep(1)
    assert together(second, call, boris.calls[0])
    boris.hang_up(boris.calls[0])
    await second.idle()
    second.assert_nothing_left()
    entry = second.entry("1002")
    assert (entry.number, entry.name, entry.outcome) == ("1001", "", "answered")
    assert second.log("1001") == []
    await second.stop()
