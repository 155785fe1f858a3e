"""How a call of a queue is shown: icon, colour, and everything about it in words."""

from linkus_desktop.pbx.queue_log import QueueLogModel
from linkus_desktop.pbx.queue_log_lines import END_TEXTS, RESULT_TEXTS, has_result
from linkus_desktop.ui.texts import absolute, duration
from linkus_desktop.ui.tokens import Tokens
from server.contract.agents import CallResult, QueueEnd, QueueLogEntry

ICONS = {
    QueueEnd.ANSWERED: "incoming",
    QueueEnd.PICKED_UP: "incoming",
    QueueEnd.ABANDONED: "missed",
    QueueEnd.FAILED_OVER: "clock",
    QueueEnd.LEFT: "transfer",
}
"""The icon of each end of the waiting."""
RESULT_ICONS = {
    CallResult.NOT_DEALT: "warning",
    CallResult.DEALING: "edit",
    CallResult.DEALT: "check",
}
"""The icon of each processing result."""


def end_colour(entry: QueueLogEntry, t: Tokens) -> str:
    """Colour of the icon."""
    return t.lamp_idle if entry.agent is not None else t.lamp_talking


def result_colour(entry: QueueLogEntry, t: Tokens) -> str:
    """Colour of the processing result's icon."""
    return {
        CallResult.NOT_DEALT: t.lamp_ringing,
        CallResult.DEALING: t.lamp_trip,
        CallResult.DEALT: t.lamp_idle,
    }[entry.result]


def operation(log: QueueLogModel, entry: QueueLogEntry) -> str:
    """Who has dealt with a call so far, and when; whether that was by itself."""
    if entry.result_at is None:
        return RESULT_TEXTS[entry.result] if has_result(entry) else "Answered: nobody has to deal with it"
    lines = [
        RESULT_TEXTS[entry.result],
        f"Operator: {person(log, entry.result_by)}",
        f"Time of operation: {absolute(entry.result_at)}",
    ]
    if entry.automatic:
        lines.append("Automatic: another call of this caller was dealt with")
    return "\n".join(lines)


def person(log: QueueLogModel, number: str) -> str:
    """Name and number of a colleague."""
    name = log.agent_name(number)
    return f"{name} ({number})" if name != number else number


def rang_at(log: QueueLogModel, entry: QueueLogEntry) -> str:
    """Who was rung in vain, in order; "" if nobody was."""
    agents = dict.fromkeys(entry.missed)
    times = {agent: entry.missed.count(agent) for agent in agents}
    return ", ".join(
        person(log, agent) + (f", {times[agent]} times" if times[agent] > 1 else "") for agent in agents
    )


def spoken(log: QueueLogModel, entry: QueueLogEntry) -> str:
    """What a screen reader says of a call."""
    who = entry.name or entry.number or "Unknown caller"
    number = f", {entry.number}" if entry.number and entry.number != who else ""
    agent = f" by {log.agent_name(entry.agent)}" if entry.agent else ""
    talked = f", talked {duration(entry.talked_s)}" if entry.agent else ""
    result = log.result_text(entry)
    return (
        f"{END_TEXTS[entry.end]}{agent}, {who}{number}, queue {log.queue_name(entry.queue)}, "
        f"{absolute(entry.joined)}, waited {duration(entry.waited_s)}{talked}"
        + (f", {result}" if result else "")
    )
