"""Which caller gets which agent: n agents who can be rung serve the n callers whose turn it is.

The turn, over all queues: the heavier queue first; among equally heavy ones who has waited longest. For each
caller in turn the queue's strategy chooses among those whom nobody before has taken (`order`). So an agent
of several queues is rung for the one who has waited longest, unless a heavier queue has somebody waiting for
whom there is nobody else.

A caller whose retry interval is not over keeps its turn: later ones get an agent only if one is left for it.
With ring all a caller gets all; agents who become free while it rings are rung for it, too, unless they are
less skilled than those who are being rung.
"""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random

from server.rules.queues.agents import Agent, Membership
from server.rules.queues.lines import Caller, WaitingLine
from server.rules.queues.order import next_to_ring


@dataclass(frozen=True, slots=True)
class Match:
    """Who is to be rung for a caller now."""

    caller: Caller
    members: tuple[Membership, ...]


def next_match(lines: Mapping[str, WaitingLine], agents: Mapping[str, Agent], random: Random) -> Match | None:
    """The first caller in turn for whom somebody can be rung; None if there is none.

    It changes nothing: ring them, then ask again.
    """
    claims = _Claims(lines, agents)
    turns = _Turns(lines)
    for caller, line in turns:
        if caller.retry_at is not None:
            claims.add(line)
            continue
        if not caller.ready:
            continue
        candidates = [
            member for member in line.free.values() if not caller.offers or member.level <= caller.level
        ]
        members = next_to_ring(
            line.queue.strategy,
            claims.unclaimed(candidates),
            round_robin=line.round_robin,
            rung_for_caller=caller.rung,
            random=random,
        )
        if members:
            return Match(caller, tuple(claims.not_too_many(members)))
        if not caller.offers:
            turns.no_more_of(line)
    return None


class _Claims:
    """How many agents of each queue must be left for callers who keep their turn."""

    def __init__(self, lines: Mapping[str, WaitingLine], agents: Mapping[str, Agent]) -> None:
        self._lines = lines
        self._agents = agents
        self._claims: dict[str, int] = {}

    def add(self, line: WaitingLine) -> None:
        self._claims[line.queue.number] = self._claims.get(line.queue.number, 0) + 1

    def unclaimed(self, members: list[Membership]) -> list[Membership]:
        """Those who can be taken, one of them, with enough left."""
        if not self._claims:
            return members
        return [member for member in members if self._may_go(member, {})]

    def not_too_many(self, members: list[Membership]) -> list[Membership]:
        """As many of these as can be taken together, the first at least."""
        if not self._claims or len(members) == 1:
            return members
        taken: dict[str, int] = {}
        together = []
        for member in members:
            if self._may_go(member, taken):
                together.append(member)
                for queue in self._agents[member.extension].memberships:
                    taken[queue] = taken.get(queue, 0) + 1
        return together

    def _may_go(self, member: Membership, taken: Mapping[str, int]) -> bool:
        for queue in self._agents[member.extension].memberships:
            claimed = self._claims.get(queue, 0)
            free = self._lines[queue].free
            if claimed and member.extension in free and len(free) - taken.get(queue, 0) <= claimed:
                return False
        return True


_Turn = tuple[tuple[int, datetime, int, str], int]
"""Weight, moment and number of the caller, the queue; and the place in its line."""


class _Turns:
    """The callers of all queues in turn, of those queues where somebody can be rung."""

    def __init__(self, lines: Mapping[str, WaitingLine]) -> None:
        self._lines = lines
        self._heap: list[_Turn] = []
        self._dry: set[str] = set()
        for line in lines.values():
            if line.free and line.in_turn:
                self._push(line, 0)

    def _push(self, line: WaitingLine, index: int) -> None:
        if index < len(line.in_turn):
            caller = line.in_turn[index]
            key = (-line.queue.weight, caller.joined, caller.number, line.queue.number)
            heapq.heappush(self._heap, (key, index))

    def no_more_of(self, line: WaitingLine) -> None:
        """Nobody can be rung for this caller, so for no later one of this queue."""
        self._dry.add(line.queue.number)

    def __iter__(self) -> Iterator[tuple[Caller, WaitingLine]]:
        while self._heap:
            (_, _, _, number), index = heapq.heappop(self._heap)
            line = self._lines[number]
            yield line.in_turn[index], line
            if number not in self._dry:
                self._push(line, index + 1)
