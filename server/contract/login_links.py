"""Links that log in with no typing (AUTH-2): for the first login, and for who has forgotten the password."""

from enum import StrEnum

from pydantic import Field

from server.contract.auth import ClientInfo, LoginReply
from server.contract.base import Instant, Reply, Request

SCHEME = "linkus"
"""Of the links; the operating system opens the client with them."""

HOURS = 24
"""How long a link works."""


class Network(StrEnum):
    """From where the server is reached by the address in a link."""

    LOCAL = "local"
    PUBLIC = "public"


class LoginLink(Reply):
    """`linkus://login?server=…&user=…&token=…&fingerprint=…`; the last one is of the server's certificate."""

    network: Network
    link: str = Field(repr=False)


class LoginLinks(Reply):
    """Links of one extension. Whichever is used first, all of them are used up."""

    number: str
    expires_at: Instant
    links: list[LoginLink]


class WelcomeSent(Reply):
    """A welcome mail with links is in the outbox."""

    number: str
    to: str
    expires_at: Instant


class LinkLogin(Request):
    """Log in by the token of a link."""

    token: str = Field(min_length=20, max_length=64, pattern=r"^[A-Za-z0-9_-]+$", repr=False)
    client: ClientInfo = ClientInfo()


class LinkLoginReply(LoginReply):
    """Answer to that: the account has this password now, which is shown this once."""

    password: str = Field(repr=False)
