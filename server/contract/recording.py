"""Recording of calls: which are recorded, who may do what with that, what comes of it (SIP-5, LOG-1)."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from server.contract.about import AboutExtensions
from server.contract.base import Instant, Reply, Request
from server.contract.configuration import AtLeastOne

PromptName = Annotated[
    str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9_-]+)*)?$", max_length=128)
]
"""A prompt that comes with the engine, by its name there; empty: none."""


class CallKind(StrEnum):
    """Who is at the other end of an extension's call."""

    INTERNAL = "internal"
    """A colleague."""
    INBOUND = "inbound"
    """Somebody outside, who has called."""
    OUTBOUND = "outbound"
    """Somebody outside, who was called."""


class RecordingPermission(StrEnum):
    """What an extension may do with recordings of its calls; in `Me.permissions` as `recording.…`."""

    RECORD = "record"
    """Begin one on demand, and pause, go on with and end what it has begun."""
    PAUSE = "pause"
    """Pause and go on with one that a rule has begun."""
    LISTEN = "listen"
    """List, play and download its own."""
    DELETE = "delete"
    """Delete its own."""

    @property
    def word(self) -> str:
        """How `Me.permissions` calls it."""
        return f"recording.{self.value}"


class RecordingRule(AboutExtensions):
    """Calls of these kinds are always recorded, from the moment in which the two talk.

    `announcement` is played to both before that; if it cannot be, the call is not recorded.
    """

    calls: Annotated[tuple[CallKind, ...], Field(max_length=3), AtLeastOne()] = tuple(CallKind)
    announcement: PromptName = ""

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        told = f", after {self.announcement}" if self.announcement else ""
        return f"{self.about}: {', '.join(self.calls)}{told}"


class RecordingRight(AboutExtensions):
    """What these extensions may do with recordings of their own calls."""

    permissions: Annotated[tuple[RecordingPermission, ...], Field(max_length=4), AtLeastOne()] = tuple(
        RecordingPermission
    )

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        return f"{self.about} may {', '.join(self.permissions)}"


class RecordingState(StrEnum):
    """What a recording is doing, or how it ended."""

    RECORDING = "recording"
    PAUSED = "paused"
    """Under way; what is said now is left out."""
    FINISHED = "finished"
    DISK_FULL = "disk_full"
    """Ended early, or never begun, since there was no room. The call went on."""
    INTERRUPTED = "interrupted"
    """Ended early: engine or server were stopped. What there is until then is kept."""

    @property
    def is_open(self) -> bool:
        """Whether it is under way."""
        return self in (RecordingState.RECORDING, RecordingState.PAUSED)


class RecordingAction(StrEnum):
    """What can be asked for in a call."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


class RecordingRefusal(StrEnum):
    """Why somebody cannot record a call, or change its recording, now."""

    NOT_ALLOWED = "not_allowed"
    """The extension has no permission."""
    BY_RULE = "by_rule"
    """A rule records it, and the extension may not pause that."""
    NOT_YOURS = "not_yours"
    """Somebody else records it."""
    OVER = "over"
    """It was recorded, and that has ended: there is one recording of a call."""


class RecordingOrder(Request):
    """Change the recording of a call. `POST /me/calls/{id}/recording`, `POST /calls/{id}/recording`."""

    action: RecordingAction


class CallRecording(Reply):
    """The recording of a call in progress, as one who takes part sees it.

    `state` None: it is not recorded. `actions`: what that one may ask for now; `refusal` says why there are
    none.
    """

    state: RecordingState | None = None
    actions: list[RecordingAction] = []
    refusal: RecordingRefusal | None = None


class Recording(Reply):
    """A recording: an item of topic `recordings`, keyed by `id`, which is the id of its call.

    `owners`: the extensions whose recording it is; those that a rule is about, or who has begun it. `rule`:
    the rule that has begun it, "" for none. `seconds` and `size` (bytes) are 0 while it is under way.
    """

    id: str
    caller: str
    caller_name: str
    callee: str
    """Who was talked to: an extension, or a number outside."""
    callee_name: str
    owners: list[str]
    rule: str = ""
    state: RecordingState
    started_at: Instant
    ended_at: Instant | None = None
    seconds: float = 0.0
    size: int = 0


RecordingId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""Id of a recording, and of its call."""


class RecordingSelection(Request):
    """Own recordings: those named, or all. `POST /me/recordings/delete`."""

    ids: list[RecordingId] = Field([], max_length=500)
    all: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.all == bool(self.ids):
            raise ValueError("give either ids, or all = true")
        return self


class RecordingsDeleted(Reply):
    """How many recordings were deleted."""

    count: int
