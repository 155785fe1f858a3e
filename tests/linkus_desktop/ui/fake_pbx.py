"""Stand for the session and the API of a client that is logged in."""

from collections.abc import Iterable
from datetime import UTC, datetime

from PySide6.QtCore import QObject, Signal

from linkus_desktop.pbx.address import ServerAddress
from linkus_desktop.pbx.errors import ApiError, PbxError
from linkus_desktop.pbx.live import LiveState
from linkus_desktop.pbx.own_mail import OwnMail
from linkus_desktop.pbx.reaching import ReachingDraft
from linkus_desktop.pbx.states import ConnectionState
from server.contract.agents import AgentSwitch, PauseReasons
from server.contract.auth import Me
from server.contract.calls import CallQualityReport
from server.contract.errors import ErrorBody, ErrorCode
from server.contract.extensions import Extension, Role, SrtpMode
from server.contract.features import FeatureCodes
from server.contract.keys import FunctionKey, FunctionKeys, FunctionKeysChange
from server.contract.mail import MailPreferences
from server.contract.presence import PresenceChange
from server.contract.reaching import ReachingSettings
from server.contract.recording import RecordingAction
from tests.linkus_desktop.ui.fake_queues import FakeQueueApi

NOW = datetime(2026, 3, 12, 14, 30, tzinfo=UTC)


def clock() -> datetime:
    """A clock that stands still."""
    return NOW


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


class FakeApi(FakeQueueApi):
    """Remembers what it was asked; `problem` is raised instead, if set."""

    def __init__(self) -> None:
        super().__init__()
        self.deleted: list[str] = []
        self.seen: list[list[str] | None] = []
        self.problem: Exception | None = None
        self.settings = ReachingSettings()
        self.mails = MailPreferences(mail_server=True)
        self.orders: list[tuple[str, RecordingAction]] = []
        self.sound = b""
        self.qualities: list[tuple[str, CallQualityReport]] = []
        self.deleted_recordings: list[str] = []
        self.key_changes: list[FunctionKeysChange] = []
        self.checked: list[FunctionKey] = []
        self.wrong_key = ""
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

    async def mail_preferences(self) -> MailPreferences:
        if self.problem:
            raise self.problem
        return self.mails

    async def set_mail_preferences(self, preferences: MailPreferences) -> MailPreferences:
        if self.problem:
            raise self.problem
        self.mails = preferences
        return preferences

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
        self.mail = OwnMail(self.api, self, run=at_once)
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
