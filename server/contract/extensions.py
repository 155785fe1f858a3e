"""Extensions: their master data and their live state."""

from enum import StrEnum

from pydantic import Field

from server.contract.base import Email, ExtensionNumber, GroupName, Instant, Line, Name, Reply, Request
from server.contract.presence import Presence
from server.contract.prompts import Language

MAX_GROUPS = 64
"""Groups one extension may be in: each live event about it carries them all."""


class Role(StrEnum):
    """What an account may do."""

    USER = "user"
    ADMINISTRATOR = "administrator"


class SrtpMode(StrEnum):
    """Encryption of media, SDES (RFC 4568); SIP-7."""

    OFF = "off"
    OPTIONAL = "optional"
    MANDATORY = "mandatory"


class ExtensionCreate(Request):
    """A new extension. Without `password` or `sip_secret` the server makes them and returns them once."""

    number: ExtensionNumber
    first_name: Name = ""
    last_name: Name = ""
    email: Email | None = None
    mobile: Line | None = Field(None, max_length=31)
    groups: list[GroupName] = Field([], max_length=MAX_GROUPS)
    client_enabled: bool = True
    monitored: bool = True
    language: Language | None = None
    """In which it hears the PBX speak; none: in that of the system."""
    srtp: SrtpMode = SrtpMode.OPTIONAL
    password: str | None = Field(None, max_length=128)
    sip_secret: str | None = Field(None, min_length=16, max_length=64, pattern=r"^[A-Za-z0-9._~-]+$")


class ExtensionChange(Request):
    """A change of an extension: only fields that are given change; `None` clears a nullable one."""

    first_name: Name | None = None
    last_name: Name | None = None
    email: Email | None = None
    mobile: Line | None = Field(None, max_length=31)
    groups: list[GroupName] | None = Field(None, max_length=MAX_GROUPS)
    client_enabled: bool | None = None
    monitored: bool | None = None
    """False: nobody is shown what it does, on no lamp and in no client, and nobody listens (ADMIN-1)."""
    language: Language | None = None
    srtp: SrtpMode | None = None
    enabled: bool | None = None
    """False revokes the extension: sessions end, SIP registration and calls too (AUTH-7)."""
    password: str | None = Field(None, max_length=128)
    sip_secret: str | None = Field(None, min_length=16, max_length=64, pattern=r"^[A-Za-z0-9._~-]+$")


class Extension(Reply):
    """An extension as an administrator, or its owner, sees it."""

    number: str
    first_name: str
    last_name: str
    email: str | None
    mobile: str | None
    groups: list[str]
    enabled: bool
    client_enabled: bool
    monitored: bool = True
    language: str | None = None
    srtp: SrtpMode
    avatar: str | None
    """Hash of the picture at `GET /api/v1/extensions/{number}/avatar`; None without one."""
    locked_until: Instant | None = None
    created_at: Instant

    @property
    def display_name(self) -> str:
        """First and last name, or the number where there is neither."""
        return f"{self.first_name} {self.last_name}".strip() or self.number


class ExtensionSecrets(Reply):
    """Secrets of an extension, shown once. A field is None where the caller supplied the secret."""

    number: str
    password: str | None
    sip_secret: str | None


class ExtensionCreated(Extension):
    """A new extension with the secrets the server made for it, shown once."""

    password: str | None
    sip_secret: str | None


class CallState(StrEnum):
    """What a line is doing (KEY-3). `UNKNOWN`: not told yet, or not known now (KEY-5)."""

    IDLE = "idle"
    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"
    UNKNOWN = "unknown"


class ExtensionState(Reply):
    """Live state of an extension: an item of topic `extensions`, keyed by `number`.

    `call_since` is when that part of the state last changed. Of one who may not be monitored (ADMIN-1)
    nothing is told but the presence: calls and registration are as if they were not known.
    """

    number: str
    name: str
    groups: list[str]
    avatar: str | None
    registered: bool | None
    """None while the switch cannot be asked: shown as unknown, never as unregistered (KEY-5)."""
    phones: int
    """Number of registered phones."""
    monitored: bool = True
    call: CallState
    call_since: Instant
    presence: Presence
