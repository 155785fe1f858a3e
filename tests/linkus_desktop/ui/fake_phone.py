"""Stand for the phone of a client: its calls, its conference, its sound."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import count

from PySide6.QtCore import QObject, Signal

from linkus_desktop.sip.alert import Alert
from linkus_desktop.sip.audio.backend import Device, Sound
from linkus_desktop.sip.audio.tones import Tone
from linkus_desktop.sip.headers import Party
from linkus_desktop.sip.values import (
    Ability,
    CallEnd,
    CallState,
    PhoneError,
    Quality,
    Registration,
    TransferProgress,
    TransferState,
)
from tests.linkus_desktop.ui.fake_pbx import NOW

_ids = count(1)


class FakeCall(QObject):
    changed = Signal()
    ended = Signal(object)

    def __init__(
        self,
        number: str,
        name: str,
        state: CallState,
        *,
        talked: timedelta | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.id = f"c{next(_ids)}"
        self.number, self.name, self.state = number, name, state
        self.incoming = state is CallState.INCOMING
        self.started_at = NOW - (talked or timedelta(seconds=5))
        self.answered_at = NOW - talked if talked is not None else None
        self.end: CallEnd | None = None
        self.sip_call_id = f"sip-{self.id}"
        self.muted = self.remote_held = False
        self.digits = ""
        self.transfer_progress = TransferProgress()
        self.consultation_for: FakeCall | None = None
        self.alert = Alert()
        self.called_for: Party | None = None
        self.waiting_since: datetime | None = None
        self.emergency_call_back = False
        self.answered_by_itself = self.ignored = self.answering = self.early_media = False
        self.picks_up = False
        self.problem = ""
        self.known, self.said = True, ""
        self.cannot: dict[Ability, str] = {}
        self.measured: Quality | None = None

    @property
    def talking(self) -> bool:
        return self.state in {CallState.ACTIVE, CallState.HELD}

    def why_not(self, ability: Ability) -> str:
        return self.cannot.get(ability, "")

    @property
    def wants_line(self) -> bool:
        return self.state in {CallState.ACTIVE, CallState.DIALLING, CallState.RINGING_OUT}

    def transfer(self, number: str) -> None:
        if self.problem:
            raise PhoneError(self.problem)
        self.hold()
        self.progress(TransferState.ASKED, number)

    def park(self, code: str, slot: str = "") -> None:
        self.transfer(code + slot)

    def transfer_to(self, other: "FakeCall") -> None:
        self.transfer(other.number)

    def progress(self, state: TransferState, to: str, text: str = "") -> None:
        """The PBX tells how the transfer goes."""
        self.transfer_progress = TransferProgress(state, to, text)
        if state is TransferState.DONE:
            self.finish("Transferred", by_us=True, transferred=True)
        else:
            self.changed.emit()

    @property
    def held(self) -> bool:
        return self.state is CallState.HELD

    def turn(self, state: CallState) -> None:
        self.state = state
        if state is CallState.ACTIVE and self.answered_at is None:
            self.answered_at = NOW
        self.changed.emit()

    def finish(
        self, text: str = "", code: int = 200, *, by_us: bool = False, transferred: bool = False
    ) -> None:
        self.end = CallEnd(code, text, by_us, transferred=transferred)
        self.turn(CallState.ENDED)
        self.ended.emit(self.end)

    def answer(self) -> None:
        self.turn(CallState.ACTIVE)

    def quality(self) -> Quality | None:
        return self.measured if self.state is CallState.ACTIVE else None

    def ignore(self) -> None:
        self.ignored = True
        self.changed.emit()

    def reject(self, busy: bool = False) -> None:
        self.finish("Declined", 486 if busy else 603, by_us=True)

    def hangup(self) -> None:
        self.finish(by_us=True)

    def hold(self) -> None:
        self.turn(CallState.HELD)

    def resume(self) -> None:
        self.turn(CallState.ACTIVE)

    def set_muted(self, muted: bool) -> None:
        self.muted = muted
        self.changed.emit()

    def send_dtmf(self, digits: str) -> None:
        self.digits += digits


class FakeConference(QObject):
    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.calls: list[FakeCall] = []
        self.since: datetime | None = None

    @property
    def held(self) -> bool:
        return bool(self.calls) and all(call.held for call in self.calls)

    @property
    def muted(self) -> bool:
        return bool(self.calls) and all(call.muted for call in self.calls)

    def merge(self, calls: Iterable[FakeCall]) -> None:
        self.calls = list(calls)
        self.since = NOW - timedelta(seconds=95)
        for call in self.calls:
            call.consultation_for = None
        self.resume()

    def split(self, call: FakeCall) -> None:
        self.calls.remove(call)
        for other in self.calls:
            other.hold()
        call.resume()
        if len(self.calls) == 1:
            self.calls.clear()
        self.changed.emit()

    def hold(self) -> None:
        for call in self.calls:
            call.hold()
        self.changed.emit()

    def resume(self) -> None:
        for call in self.calls:
            call.resume()
        self.changed.emit()

    def set_muted(self, muted: bool) -> None:
        for call in self.calls:
            call.set_muted(muted)
        self.changed.emit()

    def hangup(self) -> None:
        for call in list(self.calls):
            call.hangup()

    def forget(self, call: FakeCall) -> None:
        if call in self.calls:
            self.calls.remove(call)
            if len(self.calls) == 1:
                self.calls.clear()
            self.changed.emit()


class FakePhone(QObject):
    registration_changed = Signal(object, str)
    call_added = Signal(object)
    call_removed = Signal(object)
    error = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.calls: list[FakeCall] = []
        self.dialled: list[str] = []
        self.problem = ""
        self.conference = FakeConference(self)
        self.tones_followed = 0
        self.registration, self.registration_text = Registration.REGISTERED, ""

    def add(self, call: FakeCall) -> FakeCall:
        call.setParent(self)
        self.calls.append(call)
        call.ended.connect(lambda _end: self._removed(call))
        self.call_added.emit(call)
        return call

    @property
    def active(self) -> FakeCall | None:
        return next((call for call in self.calls if call.state is CallState.ACTIVE), None)

    def follow_tones(self) -> None:
        self.tones_followed += 1

    def dial(self, number: str) -> FakeCall:
        return self._dial(number, FakeCall(number, "", CallState.DIALLING))

    def pick_up(self, number: str, shown: str) -> FakeCall:
        call = FakeCall(shown, "", CallState.DIALLING)
        call.picks_up = True
        return self._dial(number, call)

    def _dial(self, number: str, call: FakeCall) -> FakeCall:
        if self.problem:
            raise PhoneError(self.problem)
        self.dialled.append(number)
        return self.add(call)

    def switch_to(self, call: FakeCall) -> None:
        for other in self.calls:
            if other is not call and other.state is CallState.ACTIVE:
                other.hold()
        call.resume()

    def consult(self, call: FakeCall, number: str) -> FakeCall:
        made = self.dial(number)
        made.consultation_for = call
        call.hold()
        return made

    def complete(self, consultation: FakeCall) -> None:
        first = consultation.consultation_for
        if first is not None:
            first.transfer_to(consultation)

    def go_back(self, consultation: FakeCall) -> None:
        first = consultation.consultation_for
        consultation.hangup()
        if first is not None:
            first.resume()

    def merge(self) -> None:
        if self.problem:
            raise PhoneError(self.problem)
        self.conference.merge([call for call in self.calls if call.talking])

    def bring_in(self, call: FakeCall, other: FakeCall) -> None:
        if self.problem:
            raise PhoneError(self.problem)
        self.conference.merge(dict.fromkeys([*self.conference.calls, call, other]))

    def _removed(self, call: FakeCall) -> None:
        self.conference.forget(call)
        self.calls.remove(call)
        self.call_removed.emit(call)


class FakeAudio(QObject):
    devices_changed = Signal()
    problem_changed = Signal(str)
    levels = Signal(float, float)
    test_changed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.problem = ""
        self.users: set[str] = set()
        self.testing = ""
        self.tones: list[Tone] = []
        self.chosen: dict[str, bytes | None] = {}
        self.played: list[Sound] = []
        self.microphones = [Device(b"m1", "Built-in microphone"), Device(b"m2", "USB headset")]
        self.speakers = [Device(b"s1", "Built-in speakers"), Device(b"s2", "USB headset")]

    def inputs(self) -> list[Device]:
        return self.microphones

    def outputs(self) -> list[Device]:
        return self.speakers

    def open(self, user: str) -> None:
        self.users.add(user)

    def close(self, user: str = "") -> None:
        self.users.discard(user)

    def set_microphone(self, device: bytes | None) -> None:
        self.chosen["microphone"] = device

    def set_speaker(self, device: bytes | None) -> None:
        self.chosen["speaker"] = device

    def set_ringer(self, device: bytes | None) -> None:
        self.chosen["ringer"] = device

    def play(self, sound: Sound) -> "FakeAudio":
        self.played.append(sound)
        return self

    def play_test(self, role: str) -> None:
        self.testing = role
        self.test_changed.emit(role)

    def play_tone(self, tone: Tone) -> None:
        self.tones.append(tone)
        self.play_test("tone")

    def stop_test(self) -> None:
        self.play_test("")
