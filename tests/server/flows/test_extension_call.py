"""A.7: calls between extensions, on simulated phones in virtual time."""

import asyncio
from datetime import timedelta

import pytest

from server.contract.extensions import CallState
from server.contract.presence import PresenceChange, PresenceStatus
from server.flows.calls import PER_EXTENSION
from server.flows.resources import RESPONSE_S
from server.switch.port import LegState, Reason
from server.switch.simulated import Behaviour
from tests.server.flows.office import RING_S, office
from tests.virtual_time import in_virtual_time


@in_virtual_time
async def test_two_people_talk_until_the_caller_hangs_up():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(2.0))
        call = anna.call("1002", name="Anna")
        await asyncio.sleep(1)
        assert (call.state, place.state("1001"), place.state("1002")) == (
            LegState.RINGING,
            CallState.TALKING,
            CallState.RINGING,
        )
        assert boris.calls[0].caller.number == "1001"
        assert boris.calls[0].caller.name == "Anna"
        await asyncio.sleep(2)
        assert call.state is LegState.UP
        assert [*place.engine.bridges.values()] == [{call.id, boris.calls[0].id}]
        assert place.state("1002") is CallState.TALKING
        anna.hang_up(call)
        await asyncio.sleep(0.01)
        assert boris.calls[0].state is LegState.GONE
        await place.idle()
        assert place.log("1001") == [("outgoing", "1002", "answered", None)]
        assert place.log("1002") == [("incoming", "1001", "answered", None)]
        entry = place.entry("1002")
        assert entry.name == "Anna"
        assert (entry.answered_at - entry.started_at).total_seconds() == pytest.approx(2.0, abs=0.05)
        assert entry.talk_s == pytest.approx(1.0, abs=0.05)


@in_virtual_time
async def test_the_callee_may_hang_up_too():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.answers(1.0, hangs_up_after_s=5))
        call = anna.call("1002")
        await asyncio.sleep(6.5)
        assert call.state is LegState.GONE
        assert call.told is None


@in_virtual_time
async def test_all_phones_ring_and_the_first_answer_wins():
    async with office() as place:
        anna = place.engine.phone("1001")
        slow = place.engine.phone("1002", Behaviour.rings())
        quick = place.engine.phone("1002", Behaviour.answers(1.0, hangs_up_after_s=6))
        dead = place.engine.phone("1002", Behaviour.is_dead())
        call = anna.call("1002")
        await asyncio.sleep(0.5)
        assert slow.calls[0].state is LegState.RINGING
        await asyncio.sleep(1)
        assert call.state is LegState.UP
        assert slow.calls[0].why is Reason.ANSWERED_ELSEWHERE
        await asyncio.sleep(RESPONSE_S)
        assert dead.calls[0].why is Reason.ANSWERED_ELSEWHERE
        assert quick.calls[0].state is LegState.UP
    assert len(place.store.log) == 2


@pytest.mark.parametrize(
    ("code", "told", "caller", "callee"),
    [
        (486, 486, "busy", "busy"),
        (600, 486, "busy", "busy"),
        (603, 603, "declined", "declined"),
        (480, 480, "no_answer", "missed"),
        (404, 480, "unregistered", "unregistered"),
        (488, 503, "failed", "missed"),
        (500, 503, "failed", "missed"),
    ],
)
def test_a_refusal_is_told_and_logged_on_both_sides(code, told, caller, callee):
    @in_virtual_time
    async def scenario():
        async with office() as place:
            anna = place.engine.phone("1001")
            place.engine.phone("1002", Behaviour.refuses(code))
            call = anna.call("1002")
            await asyncio.sleep(1)
            assert call.told == told
            await place.idle()
            assert place.log("1001") == [("outgoing", "1002", caller, told)]
            assert place.log("1002") == [("incoming", "1001", callee, told)]

    scenario()


@in_virtual_time
async def test_nobody_answers():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.rings())
        call = anna.call("1002")
        await asyncio.sleep(RING_S - 0.5)
        assert call.state is LegState.RINGING
        await asyncio.sleep(1)
        assert call.told == 480
        assert boris.calls[0].why is Reason.NO_ANSWER
        await place.idle()
        assert place.log("1001") == [("outgoing", "1002", "no_answer", 480)]
        assert place.log("1002") == [("incoming", "1001", "missed", 480)]
        assert place.entry("1001").seen
        assert not place.entry("1002").seen


@in_virtual_time
async def test_the_caller_gives_up():
    async with office() as place:
        anna = place.engine.phone("1001")
        phones = [place.engine.phone("1002", Behaviour.rings()) for _ in range(2)]
        call = anna.call("1002")
        await asyncio.sleep(5)
        anna.hang_up(call)
        await asyncio.sleep(0.01)
        assert [phone.calls[0].why for phone in phones] == [Reason.CANCELLED] * 2
        await place.idle()
        assert place.log("1001") == [("outgoing", "1002", "cancelled", 487)]
        assert place.log("1002") == [("incoming", "1001", "missed", 487)]


@in_virtual_time
async def test_the_caller_gives_up_before_any_phone_has_heard_of_it():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.rings())
        call = anna.call("1002")
        anna.hang_up(call)
        await asyncio.sleep(0.1)
        assert all(dialog.state is LegState.GONE for dialog in boris.calls)
        await place.idle()
        assert place.log("1001") == [("outgoing", "1002", "cancelled", 487)]


@in_virtual_time
async def test_an_extension_without_a_phone_is_unregistered():
    async with office() as place:
        anna = place.engine.phone("1001")
        call = anna.call("1002")
        await asyncio.sleep(0.1)
        assert call.told == 480
        await place.idle()
        assert place.log("1001") == [("outgoing", "1002", "unregistered", 480)]
        assert place.log("1002") == [("incoming", "1001", "unregistered", 480)]


HOSTILE = [
    "9999",
    "",
    "x" * 5000,
    "1002\r\nVia: x",
    "1002;drop table",
    "\x00",
    "１００２",
    "\ud800",
    "\u202e1002",
]


@pytest.mark.parametrize("dialled", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_number_does_not_exist_and_is_logged_safely(dialled, caplog):
    caplog.set_level("INFO")

    @in_virtual_time
    async def scenario():
        async with office() as place:
            anna = place.engine.phone("1001")
            call = anna.call(dialled)
            await asyncio.sleep(0.1)
            assert call.told == 404
            await place.idle()
            entry = place.entry("1001")
            assert entry.outcome == "unknown_number"
            assert len(entry.number) < 80
            assert entry.number.isprintable()
            assert place.log("1002") == []

    scenario()
    assert all(line.isprintable() for line in caplog.text.splitlines())
    assert len(caplog.text) < 2000


@in_virtual_time
async def test_a_number_may_be_dialled_as_people_write_it():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.answers(0.5, hangs_up_after_s=1))
        call = anna.call("(10) 0-2")
        await asyncio.sleep(1)
        assert call.state is LegState.UP


@in_virtual_time
async def test_calling_oneself_is_busy_and_rings_nothing():
    async with office() as place:
        anna = place.engine.phone("1001")
        other = place.engine.phone("1001")
        call = anna.call("1001")
        await asyncio.sleep(0.1)
        assert call.told == 486
        assert other.calls == []
        await place.idle()
        assert place.log("1001") == [("outgoing", "1001", "busy", 486)]


@in_virtual_time
async def test_do_not_disturb_answers_direct_calls_with_busy_PRES_1():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(0.5, hangs_up_after_s=1))
        await place.presence.change("1002", PresenceChange(status=PresenceStatus.DO_NOT_DISTURB))
        call = anna.call("1002")
        await asyncio.sleep(0.1)
        assert (call.told, boris.calls) == (486, [])
        await place.presence.change("1002", PresenceChange(status=PresenceStatus.AWAY))
        call = anna.call("1002")
        await asyncio.sleep(1)
        assert call.state is LegState.UP
        await place.idle()
        assert place.log("1002") == [
            ("incoming", "1001", "busy", 486),
            ("incoming", "1001", "answered", None),
        ]


@in_virtual_time
async def test_who_is_under_do_not_disturb_can_call_PRES_1():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.answers(0.5, hangs_up_after_s=1))
        await place.presence.change("1001", PresenceChange(status=PresenceStatus.DO_NOT_DISTURB))
        call = anna.call("1002")
        await asyncio.sleep(1)
        assert call.state is LegState.UP


@in_virtual_time
async def test_a_caller_that_was_just_removed_is_forbidden_AUTH_7():
    async with office() as place:
        ghost = place.engine.phone("1004")
        place.extensions.drop("1004")
        call = ghost.call("1002")
        await asyncio.sleep(0.1)
        assert call.told == 403


@in_virtual_time
async def test_several_calls_of_one_extension_are_apart():
    async with office() as place:
        anna, cyril = place.engine.phone("1001"), place.engine.phone("1003")
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        first = anna.call("1002")
        await asyncio.sleep(2)
        boris.hold(boris.calls[0])
        assert place.state("1002") is CallState.HELD
        boris.behaviour = Behaviour.rings()
        second = cyril.call("1002")
        await asyncio.sleep(1)
        assert place.state("1002") is CallState.RINGING
        boris.answer(boris.calls[1])
        await asyncio.sleep(0.1)
        assert place.state("1002") is CallState.TALKING
        assert len(place.engine.bridges) == 2
        cyril.hang_up(second)
        await asyncio.sleep(0.1)
        assert first.state is LegState.UP
        assert place.state("1002") is CallState.HELD
        anna.hang_up(first)
        await place.idle()
        assert len(place.log("1002")) == 2


@in_virtual_time
async def test_the_invite_goes_out_without_waiting_for_anything_else():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.rings())
        before = place.switch.points
        call = anna.call("1002")
        await asyncio.sleep(0.0011)
        assert len(boris.calls) == 1
        assert place.switch.points - before == 2
        assert place.store.saves == 0
        anna.hang_up(call)


@in_virtual_time
async def test_stopping_the_server_ends_calls_on_the_wire_and_in_the_log():
    async with office() as place:
        anna, cyril = place.engine.phone("1001"), place.engine.phone("1003")
        place.engine.phone("1002", Behaviour.answers(1.0))
        place.engine.phone("1004", Behaviour.rings())
        talking, ringing = anna.call("1002"), cyril.call("1004")
        await asyncio.sleep(2)
        late = anna.call("1004")
        await place.stop()
        assert talking.state is ringing.state is late.state is LegState.GONE
        assert not place.engine.dialogs
        assert not place.engine.bridges
        assert {str(entry.outcome) for entry in place.store.log.values()} == {"answered", "failed", "missed"}
        await place.start()


@in_virtual_time
async def test_the_caller_gives_up_while_the_switch_is_asked_for_phones():
    async with office() as place:
        anna = place.engine.phone("1001")
        call = anna.call("1002")
        await asyncio.sleep(0.0005)
        anna.hang_up(call)
        await asyncio.sleep(0.1)
        await place.idle()
        assert place.log("1001") == [("outgoing", "1002", "cancelled", 487)]


@in_virtual_time
async def test_an_extension_that_floods_is_refused_and_others_are_not(caplog):
    """Somebody who has a phone's secret can neither hold all lines nor fill the log of the server."""
    async with office() as place:
        anna, dana = place.engine.phone("1001"), place.engine.phone("1004")
        place.engine.phone("1002", Behaviour.rings())
        calls = [anna.call("1002") for _ in range(PER_EXTENSION + 20)]
        await asyncio.sleep(1)
        ringing = [call for call in calls if call.state is LegState.RINGING]
        refused = [call for call in calls if call.state is LegState.GONE]
        assert (len(ringing), len(refused)) == (PER_EXTENSION, 20)
        assert {call.told for call in refused} == {503}
        assert len([record for record in caplog.records if "1001 has" in record.getMessage()]) == 1
        other = dana.call("1002")
        await asyncio.sleep(1)
        assert other.state is LegState.RINGING
        anna.hang_up(ringing[0])
        await asyncio.sleep(1)
        again = anna.call("1002")
        await asyncio.sleep(1)
        assert again.state is LegState.RINGING


@in_virtual_time
async def test_a_clock_that_is_set_back_makes_no_negative_durations_LOG_1():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.answers(2.0))
        call = anna.call("1002")
        await asyncio.sleep(1)
        place.clock.offset = -timedelta(hours=2)
        await asyncio.sleep(2)
        place.clock.offset = -timedelta(hours=4)
        anna.hang_up(call)
        await place.idle()
        entry = place.entry("1002")
        assert entry.started_at <= entry.answered_at <= entry.ended_at
        assert entry.talk_s == 0
