"""Calls and the logs of them (LOG-1)."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

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


MOS_BEST = 4.5
"""The best mean opinion score of the narrow-band E-model (ITU-T G.107, annex B)."""

Milliseconds = Annotated[float, Field(ge=0, le=60_000)]
"""Of jitter, and of the way there and back: more than a minute is a mistake."""
Percent = Annotated[float, Field(ge=0, le=100)]
Mos = Annotated[float, Field(ge=1, le=MOS_BEST)]


class CallQuality(Reply):
    """How a call sounded at one extension's client, by its own account; None: not measured (SIP-8).

    Attributes:
        codec: as in SDP, such as PCMA. encrypted: by SRTP (RFC 3711).
        measured_s: seconds in which there was something to measure: not on hold.
        mos, mos_worst: mean opinion score as of ITU-T G.107 of the worse direction, its average and lowest.
        loss_received, loss_sent: of all packets, those that did not arrive here, or there, in per cent.
        jitter_ms, jitter_worst_ms: of what arrives here (RFC 3550, 6.4.1), average and highest.
        round_trip_ms: the average way there and back.
    """

    codec: Annotated[Line, Field(min_length=1, max_length=32)] | None = None
    encrypted: bool | None = None
    measured_s: Annotated[float, Field(ge=0, le=31 * 86_400)] | None = None
    mos: Mos | None = None
    mos_worst: Mos | None = None
    loss_received: Percent | None = None
    loss_sent: Percent | None = None
    jitter_ms: Milliseconds | None = None
    jitter_worst_ms: Milliseconds | None = None
    round_trip_ms: Milliseconds | None = None


class CallQualityReport(CallQuality):
    """The same as a client tells it, with one figure at least. `PUT /me/calls/{id}/quality`."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if all(getattr(self, name) is None for name in type(self).model_fields):
            raise ValueError("it has no figure: give one at least")
        for low, high in ((self.mos_worst, self.mos), (self.jitter_ms, self.jitter_worst_ms)):
            if low is not None and high is not None and low > high:
                raise ValueError("an average is beyond the worst")
        return self


class CallLogEntry(Reply):
    """One call in one extension's log: an item of topic `call_log`, keyed by `id`, newest first.

    `number` and `name` are the other party's. `sip_code` is what the caller was told (RFC 3261), None
    when answered. Durations follow from the moments: ringing is `answered_at - started_at`. `quality` is
    what the owner's client has told of its sound, None where it did not.
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
    quality: CallQuality | None = None

    @property
    def talk_s(self) -> float:
        """Seconds from answer to end, 0 if never answered."""
        return (self.ended_at - self.answered_at).total_seconds() if self.answered_at else 0.0


class CallRecord(Reply):
    """One call as the administrator sees it: `linkus-pbx log calls`, `GET /api/v1/calls`.

    `quality`: how it sounded, by the extension whose client has told.
    """

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
    quality: dict[str, CallQuality] = {}


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


PhoneId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""Id of a registered phone, in topic `phones`."""


class CallOrder(Request):
    """A call to be made: the own phones ring first. `POST /me/calls`."""

    number: Line = Field(min_length=1, max_length=64)


class OwnCallOrder(CallOrder):
    """The same for an own call, of which more can be asked. `POST /me/calls`.

    `auto_answer`: the own phones are asked to answer by themselves, by headers of the INVITE (Call-Info,
    Alert-Info, RFC 5373); one that knows none of them rings. `phone`: only this one rings, by its id in topic
    `phones`.
    """

    auto_answer: bool = False
    phone: PhoneId | None = None


class CallOrdered(Reply):
    """The id that the call has, or will have."""

    id: str


class OwnCallTransfer(Request):
    """Where the other end of an own call is sent. `POST /me/calls/{id}/transfer`.

    Either a number (blind transfer), or `call`: another own call that is answered, with whose other end it
    is to talk (attended transfer).
    """

    to: Annotated[Line, Field(min_length=1, max_length=64)] | None = None
    call: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.to is None) == (self.call is None):
            raise ValueError("give either to, or call")
        return self


class CallTransfer(Request):
    """Where a call of somebody else is sent: whoever talks to the extension `by`."""

    to: Line = Field(min_length=1, max_length=64)
    by: ExtensionNumber


class CallKeys(Request):
    """Keys that the other end of an own call is to hear. `POST /me/calls/{id}/keys`."""

    keys: Annotated[str, StringConstraints(pattern=r"^[0-9A-D*#]{1,64}$")]


class CallHold(Request):
    """Whose side holds the call, or does so no longer. `POST /calls/{id}/hold`, `/calls/{id}/resume`."""

    by: ExtensionNumber


class OwnCallPark(Request):
    """Where the other end of an own call waits. `POST /me/calls/{id}/park`. `slot` None: on a free one."""

    slot: ExtensionNumber | None = None


class CallPark(OwnCallPark):
    """The same for whoever talks to the extension `by`. `POST /calls/{id}/park`."""

    by: ExtensionNumber


class CallParked(Reply):
    """The parking slot whose number takes the call."""

    slot: str


class CallAnswer(Request):
    """Whose phone is told to answer the call. `POST /calls/{id}/answer`."""

    by: ExtensionNumber
