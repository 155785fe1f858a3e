"""PRES-8, SIP-12: whoever has called for help is reached when the emergency centre calls back (RFC 7090)."""

import asyncio

import pytest

from server.contract.boss import Boss
from server.contract.calls import Direction
from server.contract.presence import PresenceStatus
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
from server.contract.recording import RecordingRule
from server.contract.routing import EmergencyNumber, InboundRoute
from server.switch.port import LegState
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_outside import with_trunks
from tests.server.flows.test_ways import DESKTOP, to, together
from tests.virtual_time import in_virtual_time

ELIN = "+420111222333"
FOR_HELP = EmergencyNumber(number="112", trunks=("one",), caller_id_number=ELIN, call_back_minutes=60)
LINE = InboundRoute(name="in", did_pattern="530", destination=to("extension:1002"))
"""The line of Boris."""
RINGS = Behaviour.rings()


async def open_with(place: Office, *objects, help_by: EmergencyNumber = FOR_HELP) -> None:
    fault, place.switch.fault = place.switch.fault, None  # none before there are trunks
    await with_trunks(place, help_by, LINE, *objects)
    place.engine.carriers["one"].behaviours["112"] = Behaviour.answers(0.5)
    place.switch.fault = fault


async def calls_for_help(place: Office, number: str = "1002", dialled: str = "112") -> None:
    """A phone of this extension calls, and the call breaks off after two seconds."""
    phone = next(phone for phone in place.engine.phones if phone.number == number)
    call = phone.call(dialled)
    await asyncio.sleep(2)
    phone.hang_up(call)
    await asyncio.sleep(0.5)


async def called_back(place: Office) -> None:
    """1002, who is not to be disturbed and forwards all calls, has called for help, and is called back."""
    await open_with(place)
    disturb_not(place)
    await calls_for_help(place)
    while place.engine.carriers["one"].call("530", caller="112").told == 503:  # noqa: ASYNC110 - no server
        await asyncio.sleep(1)


def disturb_not(place: Office, number: str = "1002") -> None:
    forward = ForwardingAlways(always=to("extension:1003"))
    settings = DoNotDisturbSettings(internal=forward, external=forward)
    place.reaching.settings[number] = ReachingSettings(
        caller_rules=[CallerRule(pattern="112", destination=to("hang_up"))],
        all_busy=True,
        statuses=SettingsByStatus(do_not_disturb=settings),
    )
    quiet = place.presence.of(number).model_copy(update={"status": PresenceStatus.DO_NOT_DISTURB})
    place.presence.chosen[number] = quiet


@in_virtual_time
async def test_a_call_back_comes_before_every_rule_and_rings_all_phones_at_once_PRES_8():
    async with office() as place:
        desk = place.engine.phone("1002", RINGS)
        desktop = place.engine.phone("1002", Behaviour.answers(2.0), user_agent=DESKTOP)
        cyril = place.engine.phone("1003", Behaviour.answers(1.0))
        await called_back(place)
        await asyncio.sleep(1)
        assert [phone.calls[-1].state for phone in (desk, desktop)] == [LegState.RINGING] * 2
        shown = desktop.calls[-1]
        assert (shown.caller.number, shown.headers["Priority"]) == ("112", "psap-callback")
        incoming = [own for own in place.own_calls.of("1002") if own.direction is Direction.INCOMING]
        assert [own.emergency_call_back for own in incoming] == [True]
        await asyncio.sleep(2)
        (back,) = [dialog for dialog in place.engine.dialogs.values() if dialog.trunk]
        assert together(place, back, shown)
        assert cyril.calls == []
        place.engine.carriers["one"].hang_up(back)
        await place.idle()
        assert place.log("1002")[-1] == ("incoming", "112", "answered", None)


@pytest.mark.parametrize(
    ("dialled", "marked", "reached"),
    [
        (ELIN, False, "1002"),
        ("420111222333", False, "1002"),
        ("530", False, "1002"),
        ("999", False, None),
        ("999", True, "1002"),
    ],
    ids=["ELIN", "ELIN as the carrier writes it", "own line", "another number", "marked"],
)
@in_virtual_time
async def test_a_call_back_is_known_by_its_number_by_the_line_or_by_its_mark_PRES_8(dialled, marked, reached):
    async with office() as place:
        boris = place.engine.phone("1002", RINGS)
        await open_with(place)
        disturb_not(place)
        await calls_for_help(place)
        back = place.engine.carriers["two"].call(dialled, caller="112", psap_callback=marked)
        await asyncio.sleep(1)
        assert [dialog.state for dialog in boris.calls] == [LegState.RINGING] * (reached is not None)
        assert back.told == (None if reached else 404)
        place.engine.carriers["two"].hang_up(back)


@in_virtual_time
async def test_of_two_with_one_ELIN_the_one_whose_call_ended_last_is_called_back_SIP_12():
    async with office() as place:
        anna, boris = place.engine.phone("1001", RINGS), place.engine.phone("1002", RINGS)
        await open_with(place)
        await calls_for_help(place, "1002")
        await calls_for_help(place, "1001")
        back = place.engine.carriers["one"].call(ELIN)
        await asyncio.sleep(1)
        assert (len(anna.calls), len(boris.calls)) == (1, 0)
        place.engine.carriers["one"].hang_up(back)


@pytest.mark.parametrize(("after_min", "minutes", "reached"), [(59, 60, 1), (61, 60, 0), (0, 0, 0)])
@in_virtual_time
async def test_it_is_a_call_back_only_for_a_time_after_the_call_PRES_8(after_min, minutes, reached):
    async with office() as place:
        boris = place.engine.phone("1002", RINGS)
        await open_with(place, help_by=FOR_HELP.model_copy(update={"call_back_minutes": minutes}))
        disturb_not(place)
        call = boris.call("112")
        await asyncio.sleep(30 * 60)
        boris.hang_up(call)
        await asyncio.sleep(after_min * 60)
        back = place.engine.carriers["one"].call(ELIN, psap_callback=True)
        await asyncio.sleep(1)
        assert len(boris.calls) == reached
        place.engine.carriers["one"].hang_up(back)
        await place.idle()
        assert len(place.emergencies.recent()) == 1


@in_virtual_time
async def test_a_mark_without_an_emergency_call_and_one_of_a_colleague_are_worth_nothing_PRES_8():
    async with office() as place:
        anna, boris = place.engine.phone("1001"), place.engine.phone("1002", Behaviour.answers(1.0))
        cyril = place.engine.phone("1003", Behaviour.answers(1.0))
        await open_with(place)
        disturb_not(place)
        refused = place.engine.carriers["one"].call("530", caller="112", psap_callback=True)
        await asyncio.sleep(1)
        assert refused.told == 603
        await calls_for_help(place)
        call = anna.call("1002")
        await asyncio.sleep(2)
        assert (len(boris.calls), len(cyril.calls)) == (0, 1)
        anna.hang_up(call)


@in_virtual_time
async def test_who_is_on_the_phone_is_called_back_all_the_same_PRES_8():
    async with office() as place:
        boris, anna = place.engine.phone("1002", RINGS), place.engine.phone("1001", Behaviour.answers(0.5))
        await open_with(place)
        disturb_not(place)
        await calls_for_help(place)
        other = boris.call("1001")
        await asyncio.sleep(2)
        assert together(place, other, anna.calls[0])
        back = place.engine.carriers["one"].call("530", caller="112")
        await asyncio.sleep(1)
        assert boris.calls[0].state is LegState.RINGING
        boris.hang_up(other)
        place.engine.carriers["one"].hang_up(back)


@in_virtual_time
async def test_secretaries_do_not_stand_between_the_centre_and_their_boss_BOSS_1():
    async with office() as place:
        boris, cyril = place.engine.phone("1002", RINGS), place.engine.phone("1003", RINGS)
        await open_with(place, Boss(name="1002", secretaries=("1003",)))
        await calls_for_help(place)
        back = place.engine.carriers["one"].call("530", caller="112")
        await asyncio.sleep(29)
        assert (len(boris.calls), cyril.calls) == (1, [])
        await asyncio.sleep(3)
        assert [dialog.state for dialog in cyril.calls] == [LegState.RINGING], "then it goes on as usual"
        assert cyril.calls[0].headers.keys() == {"Diversion"}
        place.engine.carriers["one"].hang_up(back)


@pytest.mark.parametrize("behaviour", [RINGS, Behaviour.refuses(486), Behaviour.refuses(603), None])
@in_virtual_time
async def test_where_nobody_answers_it_goes_on_as_usual_PRES_8(behaviour):
    async with office() as place:
        boris = place.engine.phone("1002", behaviour) if behaviour else None
        caller = boris or place.engine.phone("1002", RINGS)
        cyril = place.engine.phone("1003", Behaviour.answers(1.0))
        await open_with(place)
        place.reaching.settings["1002"] = ReachingSettings(
            statuses=SettingsByStatus(
                available=StatusSettings(
                    ring_first=[EndpointKind.DESKTOP],
                    ring_second=[EndpointKind.EXTENSION_ENDPOINT],
                    external=Forwarding(no_answer=to("extension:1003"), busy=to("extension:1003")),
                )
            )
        )
        await calls_for_help(place)
        if boris is None:
            caller.unregister()
        back = place.engine.carriers["one"].call(ELIN, caller="112")
        await asyncio.sleep(33)
        assert together(place, back, cyril.calls[0])
        assert boris is None or len(boris.calls) == 1, "it does not ring twice"
        place.engine.carriers["one"].hang_up(back)


@in_virtual_time
async def test_ordinary_callers_reach_the_main_number_once_nobody_has_answered_PRES_8():
    """The number that was sent may be that of the whole company."""
    async with office() as place:
        boris, dana = place.engine.phone("1002", RINGS), place.engine.phone("1004", Behaviour.answers(1.0))
        main = InboundRoute(name="main", did_pattern="420111222333", destination=to("extension:1004"))
        await open_with(place, main)
        await calls_for_help(place)
        call = place.engine.carriers["one"].call("420111222333", caller="777123456")
        await asyncio.sleep(1)
        boris.refuse(boris.calls[0], 603)
        await asyncio.sleep(2)
        assert together(place, call, dana.calls[0])
        assert dana.calls[0].headers == {}
        place.engine.carriers["one"].hang_up(call)


@in_virtual_time
async def test_no_announcement_holds_a_call_back_up_SIP_12():
    async with office() as place:
        boris = place.engine.phone("1002", Behaviour.answers(0.5, hangs_up_after_s=3.0))
        await open_with(place, RecordingRule(name="all", everybody=True, announcement="beep"))
        await calls_for_help(place)
        back = place.engine.carriers["one"].call("530", caller="112")
        await asyncio.sleep(1)
        assert together(place, back, boris.calls[0])
        assert back.sounds == boris.calls[0].sounds == []


@in_virtual_time
async def test_a_kill_and_a_full_disk_do_not_make_the_server_forget_who_called_PRES_8():
    first = Office()
    await first.start()
    boris = first.engine.phone("1002", RINGS)
    await open_with(first)
    disturb_not(first)
    first.emergency_store.fail = OSError("no space left")
    await calls_for_help(first)
    await asyncio.sleep(3)
    first.emergency_store.fail = None
    await asyncio.sleep(3)
    second = await after_a_kill(first)
    back = second.engine.carriers["one"].call(ELIN)
    await asyncio.sleep(1)
    assert boris.calls[0].state is LegState.RINGING
    third = await after_a_kill(second)
    await asyncio.sleep(1)
    assert boris.calls[0].state is LegState.RINGING
    boris.answer(boris.calls[0])
    await asyncio.sleep(1)
    assert together(third, back, boris.calls[0])
    boris.hang_up(boris.calls[0])
    await third.idle()
    third.assert_nothing_left()
    await third.stop()


@in_virtual_time
async def test_a_call_for_help_that_was_not_stored_yet_is_known_by_its_leg_PRES_8():
    first = Office()
    await first.start()
    boris = first.engine.phone("1002", RINGS)
    await open_with(first)
    first.emergency_store.fail = OSError("no space left")
    call = boris.call("112")
    await asyncio.sleep(2)
    first.emergency_store.fail = None
    second = await after_a_kill(first)
    await asyncio.sleep(1)
    (made,) = second.emergencies.recent()
    assert (made.extension, made.number, made.trunk, made.shown) == ("1002", "112", "one", ELIN)
    boris.hang_up(call)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()


@in_virtual_time
async def test_who_is_sent_on_to_help_by_a_colleague_is_called_back_at_that_colleague_SIP_4():
    async with office() as place:
        boris = place.engine.phone("1002", Behaviour.answers(0.5))
        await open_with(place)
        stranger = place.engine.carriers["two"].call("530", caller="777123456")
        await asyncio.sleep(2)
        boris.transfer(boris.calls[0], "112")
        await asyncio.sleep(2)
        assert [made.extension for made in place.emergencies.recent()] == ["1002"]
        place.engine.carriers["two"].hang_up(stranger)


@in_virtual_time
async def test_what_is_old_is_forgotten_PRES_8():
    async with office() as place:
        place.engine.phone("1002", RINGS)
        await open_with(place)
        await calls_for_help(place)
        await place.idle()
        await place.emergencies.sweep()
        assert len(place.emergency_store.rows) == 1
        await asyncio.sleep(24 * 3600 + 1)
        await place.emergencies.sweep()
        assert (place.emergency_store.rows, place.emergencies.recent()) == ({}, [])


@in_virtual_time
async def test_after_a_kill_a_call_back_that_nobody_answers_goes_on_without_ringing_twice_PRES_8():
    first = Office()
    await first.start()
    boris = first.engine.phone("1002", RINGS)
    cyril = first.engine.phone("1003", Behaviour.answers(1.0))
    await open_with(first)
    forwarding = Forwarding(no_answer=to("extension:1003"))
    first.reaching.settings["1002"] = ReachingSettings(
        statuses=SettingsByStatus(available=StatusSettings(external=forwarding))
    )
    await calls_for_help(first)
    back = first.engine.carriers["one"].call("530", caller="112")
    await asyncio.sleep(5)
    second = await after_a_kill(first)
    await asyncio.sleep(30)
    assert together(second, back, cyril.calls[0])
    assert len(boris.calls) == 1
    cyril.hang_up(cyril.calls[0])
    await second.idle()
    second.assert_nothing_left()
    await second.stop()
