"""What must outlive the server, and how the queues go on after it (Q-11: no state may stick).

Nobody is rung any more after a restart: those callers wait on, at their old place. Calls that are over by now
are logged as of now. Times go on: a wrap-up ends, and a caller fails over, when it would have. Missed calls
are counted anew (Q-4). Nobody is reachable or busy until told so. Until `Acd.go_on` it is not known whether
callers still wait: an agent may have answered in the moment in which the server died.
"""

import itertools
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from server.contract.agents import AgentState, PauseReason, QueueEnd
from server.contract.base import ExtensionNumber, Instant, Reply
from server.contract.destinations import Destination, DestinationKind
from server.contract.queues import Queue, QueueOptions
from server.rules.queues.acd import Acd, Effects
from server.rules.queues.agents import Membership, Rank
from server.rules.queues.effects import FailOver
from server.rules.queues.floor import Due, Floor
from server.rules.queues.lines import Caller, WaitingLine
from server.rules.queues.order import Remembered


class StoredMember(Reply):
    """A membership; see `agents.Membership`."""

    queue: ExtensionNumber
    extension: ExtensionNumber
    dynamic: bool
    rank: Rank | None
    state: AgentState | None
    since: Instant
    told_reason: PauseReason | None
    reason: PauseReason | None
    completed: int
    let_go: Instant | None
    wrap_until: Instant | None
    last: bool


class StoredCaller(Reply):
    """A call that waits, or that an agent has answered; see `lines.Caller`."""

    call: str
    queue: ExtensionNumber
    joined: Instant
    number: int
    missed: tuple[ExtensionNumber, ...]
    agent: ExtensionNumber | None
    answered_at: Instant | None
    picked_up: bool = False


class StoredTurn(Reply):
    """Whom rrmemory has rung last, of a skill level and a kind of agents."""

    level: int
    extension: ExtensionNumber
    rank: Rank


class StoredLine(Reply):
    """A queue."""

    queue: ExtensionNumber
    average_wait_s: float | None
    turns: tuple[StoredTurn, ...]


class StoredAcd(Reply):
    """All of it."""

    members: tuple[StoredMember, ...] = ()
    callers: tuple[StoredCaller, ...] = ()
    lines: tuple[StoredLine, ...] = ()


def stored(acd: Acd) -> StoredAcd:
    """What is so now."""
    floor = acd.floor
    return StoredAcd(
        members=tuple(
            stored_member(member) for line in floor.lines.values() for member in line.members.values()
        ),
        callers=tuple(stored_caller(caller) for caller in (*floor.waiting.values(), *floor.talking.values())),
        lines=tuple(stored_line(line) for line in floor.lines.values()),
    )


def stored_member(member: Membership) -> StoredMember:
    """One agent in one queue."""
    return StoredMember.model_validate(member, from_attributes=True)


def stored_caller(caller: Caller) -> StoredCaller:
    """One call, waiting or answered."""
    return StoredCaller.model_validate(caller, from_attributes=True)


def stored_line(line: WaitingLine) -> StoredLine:
    """One queue."""
    turns = line.round_robin.last.items()
    return StoredLine(
        queue=line.queue.number,
        average_wait_s=line.average_wait_s,
        turns=tuple(
            StoredTurn(level=level, extension=last.extension, rank=last.rank) for (level, _), last in turns
        ),
    )


def restored(
    state: StoredAcd,
    queues: Iterable[Queue],
    options: QueueOptions,
    *,
    alive: Collection[str],
    now: datetime,
    seed: int = 0,
) -> tuple[Acd, Effects]:
    """The queues as they go on, and what has come of the time between.

    `alive`: the calls that there still are. What was stored of members that are no more is left out; callers
    of a queue that is no more are sent away.
    """
    acd = Acd(now, seed=seed)
    acd.prepare(queues, options)
    floor = acd.floor
    for line in state.lines:
        if line.queue in floor.lines:
            known = floor.lines[line.queue]
            known.average_wait_s = line.average_wait_s
            for turn in line.turns:
                known.round_robin.last[turn.level, turn.rank[0]] = Remembered(turn.extension, turn.rank)
    _restore_members(floor, state.members)
    for at_work in floor.lines.values():
        at_work.round_robin.moved(at_work.members)
    for caller in state.callers:
        _restore_caller(acd, caller, alive=caller.call in alive)
    floor.callers = itertools.count(max((caller.number for caller in state.callers), default=0) + 1)
    return acd, acd.advance(now)


def _restore_members(floor: Floor, members: Sequence[StoredMember]) -> None:
    new = {(one.queue, one.extension): one for line in floor.lines.values() for one in line.members.values()}
    log_ins = max((one.rank[1] for one in members if one.rank is not None and one.dynamic), default=0)
    floor.log_ins = itertools.count(log_ins + 1)
    for was in members:
        key = was.queue, was.extension
        if key not in new or new[key].dynamic is not was.dynamic:
            continue
        member = new.pop(key)
        if was.dynamic:
            member.rank = was.rank
        member.state, member.since, member.reason = was.state, was.since, was.reason
        member.told_reason = was.told_reason
        member.completed, member.let_go, member.last = was.completed, was.let_go, was.last
        if was.wrap_until is not None:
            member.wrap_until = was.wrap_until
            floor.timers.set((Due.WRAP_UP, was.extension, was.queue), was.wrap_until)
    for member in new.values():
        if member.dynamic and member.rank is not None:
            member.rank = (1, next(floor.log_ins))


def _restore_caller(acd: Acd, was: StoredCaller, *, alive: bool) -> None:
    floor = acd.floor
    caller = Caller(
        was.call,
        was.queue,
        was.joined,
        was.number,
        missed=list(was.missed),
        agent=was.agent,
        answered_at=was.answered_at,
        picked_up=was.picked_up,
    )
    if was.agent is not None:
        floor.talking[was.call] = caller
        floor.agent(was.agent).talks[was.call] = was.queue
        floor.touch(was.agent)
        if not alive:
            floor.end_talk(caller)
        return
    line = floor.lines.get(was.queue)
    if line is None:
        floor.log(caller, QueueEnd.FAILED_OVER if alive else QueueEnd.ABANDONED, left=floor.now)
        if alive:
            nowhere = Destination(kind=DestinationKind.HANG_UP)
            floor.effects.append(FailOver(was.call, was.queue, nowhere))
        return
    floor.keep_place(caller)
    if not alive:
        floor.leave(caller, QueueEnd.ABANDONED)
