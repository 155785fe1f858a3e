"""Q-3: calls go where a call flow says, by who calls and when, from wherever it is the destination."""

import asyncio
from datetime import timedelta
from pathlib import Path

from server.contract.call_flows import CallFlow, FlowStep, Origin
from server.contract.hours import TimeCondition
from server.contract.prompts import Prompt
from server.contract.routing import RingGroup
from server.switch.port import LegState, Sound
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_queue import SALES, sales, set_up
from tests.server.flows.test_ways import forwards, to
from tests.virtual_time import in_virtual_time

CLOSED = Sound.file(Path("/prompts/en-closed"))


def with_flow(place: Office, *steps: FlowStep, otherwise: str = "prompt:closed") -> None:
    place.engine.files |= {Path(CLOSED.value): 2.0}
    place.configuration += [
        Prompt(name="closed"),
        CallFlow(name="after", steps=steps, destination=to(otherwise)),
    ]


@in_virtual_time
async def test_a_queue_fails_over_to_a_call_flow_that_asks_who_calls_Q_3():
    async with office() as place:
        set_up(place, sales("1002", max_wait_s=5, failover=to("call_flow:after")))
        with_flow(place, FlowStep(callers=["1001"], destination=to("extension:1004")))
        dana = place.engine.phone("1004", Behaviour.answers(1.0))
        anna, cyril = place.engine.phone("1001"), place.engine.phone("1003")
        call, other = anna.call(SALES), cyril.call(SALES)
        await asyncio.sleep(8)
        assert (call.state, len(dana.calls)) == (LegState.UP, 1)
        assert dana.calls[0].state is LegState.UP
        await asyncio.sleep(2)
        assert other.sounds == [CLOSED]
        assert other.state is LegState.GONE, "the prompt is heard, and the call ends"
        anna.hang_up(call)


@in_virtual_time
async def test_the_time_that_counts_is_when_the_call_gets_there_Q_3():
    async with office() as place:
        start = place.clock.now() + timedelta(minutes=1)
        days = [day.lower() for day in (f"{start:%A}", f"{start + timedelta(days=1):%A}")]
        period = {"days": days, "start": f"{start:%H:%M}", "end": f"{start + timedelta(hours=1):%H:%M}"}
        place.configuration.append(TimeCondition(name="soon", periods=[period]))
        set_up(place, sales("1002", max_wait_s=120, failover=to("call_flow:after")))
        with_flow(place, FlowStep(time_condition="soon", destination=to("extension:1004")))
        dana = place.engine.phone("1004", Behaviour.answers(1.0))
        call = place.engine.phone("1001").call(SALES)
        await asyncio.sleep(123)
        assert dana.calls[0].state is LegState.UP
        call.phone.hang_up(call)


@in_virtual_time
async def test_forwarding_and_a_ring_group_lead_through_a_call_flow_and_never_in_a_circle_Q_3():
    async with office() as place:
        with_flow(
            place, FlowStep(origin=Origin.INTERNAL, destination=to("ring_group:6200")), otherwise="hang_up"
        )
        group = RingGroup(
            number="6200", members=["1003"], ring_timeout_s=5, destination=to("call_flow:after")
        )
        place.configuration.append(group)
        place.reaching.settings["1002"] = forwards(always="call_flow:after")
        cyril = place.engine.phone("1003", Behaviour.rings())
        call = place.engine.phone("1001").call("1002")
        await asyncio.sleep(3)
        assert cyril.calls[0].state is LegState.RINGING
        await asyncio.sleep(5)
        assert (call.state, len(cyril.calls)) == (LegState.GONE, 1)


@in_virtual_time
async def test_a_call_that_came_through_a_call_flow_outlives_a_kill_of_the_server_Q_3():
    first = Office()
    await first.start()
    with_flow(first, FlowStep(origin=Origin.INTERNAL, destination=to("extension:1004")))
    first.reaching.settings["1002"] = forwards(always="call_flow:after")
    dana = first.engine.phone("1004", Behaviour.answers(4.0))
    anna = first.engine.phone("1001")
    call = anna.call("1002")
    await asyncio.sleep(1)
    second = await after_a_kill(first)
    await asyncio.sleep(6)
    assert (call.state, dana.calls[-1].state) == (LegState.UP, LegState.UP)
    anna.hang_up(call)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()
