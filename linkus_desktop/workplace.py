"""What exists while somebody is logged in: models, main window, phone, windows of incoming calls."""

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from linkus_desktop.calls.auto_answer import AutoAnswer
from linkus_desktop.calls.popups import PopUps
from linkus_desktop.calls.quality_reports import QualityReports
from linkus_desktop.calls.ringing import Ringing
from linkus_desktop.hotkeys.actions import HotKeyActions
from linkus_desktop.hotkeys.choose import hot_keys
from linkus_desktop.hotkeys.port import HotKeys
from linkus_desktop.pbx.avatars import Avatars
from linkus_desktop.pbx.call_log import CallLogModel
from linkus_desktop.pbx.colleagues import ColleaguesModel
from linkus_desktop.pbx.network import NetworkWatch
from linkus_desktop.pbx.recordings import OwnRecordings
from linkus_desktop.pbx.states import ConnectionState
from linkus_desktop.pbx.tasks import spawn
from linkus_desktop.sip.audio.tones import Tone
from linkus_desktop.sip.values import CallState, PhoneError
from linkus_desktop.ui.incoming_window import IncomingWindows
from linkus_desktop.ui.main_window import MainWindow
from linkus_desktop.ui.notifier import Notifier

if TYPE_CHECKING:
    from linkus_desktop.pbx.address import ServerAddress
    from linkus_desktop.pbx.session import Session
    from linkus_desktop.sip.audio import Audio
    from linkus_desktop.sip.call import Call
    from linkus_desktop.sip.phone import Phone
    from linkus_desktop.store.settings import Settings
    from linkus_desktop.ui.theme import Theme

logger = logging.getLogger(__name__)


class Workplace(QObject):
    """Wires one session to the phone and the windows.

    Attributes:
        session, window: as given and made.

    Signals:
        log_out_requested(): the user wants to log out.
        closed(): the user closed the main window.
    """

    log_out_requested = Signal()
    closed = Signal()

    def __init__(
        self,
        session: "Session",
        phone: "Phone",
        audio: "Audio",
        settings: "Settings",
        *,
        theme: "Theme | None" = None,
        watch: NetworkWatch | None = None,
        keys: HotKeys | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.session = session
        self._phone = phone
        self._settings = settings
        own = session.me.extension
        self.colleagues = ColleaguesModel(session.live.extensions, own.number if own else None, self)
        recordings = OwnRecordings(session.live.recordings, session.api, self)
        self.call_log = CallLogModel(session.live.call_log, session.api, self, recordings=recordings)
        self.avatars = Avatars(session.api.avatar, self)
        self.avatars.loaded.connect(self.colleagues.repaint)
        self.hot_keys = keys or hot_keys(self)
        self.window = MainWindow(
            session,
            phone,
            audio,
            settings,
            self.colleagues,
            self.call_log,
            theme=theme,
            pictures=self.avatars,
            hot_keys=self.hot_keys,
        )
        self.incoming = IncomingWindows(phone, self, callers=self.window.callers)
        self._ringing = Ringing(settings, self._is_colleague)
        self.auto_answer = AutoAnswer(phone, settings, self._is_colleague, self)
        self.notifier = Notifier(phone, self.window.callers, self)
        self.pop_ups = PopUps(phone, settings, self.window.callers.name, self)
        self.quality = QualityReports(phone, self.window.own_calls, session.api, self)
        phone.tone_of = self._tone_of
        if session.sip is not None:
            HotKeyActions(self.hot_keys, settings, self)
        self._watch = watch or NetworkWatch(parent=self)
        self._phone_host = ""
        self._connect()

    def open(self) -> None:
        """Show the window, follow the server's state, and register the phone."""
        self.window.show()
        self.session.start()
        self._start_phone()
        self._watch.start()

    def raise_window(self) -> None:
        """Bring the main window to the front."""
        if self.window.isMinimized():
            self.window.showNormal()
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    async def close(self) -> None:
        """Hang up, unregister, close the windows. The session is left to the caller."""
        self._watch.stop()
        self.hot_keys.close()
        self.window.closed.disconnect(self.closed)
        self.window.close()
        self.incoming.close()
        self.notifier.close()
        await self._phone.stop()
        await self.quality.close()
        self.pop_ups.close()
        self.window.deleteLater()
        self.deleteLater()

    def _connect(self) -> None:
        self.window.log_out_requested.connect(self.log_out_requested)
        self.window.closed.connect(self.closed)
        self.session.moved.connect(self._follow_address)
        self.session.connection_changed.connect(self._on_connection)
        self._phone.call_added.connect(self._on_call)
        self.auto_answer.answered.connect(self._on_auto_answered)
        self.pop_ups.problem.connect(self.window.show_problem)
        self.notifier.activated.connect(self.raise_window)
        self._phone.call_removed.connect(self._follow_address)
        self._watch.changed.connect(self._on_network)

    def _is_colleague(self, number: str) -> bool:
        return self.colleagues.state(number) is not None

    def _tone_of(self, call: "Call") -> Tone:
        return self.auto_answer.tone_of(call) or self._ringing.tone_of(call)

    def _start_phone(self) -> None:
        account = self.session.sip
        if account is None:
            return
        self._phone_host = self.session.address.host
        try:
            self._phone.start(account, self._phone_host, fingerprint=self.session.fingerprint)
        except PhoneError as error:
            self.window.show_problem(str(error))

    def _follow_address(self, _: "ServerAddress | Call | None" = None) -> None:
        """The server is reached by another address: the phone goes there too, when no call would suffer."""
        account = self.session.sip
        if account is None or account.host is not None or self._phone.calls:
            return
        if self._phone_host and self._phone_host != self.session.address.host:
            spawn(self._move_phone(), name="move the phone")

    async def _move_phone(self) -> None:
        await self._phone.stop()
        if self.session.state is not ConnectionState.ENDED:
            self._start_phone()

    def _on_connection(self, state: ConnectionState, _text: str) -> None:
        if state is ConnectionState.ONLINE:
            self.avatars.retry()

    def _on_network(self, _why: str) -> None:
        self.session.network_changed()
        self._phone.network_changed()

    def _on_call(self, call: "Call") -> None:
        if call.state is CallState.INCOMING and not self.window.isActiveWindow():
            QApplication.alert(self.window)
            if self._settings.notify and self.auto_answer.tone_of(call) is None:
                self.notifier.tell_ringing(call)

    def _on_auto_answered(self, call: "Call") -> None:
        if not self.window.isActiveWindow():
            QApplication.alert(self.window)
            if self._settings.notify:
                self.notifier.tell_answered(call)
