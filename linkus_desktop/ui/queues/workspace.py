"""The Queues room: all queues that one manages, and one of them in full (Q-13)."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QWidget

from linkus_desktop.pbx.queue_boards import QueueBoards
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.queues.agents import AgentsPanel
from linkus_desktop.ui.queues.columns import caller_columns, name, queue_columns
from linkus_desktop.ui.queues.figures import Figures
from linkus_desktop.ui.queues.rows import ITEM, Rows
from linkus_desktop.ui.queues.view import BoardView
from linkus_desktop.ui.texts import now_utc
from linkus_desktop.ui.widgets.frames import columns, frame, rows
from linkus_desktop.ui.widgets.labels import ElidedLabel, label
from linkus_desktop.ui.widgets.list_states import ListStates
from linkus_desktop.ui.widgets.row_cells import ROW
from server.contract.agents import WaitingCaller
from server.contract.queue_board import QueueBoard

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings

_QUEUES, _CALLERS = "queues.columns.1", "queues.callers.1"
_DOWN, _ACROSS = "queues.down", "queues.across"


class QueuesWorkspace(QWidget):
    """A table of queues; below it callers and agents of the one that is chosen. Times run by one timer.

    While nobody looks nothing is followed: hundreds of agents change all day long.

    Signals: failed(str text, object again or None), done().
    """

    failed = Signal(str, object)
    done = Signal()

    def __init__(
        self,
        boards: QueueBoards,
        settings: "Settings",
        blinker: Blinker,
        *,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        super().__init__()
        self._boards, self._settings, self._clock = boards, settings, clock
        self._chosen = ""
        self.queues: Rows[QueueBoard] = Rows(queue_columns(boards), lambda board: board.queue, clock, self)
        self.table: BoardView[QueueBoard] = BoardView(self.queues, "Queues", _QUEUES, settings, blinker)
        self.states = ListStates(self.table, row_height=ROW)
        self.waiting: Rows[WaitingCaller] = Rows(caller_columns(boards), lambda one: one.call, clock, self)
        self.callers: BoardView[WaitingCaller] = BoardView(
            self.waiting, "Callers who wait", _CALLERS, settings, blinker
        )
        self.caller_states = ListStates(self.callers, row_height=ROW)
        self.agents = AgentsPanel(boards, settings, blinker, clock)
        self.title = ElidedLabel("", "title")
        self.note = label(size="small", muted=True)
        self.figures = Figures()
        self.more = label(size="small", muted=True)
        self.down, self.across = QSplitter(Qt.Orientation.Vertical), QSplitter(Qt.Orientation.Horizontal)
        self._second = QTimer(self, interval=1000)
        self._stale = False
        self._build()
        self._connect()
        self.follow()

    @property
    def chosen(self) -> str:
        """The number of the queue that is shown in full."""
        return self._chosen

    @property
    def ticks(self) -> bool:
        """Whether its timer runs."""
        return self._second.isActive()

    def choose(self, queue: str) -> None:
        """Show this queue in full."""
        for row in range(self.table.model().rowCount()):
            index = self.table.model().index(row, 0)
            if index.data(ITEM).queue == queue:
                self.table.setCurrentIndex(index)

    def follow(self) -> None:
        """Show what is so now."""
        self._stale = False
        boards = self._boards
        self.queues.follow(boards.boards)
        self.queues.repaint()
        self.states.set_loading(not boards.told)
        if boards.get(self._chosen) is None:
            self._chosen = ""
        if not self._chosen and self.queues.items:
            self.choose(self.queues.items[0].queue)
        self.note.setText(
            "Live" if boards.known else "Not connected: this is how it was. States are not known now."
        )
        self._follow_chosen()

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks: the times go on."""
        super().showEvent(event)
        if self._stale:
            self.follow()
        self._tick()
        self._second.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._second.stop()

    def _build(self) -> None:
        self.states.set_empty(
            "You manage no queue", "The queues of which you are a manager appear here, with who waits."
        )
        self.caller_states.set_empty("Nobody waits", "Callers appear here while they wait for an agent.")
        detail = frame("surface")
        head = rows(gap=8)
        head.setContentsMargins(16, 12, 16, 12)
        line = columns(gap=16)
        line.addWidget(self.title, 1)
        line.addWidget(self.note)
        head.addLayout(line)
        head.addWidget(self.figures)
        left = QWidget()
        callers = rows(left)
        above = columns(gap=8)
        above.setContentsMargins(16, 8, 16, 8)
        above.addWidget(label("Waiting", "body"))
        above.addWidget(self.more)
        above.addStretch(1)
        callers.addLayout(above)
        callers.addWidget(self.callers, 1)
        above.addStrut(self.agents.log_in.sizeHint().height())
        for splitter, key, parts in (
            (self.across, _ACROSS, (left, self.agents)),
            (self.down, _DOWN, (self.table, detail)),
        ):
            splitter.setHandleWidth(1)
            splitter.setChildrenCollapsible(False)
            for part in parts:
                splitter.addWidget(part)
            splitter.setStretchFactor(1, 1)
            if state := self._settings.view(key):
                splitter.restoreState(state)
        self.table.setMinimumHeight(96)
        layout = rows(detail)
        layout.addLayout(head)
        layout.addWidget(self.across, 1)
        rows(self).addWidget(self.down)
        if self._settings.view(_DOWN) is None:
            self.down.setSizes([240, 480])
            self.across.setSizes([480, 520])
        self.setFocusProxy(self.table)

    def _connect(self) -> None:
        self._second.timeout.connect(self._tick)
        self._boards.changed.connect(self._on_boards)
        self._boards.agents_changed.connect(self._on_agents)
        self._boards.failed.connect(self.failed)
        self._boards.done.connect(self.done)
        self.table.selectionModel().currentRowChanged.connect(self._on_current)
        self.down.splitterMoved.connect(self._on_splitter)
        self.across.splitterMoved.connect(self._on_splitter)

    def _on_splitter(self, *_: object) -> None:
        self._settings.set_view(_DOWN, bytes(self.down.saveState().data()))
        self._settings.set_view(_ACROSS, bytes(self.across.saveState().data()))

    def _on_current(self, index: QModelIndex) -> None:
        board: QueueBoard | None = index.data(ITEM) if index.isValid() else None
        if board is not None and board.queue != self._chosen:
            self._chosen = board.queue
            self._follow_chosen()

    def _on_boards(self) -> None:
        if self.isVisible():
            self.follow()
        else:
            self._stale = True

    def _on_agents(self, queue: str) -> None:
        if not self.isVisible():
            self._stale = True
        elif queue in {"", self._chosen}:
            self.agents.follow(self._chosen)

    def _follow_chosen(self) -> None:
        board = self._boards.get(self._chosen)
        self.title.setText(name(board) if board is not None else "")
        self.waiting.follow(board.callers if board is not None else ())
        self.waiting.repaint()
        hidden = board.waiting - len(board.callers) if board is not None else 0
        self.more.setText(f"and {hidden} more" if hidden else "")
        self.agents.follow(self._chosen)
        self.figures.follow(board, self._clock(), known=self._boards.known)

    def _tick(self) -> None:
        """The times go on."""
        if self._boards.known:
            for model in (self.queues, self.waiting, self.agents.rows):
                model.tick()
            self.figures.follow(self._boards.get(self._chosen), self._clock())
