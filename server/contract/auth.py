"""Pairing a client with its PBX (AUTH)."""

from typing import Literal

from pydantic import Field

from server.contract.base import Instant, Line, Reply, Request
from server.contract.extensions import Extension, Role, SrtpMode


class ClientInfo(Request):
    """What logs in, for the list of sessions and the audit log."""

    kind: Literal["desktop", "cli", "api"] = "desktop"
    version: Line = Field("", max_length=63)
    platform: Line = Field("", max_length=63)
    host: Line = Field("", max_length=255)


class LoginRequest(Request):
    """AUTH-1: `user` is an extension number, an e-mail address, or `admin`."""

    user: Line = Field(min_length=1, max_length=255)
    password: str = Field(min_length=1, max_length=128)
    client: ClientInfo = ClientInfo()


class RefreshRequest(Request):
    """A refresh token for new tokens; each refresh token works once."""

    refresh_token: str = Field(min_length=1, max_length=255)


class PasswordChange(Request):
    """AUTH-5."""

    old_password: str = Field(min_length=1, max_length=128)
    new_password: str = Field(min_length=1, max_length=128)


class AdministratorPasswordReset(Request):
    """A lost administrator's password is replaced; None: the server makes one. Local command line only."""

    password: str | None = Field(None, min_length=1, max_length=128)


class AdministratorPassword(Reply):
    """The password that the server made, shown this once; None where the caller supplied it."""

    user: str
    password: str | None


class Tokens(Reply):
    """Opaque session tokens (AUTH-7)."""

    access_token: str
    access_expires_at: Instant
    refresh_token: str
    refresh_expires_at: Instant


class SipAccount(Reply):
    """All a phone needs to register (AUTH-3).

    `host` None: the host by which the API was reached. A transport whose port is None is off.
    `codecs` are in order of preference, as in SDP (`G722`, `PCMA`, `PCMU`).
    """

    username: str
    password: str
    realm: str
    display_name: str
    host: str | None
    udp_port: int | None
    tcp_port: int | None
    tls_port: int | None
    transport: Literal["udp", "tcp", "tls"]
    srtp: SrtpMode
    codecs: list[str]
    expires_s: int


class Me(Reply):
    """Who is logged in, and what they may do.

    `permissions`: `administration`, and those of `server.contract.recording` (`recording.record`).
    `feature_codes`: what to dial, by the name of the feature (`server.contract.features`); features without
    a code are left out.
    `emergency_numbers`: those the administrator has entered; a client asks before it calls one by a single
    key (SIP-12).
    """

    user: str
    role: Role
    extension: Extension | None
    """None for an administrator without a phone."""
    permissions: list[str] = []
    feature_codes: dict[str, str] = {}
    emergency_numbers: list[str] = []


class LoginReply(Tokens):
    """Answer to a login."""

    me: Me
    sip: SipAccount | None
    server_name: str
    server_version: str
