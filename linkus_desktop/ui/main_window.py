"""The main window: rail, toolbar, calls, and the room that is open."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QWidget

from linkus_desktop.hotkeys.port import HotKeys
from linkus_desktop.pbx.agents import OwnQueues
from linkus_desktop.pbx.recordings import OwnCalls
from linkus_desktop.pbx.tasks import spawn
from linkus_desktop.sip.values import PhoneError, Registration
from linkus_desktop.ui.agents.button import AgentButton
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.call_area import CallArea
from linkus_desktop.ui.call_panel import CallPanel
from linkus_desktop.ui.callers import Callers
from linkus_desktop.ui.icons import product_icon
from linkus_desktop.ui.keys.dock import KeysDock
from linkus_desktop.ui.keys.make import make_keys
from linkus_desktop.ui.parked_strip import ParkedStrip
from linkus_desktop.ui.pictures import Pictures
from linkus_desktop.ui.rail import Rail
from linkus_desktop.ui.reading_order import step
from linkus_desktop.ui.rooms import ROOMS, Rooms
from linkus_desktop.ui.search_field import SearchField
from linkus_desktop.ui.shortcuts import KeysOfTheWindow, add_shortcuts
from linkus_desktop.ui.texts import now_utc
from linkus_desktop.ui.theme import Theme
from linkus_desktop.ui.toolbar import Toolbar
from linkus_desktop.ui.transfer_panel import TransferPanel
from linkus_desktop.ui.transfers import PARKING, Transfers
from linkus_desktop.ui.widgets.frames import columns, rows
from linkus_desktop.ui.widgets.message import Message
from linkus_desktop.ui.window_size import WindowSize
from server.contract.features import Feature
from server.contract.presence import PresenceChange

if TYPE_CHECKING:
    from linkus_desktop.calls.chosen_phone import ChosenPhone
    from linkus_desktop.calls.telephone import Telephone
    from linkus_desktop.pbx.call_log import CallLogModel
    from linkus_desktop.pbx.colleagues import ColleaguesModel
    from linkus_desktop.pbx.session import Session
    from linkus_desktop.sip.audio import Audio
    from linkus_desktop.store.settings import Settings


class MainWindow(QMainWindow):
    """Everything a user works with. It owns no state of calls or people: it shows the view-models.

    Signals:
        log_out_requested(): the user wants to log out.
        closed(): the window was closed by the user.
        password_changed(str): the user has another password now.
    """

    log_out_requested = Signal()
    closed = Signal()
    password_changed = Signal(str)

    def __init__(  # noqa: PLR0917  the six view-models, in the order of the interface
        self,
        session: "Session",
        phone: "Telephone",
        audio: "Audio",
        settings: "Settings",
        colleagues: "ColleaguesModel",
        call_log: "CallLogModel",
        *,
        phones: "ChosenPhone | None" = None,
        theme: Theme | None = None,
        pictures: Pictures | None = None,
        hot_keys: HotKeys | None = None,
        clock: Callable[[], datetime] = now_utc,
        parent: QWidget | None = None,
    ) -> None:
        """`phones`: the same as `phone`, where it can be chosen which one that is (SIP-11)."""
        super().__init__(parent)
        self._phones = phones
        self.session, self.phone, self.settings = session, phone, settings
        self.colleagues, self.call_log = colleagues, call_log
        self._pictures = pictures
        self.setWindowIcon(product_icon())
        self.blinker = Blinker(self)
        self._keys = KeysOfTheWindow(self)
        self.rail = Rail()
        self.message = Message(closable=True)
        self._known_password = ""
        """One that a login link has given, as long as nobody else can know it."""
        self.callers = Callers(
            colleagues, pictures, self, emergency_numbers=lambda: session.me.emergency_numbers
        )
        self.own_calls = OwnCalls(session.live.calls, session.api, self)
        self.calls = CallPanel(
            phone, self.blinker, callers=self.callers, own_calls=self.own_calls, clock=clock
        )
        self.parked = ParkedStrip(session.live.parked, self.callers, clock=clock)
        self.stack = QStackedWidget()
        central = QWidget()
        self.search = SearchField(colleagues, self.blinker, pictures, central)
        self.own_queues = OwnQueues(session.live.agents, session.api, self._own_number, self)
        self.toolbar = Toolbar(self.search, AgentButton(self.own_queues, self.blinker, clock, central))
        panel = TransferPanel(colleagues, self.blinker, pictures, central)
        self.transfers = Transfers(phone, self.calls, panel, self)
        self.rooms = Rooms(
            self.stack,
            session=session,
            phone=phone,
            phones=phones,
            audio=audio,
            settings=settings,
            colleagues=colleagues,
            call_log=call_log,
            blinker=self.blinker,
            theme=theme,
            pictures=pictures,
            clock=clock,
            hot_keys=hot_keys,
        )
        self.size_of = WindowSize(self, settings)
        self._build(central)
        self.keys: KeysDock = make_keys(self, self.own_calls, clock=clock)
        self._connect()
        self.open_room("phone")
        self.size_of.start()
        self._follow_me()
        self._follow_presence()
        self._on_missed(call_log.missed)
        self._follow_boards()
        self._follow_choice()
        add_shortcuts(self)
        self._keys.watch(central)

    def open_room(self, key: str) -> None:
        """Show a room; it is built when it is first opened."""
        if self.size_of.compact and key != "phone":
            self.size_of.set_compact(False)
        room = self.rooms.room(key)
        self._keys.watch(room)
        self.stack.setCurrentWidget(room)
        self.rail.choose(key)
        title = next(name for k, _, name, _ in ROOMS if k == key)
        self.setWindowTitle(f"{title} – Linkus Desktop")
        if self.isVisible():
            room.setFocus()

    def set_compact(self, compact: bool) -> None:
        """Fold the window to the dial pad and the calls, or unfold it."""
        if compact:
            self.open_room("phone")
        self.rail.setVisible(not compact)
        self.keys.set_compact(compact)
        self.toolbar.set_compact(compact)
        self.calls.set_narrow(compact)
        self.rooms.phone().set_compact(compact)

    def dial(self, number: str) -> None:
        """Call a number; what goes wrong is told in the window."""
        self._call(lambda: self.phone.dial(number))

    def pick_up(self, number: str) -> None:
        """Take the call that rings at this colleague; what goes wrong is told in the window (SIP-4)."""
        self._call(lambda: self.phone.pick_up(self.colleagues.pick_up_code + number, number))

    def take_parked(self, slot: str, number: str) -> None:
        """Take the call that is parked on this slot; what goes wrong is told in the window (SIP-4)."""
        self._call(lambda: self.phone.pick_up(slot, number))

    def _call(self, begin: Callable[[], object]) -> None:
        try:
            begin()
        except PhoneError as error:
            self.message.say(str(error))
        else:
            self.message.clear()

    def press_record(self) -> None:
        """Record the current call, pause, go on: as the button of its card (SIP-5)."""
        if (card := self.calls.current()) is not None:
            card.press_record()

    def offer_number(self, number: str, note: str = "") -> None:
        """Put a number into the dial field, ready to be called; nothing is dialled (SIP-2)."""
        self.open_room("phone")
        self.rooms.phone().dialler.offer(number)
        if note:
            self.message.say(note, warning=True)
        else:
            self.message.clear()

    def search_name(self, text: str) -> None:
        """A name was typed where a number is dialled: show who is called so (SIP-2)."""
        if self.search.search(text):
            self.rooms.phone().dialler.number.clear()
            self.message.clear()
        else:
            self.search.clear()
            self.rooms.phone().dialler.number.setFocus()
            self._on_nobody(text)

    def show_problem(self, text: str) -> None:
        """Tell something that went wrong, with a way to close it."""
        self.message.say(text)

    def offer_password(self, known: str) -> None:
        """Who has come in by a login link has a password that nobody knows: let them choose one (AUTH-2).

        Until they have, they can do so by the menu as well: this message goes with the first call.
        """
        self._known_password = known
        self.message.say(
            "You are logged in. The link has given you a new password: choose one of your own.",
            ("Choose a password", self._choose_password),
            warning=True,
        )

    def _choose_password(self) -> None:
        self.message.clear()
        self.change_password()

    def _on_password(self, password: str) -> None:
        self._known_password = ""
        self.password_changed.emit(password)

    def change_password(self) -> None:
        """Show the window that changes the password; it asks for the old one, if somebody can know that."""
        from linkus_desktop.ui.password_dialog import PasswordDialog  # noqa: PLC0415  rarely needed

        dialog = PasswordDialog(self.session, self, known=self._known_password)
        dialog.changed.connect(self._on_password)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    def choose_temporary_status(self) -> None:
        """Show the window that chooses a status for some hours (PRES-5)."""
        from linkus_desktop.ui.temporary_status_dialog import TemporaryStatusDialog  # noqa: PLC0415  rarely needed

        dialog = TemporaryStatusDialog(self.session, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    def showEvent(self, event: QShowEvent) -> None:
        """The focus starts in the room."""
        super().showEvent(event)
        room = self.stack.currentWidget()
        if self.focusWidget() is None and room is not None:
            room.setFocus()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes on in reading order."""
        return step(self, forward=forward)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember how it looked."""
        self.size_of.remember()
        self.keys.remember()
        self.rooms.leave()
        super().closeEvent(event)
        self.closed.emit()

    def _build(self, central: QWidget) -> None:
        for key, icon_name, name, shortcut in ROOMS:
            self.rail.add(key, icon_name, name, shortcut, bottom=key == "preferences")
        notice = QWidget()
        self._notice = rows(notice)
        self._notice.setContentsMargins(16, 12, 16, 0)
        self._notice.addWidget(self.message)
        notice.hide()
        self.message.shown.connect(notice.setVisible)
        work = rows(gap=0)
        work.addWidget(self.toolbar)
        work.addWidget(notice)
        work.addWidget(CallArea(self.calls))
        work.addWidget(self.parked)
        work.addWidget(self.stack, 1)
        layout = columns(central)
        layout.addWidget(self.rail)
        layout.addLayout(work, 1)
        self.setCentralWidget(central)

    def _connect(self) -> None:
        self.rail.chosen.connect(self.open_room)
        self.search.dial_requested.connect(self.dial)
        self.search.nobody_found.connect(self._on_nobody)
        self.rooms.call_requested.connect(self.dial)
        self.rooms.search_requested.connect(self.search_name)
        self.rooms.pick_up_requested.connect(self.pick_up)
        self.rooms.room_requested.connect(self.open_room)
        self.rooms.problem.connect(self.show_problem)
        self.rooms.failed.connect(self._on_queue_failed)
        self.rooms.boards.changed.connect(self._follow_boards)
        self.rooms.done.connect(self.message.clear)
        self.rooms.password_requested.connect(self.change_password)
        self.rooms.log_out_requested.connect(self.log_out_requested)
        self.calls.call_again.connect(self.dial)
        self.calls.keypad_shown.connect(self.rooms.phone().set_other_keypad)
        self.parked.take_requested.connect(self.take_parked)
        self.transfers.problem.connect(self.show_problem)
        bar = self.toolbar
        bar.keys.clicked.connect(self.keys.toggle)
        self.keys.shown_changed.connect(bar.keys.setChecked)
        bar.compact.clicked.connect(self.size_of.toggle)
        bar.presence.presence_chosen.connect(self._set_presence)
        bar.presence.temporary_requested.connect(self.choose_temporary_status)
        bar.presence.password_requested.connect(self.change_password)
        bar.presence.log_out_requested.connect(self.log_out_requested)
        self.own_queues.failed.connect(self._on_queue_failed)
        self.own_queues.done.connect(self.message.clear)
        self.session.connection_changed.connect(bar.connection.set_server)
        self.session.me_changed.connect(self._follow_me)
        self.phone.registration_changed.connect(self._on_registration)
        self.phone.error.connect(self.show_problem)
        if self._phones is not None:
            self._phones.chosen.connect(self._follow_choice)
        self.call_log.missed_changed.connect(self._on_missed)
        for signal in (
            self.colleagues.dataChanged,
            self.colleagues.modelReset,
            self.colleagues.known_changed,
        ):
            signal.connect(self._follow_presence)

    def _on_nobody(self, text: str) -> None:
        self.message.say(f"Nobody is called “{text}”. Type another name, or a number to dial.")

    def _own_number(self) -> str:
        own = self.session.me.extension
        return own.number if own else ""

    def _follow_me(self) -> None:
        own = self.session.me.extension
        codes = self.session.me.feature_codes
        self.keys.panel.own.set_permissions(self.session.me.permissions)
        self.colleagues.pick_up_code = codes.get(Feature.DIRECTED_PICKUP, "")
        self.transfers.set_park_code(codes.get(Feature.PARK, ""))
        self.callers.set_name(PARKING, codes.get(Feature.PARK, ""))
        self.toolbar.presence.set_person(
            own.display_name if own else self.session.me.user, self._own_number()
        )
        if self.call_log.recordings is not None:
            self.call_log.recordings.set_permissions(self.session.me.permissions)
        self.toolbar.connection.set_has_phone(self.session.sip is not None)
        self._follow_presence()

    def _follow_presence(self, *_: object) -> None:
        state = self.colleagues.state(self._own_number()) if self.colleagues.known else None
        self.toolbar.presence.set_presence(state.presence if state else None)
        own = self.session.me.extension
        if own is not None and self._pictures is not None:
            self.toolbar.presence.set_picture(self._pictures.of(own.number, own.avatar))

    def _set_presence(self, change: PresenceChange) -> None:
        def failed(error: Exception) -> None:
            self._follow_presence()
            self.message.say(str(error), ("Try again", lambda: self._set_presence(change)))

        self.message.clear()
        spawn(self.session.set_presence(change), on_error=failed)

    def _on_queue_failed(self, text: str, again: Callable[[], object] | None) -> None:
        self.message.say(text, *((("Try again", again),) if again is not None else ()))

    def _on_registration(self, state: Registration, text: str) -> None:
        self.toolbar.connection.set_phone(state, text)

    def _follow_choice(self) -> None:
        if self._phones is not None:
            self.toolbar.connection.set_desk_phone(self._phones.is_desk)
            self._on_registration(self._phones.registration, self._phones.registration_text)

    def _follow_boards(self) -> None:
        """The room of queues is for who manages one; its badge says how many callers wait."""
        room = self.rail.rooms["queues"]
        room.setVisible(bool(self.rooms.boards.boards))
        room.set_badge(self.rooms.boards.waiting, "waiting")

    def _on_missed(self, count: int) -> None:
        self.rail.rooms["call_log"].set_badge(count)
