"""What of the queues an event has touched: rows to be written, and queues that look different."""

from collections.abc import Iterable

from server.rules.queues.acd import Effects
from server.rules.queues.effects import queue_of
from server.rules.queues.floor import Floor
from server.rules.queues.stored import stored_caller, stored_line, stored_member
from server.services.queue_store import CALLER, LINE, MEMBER, Changes


def note_rows(
    changes: Changes,
    floor: Floor,
    *,
    calls: Iterable[str] = (),
    extensions: Iterable[str] = (),
    queues: Iterable[str] = (),
    everybody: bool = False,
) -> None:
    """Have these calls, agents and queues written as they are now; `everybody`: all agents and queues."""
    for call in calls:
        caller = floor.caller(call)
        changes.rows[CALLER, call] = stored_caller(caller) if caller is not None else None
    for extension in floor.agents if everybody else extensions:
        agent = floor.agents.get(extension)
        for member in agent.memberships.values() if agent is not None else ():
            changes.rows[MEMBER, f"{member.queue}/{extension}"] = stored_member(member)
    for number in floor.lines if everybody else queues:
        line = floor.lines.get(number)
        changes.rows[LINE, number] = stored_line(line) if line is not None else None


def about(floor: Floor, effects: Effects, calls: Iterable[str]) -> set[str]:
    """The queues that these effects, or what has happened to these calls, have made different."""
    there = (floor.waiting.get(call) or floor.talking.get(call) for call in calls)
    return {caller.queue for caller in there if caller is not None} | {queue_of(effect) for effect in effects}
