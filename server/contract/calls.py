"""Calls and the logs of them (LOG-1)."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from server.contract.base import ExtensionNumber, Instant, Line, Reply, Request


class Direction(StrEnum):
    """Seen from the owner of the log."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


class Outcome(StrEnum):
    """How a call ended for the owner of the log entry."""

    ANSWERED = "answered"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    """A colleague picked it up. (Another phone of the same extension: told on the wire only, not logged.)"""
    MISSED = "missed"
    """Incoming, rang, and the caller gave up or the time ran out."""
    DECLINED = "declined"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    CANCELLED = "cancelled"
    """Outgoing, and the caller gave up before an answer."""
    UNREGISTERED = "unregistered"
    UNKNOWN_NUMBER = "unknown_number"
    FAILED = "failed"


class CallLogEntry(Reply):
    """One call in one extension's log: an item of topic `call_log`, keyed by `id`, newest first.

    `number` and `name` are the other party's. `sip_code` is what the caller was told (RFC 3261), None
    when answered. Durations follow from the moments: ringing is `answered_at - started_at`.
    """

    id: str
    call_id: str
    owner: str
    direction: Direction
    number: str
    name: str
    outcome: Outcome
    sip_code: int | None
    started_at: Instant
    answered_at: Instant | None
    ended_at: Instant
    seen: bool

    @property
    def talk_s(self) -> float:
        """Seconds from answer to end, 0 if never answered."""
        return (self.ended_at - self.answered_at).total_seconds() if self.answered_at else 0.0


class CallRecord(Reply):
    """One call as the administrator sees it: `linkus-pbx log calls`, `GET /api/v1/calls`."""

    id: str
    caller: str
    caller_name: str
    dialled: str
    callee_name: str
    outcome: Outcome | None
    """None while the call lasts."""
    sip_code: int | None
    started_at: Instant
    answered_at: Instant | None
    ended_at: Instant | None


CallLogId = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9._-]+$")]
"""Id of a `CallLogEntry`."""


class CallLogSelection(Request):
    """Entries of the own call log: those named, or all. `POST /call-log/seen`, `/call-log/delete`."""

    ids: list[CallLogId] = Field([], max_length=500)
    all: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.all == bool(self.ids):
            raise ValueError("give either ids, or all = true")
        return self


class CallLogChanged(Reply):
    """How many entries were changed or deleted."""

    count: int


class CallOrder(Request):
    """A call to be made: the own phones ring first. `POST /me/calls`."""

    number: Line = Field(min_length=1, max_length=64)


class CallOrdered(Reply):
    """The id that the call has, or will have."""

    id: str


class OwnCallTransfer(Request):
    """Where the other end of an own call is sent. `POST /me/calls/{id}/transfer`."""

    to: Line = Field(min_length=1, max_length=64)


class CallTransfer(OwnCallTransfer):
    """The same for a call of somebody else: whoever talks to the extension `by` is sent on."""

    by: ExtensionNumber


class CallHold(Request):
    """Whose side holds the call, or does so no longer. `POST /calls/{id}/hold`, `/calls/{id}/resume`."""

    by: ExtensionNumber
