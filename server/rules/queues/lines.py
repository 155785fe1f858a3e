"""The callers of a queue in their order, and the agents who could be rung for them now."""

import bisect
from dataclasses import dataclass, field
from datetime import datetime

from server.contract.queues import Queue, QueueStrategy
from server.rules.queues.agents import Membership, Offer, Rank
from server.rules.queues.announcements import Schedule
from server.rules.queues.order import RoundRobin


@dataclass(slots=True, eq=False)
class Caller:
    """A call in a queue, from joining it until an agent's part in it is over.

    Attributes:
        number: tells apart who joined in the same moment.
        ready: may be offered: a join announcement that is heard in full is over.
        retry_at: nobody is rung before; None: at once. Until then the caller keeps its turn.
        offers: who is rung now, by extension.
        timed_out: one of those who were rung since the last retry has not answered in time.
        rung: for linear, the rank of the last one rung, by skill level.
        level: the skill level that is rung now.
        missed: who has not answered in time.
        agent, answered_at: who talks to the caller, since when.
        picked_up: that one is no agent of the queue.
    """

    call: str
    queue: str
    joined: datetime
    number: int
    ready: bool = True
    retry_at: datetime | None = None
    offers: dict[str, Offer] = field(default_factory=dict)
    timed_out: bool = False
    rung: dict[int, Rank] = field(default_factory=dict)
    level: int = 0
    missed: list[str] = field(default_factory=list)
    schedule: Schedule = field(default_factory=Schedule)
    agent: str | None = None
    answered_at: datetime | None = None
    picked_up: bool = False


def turn(caller: Caller) -> tuple[datetime, int]:
    """Who joined first is first."""
    return caller.joined, caller.number


@dataclass(slots=True, eq=False)
class WaitingLine:
    """A queue at work.

    Attributes:
        callers: all who wait, the oldest first. waiting: those of them for whom nobody is rung.
        members: by extension. free: those who can be rung now.
        average_wait_s: see `server.rules.queues.announcements.average_wait`.
    """

    queue: Queue
    callers: list[Caller] = field(default_factory=list)
    waiting: list[Caller] = field(default_factory=list)
    members: dict[str, Membership] = field(default_factory=dict)
    free: dict[str, Membership] = field(default_factory=dict)
    round_robin: RoundRobin = field(default_factory=RoundRobin)
    average_wait_s: float | None = None

    @property
    def in_turn(self) -> list[Caller]:
        """For whom somebody might be rung, the oldest first: with ring all also those who ring already."""
        return self.callers if self.queue.strategy is QueueStrategy.RING_ALL else self.waiting

    def enter(self, caller: Caller) -> None:
        """The caller joins."""
        bisect.insort(self.callers, caller, key=turn)
        bisect.insort(self.waiting, caller, key=turn)

    def rings(self, caller: Caller) -> None:
        """Somebody is rung for the caller now."""
        _remove(self.waiting, caller)

    def rings_no_more(self, caller: Caller) -> None:
        """Nobody is rung for the caller any more: back, to the old place."""
        bisect.insort(self.waiting, caller, key=turn)

    def leave(self, caller: Caller) -> None:
        """The caller waits no more."""
        _remove(self.callers, caller)
        _remove(self.waiting, caller)

    def position(self, caller: Caller) -> int:
        """The caller's place, from 1."""
        return bisect.bisect_left(self.callers, turn(caller), key=turn) + 1


def _remove(callers: list[Caller], caller: Caller) -> None:
    index = bisect.bisect_left(callers, turn(caller), key=turn)
    if index < len(callers) and callers[index] is caller:
        del callers[index]
