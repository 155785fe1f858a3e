"""Agents of queues: the one state each has in each queue (Q-11), and the calls of a queue (Q-9, Q-13)."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from server.contract.base import ExtensionNumber, Instant, Reply, Request

PauseReason = Annotated[str, StringConstraints(max_length=63, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Why an agent pauses, in words; empty: no reason was given."""

AUTO_PAUSED = "auto"
"""The reason of an agent who has missed too many calls (Q-4)."""


class AgentState(StrEnum):
    """What an agent is in one queue (Q-11), what comes first wins: `server.rules.queues.agents`."""

    TALKING = "talking"
    """In a call of this queue. Whoever logs out or pauses meanwhile goes on talking."""
    RINGING = "ringing"
    """Rung for a caller of this queue."""
    LOGGED_OUT = "logged_out"
    """Never for a static agent."""
    PAUSED = "paused"
    UNREACHABLE = "unreachable"
    """No phone is registered, or do not disturb."""
    BUSY_ELSEWHERE = "busy_elsewhere"
    """In another call, or rung for another queue."""
    WRAP_UP = "wrap_up"
    AVAILABLE = "available"


class AgentStatus(Reply):
    """An agent in a queue: an item of topic `agents`, keyed `queue/extension`.

    `logged_in` and `paused` are what holds once a call is over; `reason` is that of the pause, in words.
    `missed` counts calls in a row.
    """

    queue: ExtensionNumber
    queue_name: str = ""
    extension: ExtensionNumber
    dynamic: bool
    state: AgentState
    since: Instant
    logged_in: bool
    paused: bool
    reason: PauseReason = ""
    missed: int = 0


class AgentSwitch(Request):
    """What an agent is to be in a queue, or in all: what is left out stays (Q-10, Q-11).

    `PUT /me/queues/{queue}` and `PUT /me/queues` for oneself, `PUT /queues/{queue}/agents/{extension}` for
    managers and administrators; each answers with what holds then. A static agent cannot log in or out: for
    one *log in* means resume, *log out* is a conflict. Who logs in is not paused. `POST /me/queues/last` logs
    in to the queues of last time.

    Attributes:
        paused: True pauses, with the reason; who is paused already gets the new reason.
        reason: of the pause: a code of `QueueOptions.pause_reasons`, or words; "": without one.
    """

    logged_in: bool | None = None
    paused: bool | None = None
    reason: PauseReason = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.logged_in is None and self.paused is None:
            raise ValueError("give logged_in, or paused, or both")
        if self.reason and not self.paused:
            raise ValueError("a reason belongs to a pause: give paused = true")
        if self.logged_in is False and self.paused:
            raise ValueError("who logs out does not pause")
        return self


class PauseReasons(Reply):
    """What may be given as the reason of a pause: words by code. `GET /me/queues/reasons`."""

    reasons: dict[str, str]


class WaitingCaller(Reply):
    """Who waits in a queue, the first one at position 1; `ringing` are the agents who are rung for it.

    `number` and `name` of the caller; "" where they are not known.
    """

    call: str
    queue: ExtensionNumber
    number: str = ""
    name: str = ""
    since: Instant
    position: int
    ringing: tuple[ExtensionNumber, ...] = ()


class QueueEnd(StrEnum):
    """How the waiting of a caller ended."""

    ANSWERED = "answered"
    PICKED_UP = "picked_up"
    """A colleague who is no agent of the queue has taken the call."""
    ABANDONED = "abandoned"
    """The caller hung up, or was lost, before an agent answered."""
    FAILED_OVER = "failed_over"
    """The maximum waiting time was over."""
    LEFT = "left"
    """By a key, or because somebody has taken the call in a way that the queue does not know of."""


class QueueCall(Reply):
    """One call of a queue, when nothing more will happen to it there: a line of the queue's log.

    Attributes:
        joined: when the caller began to wait. left: when the waiting ended, answered or not.
        agent: who answered, or picked the call up; None: nobody. ended: when that one's part in the call was
            over.
        missed: agents who were rung for the whole time-out, in order, once for each time.
        number, name: who called.
    """

    call: str
    queue: ExtensionNumber
    number: str = ""
    name: str = ""
    joined: Instant
    left: Instant
    end: QueueEnd
    agent: ExtensionNumber | None = None
    ended: Instant | None = None
    missed: tuple[ExtensionNumber, ...] = ()

    @property
    def waited_s(self) -> float:
        """How long the caller has waited."""
        return (self.left - self.joined).total_seconds()

    @property
    def talked_s(self) -> float:
        """How long an agent has talked."""
        return (self.ended - self.left).total_seconds() if self.ended else 0.0


class CallResult(StrEnum):
    """How far a call was dealt with (Q-9), in this order."""

    NOT_DEALT = "not_dealt"
    DEALING = "dealing"
    DEALT = "dealt"

    def is_after(self, other: "CallResult") -> bool:
        """Whether this is further than the other one."""
        order = list(CallResult)
        return order.index(self) > order.index(other)


class ResultChange(Request):
    """A call was dealt with so far: `PUT /queues/{queue}/calls/{id}/result`."""

    result: CallResult


class QueueLogEntry(QueueCall):
    """A line of a queue's log, and how far it was dealt with: an item of topic `queue_log`, keyed by `id`.

    `result_by` (a login name) has said so at `result_at`; None: nobody has. `automatic`: of another call of
    the same caller (see `QueueOptions.sync_results`).
    """

    id: int
    result: CallResult = CallResult.NOT_DEALT
    result_by: str = ""
    result_at: Instant | None = None
    automatic: bool = False


class QueueReport(Reply):
    """Sums over the calls that joined a queue from `since` until before `until` (Q-12). Times are seconds.

    Attributes:
        service_level: of the answered calls, the share that was answered in time, 0 to 1; None without any.
        service_level_all: of all calls, the share that was answered, or abandoned, in time; None without any.
        picked_up: by colleagues who are no agents of the queue.
        in_time: answered within the queue's `service_level_s`. abandoned_in_time: abandoned within it.
        mean_wait_s, longest_wait_s: of all calls. mean_answer_s: of those that were answered.
        mean_talk_s: of those that were answered.
    """

    queue: ExtensionNumber
    since: Instant
    until: Instant
    calls: Annotated[int, Field(ge=0)]
    answered: int
    abandoned: int
    failed_over: int
    left: int
    picked_up: int = 0
    missed: int
    in_time: int
    abandoned_in_time: int
    service_level: float | None
    service_level_all: float | None
    mean_wait_s: float
    longest_wait_s: float
    mean_answer_s: float
    mean_talk_s: float


class AgentReport(Reply):
    """What an agent did in a queue from `since` until before `until` (Q-12).

    `seconds` is the time in each state; together they are the whole time in which the agent was a member.
    """

    queue: ExtensionNumber
    extension: ExtensionNumber
    since: Instant
    until: Instant
    answered: int
    missed: int
    talk_s: float
    seconds: dict[AgentState, float]


class AgentChange(Reply):
    """An agent's state in a queue changed: a line of the agents' log. None: no member before, or after."""

    queue: ExtensionNumber
    extension: ExtensionNumber
    at: Instant
    before: AgentState | None
    after: AgentState | None
    reason: PauseReason = ""
