"""Q-2 to Q-5, Q-11: queues as callers and agents meet them, in virtual time."""

import asyncio
from pathlib import Path

import pytest

from server.contract.agents import AgentState
from server.contract.events import Topic
from server.contract.extensions import Role
from server.contract.ivr import Choice
from server.contract.presence import PresenceChange, PresenceStatus
from server.contract.prompts import Prompt
from server.contract.queues import PeriodicAnnouncement, PositionAnnouncement, Queue, QueueAgent
from server.services.accounts import Who
from server.switch.port import LegState, Reason, Sound
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_ways import forwards, to
from tests.virtual_time import in_virtual_time

SALES = "6400"
WELCOME = Sound.file(Path("/prompts/en-welcome"))
PLEASE_WAIT = Sound.file(Path("/prompts/en-wait"))


def sales(*agents: str, number: str = SALES, **more: object) -> Queue:
    """A queue of these static agents; one after the other, unless `more` says otherwise."""
    given = {"name": "Sales", "strategy": "least_recent", "agent_timeout_s": 10, "retry_s": 5} | more
    return Queue(number=number, static_agents=[QueueAgent(extension=agent) for agent in agents], **given)


def set_up(place: Office, *queues: Queue) -> None:
    place.engine.files |= {Path(WELCOME.value): 4.0, Path(PLEASE_WAIT.value): 2.0}
    place.configuration += [Prompt(name="welcome"), Prompt(name="wait")]
    for queue in queues:
        place.configured.put(queue)


def state(place: Office, extension: str, queue: str = SALES) -> AgentState:
    return place.queues.acd.agent(queue, extension).state


@in_virtual_time
async def test_a_caller_hears_music_until_an_agent_answers_and_the_two_talk_Q_2():
    async with office() as place:
        set_up(place, sales("1002"))
        anna, boris = place.engine.phone("1001"), place.engine.phone("1002", Behaviour.answers(3.0))
        call = anna.call(SALES, name="Anna")
        await asyncio.sleep(1)
        assert (call.state, call.music) == (LegState.UP, "default")
        assert state(place, "1002") is AgentState.RINGING
        await asyncio.sleep(3)
        (answered,) = boris.calls
        assert answered.caller.number == "1001"
        assert answered.headers["Diversion"].startswith('"Sales" <sip:6400@')
        assert "Alert-Info" not in answered.headers
        assert [*place.engine.bridges.values()] == [{call.id, answered.id}]
        assert call.music == ""
        assert state(place, "1002") is AgentState.TALKING
        boris.hang_up(answered)
        await asyncio.sleep(1)
        assert call.state is LegState.GONE
        assert state(place, "1002") is AgentState.AVAILABLE
        await place.idle()
        assert place.log("1001") == [("outgoing", "1002", "answered", None)]
        assert place.log("1002") == [("incoming", "1001", "answered", None)]
        (line,) = place.queue_store.calls
        assert (line.agent, line.end, line.number, round(line.waited_s)) == ("1002", "answered", "1001", 3)
        states = [str(change.after) for change in place.queue_store.agents if change.extension == "1002"]
        assert states[-4:] == ["available", "ringing", "talking", "available"]


@in_virtual_time
async def test_who_waited_longest_is_next_and_agents_take_turns_Q_2():
    async with office() as place:
        set_up(place, sales("1002", "1003"))
        agents = [
            place.engine.phone(number, Behaviour.answers(1.0, hangs_up_after_s=4.0))
            for number in ("1002", "1003")
        ]
        callers = [place.engine.phone("1001") for _ in range(4)]
        calls = []
        for phone in callers:
            calls.append(phone.call(SALES))
            await asyncio.sleep(0.1)
        await asyncio.sleep(30)
        assert [call.state for call in calls] == [LegState.GONE] * 4
        served = sorted((call.id.split("-")[2], agent.number) for agent in agents for call in agent.calls)
        assert len(served) == 4
        assert [len(agent.calls) for agent in agents] == [2, 2]
        lines = sorted(place.queue_store.calls, key=lambda line: line.joined)
        assert [line.agent for line in lines] == ["1002", "1003", "1002", "1003"]
        assert [round(line.waited_s) for line in lines] == [1, 1, 6, 6]


@in_virtual_time
async def test_a_refusal_goes_to_the_next_at_once_and_a_time_out_after_the_pause_Q_4():
    async with office() as place:
        set_up(place, sales("1002", "1003", "1004", strategy="linear"))
        refuses = place.engine.phone("1002", Behaviour.refuses(603, 0.5))
        ignores = place.engine.phone("1003", Behaviour.rings())
        answers = place.engine.phone("1004", Behaviour.answers(0.5))
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(1.2)
        assert (len(refuses.calls), len(ignores.calls), len(answers.calls)) == (1, 1, 0)
        await asyncio.sleep(10)
        assert ignores.calls[0].state is LegState.GONE
        assert (ignores.calls[0].why, answers.calls) == (Reason.NO_ANSWER, [])
        await asyncio.sleep(6)
        assert answers.calls[0].state is LegState.UP
        anna.hang_up(call)
        await place.idle()
        assert place.log("1002") == [("incoming", "1001", "declined", 603)]
        assert place.log("1003") == [("incoming", "1001", "missed", 480)]
        assert place.log("1004") == [("incoming", "1001", "answered", None)]
        assert place.queue_store.calls[0].missed == ("1003",)


@in_virtual_time
async def test_all_ring_and_those_who_were_too_late_are_told_that_another_has_it_Q_2():
    async with office() as place:
        set_up(place, sales("1002", "1003", strategy="ring_all"))
        first = place.engine.phone("1002", Behaviour.answers(1.0))
        second = place.engine.phone("1003", Behaviour.rings())
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(2)
        assert first.calls[0].state is LegState.UP
        assert (second.calls[0].state, second.calls[0].why) == (LegState.GONE, Reason.ANSWERED_ELSEWHERE)
        anna.hang_up(call)
        await place.idle()
        assert place.log("1003") == []


@in_virtual_time
async def test_after_the_longest_wait_the_call_fails_over_even_while_an_agent_rings_Q_3():
    async with office() as place:
        set_up(place, sales("1002", max_wait_s=8, failover=to("extension:1004")))
        boris = place.engine.phone("1002", Behaviour.rings())
        dana = place.engine.phone("1004", Behaviour.answers(1.0))
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(7.5)
        assert boris.calls[0].state is LegState.RINGING
        await asyncio.sleep(2)
        assert boris.calls[0].state is LegState.GONE
        assert dana.calls[0].state is LegState.UP
        assert place.queue_store.calls[0].end == "failed_over"
        anna.hang_up(call)


@in_virtual_time
async def test_a_queue_fails_over_to_a_queue_and_to_none_twice_Q_3():
    async with office() as place:
        set_up(
            place,
            sales("1002", max_wait_s=5, failover=to("queue:6401")),
            sales("1002", number="6401", max_wait_s=5, failover=to("queue:6400")),
        )
        call = place.engine.phone("1001").call(SALES)
        await asyncio.sleep(9)
        assert call.state is LegState.UP
        await asyncio.sleep(2)
        assert call.state is LegState.GONE
        assert [(line.queue, line.end) for line in place.queue_store.calls] == [
            ("6400", "failed_over"), ("6401", "failed_over")
        ]  # fmt: skip


@in_virtual_time
async def test_a_caller_who_gives_up_is_abandoned_and_the_agent_has_missed_the_call_Q_9():
    async with office() as place:
        set_up(place, sales("1002"))
        boris = place.engine.phone("1002", Behaviour.rings())
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(4)
        anna.hang_up(call)
        await place.idle()
        assert boris.calls[0].state is LegState.GONE
        assert state(place, "1002") is AgentState.AVAILABLE
        assert [line.end for line in place.queue_store.calls] == ["abandoned"]
        assert place.log("1002") == [("incoming", "1001", "missed", 487)]


@in_virtual_time
async def test_announcements_are_heard_and_a_key_leads_out_Q_5():
    async with office() as place:
        set_up(
            place,
            sales(
                "1002",
                join_announcement="welcome",
                position=PositionAnnouncement(position=True, thank_you=True, every_s=30),
                periodic=PeriodicAnnouncement(
                    prompt="wait", every_s=20, choices=[Choice(key="1", destination=to("extension:1004"))]
                ),
            ),
        )
        dana = place.engine.phone("1004", Behaviour.answers(1.0))
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(32)
        thanks = [Sound.prompt("queue-youarenext"), Sound.prompt("queue-thankyou")]
        assert call.sounds[:4] == [WELCOME, *thanks, PLEASE_WAIT]
        assert call.music == "default"
        anna.press(call, "91")
        await asyncio.sleep(3)
        assert dana.calls[0].state is LegState.UP
        assert [line.end for line in place.queue_store.calls] == ["left"]
        anna.hang_up(call)


@in_virtual_time
async def test_an_announcement_is_heard_in_full_before_anybody_rings_if_so_set_up_Q_5():
    async with office() as place:
        set_up(place, sales("1002", join_announcement="welcome", join_announcement_in_full=True))
        boris = place.engine.phone("1002", Behaviour.answers(0.5))
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(3.5)
        assert boris.calls == []
        await asyncio.sleep(2)
        assert boris.calls[0].state is LegState.UP
        anna.hang_up(call)


@in_virtual_time
async def test_a_ring_back_prompt_is_repeated_and_interrupted_by_announcements_Q_5():
    async with office() as place:
        periodic = PeriodicAnnouncement(prompt="welcome", every_s=15)
        set_up(place, sales("1002", ringback="wait", periodic=periodic))
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(22)
        assert call.sounds.count(PLEASE_WAIT) >= 7
        assert call.sounds.count(WELCOME) == 1
        assert call.sounds[-1] == PLEASE_WAIT
        assert call.music == ""
        anna.hang_up(call)


@in_virtual_time
async def test_the_agent_hears_what_is_set_up_for_agents_and_both_hear_the_number_Q_5():
    async with office() as place:
        set_up(place, sales("1002", agent_announcement="welcome", announce_agent_id=True))
        boris = place.engine.phone("1002", Behaviour.answers(0.5))
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(20)
        who = [Sound.prompt("vm-extension"), Sound.digits("1002")]
        assert boris.calls[0].sounds == [WELCOME, *who]
        assert call.sounds == who
        assert [*place.engine.bridges.values()] == [{call.id, boris.calls[0].id}]
        anna.hang_up(call)


@in_virtual_time
async def test_an_agent_who_hangs_up_in_the_announcement_leaves_the_caller_in_its_place_Q_5():
    async with office() as place:
        set_up(place, sales("1002", agent_announcement="welcome"))
        boris = place.engine.phone("1002", Behaviour.answers(0.5, hangs_up_after_s=1.0))
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(3)
        assert (call.state, call.music, len(boris.calls)) == (LegState.UP, "default", 1)
        boris.behaviour = Behaviour.answers(0.5)
        await asyncio.sleep(10)
        assert [*place.engine.bridges.values()] == [{call.id, boris.calls[1].id}]
        anna.hang_up(call)
        await place.idle()
        (line,) = place.queue_store.calls
        assert line.end == "answered"
        assert line.waited_s > 5


@in_virtual_time
async def test_forwarding_does_not_lead_a_queue_call_away_but_do_not_disturb_keeps_it_off_PRES_7():
    async with office() as place:
        set_up(place, sales("1002", "1003"))
        place.reaching.settings["1002"] = forwards(always="extension:1004")
        boris, cyril = (place.engine.phone(number, Behaviour.rings()) for number in ("1002", "1003"))
        await place.presence.change("1003", PresenceChange(status=PresenceStatus.DO_NOT_DISTURB))
        assert state(place, "1003") is AgentState.UNREACHABLE
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(40)
        assert len(boris.calls) >= 2
        assert cyril.calls == []
        await place.presence.change("1003", PresenceChange(status=PresenceStatus.AVAILABLE))
        await asyncio.sleep(20)
        assert cyril.calls != []
        anna.hang_up(call)


@in_virtual_time
async def test_who_talks_elsewhere_is_not_rung_and_is_when_that_is_over_Q_11():
    async with office() as place:
        set_up(place, sales("1002"))
        boris, dana = place.engine.phone("1002", Behaviour.answers(0.5)), place.engine.phone("1004")
        private = dana.call("1002")
        await asyncio.sleep(1)
        assert state(place, "1002") is AgentState.BUSY_ELSEWHERE
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(20)
        assert len(boris.calls) == 1
        dana.hang_up(private)
        await asyncio.sleep(2)
        assert boris.calls[1].state is LegState.UP
        assert state(place, "1002") is AgentState.TALKING
        anna.hang_up(call)


@in_virtual_time
async def test_a_phone_that_is_gone_without_a_word_is_passed_over_Q_11():
    async with office() as place:
        set_up(place, sales("1002", "1003", agent_timeout_s=60))
        place.engine.phone("1002", Behaviour.is_dead())
        cyril = place.engine.phone("1003", Behaviour.answers(0.5))
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(6)
        assert cyril.calls[0].state is LegState.UP
        anna.hang_up(call)


@in_virtual_time
async def test_wrap_up_keeps_the_next_caller_waiting_Q_4():
    async with office() as place:
        set_up(place, sales("1002", wrap_up_s=10))
        boris = place.engine.phone("1002", Behaviour.answers(0.5, hangs_up_after_s=3.0))
        anna, dana = place.engine.phone("1001"), place.engine.phone("1004")
        anna.call(SALES)
        call = dana.call(SALES)
        await asyncio.sleep(6)
        assert state(place, "1002") is AgentState.WRAP_UP
        await asyncio.sleep(5)
        assert len(boris.calls) == 1
        await asyncio.sleep(4)
        assert len(boris.calls) == 2
        dana.hang_up(call)


@in_virtual_time
async def test_after_a_transfer_the_agent_is_free_and_the_call_goes_on_Q_11():
    async with office() as place:
        set_up(place, sales("1002"))
        boris = place.engine.phone("1002", Behaviour.answers(0.5))
        dana = place.engine.phone("1004", Behaviour.answers(0.5))
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(2)
        boris.transfer(boris.calls[0], "1004")
        await asyncio.sleep(4)
        assert dana.calls[0].state is LegState.UP
        assert state(place, "1002") is AgentState.AVAILABLE
        anna.hang_up(call)


@in_virtual_time
async def test_a_caller_is_transferred_into_a_queue_SIP_4():
    async with office() as place:
        set_up(place, sales("1002"))
        boris = place.engine.phone("1002", Behaviour.answers(0.5))
        dana = place.engine.phone("1004", Behaviour.answers(0.5))
        anna = place.engine.phone("1001")
        call = anna.call("1004")
        await asyncio.sleep(2)
        dana.transfer(dana.calls[0], SALES)
        await asyncio.sleep(4)
        assert dana.calls[0].state is LegState.GONE
        assert boris.calls[0].state is LegState.UP
        anna.hang_up(call)


@in_virtual_time
async def test_callers_keep_their_places_when_the_server_is_killed_Q_11():
    first = Office()
    await first.start()
    set_up(first, sales("1002"))
    boris = first.engine.phone("1002", Behaviour.rings())
    callers = [first.engine.phone("1001") for _ in range(3)]
    calls = []
    for phone in callers:
        calls.append(phone.call(SALES))
        await asyncio.sleep(1)
    rung = boris.calls[0]
    second = await after_a_kill(first)
    await asyncio.sleep(1)
    assert [call.state for call in calls] == [LegState.UP] * 3
    assert rung.state is LegState.GONE, "agents are rung anew"
    assert [one.position for one in second.queues.acd.callers(SALES)] == [1, 2, 3]
    boris.behaviour = Behaviour.answers(0.2, hangs_up_after_s=1.0)
    await asyncio.sleep(60)
    assert [call.state for call in calls] == [LegState.GONE] * 3
    lines = second.queue_store.calls
    assert [line.end for line in lines] == ["answered"] * 3
    assert lines == sorted(lines, key=lambda line: line.joined)
    assert lines[0].waited_s > 5, "they have waited since before the kill"
    await second.idle()
    second.assert_nothing_left()
    await second.stop()


@in_virtual_time
async def test_who_talks_goes_on_and_is_free_afterwards_when_the_server_is_killed_Q_11():
    first = Office()
    await first.start()
    set_up(first, sales("1002", wrap_up_s=20))
    first.engine.phone("1002", Behaviour.answers(0.5))
    anna = first.engine.phone("1001")
    call = anna.call(SALES)
    await asyncio.sleep(3)
    second = await after_a_kill(first)
    assert state(second, "1002") is AgentState.TALKING
    anna.hang_up(call)
    await asyncio.sleep(1)
    assert state(second, "1002") is AgentState.WRAP_UP
    await asyncio.sleep(20)
    assert state(second, "1002") is AgentState.AVAILABLE
    (line,) = second.queue_store.calls
    assert (line.end, line.agent) == ("answered", "1002")
    await second.idle()
    second.assert_nothing_left()
    await second.stop()


@in_virtual_time
async def test_a_caller_who_gave_up_while_no_server_ran_waits_no_more_Q_11():
    first = Office()
    await first.start()
    set_up(first, sales("1002"))
    anna = first.engine.phone("1001")
    call = anna.call(SALES)
    await asyncio.sleep(3)
    second = await after_a_kill(first, meanwhile=lambda: anna.hang_up(call))
    await asyncio.sleep(1)
    assert second.queues.acd.callers(SALES) == []
    await second.idle()
    assert [line.end for line in second.queue_store.calls] == ["abandoned"]
    second.assert_nothing_left()
    await second.stop()


@in_virtual_time
async def test_a_queue_that_is_removed_sends_its_callers_on_Q_3():
    async with office() as place:
        set_up(place, sales("1002", failover=to("extension:1004")))
        dana = place.engine.phone("1004", Behaviour.answers(0.5))
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(3)
        place.configured.drop(Queue, SALES)
        await asyncio.sleep(3)
        assert dana.calls[0].state is LegState.UP
        assert place.queues.acd.agents() == []
        anna.hang_up(call)


def who(number: str) -> Who:
    return Who(int(number), number, number, Role.USER, "s")


@in_virtual_time
async def test_agents_see_themselves_and_managers_all_of_their_queues_Q_6():
    async with office() as place:
        set_up(place, sales("1002", "1003", managers=("1004",)), sales("1003", number="6401"))
        seen = {}
        for number in ("1001", "1002", "1004"):
            seen[number] = sorted(await place.hub.snapshot(who(number), Topic.AGENTS))
        assert seen == {"1001": [], "1002": ["6400/1002"], "1004": ["6400/1002", "6400/1003"]}


@pytest.mark.parametrize("fails", [1, 3])
@in_virtual_time
async def test_a_disk_that_takes_nothing_for_a_while_costs_no_line_of_the_log_Q_9(fails):
    async with office() as place:
        set_up(place, sales("1002"))
        place.engine.phone("1002", Behaviour.answers(0.5, hangs_up_after_s=2.0))
        place.queue_store.fail = OSError("no space left")
        place.engine.phone("1001").call(SALES)
        await asyncio.sleep(fails * 4)
        place.queue_store.fail = None
        await asyncio.sleep(15)
        assert [line.agent for line in place.queue_store.calls] == ["1002"]
