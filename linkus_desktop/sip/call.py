"""One call: its state, and what can be done with it."""

import re
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import pjsua2 as pj
from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from linkus_desktop.sip import headers, quality_reading
from linkus_desktop.sip import number as numbers
from linkus_desktop.sip.alert import Alert
from linkus_desktop.sip.hold import Holding
from linkus_desktop.sip.media import Bridge
from linkus_desktop.sip.pj_call import PjCall, TransactionEvent
from linkus_desktop.sip.quality import QualityMeter
from linkus_desktop.sip.reasons import call_end
from linkus_desktop.sip.threads import main_thread
from linkus_desktop.sip.transfer import SETTLE_MS, Transfer
from linkus_desktop.sip.values import (
    CALL_TRANSITIONS,
    Ability,
    CallEnd,
    CallState,
    PhoneError,
    Quality,
    TransferProgress,
)

NO_RESPONSE_MS = 8_000
"""A dialled call that got no response of any kind in this time is given up (RFC 3261 would wait 32 s)."""
TOO_LATE = "This call is not there any more"
"""Why nothing could be picked up."""
_NOTHING_THERE = 404
_DTMF_DIGITS = re.compile(r"[0-9A-D*#]{1,64}")
_TALKING = frozenset({CallState.ACTIVE, CallState.HELD})


class Line(Protocol):
    """What a call needs of its phone."""

    def make_room(self, call: "Call") -> None:
        """Hold every other call, so that `call` can become the active one."""

    def is_free_for(self, call: "Call") -> bool:
        """Whether no call other than `call` is talked on or being dialled."""

    def uri_of(self, number: str) -> str:
        """The SIP URI of a number at the PBX."""

    def ended(self, call: "Call") -> None:
        """`call` is over; its PJSIP object may be dropped once PJSIP has returned."""


class Call(QObject):
    """One call. Made by `Phone`; all times are UTC.

    Attributes:
        id: ours, unique.
        incoming: who called whom.
        number, name: the other end; empty for an anonymous caller.
        started_at, answered_at: when it began, and when it was answered.
        end: how it ended, None until then.
        consultation_for: the held call that this one was made for, to ask before it is transferred.
        alert: how the PBX wants it to ring.
        called_for: whom the caller wants, if it is somebody else: the boss, where this is the secretary.
        waiting_since: since when the caller has waited in the queue `called_for`; None: that is no queue.
        emergency_call_back: in all likelihood an emergency centre calls back.
        answered_by_itself: nobody pressed anything (intercom).
        ignored: it goes on ringing elsewhere, and not here.
        picks_up: it takes a call that rings at a colleague, or is parked; until then `number` is whose.

    Signals:
        changed: any of the above, the state, mute, hold or the transfer changed.
        ended: it is over, with its `CallEnd`.
    """

    changed = Signal()
    ended = Signal(object)

    def __init__(
        self,
        line: Line,
        bridge: Bridge,
        party: headers.Party,
        *,
        incoming: bool,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.id = uuid.uuid4().hex
        self.incoming = incoming
        self.number = party.number
        self.name = party.name
        self.started_at: datetime | None = now()
        self.answered_at: datetime | None = None
        self.end: CallEnd | None = None
        self.sip_call_id = ""
        self.early_media = False
        self.consultation_for: Call | None = None
        self.alert = Alert()
        self.called_for: headers.Party | None = None
        self.waiting_since: datetime | None = None
        self.emergency_call_back = False
        self.answered_by_itself = False
        self.ignored = False
        self.picks_up = False
        self._line = line
        self._bridge = bridge
        self._now = now
        self._pj: PjCall | None = None
        self._state = CallState.INCOMING if incoming else CallState.DIALLING
        self._muted = False
        self._remote_held = False
        self._answering = False
        self._ended_by_us = False
        self._meter = QualityMeter()
        self._unreached = False
        self._reasons: list[headers.Reason] = []
        self._holding = Holding(self._agreed_hold, caller=not incoming, parent=self)
        self._holding.refused.connect(self._hold_refused)
        self._up_since = QElapsedTimer()
        self._held_to_transfer = self._left = False
        self._transfer_to: Call | None = None
        self._transfer = Transfer(self._hold_is_settled, self)
        self._transfer.changed.connect(self.changed)
        self._transfer.done.connect(self._on_transferred)
        self._transfer.failed.connect(self._on_not_transferred)
        self._no_response = QTimer(self, singleShot=True, interval=NO_RESPONSE_MS)
        self._no_response.timeout.connect(self._give_up)

    @property
    def state(self) -> CallState:
        """Where the call is in its life."""
        return self._state

    @property
    def held(self) -> bool:
        """Whether we hold it."""
        return self._state is CallState.HELD

    @property
    def remote_held(self) -> bool:
        """Whether the other end holds us."""
        return self._remote_held and self._state in _TALKING

    @property
    def muted(self) -> bool:
        """Whether the microphone is cut off from this call."""
        return self._muted

    @property
    def answering(self) -> bool:
        """Whether an incoming call has been answered here and only awaits the caller's ACK."""
        return self._answering

    @property
    def wants_line(self) -> bool:
        """Whether it is, or is about to become, the active call."""
        return (
            self._state not in {CallState.INCOMING, CallState.ENDED}
            and not self._holding.wanted
            and not self._ended_by_us
        )

    @property
    def talking(self) -> bool:
        """Whether it has been answered and is not over, held or not."""
        return self._state in _TALKING

    @property
    def transfer_progress(self) -> TransferProgress:
        """How far its transfer is."""
        return self._transfer.progress

    @property
    def known(self) -> bool:
        """True: we are in it, and know how it stands."""
        return True

    @property
    def said(self) -> str:
        """Empty: its state says what it is doing."""
        return ""

    def why_not(self, _ability: Ability) -> str:
        """Why something cannot be done with it: empty, as everything can."""
        return ""

    @main_thread
    def answer(self) -> None:
        """Take an incoming call; the others are held. Does nothing unless it is ringing here."""
        if self._state is not CallState.INCOMING or self._answering or self._pj is None:
            return
        self._line.make_room(self)
        self._answering = True
        self._pj.respond(200)
        self.changed.emit()

    @main_thread
    def reject(self, busy: bool = False) -> None:
        """Refuse an incoming call: 603 Declined, or 486 Busy Here."""
        if self._state is CallState.INCOMING and self._pj is not None and not self._answering:
            self._ended_by_us = True
            self._pj.finish(486 if busy else 603)

    @main_thread
    def ignore(self) -> None:
        """Let an incoming call ring elsewhere: here it is silent, and can still be answered."""
        if self._state is CallState.INCOMING and not self._answering and not self.ignored:
            self.ignored = True
            self.changed.emit()

    @main_thread
    def hangup(self) -> None:
        """End the call, whatever its state; an incoming one that rings is declined."""
        if self._state is CallState.INCOMING and not self._answering:
            self.reject()
        elif self._state is not CallState.ENDED and self._pj is not None:
            self._ended_by_us = True
            self._bridge.cut(self)
            self._pj.finish(0)
            if self._state is CallState.DIALLING:  # a CANCEL must wait for a response that may never come
                self._finish(487)

    @main_thread
    def hold(self) -> None:
        """Put the other end on hold. Its sound is cut at once; `state` follows when the PBX agreed.

        Does nothing before the call is answered. Of `hold` and `resume` in quick succession the last counts.
        """
        if self._state in _TALKING and not self._holding.wanted:
            self._holding.wanted = True
            self._bridge.cut(self)
            self._holding.reconcile()

    def yield_line(self) -> None:
        """Make room for another call: hold this one, as soon as it is answered if it is not yet."""
        if self._state in {CallState.DIALLING, CallState.RINGING_OUT}:
            self._holding.wanted = True
            self._bridge.cut(self)
        else:
            self.hold()

    @main_thread
    def resume(self) -> None:
        """Take a held call back; the others are held."""
        if self._state in _TALKING and self._holding.wanted:
            self._line.make_room(self)
            self._holding.wanted = False
            self._holding.reconcile()
            self._route()

    @main_thread
    def transfer(self, text: str) -> None:
        """Connect the other end with the number in `text` without asking there first (blind transfer, SIP-4).

        The other end is put on hold, if it is not yet. `transfer_progress` tells how it goes; this call then
        ends as transferred, or goes on: resumed, if it was held for this. Raises `PhoneError`.
        """
        target = numbers.dialled(text)
        uri = self._line.uri_of(target)
        self._ask_transfer(target, lambda: self._pj is not None and self._pj.refer(uri))

    def park(self, code: str, slot: str = "") -> None:
        """Let the other end wait on a parking slot: a blind transfer to its code (SIP-4)."""
        self.transfer(code + slot)

    @main_thread
    def transfer_to(self, other: "Call") -> None:
        """Connect the other end with that of `other`, which rings or has been answered (attended transfer).

        Both calls then end as transferred; after a failure both go on. Raises `PhoneError`.
        """
        if other is self or not (other.talking or other.state is CallState.RINGING_OUT):
            raise PhoneError("The other person cannot be reached yet. Wait until it rings there.")
        self._transfer_to = other
        # One that rings may end before the PBX says what has become of the transfer, and is no failed call.
        other._left = other.state is CallState.RINGING_OUT
        self._ask_transfer(other.number, lambda: self._refer_to(other), other)

    @main_thread
    def set_muted(self, muted: bool) -> None:
        """Cut the microphone off from this call, or put it back; it stays so through hold and resume."""
        if self._muted != muted and self._state is not CallState.ENDED:
            self._muted = muted
            self._route()
            self.changed.emit()

    @main_thread
    def send_dtmf(self, digits: str) -> None:
        """Send keys `0`-`9`, `A`-`D`, `*`, `#`: RFC 4733, or SIP INFO where that cannot be had (SIP-4).

        Raises `PhoneError` for other characters and before the call is answered.
        """
        if not _DTMF_DIGITS.fullmatch(digits.upper()):
            raise PhoneError(f"“{digits}” cannot be sent as keys: only 0-9, A-D, * and #, 64 at most.")
        if self._state not in _TALKING or self._pj is None:
            raise PhoneError("Keys can be sent once the call is answered.")
        self._bridge.key_tone(digits.upper())
        self._pj.send_dtmf(digits.upper())

    @main_thread
    def quality(self) -> Quality | None:
        """Loss, jitter, round trip and an estimate of the quality now; None without sound (SIP-8)."""
        if self._state is not CallState.ACTIVE or self._pj is None or self._remote_held:
            return None
        reading = quality_reading.read(self._pj, time.monotonic())
        return None if reading is None else self._meter.take(reading)

    def leave(self) -> None:
        """The other end talks with somebody else now: hang up, and call it transferred."""
        if self._state is not CallState.ENDED:
            self._left = True
            self.hangup()

    # What `Phone` does with it

    def attach(self, pj_call: PjCall) -> None:
        """Give it its PJSIP call; `on_…` below are what that tells."""
        self._pj = pj_call
        self._holding.attach(pj_call)
        if not self.incoming:
            self._no_response.start()

    def release(self) -> PjCall | None:
        """Take the PJSIP call away again, to be dropped."""
        pj_call, self._pj = self._pj, None
        if pj_call is not None:
            pj_call.forget_listener()
        return pj_call

    def fail(self, code: int) -> None:
        """End a call that never got as far as PJSIP."""
        self._unreached = True
        self._finish(code)

    def on_state(self, info: pj.CallInfo) -> None:
        """PJSIP's INVITE session changed its state."""
        self.sip_call_id = info.callIdString
        if info.state != pj.PJSIP_INV_STATE_CALLING:
            self._no_response.stop()
        if info.state == pj.PJSIP_INV_STATE_EARLY and not self.incoming:
            self._become(CallState.RINGING_OUT)
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            if self.answered_at is None:
                self.answered_at = self._now()
                self._up_since.start()
            self._become(CallState.ACTIVE)
            self._route()
            self._holding.reconcile()
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._finish(info.lastStatusCode)

    def on_media(self, info: pj.CallInfo) -> None:
        """A negotiation of media is done."""
        streams = [media for media in info.media if media.type == pj.PJMEDIA_TYPE_AUDIO]
        statuses = [media.status for media in streams]
        self._bridge.renewed(self, {media.audioConfSlot for media in streams})
        self._remote_held = pj.PJSUA_CALL_MEDIA_REMOTE_HOLD in statuses
        self.early_media = not self.incoming and self._state not in _TALKING and bool(statuses)
        if self._state in _TALKING and statuses:
            self._become(
                CallState.HELD if pj.PJSUA_CALL_MEDIA_LOCAL_HOLD in statuses else CallState.ACTIVE, quiet=True
            )
        self._route()
        self._transfer.proceed()
        self.changed.emit()

    def on_transaction(self, event: TransactionEvent) -> None:
        """A request within the call moved on."""
        if event.message:
            self._no_response.stop()
            self._reasons = headers.reasons(event.message) or self._reasons
            self._learn_party(event)
        if event.method == "INVITE" and event.ours and self._state not in _TALKING:
            self._unreached = event.local_failure
        self._holding.on_transaction(event)
        self._transfer.on_transaction(event)

    def _learn_party(self, event: TransactionEvent) -> None:
        """Take over whom the PBX says to be at the other end (RFC 3325).

        In an answer that is the name of the number we called; where we pick a call up, it is who calls. In a
        re-INVITE or UPDATE it is who is there now: the other end may have been transferred.
        """
        party = headers.asserted(event.message) if event.method in {"INVITE", "UPDATE"} else None
        if party is None or (self.incoming and self._state not in _TALKING):
            return
        number, name = self.number, party.name or self.name
        if party.number and (self.picks_up or not event.ours):
            number = party.number
            name = party.name or (self.name if party.number == self.number else "")
        if (number, name) != (self.number, self.name):
            self.number, self.name = number, name
            self.changed.emit()

    def _ask_transfer(self, target: str, send: Callable[[], bool], other: "Call | None" = None) -> None:
        """Hold the other end, then send the REFER; not before the legs have settled."""
        if self._state not in _TALKING or self._pj is None:
            raise PhoneError("A call can be transferred once it is answered.")
        up = [call._up_since.elapsed() for call in (self, other) if call is not None and call.talking]
        self._transfer.ask(target, send, settle_ms=max(0, SETTLE_MS - min(up)))
        self._held_to_transfer = not self._holding.wanted
        self.hold()

    def _refer_to(self, other: "Call") -> bool:
        return self._pj is not None and other._pj is not None and self._pj.refer_replacing(other._pj)

    def _hold_is_settled(self) -> bool:
        return self.held or not self._holding.wanted

    def _on_transferred(self) -> None:
        for call in (self._transfer_to, self):
            if call is not None:
                call.leave()

    def _on_not_transferred(self) -> None:
        if self._transfer_to is not None:
            self._transfer_to._left = False
        self._transfer_to = None
        if self._held_to_transfer and self._line.is_free_for(self):
            self.resume()

    def _agreed_hold(self) -> bool | None:
        return self.held if self._state in _TALKING else None

    def _hold_refused(self) -> None:
        self._route()
        self._transfer.proceed()
        self.changed.emit()

    def _route(self) -> None:
        """Connect the sound as the state, hold and mute ask."""
        if self._pj is None or self._ended_by_us:
            return
        if self._holding.wanted or self._state in {CallState.HELD, CallState.INCOMING}:
            self._bridge.cut(self)
            return
        media = self._pj.audio()
        if media is not None:
            self._bridge.route(self, media, speak=self._state is CallState.ACTIVE and not self._muted)

    def _become(self, state: CallState, *, quiet: bool = False) -> None:
        if state is self._state:
            return
        if state not in CALL_TRANSITIONS[self._state]:
            raise AssertionError(f"A call cannot go from {self._state.name} to {state.name}")
        self._state = state
        if not quiet:
            self.changed.emit()

    def _finish(self, code: int) -> None:
        if self._state is CallState.ENDED:
            return
        self._no_response.stop()
        self._holding.release()
        self._bridge.forget(self)
        transferred = CallEnd(200, "Transferred", by_us=True, transferred=True) if self._left else None
        too_late = CallEnd(code, TOO_LATE, by_us=False) if self.picks_up and code == _NOTHING_THERE else None
        self.end = (
            self._transfer.ended(by_us=self._ended_by_us)
            or transferred
            or too_late
            or call_end(
                code,
                self._reasons,
                by_us=self._ended_by_us,
                incoming=self.incoming,
                answered=self.answered_at is not None,
                transport_failed=self._unreached,
            )
        )
        self._become(CallState.ENDED)
        self.ended.emit(self.end)
        self._line.ended(self)

    def _give_up(self) -> None:
        """No response of any kind came: say so now, and let PJSIP clear up behind."""
        if self._state is CallState.DIALLING and self._pj is not None:
            self._unreached = True
            self._pj.finish(0)
            self._finish(408)
