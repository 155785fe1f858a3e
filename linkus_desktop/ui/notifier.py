"""Notifications of the desktop, where the system has them (SIP-9)."""

import html
import shutil
import sys
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QProcess, Signal
from PySide6.QtWidgets import QSystemTrayIcon

from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.call_words import for_whom_words, wait_words
from linkus_desktop.ui.emergency_notice import notice_words
from linkus_desktop.ui.icons import product_icon
from linkus_desktop.ui.texts import now_utc

if TYPE_CHECKING:
    from linkus_desktop.calls.telephone import Call, Telephone
    from linkus_desktop.ui.callers import Callers

STAYS_MS = 20_000
"""As long as a phone usually rings; many systems choose for themselves."""
_SENDER = "notify-send"


class Desktop(Protocol):
    """Where the system takes notifications from."""

    def show(self, title: str, text: str) -> None:
        """Show one."""

    def hide(self) -> None:
        """Nothing is going on any more."""


class Tray(QObject):
    """By an icon in the system's tray, which is there while something goes on.

    Signals: pressed(): the user pressed the notification or the icon.
    """

    pressed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._icon = QSystemTrayIcon(product_icon(), self)
        self._icon.messageClicked.connect(self.pressed)
        self._icon.activated.connect(self._on_icon)

    def show(self, title: str, text: str) -> None:
        """See `Desktop`."""
        self._icon.setToolTip(title)
        self._icon.show()
        self._icon.showMessage(title, text, product_icon(), STAYS_MS)

    def hide(self) -> None:
        """See `Desktop`."""
        self._icon.hide()

    def _on_icon(self, _reason: object) -> None:
        self.pressed.emit()


class NotifySend:
    """By the program of that name, on desktops without a tray. A press on its notifications is not told."""

    def __init__(self, program: str) -> None:
        self._program = program

    def show(self, title: str, text: str) -> None:
        """See `Desktop`. The text may hold markup there, so that of a caller is escaped."""
        options = ["--app-name=Linkus Desktop", "--icon=linkus-desktop", f"--expire-time={STAYS_MS}"]
        QProcess.startDetached(self._program, [*options, "--", title, html.escape(text, quote=False)])

    def hide(self) -> None:
        """They go by themselves."""


def desktop(parent: "Notifier") -> Desktop | None:
    """The way that this system has; None if it has none."""
    if QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages():
        tray = Tray(parent)
        tray.pressed.connect(parent.activated)
        return tray
    program = shutil.which(_SENDER) if sys.platform == "linux" else None
    return NotifySend(program) if program else None


class Notifier(QObject):
    """Tells of calls while nobody looks at the window.

    Signals: activated(): the user pressed a notification.
    """

    activated = Signal()

    def __init__(
        self,
        phone: "Telephone",
        callers: "Callers",
        parent: QObject | None = None,
        *,
        find: "Callable[[Notifier], Desktop | None]" = desktop,
        clock: "Callable[[], datetime]" = now_utc,
    ) -> None:
        super().__init__(parent)
        self._phone = phone
        self._callers = callers
        self._find = find
        self._clock = clock
        self._desktop: Desktop | None = None
        phone.call_removed.connect(self._on_removed)

    def tell_ringing(self, call: "Call") -> None:
        """Somebody calls."""
        for_whom = for_whom_words(call, self._callers)
        what = f"Incoming call {for_whom}".strip()
        waits = wait_words(call, self._clock())
        text = notice_words(call, self._callers) or ", ".join(filter(None, (what, waits)))
        self._tell(call, f"{self._who(call)} calls", text)

    def tell_answered(self, call: "Call") -> None:
        """A call was answered by itself: who is there can hear the user."""
        self._tell(call, f"Answered automatically: {self._who(call)}", "They can hear you.")

    def close(self) -> None:
        """Nothing is going on any more."""
        if self._desktop is not None:
            self._desktop.hide()

    def _tell(self, call: "Call", title: str, text: str) -> None:
        if self._desktop is None:
            self._desktop = self._find(self)  # asked each time: a tray may come later than this program
        if self._desktop is not None:
            number = call.number if self._callers.name(call) else ""
            self._desktop.show(title, f"{number} · {text}" if number else text)

    def _who(self, call: "Call") -> str:
        return self._callers.name(call) or call.number or "Unknown caller"

    def _on_removed(self, _call: "Call") -> None:
        if not any(call.state is CallState.INCOMING for call in self._phone.calls):
            self.close()
