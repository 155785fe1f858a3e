"""Voicemail: mailboxes, messages, greetings (VM-1 to VM-6).

A mailbox is known by its number: that of an extension, or that of a group mailbox.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator

from server.contract.base import ExtensionNumber, Instant, Line, Reply, Request
from server.contract.configuration import (
    EXTENSION,
    ConfigObject,
    ExtensionNumbers,
    Reference,
)
from server.contract.mail_address import OptionalMailAddress
from server.contract.presence import PresenceStatus

MAX_GREETINGS = 10
"""Personal greetings of one mailbox (VM-3)."""

MAX_GREETING_BYTES = 8 * 1024 * 1024
"""Size of a greeting's file that is uploaded (VM-3)."""

MAX_MESSAGES = 500
"""Messages that one mailbox holds: a further caller is told that it is full."""

Pin = Annotated[str, StringConstraints(pattern=r"^([0-9]{3,15})?$")]
"""Three to fifteen digits; empty: none (VM-1)."""

VoicemailId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""Of a message or of a greeting."""

GreetingName = Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[^\x00-\x1f\x7f]+$")]


class VoicemailMail(StrEnum):
    """Whether a new message is told of by mail (VM-1)."""

    NO = "no"
    WITH_SOUND = "with_sound"
    """The message goes along as .wav."""
    WITHOUT_SOUND = "without_sound"


class AfterMail(StrEnum):
    """What becomes of the message once the mail server has taken the mail (VM-1)."""

    NOTHING = "nothing"
    MARK_READ = "mark_read"
    DELETE = "delete"


class VoicemailSettings(Request):
    """Settings of a mailbox. They are always given as a whole; what is left out gets its default.

    `pin` is only ever sent to the server: left out or null keeps the stored one, the empty text removes it,
    which turns the authentication off. `pin_set` only comes from the server.
    """

    enabled: bool = True
    """Whether it takes messages; where it does not, what forwards to it counts as not set."""
    announce_time: bool = True
    """Say day and time before a message that is listened to by phone (VM-2)."""
    announce_caller: bool = True
    announce_duration: bool = True
    greeting: VoicemailId | None = None
    """The personal greeting that callers hear; None: the built-in one (VM-3)."""
    greetings: dict[PresenceStatus, VoicemailId] = Field({}, max_length=len(PresenceStatus))
    """Personal greetings for presence statuses, in place of `greeting`."""
    pin: Annotated[Pin | None, Field(repr=False)] = None
    pin_set: bool = False
    mail: VoicemailMail = VoicemailMail.NO
    after_mail: AfterMail = AfterMail.NOTHING
    mail_to: OptionalMailAddress = ""
    """Where the mail goes; empty: to the address of the extension, or of each member of the group."""

    @model_validator(mode="after")
    def _nothing_is_lost_unheard(self) -> Self:
        if self.after_mail is AfterMail.DELETE and self.mail is VoicemailMail.WITHOUT_SOUND:
            raise ValueError("after_mail = delete needs mail = with_sound: else nobody could hear it")
        return self

    def greeting_for(self, status: PresenceStatus) -> str | None:
        """The personal greeting that is heard in this status; None: the built-in one."""
        return self.greetings.get(status, self.greeting)


class VoicemailMessage(Reply):
    """A message. `caller` is the number, "" if it was withheld; `seconds` is its length."""

    id: str
    box: str
    caller: str
    caller_name: str
    received_at: Instant
    seconds: float
    heard: bool


class VoicemailGreeting(Reply):
    """A personal greeting; `seconds` is its length."""

    id: str
    box: str
    name: str
    seconds: float
    created_at: Instant


class GreetingRecording(Request):
    """Record a greeting by a call to the own phones; it gets this name."""

    name: GreetingName


class MailboxState(Reply):
    """How many messages wait: an item of topic `voicemail`, keyed by `box`."""

    box: str
    name: str
    group: bool
    new: int
    heard: int


class VoicemailSelection(Request):
    """Some messages or greetings, or all of them."""

    ids: list[VoicemailId] = Field([], max_length=1000)
    all: bool = False

    @model_validator(mode="after")
    def _either(self) -> Self:
        if self.all == bool(self.ids):
            raise ValueError("give either ids or all")
        return self

    @property
    def chosen(self) -> list[str] | None:
        """The ids; None: all."""
        return None if self.all else self.ids


class VoicemailHeard(VoicemailSelection):
    """Mark messages as heard, or as new again."""

    heard: bool = True


class VoicemailChanged(Reply):
    """How many were changed; those that are not there do not count."""

    count: int


class GroupMailbox(ConfigObject):
    """A mailbox of a ring group, a queue, or any group (VM-6): all members hear and keep its messages.

    Members are also those of `ring_groups`, and the agents of `queues`. Whoever dials its number leaves a
    message.
    """

    key_field: ClassVar[str] = "number"

    number: ExtensionNumber = ""
    name: Line = Field("", max_length=63)
    members: ExtensionNumbers = ()
    ring_groups: Annotated[tuple[ExtensionNumber, ...], Field(max_length=100)] = ()
    queues: Annotated[tuple[ExtensionNumber, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _each_member_once(self) -> Self:
        if not (self.members or self.ring_groups or self.queues):
            raise ValueError("it is nobody's: give members, ring_groups or queues")
        if len(set(self.members)) != len(self.members):
            raise ValueError("an extension is a member twice")
        return self

    def references(self) -> Iterable[Reference]:
        """See `ConfigObject.references`."""
        yield from (Reference(EXTENSION, number, "members") for number in self.members)
        yield from (Reference("ring-group", number, "ring_groups") for number in self.ring_groups)
        yield from (Reference("queue", number, "queues") for number in self.queues)

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        groups = (f"ring group {number}" for number in self.ring_groups)
        queues = (f"queue {number}" for number in self.queues)
        return f"{self.name}: {', '.join((*self.members, *groups, *queues))}".removeprefix(": ")
