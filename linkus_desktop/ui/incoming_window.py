"""The window of an incoming call: in the screen's corner, on top, and never with the focus (SIP-9)."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from linkus_desktop.sip.values import Ability, CallState
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.call_face import Face
from linkus_desktop.ui.call_words import for_whom_words, lamp_of_call, said_words, wait_words
from linkus_desktop.ui.emergency_notice import EmergencyNotice
from linkus_desktop.ui.icons import product_icon
from linkus_desktop.ui.texts import now_utc
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.frames import columns, rows
from linkus_desktop.ui.widgets.labels import ElidedLabel, label

if TYPE_CHECKING:
    from linkus_desktop.calls.telephone import Call, Telephone
    from linkus_desktop.ui.callers import Callers

SIZE = QSize(360, 136)
MARGIN, GAP, INSET = 16, 8, 12
_FLAGS = (
    Qt.WindowType.Tool
    | Qt.WindowType.FramelessWindowHint
    | Qt.WindowType.WindowStaysOnTopHint
    | Qt.WindowType.WindowDoesNotAcceptFocus
)


class IncomingWindow(QWidget):
    """Who calls, and what to do. It goes by itself when the call no longer rings here.

    Signals: gone(object IncomingWindow), resized(), answered(object Call).
    """

    gone = Signal(object)
    resized = Signal()
    answered = Signal(object)

    def __init__(
        self,
        call: "Call",
        blinker: Blinker | None = None,
        callers: "Callers | None" = None,
        parent: QWidget | None = None,
        *,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        super().__init__(parent, _FLAGS)
        self._clock = clock
        self.call = call
        self._callers = callers
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWindowIcon(product_icon())
        self.face = Face(blinker or Blinker(self), 48)
        self.name = ElidedLabel("", "title")
        self.number = ElidedLabel("", muted=True)
        self.emergency = EmergencyNotice()
        self.what = ElidedLabel("Incoming call", "small", muted=True, gives_up=Qt.TextElideMode.ElideRight)
        self.wait = label(size="small")
        self.wait.hide()
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._tell_wait)
        self.answer = WordButton("Answer", "go", icon_name="phone", shortcut="Ctrl+Return")
        self.ignore = WordButton(
            "Ignore", tip="Stop ringing here; it goes on ringing elsewhere", shortcut="Ctrl+I"
        )
        self.decline = WordButton("Decline", "stop", icon_name="hang-up", shortcut="Ctrl+Shift+D")
        for button in (self.answer, self.ignore, self.decline):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setProperty("tall", "true")
        self._build()
        self.answer.clicked.connect(self._on_answer)
        self.ignore.clicked.connect(call.ignore)
        self.decline.clicked.connect(self._on_decline)
        call.changed.connect(self.follow)
        call.ended.connect(self.follow)
        if callers is not None:
            callers.changed.connect(self.follow)
        self.follow()

    def follow(self, *_: object) -> None:
        """Show who calls; go when it no longer rings."""
        call = self.call
        if call.state is not CallState.INCOMING or call.ignored:
            self.close()
            return
        name = self._callers.name(call) if self._callers else call.name
        picture = self._callers.picture(call) if self._callers else None
        self.name.setText(name or call.number or "Unknown caller")
        self.number.setText(call.number if name and name != call.number else "")
        self.number.setVisible(bool(self.number.text()))
        self.face.show_call(name, call.number, lamp_of_call(call), picture)
        for_whom = for_whom_words(call, self._callers)
        self.what.setText(said_words(call, self._callers) or f"Incoming call {for_whom}".strip())
        self._tell_wait()
        self.answer.forbid(call.why_not(Ability.ANSWER))
        self.setWindowTitle(f"{self.name.text()} calls")
        self.emergency.follow(call, self._callers)
        self.setFixedSize(SIZE + QSize(0, self._height_of_notice()))
        who = f"{self.name.text()} {self.number.text()} {for_whom}".strip()
        urgent = f". {self.emergency.text}" if self.emergency.text else ""
        self.setAccessibleName(f"Incoming call from {who}{urgent}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """It needs another place on the screen: what it is of an emergency may be told while it rings."""
        super().resizeEvent(event)
        self.resized.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing it does not decline: the call goes on ringing in the main window."""
        self._second.stop()
        super().closeEvent(event)
        self.gone.emit(self)

    def _build(self) -> None:
        ground = QFrame(self)
        ground.setProperty("role", "popup")
        rows(self).addWidget(ground)
        who = rows(gap=2)
        who.addStretch(1)
        what = columns(gap=8)
        what.addWidget(self.what, 1)
        what.addWidget(self.wait)
        who.addLayout(what)
        for line in (self.name, self.number):
            who.addWidget(line)
        who.addStretch(1)
        top = columns(gap=12)
        top.addWidget(self.face)
        top.addLayout(who, 1)
        buttons = columns(gap=8)
        buttons.addWidget(self.answer, 1)
        buttons.addWidget(self.ignore, 1)
        buttons.addWidget(self.decline, 1)
        layout = rows(ground, margin=INSET, gap=GAP)
        layout.addWidget(self.emergency)
        layout.addLayout(top, 1)
        layout.addLayout(buttons)

    def _height_of_notice(self) -> int:
        """How much higher it is with what stands there of an emergency."""
        if not self.emergency.text:
            return 0
        return self.emergency.heightForWidth(SIZE.width() - 2 * INSET) + GAP

    def _tell_wait(self) -> None:
        """For how long the caller has waited in the queue, going on (Q-4)."""
        words = wait_words(self.call, self._clock())
        self.wait.setText(words)
        self.wait.setVisible(bool(words))
        if bool(words) != self._second.isActive():
            (self._second.start if words else self._second.stop)()

    def _on_decline(self) -> None:
        self.call.reject()  # the signal's own argument is not "busy"

    def _on_answer(self) -> None:
        self.call.answer()
        self.answered.emit(self.call)


class IncomingWindows(QObject):
    """Opens a window for each call that rings, and stacks them upwards from the screen's corner.

    Signals: answered(object Call): somebody pressed Answer in one of them.
    """

    answered = Signal(object)

    def __init__(
        self,
        phone: "Telephone",
        parent: QObject | None = None,
        *,
        callers: "Callers | None" = None,
        screen: Callable[[], QRect] = lambda: QGuiApplication.primaryScreen().availableGeometry(),
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        super().__init__(parent)
        self._screen = screen
        self._clock = clock
        self._callers = callers
        self._blinker = Blinker(self)
        self.windows: list[IncomingWindow] = []
        phone.call_added.connect(self.add)
        for call in phone.calls:
            self.add(call)

    def add(self, call: "Call") -> None:
        """Show a call if it rings here."""
        if call.state is not CallState.INCOMING:
            return
        window = IncomingWindow(call, self._blinker, self._callers, clock=self._clock)
        window.gone.connect(self._on_gone)
        window.resized.connect(self._stack)
        window.answered.connect(self.answered)
        self.windows.append(window)
        self._stack()
        window.show()

    def close(self) -> None:
        """Close all, declining none."""
        for window in list(self.windows):
            window.close()

    def _on_gone(self, window: IncomingWindow) -> None:
        if window in self.windows:
            self.windows.remove(window)
            window.deleteLater()
            self._stack()

    def _stack(self) -> None:
        screen = self._screen()
        left = screen.right() - SIZE.width() - MARGIN
        bottom = screen.bottom() - MARGIN
        for window in self.windows:
            window.move(left, bottom - window.height())
            bottom -= window.height() + GAP
