"""A call of the desk phone, as the server tells of it and conducts it (SIP-11)."""

import uuid
from collections.abc import Coroutine
from datetime import datetime
from typing import Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from linkus_desktop.sip import number as numbers
from linkus_desktop.sip.alert import Alert
from linkus_desktop.sip.headers import Party
from linkus_desktop.sip.values import (
    Ability,
    CallEnd,
    CallState,
    PhoneError,
    Quality,
    TransferProgress,
    TransferState,
)
from server.contract.calls import Direction, Outcome
from server.contract.own_calls import OwnCall, OwnCallState

TRANSFER_MS = 4_000
"""As long as the server may take to begin a transfer."""

UNKNOWN = "Not known: the line to the PBX is lost"
ANSWER_THERE = "Answer it on the phone"
ORDERED = "Desk phone rings"

WHY_NOT = {
    Ability.MUTE: "A desk phone can only be muted by its own key.",
    Ability.MERGE: "A desk phone's calls can only be put together on the phone itself.",
    Ability.EARLY_TRANSFER: "With a desk phone this can be completed once somebody has answered.",
}
NOT_TAKEN = "Nobody took the call there"
NO_ANSWER = "This phone cannot be told to answer: answer it there."

_TALKING = frozenset({CallState.ACTIVE, CallState.HELD})
_STATES = {
    OwnCallState.ORDERED: CallState.DIALLING,
    OwnCallState.CALLING: CallState.DIALLING,
    OwnCallState.RINGING: CallState.RINGING_OUT,
    OwnCallState.TALKING: CallState.ACTIVE,
    OwnCallState.ENDED: CallState.ENDED,
}
_ENDS = {
    Outcome.BUSY: (486, "Busy"),
    Outcome.NO_ANSWER: (480, "No answer"),
    Outcome.DECLINED: (603, "Declined"),
    Outcome.UNREGISTERED: (480, "Not registered"),
    Outcome.UNKNOWN_NUMBER: (404, "Number does not exist"),
    Outcome.MISSED: (487, "Missed"),
    Outcome.ANSWERED_ELSEWHERE: (487, "Answered on another phone"),
    Outcome.FAILED: (503, "The call could not be made"),
}
_NOT_TAKEN = frozenset({Outcome.NO_ANSWER, Outcome.DECLINED, Outcome.BUSY, Outcome.UNREGISTERED})


class Desk(Protocol):
    """What a call needs of its phone."""

    def ask(self, call: "DeskCall", request: Coroutine[Any, Any, Any], what: str) -> None:
        """Have the server do something; what goes wrong is told as "<what>: <why>"."""

    def over(self, call: "DeskCall") -> None:
        """The call is over."""

    @property
    def api(self) -> "CallApi":
        """Where it is asked for."""

    @property
    def own_number(self) -> str:
        """Of the extension."""


class CallApi(Protocol):
    """What is asked of the server; see `pbx.api.Api`."""

    async def make_call(self, number: str, *, phone: str | None) -> str:
        """Call a number; the call's id."""

    async def answer_call(self, call_id: str) -> None:
        """Have the phone answer."""

    async def hang_up(self, call_id: str) -> None:
        """End or decline a call."""

    async def hold(self, call_id: str, *, on: bool) -> None:
        """Hold a call, or resume it."""

    async def transfer(self, call_id: str, *, to: str | None = None, call: str | None = None) -> None:
        """Transfer a call."""

    async def park(self, call_id: str, slot: str | None = None) -> str:
        """Park the other end."""

    async def press_keys(self, call_id: str, keys: str) -> None:
        """Send keys."""


class DeskCall(QObject):
    """One call; the attributes are those of `sip.call.Call`.

    Attributes:
        server_id: by which the server knows it; "" until it has said so.
        seen: the server has told how it stands.
    """

    changed = Signal()
    ended = Signal(object)

    def __init__(
        self,
        desk: Desk,
        number: str,
        *,
        incoming: bool,
        picks_up: bool = False,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.id = uuid.uuid4().hex
        self.server_id = ""
        self.seen = False
        self.incoming = incoming
        self.number, self.name = number, ""
        self.started_at: datetime | None = None
        self.answered_at: datetime | None = None
        self.end: CallEnd | None = None
        self.sip_call_id = ""
        self.early_media = self.muted = self.answered_by_itself = self.ignored = self.answering = False
        self.consultation_for: DeskCall | None = None
        self.alert = Alert()
        self.picks_up = picks_up
        self.called_for: Party | None = None
        self.waiting_since: datetime | None = None
        self.emergency_call_back = False
        self.known = True
        self.remote_held = False
        self.state = CallState.INCOMING if incoming else CallState.DIALLING
        self.transfer_progress = TransferProgress()
        self._desk = desk
        self._ordered = not incoming
        self._can_answer = False
        self._left = self._ended_by_us = False
        self._transfer_to: DeskCall | None = None
        self._late = QTimer(self, singleShot=True, interval=TRANSFER_MS)
        self._late.timeout.connect(self._on_late)

    @property
    def held(self) -> bool:
        """Whether we hold it."""
        return self.state is CallState.HELD

    @property
    def talking(self) -> bool:
        """Whether it has been answered and is not over, held or not."""
        return self.state in _TALKING

    @property
    def wants_end(self) -> bool:
        """Whether it is to be ended once the server has said which one it is."""
        return self._ended_by_us

    @property
    def wants_line(self) -> bool:
        """Whether it is, or is about to become, the active call."""
        return self.state in {CallState.ACTIVE, CallState.DIALLING, CallState.RINGING_OUT}

    @property
    def said(self) -> str:
        """What it is doing, where the state does not say it."""
        if self.state is CallState.ENDED:
            return ""
        if not self.known:
            return UNKNOWN
        if self.state is CallState.INCOMING and not self._can_answer:
            return ANSWER_THERE
        return ORDERED if self._ordered and self.state is CallState.DIALLING else ""

    def why_not(self, ability: Ability) -> str:
        """Why this cannot be done with it; "" where it can."""
        if not self.known:
            return UNKNOWN
        if ability is Ability.ANSWER:
            return "" if self._can_answer else NO_ANSWER
        return WHY_NOT.get(ability, "")

    # What is done with it

    def answer(self) -> None:
        """Have the phone answer, where it can be told to; else that is said."""
        if self.state is CallState.INCOMING and not self.answering:
            self.answering = True
            self._ask(self._desk.api.answer_call(self.server_id), "The call was not answered")

    def reject(self, busy: bool = False) -> None:  # noqa: ARG002  the server knows one way to decline
        """Decline it, as the phone could."""
        if self.state is CallState.INCOMING:
            self.hangup()

    def ignore(self) -> None:
        """Look away: the phone goes on ringing."""
        if self.state is CallState.INCOMING and not self.ignored:
            self.ignored = True
            self.changed.emit()

    def hangup(self) -> None:
        """End it, or decline it, or give it up."""
        if self.state is CallState.ENDED:
            return
        self._ended_by_us = True
        if self.server_id:
            self._ask(self._desk.api.hang_up(self.server_id), "The call was not ended")

    def hold(self) -> None:
        """Put the other end on hold."""
        if self.state is CallState.ACTIVE:
            self._ask(self._desk.api.hold(self.server_id, on=True), "The call was not held")

    def resume(self) -> None:
        """Take it back."""
        if self.state is CallState.HELD:
            self._ask(self._desk.api.hold(self.server_id, on=False), "The call was not resumed")

    def transfer(self, text: str) -> None:
        """Send the other end to a number. Raises `PhoneError`."""
        target = numbers.dialled(text)
        self._check_talking()
        self._begin_transfer(target)
        self._ask(self._desk.api.transfer(self.server_id, to=target), "")

    def transfer_to(self, other: "DeskCall") -> None:
        """Let the other ends of both talk. Raises `PhoneError`."""
        self._check_talking()
        if not other.talking:
            raise PhoneError(WHY_NOT[Ability.EARLY_TRANSFER])
        self._transfer_to = other
        self._begin_transfer(other.number)
        self._ask(self._desk.api.transfer(self.server_id, call=other.server_id), "")

    def park(self, code: str, slot: str = "") -> None:
        """Let the other end wait on a parking slot, "" for a free one. Raises `PhoneError`.

        `code`: what it is called while it is done.
        """
        self._check_talking("A call can be parked once it is answered.")
        self._begin_transfer(code + slot)
        self._ask(self._desk.api.park(self.server_id, slot or None), "")

    def set_muted(self, muted: bool) -> None:  # noqa: ARG002  neither can be had
        """Raises `PhoneError`: nobody but the phone can."""
        raise PhoneError(WHY_NOT[Ability.MUTE])

    def send_dtmf(self, digits: str) -> None:
        """Let the other end hear keys. Raises `PhoneError` before the call is answered."""
        if self.state is not CallState.ACTIVE:
            raise PhoneError("Keys can be sent once the call is answered.")
        keys = digits.upper()
        self._ask(self._desk.api.press_keys(self.server_id, keys), "The keys were not sent")

    def quality(self) -> Quality | None:
        """None: the desk phone does not tell."""
        return None

    # What becomes known of it

    def take(self, own: OwnCall) -> None:
        """The server tells how it stands."""
        if self.state is CallState.ENDED:
            return
        self.server_id, self.known, self.seen = own.id, own.known, True
        self.number, self.name = own.number or self.number, own.name
        self.incoming = own.direction is Direction.INCOMING
        wanted = own.queue or own.for_number
        self.called_for = Party(wanted, own.queue_name) if wanted else None
        self.waiting_since = own.waiting_since
        self.emergency_call_back = own.emergency_call_back
        self.sip_call_id = next(iter(own.sip_call_ids), "")
        self._can_answer = own.can_answer
        if own.state is OwnCallState.ENDED:
            self._finish(self._how(own.outcome))
            return
        if own.state is OwnCallState.TALKING:
            self.answered_at = own.since
            self.answering = False
        else:
            self.started_at = own.since
        self._ordered = own.state is OwnCallState.ORDERED
        self.remote_held = any(number != self._desk.own_number for number in own.held_by)
        self._follow_transfer(own)
        self.state = self._state(own)
        self.changed.emit()

    def forget(self) -> None:
        """The server cannot be heard any more."""
        if self.known and self.state is not CallState.ENDED:
            self.known = False
            self.changed.emit()

    def vanish(self) -> None:
        """The server knows it no longer: it has ended while nobody was told."""
        self._finish(CallEnd(200, "", by_us=self._ended_by_us))

    def fail(self, text: str) -> None:
        """It could not be made."""
        self._finish(CallEnd(503, text, by_us=self._ended_by_us))

    def refused(self) -> None:
        """The server did not do what was asked for."""
        self.answering = self._ended_by_us = False
        self._late.stop()
        self._transfer_to = None
        self.changed.emit()

    def transfer_failed(self, why: str) -> None:
        """The server does not transfer it."""
        if self.transfer_progress.under_way:
            self._late.stop()
            self._transfer_to = None
            self.transfer_progress = TransferProgress(TransferState.FAILED, self.transfer_progress.to, why)
            self.changed.emit()

    def leave(self) -> None:
        """The other end talks with somebody else now."""
        self._left = True

    def _check_talking(self, otherwise: str = "A call can be transferred once it is answered.") -> None:
        if not self.talking:
            raise PhoneError(otherwise)

    def _begin_transfer(self, to: str) -> None:
        self.transfer_progress = TransferProgress(TransferState.ASKED, to)
        self._late.start()
        self.changed.emit()

    def _follow_transfer(self, own: OwnCall) -> None:
        progress = self.transfer_progress
        if own.transferred_to:
            self._late.stop()
            to = progress.to or own.transferred_to
            self.transfer_progress = TransferProgress(TransferState.RINGING, to)
        elif progress.state is TransferState.RINGING:
            self.transfer_progress = TransferProgress(TransferState.FAILED, progress.to, NOT_TAKEN)

    def _on_late(self) -> None:
        if self.known:
            self.transfer_failed("The number could not be reached")

    def _state(self, own: OwnCall) -> CallState:
        if self.incoming and own.state is OwnCallState.RINGING:
            return CallState.INCOMING
        if own.state is OwnCallState.TALKING and self._desk.own_number in own.held_by:
            return CallState.HELD
        return _STATES[own.state]

    def _how(self, outcome: Outcome | None) -> CallEnd:
        if self._left or self.transfer_progress.under_way:
            return CallEnd(200, "Transferred", by_us=True, transferred=True)
        if outcome in _NOT_TAKEN and self._ordered:
            return CallEnd(480, "Your desk phone did not take the call", by_us=self._ended_by_us)
        code, text = _ENDS.get(outcome, (200, "")) if outcome is not None else (200, "")
        elsewhere = outcome is Outcome.ANSWERED_ELSEWHERE
        return CallEnd(code, text, by_us=self._ended_by_us, answered_elsewhere=elsewhere)

    def _finish(self, end: CallEnd) -> None:
        if self.state is CallState.ENDED:
            return
        self._late.stop()
        if end.transferred and self._transfer_to is not None:
            self._transfer_to.leave()
        if end.transferred and self.transfer_progress.to:
            self.transfer_progress = TransferProgress(TransferState.DONE, self.transfer_progress.to)
        self.end, self.state, self.known = end, CallState.ENDED, True
        self.changed.emit()
        self.ended.emit(end)
        self._desk.over(self)

    def _ask(self, request: Coroutine[Any, Any, Any], what: str) -> None:
        self._desk.ask(self, request, what)
