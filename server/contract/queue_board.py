"""How a queue stands now: who waits, who works, and today in numbers (Q-13)."""

from typing import Annotated

from pydantic import Field

from server.contract.agents import AgentState, AgentStatus, WaitingCaller
from server.contract.base import ExtensionNumber, Instant, Reply

MOST_CALLERS = 50
"""Callers that a board names, those who are first; `QueueBoard.waiting` counts all."""


class QueueToday(Reply):
    """The calls that have joined a queue since the day began, in the zone of the system.

    A call counts as answered, or as picked up, from that moment on, as the other ends do; so who still waits
    is in none of these. Levels as in `agents.QueueReport`, which agrees once the calls are over.

    Attributes:
        service_level: of the answered calls, the share answered within `service_level_s`; None without any.
        service_level_all: of all calls, the share answered or abandoned within it; None without any.
        mean_answer_s: how long answered callers have waited. longest_wait_s: of all.
    """

    since: Instant
    calls: Annotated[int, Field(ge=0)] = 0
    answered: int = 0
    abandoned: int = 0
    failed_over: int = 0
    left: int = 0
    service_level: float | None = None
    service_level_all: float | None = None
    mean_answer_s: float = 0.0
    longest_wait_s: float = 0.0


class QueueBoard(Reply):
    """A queue now: an item of topic `queues`, keyed by number; for its managers and administrators.

    Attributes:
        longest_since: since when the caller waits who waits longest; None: nobody does.
        callers: who waits, the first ones, `MOST_CALLERS` at most.
        talking: callers who talk with an agent.
        agents: how many are in each state; a state that nobody is in is left out.
    """

    queue: ExtensionNumber
    name: str = ""
    waiting: int = 0
    longest_since: Instant | None = None
    callers: tuple[WaitingCaller, ...] = ()
    talking: int = 0
    agents: dict[AgentState, int] = {}
    service_level_s: int
    today: QueueToday


class QueueBoardInFull(QueueBoard):
    """The same with each agent, by number. `GET /queues/{queue}/board`."""

    members: tuple[AgentStatus, ...] = ()
