"""SIP-9, CODE-1: calls that phones answer by themselves; in virtual time."""

import asyncio

import pytest

from server.contract.presence import Presence, PresenceStatus
from server.switch.port import LegState, Sound
from server.switch.simulated import Behaviour
from tests.server.flows.office import RING_S, office
from tests.server.flows.test_parking import together
from tests.server.flows.test_ways import forwards
from tests.virtual_time import EPOCH, in_virtual_time

BEEP = Sound.prompt("beep")


@in_virtual_time
async def test_the_phone_is_asked_to_answer_and_beeps_before_voices_SIP_9():
    async with office() as place:
        place.reaching.settings["1002"] = forwards(always="extension:1003")
        place.engine.phone("1003", Behaviour.answers(0.1))
        boris = place.engine.phone("1002", Behaviour.answers(0.3))
        second = place.engine.phone("1002", Behaviour.rings())
        anna = place.engine.phone("1001")
        call = anna.call("*61002")
        await asyncio.sleep(0.35)
        (callee,) = boris.calls
        assert callee.headers["Call-Info"].endswith(";answer-after=0")
        assert callee.headers["Alert-Info"].endswith(";info=alert-autoanswer")
        assert callee.sounds == [BEEP]
        assert place.engine.bridges == {} or not together(place, call, callee), "nobody is heard yet"
        assert call.state is not LegState.UP
        await asyncio.sleep(2)
        assert together(place, call, callee)
        assert second.calls[0].state is LegState.GONE
        anna.hang_up(call)
        await place.idle()
        assert callee.state is LegState.GONE
    assert place.log("1002") == [("incoming", "1001", "answered", None)]
    assert place.log("1001") == [("outgoing", "1002", "answered", None)]


@pytest.mark.parametrize(
    ("number", "outcome"),
    [("1009", "unknown_number"), ("1001", "busy"), ("1004", "unregistered"), ("1003", "no_answer")],
)
@in_virtual_time
async def test_an_intercom_call_that_reaches_nobody_says_why_SIP_9(number, outcome):
    async with office() as place:
        place.engine.phone("1003", Behaviour.rings())
        call = place.engine.phone("1001").call(f"*6{number}")
        await asyncio.sleep(RING_S + 8)
        assert call.state is LegState.GONE
    assert [entry[2] for entry in place.log("1001")] == [outcome]


@pytest.mark.parametrize("why", ["in a call", "it rings", "do not disturb"])
@in_virtual_time
async def test_nobody_is_intruded_upon_SIP_9(why):
    async with office() as place:
        boris = place.engine.phone("1002", Behaviour.rings() if why == "it rings" else Behaviour.answers(0.2))
        cyril = place.engine.phone("1003")
        if why == "do not disturb":
            status = PresenceStatus.DO_NOT_DISTURB
            place.presence.chosen["1002"] = Presence(status=status, note="", since=EPOCH)
        else:
            first = cyril.call("1002")
            await asyncio.sleep(1)
        before = len(boris.calls)
        call = place.engine.phone("1001").call("*61002")
        await asyncio.sleep(1)
        assert call.told == 486
        assert len(boris.calls) == before
        if why != "do not disturb":
            cyril.hang_up(first)
    assert ("incoming", "1001", "busy", 486) in place.log("1002")


@in_virtual_time
async def test_a_caller_who_gives_up_during_the_beep_leaves_nothing_SIP_9():
    async with office() as place:
        boris = place.engine.phone("1002", Behaviour.answers(0.3))
        anna = place.engine.phone("1001")
        call = anna.call("*61002")
        await asyncio.sleep(0.33)
        assert boris.calls[0].sounds == [BEEP]
        anna.hang_up(call)
        await place.idle()
        assert boris.calls[0].state is LegState.GONE


@in_virtual_time
async def test_an_ordinary_call_has_none_of_these_headers_SIP_9():
    async with office() as place:
        boris = place.engine.phone("1002", Behaviour.answers(0.3, hangs_up_after_s=1.0))
        place.engine.phone("1001").call("1002")
        await place.idle()
        assert boris.calls[0].headers == {}
        assert boris.calls[0].sounds == []
