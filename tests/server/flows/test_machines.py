"""SIP-4, PRES-3: a call comes to something that answers by itself; in virtual time."""

import asyncio

import pytest

from server.contract.calls import Outcome
from server.contract.extensions import CallState
from server.contract.routing import RingGroup
from server.flows.stops import Following, Machine, Onward
from server.flows.way import Caller
from server.switch.port import LegState, Party, Sound, TransferProgress
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_ways import forwards, to, together
from tests.virtual_time import in_virtual_time


def caller(number: str) -> Caller:
    return Caller(Party(number))


HELLO = Sound.prompt("hello-world")


def answers_at(place: Office, number: str, *, missed: bool = False, onward: Following | None = None) -> None:
    """From now on a machine answers calls to this extension: it says hello and ends, or sends the call on."""

    async def serve(call, resources):
        await call.caller.play(HELLO)
        return Onward(onward) if onward is not None else None

    follow = place.planner._follow

    def following(decision, way):
        if decision.number == number:
            return Machine((Party(number, place.directory.name(number)),), serve, missed=missed)
        return follow(decision, way)

    place.planner._follow = following


@in_virtual_time
async def test_a_machine_answers_a_call_and_the_logs_tell_it_SIP_3():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002")
        answers_at(place, "1002")
        call = anna.call("1002")
        await asyncio.sleep(0.5)
        assert call.state is LegState.UP
        assert call.sounds == [HELLO]
        assert place.state("1001") is CallState.TALKING
        assert [active.state for active in place.calls.active()] == ["talking"]
        await place.idle()
        assert call.state is LegState.GONE, "it is hung up when the machine has done its work"
        assert boris.calls == []
        assert place.log("1001") == [("outgoing", "1002", "answered", None)]
        assert place.log("1002") == [("incoming", "1001", "answered", None)]
        assert 0.5 < place.entry("1002").talk_s < 3


@in_virtual_time
async def test_who_hangs_up_on_a_machine_has_been_answered_SIP_3():
    async with office() as place:
        anna = place.engine.phone("1001")
        answers_at(place, "1002", missed=True)
        call = anna.call("1002")
        await asyncio.sleep(0.3)
        anna.hang_up(call)
        await place.idle()
        assert place.log("1001") == [("outgoing", "1002", "answered", None)]
        assert place.entry("1002").outcome is Outcome.MISSED, "a machine is not its owner"


@in_virtual_time
async def test_a_call_that_nobody_answers_goes_on_to_a_machine_PRES_3():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.rings())
        place.reaching.settings["1002"] = forwards(no_answer="extension:1003")
        answers_at(place, "1003")
        call = anna.call("1002")
        await asyncio.sleep(29)
        assert call.state is LegState.RINGING
        await asyncio.sleep(1.5)
        assert call.sounds == [HELLO]
        assert boris.calls[0].state is LegState.GONE
        await place.idle()
        assert place.entry("1002").outcome is Outcome.MISSED
        assert place.entry("1003").outcome is Outcome.ANSWERED


@in_virtual_time
async def test_an_unanswered_ring_group_leads_to_a_machine_ADMIN_2():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.refuses(486))
        group = RingGroup(number="620", members=("1002",), destination=to("extension:1003"))
        place.configuration.append(group)
        answers_at(place, "1003")
        call = anna.call("620")
        await asyncio.sleep(1)
        assert call.sounds == [HELLO]


@pytest.mark.parametrize("rings_first", [False, True], ids=["directly", "after ringing"])
@in_virtual_time
async def test_a_call_is_transferred_to_a_machine_and_the_sender_is_out_SIP_4(rings_first):
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(0.5))
        place.engine.phone("1004", Behaviour.rings())
        place.reaching.settings["1004"] = forwards(no_answer="extension:1003")
        answers_at(place, "1003")
        call = anna.call("1002")
        await asyncio.sleep(1)
        boris.transfer(boris.calls[0], "1004" if rings_first else "1003")
        await asyncio.sleep(31 if rings_first else 0.5)
        assert call.sounds == [HELLO]
        assert not call.tone
        assert boris.calls[0].transfer_told[-1] is TransferProgress.DONE
        await asyncio.sleep(2)
        assert boris.calls[0].state is LegState.GONE
        await place.idle()
        assert place.log("1003") == [("incoming", "1001", "answered", None)]


@in_virtual_time
async def test_a_machine_sends_a_call_on_and_who_answers_there_counts_PRES_3():
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        answers_at(place, "1003", onward=place.planner.plan(caller("1001"), "1002"))
        call = anna.call("1003")
        await asyncio.sleep(2)
        assert call.tone, "it rings at the next one"
        await asyncio.sleep(1)
        assert together(place, call, boris.calls[0])
        assert not call.tone
        anna.hang_up(call)
        await place.idle()
        assert place.log("1001") == [("outgoing", "1002", "answered", None)]
        assert place.log("1002") == [("incoming", "1001", "answered", None)]


@in_virtual_time
async def test_a_call_that_a_machine_sent_on_and_nobody_answers_is_missed_PRES_3():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.refuses(486, 1.0))
        answers_at(place, "1003", onward=place.planner.plan(caller("1001"), "1002"))
        call = anna.call("1003")
        await place.idle()
        assert call.state is LegState.GONE
        assert place.log("1002") == [("incoming", "1001", "busy", 486)]


@pytest.mark.parametrize("after_s", [0.1, 3.0], ids=["at once", "later"])
@in_virtual_time
async def test_a_transfer_to_a_machine_is_done_even_if_nobody_answers_where_that_sends_the_call_SIP_4(
    after_s,
):
    async with office() as place:
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(0.5))
        place.engine.phone("1004", Behaviour.refuses(486, after_s))
        answers_at(place, "1003", onward=place.planner.plan(caller("1001"), "1004"))
        call = anna.call("1002")
        await asyncio.sleep(1)
        boris.transfer(boris.calls[0], "1003")
        await place.idle()
        assert call.state is LegState.GONE
        assert len(boris.calls) == 1, "he has sent it away, and is not called back"
        assert place.log("1004") == [("incoming", "1001", "busy", 486)]


@in_virtual_time
async def test_a_phone_that_wants_to_send_a_machine_elsewhere_is_told_no_SIP_4():
    async with office() as place:
        anna = place.engine.phone("1001")
        answers_at(place, "1002")
        call = anna.call("1002")
        await asyncio.sleep(0.3)
        anna.transfer(call, "1003")
        await asyncio.sleep(0.1)
        assert call.transfer_told == [TransferProgress.FAILED]


@in_virtual_time
async def test_a_call_that_a_machine_sent_on_rings_on_over_a_kill_of_the_server_SIP_4():
    first = Office()
    await first.start()
    anna = first.engine.phone("1001")
    boris = first.engine.phone("1002", Behaviour.rings())
    answers_at(first, "1003", onward=first.planner.plan(caller("1001"), "1002"))
    call = anna.call("1003")
    await asyncio.sleep(5)
    assert boris.calls[0].state is LegState.RINGING
    second = await after_a_kill(first)
    assert call.state is LegState.UP
    boris.answer(boris.calls[0])
    await asyncio.sleep(0.5)
    assert together(second, call, boris.calls[0])
    anna.hang_up(call)
    await second.idle()
    second.assert_nothing_left()
    assert second.log("1002") == [("incoming", "1001", "answered", None)]
    await second.stop()


@in_virtual_time
async def test_a_call_that_a_machine_serves_ends_with_a_kill_of_the_server_and_was_answered_SIP_4():
    first = Office()
    await first.start()
    anna = first.engine.phone("1001")

    async def serve(call, _resources):
        await call.caller.gone()

    first.planner._follow = lambda *_: Machine((Party("1002", "Boris"),), serve)
    call = anna.call("1002")
    await asyncio.sleep(5)
    second = await after_a_kill(first)
    await second.idle()
    second.assert_nothing_left()
    assert call.state is LegState.GONE, "nobody would serve it"
    assert second.log("1002") == [("incoming", "1001", "answered", None)]
    await second.stop()
