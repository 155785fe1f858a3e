"""Q-2: our order is that of Asterisk's own queues wherever both define one.

The same calls, with the same answers and refusals, go through both. Where the reference defines another
order, ours is the reference's; those cases stand here, too, each with its reason:

* least recent: the reference speaks of who was *called*, app_queue looks at completed calls only. So ours
  goes on after a ring that was ignored or refused; app_queue rings the same agent again and again.
* rrmemory with skill levels: the reference remembers the last one *among agents of equal skill level*,
  app_queue one place for all levels.

Random has no order: what is compared is how often each agent is rung (chi-square of both, two degrees of
freedom). Not compared: ties (undefined in app_queue; ours go by the order of members), static and dynamic
members mixed (app_queue knows no difference), how long an agent rings after another has refused
(ours: the whole time-out; app_queue: what the other one has left of it).
"""

import asyncio
from collections import Counter
from dataclasses import dataclass

import pytest

from server.contract.queues import QueueStrategy
from server.switch.asterisk.installation import find
from tests.server.rules.queues.app_queue import AppQueue, AppQueues
from tests.server.rules.queues.centre import SALES, Centre, queue

A, B, C, D = "1001", "1002", "1003", "1004"
ANSWER, REFUSE, IGNORE = "answer", "refuse", "ignore"
ABC = {A: 1, B: 1, C: 1}


@dataclass(frozen=True)
class Call:
    """A call, and what the agents who are rung do one after the other; the last one answers."""

    does: tuple[str, ...]
    only: str | None = None
    """Everybody else pauses for it."""


def calls(*scripts, only=None):
    return [Call(tuple(script.split()), only) for script in scripts]


@dataclass(frozen=True)
class Case:
    """What is replayed: `theirs` is the strategy's name in Asterisk; `differs` who is rung there instead."""

    ours: QueueStrategy
    theirs: str
    agents: dict[str, int]
    calls: list[Call]
    order: list[list[str]]
    differs: list[list[str]] | None = None


def warmed_up(*numbers):
    """Each of these has one call, in this order."""
    return [Call((ANSWER,), number) for number in numbers]


CASES = {
    "ring all, then the next level": Case(
        QueueStrategy.RING_ALL,
        "ringall",
        {A: 1, B: 1, C: 2},
        calls("refuse refuse answer"),
        [[A, B, C]],
    ),
    "linear": Case(
        QueueStrategy.LINEAR,
        "linear",
        ABC,
        calls("answer", "ignore answer", "refuse refuse answer", "ignore ignore ignore answer", "answer"),
        [[A], [A, B], [A, B, C], [A, B, C, A], [A]],
    ),
    "rrmemory": Case(
        QueueStrategy.RRMEMORY,
        "rrordered",
        ABC,
        calls("answer", "ignore answer", "refuse answer", "answer", "ignore ignore answer"),
        [[A], [B, C], [A, B], [C], [A, B, C]],
    ),
    "least recent": Case(
        QueueStrategy.LEAST_RECENT,
        "leastrecent",
        ABC,
        [*warmed_up(B, C, A), *calls("answer", "answer", "answer", "answer")],
        [[B], [C], [A], [B], [C], [A], [B]],
    ),
    "fewest calls": Case(
        QueueStrategy.FEWEST_CALLS,
        "fewestcalls",
        ABC,
        [*warmed_up(B, B, C, C, C, C), *calls("answer", "ignore refuse answer", "answer")],
        [[B], [B], [C], [C], [C], [C], [A], [A, A, B], [A]],
    ),
    "a worse level is not rung while a better one ignores": Case(
        QueueStrategy.LINEAR,
        "linear",
        {A: 2, B: 1, C: 1},
        calls("ignore ignore ignore answer", "refuse refuse answer"),
        [[B, C, B, C], [B, C, A]],
    ),
    "least recent, not answered": Case(
        QueueStrategy.LEAST_RECENT,
        "leastrecent",
        ABC,
        [*warmed_up(A, B, C), *calls("ignore answer", "refuse answer")],
        [[A], [B], [C], [A, B], [C, A]],
        differs=[[A], [B], [C], [A, A], [B, C]],
    ),
    "rrmemory by levels": Case(
        QueueStrategy.RRMEMORY,
        "rrordered",
        {A: 1, B: 2, C: 1, D: 2},
        calls("refuse refuse answer", "refuse refuse answer", "answer", "refuse refuse answer"),
        [[A, C, B], [A, C, D], [A], [C, A, B]],
        differs=[[A, C, B], [A, C, D], [C], [A, C, B]],
    ),
}


def ours(case):
    """Who is rung by our rules."""
    levels = {f"a{agent}": level for agent, level in case.agents.items()}
    centre = Centre(queue(*case.agents, levels=levels, strategy=case.ours, agent_timeout_s=5, retry_s=1))
    order = []
    for number, call in enumerate(case.calls):
        for agent in case.agents:
            centre.do("resume", agent, [SALES])
            if call.only not in (None, agent):
                centre.do("pause", agent, [SALES], "")
        rung_before = acted = len(centre.rung())
        centre.do("join", f"c{number}", SALES)
        for what in call.does:
            while len(centre.rung()) == acted:
                centre.wait((centre.acd.next_due() - centre.now).total_seconds())
            agent = centre.rung()[acted]
            acted += 1
            if what != IGNORE:
                centre.do("answered" if what == ANSWER else "refused", f"c{number}", agent)
        centre.wait(1)
        centre.do("hung_up", f"c{number}")
        centre.wait(2)
        order.append(centre.rung()[rung_before:])
    return order


async def theirs(asterisk, digit, case):
    """Who is rung by app_queue."""
    rung, paused = [], set()
    for call in case.calls:
        away = {agent for agent in case.agents if call.only not in (None, agent)}
        for agent in away ^ paused:
            await asterisk.pause(digit, agent, on=agent in away)
        paused = away
        rung.append(await asterisk.call(digit))
    return rung


@pytest.mark.parametrize("name", CASES)
def test_the_order_is_the_one_of_the_reference_Q_2(name):
    assert ours(CASES[name]) == CASES[name].order


@pytest.mark.real
async def test_asterisk_rings_in_the_same_order_but_for_what_is_listed_Q_2(tmp_path):
    installation = find()
    assert installation is not None, "run `make setup` first"
    assert (installation.modules / "app_queue.so").exists(), "this Asterisk was built without its own queues"
    digits = dict(zip("123456789", CASES.values(), strict=False))
    queues = {
        digit: AppQueue(case.theirs, case.agents, [what for call in case.calls for what in call.does])
        for digit, case in digits.items()
    }
    queues[RANDOM] = AppQueue("random", ABC, [ANSWER] * CALLS)
    async with AppQueues(installation, tmp_path, queues) as asterisk, asyncio.TaskGroup() as group:
        rung = {digit: group.create_task(theirs(asterisk, digit, case)) for digit, case in digits.items()}
        by_chance = group.create_task(asterisk.many_calls(RANDOM, CALLS))
    for digit, (name, case) in zip(digits, CASES.items(), strict=True):
        found = rung[digit].result()
        if case.ours is QueueStrategy.RING_ALL:
            # Where its look at the queue falls between two refusals it rings the same level once more.
            found = [sorted(set(agents)) for agents in found]
        assert found == (case.differs or case.order), name
    assert chi_square(by_chance.result(), our_lots()) < NEVER
    assert unevenness(by_chance.result()) < NEVER


RANDOM, CALLS = "9", 300
NEVER = 27.6
"""Chance alone has a chi-square above this once in a million times (two degrees of freedom)."""


def our_lots(seed=1):
    """How often each agent is rung by our random order."""
    centre = Centre(queue(*ABC, strategy=QueueStrategy.RANDOM), seed=seed)
    return Counter(centre.serve(*(f"c{number}" for number in range(CALLS))))


def chi_square(*samples):
    """By how much these differ in how often each agent was rung (a test of homogeneity)."""
    totals = [sum(sample.values()) for sample in samples]
    whole, found = sum(totals), 0.0
    for agent in ABC:
        share = sum(sample[agent] for sample in samples) / whole
        found += sum(
            (sample[agent] - total * share) ** 2 / (total * share)
            for sample, total in zip(samples, totals, strict=True)
        )
    return found


def unevenness(lots):
    """By how much this differs from everybody having the same (a test of fit)."""
    share = CALLS / len(ABC)
    return sum((lots[agent] - share) ** 2 / share for agent in ABC)


@pytest.mark.parametrize("seed", range(5))
def test_everybody_is_rung_as_often_by_random_Q_2(seed):
    assert unevenness(our_lots(seed)) < NEVER


def test_an_order_that_is_not_random_would_be_seen_Q_2():
    for unfair in ({A: 1.0}, {A: 0.5, B: 0.25, C: 0.25}):
        lots = Counter({agent: round(CALLS * share) for agent, share in unfair.items()})
        assert unevenness(lots) > NEVER
    assert chi_square(Counter({A: CALLS}), our_lots()) > NEVER
