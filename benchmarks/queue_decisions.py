"""`python -m benchmarks.queue_decisions`: how many callers a second the queues give to agents, by rules only.

*busy*: every agent talks and callers wait; a call ends, the agent is rung for the oldest caller, answers, and
another caller joins. *idle*: every agent is free; a caller joins, one agent is chosen among all, answers, and
hangs up. One decision is all that: four events, or three. `spread` has the same agents in ten queues.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from benchmarks.report import Result
from server.contract.queues import Queue, QueueAgent, QueueOptions, QueueStrategy
from server.rules.queues import Acd
from server.rules.queues.effects import Effect, Ring

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
AGENTS, WAITING = 500, 2000
SECONDS = 0.7
_AIM = 1000.0
"""Callers a second that get their agent: far more than calls a second that anything here could carry."""
SPREAD = 10


class Centre:
    """A centre with so many agents and waiting callers; each step is one decision."""

    def __init__(self, strategy: QueueStrategy, agents: int, waiting: int, queues: int = 1) -> None:
        members = tuple(QueueAgent(extension=str(10_000 + number)) for number in range(agents))
        numbers = [str(6400 + number) for number in range(queues)]
        lines = [
            Queue(number=number, static_agents=members, strategy=strategy, max_wait_s=86_400)
            for number in numbers
        ]
        self.acd, self.now, self.random = Acd(BEGIN, seed=1), BEGIN, Random(1)
        self.acd.configure(lines, QueueOptions(), BEGIN)
        for agent in members:
            self.acd.reachable(agent.extension, BEGIN, is_so=True)
        self.talking: list[str] = []
        self._numbers = numbers
        self._calls = 0
        if waiting:
            for _ in range(agents + waiting):
                self.join()

    def join(self) -> str:
        """A caller joins; whoever is rung answers."""
        self._calls += 1
        self.now += timedelta(milliseconds=10)
        call = f"c{self._calls}"
        self._answer(self.acd.join(call, self._numbers[self._calls % len(self._numbers)], self.now))
        return call

    def _answer(self, effects: tuple[Effect, ...]) -> None:
        ring = next((effect for effect in effects if isinstance(effect, Ring)), None)
        if ring is not None:
            self.acd.answered(ring.call, ring.extension, self.now)
            self.talking.append(ring.call)

    def busy(self) -> None:
        """A call ends, the next one is answered, another one joins."""
        index = self.random.randrange(len(self.talking))
        self.talking[index], self.talking[-1] = self.talking[-1], self.talking[index]
        self._answer(self.acd.hung_up(self.talking.pop(), self.now))
        self.join()

    def idle(self) -> None:
        """A caller joins, is answered, and hangs up."""
        self.acd.hung_up(self.join(), self.now)
        self.talking.clear()


def per_second(step: Callable[[], None], seconds: float) -> float:
    """How often a second it can be done."""
    begin, done = time.perf_counter(), 0
    while (spent := time.perf_counter() - begin) < seconds:
        step()
        done += 1
    return done / spent


def rows(seconds: float) -> Iterator[tuple[str, str, int, int, float]]:
    """What was measured: strategy, kind, agents, waiting callers, decisions a second."""
    for strategy in QueueStrategy:
        busy, idle = Centre(strategy, AGENTS, WAITING), Centre(strategy, AGENTS, 0)
        yield strategy, "busy", AGENTS, WAITING, per_second(busy.busy, seconds)
        yield strategy, "idle", AGENTS, 0, per_second(idle.idle, seconds)
    spread = Centre(QueueStrategy.RRMEMORY, AGENTS, WAITING, SPREAD)
    yield QueueStrategy.RRMEMORY, "busy, spread", AGENTS, WAITING, per_second(spread.busy, seconds)
    for part in (8, 4, 2):
        centre = Centre(QueueStrategy.RRMEMORY, AGENTS // part, WAITING)
        yield QueueStrategy.RRMEMORY, "busy", AGENTS // part, WAITING, per_second(centre.busy, seconds)
        centre = Centre(QueueStrategy.RRMEMORY, AGENTS // part, 0)
        yield QueueStrategy.RRMEMORY, "idle", AGENTS // part, 0, per_second(centre.idle, seconds)
    for waiting in (WAITING // 8, WAITING // 4, WAITING // 2, WAITING * 4):
        centre = Centre(QueueStrategy.RRMEMORY, AGENTS, waiting)
        yield QueueStrategy.RRMEMORY, "busy", AGENTS, waiting, per_second(centre.busy, seconds)


def run(seconds: float = SECONDS) -> list[Result]:
    """How many decisions a second, and how that grows with agents and with callers."""
    wanted: dict[tuple[str, str, int, int], float | None] = {
        (QueueStrategy.RRMEMORY, "busy", AGENTS, WAITING): _AIM,
        (QueueStrategy.RRMEMORY, "busy", AGENTS // 8, WAITING): None,
        (QueueStrategy.RRMEMORY, "busy", AGENTS, WAITING * 4): None,
        (QueueStrategy.RRMEMORY, "idle", AGENTS, 0): None,
        (QueueStrategy.RRMEMORY, "idle", AGENTS // 8, 0): None,
    }
    results = []
    for strategy, kind, agents, waiting, rate in rows(seconds):
        if (strategy, kind, agents, waiting) in wanted:
            what = f"decisions a second, {agents} {kind} agents, {waiting} callers wait"
            aim = wanted.pop((strategy, kind, agents, waiting))
            results.append(Result(what, rate, None, "", aim, more_is_better=True))
    return results


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.queue_decisions", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for each line")
    seconds = parser.parse_args().seconds
    print(f"{'strategy':14}{'kind':14}{'agents':>8}{'waiting':>9}{'decisions/s':>13}{'µs each':>9}")
    for strategy, kind, agents, waiting, rate in rows(seconds):
        print(f"{strategy:14}{kind:14}{agents:8}{waiting:9}{rate:13.0f}{1e6 / rate:9.0f}")


if __name__ == "__main__":
    main()
