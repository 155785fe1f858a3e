"""A trunk as the port of the switch (`server.switch.port`, which has these names too) knows it."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from server.contract.extensions import SrtpMode


class TrunkKind(StrEnum):
    """How a trunk and its carrier know each other."""

    REGISTER = "register"
    """We register at the carrier with a user name and a secret (RFC 3261, section 10)."""
    PEER = "peer"
    """Both sides know each other by address."""


class CallerIdPolicy(StrEnum):
    """Where the carrier is shown who calls."""

    FROM = "from"
    """In `From` alone."""
    ASSERTED = "asserted"
    """In `From` and in `P-Asserted-Identity` (RFC 3325)."""
    ACCOUNT = "account"
    """`From` is always the trunk's user name; the caller is in `P-Asserted-Identity`."""


@dataclass(frozen=True, slots=True)
class SipTrunk:
    """A line to a carrier or to another PBX, as the engine must know it. Repr never shows the secret.

    `addresses`: from where calls may come besides `host`, as IP addresses or networks; requests from
    anywhere else are refused. Whatever comes from those addresses is the trunk's and needs no secret, so no
    phone can register from one; on the loopback network the port counts too. `domain`: what stands behind
    the @ of our address where that is not `host`. `expires_s`: how long a registration is asked for.
    `qualify`: whether the carrier is asked (OPTIONS) if it is there. `transport` tls encrypts, but the
    carrier's certificate is not checked. Raises `ValueError` for what cannot stand in SIP.
    """

    name: str
    kind: TrunkKind
    host: str
    port: int = 5060
    transport: Literal["udp", "tcp", "tls"] = "udp"
    username: str = ""
    secret: str = field(default="", repr=False)
    domain: str = ""
    addresses: tuple[str, ...] = ()
    caller_id: CallerIdPolicy = CallerIdPolicy.FROM
    codecs: tuple[str, ...] = ("alaw", "ulaw")
    srtp: SrtpMode = SrtpMode.OFF
    expires_s: int = 300
    qualify: bool = True

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,32}", self.name):
            raise ValueError(
                f"Trunk name {self.name!r}: use 1 to 32 letters, digits, points, hyphens, underscores."
            )
        for what, host in (("host", self.host), ("domain", self.domain or self.host)):
            if not re.fullmatch(r"[A-Za-z0-9._:-]{1,253}", host):
                raise ValueError(f"Trunk {self.name}: {host!r} cannot be its {what}.")
        for address in self.addresses:
            if not re.fullmatch(r"[0-9A-Fa-f.:]+(/\d{1,3})?", address):
                raise ValueError(f"Trunk {self.name}: {address!r} is no IP address or network.")
        if not 0 < self.port < 65536:
            raise ValueError(f"Trunk {self.name}: port {self.port} is not between 1 and 65535.")
        if not (self.username + self.secret).isprintable():
            raise ValueError(f"Trunk {self.name}: user name and secret must be printable.")
        if self.kind is TrunkKind.REGISTER and not self.username:
            raise ValueError(f"Trunk {self.name} registers: give it a user name.")


class TrunkStatus(StrEnum):
    """What is known of a trunk."""

    UNKNOWN = "unknown"
    """The engine is away, or a peer has not been asked yet, or is never asked."""
    REGISTERING = "registering"
    UNREGISTERED = "unregistered"
    """No (usable) answer from the registrar; tried again by itself."""
    REGISTERED = "registered"
    REJECTED = "rejected"
    """The registrar refused us; tried again, but seldom."""
    REACHABLE = "reachable"
    """A peer that answers."""
    UNREACHABLE = "unreachable"
    """A peer, or a registrar where we are registered, that does not answer."""


@dataclass(frozen=True, slots=True)
class TrunkState:
    """Status of a trunk; `reason` is for a person and "" unless something is wrong."""

    status: TrunkStatus
    reason: str = ""

    @property
    def usable(self) -> bool:
        """Whether a call is worth trying."""
        return self.status in (TrunkStatus.REGISTERED, TrunkStatus.REACHABLE, TrunkStatus.UNKNOWN)
