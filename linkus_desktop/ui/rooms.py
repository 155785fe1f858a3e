"""The rooms that work now; each is built when it is first opened, so that the window is there fast."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from linkus_desktop.hotkeys.port import HotKeys
from linkus_desktop.pbx.blocking import Blocking
from linkus_desktop.pbx.queue_boards import QueueBoards
from linkus_desktop.pbx.queue_log import QueueLogModel
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.phone.phone_choice import PhoneChoice
from linkus_desktop.ui.phone.workspace import PhoneWorkspace
from linkus_desktop.ui.pictures import Pictures
from linkus_desktop.ui.theme import Theme

if TYPE_CHECKING:
    from linkus_desktop.calls.chosen_phone import ChosenPhone
    from linkus_desktop.calls.telephone import Telephone
    from linkus_desktop.pbx.call_log import CallLogModel
    from linkus_desktop.pbx.colleagues import ColleaguesModel
    from linkus_desktop.pbx.session import Session
    from linkus_desktop.sip.audio import Audio
    from linkus_desktop.store.settings import Settings

ROOMS = (
    ("phone", "phone", "Phone", "Alt+1"),
    ("call_log", "call-log", "Call Logs", "Alt+2"),
    ("extensions", "extensions", "Extensions", "Alt+3"),
    ("queues", "queues", "Queues", "Alt+4"),
    ("preferences", "preferences", "Preferences", "Ctrl+,"),
)
"""Key, icon, name and shortcut of each room, in the order of the rail."""


class Rooms(QObject):
    """Builds rooms and passes on what they ask for.

    Signals: call_requested(str number), pick_up_requested(str number), search_requested(str name),
    room_requested(str key), problem(str text), failed(str text, object again or None), done(),
    password_requested(), log_out_requested().
    """

    call_requested = Signal(str)
    search_requested = Signal(str)
    pick_up_requested = Signal(str)
    room_requested = Signal(str)
    problem = Signal(str)
    failed = Signal(str, object)
    done = Signal()
    password_requested = Signal()
    log_out_requested = Signal()

    def __init__(
        self,
        stack: QStackedWidget,
        *,
        session: "Session",
        phone: "Telephone",
        phones: "ChosenPhone | None" = None,
        audio: "Audio",
        settings: "Settings",
        colleagues: "ColleaguesModel",
        call_log: "CallLogModel",
        blinker: Blinker,
        theme: Theme | None,
        pictures: Pictures | None,
        clock: Callable[[], datetime],
        hot_keys: HotKeys | None = None,
    ) -> None:
        super().__init__(stack)
        self._stack = stack
        self._phones = phones
        self._session, self._phone, self._audio, self._settings = session, phone, audio, settings
        self._colleagues, self._call_log = colleagues, call_log
        self._hot_keys = hot_keys
        self._blinker, self._theme, self._pictures, self._clock = blinker, theme, pictures, clock
        self.boards = QueueBoards(session.live.queues, session.live.agents, session.api, self._name_of, self)
        self._built: dict[str, QWidget] = {}
        self._makers: dict[str, Callable[[], QWidget]] = {
            "phone": self._make_phone,
            "call_log": self._make_call_log,
            "extensions": self._make_extensions,
            "queues": self._make_queues,
            "preferences": self._make_preferences,
        }

    def room(self, key: str) -> QWidget:
        """The room, built if need be."""
        if key not in self._built:
            self._built[key] = self._makers[key]()
            self._follow_queues()
            self._stack.addWidget(self._built[key])
        return self._built[key]

    def phone(self) -> PhoneWorkspace:
        """The Phone room."""
        room = self.room("phone")
        if not isinstance(room, PhoneWorkspace):
            raise TypeError(f"the Phone room is a {type(room).__name__}")
        return room

    def leave(self) -> None:
        """The window closes: what waits for its undo happens now."""
        from linkus_desktop.ui.call_log.workspace import CallLogWorkspace  # noqa: PLC0415  built when opened

        room = self._built.get("call_log")
        if isinstance(room, CallLogWorkspace):
            room.finish_deletions()

    def _on_all_calls(self) -> None:
        self.room_requested.emit("call_log")

    def _make_phone(self) -> QWidget:
        made = PhoneWorkspace(
            self._colleagues, self._call_log, self._settings, self._blinker, self._pictures, clock=self._clock
        )
        if self._phones is not None:
            made.dialler.set_phones(PhoneChoice(self._phones))
        made.call_requested.connect(self.call_requested)
        made.search_requested.connect(self.search_requested)
        made.pick_up_requested.connect(self.pick_up_requested)
        made.all_calls_requested.connect(self._on_all_calls)
        return made

    def _make_call_log(self) -> QWidget:
        from linkus_desktop.sip.audio.listening import Listening  # noqa: PLC0415  of no use before
        from linkus_desktop.ui.call_log.workspace import CallLogWorkspace  # noqa: PLC0415  built when opened
        from linkus_desktop.ui.queue_log.page import QueueLogPage  # noqa: PLC0415  built when opened

        listening = Listening(self._audio, self)
        blocking = self._blocking() if self._session.sip is not None else None
        queues = QueueLogPage(
            self._make_queue_log(), self._settings, self._own_number, clock=self._clock, blocking=blocking
        )
        made = CallLogWorkspace(
            self._call_log,
            self._settings,
            clock=self._clock,
            listening=listening,
            blocking=blocking,
            queue_page=queues,
        )
        self._phone.call_added.connect(made.pause)
        made.call_requested.connect(self.call_requested)
        made.problem.connect(self.problem)
        queues.call_requested.connect(self.call_requested)
        queues.failed.connect(self.failed)
        queues.done.connect(self.done)
        return made

    def _make_queue_log(self) -> QueueLogModel:
        live = self._session.live
        for topic in (live.agents, live.queues, live.queue_log):
            topic.reset.connect(self._follow_queues)
            topic.changed.connect(self._follow_queues)
        return QueueLogModel(live.queue_log, self._session.api, self._name_of, self)

    def _follow_queues(self, *_: object) -> None:
        """The tab of the queues' calls is for who has to do with queues."""
        from linkus_desktop.ui.call_log.workspace import CallLogWorkspace  # noqa: PLC0415  built when opened

        room = self._built.get("call_log")
        if isinstance(room, CallLogWorkspace):
            live = self._session.live
            room.set_has_queues(bool(live.agents.items or live.queues.items or live.queue_log.items))

    def _own_number(self) -> str:
        own = self._session.me.extension
        return own.number if own else ""

    def _name_of(self, number: str) -> str:
        found = self._colleagues.state(number)
        return found.name if found is not None else ""

    def _blocking(self) -> Blocking:
        def emergency_numbers() -> list[str]:
            return self._session.me.emergency_numbers

        return Blocking(self._session.reaching, self._colleagues, emergency_numbers, self)

    def _make_extensions(self) -> QWidget:
        from linkus_desktop.ui.extensions.workspace import ExtensionsWorkspace  # noqa: PLC0415  built when opened

        made = ExtensionsWorkspace(
            self._colleagues, self._settings, self._blinker, self._pictures, clock=self._clock
        )
        made.call_requested.connect(self.call_requested)
        made.pick_up_requested.connect(self.pick_up_requested)
        return made

    def _make_queues(self) -> QWidget:
        from linkus_desktop.ui.queues.workspace import QueuesWorkspace  # noqa: PLC0415  built when opened

        made = QueuesWorkspace(self.boards, self._settings, self._blinker, clock=self._clock)
        made.failed.connect(self.failed)
        made.done.connect(self.done)
        return made

    def _make_preferences(self) -> QWidget:
        from linkus_desktop.ui.preferences.workspace import PreferencesWorkspace  # noqa: PLC0415  built when opened

        made = PreferencesWorkspace(
            self._session,
            self._audio,
            self._settings,
            self._theme,
            hot_keys=self._hot_keys,
            phones=self._phones,
        )
        made.password_requested.connect(self.password_requested)
        made.log_out_requested.connect(self.log_out_requested)
        return made
