"""What exists while somebody is logged in: models, main window, phone, windows of incoming calls."""

import logging
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from linkus_desktop.calls.auto_answer import AutoAnswer
from linkus_desktop.calls.chosen_phone import ChosenPhone
from linkus_desktop.calls.desk_call import DeskCall
from linkus_desktop.calls.desk_phone import DeskPhone
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
from linkus_desktop.pbx.ring_tones import RingTones
from linkus_desktop.pbx.states import ConnectionState
from linkus_desktop.pbx.tasks import spawn
from linkus_desktop.sip.audio.backend import Sound
from linkus_desktop.sip.audio.tones import Tone
from linkus_desktop.sip.values import CallState, PhoneError
from linkus_desktop.ui.incoming_window import IncomingWindows
from linkus_desktop.ui.main_window import MainWindow
from linkus_desktop.ui.notifier import Notifier
from server.contract.own_calls import OwnCall

if TYPE_CHECKING:
    from linkus_desktop.calls.telephone import Call as TelephoneCall
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
        session, phone, window: as given and made; `phone` is the one in this program.
        telephone: the phone that the user works with, this computer's or the desk phone (SIP-11).

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
        self.phone = phone
        self._settings = settings
        self._running = self._settling = False
        own = session.me.extension
        desk = DeskPhone(
            session.live.calls,
            session.live.phones,
            session.api,
            self._own_number,
            is_elsewhere=self._is_here,
            parent=self,
        )
        self.telephone = ChosenPhone(phone, desk, settings, self)
        self.colleagues = ColleaguesModel(session.live.extensions, own.number if own else None, self)
        recordings = OwnRecordings(session.live.recordings, session.api, self)
        self.call_log = CallLogModel(session.live.call_log, session.api, self, recordings=recordings)
        self.avatars = Avatars(session.api.avatar, self)
        self.avatars.loaded.connect(self.colleagues.repaint)
        self.hot_keys = keys or hot_keys(self)
        self.window = MainWindow(
            session,
            self.telephone,
            audio,
            settings,
            self.colleagues,
            self.call_log,
            phones=self.telephone if session.sip is not None else None,
            theme=theme,
            pictures=self.avatars,
            hot_keys=self.hot_keys,
        )
        self.incoming = IncomingWindows(self.telephone, self, callers=self.window.callers)
        self.ring_tones = RingTones(session.api.ring_tones, session.api.ring_tone, self)
        self.ring_tones.loaded.connect(self._on_ring_tone)
        self._ringing = Ringing(settings, self._is_colleague, self.ring_tones.samples)
        self.auto_answer = AutoAnswer(phone, settings, self._is_colleague, self)
        self.notifier = Notifier(self.telephone, self.window.callers, self)
        self.pop_ups = PopUps(self.telephone, settings, self.window.callers.name, self)
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
        self._phone_host = self.session.address.host
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
        self.avatars.close()
        self.ring_tones.close()
        self.hot_keys.close()
        self.window.closed.disconnect(self.closed)
        self.window.close()
        self.incoming.close()
        self.notifier.close()
        await self.phone.stop()
        await self.quality.close()
        self.pop_ups.close()
        self.window.deleteLater()
        self.deleteLater()

    def _connect(self) -> None:
        self.window.log_out_requested.connect(self.log_out_requested)
        self.window.closed.connect(self.closed)
        self.session.moved.connect(self._follow_address)
        self.session.connection_changed.connect(self._on_connection)
        self.telephone.call_added.connect(self._on_call)
        self.telephone.chosen.connect(self._follow_choice)
        self.phone.call_removed.connect(self._follow_choice)
        self.auto_answer.answered.connect(self._on_auto_answered)
        self.pop_ups.problem.connect(self.window.show_problem)
        self.notifier.activated.connect(self.raise_window)
        self.phone.call_removed.connect(self._follow_address)
        self._watch.changed.connect(self._on_network)

    def _is_colleague(self, number: str) -> bool:
        return self.colleagues.state(number) is not None

    def _tone_of(self, call: "Call") -> Tone | Sound:
        return self.auto_answer.tone_of(call) or self._ringing.tone_of(call)

    def _on_ring_tone(self, _digest: str) -> None:
        self.phone.follow_tones()

    def _own_number(self) -> str:
        own = self.session.me.extension
        return own.number if own else ""

    def _is_here(self, own: OwnCall) -> bool:
        """Whether a call that the server tells of is this computer's."""
        return any(call.sip_call_id in own.sip_call_ids for call in self.phone.calls if call.sip_call_id)

    def _start_phone(self) -> None:
        account = self.session.sip
        if account is None or self.telephone.is_desk:
            return
        self._running = True
        try:
            self.phone.start(account, self._phone_host, fingerprint=self.session.fingerprint)
        except PhoneError as error:
            self.window.show_problem(str(error))

    def _follow_choice(self, *_: object) -> None:
        """This computer is registered unless the desk phone is used; what it is talking on it may end."""
        if not self._settling and self._phone_host:
            self._settling = True
            spawn(self._settle(), name="follow the choice of the phone")

    async def _settle(self) -> None:
        try:
            while self._running == self.telephone.is_desk and self.session.state is not ConnectionState.ENDED:
                if not self._running:
                    self._start_phone()
                elif self.phone.calls:
                    return
                else:
                    self._running = False
                    await self.phone.stop()
        finally:
            self._settling = False

    def _follow_address(self, _: "ServerAddress | Call | None" = None) -> None:
        """The server is reached by another address: the phone goes there too, when no call would suffer."""
        account = self.session.sip
        if account is None or account.host is not None or self.phone.calls or not self._running:
            return
        if self._phone_host and self._phone_host != self.session.address.host:
            spawn(self._move_phone(), name="move the phone")

    async def _move_phone(self) -> None:
        await self.phone.stop()
        self._running = False
        if self.session.state is not ConnectionState.ENDED:
            self._phone_host = self.session.address.host
            self._start_phone()

    def _on_connection(self, state: ConnectionState, _text: str) -> None:
        if state is ConnectionState.ONLINE:
            self.avatars.retry()
            self.ring_tones.refresh()

    def _on_network(self, _why: str) -> None:
        self.session.network_changed()
        self.phone.network_changed()

    def _on_call(self, call: "TelephoneCall") -> None:
        if call.state is CallState.INCOMING and not self.window.isActiveWindow():
            QApplication.alert(self.window)
            if self._settings.notify and not self._answers_itself(call):
                self.notifier.tell_ringing(call)

    def _answers_itself(self, call: "TelephoneCall") -> bool:
        return not isinstance(call, DeskCall) and self.auto_answer.tone_of(cast("Call", call)) is not None

    def _on_auto_answered(self, call: "Call") -> None:
        if not self.window.isActiveWindow():
            QApplication.alert(self.window)
            if self._settings.notify:
                self.notifier.tell_answered(call)
