"""The phone: registration and calls (SIP-1, SIP-3, SIP-4)."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import timedelta

import pjsua2 as pj
from PySide6.QtCore import QObject, Signal

from linkus_desktop.sip import headers, number
from linkus_desktop.sip.account import registrar
from linkus_desktop.sip.alert import alert_of
from linkus_desktop.sip.audio import Audio, Ring, Sound, Tone
from linkus_desktop.sip.call import Call
from linkus_desktop.sip.conference import Conference
from linkus_desktop.sip.endpoint import MAX_CALLS, Endpoint
from linkus_desktop.sip.line import SipLine
from linkus_desktop.sip.media import Bridge
from linkus_desktop.sip.pj_call import PjCall
from linkus_desktop.sip.threads import main_thread
from linkus_desktop.sip.values import CallState, PhoneError, Registration
from server.contract.auth import SipAccount

_log = logging.getLogger(__name__)

HANG_UP_WAIT_S = 1.0
"""How long `stop` waits for the other ends to confirm that their calls are over."""
UNREGISTER_WAIT_S = 1.0
_BUSY_CODES = frozenset({486, 600})
_TALKING = frozenset({CallState.ACTIVE, CallState.HELD})


class Phone(QObject):
    """A SIP phone with one account. One per process; all on the main thread, whose Qt loop drives it.

    Attributes:
        registration, registration_text: the state, and for a failure what happened and what to do.
        calls: all calls that are not over, oldest first.
        conference: those of them that are mixed into one conversation.
        tone_of: the ring tone of an incoming call.

    Signals:
        registration_changed(Registration, str)
        call_added(Call), call_removed(Call): the second when it has ended.
        error(str): something for a person to know that belongs to no call.
    """

    registration_changed = Signal(object, str)
    call_added = Signal(object)
    call_removed = Signal(object)
    error = Signal(str)

    def __init__(self, audio: Audio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.audio = audio
        self.registration = Registration.OFF
        self.registration_text = ""
        self.calls: list[Call] = []
        self._bridge = Bridge(audio, self)
        self.conference = Conference(self._bridge, self)
        self.tone_of: Callable[[Call], Tone | Sound] = _usual_tone
        self._line: SipLine | None = None
        self._stopping = False

    @property
    def active(self) -> Call | None:
        """The call that is talked on or being dialled; held and ringing ones are not active."""
        wanting = [call for call in self.calls if call.wants_line]
        return next((c for c in wanting if c.state is CallState.ACTIVE), wanting[-1] if wanting else None)

    @main_thread
    def start(self, account: SipAccount, host: str, *, fingerprint: str | None = None) -> None:
        """Register `account`; `host` is by which the API was reached.

        `fingerprint`: the SHA-256 (`AA:BB:…`) of the certificate the user agreed to for the API; the PBX must
        show the same one over TLS. None: an authority vouched for the API, or there is no TLS.
        Raises `PhoneError` if the account cannot be used or PJSIP does not start. A failure to register is no
        error: it is told by `registration_changed`, and tried again.
        """
        if self._line is not None:
            raise PhoneError("The phone is running already.")
        where = registrar(account, host)
        self.audio.start()
        self._stopping = False
        self._line = SipLine(
            account, where, self._set_registration, self._incoming, self, fingerprint=fingerprint
        )
        try:
            self._line.start()
            self._bridge.start()
        except PhoneError:
            self._line = None
            raise

    async def stop(self) -> None:
        """Hang up, unregister, and leave nothing behind; `start` may follow. Takes two seconds at most."""
        line = self._line
        if line is None or self._stopping:
            return
        self._stopping = True
        for call in list(self.calls):
            call.hangup()
        await _pumped(line.endpoint, lambda: not self.calls, HANG_UP_WAIT_S)
        line.unregister()
        await _pumped(line.endpoint, lambda: line.unregistered, UNREGISTER_WAIT_S)
        for call in list(self.calls):
            call.fail(487)
        self._take_down(line)
        self._line = None
        self.audio.stop()
        self._set_registration(Registration.OFF, "")

    @main_thread
    def dial(self, text: str) -> Call:
        """Call the number in `text`; the active call is held first. Raises `PhoneError`."""
        target = number.dialled(text)
        return self._dial(target, headers.Party(target, ""))

    @main_thread
    def pick_up(self, text: str, shown: str) -> Call:
        """Take a call that rings at a colleague, or is parked, by what is to be dialled for that (SIP-4).

        `Call.number` is `shown` until the PBX tells who is at the other end. Raises `PhoneError`.
        """
        return self._dial(number.dialled(text), headers.Party(shown, ""), picks_up=True)

    def _dial(self, target: str, party: headers.Party, *, picks_up: bool = False) -> Call:
        line = self._running()
        if len(self.calls) >= MAX_CALLS:
            raise PhoneError(f"{MAX_CALLS} calls are the most at a time. End one first.")
        if line.account is None:
            raise PhoneError(self.registration_text or "The phone is not connected yet.")
        call = Call(self, self._bridge, party, incoming=False, parent=self)
        call.picks_up = picks_up
        pj_call = PjCall(line.account, call)
        self.make_room(call)
        call.attach(pj_call)
        self._add(call)
        try:
            pj_call.dial(line.where.uri(target))
        except pj.Error as error:
            if call.state is not CallState.ENDED:
                _log.warning("The call could not be made: %s", error.reason)
                call.fail(503)
        if self.registration is Registration.FAILED:
            line.register_now()  # the user wants the phone now: do not wait for the next try
        return call

    @main_thread
    def switch_to(self, call: Call) -> None:
        """Talk on `call`, or on the conference it is in: answer or resume it; the others are held."""
        if call.state is CallState.INCOMING:
            call.answer()
        elif call in self.conference.calls:
            self.conference.resume()
        else:
            call.resume()

    @main_thread
    def consult(self, call: Call, text: str) -> Call:
        """Hold `call` and call the number in `text`, to ask there before it is transferred (SIP-4).

        `Call.transfer_to` then connects the two, `go_back` ends the consultation. Raises `PhoneError`.
        """
        if not call.talking:
            raise PhoneError("A call can be transferred once it is answered.")
        made = self.dial(text)
        if made.state is not CallState.ENDED:
            made.consultation_for = call
            made.changed.emit()
        return made

    @main_thread
    def complete(self, consultation: Call) -> None:
        """Connect the two of a consultation (attended transfer). Raises `PhoneError`."""
        first = consultation.consultation_for
        if first is not None:
            first.transfer_to(consultation)

    @main_thread
    def go_back(self, consultation: Call) -> None:
        """End a consultation, and talk again with whom it was made for."""
        first = consultation.consultation_for
        consultation.hangup()
        if first is not None:
            first.resume()

    @main_thread
    def merge(self) -> None:
        """Mix all answered calls, held ones too, into one conversation (SIP-4). Raises `PhoneError`."""
        self.conference.merge(
            call for call in self.calls if call.talking and not call.transfer_progress.under_way
        )

    @main_thread
    def bring_in(self, call: Call, other: Call) -> None:
        """Mix these two answered calls, and the conference there is, into one. Raises `PhoneError`."""
        self.conference.merge(dict.fromkeys([*self.conference.calls, call, other]))

    @main_thread
    def follow_tones(self) -> None:
        """`tone_of` says something else now: what rings shall ring so."""
        for call in self.calls:
            if call.state is CallState.INCOMING:
                self._sound(call)
                return

    @main_thread
    def network_changed(self) -> None:
        """The network is another, or was away (also after sleep): register again, move calls along."""
        line = self._line
        if line is None or self._stopping:
            return
        if not line.address_changed:
            line.register_now()
        elif self.calls:
            line.move_calls()
        else:
            self._take_down(line)
            line.start()
            self._bridge.start()

    def _take_down(self, line: SipLine) -> None:
        """End PJSIP. The order matters: the clock, calls, ports, the account, the library."""
        line.endpoint.stop_media()
        self._bridge.stop()
        line.close()

    # What calls need of their phone

    def make_room(self, call: Call) -> None:
        """Hold every call but `call`, and those in a conference with it."""
        for other in self.calls:
            if other is not call and other.wants_line and not self.conference.joins(call, other):
                other.yield_line()

    def is_free_for(self, call: Call) -> bool:
        """Whether no call other than `call` is talked on or being dialled."""
        return not any(other.wants_line for other in self.calls if other is not call)

    def uri_of(self, number: str) -> str:
        """The SIP URI of a number at the PBX."""
        return self._running().where.uri(number)

    def ended(self, call: Call) -> None:
        """`call` is over: drop what PJSIP has of it once PJSIP has returned."""
        pj_call = call.release()
        if self._line is not None and pj_call is not None:
            self._line.endpoint.drop(pj_call)
        if call in self.calls:
            self.calls.remove(call)
            for other in self.calls:
                if other.consultation_for is call:
                    other.consultation_for = None
                    other.changed.emit()
            self._sound(call)
            self.call_removed.emit(call)
            call.deleteLater()

    def _incoming(self, call_id: int, message: str) -> None:
        line = self._running()
        call = Call(self, self._bridge, headers.caller(message), incoming=True, parent=self)
        call.alert = alert_of(message)
        call.called_for = headers.called_for(message)
        call.emergency_call_back = headers.is_emergency_call_back(message)
        waited_s = headers.waited_s(message)
        if waited_s is not None and call.started_at is not None:
            call.waiting_since = call.started_at - timedelta(seconds=waited_s)
        pj_call = PjCall(line.account, call, call_id)
        call.attach(pj_call)
        if self._stopping or len(self.calls) >= MAX_CALLS:
            pj_call.finish(486)
            line.endpoint.drop(pj_call)
            return
        self._add(call)
        pj_call.respond(180)

    def _add(self, call: Call) -> None:
        self.calls.append(call)
        call.changed.connect(self._on_changed)
        self._sound(call)
        self.call_added.emit(call)

    def _on_changed(self) -> None:
        call = self.sender()
        if isinstance(call, Call):
            self._sound(call)

    def _sound(self, call: Call) -> None:
        """Ring, ring back, busy: as the calls are now."""
        ringing = [
            c for c in self.calls if c.state is CallState.INCOMING and not c.answering and not c.ignored
        ]
        if not ringing:
            self.audio.stop_ringing()
        elif any(c.state in _TALKING for c in self.calls):
            self.audio.start_ringing(Ring.WAITING)
        else:
            self.audio.start_ringing(Ring.CALL, self.tone_of(ringing[0]))
        calling = self.active
        if calling is not None and calling.state is CallState.RINGING_OUT and not calling.early_media:
            self._bridge.ring_back()
        elif call.end is None or calling is not None:
            self._bridge.silence()
        elif not call.incoming and not call.end.by_us and call.answered_at is None:
            self._bridge.busy(congestion=call.end.sip_code not in _BUSY_CODES)
        else:
            self._bridge.silence()

    def _set_registration(self, state: Registration, text: str) -> None:
        if (state, text) != (self.registration, self.registration_text):
            self.registration, self.registration_text = state, text
            self.registration_changed.emit(state, text)

    def _running(self) -> SipLine:
        if self._line is None or self._stopping:
            raise PhoneError("The phone is not connected. Log in first.")
        return self._line


def _usual_tone(_call: Call) -> Tone:
    return Tone.CHIME


async def _pumped(endpoint: Endpoint, done: Callable[[], bool], at_most_s: float) -> None:
    """Let PJSIP work until `done()`, also where no Qt loop runs."""
    deadline = time.monotonic() + at_most_s
    while not done() and time.monotonic() < deadline:
        endpoint.pump()
        await asyncio.sleep(0.005)
