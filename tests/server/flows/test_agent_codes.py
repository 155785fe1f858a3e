"""Q-10, Q-11: agents log in, log out and pause by phone, and what they are survives a kill."""

import asyncio

import pytest

from server.contract.agents import AgentState, AgentSwitch
from server.contract.presence import PresenceChange, PresenceStatus
from server.contract.queues import Queue, QueueAgent
from server.contract.reaching import ReachingSettings
from server.flows.agent_codes import LOGGED_IN, LOGGED_OUT, PAUSED
from server.flows.phone_settings import ON
from server.flows.spoken import INVALID, NOT_PERMITTED, PAUSE
from server.switch.port import Sound
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_queue import set_up, state
from tests.virtual_time import in_virtual_time


def queue(number: str = "6400", *dynamic: str, **more: object) -> Queue:
    agents = [QueueAgent(extension=agent) for agent in dynamic]
    return Queue(number=number, dynamic_agents=agents, strategy="least_recent", **more)


async def dial(place: Office, extension: str, code: str) -> tuple[Sound, ...]:
    """Dial a code; what is said then."""
    phone = next(phone for phone in place.engine.phones if phone.number == extension)
    call = phone.call(code)
    await asyncio.sleep(8)
    assert call.sounds[0] == PAUSE
    return tuple(call.sounds[1:])


def said(number: str) -> tuple[Sound, ...]:
    return (Sound.digits(number),)


@in_virtual_time
async def test_an_agent_logs_in_and_out_of_a_queue_and_of_all_Q_10():
    async with office() as place:
        set_up(place, queue("6400", "1002"), queue("6401", "1002"), queue("6402", "1003"))
        place.engine.phone("1002", Behaviour.answers(0.5))
        assert state(place, "1002") is AgentState.LOGGED_OUT
        assert await dial(place, "1002", "*76400") == (*said("6400"), *LOGGED_IN)
        assert state(place, "1002") is AgentState.AVAILABLE
        assert state(place, "1002", "6401") is AgentState.LOGGED_OUT
        assert await dial(place, "1002", "*76400") == (*said("6400"), *LOGGED_OUT)
        assert state(place, "1002") is AgentState.LOGGED_OUT
        assert await dial(place, "1002", "*78") == LOGGED_IN, "to the last one"
        assert state(place, "1002", "6401") is AgentState.LOGGED_OUT
        assert await dial(place, "1002", "*77") == LOGGED_IN
        assert [state(place, "1002", number) for number in ("6400", "6401")] == [AgentState.AVAILABLE] * 2
        assert state(place, "1003", "6402") is AgentState.LOGGED_OUT
        assert await dial(place, "1002", "*077") == LOGGED_OUT
        assert [state(place, "1002", number) for number in ("6400", "6401")] == [AgentState.LOGGED_OUT] * 2


@in_virtual_time
async def test_an_agent_pauses_with_a_reason_and_is_rung_no_more_until_they_go_on_Q_10():
    async with office() as place:
        set_up(place, Queue(number="6400", static_agents=[QueueAgent(extension="1002")]))
        boris = place.engine.phone("1002", Behaviour.answers(0.5))
        assert await dial(place, "1002", "*076400*02") == (*said("6400"), *PAUSED)
        status = place.queues.acd.agent("6400", "1002")
        assert (status.state, status.reason) == (AgentState.PAUSED, "Lunch")
        anna = place.engine.phone("1001")
        call = anna.call("6400")
        await asyncio.sleep(20)
        assert boris.calls == []
        assert await dial(place, "1002", "*076400") == (*said("6400"), *ON)
        assert len(boris.calls) == 1
        anna.hang_up(call)


@pytest.mark.parametrize(
    ("extension", "code", "words"),
    [
        ("1002", "*76499", INVALID),
        ("1002", "*76400", NOT_PERMITTED),
        ("1002", "*077", INVALID),
        ("1002", "*78", INVALID),
        ("1002", "*076400*9", INVALID),
        ("1003", "*076400", INVALID),
        ("1004", "*77", NOT_PERMITTED),
    ],
)
@in_virtual_time
async def test_what_an_agent_must_not_do_is_told_and_changes_nothing_Q_10(extension, code, words):
    async with office() as place:
        set_up(
            place, Queue(number="6400", static_agents=[QueueAgent(extension="1002")]), queue("6401", "1003")
        )
        place.engine.phone(extension)
        before = place.queues.acd.agents()
        assert await dial(place, extension, code) == words
        now = [(one.extension, one.logged_in, one.paused) for one in place.queues.acd.agents()]
        assert now == [(one.extension, one.logged_in, one.paused) for one in before]


@in_virtual_time
async def test_log_in_and_pause_survive_a_kill_of_the_server_Q_11():
    first = Office()
    await first.start()
    set_up(first, queue("6400", "1002", "1003"))
    for number in ("1002", "1003"):
        first.engine.phone(number)
        await dial(first, number, "*77")
    await dial(first, "1003", "*076400*1")
    second = await after_a_kill(first)
    assert state(second, "1002") is AgentState.AVAILABLE
    paused = second.queues.acd.agent("6400", "1003")
    assert (paused.state, paused.reason) == (AgentState.PAUSED, "Break")
    await second.idle()
    second.assert_nothing_left()
    await second.stop()


def by_status(**actions: str) -> ReachingSettings:
    """What an agent becomes with these statuses; `pause` for the reason with the code 2."""
    statuses = {
        status: {"agent_action": action, "agent_pause_reason": "2" if action == "pause" else ""}
        for status, action in actions.items()
    }
    return ReachingSettings(statuses=statuses)


@in_virtual_time
async def test_the_status_switches_the_agent_in_all_queues_PRES_6():
    async with office() as place:
        static = [QueueAgent(extension="1002")]
        set_up(
            place, queue("6400", "1002"), queue("6401", "1002"), Queue(number="6402", static_agents=static)
        )
        place.engine.phone("1002")
        place.reaching.settings["1002"] = by_status(
            available="log_in", lunch_break="pause", off_work="log_out", away="log_in_last"
        )

        async def chosen(status: PresenceStatus, note: str = "") -> list[str]:
            await place.presence.change("1002", PresenceChange(status=status, note=note))
            return [str(one.state) for one in place.agents.of("1002")]

        assert await chosen(PresenceStatus.BUSINESS_TRIP) == ["logged_out", "logged_out", "available"]
        assert await chosen(PresenceStatus.AVAILABLE) == ["available"] * 3
        assert await chosen(PresenceStatus.LUNCH_BREAK) == ["paused"] * 3
        assert await chosen(PresenceStatus.AVAILABLE) == ["available"] * 3, "who logs in is not paused"
        assert await chosen(PresenceStatus.LUNCH_BREAK) == ["paused"] * 3
        assert {one.reason for one in place.agents.of("1002")} == {"Lunch"}
        place.agents.switch_own("1002", AgentSwitch(paused=False))
        assert await chosen(PresenceStatus.LUNCH_BREAK, "until one") == ["available"] * 3, "only the note"
        assert await chosen(PresenceStatus.OFF_WORK) == ["logged_out", "logged_out", "available"]
        await dial(place, "1002", "*76401")
        await dial(place, "1002", "*077")
        assert await chosen(PresenceStatus.AWAY) == ["logged_out", "available", "available"]


@pytest.mark.parametrize(
    ("statuses", "why"),
    [
        ({"away": {"agent_action": "log_in"}}, "only who becomes available"),
        ({"do_not_disturb": {"agent_action": "log_in"}}, "only who becomes available"),
        ({"away": {"agent_pause_reason": "2"}}, "belongs to a pause"),
        ({"away": {"agent_action": "dance"}}, "agent_action"),
    ],
)
def test_settings_that_make_no_sense_for_an_agent_are_refused_PRES_6(statuses, why):
    with pytest.raises(ValueError, match=why):
        ReachingSettings(statuses=statuses)
