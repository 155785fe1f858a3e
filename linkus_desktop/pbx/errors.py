"""What can go wrong on the line to the server, each with a text for a person.

`str(error)` says what happened, to which value, and what to do; a window may show it as it is.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from linkus_desktop.pbx.address import ServerAddress

if TYPE_CHECKING:  # the login window stands on this module and can do without pydantic, for 100 ms
    from server.contract.errors import ErrorBody, ErrorCode


class PbxError(Exception):
    """Base of everything this package raises for people.

    Attributes:
        text: the sentence to show.
    """

    @property
    def text(self) -> str:
        """What to show to a person."""
        return str(self)


class LoginError(PbxError):
    """Logging in did not work.

    Attributes:
        field: the field of the login window it is about: `server`, `user`, `password`, or "" for none.
    """

    field = ""


class BadCredentials(LoginError):
    """User or password is wrong; the server does not say which (AUTH-6)."""

    field = "password"

    def __init__(self) -> None:
        super().__init__(
            "The user or the password is wrong. Check both, and whether Caps Lock is on. "
            "If you forgot the password, ask your administrator for a new one."
        )


class LinkOfNoUse(LoginError):
    """The server knows no such login link, or not any more (AUTH-2)."""

    def __init__(self) -> None:
        super().__init__(
            "This login link was used already, or is older than 24 hours. Ask your administrator for another "
            "one, or log in with your password."
        )


class Locked(LoginError):
    """Too many wrong passwords (AUTH-6); `retry_after_s` in seconds."""

    field = "user"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            f"This account is locked after too many wrong passwords. Try again in {duration(retry_after_s)}, "
            "or ask your administrator to unlock it."
        )
        self.retry_after_s = retry_after_s


class RateLimited(LoginError):
    """Too many tries from this address (AUTH-6); `retry_after_s` in seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            f"There were too many login attempts from this computer. Try again in {duration(retry_after_s)}."
        )
        self.retry_after_s = retry_after_s


class ClientDisabled(LoginError):
    """This extension may not use the desktop client (AUTH-2)."""

    field = "user"

    def __init__(self) -> None:
        super().__init__(
            "This extension is not allowed to use the desktop client. Ask your administrator to enable it."
        )


class Unreachable(LoginError):
    """No server was found; `tried` has each address and why it did not work."""

    field = "server"

    def __init__(self, tried: Sequence[tuple[ServerAddress, str]]) -> None:
        self.tried = list(tried)
        reasons = " ".join(f"{address}: {why}" for address, why in self.tried)
        super().__init__(
            f"The server cannot be reached. {reasons} Check the address and your network connection."
        )


class CertificateUnknown(LoginError):
    """A server seen for the first time; `fingerprint` is the SHA-256 of its certificate, as `AA:BB:…`.

    To go on, log in again with `accept_fingerprint=error.fingerprint`.
    """

    field = "server"

    def __init__(self, address: ServerAddress, fingerprint: str) -> None:
        super().__init__(
            f"{address} identifies itself with a certificate that this computer does not know yet. "
            f"Its SHA-256 fingerprint is {fingerprint}. Compare it with the one your administrator gave you "
            "before you go on."
        )
        self.address = address
        self.fingerprint = fingerprint


class CertificateChanged(LoginError):
    """The server's certificate is not the one that was remembered: the connection was refused."""

    field = "server"

    def __init__(self, address: ServerAddress, known: str, seen: str) -> None:
        super().__init__(
            f"The certificate of {address} has changed, so nothing was sent to it. Someone may be pretending "
            f"to be your server, or the server was set up anew. Expected fingerprint {known}, seen {seen}. "
            "Ask your administrator; if the change is right, forget the old certificate and log in again."
        )
        self.address = address
        self.known = known
        self.seen = seen


class ServerProblem(LoginError):
    """The server answered, but could not do it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)


class ApiError(PbxError):
    """The server refused a request; `body` is what it said.

    Attributes:
        code: the stable name of the error.
        status: the HTTP status.
        body: the whole answer.
    """

    def __init__(self, status: int, body: "ErrorBody") -> None:
        super().__init__(body.message)
        self.status = status
        self.code: ErrorCode = body.code
        self.body = body


def is_lasting(error: Exception) -> bool:
    """Whether the server would say the same again, so that there is no use in trying."""
    return isinstance(error, ApiError) and error.code.value in _LASTING


_LASTING = frozenset({"invalid", "forbidden", "conflict", "not_found"})
"""Values of `ErrorCode`."""


class NotConnected(PbxError):
    """The request did not reach the server, or its answer did not come back."""

    def __init__(self, why: str) -> None:
        super().__init__(f"There is no connection to the server now. {why} Try again when it is back.")
        self.why = why


class WrongPassword(PbxError):
    """A password that cannot be one: empty, or too long."""

    def __init__(self) -> None:
        super().__init__("A password has from 1 to 128 characters. Enter the old and the new one.")


class SessionEnded(PbxError):
    """The session is over: log in again."""

    def __init__(self, text: str = "Your session has ended. Log in again.") -> None:
        super().__init__(text)


def duration(seconds: float) -> str:
    """A waiting time in words, never less than it is: `20 seconds`, `1 minute`, `2 hours`."""
    whole = max(1, -(-seconds // 1))
    for unit, size in (("hour", 3600), ("minute", 60)):
        if whole > size * 1.5 or whole == size:
            return _count(-(-whole // size), unit)
    return _count(whole, "second")


def _count(number: float, unit: str) -> str:
    return f"{number:.0f} {unit}{'' if number == 1 else 's'}"
