"""What becomes of legs, and what goes wrong with requests: part of the port (see `server.switch.port`)."""

from dataclasses import dataclass
from enum import Enum, StrEnum


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
