"""The two sizes of the main window, remembered from start to start."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, QSize

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings
    from linkus_desktop.ui.main_window import MainWindow

WHOLE, WHOLE_LEAST = QSize(1180, 760), QSize(880, 560)
COMPACT, COMPACT_LEAST = QSize(340, 600), QSize(340, 560)
_WHOLE_VIEW, _COMPACT_VIEW, _MODE = "main.whole", "main.compact", "main.mode"


class WindowSize(QObject):
    """Switches between whole and compact; each keeps its own place on the screen."""

    def __init__(self, window: "MainWindow", settings: "Settings") -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        self.compact = False

    def start(self) -> None:
        """Look as last time."""
        self._restore()
        if self._settings.view(_MODE) == b"compact":
            self.set_compact(True)

    def set_compact(self, compact: bool) -> None:
        """Fold or unfold."""
        if compact == self.compact:
            return
        self.remember()
        self.compact = compact
        self._window.set_compact(compact)
        self._restore()
        self._settings.set_view(_MODE, b"compact" if compact else b"whole")

    def toggle(self) -> None:
        """The other one of the two."""
        self.set_compact(not self.compact)

    def remember(self) -> None:
        """Keep place and size of the present form."""
        if self._window.isVisible():
            self._settings.set_view(self._view(), bytes(self._window.saveGeometry().data()))

    def _view(self) -> str:
        return _COMPACT_VIEW if self.compact else _WHOLE_VIEW

    def _restore(self) -> None:
        least, usual = (COMPACT_LEAST, COMPACT) if self.compact else (WHOLE_LEAST, WHOLE)
        if self.compact and self._window.isMaximized():
            self._window.showNormal()
        self._window.setMinimumSize(least)
        saved = self._settings.view(self._view())
        if not (saved and self._window.restoreGeometry(QByteArray(saved))):
            self._window.resize(usual)
