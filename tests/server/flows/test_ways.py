"""PRES-3, PRES-4, PRES-7, DIR-5, ADMIN-2: the way of a call from extension to extension, in virtual time."""

import asyncio

import pytest

from server.contract.destinations import Destination, DestinationKind
from server.contract.presence import PresenceChange, PresenceStatus
from server.contract.reaching import (
    CallerRule,
    DoNotDisturbSettings,
    EndpointKind,
    Forwarding,
    ForwardingAlways,
    ReachingSettings,
    SettingsByStatus,
    StatusSettings,
)
from server.contract.routing import RingGroup, RingStrategy
from server.switch.port import LegState, Reason
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.virtual_time import in_virtual_time

DESKTOP = "Linkus Desktop/0.1.0"
OTHERS = [EndpointKind.EXTENSION_ENDPOINT, EndpointKind.MOBILE, EndpointKind.WEB]


def to(text: str) -> Destination:
    return Destination.parse(text)


def available(**settings) -> ReachingSettings:
    return ReachingSettings(statuses=SettingsByStatus(available=StatusSettings(**settings)))


def forwards(**conditions: str) -> ReachingSettings:
    """Internal calls to an available extension are forwarded under these conditions."""
    return available(internal=Forwarding(**{name: to(text) for name, text in conditions.items()}))


def together(place: Office, *dialogs) -> bool:
    return {dialog.id for dialog in dialogs} in [*place.engine.bridges.values()]


@in_virtual_time
async def test_a_call_is_forwarded_at_once_PRES_3():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        cyril = place.engine.phone("1003", Behaviour.answers(1.0))
        place.reaching.settings["1002"] = forwards(always="extension:1003")
        call = anna.call("1002", name="Anna")
        await asyncio.sleep(2)
        assert boris.calls == []
        assert together(place, call, cyril.calls[0])
        assert cyril.calls[0].caller.number == "1001"
        anna.hang_up(call)
        await place.idle()
        assert place.log("1001") == [("outgoing", "1003", "answered", None)]
        assert place.log("1002") == []
        assert place.log("1003") == [("incoming", "1001", "answered", None)]


@pytest.mark.parametrize(
    ("condition", "behaviour", "missed"),
    [
        ("no_answer", Behaviour.rings(), ("missed", 480)),
        ("busy", Behaviour.refuses(486), ("busy", 486)),
        ("no_answer", Behaviour.refuses(603), ("declined", 603)),
        ("no_answer", None, ("unregistered", 480)),
    ],
    ids=["no answer", "busy", "declined", "unregistered"],
)
@in_virtual_time
async def test_a_call_that_nobody_answers_goes_on_and_both_logs_tell_PRES_3(condition, behaviour, missed):
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", behaviour) if behaviour else None
        cyril = place.engine.phone("1003", Behaviour.answers(1.0))
        place.reaching.settings["1002"] = forwards(**{condition: "extension:1003"})
        call = anna.call("1002")
        await asyncio.sleep(32)
        assert together(place, call, cyril.calls[0])
        if boris is not None:
            assert boris.calls[0].state is LegState.GONE
        anna.hang_up(call)
        await place.idle()
        assert place.log("1001") == [("outgoing", "1003", "answered", None)]
        assert place.log("1002") == [("incoming", "1001", *missed)]
        assert place.log("1003") == [("incoming", "1001", "answered", None)]


@pytest.mark.parametrize(
    ("condition", "behaviour", "missed"),
    [
        ("no_answer", Behaviour.rings(), ("missed", 480)),
        ("busy", Behaviour.refuses(486), ("busy", 486)),
        ("no_answer", None, ("unregistered", 480)),
    ],
    ids=["no answer", "busy", "unregistered"],
)
@in_virtual_time
async def test_who_has_calls_hung_up_sees_what_was_missed_PRES_3_LOG_1(condition, behaviour, missed):
    async with office() as place:
        anna = place.engine.phone("1001")
        if behaviour:
            place.engine.phone("1002", behaviour)
        place.reaching.settings["1002"] = forwards(**{condition: "hang_up"})
        call = anna.call("1002")
        await asyncio.sleep(32)
        assert call.told == 603
        await place.idle()
        assert place.log("1001") == [("outgoing", "1002", "declined", 603)]
        assert place.entry("1001").name == "Boris"
        assert place.log("1002") == [("incoming", "1001", *missed)]


@pytest.mark.parametrize("all_busy", [False, True])
@in_virtual_time
async def test_a_call_forwarded_while_one_talks_is_in_the_log_PRES_3_LOG_1(all_busy):
    async with office() as place:
        anna, dana = place.engine.phone("1001"), place.engine.phone("1004")
        boris = place.engine.phone("1002", Behaviour.answers(0.5))
        cyril = place.engine.phone("1003", Behaviour.answers(0.5))
        place.reaching.settings["1002"] = forwards(busy="extension:1003").model_copy(
            update={"all_busy": all_busy}
        )
        first = dana.call("1002")
        await asyncio.sleep(1)
        call = anna.call("1002")
        await asyncio.sleep(1)
        assert len(boris.calls) == 1, "the phone that is in a call is not rung"
        assert together(place, call, cyril.calls[0])
        for phone, dialog in ((anna, call), (dana, first)):
            phone.hang_up(dialog)
        await place.idle()
        assert ("incoming", "1001", "busy", 486) in place.log("1002")
        assert len(place.log("1002")) == 2
        assert place.log("1001") == [("outgoing", "1003", "answered", None)]


@in_virtual_time
async def test_a_ring_of_forwards_is_ended_and_the_caller_is_told_PRES_3():
    async with office() as place:
        anna = place.engine.phone("1001")
        for number, following in (("1002", "1003"), ("1003", "1004"), ("1004", "1002")):
            place.engine.phone(number, Behaviour.refuses(486))
            place.reaching.settings[number] = forwards(busy=f"extension:{following}")
        call = anna.call("1002")
        await asyncio.sleep(5)
        assert call.told == 486
        assert [len(phone.calls) for phone in place.engine.phones] == [0, 1, 1, 1]
        assert [place.log(number)[0][2] for number in ("1002", "1003", "1004")] == ["busy"] * 3


@in_virtual_time
async def test_a_ring_of_immediate_forwards_is_ended_PRES_3():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.answers(1.0))
        place.reaching.settings["1002"] = forwards(always="extension:1003")
        place.reaching.settings["1003"] = forwards(always="extension:1002")
        call = anna.call("1002")
        await asyncio.sleep(1)
        assert call.told == 480


@in_virtual_time
async def test_a_ring_of_forwards_by_numbers_is_ended_too_PRES_3():
    """The number of a colleague may be entered as a telephone number, or as one's own mobile number."""
    async with office() as place:
        anna = place.engine.phone("1001")
        place.extensions.put(place.extensions.known["1003"].model_copy(update={"mobile": "1002"}))
        place.reaching.settings["1002"] = forwards(always="external:1003")
        place.reaching.settings["1003"] = forwards(always="mobile")
        call = anna.call("1002")
        await asyncio.sleep(1)
        assert call.told == 480


@in_virtual_time
async def test_do_not_disturb_may_still_forward_always_PRES_3():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        cyril = place.engine.phone("1003", Behaviour.answers(1.0))
        place.reaching.settings["1002"] = ReachingSettings(
            statuses=SettingsByStatus(
                do_not_disturb=DoNotDisturbSettings(internal=ForwardingAlways(always=to("extension:1003")))
            )
        )
        await place.presence.change("1002", PresenceChange(status=PresenceStatus.DO_NOT_DISTURB))
        call = anna.call("1002")
        await asyncio.sleep(2)
        assert boris.calls == []
        assert together(place, call, cyril.calls[0])
        anna.hang_up(call)


@in_virtual_time
async def test_endpoints_ring_in_two_stages_PRES_4():
    async with office() as place:
        anna = place.engine.phone("1001")
        desk = place.engine.phone("1002", Behaviour.rings())
        desktop = place.engine.phone("1002", Behaviour.rings(), user_agent=DESKTOP)
        place.reaching.settings["1002"] = available(
            ring_first=[EndpointKind.DESKTOP], ring_second=OTHERS, ring_timeout_s=10
        )
        call = anna.call("1002")
        await asyncio.sleep(9)
        assert (len(desktop.calls), len(desk.calls)) == (1, 0)
        await asyncio.sleep(2)
        assert (desktop.calls[0].state, desk.calls[0].state) == (LegState.GONE, LegState.RINGING)
        assert desktop.calls[0].why is Reason.NO_ANSWER
        desk.answer(desk.calls[0])
        await asyncio.sleep(0.1)
        assert together(place, call, desk.calls[0])
        anna.hang_up(call)
        await place.idle()
        assert place.log("1002") == [("incoming", "1001", "answered", None)]


@in_virtual_time
async def test_a_stage_whose_kinds_are_not_registered_is_passed_over_PRES_4():
    async with office() as place:
        anna = place.engine.phone("1001")
        desk = place.engine.phone("1002", Behaviour.rings())
        place.reaching.settings["1002"] = available(ring_first=[EndpointKind.DESKTOP], ring_second=OTHERS)
        call = anna.call("1002")
        await asyncio.sleep(1)
        assert desk.calls[0].state is LegState.RINGING
        anna.hang_up(call)


@in_virtual_time
async def test_a_rejection_on_one_endpoint_rejects_on_all_where_that_is_set_PRES_4():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.refuses(603, 1.0))
        other = place.engine.phone("1002", Behaviour.rings())
        place.reaching.settings["1002"] = ReachingSettings(all_reject=True)
        call = anna.call("1002")
        await asyncio.sleep(1.5)
        assert call.told == 603
        assert other.calls[0].state is LegState.GONE


@in_virtual_time
async def test_one_endpoint_in_a_call_makes_all_busy_where_that_is_set_PRES_4():
    async with office() as place:
        anna, cyril = place.engine.phone("1001"), place.engine.phone("1003")
        place.engine.phone("1002", Behaviour.answers(0.5))
        place.reaching.settings["1002"] = ReachingSettings(all_busy=True)
        first = anna.call("1002")
        await asyncio.sleep(1)
        second = cyril.call("1002")
        await asyncio.sleep(0.5)
        assert second.told == 486
        assert place.log("1002") == [("incoming", "1003", "busy", 486)]
        anna.hang_up(first)


@in_virtual_time
async def test_a_phone_that_has_made_a_call_makes_those_of_other_kinds_busy_too_PRES_4():
    async with office() as place:
        anna, cyril = place.engine.phone("1001"), place.engine.phone("1003", Behaviour.answers(0.5))
        desk = place.engine.phone("1002", Behaviour.rings(), user_agent="Yealink SIP-T54W")
        client = place.engine.phone("1002", Behaviour.rings(), user_agent="Linkus Desktop")
        place.reaching.settings["1002"] = ReachingSettings(all_busy=True)
        own = desk.call("1003")
        await asyncio.sleep(1)
        assert len(cyril.calls) == 1
        second = anna.call("1002")
        await asyncio.sleep(0.5)
        assert second.told == 486
        assert client.calls == []
        desk.hang_up(own)


@in_virtual_time
async def test_a_rule_by_caller_ID_sends_the_call_elsewhere_DIR_5():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(0.5))
        cyril = place.engine.phone("1003", Behaviour.answers(0.5))
        place.reaching.settings["1002"] = ReachingSettings(
            caller_rules=[CallerRule(pattern="100X", destination=to("extension:1003"))]
        )
        call = anna.call("1002")
        await asyncio.sleep(1)
        assert boris.calls == []
        assert together(place, call, cyril.calls[0])
        anna.hang_up(call)


@in_virtual_time
async def test_a_blocked_caller_is_declined_DIR_5():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.answers(0.5))
        place.reaching.settings["1002"] = ReachingSettings(
            caller_rules=[CallerRule(pattern="1001", destination=to("hang_up"))]
        )
        call = anna.call("1002")
        await asyncio.sleep(0.5)
        assert call.told == 603


GROUP = {"number": "620", "name": "Sales", "members": ("1002", "1003"), "ring_timeout_s": 10}


@in_virtual_time
async def test_all_members_of_a_ring_group_ring_and_the_first_answer_wins_ADMIN_2():
    async with office() as place:
        place.configuration.append(RingGroup(**GROUP))
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.rings())
        cyril = place.engine.phone("1003", Behaviour.answers(2.0))
        call = anna.call("620")
        await asyncio.sleep(1)
        assert boris.calls[0].state is cyril.calls[0].state is LegState.RINGING
        await asyncio.sleep(2)
        assert together(place, call, cyril.calls[0])
        assert boris.calls[0].why is Reason.ANSWERED_ELSEWHERE
        anna.hang_up(call)
        await place.idle()
        assert place.log("1003") == [("incoming", "1001", "answered", None)]
        assert place.log("1001") == [("outgoing", "1003", "answered", None)]
        assert place.log("1002") == []


@in_virtual_time
async def test_members_ring_one_after_the_other_and_each_has_missed_it_ADMIN_2():
    async with office() as place:
        place.configuration.append(
            RingGroup(**GROUP, strategy=RingStrategy.SEQUENTIAL, destination=to("extension:1004"))
        )
        anna = place.engine.phone("1001")
        boris, cyril = place.engine.phone("1002"), place.engine.phone("1003")
        dana = place.engine.phone("1004", Behaviour.answers(1.0))
        call = anna.call("620")
        await asyncio.sleep(5)
        assert (len(boris.calls), len(cyril.calls)) == (1, 0)
        await asyncio.sleep(10)
        assert boris.calls[0].state is LegState.GONE
        assert cyril.calls[0].state is LegState.RINGING
        await asyncio.sleep(10)
        assert together(place, call, dana.calls[0])
        dana.hang_up(dana.calls[0])
        await place.idle()
        assert place.log("1002") == place.log("1003") == [("incoming", "1001", "missed", 480)]
        assert place.log("1004") == [("incoming", "1001", "answered", None)]


@in_virtual_time
async def test_a_call_through_a_group_ignores_forwarding_but_not_do_not_disturb_PRES_7():
    async with office() as place:
        place.configuration.append(RingGroup(**GROUP))
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.rings())
        cyril = place.engine.phone("1003", Behaviour.rings())
        place.reaching.settings["1002"] = forwards(always="extension:1004")
        await place.presence.change("1003", PresenceChange(status=PresenceStatus.DO_NOT_DISTURB))
        call = anna.call("620")
        await asyncio.sleep(1)
        assert len(boris.calls) == 1
        assert cyril.calls == []
        anna.hang_up(call)


@in_virtual_time
async def test_an_unanswered_group_call_without_destination_is_missed_by_all_ADMIN_2():
    async with office() as place:
        place.configuration.append(RingGroup(**GROUP))
        anna = place.engine.phone("1001")
        place.engine.phone("1002"), place.engine.phone("1003")
        call = anna.call("620")
        await asyncio.sleep(11)
        assert call.told == 603
        assert place.log("1002") == place.log("1003") == [("incoming", "1001", "missed", 480)]
        assert [entry[1] for entry in place.log("1001")] == ["620"]


@in_virtual_time
async def test_a_transfer_to_a_group_rings_all_of_it_SIP_4():
    async with office() as place:
        place.configuration.append(RingGroup(**GROUP))
        anna = place.engine.phone("1001")
        dana = place.engine.phone("1004", Behaviour.answers(0.5))
        cyril = place.engine.phone("1003", Behaviour.answers(2.0))
        call = anna.call("1004")
        await asyncio.sleep(1)
        anna.transfer(call, "620")
        await asyncio.sleep(3)
        assert together(place, dana.calls[0], cyril.calls[0])
        cyril.hang_up(cyril.calls[0])


@in_virtual_time
async def test_calls_outside_need_a_route_ADMIN_2():
    async with office() as place:
        anna = place.engine.phone("1001")
        call = anna.call("00420530335533")
        await asyncio.sleep(0.5)
        assert call.told == 404


def test_every_kind_of_destination_that_can_be_set_is_carried_out():
    """Whoever adds one must come by here."""
    assert set(DestinationKind) == {
        DestinationKind.EXTENSION,
        DestinationKind.RING_GROUP,
        DestinationKind.IVR,
        DestinationKind.QUEUE,
        DestinationKind.CONFERENCE,
        DestinationKind.PROMPT,
        DestinationKind.CALL_FLOW,
        DestinationKind.VOICEMAIL,
        DestinationKind.GROUP_VOICEMAIL,
        DestinationKind.EXTERNAL,
        DestinationKind.MOBILE,
        DestinationKind.HANG_UP,
    }
