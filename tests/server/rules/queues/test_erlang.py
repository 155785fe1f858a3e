"""Random callers meet agents: what comes of it is what queueing theory says, whatever the strategy (Q-2)."""

import heapq
import itertools
from datetime import timedelta
from random import Random

import pytest

from server.contract.agents import QueueCall, QueueEnd
from server.contract.queues import QueueOptions, QueueStrategy
from server.rules.queues import Acd
from server.rules.queues.effects import Connect, Effect, Logged, Ring
from tests.server.rules.queues.centre import SALES, queue
from tests.server.rules.queues.erlang import Theory, erlang_a, erlang_c, measured
from tests.virtual_time import EPOCH

HANDLING_S = 180.0


class Day:
    """A discrete-event simulation: Poisson arrivals, exponential handling and patience, agents who answer."""

    def __init__(
        self, agents: int, calls_per_s: float, strategy: QueueStrategy, seed: int, patience_s: float = 0
    ) -> None:
        numbers = [str(1001 + number) for number in range(agents)]
        self.acd = Acd(EPOCH, seed=seed)
        one = queue(*numbers, strategy=strategy, max_wait_s=86_400)
        self.acd.configure([one], QueueOptions(), EPOCH)
        for number in numbers:
            self.acd.reachable(number, EPOCH, is_so=True)
        self.random = Random(seed)
        self.calls_per_s, self.patience_s = calls_per_s, patience_s
        self.log: list[QueueCall] = []
        self._events: list[tuple[float, int, str, str]] = []
        self._order = itertools.count()

    def _at(self, t: float, what: str, call: str) -> None:
        heapq.heappush(self._events, (t, next(self._order), what, call))

    def run(self, calls: int) -> list[QueueCall]:
        """So many calls, in the order in which they came."""
        self._at(0.0, "join", "c0")
        while self._events:
            t, _, what, call = heapq.heappop(self._events)
            now = EPOCH + timedelta(seconds=t)
            if what == "join":
                number = int(call[1:]) + 1
                if number < calls:
                    self._at(t + self.random.expovariate(self.calls_per_s), "join", f"c{number}")
                if self.patience_s:
                    self._at(t + self.random.expovariate(1 / self.patience_s), "give_up", call)
                self._take(self.acd.join(call, SALES, now), t)
            elif what == "end" or call in self.acd.floor.waiting:
                self._take(self.acd.hung_up(call, now), t)
        return sorted(self.log, key=lambda one: one.joined)

    def _take(self, effects: tuple[Effect, ...], t: float) -> None:
        for effect in effects:
            if isinstance(effect, Ring):
                now = EPOCH + timedelta(seconds=t)
                self._take(self.acd.answered(effect.call, effect.extension, now), t)
            elif isinstance(effect, Connect):
                self._at(t + self.random.expovariate(1 / HANDLING_S), "end", effect.call)
            elif isinstance(effect, Logged):
                self.log.append(effect.record)


def agrees(log: list[QueueCall], theory: Theory, precise_to: float) -> None:
    """The theory's values lie in the confidence intervals, which are narrow enough to say something.

    Waits scatter twice as much as whether somebody waits.
    """
    for what, value, values, precision in (
        ("waiting", theory.waiting, [float(one.waited_s > 0) for one in log], precise_to),
        ("wait", theory.mean_wait_s, [one.waited_s for one in log], 2 * precise_to),
        ("abandoned", theory.abandoned, [float(one.end is QueueEnd.ABANDONED) for one in log], precise_to),
    ):
        found = measured(values)
        assert value in found, (what, value, found)
        assert found.half <= precision * value, (what, "is not precise", found)


def first_come_first_served(log: list[QueueCall], agents: int) -> list[float]:
    """What each of these callers would have to wait at least, if agents were a row of equal counters."""
    free_at = [0.0] * agents
    waits = []
    for one in log:
        joined = (one.joined - EPOCH).total_seconds()
        begins = max(joined, heapq.heappop(free_at))
        heapq.heappush(free_at, begins + one.talked_s)
        waits.append(begins - joined)
    return waits


@pytest.mark.parametrize(
    ("agents", "load", "strategy", "calls", "precision"),
    [
        (10, 0.7, QueueStrategy.LEAST_RECENT, 40_000, 0.3),
        (50, 0.85, QueueStrategy.RRMEMORY, 40_000, 0.4),
        (200, 0.9, QueueStrategy.RANDOM, 60_000, 0.85),
    ],
)
def test_waiting_is_as_erlang_c_says_and_nobody_waits_while_an_agent_is_free_Q_2(
    agents, load, strategy, calls, precision
):
    calls_per_s = load * agents / HANDLING_S
    log = Day(agents, calls_per_s, strategy, seed=5).run(calls)
    assert len(log) == calls
    waits = first_come_first_served(log, agents)
    assert [one.waited_s for one in log] == pytest.approx(waits, abs=0.01), "each caller, to the hundredth"
    agrees(log[calls // 20 :], erlang_c(agents, calls_per_s, HANDLING_S), precision)


@pytest.mark.parametrize(
    ("agents", "load", "strategy"),
    [
        (10, 1.2, QueueStrategy.FEWEST_CALLS),
        (50, 1.0, QueueStrategy.LINEAR),
        (200, 1.1, QueueStrategy.LEAST_RECENT),
    ],
)
def test_abandoning_is_as_erlang_a_says_Q_12(agents, load, strategy):
    calls_per_s, patience_s = load * agents / HANDLING_S, 120.0
    log = Day(agents, calls_per_s, strategy, seed=6, patience_s=patience_s).run(20_000)
    agrees(log[1000:], erlang_a(agents, calls_per_s, HANDLING_S, patience_s), precise_to=0.3)
