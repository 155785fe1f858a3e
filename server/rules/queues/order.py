"""Whom a queue rings next, of the agents who could be rung (Q-2).

Only agents of the best skill level among them count. Among these:

| strategy | who rings |
|---|---|
| ring all | all |
| least recent | whom the queue let go of longest ago: at a call's end, or when a ringing was not answered |
| fewest calls | who has completed the fewest calls of this queue; among equals the least recent one |
| random | anybody, each as likely |
| rrmemory | the next after the one rung last; dynamic agents only if no static one can be rung |
| linear | the next after the one rung last *for this caller*, from the first on |

The order of members is: static agents by their list, then dynamic ones by when they logged in. It also
decides every tie. What rrmemory and linear remember, they remember for each skill level, rrmemory also for
static and dynamic agents separately.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from server.contract.queues import QueueStrategy
from server.rules.queues.agents import Membership, Rank

_NEVER = datetime.min.replace(tzinfo=UTC)
_STATIC = 0


@dataclass(slots=True)
class Remembered:
    """Who was rung last; where that member stood is kept, so that it may leave."""

    extension: str
    rank: Rank


@dataclass(slots=True)
class RoundRobin:
    """What rrmemory remembers of a queue: the last one rung, by skill level and kind of agent."""

    last: dict[tuple[int, int], Remembered] = field(default_factory=dict)

    def rung(self, member: Membership) -> None:
        """This one is rung, answered or not."""
        rank = rank_of(member)
        self.last[member.level, rank[0]] = Remembered(member.extension, rank)

    def moved(self, members: Mapping[str, Membership]) -> None:
        """Members have changed places: go on after the same one, wherever it is now."""
        for remembered in self.last.values():
            member = members.get(remembered.extension)
            if member is not None and member.rank is not None and member.rank[0] == remembered.rank[0]:
                remembered.rank = member.rank


def rank_of(member: Membership) -> Rank:
    """The place of a member who is in the queue."""
    if member.rank is None:
        raise ValueError(f"{member.extension} is not logged in to {member.queue}")
    return member.rank


def next_to_ring(
    strategy: QueueStrategy,
    candidates: Iterable[Membership],
    *,
    round_robin: RoundRobin,
    rung_for_caller: Mapping[int, Rank],
    random: Random,
) -> list[Membership]:
    """Who is rung now, of members who can be rung; none if there is none, several only for ring all.

    `rung_for_caller`: the rank of the last one rung for this caller, by skill level.
    """
    able = list(candidates)
    if not able:
        return []
    best = min(member.level for member in able)
    equals = [member for member in able if member.level == best]
    if strategy is QueueStrategy.RING_ALL:
        return sorted(equals, key=rank_of)
    if strategy is QueueStrategy.RANDOM:
        return [random.choice(sorted(equals, key=rank_of))]
    if strategy is QueueStrategy.LINEAR:
        return [_after(rung_for_caller.get(best), equals)]
    if strategy is QueueStrategy.RRMEMORY:
        equals = [member for member in equals if rank_of(member)[0] == _STATIC] or equals
        last = round_robin.last.get((best, rank_of(equals[0])[0]))
        return [_after(last.rank if last else None, equals)]
    return [min(equals, key=_fewest if strategy is QueueStrategy.FEWEST_CALLS else _least_recent)]


def _least_recent(member: Membership) -> tuple[datetime, Rank]:
    return member.let_go or _NEVER, rank_of(member)


def _fewest(member: Membership) -> tuple[int, datetime, Rank]:
    return member.completed, *_least_recent(member)


def _after(last: Rank | None, members: list[Membership]) -> Membership:
    """The first member after `last`, from the beginning again when there is none."""
    if last is None:
        return min(members, key=rank_of)
    return min(members, key=lambda member: (rank_of(member) <= last, rank_of(member)))
