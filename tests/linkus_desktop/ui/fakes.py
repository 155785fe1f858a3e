"""What a window shows, without server and phone: real models fed by hand, calls that only change state."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count

from PySide6.QtCore import QObject, Signal

from linkus_desktop.pbx.address import ServerAddress
from linkus_desktop.pbx.call_log import CallLogModel
from linkus_desktop.pbx.colleagues import ColleaguesModel
from linkus_desktop.pbx.errors import ApiError, PbxError
from linkus_desktop.pbx.live import LiveState
from linkus_desktop.pbx.reaching import ReachingDraft
from linkus_desktop.pbx.recordings import OwnRecordings
from linkus_desktop.pbx.states import ConnectionState
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
from linkus_desktop.store.settings import Settings
from server.contract.agents import AgentState, AgentStatus, AgentSwitch, PauseReasons
from server.contract.auth import Me
from server.contract.calls import CallLogEntry, CallQuality, CallQualityReport, Direction, Outcome
from server.contract.errors import ErrorBody, ErrorCode
from server.contract.extensions import CallState as LineState
from server.contract.extensions import Extension, ExtensionState, Role, SrtpMode
from server.contract.features import FeatureCodes
from server.contract.keys import FunctionKey, FunctionKeys, FunctionKeysChange
from server.contract.own_calls import OwnCall
from server.contract.presence import Presence, PresenceChange, PresenceStatus
from server.contract.reaching import ReachingSettings
from server.contract.recording import CallRecording, Recording, RecordingAction, RecordingState

NOW = datetime(2026, 3, 12, 14, 30, tzinfo=UTC)
_ids = count(1)
KEPT = []
"""Windows with their worlds, until the test is over and Qt has deleted them: pytest-qt keeps them weakly."""


def clock() -> datetime:
    """A clock that stands still."""
    return NOW


def colleague(
    number: str,
    name: str,
    *groups: str,
    registered: bool | None = True,
    call: LineState = LineState.IDLE,
    status: PresenceStatus = PresenceStatus.AVAILABLE,
    note: str = "",
    avatar: str | None = None,
) -> ExtensionState:
    """One extension."""
    return ExtensionState(
        number=number,
        name=name,
        groups=list(groups),
        avatar=avatar,
        registered=registered,
        phones=1 if registered else 0,
        call=call,
        call_since=NOW - timedelta(minutes=4),
        presence=Presence(status=status, note=note, since=NOW - timedelta(hours=1)),
    )


def logged_call(
    number: str = "1002",
    name: str = "Ben Carter",
    *,
    direction: Direction = Direction.INCOMING,
    outcome: Outcome = Outcome.ANSWERED,
    ago: timedelta = timedelta(minutes=10),
    talk: timedelta = timedelta(seconds=95),
    seen: bool = True,
    quality: CallQuality | None = None,
) -> CallLogEntry:
    """One call of the log."""
    started = NOW - ago
    answered = started + timedelta(seconds=6) if outcome is Outcome.ANSWERED else None
    key = f"e{next(_ids)}"
    return CallLogEntry(
        id=key,
        call_id=key,
        owner="1001",
        direction=direction,
        number=number,
        name=name,
        outcome=outcome,
        sip_code=None,
        started_at=started,
        answered_at=answered,
        ended_at=(answered or started) + talk,
        seen=seen,
        quality=quality,
    )


def agent(
    queue: str = "6400",
    name: str = "Support",
    state: str = "available",
    *,
    dynamic: bool = True,
    reason: str = "",
    ago: timedelta = timedelta(minutes=12, seconds=3),
    extension: str = "1001",
    **more: bool,
) -> AgentStatus:
    """The place of an agent in a queue; what holds after a call follows from the state, if not said."""
    holds = {"logged_in": state != "logged_out", "paused": state == "paused"} | more
    return AgentStatus(
        queue=queue,
        queue_name=name,
        extension=extension,
        dynamic=dynamic,
        state=AgentState(state),
        since=NOW - ago,
        reason=reason,
        **holds,
    )


def at_once(coro, *, on_done, on_error):
    """Run a request that waits for nothing."""
    try:
        coro.send(None)
    except StopIteration as finished:
        result = finished.value
    except PbxError as error:
        on_error(error)
        return
    on_done(result)


class FakeApi:
    """Remembers what it was asked; `problem` is raised instead, if set."""

    def __init__(self) -> None:
        self.deleted: list[str] = []
        self.seen: list[list[str] | None] = []
        self.problem: Exception | None = None
        self.settings = ReachingSettings()
        self.orders: list[tuple[str, RecordingAction]] = []
        self.sound = b""
        self.qualities: list[tuple[str, CallQualityReport]] = []
        self.deleted_recordings: list[str] = []
        self.key_changes: list[FunctionKeysChange] = []
        self.checked: list[FunctionKey] = []
        self.wrong_key = ""
        self.switches: list[tuple[str, AgentSwitch]] = []
        self.reasons = PauseReasons(reasons={"1": "Break", "2": "Lunch", "3": "Meeting", "4": "Training"})

    async def record(self, call_id: str, action: RecordingAction) -> None:
        self.orders.append((call_id, action))
        if self.problem:
            raise self.problem

    async def tell_quality(self, call_id: str, report: CallQualityReport) -> None:
        if self.problem:
            raise self.problem
        self.qualities.append((call_id, report))

    async def recording_part(self, recording_id: str, start: int, size: int) -> bytes:
        if self.problem:
            raise self.problem
        return self.sound[start : start + size]

    async def delete_recordings(self, ids: Iterable[str]) -> None:
        if self.problem:
            raise self.problem
        self.deleted_recordings.extend(ids)

    async def set_keys(self, change: FunctionKeysChange) -> FunctionKeys:
        if self.problem:
            raise self.problem
        self.key_changes.append(change)
        return FunctionKeys(revision=(change.revision or 0) + 1, keys=change.keys)

    async def check_key(self, key: FunctionKey) -> None:
        self.checked.append(key)
        if self.wrong_key:
            raise ApiError(422, ErrorBody(code=ErrorCode.INVALID, message=self.wrong_key))
        if self.problem:
            raise self.problem

    async def switch_queue(self, queue: str, change: AgentSwitch) -> None:
        self.switches.append((queue, change))
        if self.problem:
            raise self.problem

    async def switch_queues(self, change: AgentSwitch) -> None:
        await self.switch_queue("all", change)

    async def log_in_last(self) -> None:
        await self.switch_queue("last", AgentSwitch(logged_in=True))

    async def pause_reasons(self) -> PauseReasons:
        if self.problem:
            raise self.problem
        return self.reasons

    async def reaching(self) -> ReachingSettings:
        if self.problem:
            raise self.problem
        return self.settings

    async def set_reaching(self, settings: ReachingSettings) -> ReachingSettings:
        if self.problem:
            raise self.problem
        self.settings = settings
        return settings

    async def mark_calls_seen(self, ids: Iterable[str] | None = None) -> None:
        self.seen.append(None if ids is None else list(ids))

    async def delete_calls(self, ids: Iterable[str]) -> None:
        if self.problem:
            raise self.problem
        self.deleted.extend(ids)


class FakeSession(QObject):
    connection_changed = Signal(object, str)
    me_changed = Signal()

    def __init__(self, *, name: tuple[str, str] = ("Anna", "Novak"), parent: QObject | None = None) -> None:
        super().__init__(parent)
        own = Extension(
            number="1001",
            first_name=name[0],
            last_name=name[1],
            email="anna.novak@example.com",
            mobile=None,
            groups=["Sales"],
            enabled=True,
            client_enabled=True,
            srtp=SrtpMode.OPTIONAL,
            avatar=None,
            created_at=NOW,
        )
        self.me = Me(user="1001", role=Role.USER, extension=own, feature_codes=FeatureCodes().by_name())
        self.sip = object()
        self.address = ServerAddress("pbx.example.com")
        self.state, self.state_text = ConnectionState.ONLINE, ""
        self.live = LiveState(self)
        self.api = FakeApi()
        self.reaching = ReachingDraft(self.api, self, run=at_once)
        self.presences: list[PresenceChange] = []
        self.passwords: list[tuple[str, str]] = []
        self.problem: Exception | None = None

    async def set_presence(self, change: PresenceChange) -> None:
        if self.problem:
            raise self.problem
        self.presences.append(change)

    async def change_password(self, old: str, new: str) -> None:
        if self.problem:
            raise self.problem
        self.passwords.append((old, new))


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


COMPANY = (
    colleague("1001", "Anna Novak", "Sales"),
    colleague("1002", "Ben Carter", "Sales", call=LineState.TALKING),
    colleague("1003", "Chiara Rossi", "Sales", status=PresenceStatus.LUNCH_BREAK, note="Back at 13:30"),
    colleague("1004", "David Kim", "Support", call=LineState.RINGING),
    colleague("1005", "Elif Yılmaz", "Support", call=LineState.HELD),
    colleague("1006", "Frank Müller", "Support", status=PresenceStatus.DO_NOT_DISTURB, note="In a workshop"),
    colleague(
        "1007", "Grace Okafor", "Management", status=PresenceStatus.BUSINESS_TRIP, note="Lagos until Friday"
    ),
    colleague("1008", "Hugo Lindqvist", "Management", registered=False, status=PresenceStatus.OFF_WORK),
)

CALLS = (
    logged_call("1004", "David Kim", outcome=Outcome.MISSED, ago=timedelta(minutes=12), seen=False),
    logged_call("1002", "Ben Carter", ago=timedelta(minutes=48), talk=timedelta(seconds=254)),
    logged_call(
        "1007",
        "Grace Okafor",
        direction=Direction.OUTGOING,
        ago=timedelta(hours=2),
        talk=timedelta(hours=1, seconds=12),
    ),
    logged_call(
        "1006", "Frank Müller", direction=Direction.OUTGOING, outcome=Outcome.BUSY, ago=timedelta(hours=3)
    ),
    logged_call(
        "1008",
        "Hugo Lindqvist",
        direction=Direction.OUTGOING,
        outcome=Outcome.UNREGISTERED,
        ago=timedelta(hours=5),
    ),
    logged_call("1003", "Chiara Rossi", outcome=Outcome.MISSED, ago=timedelta(days=1, hours=2), seen=False),
    logged_call("1005", "Elif Yılmaz", ago=timedelta(days=1, hours=4), talk=timedelta(seconds=38)),
    logged_call(
        "1999", "", direction=Direction.OUTGOING, outcome=Outcome.UNKNOWN_NUMBER, ago=timedelta(days=2)
    ),
    logged_call(
        "1002", "Ben Carter", direction=Direction.OUTGOING, outcome=Outcome.NO_ANSWER, ago=timedelta(days=3)
    ),
    logged_call("1004", "David Kim", outcome=Outcome.DECLINED, ago=timedelta(days=9)),
)


class World:
    """All view-models of one window."""

    def __init__(
        self,
        people: Iterable[ExtensionState] | None = COMPANY,
        calls: Iterable[CallLogEntry] | None = CALLS,
        *,
        name: tuple[str, str] = ("Anna", "Novak"),
    ) -> None:
        """`None`: not told yet."""
        self.session = FakeSession(name=name)
        self.phone, self.audio, self.settings = FakePhone(), FakeAudio(), Settings()
        live = self.session.live
        if people is not None:
            live.extensions.take_snapshot({p.number: p for p in people})
        if calls is not None:
            live.call_log.take_snapshot({c.id: c for c in calls})
        self.colleagues = ColleaguesModel(live.extensions, "1001")
        self.recordings = OwnRecordings(live.recordings, self.session.api)
        self.call_log = CallLogModel(live.call_log, self.session.api, recordings=self.recordings)

    def permit(self, *permissions: str) -> None:
        """The administrator lets the user do this with recordings."""
        words = [f"recording.{word}" for word in permissions]
        self.session.me = self.session.me.model_copy(update={"permissions": words})
        self.session.me_changed.emit()

    def tell_recording(
        self, call: FakeCall, state: str | None = None, *, actions: Iterable[str] = (), refusal: str = ""
    ) -> None:
        """The server tells how a call is recorded, and what may be done about it."""
        told = OwnCall(
            id=f"server-{call.id}",
            number=call.number,
            name=call.name,
            since=NOW,
            sip_call_ids=[call.sip_call_id],
            recording=CallRecording(state=state, actions=list(actions), refusal=refusal or None),
        )
        topic = self.session.live.calls
        topic.take_snapshot({**topic.items, told.id: told})

    def tell_recorded(self, *calls: CallLogEntry, state: str = "finished", sound: bytes = b"") -> None:
        """The server tells that these calls were recorded."""
        self.session.api.sound = sound
        made = [
            Recording(
                id=call.call_id,
                caller=call.number,
                caller_name=call.name,
                callee="1001",
                callee_name="Anna Novak",
                owners=["1001"],
                state=RecordingState(state),
                started_at=call.answered_at or call.started_at,
                ended_at=call.ended_at,
                seconds=call.talk_s,
                size=len(sound) or 100,
            )
            for call in calls
        ]
        self.session.live.recordings.take_snapshot({one.id: one for one in made})

    def tell_agents(self, *agents: AgentStatus) -> None:
        """The server tells the places in queues."""
        told = {f"{one.queue}/{one.extension}": one for one in agents}
        self.session.live.agents.take_snapshot(told)

    def tell_keys(self, *keys: tuple[str, str] | tuple[str, str, str], revision: int = 1) -> None:
        """The server tells the function keys: type, value and, if wanted, label of each."""
        made = [FunctionKey(type=kind, value=value, label="".join(label)) for kind, value, *label in keys]
        self.session.live.keys.take_snapshot({"keys": FunctionKeys(revision=revision, keys=made)})

    def permit_keys(self) -> None:
        """The administrator lets the user change the own keys."""
        self.session.me = self.session.me.model_copy(update={"permissions": ["keys.change"]})
        self.session.me_changed.emit()

    def tell(self, state: ExtensionState) -> None:
        """The server tells a changed state."""
        self.session.live.extensions.take_delta(state.number, state)
        self.session.live.extensions.flush()

    def window(self, **more: object):
        """The main window over all of it."""
        from linkus_desktop.ui.main_window import MainWindow

        parts = (self.session, self.phone, self.audio, self.settings, self.colleagues, self.call_log)
        made = MainWindow(*parts, **{"clock": clock, **more})
        KEPT.append((self, made))
        return made
