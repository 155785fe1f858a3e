"""What a switch tells its listeners, and of itself: see `server.switch.port`, which has all of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.switch.trunk import TrunkState
from server.switch.values import Contact, SecurityEvent

if TYPE_CHECKING:
    from server.switch.port import Leg


@dataclass(frozen=True, slots=True)
class Up:
    """The engine is there, or there again: legs and contacts have been read anew (see `Switch.legs`)."""

    restarted: bool
    """True if the engine is a new process: whatever was in the old one is gone, endpoints must be pushed."""


@dataclass(frozen=True, slots=True)
class Down:
    """The engine is gone or cannot be reached; `message` is for a person."""

    message: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """A phone or a trunk calls; the listener owns the leg now."""

    leg: "Leg"


@dataclass(frozen=True, slots=True)
class LegChanged:
    """State or hold of a leg changed (also to GONE, also for new ones)."""

    leg: "Leg"


@dataclass(frozen=True, slots=True)
class ContactsChanged:
    """The registered phones of an extension are now these."""

    number: str
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True)
class TrunkChanged:
    """The state of a trunk is now this; not told for a trunk that is removed."""

    name: str
    state: TrunkState


@dataclass(frozen=True, slots=True)
class Dtmf:
    """A digit arrived on a leg; it is among the leg's unread ones, too."""

    leg: "Leg"
    digit: str


Event = Up | Down | Incoming | LegChanged | ContactsChanged | TrunkChanged | Dtmf | SecurityEvent
Listener = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class SwitchStatus:
    """For readiness and `status`. `problem` is "" when `up`, else what happened and what to do."""

    up: bool
    problem: str
    version: str | None = None
    pid: int | None = None
    sip_udp: str | None = None
    sip_tls: str | None = None
