"""Trunks: the ways out to, and in from, the telephone network (ADMIN-2)."""

import ipaddress
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from server.contract.base import Line
from server.contract.configuration import AtLeastOne, CallerIdNumber, PhoneNumber, SecretConfigObject

TrunkName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,31}$")]
"""Name of a trunk, which the switch uses too: it begins with a letter, so that it cannot be an extension."""


class TrunkKind(StrEnum):
    """How the two sides know each other."""

    REGISTER = "register"
    """We register there, with user name and secret (RFC 3261, section 10)."""
    PEER = "peer"
    """The other side knows us by our address, and we it by its own."""


class Codec(StrEnum):
    """Codecs by their names in SDP (RFC 3551)."""

    G722 = "G722"
    PCMA = "PCMA"
    PCMU = "PCMU"


def _host(text: str) -> str:
    if ":" in text:
        try:
            ipaddress.IPv6Address(text)
        except ValueError:
            raise ValueError("neither a host name nor an IP address; the port has its own field") from None
    return text


Host = Annotated[
    str,
    StringConstraints(max_length=253, pattern=r"^[A-Za-z0-9:]([A-Za-z0-9.:-]*[A-Za-z0-9:])?$"),
    AfterValidator(_host),
]


class Trunk(SecretConfigObject):
    """One trunk.

    `max_concurrent` counts calls in both directions, 0: no limit; where it is reached, calls out (but no
    emergency) go on to the next trunk, and calls in are taken as long as the carrier sends them.
    `caller_id_number` and `caller_id_name` are shown to whom is called through it; without a number that of
    the calling extension is. `dids` are the numbers that the other side sends calls for; others are refused
    then. Empty: any number is taken.
    """

    name: TrunkName = ""
    kind: TrunkKind
    host: Host
    port: Annotated[int, Field(ge=1, le=65535)] = 5060
    transport: Literal["udp", "tcp", "tls"] = "udp"
    username: Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9._~+@=*-]*$")] = ""
    max_concurrent: Annotated[int, Field(ge=0, le=10_000)] = 0
    caller_id_number: CallerIdNumber = ""
    caller_id_name: Line = Field("", max_length=63)
    dids: Annotated[tuple[PhoneNumber, ...], Field(max_length=1000)] = ()
    codecs: Annotated[tuple[Codec, ...], AtLeastOne()] = (Codec.PCMA, Codec.PCMU, Codec.G722)
    enabled: bool = True

    @model_validator(mode="after")
    def _registering_needs_a_user(self) -> Self:
        if self.kind is TrunkKind.REGISTER and not self.username:
            raise ValueError("a trunk that registers needs a username")
        return self

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        state = "" if self.enabled else ", disabled"
        return f"{self.kind} {self.host}:{self.port}/{self.transport}{state}"
