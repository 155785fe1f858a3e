"""SIP-9: agents' phones and clients are told which queue a call is of, and how long its caller has waited."""

import asyncio
import re
from datetime import timedelta

from server.switch.simulated import Behaviour
from tests.server.flows.office import office
from tests.server.flows.test_queue import sales, set_up
from tests.virtual_time import in_virtual_time


def waited(call) -> int:
    """The seconds that the INVITE tells."""
    found = re.fullmatch(r'"Sales" <sip:6400@[^>]*>;.*;waited=([0-9]+)', call.headers["Diversion"])
    assert found
    return int(found[1])


@in_virtual_time
async def test_each_agent_is_told_how_long_the_caller_has_waited_by_then_SIP_9():
    async with office() as place:
        set_up(place, sales("1002", "1003", strategy="linear"))
        first = place.engine.phone("1002", Behaviour.rings())
        second = place.engine.phone("1003", Behaviour.rings())
        place.engine.phone("1001").call("6400")
        await asyncio.sleep(20)
        assert (waited(first.calls[0]), waited(second.calls[0])) == (0, 15), "time-out, then the pause"


@in_virtual_time
async def test_the_own_call_of_an_agent_names_queue_and_waiting_SIP_9():
    async with office() as place:
        set_up(place, sales("1002"))
        boris = place.engine.phone("1002", Behaviour.answers(3.0))
        began = place.clock.now()
        anna = place.engine.phone("1001")
        call = anna.call("6400")
        await asyncio.sleep(1)
        for state in ("ringing", "talking"):
            (own,) = place.own_calls.of("1002")
            assert (own.state, own.queue, own.queue_name) == (state, "6400", "Sales")
            assert abs(own.waiting_since - began) < timedelta(seconds=1)
            (callers,) = place.own_calls.of("1001")
            assert (callers.queue, callers.waiting_since) == ("", None), "who waits is no agent"
            await asyncio.sleep(3)
        anna.hang_up(call)
        await asyncio.sleep(1)
        chat = boris.call("1001")
        await asyncio.sleep(1)
        assert [one.queue for one in place.own_calls.of("1002") if one.id != own.id] == [""]
        boris.hang_up(chat)


@in_virtual_time
async def test_who_is_paused_for_missed_calls_is_to_be_told_once_Q_4():
    async with office() as place:
        set_up(place, sales("1002", strategy="linear", auto_pause_after=2))
        place.engine.phone("1002", Behaviour.rings())
        anna = place.engine.phone("1001")
        call = anna.call("6400")
        await asyncio.sleep(20)
        assert place.queue_store.paused == [], "one call was missed"
        await asyncio.sleep(30)
        anna.hang_up(call)
        await asyncio.sleep(600)
        (paused,) = place.queue_store.paused
        assert (paused.queue, paused.extension, paused.missed) == ("6400", "1002", 2)
