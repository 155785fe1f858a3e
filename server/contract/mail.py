"""E-mail that the server sends: by which mail server, what waits, and what became of it."""

import ipaddress
import re
import ssl
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from server.contract.base import Instant, Line, Reply, Request
from server.contract.configuration import ObjectName, SecretConfigObject
from server.contract.mail_address import MailAddress, OptionalMailAddress

_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(:[1-9][0-9]{0,4})?")

MAX_CERTIFICATE = 64 * 1024
"""Characters of the certificates that one mail server may need."""


def _host(host: str) -> str:
    if ":" in host:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            raise ValueError("neither a host name nor an IP address; the port has its own field") from None
    return host


def _certificates(text: str) -> str:
    if text.strip():
        try:
            ssl.create_default_context(cadata=text)
        except (ssl.SSLError, ValueError, UnicodeEncodeError):
            raise ValueError(
                "must be certificates in PEM form, -----BEGIN CERTIFICATE----- and so on"
            ) from None
    return text.strip()


class MailSecurity(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"
    """Begins in clear and must change to TLS before anything is said (RFC 3207); port 587, usually."""
    TLS = "tls"
    """TLS from the first byte (RFC 8314); port 465, usually."""
    NONE = "none"
    """In clear: for a mail server on the same machine."""


def _server_address(text: str) -> str:
    if text and not _SERVER.fullmatch(text):
        raise ValueError("must be a name or an address, with :port where that is not 8111")
    return text


class MailLanguage(StrEnum):
    """What mails are written in."""

    ENGLISH = "en"
    CZECH = "cs"
    CHINESE = "zh"


class MailSettings(SecretConfigObject):
    """The mail server; there is one such object. Without a host no mail is sent.

    `secret` is the password of `username`. `certificates` (PEM) are trusted beside those of the system, for a
    mail server of one's own. In clear only a mail server on the same machine is spoken to, unless
    `clear_text_elsewhere`. A mail that cannot be delivered for `give_up_hours` has failed.
    """

    name: ObjectName = "mail"
    host: Annotated[str, Field(max_length=253, pattern=r"^[A-Za-z0-9.:-]*$"), AfterValidator(_host)] = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: MailSecurity = MailSecurity.STARTTLS
    clear_text_elsewhere: bool = False
    certificates: Annotated[str, Field(max_length=MAX_CERTIFICATE), AfterValidator(_certificates)] = ""
    username: Annotated[Line, Field(max_length=254)] = ""
    sender: OptionalMailAddress = ""
    sender_name: Annotated[Line, Field(max_length=63)] = ""
    """What recipients see beside the address; empty: the name of the server."""
    language: MailLanguage = MailLanguage.ENGLISH
    give_up_hours: Annotated[int, Field(ge=1, le=168)] = 24
    login_local: Annotated[str, Field(max_length=259), AfterValidator(_server_address)] = ""
    """Where clients in the own network reach this server: for login links (AUTH-2)."""
    login_public: Annotated[str, Field(max_length=259), AfterValidator(_server_address)] = ""
    """Where clients elsewhere do."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.host and not self.sender:
            raise ValueError("a mail server needs a sender address, too")
        in_clear = self.host and self.security is MailSecurity.NONE
        if in_clear and not self.is_here and not self.clear_text_elsewhere:
            raise ValueError(
                f"{self.host} is another machine: use starttls or tls, or say clear_text_elsewhere = true"
            )
        return self

    @property
    def is_set_up(self) -> bool:
        """Whether mail is sent at all."""
        return bool(self.host)

    @property
    def is_here(self) -> bool:
        """Whether the mail server is on this machine."""
        return self.host in {"localhost", "::1"} or bool(re.fullmatch(r"127(\.\d+){3}", self.host))

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        return (
            f"{self.sender} by {self.host}:{self.port}, {self.security}" if self.host else "no mail is sent"
        )


class MailKind(StrEnum):
    """What a mail is about."""

    TEST = "test"
    QUEUE_CALLS = "queue_calls"
    """To managers: callers of a queue who were lost (Q-6)."""
    AUTO_PAUSED = "auto_paused"
    """To an agent who was paused, having missed calls (Q-4)."""
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    """To whom it is (AUTH-5, LOG-3)."""
    CALLS_MISSED = "calls_missed"
    """To who has missed them (LOG-3)."""
    VOICEMAIL = "voicemail"
    """To the owner of a mailbox, or the members of a group: a new message (VM-1)."""
    WELCOME = "welcome"
    """To an extension: login links (AUTH-2)."""


class MailPreferences(Request):
    """Which mails an extension gets about itself (LOG-3). They go to its e-mail address.

    `mail_server` only comes from the server: whether one is set up, so that any are sent.
    """

    missed_calls: bool = False
    password_changed: bool = True
    mail_server: bool = False


class MailState(StrEnum):
    """What became of a mail."""

    WAITING = "waiting"
    """To be sent, or to be tried again."""
    SENT = "sent"
    """The mail server has taken it."""
    FAILED = "failed"
    """Refused for good, or given up."""


class QueuedMail(Reply):
    """A mail of the outbox. What stands in it is never shown.

    `next_at`: when it is tried next, while it waits. `error`: why the last try came to nothing.
    """

    id: int
    kind: MailKind
    recipient: str
    state: MailState
    message_id: str
    created_at: Instant
    tries: int
    next_at: Instant | None
    sent_at: Instant | None
    error: str


class MailTest(Request):
    """Send a mail to this address at once, and tell what the mail server says."""

    to: MailAddress


class MailTested(Reply):
    """The mail server has taken the mail."""

    to: str
    server: str
