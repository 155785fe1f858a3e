"""What a window shows, without server and phone: real models fed by hand, calls that only change state."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import count

from linkus_desktop.pbx.call_log import CallLogModel
from linkus_desktop.pbx.colleagues import ColleaguesModel
from linkus_desktop.pbx.errors import PbxError as PbxError  # noqa: PLC0414
from linkus_desktop.pbx.recordings import OwnRecordings
from linkus_desktop.store.settings import Settings
from server.contract.agents import AgentState, AgentStatus, QueueLogEntry
from server.contract.calls import CallLogEntry, CallQuality, Direction, Outcome
from server.contract.extensions import CallState as LineState
from server.contract.extensions import ExtensionState
from server.contract.keys import FunctionKey, FunctionKeys
from server.contract.own_calls import OwnCall
from server.contract.presence import Presence, PresenceStatus
from server.contract.queue_board import QueueBoard
from server.contract.queue_log import QueueLogView
from server.contract.recording import CallRecording, Recording, RecordingState
from tests.linkus_desktop.ui.fake_pbx import NOW, FakeSession, clock
from tests.linkus_desktop.ui.fake_pbx import at_once as at_once  # noqa: PLC0414
from tests.linkus_desktop.ui.fake_phone import FakeAudio, FakeCall, FakePhone
from tests.linkus_desktop.ui.fake_queues import queue_view

_ids = count(1)
KEPT = []
"""Windows with their worlds, until the test is over and Qt has deleted them: pytest-qt keeps them weakly."""


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

THREE_KEYS = (("blf", "1002"), ("blf", "1003"), ("prefix", "00", "International"))


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

    def tell_boards(self, *boards: QueueBoard) -> None:
        """The server tells how queues stand."""
        self.session.live.queues.take_snapshot({board.queue: board for board in boards})

    def tell_board(self, board: QueueBoard) -> None:
        """The server tells how a queue stands now."""
        self.session.live.queues.take_delta(board.queue, board)
        self.session.live.queues.flush()

    def tell_queue_log(self, *lines: QueueLogEntry, views: Iterable[QueueLogView] = ()) -> None:
        """The server has these calls of queues, of which one may see `views`."""
        self.session.api.queue_lines = sorted(lines, key=lambda line: line.joined, reverse=True)
        self.session.api.queue_views = list(views) or [queue_view()]
        self.session.live.queue_log.take_snapshot({str(line.id): line for line in lines})

    def tell_queue_line(self, line: QueueLogEntry) -> None:
        """The server tells that this is so of a call of a queue now."""
        self.session.live.queue_log.take_delta(str(line.id), line)
        self.session.live.queue_log.flush()

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
