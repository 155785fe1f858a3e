"""SIP-11: whoever controls a desk phone sees every own call, live; in virtual time."""

import asyncio
import json

import pytest

from server.contract.calls import Outcome
from server.contract.events import Topic
from server.contract.extensions import Role
from server.contract.own_calls import ENDED_S
from server.services.accounts import Who
from server.services.errors import ServiceError
from server.switch.port import LegState
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.server.flows.test_adoption import successor
from tests.server.flows.test_boss_secretary import Firm
from tests.virtual_time import in_virtual_time


def shown(place: Office, number: str) -> list[tuple[str, str, str, list[str]]]:
    return [
        (str(call.direction), call.number, str(call.state), call.held_by)
        for call in place.own_calls.of(number)
    ]


@in_virtual_time
async def test_both_sides_see_a_call_from_the_first_ring_to_its_end_SIP_11():
    async with office() as place:
        anna = place.engine.phone("1001", Behaviour.rings())
        boris = place.engine.phone("1002", Behaviour(rings_after_s=1.0, answers_after_s=3.0))
        call = anna.call("1002", name="Anna")
        await asyncio.sleep(0.5)
        assert shown(place, "1001") == [("outgoing", "1002", "calling", [])]
        assert shown(place, "1002") == [], "it does not ring yet"
        await asyncio.sleep(1)
        assert shown(place, "1001") == [("outgoing", "1002", "ringing", [])]
        assert shown(place, "1002") == [("incoming", "1001", "ringing", [])]
        await asyncio.sleep(2)
        boris.hold(boris.calls[0])
        for number, direction, other in (("1001", "outgoing", "1002"), ("1002", "incoming", "1001")):
            assert shown(place, number) == [(direction, other, "talking", ["1002"])]
        (own,) = place.own_calls.of("1002")
        assert (own.name, own.sip_call_ids) == ("Anna", [boris.calls[0].sip_call_id])
        boris.resume(boris.calls[0])
        assert shown(place, "1001") == [("outgoing", "1002", "talking", [])]
        anna.hang_up(call)
        await asyncio.sleep(0.5)
        for number in ("1001", "1002"):
            (ended,) = place.own_calls.of(number)
            assert (ended.state, ended.outcome) == ("ended", Outcome.ANSWERED)
        await asyncio.sleep(ENDED_S)
        assert place.own_calls.of("1001") == place.own_calls.of("1002") == []
        assert shown(place, "1003") == [], "it is nobody else's"


@pytest.mark.parametrize(
    ("behaviour", "outgoing", "incoming"),
    [
        (Behaviour.refuses(486, 1.0), "busy", None),
        (Behaviour.refuses(603, 1.0), "declined", "declined"),
        (Behaviour.rings(), "no_answer", "missed"),
    ],
    ids=["busy", "declined", "not answered"],
)
@in_virtual_time
async def test_both_sides_are_told_why_nothing_came_of_a_call_SIP_11(behaviour, outgoing, incoming):
    async with office() as place:
        anna = place.engine.phone("1001", Behaviour.rings())
        place.engine.phone("1002", behaviour)
        anna.call("1002")
        await place.idle()
        assert [(call.state, call.outcome) for call in place.own_calls.of("1001")] == [("ended", outgoing)]
        expected = [("ended", incoming)] if incoming else []
        assert [(call.state, call.outcome) for call in place.own_calls.of("1002")] == expected


@in_virtual_time
async def test_an_ordered_call_stays_the_same_call_from_order_to_end_SIP_11():
    async with office() as place:
        desk = place.engine.phone("1001", Behaviour.answers(2.0))
        boris = place.engine.phone("1002", Behaviour.answers(2.0))
        call_id = await place.control.make("1001", "1002")
        await asyncio.sleep(1)
        states = []
        for _ in range(4):
            (call,) = place.own_calls.of("1001")
            assert (call.id, call.number, call.name) == (call_id, "1002", "Boris")
            states.append(str(call.state))
            await asyncio.sleep(1.2)
        assert list(dict.fromkeys(states)) == ["ordered", "ringing", "talking"]
        assert desk.calls[0].sip_call_id == place.own_calls.of("1001")[0].sip_call_ids[0]
        boris.hang_up(boris.calls[0])
        await place.idle()
        assert [call.state for call in place.own_calls.of("1001")] == ["ended"]


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [(Behaviour.refuses(603), "declined"), (Behaviour.rings(), "no_answer")],
    ids=["declined", "not answered"],
)
@in_virtual_time
async def test_an_order_that_the_own_phone_does_not_take_is_told_of_SIP_11(behaviour, outcome):
    async with office() as place:
        place.engine.phone("1001", behaviour)
        place.engine.phone("1002", Behaviour.rings())
        await place.control.make("1001", "1002")
        await asyncio.sleep(32)
        ended = place.own_calls.of("1001")
        assert [call.outcome for call in ended if call.state == "ended"] == ([outcome] if ended else [])
        await asyncio.sleep(ENDED_S)
        assert place.own_calls.of("1001") == []


@in_virtual_time
async def test_a_blind_transfer_moves_the_call_from_one_extension_to_the_other_SIP_11():
    async with office() as place:
        anna = place.engine.phone("1001", Behaviour.rings())
        place.engine.phone("1002", Behaviour.answers(1.0))
        cyril = place.engine.phone("1003", Behaviour.answers(2.0))
        call = anna.call("1002")
        await asyncio.sleep(1.5)
        anna.transfer(call, "1003")
        await asyncio.sleep(1)
        assert shown(place, "1002") == [("incoming", "1001", "talking", [])], "it is not done yet"
        assert [own.transferred_to for own in place.own_calls.of("1001")] == ["1003"]
        assert [own.transferred_to for own in place.own_calls.of("1002")] == [""], "who is sent does not send"
        assert shown(place, "1003") == [("incoming", "1002", "ringing", [])]
        await asyncio.sleep(8)
        assert shown(place, "1001") == []
        assert shown(place, "1002") == [("outgoing", "1003", "talking", [])]
        assert shown(place, "1003") == [("incoming", "1002", "talking", [])]
        cyril.hang_up(cyril.calls[0])


@in_virtual_time
async def test_a_transfer_that_fails_is_seen_to_be_over_SIP_11():
    async with office() as place:
        anna = place.engine.phone("1001", Behaviour.rings())
        place.engine.phone("1002", Behaviour.answers(1.0))
        place.engine.phone("1003", Behaviour.refuses(486, 2.0))
        call = anna.call("1002")
        await asyncio.sleep(1.5)
        (own,) = place.own_calls.of("1001")
        await place.control.transfer(own.id, "1001", "1003")
        seen = []
        for _ in range(8):
            await asyncio.sleep(0.5)
            (own,) = place.own_calls.of("1001")
            seen.append((str(own.state), own.transferred_to))
        assert list(dict.fromkeys(seen)) == [("talking", "1003"), ("talking", "")]
        anna.hang_up(call)


@in_virtual_time
async def test_who_picks_up_has_the_call_and_the_other_is_told_SIP_11():
    async with office() as place:
        anna = place.engine.phone("1001", Behaviour.rings())
        place.engine.phone("1002", Behaviour.rings())
        cyril = place.engine.phone("1003", Behaviour.rings())
        call = anna.call("1002")
        await asyncio.sleep(1)
        cyril.call("*041002")
        await asyncio.sleep(1)
        own = [call for call in place.own_calls.of("1003") if call.state != "ended"]
        assert [(call.number, call.state) for call in own] == [("1001", "talking")], "not the code"
        assert [own.state for own in place.own_calls.of("1002")] == ["ended"]
        anna.hang_up(call)


@in_virtual_time
async def test_a_successor_of_a_killed_server_shows_the_calls_that_go_on_SIP_11():
    from tests.server.flows.test_adoption import after_a_kill

    first = Office()
    await first.start()
    anna = first.engine.phone("1001", Behaviour.rings())
    first.engine.phone("1002", Behaviour.answers(1.0))
    call = anna.call("1002")
    await asyncio.sleep(2)
    (before,) = first.own_calls.of("1001")
    second = await after_a_kill(first)
    await asyncio.sleep(1)
    (after,) = second.own_calls.of("1001")
    assert (after.id, after.state, after.since) == (before.id, "talking", before.since)
    anna.hang_up(call)
    await second.idle()
    await second.stop()


@in_virtual_time
async def test_while_the_engine_is_away_the_calls_are_not_known_and_then_what_is_true_SIP_11_KEY_5():
    async with office() as place:
        anna = place.engine.phone("1001", Behaviour.rings())
        place.engine.phone("1002", Behaviour.answers(1.0))
        call = anna.call("1002")
        await asyncio.sleep(2)
        place.switch.disconnect()
        await asyncio.sleep(1)
        assert shown(place, "1001") == [("outgoing", "1002", "talking", [])]
        assert [own.known for own in place.own_calls.of("1001")] == [False], "nobody can know"
        anna.hang_up(call)
        await asyncio.sleep(1)
        assert [own.state for own in place.own_calls.of("1001")] == ["talking"], "nor that it has ended"
        place.switch.connect(restarted=False)
        await asyncio.sleep(1)
        assert [own.state for own in place.own_calls.of("1001")] == ["ended"]


@in_virtual_time
async def test_the_topic_has_the_own_calls_and_no_others_SIP_11():
    async with office() as place:
        anna = place.engine.phone("1001", Behaviour.rings())
        place.engine.phone("1002", Behaviour.answers(1.0))
        call = anna.call("1002")
        await asyncio.sleep(2)

        async def seen_by(number: str | None) -> list[str]:
            who = Who(account_id=1, user=number or "admin", number=number, role="user", session_id="s")
            return [own.number for own in (await place.own_calls._snapshot(who)).values()]

        assert [await seen_by(number) for number in ("1001", "1002", "1003", None)] == [
            ["1002"],
            ["1001"],
            [],
            [],
        ]
        anna.hang_up(call)


@in_virtual_time
async def test_a_client_that_is_back_before_the_calls_are_does_not_take_them_for_ended_SIP_11():
    """The next server answers clients some time before it has taken the calls of the killed one over."""
    first = Office()
    await first.start()
    anna, boris = first.engine.phone("1001"), first.engine.phone("1002", Behaviour.answers(1.0))
    call = anna.call("1002")
    await asyncio.sleep(3)
    (before,) = first.own_calls.of("1001")
    second = successor(first)
    await first.killed()
    user = Who(account_id=1, user="1001", number="1001", role=Role.USER, session_id="s")
    subscriber, told = second.hub.connect(user), []

    async def send(text: str) -> None:
        told.extend(json.loads(line) for line in text.split("\n"))

    running = asyncio.ensure_future(subscriber.run(send))
    subscriber.subscribe([Topic.CALLS])
    await asyncio.sleep(1)
    assert told == [], "nobody knows yet"
    await second.start(restarted=False)
    await asyncio.sleep(0.5)
    assert [(one["type"], [*one["items"]]) for one in told if one["type"] == "snapshot"] == [
        ("snapshot", [before.id])
    ]
    assert told[0]["items"][before.id]["state"] == "talking"
    running.cancel()
    anna.hang_up(call)
    await second.idle()
    assert boris.calls[0].state is LegState.GONE
    await second.stop()


@in_virtual_time
async def test_a_secretary_who_is_kept_sees_the_call_that_she_is_in_BOSS_4():
    async with office() as place:
        firm = Firm(place, keep_secretary=True)
        call, at_secretary = await firm.held()
        taken = firm.boris.call("*591003")
        await asyncio.sleep(0.2)
        (old, kept) = place.own_calls.of("1003")
        assert (old.state, kept.state) == ("ended", "talking")
        assert (kept.direction, kept.number, kept.for_number) == ("incoming", "1001", "1002")
        assert kept.sip_call_ids == [at_secretary.sip_call_id]
        assert kept.held_by == ["1003"]
        assert [one.id for one in place.own_calls.of("1001")] == [old.id, kept.id]
        assert place.own_calls.of("1002")[-1].for_number == ""
        firm.cyril.resume(at_secretary)
        await asyncio.sleep(0.1)
        assert shown(place, "1003")[1:] == [("incoming", "1001", "talking", [])]
        firm.anna.hold(call)
        await asyncio.sleep(0.1)
        assert shown(place, "1003")[1:] == [("incoming", "1001", "talking", ["1001"])]
        firm.anna.resume(call)
        await asyncio.sleep(0.1)
        with pytest.raises(ServiceError, match="can be held"):
            await place.control.hold(kept.id, "1003", on=True)
        await place.control.hang_up(kept.id, "1003")
        await asyncio.sleep(0.1)
        assert at_secretary.state is LegState.GONE
        assert [one.state for one in place.own_calls.of("1003")] == ["ended"] * 2
        assert shown(place, "1002")[-1] == ("incoming", "1001", "talking", []), "the two talk on"
        assert taken.state is LegState.UP
        firm.anna.hang_up(call)
        await place.idle()
        assert place.own_calls.of("1002")[-1].state == "ended"
