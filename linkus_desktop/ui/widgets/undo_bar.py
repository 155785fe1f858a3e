"""A deletion that can be taken back for five seconds."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QWidget

from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.frames import columns
from linkus_desktop.ui.widgets.labels import label

UNDO_MS = 5000
UNDO = "Ctrl+Z"


class UndoBar(QFrame):
    """Floats at the bottom of its room. One deletion waits at a time: a second one lets the first happen.

    Ctrl+Z takes it back in the whole window, but only while the bar is seen: other rooms have bars, too.
    """

    def __init__(self, over: QWidget, *, undo_ms: int = UNDO_MS) -> None:
        super().__init__(over)
        self.setProperty("role", "toast")
        self._over = over
        self._do: Callable[[], object] | None = None
        self._undo: Callable[[], object] | None = None
        self._text = label()
        self.undo_button = WordButton("Undo", shortcut=UNDO)
        self.undo_button.clicked.connect(self.undo)
        pressed = QShortcut(QKeySequence(UNDO), self)
        pressed.activated.connect(self.undo)
        pressed.activatedAmbiguously.connect(self.undo)  # two bars are seen: one after the other
        layout = columns(self, gap=16)
        layout.setContentsMargins(16, 8, 8, 8)
        layout.addWidget(self._text)
        layout.addWidget(self.undo_button)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(undo_ms)
        self._timer.timeout.connect(self.finish)
        over.installEventFilter(self)
        self.hide()

    @property
    def waiting(self) -> bool:
        """Whether something can still be taken back."""
        return self._do is not None

    @property
    def text(self) -> str:
        """What it says."""
        return self._text.text()

    def offer(self, text: str, do: Callable[[], object], undo: Callable[[], object]) -> None:
        """Say what was done; `do` really does it after five seconds, `undo` puts it back instead."""
        self.finish()
        self._do, self._undo = do, undo
        self._text.setText(text)
        self.setAccessibleName(f"{text} Undo with {UNDO}")
        self._timer.start()
        self.show()
        self._place()
        self.raise_()

    def undo(self) -> None:
        """Take it back."""
        self._close(self._undo)

    def finish(self) -> None:
        """Do it now."""
        self._close(self._do)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the bottom."""
        if event.type() is QEvent.Type.Resize:
            self._place()
        return False

    def _close(self, then: Callable[[], object] | None) -> None:
        self._timer.stop()
        self._do = self._undo = None
        self.hide()
        if then is not None:
            then()

    def _place(self) -> None:
        self.adjustSize()
        self.move((self._over.width() - self.width()) // 2, self._over.height() - self.height() - 24)
