"""How an extension is reached: settings for each presence status, and rules by caller ID (PRES-2, DIR-5)."""

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from server.contract.agents import PauseReason
from server.contract.base import Reply, Request
from server.contract.destinations import Destination, DestinationKind
from server.contract.patterns import check_pattern
from server.contract.presence import Note, PresenceStatus

MIN_RING_S, MAX_RING_S, DEFAULT_RING_S = 5, 300, 30
"""Seconds that each stage of the ring strategy may last (PRES-2)."""

MAX_RULES = 100
"""Rules by caller ID of one extension: each call walks them."""


class EndpointKind(StrEnum):
    """Kinds of phone, told by how they registered (PRES-4)."""

    EXTENSION_ENDPOINT = "extension_endpoint"
    """A desk phone or any other program's softphone."""
    DESKTOP = "desktop"
    MOBILE = "mobile"
    WEB = "web"


class ForwardingCondition(StrEnum):
    """When calls are forwarded (PRES-3)."""

    ALWAYS = "always"
    NO_ANSWER = "no_answer"
    BUSY = "busy"


def _each_once(kinds: list[EndpointKind]) -> list[EndpointKind]:
    if len(set(kinds)) < len(kinds):
        raise ValueError("name each kind of endpoint once")
    return kinds


Kinds = Annotated[list[EndpointKind], Field(max_length=len(EndpointKind)), AfterValidator(_each_once)]


class ForwardingAlways(Request):
    """The only forwarding there is under Do Not Disturb (PRES-3)."""

    always: Destination | None = None


class Forwarding(ForwardingAlways):
    """Where calls of one type go (PRES-3); None: they are not forwarded."""

    no_answer: Destination | None = None
    """Also where no phone is registered, or all that rang rejected the call."""
    busy: Destination | None = None


class AgentAction(StrEnum):
    """What an agent becomes in all own queues when a status is chosen (PRES-6)."""

    NOTHING = "nothing"
    LOG_IN = "log_in"
    """In all; a static agent ends the pause. Only for Available."""
    LOG_IN_LAST = "log_in_last"
    """The same, in the queues in which one was last."""
    LOG_OUT = "log_out"
    """Dynamic agents only."""
    PAUSE = "pause"


class AgentSettings(Request):
    """What a status means for an agent of queues."""

    agent_action: AgentAction = AgentAction.NOTHING
    agent_pause_reason: PauseReason = ""
    """Of a pause: a code of the queue options, or words."""

    @model_validator(mode="after")
    def _reason_of_a_pause(self) -> Self:
        if self.agent_pause_reason and self.agent_action is not AgentAction.PAUSE:
            raise ValueError("a reason belongs to a pause: give agent_action = pause")
        return self


class DoNotDisturbSettings(AgentSettings):
    """What can be set for Do Not Disturb: nothing rings, so there is nothing else (PRES-3)."""

    note: Note = ""
    """Told to colleagues when the status is chosen without a note of its own."""
    internal: ForwardingAlways = ForwardingAlways()
    external: ForwardingAlways = ForwardingAlways()


class StatusSettings(AgentSettings):
    """What holds while a presence status is chosen (PRES-2)."""

    note: Note = ""
    """Told to colleagues when the status is chosen without a note of its own."""
    internal: Forwarding = Forwarding()
    """For calls from colleagues."""
    external: Forwarding = Forwarding()
    """For calls from outside."""
    ring_first: Kinds = Field(list(EndpointKind), min_length=1)
    ring_second: Kinds = []
    """Rings when nobody answered on those that rang first; a kind that is in neither list does not ring."""
    ring_timeout_s: int = Field(DEFAULT_RING_S, ge=MIN_RING_S, le=MAX_RING_S)
    """Seconds each of the two stages rings."""
    ring_mobile: bool = False
    """Ring the own mobile number too, all the time."""

    @field_validator("ring_second")
    @classmethod
    def _one_stage_a_kind(cls, second: list[EndpointKind], others: ValidationInfo) -> list[EndpointKind]:
        both = [kind for kind in others.data.get("ring_first", []) if kind in second]
        if both:
            raise ValueError(f"{', '.join(both)} cannot ring first and second: choose one")
        return second


class SettingsByStatus(Request):
    """The settings of every status of PRES-1."""

    available: StatusSettings = StatusSettings()
    away: StatusSettings = StatusSettings()
    business_trip: StatusSettings = StatusSettings()
    do_not_disturb: DoNotDisturbSettings = DoNotDisturbSettings()
    lunch_break: StatusSettings = StatusSettings()
    off_work: StatusSettings = StatusSettings()

    @model_validator(mode="after")
    def _who_is_not_available_does_not_log_in(self) -> Self:
        for status in PresenceStatus:
            if status is not PresenceStatus.AVAILABLE and self.of(status).agent_action is AgentAction.LOG_IN:
                raise ValueError(f"{status}: only who becomes available is logged in to all queues")
        return self

    def of(self, status: PresenceStatus) -> StatusSettings | DoNotDisturbSettings:
        """Those of one status."""
        settings: StatusSettings | DoNotDisturbSettings = getattr(self, status.value)
        return settings


_ACTIONS = (
    DestinationKind.EXTENSION,
    DestinationKind.VOICEMAIL,
    DestinationKind.IVR,
    DestinationKind.PROMPT,
    DestinationKind.HANG_UP,
)


class CallerRule(Request):
    """What happens to calls from certain numbers (DIR-5)."""

    pattern: str = Field(max_length=64)
    """A number, or a pattern: X any digit, Z 1 to 9, N 2 to 9, `[1-5]`; at the end `.` one or more, `!` none
    or more of anything."""
    destination: Destination | None = None
    """None: accept, so that no later rule applies; the call goes on as every other."""

    @field_validator("pattern")
    @classmethod
    def _is_a_pattern(cls, given: str) -> str:
        pattern = re.sub(r"[\s()/]+", "", given).upper()
        if "[" not in pattern:
            pattern = pattern.replace("-", "")
        try:
            return check_pattern(pattern)
        except ValueError as error:
            raise ValueError(
                "enter a number, or a pattern of digits, + * #, X (0-9), Z (1-9), N (2-9), ranges "
                "such as [1-5], and at the end . (one or more) or ! (none or more)"
            ) from error

    @field_validator("destination")
    @classmethod
    def _is_an_action(cls, destination: Destination | None) -> Destination | None:
        if destination and destination.kind not in _ACTIONS:
            raise ValueError(
                "calls can be accepted, hung up, or sent to an extension, voicemail, a menu, a prompt"
            )
        return destination


class ReachingSettings(Request):
    """Everything about how one extension is reached. What is left out has its default.

    The defaults ring every phone at once.
    """

    statuses: SettingsByStatus = SettingsByStatus()
    caller_rules: list[CallerRule] = Field([], max_length=MAX_RULES)
    """In order: the first that matches decides."""
    all_busy: bool = False
    """One endpoint in a call makes all busy; else each phone decides for itself on a second call."""
    all_reject: bool = False
    """A rejection on one endpoint rejects on all."""
    last_forwarding: Forwarding = Forwarding()
    """Where a feature code that is dialled without a number forwards to (CODE-1). The server remembers it;
    left out, it stays as it is."""
    mobile_prefix: str = Field("", max_length=15, pattern=r"^[0-9*#+]*$")
    """Dialled before the own mobile number: what the outbound route asks for."""


class OwnForwarding(Reply):
    """Where own calls go in the status that is chosen now: an item of topic `forwarding`, keyed by condition.

    A condition without an item forwards nothing. Where calls from inside and outside go different ways, it
    tells that of those from outside.
    """

    condition: ForwardingCondition
    destination: Destination
