"""What is to be done, or told, after something has happened in the queues; in this order."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.contract.agents import AgentChange, QueueCall
from server.contract.destinations import Destination
from server.rules.queues.announcements import Announcement


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring the agent's phones for this call; the queues say when to stop, at `until` at the latest."""

    call: str
    queue: str
    extension: str
    until: datetime


class Stop(StrEnum):
    """Why an agent is rung no more."""

    TIMED_OUT = "timed_out"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    CALLER_LEFT = "caller_left"
    AGENT_AWAY = "agent_away"
    """Logged out, paused, without a phone, or no member any more."""
    REFUSED = "refused"
    """Busy, declined, or failed: the phones ring no more already."""


@dataclass(frozen=True, slots=True)
class StopRinging:
    """End the ringing of this agent for this call."""

    call: str
    queue: str
    extension: str
    why: Stop


@dataclass(frozen=True, slots=True)
class Connect:
    """The answer counts: connect the call with the agent."""

    call: str
    queue: str
    extension: str


@dataclass(frozen=True, slots=True)
class FailOver:
    """The call waits no more; send it there (Q-3)."""

    call: str
    queue: str
    destination: Destination


@dataclass(frozen=True, slots=True)
class Announce:
    """Let the waiting caller hear this, and say when it has ended.

    Attributes:
        position: the caller's place, from 1. minutes: to wait, as estimated. None: not to be said.
    """

    call: str
    queue: str
    announcement: Announcement
    position: int | None = None
    minutes: int | None = None
    thank_you: bool = False


@dataclass(frozen=True, slots=True)
class AutoPaused:
    """The agent has missed so many calls in a row and was paused: tell them (Q-4)."""

    queue: str
    extension: str
    missed: int


@dataclass(frozen=True, slots=True)
class Changed:
    """An agent's state changed."""

    change: AgentChange


@dataclass(frozen=True, slots=True)
class Logged:
    """Nothing more will happen to this call in the queue: write it to the queue's log (Q-9)."""

    record: QueueCall


Effect = Ring | StopRinging | Connect | FailOver | Announce | AutoPaused | Changed | Logged


def queue_of(effect: Effect) -> str:
    """The number of the queue that an effect is about."""
    match effect:
        case Changed():
            return effect.change.queue
        case Logged():
            return effect.record.queue
    return effect.queue
