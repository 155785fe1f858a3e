"""The desk phone, controlled over the server: its calls, and what can be done with them (SIP-11)."""

import re
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import QObject, Signal

from linkus_desktop.calls.desk_call import CallApi, DeskCall
from linkus_desktop.pbx.live import LiveTopic
from linkus_desktop.pbx.tasks import spawn
from linkus_desktop.sip import number as numbers
from linkus_desktop.sip.values import CallState, PhoneError, Registration
from server.contract.calls import Direction
from server.contract.own_calls import OwnCall, OwnCallState, OwnPhone
from server.contract.reaching import EndpointKind

NOBODY = "No desk phone of yours is registered. Register one, or call with this computer."
AWAY = "The server cannot be reached, so your desk phone cannot be controlled now."
_VERSION = re.compile(r"[\s/]+(?:v?\d+[.\d].*|\(.*)$")

Run = Callable[..., object]


def phone_name(user_agent: str) -> str:
    """What people call a phone that calls itself so: without its version."""
    return _VERSION.sub("", user_agent.strip())[:48] or "without a name"


class DeskPhone(QObject):
    """Follows the calls of the own desk phones while it is on, and has the server make further ones.

    Calls that it follows when it is switched off are followed to their end.

    Attributes:
        calls: those that are not over, oldest first.
        name: of the phone that calls are made with (`phone_name`); "": whichever there is.

    Signals:
        call_added(DeskCall), call_removed(DeskCall)
        phones_changed(): others are registered, or it is not known any more which.
        error(str): why something was not done.
    """

    call_added = Signal(object)
    call_removed = Signal(object)
    phones_changed = Signal()
    error = Signal(str)

    def __init__(
        self,
        calls: LiveTopic[OwnCall],
        phones: LiveTopic[OwnPhone],
        api: CallApi,
        own_number: Callable[[], str],
        *,
        is_elsewhere: Callable[[OwnCall], bool] = lambda _: False,
        run: Run = spawn,
        parent: QObject | None = None,
    ) -> None:
        """`is_elsewhere`: a call is another phone's, such as the one in this program; `run`: see `spawn`."""
        super().__init__(parent)
        self.calls: list[DeskCall] = []
        self.name = ""
        self.api = api
        self._topic, self._phones = calls, phones
        self._own_number = own_number
        self._is_elsewhere = is_elsewhere
        self._run = run
        self._on = False
        calls.reset.connect(self._on_reset)
        for signal in (calls.changed, calls.became_unknown):
            signal.connect(self._follow)
        for signal in (phones.reset, phones.changed, phones.became_unknown):
            signal.connect(self._on_phones)

    @property
    def own_number(self) -> str:
        """Of the extension."""
        return self._own_number()

    @property
    def phones(self) -> list[OwnPhone]:
        """The own desk phones that are registered, as far as is known."""
        return [phone for phone in self._phones if phone.kind is EndpointKind.EXTENSION_ENDPOINT]

    @property
    def phone(self) -> OwnPhone | None:
        """The one that calls are made with: the chosen one, else one that is there."""
        named = [phone for phone in self.phones if phone_name(phone.name) == self.name]
        return next(iter(sorted(named or self.phones, key=lambda phone: phone.reachable is not True)), None)

    @property
    def registration(self) -> tuple[Registration, str]:
        """Whether it can be used, and in words which one it is, or what to do."""
        if not self._phones.known:
            return Registration.CONNECTING, AWAY
        phone = self.phone
        if phone is None:
            return Registration.FAILED, NOBODY
        if phone.reachable is not True:
            return Registration.FAILED, f"Your desk phone ({phone_name(phone.name)}) does not answer the PBX."
        return Registration.REGISTERED, phone_name(phone.name)

    @property
    def active(self) -> DeskCall | None:
        """The call that is talked on or being dialled."""
        wanting = [call for call in self.calls if call.wants_line]
        return next((c for c in wanting if c.state is CallState.ACTIVE), wanting[-1] if wanting else None)

    def switch(self, *, on: bool) -> None:
        """Follow the desk phone's calls from now on, or no further ones."""
        self._on = on
        self._follow()

    def dial(self, text: str) -> DeskCall:
        """Have the desk phone call the number in `text`. Raises `PhoneError`."""
        target = numbers.dialled(text)
        return self._dial(target, target)

    def pick_up(self, text: str, shown: str) -> DeskCall:
        """Take a call that rings elsewhere, which is `shown`'s. Raises `PhoneError`."""
        return self._dial(numbers.dialled(text), shown, picks_up=True)

    def switch_to(self, call: DeskCall) -> None:
        """Talk on this one; the others are held."""
        if call.state is CallState.INCOMING:
            call.answer()
            return
        for other in self.calls:
            if other is not call:
                other.hold()
        call.resume()

    def consult(self, call: DeskCall, text: str) -> DeskCall:
        """Hold a call, and call somebody to ask there. Raises `PhoneError`."""
        if not call.talking:
            raise PhoneError("A call can be transferred once it is answered.")
        made = self.dial(text)
        made.consultation_for = call
        call.hold()
        made.changed.emit()
        return made

    def complete(self, consultation: DeskCall) -> None:
        """Connect the two of a consultation. Raises `PhoneError`."""
        first = consultation.consultation_for
        if first is not None:
            first.transfer_to(consultation)

    def go_back(self, consultation: DeskCall) -> None:
        """End a consultation, and talk again with whom it was made for."""
        first = consultation.consultation_for
        consultation.hangup()
        if first is not None:
            first.resume()

    # What calls need of their phone

    def ask(self, call: DeskCall, request: Coroutine[Any, Any, Any], what: str) -> None:
        """See `Desk.ask`."""

        def failed(error: Exception) -> None:
            if what:
                call.refused()
                self.error.emit(f"{what}: {error}")
            else:
                call.transfer_failed(str(error).rstrip("."))

        self._run(request, on_done=lambda _: None, on_error=failed)

    def over(self, call: DeskCall) -> None:
        """See `Desk.over`."""
        if call not in self.calls:
            return
        self.calls.remove(call)
        for other in self.calls:
            if other.consultation_for is call:
                other.consultation_for = None
                other.changed.emit()
        self.call_removed.emit(call)
        call.deleteLater()

    def _dial(self, target: str, shown: str, *, picks_up: bool = False) -> DeskCall:
        if not self._phones.known or not self._topic.known:
            raise PhoneError(AWAY)
        phone = self.phone
        if phone is None:
            raise PhoneError(NOBODY)
        call = DeskCall(self, shown, incoming=False, picks_up=picks_up, parent=self)
        self._add(call)

        def made(call_id: str) -> None:
            call.server_id = call_id
            if call.wants_end:
                call.hangup()
            self._follow()

        def failed(error: Exception) -> None:
            call.fail(str(error))
            self._follow()

        self._run(self.api.make_call(target, phone=phone.id), on_done=made, on_error=failed)
        return call

    def _add(self, call: DeskCall) -> None:
        self.calls.append(call)
        self.call_added.emit(call)

    def _on_reset(self) -> None:
        """All that there is, is in it: what is not has ended."""
        for call in self.calls:
            call.seen = bool(call.server_id)
        self._follow()

    def _follow(self, *_: object) -> None:
        if not self._topic.known:
            for call in list(self.calls):
                call.forget()
            return
        told = {own.id: own for own in self._topic}
        by_id = {call.server_id: call for call in self.calls if call.server_id}
        awaited = any(not call.server_id for call in self.calls)
        for own in told.values():
            followed = by_id.get(own.id) or self._adopted(own, awaited=awaited)
            if followed is not None:
                followed.take(own)
                if followed not in self.calls and followed.state is not CallState.ENDED:
                    self._add(followed)
        for call_id, call in by_id.items():
            if call_id not in told and call.seen:
                call.vanish()

    def _adopted(self, own: OwnCall, *, awaited: bool) -> DeskCall | None:
        """A call that was not begun here; None if it is not one of the desk phone's."""
        if not self._on or own.state is OwnCallState.ENDED or self._is_elsewhere(own):
            return None
        if awaited and own.direction is Direction.OUTGOING:
            return None  # it may be the one whose id the server has not said yet
        return DeskCall(self, own.number, incoming=own.direction is Direction.INCOMING, parent=self)

    def _on_phones(self, *_: object) -> None:
        self.phones_changed.emit()
