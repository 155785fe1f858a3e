"""Q-5: callers of a queue hear its own music, while they wait and while an agent holds the call."""

import asyncio
from pathlib import Path

from server.contract.ivr import Choice
from server.contract.queues import PeriodicAnnouncement
from server.switch.port import LegState, Sound
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_queue import SALES, sales, set_up
from tests.server.flows.test_ways import to
from tests.virtual_time import in_virtual_time

OWN = "queue-6400"


def with_music(place: Office, *agents: str, **more: object) -> None:
    """A queue with music, which the switch has been given."""
    set_up(place, sales(*agents, music=["wait"], **more))
    place.engine.tracks = {OWN: (Path("/prompts/en-wait"),)}


@in_virtual_time
async def test_callers_wait_with_the_music_of_the_queue_and_hear_it_when_an_agent_holds_Q_5():
    async with office() as place:
        with_music(place, "1002")
        boris = place.engine.phone("1002", Behaviour.answers(3.0))
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(1)
        assert call.music == OWN
        await asyncio.sleep(3)
        assert (boris.calls[0].state, call.music) == (LegState.UP, "")
        assert call.own_music == OWN, "what the engine plays when the agent's phone holds"
        (live,) = place.calls.active()
        await place.control.hold(live.id, "1002", on=True)
        assert call.music == OWN, "and when the agent's application does"
        await place.control.hold(live.id, "1002", on=False)
        assert call.music == ""
        anna.hang_up(call)


@in_virtual_time
async def test_announcements_interrupt_the_music_and_a_ring_back_prompt_stands_for_it_while_waiting_Q_5():
    async with office() as place:
        with_music(
            place, "1002", ringback="wait", periodic=PeriodicAnnouncement(prompt="welcome", every_s=15)
        )
        place.engine.phone("1002", Behaviour.rings())
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(20)
        assert (call.music, call.own_music) == ("", OWN)
        anna.hang_up(call)


@in_virtual_time
async def test_who_goes_on_from_a_queue_leaves_its_music_behind_Q_5():
    async with office() as place:
        with_music(place, "1002", max_wait_s=5, failover=to("queue:6401"))
        set_up(place, sales("1002", number="6401", failover=to("extension:1004"), max_wait_s=5))
        place.engine.phone("1004", Behaviour.answers(1.0))
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(4)
        assert call.music == OWN
        await asyncio.sleep(3)
        assert call.music == "default"
        await asyncio.sleep(6)
        assert (call.state, call.own_music) == (LegState.UP, "default")
        anna.hang_up(call)


@in_virtual_time
async def test_whoever_answers_after_the_queue_holds_with_the_usual_music_Q_5():
    leaves = PeriodicAnnouncement(
        prompt="welcome", every_s=15, choices=[Choice(key="1", destination=to("extension:1004"))]
    )
    async with office() as place:
        with_music(place, "1002", max_wait_s=5, failover=to("extension:1004"), periodic=leaves)
        place.engine.phone("1004", Behaviour.answers(1.0))
        anna, cyril = place.engine.phone("1001"), place.engine.phone("1003")
        call, other = anna.call(SALES), cyril.call(SALES)
        await asyncio.sleep(1)
        assert (call.own_music, other.own_music) == (OWN, OWN)
        cyril.press(other, "1")
        await asyncio.sleep(8)
        assert (call.own_music, other.own_music) == ("default", "default")
        anna.hang_up(call)
        cyril.hang_up(other)


@in_virtual_time
async def test_the_music_of_a_queue_outlives_a_kill_of_the_server_Q_5():
    first = Office()
    await first.start()
    with_music(first, "1002")
    first.engine.phone("1002", Behaviour.rings())
    anna = first.engine.phone("1001")
    call = anna.call(SALES)
    await asyncio.sleep(1)
    second = await after_a_kill(first)
    await asyncio.sleep(2)
    assert (call.state, call.music) == (LegState.UP, OWN)
    anna.hang_up(call)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()


@in_virtual_time
async def test_a_prompt_after_the_queue_is_heard_in_its_language_also_after_a_kill_Q_5():
    first = Office()
    await first.start()
    goodbye = Sound.file(Path("/prompts/cs-welcome"))
    first.engine.files[Path(goodbye.value)] = 4.0
    set_up(first, sales("1002", language="cs", max_wait_s=5, failover=to("prompt:welcome")))
    anna = first.engine.phone("1001")
    call = anna.call(SALES)
    await asyncio.sleep(6)
    assert call.sounds == [goodbye]
    second = await after_a_kill(first)
    await asyncio.sleep(1)
    assert call.sounds[1:] == [goodbye], "it begins anew"
    await asyncio.sleep(6)
    assert call.state is LegState.GONE
    await second.idle()
    second.assert_nothing_left()
    await second.stop()
