"""What a person filled in to log in."""

from dataclasses import dataclass, field

from linkus_desktop.pbx.address import ServerAddress


@dataclass(frozen=True)
class LoginForm:
    """A complete form (AUTH-1). A server with one name only is in `lan`, and `wan` is None.

    `fingerprint` is the certificate the person agreed to, None if there was no such question.
    """

    lan: ServerAddress
    wan: ServerAddress | None
    user: str
    password: str = field(repr=False)
    remember: bool = True
    auto_login: bool = False
    fingerprint: str | None = None
    token: str = field(default="", repr=False)
    """Of a login link, in place of the password (AUTH-2)."""
