"""Notifications of the desktop, where the system has them (SIP-9)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QSystemTrayIcon

from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.icons import product_icon

if TYPE_CHECKING:
    from linkus_desktop.sip.call import Call
    from linkus_desktop.sip.phone import Phone
    from linkus_desktop.ui.callers import Callers

STAYS_MS = 20_000
"""As long as a phone usually rings; many systems choose for themselves."""


def system_tray(parent: QObject) -> QSystemTrayIcon | None:
    """Where the system takes notifications from; None if it has none."""
    if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
        return None
    return QSystemTrayIcon(product_icon(), parent)


class Notifier(QObject):
    """Tells of calls while nobody looks at the window. Its icon is there while calls ring.

    Signals: activated(): the user pressed a notification.
    """

    activated = Signal()

    def __init__(
        self,
        phone: "Phone",
        callers: "Callers",
        parent: QObject | None = None,
        *,
        tray: Callable[[QObject], QSystemTrayIcon | None] = system_tray,
    ) -> None:
        super().__init__(parent)
        self._phone = phone
        self._callers = callers
        self._find_tray = tray
        self._tray: QSystemTrayIcon | None = None
        phone.call_removed.connect(self._on_removed)

    def tell_ringing(self, call: "Call") -> None:
        """Somebody calls."""
        self._tell(call, f"{self._who(call)} calls", "Incoming call")

    def tell_answered(self, call: "Call") -> None:
        """A call was answered by itself: who is there can hear the user."""
        self._tell(call, f"Answered automatically: {self._who(call)}", "They can hear you.")

    def close(self) -> None:
        """Take the icon away."""
        if self._tray is not None:
            self._tray.hide()

    def _tell(self, call: "Call", title: str, text: str) -> None:
        if self._tray is None:
            self._tray = self._find_tray(self)
            if self._tray is None:
                return
            self._tray.messageClicked.connect(self.activated)
            self._tray.activated.connect(self._on_icon)
        number = call.number if self._callers.name(call) else ""
        self._tray.setToolTip(title)
        self._tray.show()
        body = f"{number} · {text}" if number else text
        self._tray.showMessage(title, body, product_icon(), STAYS_MS)

    def _who(self, call: "Call") -> str:
        return self._callers.name(call) or call.number or "Unknown caller"

    def _on_icon(self, _reason: object) -> None:
        self.activated.emit()

    def _on_removed(self, _call: "Call") -> None:
        if not any(call.state is CallState.INCOMING for call in self._phone.calls):
            self.close()
