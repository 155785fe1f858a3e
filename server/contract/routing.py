"""What decides where a call goes: routes, emergency numbers, ring groups, the system's settings (ADMIN-2)."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from server.contract.base import ExtensionNumber, GroupName, Line, Request
from server.contract.configuration import (
    EXTENSION,
    AtLeastOne,
    CallerIdNumber,
    ConfigObject,
    ExtensionNumbers,
    ObjectName,
    Position,
    Reference,
)
from server.contract.destinations import Destination, DestinationKind
from server.contract.patterns import NumberPattern, OptionalPattern, certain_length
from server.contract.prompts import DEFAULT_LANGUAGE, Language
from server.contract.trunks import TrunkName


def _not_own(destination: Destination) -> Destination:
    if destination.kind is DestinationKind.MOBILE:
        raise ValueError("mobile belongs to an extension: give extension, or external with the number")
    if destination.kind is DestinationKind.VOICEMAIL and not destination.value:
        raise ValueError("give the number of the extension whose mailbox it is: voicemail:1002")
    return destination


RouteDestination = Annotated[Destination, AfterValidator(_not_own)]
"""A destination of something that belongs to no extension."""

MAX_CALL_BACK_MINUTES = 24 * 60
"""For so long at most the call-back of an emergency call is waited for."""

Trunks = Annotated[tuple[TrunkName, ...], Field(max_length=100)]


def references_of(destination: Destination, field: str) -> Iterable[Reference]:
    """What must exist for this destination; `field` is where it stands."""
    if destination.kind in (DestinationKind.EXTENSION, DestinationKind.VOICEMAIL):
        yield Reference(EXTENSION, destination.value, field)
    elif destination.kind is DestinationKind.GROUP_VOICEMAIL:
        yield Reference("group-mailbox", destination.value, field)
    elif destination.kind is DestinationKind.RING_GROUP:
        yield Reference("ring-group", destination.value, field)
    elif destination.kind is DestinationKind.IVR:
        yield Reference("ivr", destination.value, field)
    elif destination.kind is DestinationKind.QUEUE:
        yield Reference("queue", destination.value, field)
    elif destination.kind is DestinationKind.CONFERENCE:
        yield Reference("conference", destination.value, field)
    elif destination.kind is DestinationKind.PROMPT:
        yield Reference("prompt", destination.value, field)
    elif destination.kind is DestinationKind.CALL_FLOW:
        yield Reference("call-flow", destination.value, field)


def references_in_time(time_condition: str | None, holidays: str | None, field: str) -> Iterable[Reference]:
    """What must exist for times to be told; `field` is where they stand."""
    if time_condition is not None:
        yield Reference("time-condition", time_condition, field)
    if holidays is not None:
        yield Reference("holidays", holidays, field)


class TimedDestination(Request):
    """A destination for when a time condition holds, or for the days of a list of holidays."""

    time_condition: ObjectName | None = None
    holidays: ObjectName | None = None
    destination: RouteDestination

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.time_condition is None) == (self.holidays is None):
            raise ValueError("give either time_condition or holidays")
        return self

    def references(self, field: str) -> Iterable[Reference]:
        """What must exist for it to work; `field` is where it stands."""
        yield from references_in_time(self.time_condition, self.holidays, field)
        yield from references_of(self.destination, field)


class InboundRoute(ConfigObject):
    """Where calls from trunks go. Routes are tried by position; the first that matches takes the call.

    It matches a call from one of `trunks` (empty: from any), whose dialled number matches `did_pattern` and
    whose caller's number matches `caller_pattern` (empty: whatever it is, or none). The first entry of
    `timed` that holds gives the destination, else it is `destination`.
    """

    name: ObjectName = ""
    position: Position = 0
    trunks: Trunks = ()
    did_pattern: OptionalPattern = ""
    caller_pattern: OptionalPattern = ""
    timed: Annotated[tuple[TimedDestination, ...], Field(max_length=100)] = ()
    destination: RouteDestination
    enabled: bool = True

    def references(self) -> Iterable[Reference]:
        """See `ConfigObject.references`."""
        yield from (Reference("trunk", name, "trunks") for name in self.trunks)
        for index, timed in enumerate(self.timed):
            yield from timed.references(f"timed.{index}")
        yield from references_of(self.destination, "destination")

    def destinations(self) -> Iterable[tuple[str, Destination]]:
        """See `ConfigObject.destinations`."""
        for index, timed in enumerate(self.timed):
            yield f"timed.{index}.destination", timed.destination
        yield "destination", self.destination

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        return f"{self.position}: {self.did_pattern or 'any number'} to {self.destination}"


class DialPattern(Request):
    """Which dialled numbers are meant, and how they are rewritten for the trunk.

    The first `strip` characters are dropped (a `+` counts as one), then `prepend` is put in front.
    """

    pattern: NumberPattern
    strip: Annotated[int, Field(ge=0, le=32)] = 0
    prepend: Annotated[str, StringConstraints(pattern=r"^(\+?[0-9*#]{0,31})$")] = ""

    @model_validator(mode="after")
    def _leaves_a_number(self) -> Self:
        certain = certain_length(self.pattern)
        if self.strip > certain:
            raise ValueError(f"strip drops {self.strip} characters, but a match may have {certain} only")
        if self.strip == certain and not self.prepend.strip("+"):
            raise ValueError("nothing would be left to dial: strip less, or prepend something")
        if self.pattern.startswith("+") and self.strip == 0 and self.prepend:
            raise ValueError("prepend would stand before the +: strip it (strip = 1)")
        return self


class OutboundRoute(ConfigObject):
    """How numbers outside are reached. Routes are tried by position; the first that matches takes the call.

    It matches if one of `patterns` matches the dialled number (the first that does rewrites it), the caller
    may use it (`everybody`, or one of `extensions`, or a member of one of `groups`), and `time_condition`
    holds, if there is one. Its trunks are tried in order.
    """

    name: ObjectName = ""
    position: Position = 0
    patterns: Annotated[tuple[DialPattern, ...], Field(max_length=500), AtLeastOne()]
    everybody: bool = False
    extensions: ExtensionNumbers = ()
    groups: Annotated[tuple[GroupName, ...], Field(max_length=100)] = ()
    trunks: Annotated[Trunks, AtLeastOne()]
    time_condition: ObjectName | None = None
    enabled: bool = True

    @model_validator(mode="after")
    def _is_for_somebody(self) -> Self:
        if not (self.everybody or self.extensions or self.groups):
            raise ValueError("nobody may use it: give extensions, groups, or everybody = true")
        return self

    def references(self) -> Iterable[Reference]:
        """See `ConfigObject.references`. Groups exist by their members only, so they are none."""
        yield from (Reference("trunk", name, "trunks") for name in self.trunks)
        yield from (Reference(EXTENSION, number, "extensions") for number in self.extensions)
        if self.time_condition is not None:
            yield Reference("time-condition", self.time_condition, "time_condition")

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        patterns = " ".join(pattern.pattern for pattern in self.patterns)
        return f"{self.position}: {patterns} by {', '.join(self.trunks)}"


class EmergencyNumber(ConfigObject):
    """A number that anybody may always dial (SIP-12), the trunks that lead there, in order.

    `caller_id_number` is the ELIN, by which the answering point finds the place; without it the trunk's own
    number is sent. For `call_back_minutes` after such a call, calls from outside to the extension that made
    it, or to the number that was sent, are taken as the call-back of the answering point (PRES-8, RFC 7090);
    0: they never are.
    """

    key_field: ClassVar[str] = "number"

    number: Annotated[str, StringConstraints(pattern=r"^[0-9]{2,8}$")] = ""
    trunks: Annotated[Trunks, AtLeastOne()]
    caller_id_number: CallerIdNumber = ""
    caller_id_name: Line = Field("", max_length=63)
    call_back_minutes: Annotated[int, Field(ge=0, le=MAX_CALL_BACK_MINUTES)] = 120

    def references(self) -> Iterable[Reference]:
        """See `ConfigObject.references`."""
        return [Reference("trunk", name, "trunks") for name in self.trunks]

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        return f"by {', '.join(self.trunks)}"


class RingStrategy(StrEnum):
    """In which order the members of a ring group ring."""

    RING_ALL = "ring_all"
    SEQUENTIAL = "sequential"
    """One after the other, each for the ring timeout."""


class RingGroup(ConfigObject):
    """A number that rings several extensions. `ring_timeout_s` is for all at once, or for each in turn."""

    key_field: ClassVar[str] = "number"

    number: ExtensionNumber = ""
    name: Line = Field("", max_length=63)
    members: Annotated[ExtensionNumbers, AtLeastOne()]
    strategy: RingStrategy = RingStrategy.RING_ALL
    ring_timeout_s: Annotated[int, Field(ge=5, le=300)] = 30
    destination: RouteDestination = Destination(kind=DestinationKind.HANG_UP)
    """Where an unanswered call goes."""

    @model_validator(mode="after")
    def _each_member_once(self) -> Self:
        if len(set(self.members)) != len(self.members):
            raise ValueError("an extension is a member twice")
        return self

    def references(self) -> Iterable[Reference]:
        """See `ConfigObject.references`."""
        yield from (Reference(EXTENSION, number, "members") for number in self.members)
        yield from references_of(self.destination, "destination")

    def destinations(self) -> Iterable[tuple[str, Destination]]:
        """See `ConfigObject.destinations`."""
        yield "destination", self.destination

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        return f"{self.name}: {', '.join(self.members)}".removeprefix(": ")


class SystemSettings(ConfigObject):
    """Settings of the whole system; there is one such object. `time_zone` is a name of the IANA database.

    `language` is heard by whoever has no own one, in no menu or queue that has one.
    """

    name: ObjectName = "system"
    time_zone: Annotated[str, StringConstraints(max_length=63, pattern=r"^[A-Za-z0-9_+/-]+$")] = "UTC"
    music: Annotated[tuple[ObjectName, ...], Field(max_length=100)] = ()
    """Prompts that are music on hold, one after the other; none: the music that comes with the PBX."""
    language: Language = DEFAULT_LANGUAGE

    def references(self) -> Iterable[Reference]:
        """See `ConfigObject.references`."""
        return [Reference("prompt", name, "music") for name in self.music]

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        return f"time zone {self.time_zone}"
