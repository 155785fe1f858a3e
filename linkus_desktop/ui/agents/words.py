"""What an agent is in queues, by lamp and word (Q-11)."""

from datetime import datetime

from linkus_desktop.pbx.agents import Summary
from linkus_desktop.ui.lamps import Lamp
from linkus_desktop.ui.texts import absolute, duration
from server.contract.agents import AUTO_PAUSED, AgentState, AgentStatus

LAMPS = {
    AgentState.TALKING: Lamp.TALKING,
    AgentState.RINGING: Lamp.RINGING,
    AgentState.LOGGED_OUT: Lamp.OFF,
    AgentState.PAUSED: Lamp.PAUSED,
    AgentState.UNREACHABLE: Lamp.UNREGISTERED,
    AgentState.BUSY_ELSEWHERE: Lamp.BUSY_ELSEWHERE,
    AgentState.WRAP_UP: Lamp.WRAP_UP,
    AgentState.AVAILABLE: Lamp.IDLE,
}
WORDS = {
    AgentState.TALKING: "In a call",
    AgentState.RINGING: "Ringing",
    AgentState.LOGGED_OUT: "Logged out",
    AgentState.PAUSED: "Paused",
    AgentState.UNREACHABLE: "Not reachable",
    AgentState.BUSY_ELSEWHERE: "Busy elsewhere",
    AgentState.WRAP_UP: "Wrap-up",
    AgentState.AVAILABLE: "Available",
}


def lamp_of_agent(state: AgentState | None) -> Lamp:
    """The lamp of a state; None: not known."""
    return LAMPS[state] if state is not None else Lamp.UNKNOWN


def agent_words(state: AgentState | None, reason: str = "") -> str:
    """A state in words, a pause with its reason."""
    if state is None:
        return Lamp.UNKNOWN.word
    return paused_words(reason) if state is AgentState.PAUSED else WORDS[state]


def paused_words(reason: str) -> str:
    """A pause with its reason, if one was given; the server's own one in words (Q-4)."""
    said = "calls missed" if reason == AUTO_PAUSED else reason
    return ": ".join(filter(None, (WORDS[AgentState.PAUSED], said)))


def in_queue(one: AgentStatus | None, *, known: bool) -> tuple[Lamp, str]:
    """Lamp and words of one queue; None, or not `known`: unknown (KEY-5)."""
    state = one.state if one is not None and known else None
    return lamp_of_agent(state), agent_words(state, one.reason if one is not None else "")


def what_follows(one: AgentStatus) -> str:
    """What holds once a call is over, where that is not what the state says; else ""."""
    if one.state not in {AgentState.TALKING, AgentState.RINGING}:
        return ""
    if not one.logged_in:
        return "then logged out"
    return "then paused" if one.paused else ""


def how_many(summary: Summary) -> str:
    """Of how many queues calls may come."""
    if summary.total == 1:
        return "1 queue" if summary.taking else "no queue"
    if summary.taking == summary.total:
        return f"all {summary.total} queues"
    return f"{summary.taking} of {summary.total} queues"


def timed(words: str, since: datetime | None, now: datetime) -> str:
    """With how long that has been so."""
    return words if since is None else f"{words} · {duration((now - since).total_seconds())}"


def told(summary: Summary) -> str:
    """All of it in a sentence, for tooltips and screen readers."""
    if summary.state is None:
        return "Your place in the queues is not known now"
    since = f" since {absolute(summary.since)}" if summary.since else ""
    return f"{agent_words(summary.state, summary.reason)}{since}. Calls come from {how_many(summary)}."
