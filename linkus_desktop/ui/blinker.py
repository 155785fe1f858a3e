"""One heartbeat for everything that blinks; it stands still while nothing does."""

from weakref import WeakSet

from PySide6.QtCore import QObject, QTimer, Signal
from shiboken6 import isValid

BEAT_MS = 250
"""Half a period of the 2 Hz flash; the 1 Hz blink changes at every second beat."""


class Blinker(QObject):
    """Beats while at least one view has something blinking to show.

    Signals: beat(): the phase changed, repaint what blinks.
    """

    beat = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wanting: WeakSet[QObject] = WeakSet()
        self._count = 0
        self._timer = QTimer(self)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._on_timeout)

    @property
    def running(self) -> bool:
        """Whether anything blinks now."""
        return self._timer.isActive()

    @property
    def slow_on(self) -> bool:
        """Phase of the 1 Hz blink (ringing)."""
        return self._count % 4 < 2

    @property
    def fast_on(self) -> bool:
        """Phase of the 2 Hz flash (on hold)."""
        return self._count % 2 == 0

    def want(self, view: QObject, blinking: bool) -> None:
        """Say whether `view` shows something that blinks; one that is gone no longer counts."""
        if blinking:
            self._wanting.add(view)
        else:
            self._wanting.discard(view)
        self._follow()

    def _follow(self) -> None:
        if self._wanting and not self._timer.isActive():
            self._timer.start()
        elif not self._wanting and self._timer.isActive():
            self._timer.stop()
            self._count = 0

    def _on_timeout(self) -> None:
        for view in list(self._wanting):
            if not isValid(view):
                self._wanting.discard(view)
        self._count += 1
        self.beat.emit()
        self._follow()
