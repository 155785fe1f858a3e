"""The last calls beside the dial pad: one press calls back."""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListView, QWidget

from linkus_desktop.pbx.call_log import CallLogModel, CallLogRole
from linkus_desktop.ui.call_log.delegate import CallDelegate
from linkus_desktop.ui.call_log.rows import CallLogRows
from linkus_desktop.ui.texts import now_utc
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.frames import columns, frame, rows
from linkus_desktop.ui.widgets.labels import label
from linkus_desktop.ui.widgets.list_states import ListStates


class RecentView(QListView):
    """Rows of the log. Signals: call_requested(str number)."""

    call_requested = Signal(str)

    def __init__(self, model: CallLogModel, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self.setModel(CallLogRows(model, self))
        self.setItemDelegate(CallDelegate(self, clock))
        self.setMouseTracking(True)
        self.setAccessibleName("Last calls")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.doubleClicked.connect(self._call)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return calls back."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentIndex().isValid():
            self._call(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _call(self, index: QModelIndex) -> None:
        if number := index.data(CallLogRole.ENTRY).number:
            self.call_requested.emit(number)


class RecentCalls(QWidget):
    """Heading, rows, and the way to the whole log.

    Signals: call_requested(str number), all_requested().
    """

    call_requested = Signal(str)
    all_requested = Signal()

    def __init__(self, call_log: CallLogModel, clock: Callable[[], datetime] = now_utc) -> None:
        super().__init__()
        self.setMinimumWidth(240)
        self._log = call_log
        self.view = RecentView(call_log, clock)
        self.states = ListStates(self.view)
        self.states.set_empty("No calls yet", "Your calls appear here, the newest first.")
        everything = WordButton("All calls", "link", tip="Open the call log", shortcut="Alt+2")
        head = frame("surface")
        top = columns(head, gap=8)
        top.setContentsMargins(16, 12, 8, 4)
        top.addWidget(label("Last calls", "title"))
        top.addStretch(1)
        top.addWidget(everything)
        layout = rows(self)
        layout.addWidget(head)
        layout.addWidget(self.view, 1)
        everything.clicked.connect(self.all_requested)
        self.view.call_requested.connect(self.call_requested)
        call_log.modelReset.connect(self._follow)
        call_log.known_changed.connect(self._follow)
        self._follow()

    def _follow(self, *_: object) -> None:
        self.states.set_loading(not self._log.known and self._log.rowCount() == 0)
