"""The words of the phone: states, ends and errors; no pjsua2 here, so any view may import it."""

from dataclasses import dataclass
from enum import Enum, auto


class Registration(Enum):
    """Whether the PBX knows where to ring this phone (SIP-1)."""

    OFF = auto()
    """Not started, or stopped."""
    CONNECTING = auto()
    """A REGISTER is under way."""
    REGISTERED = auto()
    """Calls can come in and go out."""
    FAILED = auto()
    """The last try failed; the phone goes on trying by itself."""


class CallState(Enum):
    """Where a call is in its life."""

    DIALLING = auto()
    """Outgoing: no answer of any kind from the other end yet."""
    RINGING_OUT = auto()
    """Outgoing: the other end rings."""
    INCOMING = auto()
    """Incoming: waits for answer, reject, or the caller's patience."""
    ACTIVE = auto()
    """Answered, and not held by us."""
    HELD = auto()
    """Answered, and held by us."""
    ENDED = auto()
    """Over; `Call.end` says how."""


CALL_TRANSITIONS: dict[CallState, frozenset[CallState]] = {
    CallState.DIALLING: frozenset({CallState.RINGING_OUT, CallState.ACTIVE, CallState.ENDED}),
    CallState.RINGING_OUT: frozenset({CallState.ACTIVE, CallState.ENDED}),
    CallState.INCOMING: frozenset({CallState.ACTIVE, CallState.ENDED}),
    CallState.ACTIVE: frozenset({CallState.HELD, CallState.ENDED}),
    CallState.HELD: frozenset({CallState.ACTIVE, CallState.ENDED}),
    CallState.ENDED: frozenset(),
}
"""Every change of state a call may make; any other raises."""


class Ability(Enum):
    """What some phones, or calls, can and others cannot."""

    ANSWER = auto()
    """Be answered from here."""
    MUTE = auto()
    MERGE = auto()
    """Be talked with together with others."""
    EARLY_TRANSFER = auto()
    """Be transferred to somebody who has not answered yet, though was asked."""


class TransferState(Enum):
    """How far the transfer of a call is (SIP-4)."""

    NONE = auto()
    """Not asked for."""
    ASKED = auto()
    """Asked for, or about to be, as soon as the other end is on hold."""
    RINGING = auto()
    """The PBX tells that it is at work: the target rings."""
    DONE = auto()
    """The other end talks with the target; our leg ends."""
    FAILED = auto()
    """It was not transferred, `TransferProgress.text` says why; the call goes on."""


TRANSFER_TRANSITIONS: dict[TransferState, frozenset[TransferState]] = {
    TransferState.NONE: frozenset({TransferState.ASKED}),
    TransferState.ASKED: frozenset({TransferState.RINGING, TransferState.DONE, TransferState.FAILED}),
    TransferState.RINGING: frozenset({TransferState.DONE, TransferState.FAILED}),
    TransferState.DONE: frozenset(),
    # Given up for want of news, it may still turn out to have been done.
    TransferState.FAILED: frozenset({TransferState.ASKED, TransferState.DONE}),
}
"""Every change of state a transfer may make; any other raises."""


@dataclass(frozen=True)
class TransferProgress:
    """A transfer as shown: `to` is the target's number, `text` says in words why it failed, else empty."""

    state: TransferState = TransferState.NONE
    to: str = ""
    text: str = ""

    @property
    def under_way(self) -> bool:
        """Whether it has been asked for, and neither succeeded nor failed yet."""
        return self.state in {TransferState.ASKED, TransferState.RINGING}


@dataclass(frozen=True)
class CallEnd:
    """How a call ended.

    `sip_code` is the final SIP status (200: it was answered and hung up). `text` is for people; empty for
    an ordinary hang-up. `answered_elsewhere`: another phone of the same extension took it. `transferred`:
    the other end was handed over to somebody else.
    """

    sip_code: int
    text: str
    by_us: bool
    answered_elsewhere: bool = False
    transferred: bool = False


@dataclass(frozen=True)
class Quality:
    """How a call's sound arrives (SIP-8). Loss in per cent of packets; jitter and round trip in ms.

    `round_trip_ms`, `loss_sent` and `mos_sent` are None until the other end has sent an RTCP report. `mos`
    is an estimate of what is heard here, `mos_sent` there: 1 (bad) to 4.4 (good), after ITU-T G.107 in its
    reduced form.
    """

    codec: str
    encrypted: bool
    loss_received: float
    loss_sent: float | None
    jitter_ms: float
    round_trip_ms: float | None
    mos: float
    mos_sent: float | None = None

    @property
    def worst(self) -> float:
        """The lower estimate of the two directions."""
        return self.mos if self.mos_sent is None else min(self.mos, self.mos_sent)


class PhoneError(Exception):
    """Something the phone cannot do now; the text is a sentence for a person."""
