"""What the port of the switch talks about; to be imported from `server.switch.port`."""

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from server.contract.extensions import SrtpMode

if TYPE_CHECKING:
    from server.switch.port import Leg


class SwitchError(Exception):
    """Base of the port's errors."""


class SwitchUnavailable(SwitchError):
    """The engine is not running or does not answer now."""


class DiskFull(SwitchError):
    """There is no room for a recording (any more); calls go on."""


class LegGone(SwitchError):
    """The leg has ended; `ended` says how."""

    def __init__(self, ended: "Ended") -> None:
        super().__init__(f"leg has ended: {ended}")
        self.ended = ended


class LegState(Enum):
    """Life of a leg, in this order."""

    NEW = 0
    """Inbound: not yet signalled to the caller. Outbound: INVITE sent, nothing heard."""
    RINGING = 1
    UP = 2
    GONE = 3


class Reason(StrEnum):
    """Why we end a leg; each maps to a SIP status where the leg is inbound and not answered (RFC 3261)."""

    NORMAL = "normal"
    """BYE on an answered leg; 603 on an unanswered inbound one."""
    BUSY = "busy"  # 486
    DECLINED = "declined"  # 603
    NO_ANSWER = "no_answer"  # 480
    UNREGISTERED = "unregistered"  # 480
    UNKNOWN_NUMBER = "unknown_number"  # 404
    FORBIDDEN = "forbidden"  # 403
    UNAVAILABLE = "unavailable"  # 503
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    """CANCEL with `Reason: SIP;cause=200` on an outbound leg (RFC 3326)."""
    CANCELLED = "cancelled"
    """The caller gave up: CANCEL on an outbound leg."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a leg ended. `sip_code` is the final status of an unanswered outbound leg, else None.

    `by_us`: we hung it up. `lost`: it is gone because the engine is (crash, restart).
    """

    sip_code: int | None = None
    q850: int | None = None
    by_us: bool = False
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Party:
    """Number and name of one side of a call."""

    number: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """A registered phone of an extension.

    `uri` is the contact URI; `address` is `host:port` it was last seen from; `transport` is udp, tcp, tls.
    """

    number: str
    uri: str
    transport: str = "udp"
    user_agent: str = ""
    reachable: bool = True
    address: str = ""


@dataclass(frozen=True, slots=True)
class SipEndpoint:
    """An extension as the engine must know it. Repr never shows the secret."""

    number: str
    secret: str = field(repr=False)
    display_name: str
    codecs: tuple[str, ...] = ("g722", "alaw", "ulaw")
    srtp: SrtpMode = SrtpMode.OPTIONAL
    max_contacts: int = 8


class SecurityKind(StrEnum):
    """What a SIP peer did wrong."""

    BAD_SECRET = "bad_secret"  # noqa: S105
    UNKNOWN_USER = "unknown_user"


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """A refused SIP request. `address` is the IP only; `account` is what the peer called itself."""

    kind: SecurityKind
    account: str
    address: str
    transport: str


class TransferProgress(Enum):
    """What a phone that asked for a transfer is told (NOTIFY with sipfrag, RFC 3515)."""

    RINGING = "ringing"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a phone asks for with REFER: that the other end of its call goes elsewhere (SIP-4).

    Attributes:
        target: the number to go to, as dialled (blind transfer); "" where `consultation` is given.
        consultation: the phone's own leg in the call with whom it has asked (attended transfer, RFC 3891).
    """

    target: str = ""
    consultation: "Leg | None" = None
