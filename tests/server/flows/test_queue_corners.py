"""Q-3 to Q-6, Q-11, PRES-6: what happens to queues rarely: at one moment, or while the clock is set."""

import asyncio
import itertools
import json
from datetime import timedelta

import pytest

from server.contract.agents import AgentState, AgentSwitch
from server.contract.events import Topic
from server.contract.extensions import Role
from server.contract.ivr import Choice
from server.contract.presence import PresenceChange, PresenceStatus
from server.contract.queues import PeriodicAnnouncement, PositionAnnouncement
from server.contract.reaching import ReachingSettings
from server.contract.ring_tones import UploadedRingTone
from server.flows import agent_ringing
from server.flows import queue as flow
from server.services.accounts import Who
from server.switch.port import LegState, Sound
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.server.flows.test_adoption import after_a_kill, successor
from tests.server.flows.test_queue import SALES, sales, set_up, state
from tests.server.flows.test_ways import to
from tests.virtual_time import in_virtual_time

LEAVES = PeriodicAnnouncement(
    prompt="wait", every_s=3600, choices=[Choice(key="1", destination=to("extension:1003"))]
)


@in_virtual_time
async def test_a_key_in_the_very_moment_of_the_answer_comes_too_late_Q_5():
    """Else the agent would count as talking to somebody who talks to a colleague."""
    async with office() as place:
        set_up(place, sales("1002", periodic=LEAVES))
        anna, boris = place.engine.phone("1001"), place.engine.phone("1002", Behaviour.answers(3.0))
        cyril = place.engine.phone("1003", Behaviour.answers(0.5))
        call = anna.call(SALES)
        accept = place.queues.answered

        def answered(*args):
            anna.press(call, "1")
            return accept(*args)

        place.queues.answered = answered
        await asyncio.sleep(5)
        assert [*place.engine.bridges.values()] == [{call.id, boris.calls[0].id}]
        assert not cyril.calls
        anna.hang_up(call)
        await place.idle()
        assert state(place, "1002") is AgentState.AVAILABLE


@pytest.mark.parametrize("hours", [-2, 2])
@in_virtual_time
async def test_times_run_as_long_as_they_should_while_the_clock_is_set_Q_11(hours):
    async with office() as place:
        set_up(place, sales("1002", wrap_up_s=60, max_wait_s=300, failover=to("extension:1003")))
        anna, boris = place.engine.phone("1001"), place.engine.phone("1002", Behaviour.answers(1.0))
        cyril = place.engine.phone("1003", Behaviour.rings())
        call = anna.call(SALES)
        await asyncio.sleep(2)
        place.clock.offset = timedelta(hours=hours)
        await asyncio.sleep(10)
        boris.hang_up(boris.calls[0])
        await asyncio.sleep(1)
        assert call.state is LegState.GONE
        assert state(place, "1002") is AgentState.WRAP_UP
        boris.behaviour = Behaviour.rings()
        waiting = place.engine.phone("1004").call(SALES)
        await asyncio.sleep(30)
        place.clock.offset = timedelta()
        await asyncio.sleep(25)
        assert state(place, "1002") is AgentState.WRAP_UP
        await asyncio.sleep(10)
        assert state(place, "1002") is AgentState.RINGING, "the minute is over, whatever the clock says"
        boris.vanish()
        await asyncio.sleep(220)
        assert not cyril.calls, "300 s have not passed"
        await asyncio.sleep(30)
        assert cyril.calls, "300 s have passed"
        waiting.phone.hang_up(waiting)
        await place.idle()
        first, second = place.queue_store.calls
        assert (round(first.waited_s), round(first.talked_s), round(second.waited_s)) == (1, 11, 300)


@in_virtual_time
async def test_the_note_of_a_status_switches_no_agent_after_a_restart_PRES_6():
    first = Office()
    await first.start()
    set_up(first, sales("1002"))
    first.engine.phone("1002")
    first.reaching.settings["1002"] = ReachingSettings(statuses={"away": {"agent_action": "pause"}})
    await first.presence.change("1002", PresenceChange(status=PresenceStatus.AWAY))
    assert state(first, "1002") is AgentState.PAUSED
    first.agents.switch_own("1002", AgentSwitch(paused=False))
    assert state(first, "1002") is AgentState.AVAILABLE
    await asyncio.sleep(1)
    second = await after_a_kill(first)
    await second.presence.change("1002", PresenceChange(status=PresenceStatus.AWAY, note="Back at two"))
    assert state(second, "1002") is AgentState.AVAILABLE, "the status is the same"
    await second.presence.change("1002", PresenceChange(status=PresenceStatus.AVAILABLE))
    await second.presence.change("1002", PresenceChange(status=PresenceStatus.AWAY))
    assert state(second, "1002") is AgentState.PAUSED
    await second.stop()


@in_virtual_time
async def test_a_pause_for_a_break_that_ended_while_no_server_ran_is_lifted_PRES_6():
    first = Office()
    await first.start()
    set_up(first, sales("1002"))
    first.engine.phone("1002")
    statuses = {"available": {"agent_action": "log_in"}, "away": {"agent_action": "pause"}}
    first.reaching.settings["1002"] = ReachingSettings(statuses=statuses)
    await first.presence.change("1002", PresenceChange(status=PresenceStatus.AWAY))
    assert state(first, "1002") is AgentState.PAUSED
    await asyncio.sleep(1)
    second = successor(first)
    await first.killed()
    del second.presence.chosen["1002"]  # as `PresenceService` does at its start
    second.presence.ended_meanwhile = frozenset({"1002"})
    await second.start(restarted=False)
    await asyncio.sleep(1)
    assert state(second, "1002") is AgentState.AVAILABLE
    await second.stop()


class Looking:
    """What a client that follows the agents has, by `key`."""

    def __init__(self, place, number: str) -> None:
        who = Who(account_id=int(number), user=number, number=number, role=Role.USER, session_id=number)
        self.subscriber = place.hub.connect(who)
        self.items = {}
        self._running = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        async def take(text: str) -> None:
            for line in text.splitlines():
                told = json.loads(line)
                if told["type"] == "snapshot":
                    self.items = told["items"]
                elif told["item"] is None:
                    self.items.pop(told["key"], None)
                else:
                    self.items[told["key"]] = told["item"]

        self.subscriber.subscribe([Topic.AGENTS])
        await self.subscriber.run(take)

    async def stop(self) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)


@in_virtual_time
async def test_who_manages_a_queue_sees_its_agents_from_then_on_and_until_then_Q_6():
    async with office() as place:
        set_up(place, sales("1002", managers=["1003"]))
        old, new = Looking(place, "1003"), Looking(place, "1004")
        await asyncio.sleep(1)
        assert ([*old.items], [*new.items]) == ([f"{SALES}/1002"], [])
        place.configured.put(sales("1002", managers=["1004"]))
        await asyncio.sleep(1)
        assert ([*old.items], [*new.items]) == ([], [f"{SALES}/1002"])
        place.configured.drop(type(sales()), SALES)
        await asyncio.sleep(1)
        assert new.items == {}, "the queue is gone"
        await old.stop()
        await new.stop()


@in_virtual_time
async def test_a_queue_that_is_set_up_costs_nothing_of_the_others_Q_1():
    async with office() as place:
        set_up(place, sales("1002"), sales("1003", "1004", number="6401"))
        await asyncio.sleep(1)
        written = []
        save = place.queue_store.save

        async def noting(changes):
            written.append(changes)
            return await save(changes)

        place.queue_store.save = noting
        place.configured.put(sales("1003", number="6401", name="Support"))
        await asyncio.sleep(1)
        (changes,) = written
        rows = {key: row is not None for (kind, key), row in changes.rows.items() if kind == "member"}
        assert rows == {"6401/1003": True, "6401/1004": False}
        assert [(one.extension, one.after) for one in changes.agents] == [("1004", None)]
        place.configured.drop(type(sales()), "6401")
        await asyncio.sleep(1)
        assert sorted(key for kind, key in place.queue_store.rows if kind == "member") == [f"{SALES}/1002"]
        assert [key for kind, key in place.queue_store.rows if kind == "line"] == [SALES]
        assert not place.agents.of("1003")


def failing_once(function):
    """The function, which fails at first: a mistake of ours."""
    times = itertools.count()

    def fails(*args, **kwargs):
        if next(times) == 0:
            raise KeyError("a mistake of ours")
        return function(*args, **kwargs)

    return fails


@in_virtual_time
async def test_an_agent_who_cannot_be_rung_by_a_mistake_of_ours_is_told_of_and_the_next_rings_Q_4(
    monkeypatch, caplog
):
    monkeypatch.setattr(agent_ringing, "leg_ids", failing_once(agent_ringing.leg_ids))
    async with office() as place:
        set_up(place, sales("1002", "1003"))
        place.engine.phone("1002", Behaviour.answers(1.0))
        cyril = place.engine.phone("1003", Behaviour.answers(1.0))
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(3)
        assert cyril.calls, "not after the time-out of the first one"
        assert "a mistake of ours" in caplog.text
        anna.hang_up(call)


@in_virtual_time
async def test_an_announcement_that_fails_by_a_mistake_of_ours_ends_no_further_ones_Q_5(monkeypatch, caplog):
    monkeypatch.setattr(flow, "position_sounds", failing_once(flow.position_sounds))
    async with office() as place:
        set_up(place, sales("1002", position=PositionAnnouncement(position=True, every_s=15)))
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(10)
        assert "a mistake of ours" in caplog.text
        assert not call.heard
        await asyncio.sleep(10)
        assert [heard.sound for heard in call.heard] == [Sound.prompt("queue-youarenext")]
        anna.hang_up(call)


@in_virtual_time
async def test_phones_of_agents_are_told_how_to_ring_Q_5():
    async with office() as place:
        set_up(place, sales("1002", ring_tone="pulse", alert_info="sales; urgent"))
        boris = place.engine.phone("1002", Behaviour.rings())
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(1)
        assert boris.calls[0].headers["Alert-Info"] == "<http://queue>;ring-tone=pulse;info=sales; urgent"
        anna.hang_up(call)


@in_virtual_time
async def test_phones_of_agents_are_told_of_a_tone_that_was_uploaded_by_its_hash_Q_5():
    async with office() as place:
        place.configuration += [UploadedRingTone(name="anthem"), UploadedRingTone(name="silent one")]
        place.ring_tones["anthem"] = "0a" * 32
        boris = place.engine.phone("1002", Behaviour.rings())
        anna = place.engine.phone("1001")
        for tone, told in (("anthem", f"<http://queue>;ring-tone={'0a' * 32}"), ("silent one", None)):
            set_up(place, sales("1002", ring_tone=tone))
            call = anna.call(SALES)
            await asyncio.sleep(1)
            assert boris.calls[-1].headers.get("Alert-Info") == told
            anna.hang_up(call)
            await asyncio.sleep(1)


@in_virtual_time
async def test_a_caller_who_waits_for_long_costs_no_more_than_one_who_has_just_come_Q_3(monkeypatch):
    """Hundreds of rings leave nothing behind: neither in the call's row nor among what it holds."""
    held = []
    init = flow._Waiting.__init__

    def noting(self, queue, queues, exits, call, resources):
        held.append(resources)
        init(self, queue, queues, exits, call, resources)

    monkeypatch.setattr(flow._Waiting, "__init__", noting)
    async with office() as place:
        set_up(place, sales("1002", "1003", strategy="ring_all", max_wait_s=7200))
        boris, cyril = place.engine.phone("1002"), place.engine.phone("1003", Behaviour.refuses(486, 1.0))
        anna = place.engine.phone("1001")
        call = anna.call(SALES)
        await asyncio.sleep(3600)
        rung = len(boris.calls) + len(cyril.calls)
        assert rung > 400
        (live,) = place.calls._desk.calls()
        assert len(live.call.legs) <= 4
        (resources,) = held
        assert len(resources._legs) < 100
        assert len(resources._dialling) + len(resources._at_work) < 10
        boris.behaviour = cyril.behaviour = Behaviour.answers(1.0)
        await asyncio.sleep(30)
        assert state(place, "1002") is AgentState.TALKING or state(place, "1003") is AgentState.TALKING
        ids = [dialog.id for phone in (boris, cyril) for dialog in phone.calls]
        assert len(ids) == len(set(ids)), "each leg has an id of its own"
        anna.hang_up(call)
        await place.idle()
        lines = sorted(line[2] for one in ("1002", "1003") for line in place.log(one))
        assert lines == ["answered", "busy", "missed"], "each has missed or refused one call, and one has it"
