"""The Queue tab of the Call Logs room (Q-9, LOG-2)."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from linkus_desktop.pbx.blocking import Blocking, Change
from linkus_desktop.pbx.queue_log import QueueLogModel
from linkus_desktop.pbx.queue_log_lines import LogFilter
from linkus_desktop.pbx.tasks import spawn
from linkus_desktop.ui.call_log.block_button import BlockButton
from linkus_desktop.ui.queue_log.filters import TYPING_MS, FilterBar
from linkus_desktop.ui.queue_log.rows import QueueLogRows
from linkus_desktop.ui.queue_log.table import QueueLogTable
from linkus_desktop.ui.texts import now_utc
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.frames import rows
from linkus_desktop.ui.widgets.labels import label
from linkus_desktop.ui.widgets.list_states import ListStates
from linkus_desktop.ui.widgets.row_cells import ROW
from linkus_desktop.ui.widgets.undo_bar import UNDO_MS, UndoBar
from server.contract.agents import CallResult

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings


class QueueLogPage(QWidget):
    """Calls of the queues, as far as one may see them; deletions can be taken back.

    Signals: call_requested(str number), failed(str text, object again or None), done().
    """

    call_requested = Signal(str)
    failed = Signal(str, object)
    done = Signal()

    def __init__(
        self,
        log: QueueLogModel,
        settings: "Settings",
        own: Callable[[], str],
        *,
        clock: Callable[[], datetime] = now_utc,
        blocking: Blocking | None = None,
        undo_ms: int = UNDO_MS,
        typing_ms: int = TYPING_MS,
    ) -> None:
        """`own` gives the own extension's number."""
        super().__init__()
        self.log = log
        self._blocking = blocking
        self._problem = ""
        self.rows = QueueLogRows(log, self)
        self.table = QueueLogTable(self.rows, log, settings, clock=clock, own=own, blocking=blocking)
        self.states = ListStates(self.table, row_height=ROW)
        self.filters = FilterBar(clock, typing_ms=typing_ms)
        self.undo_bar = UndoBar(self, undo_ms=undo_ms)
        self.call_back = WordButton("Call back", icon_name="phone", shortcut="Return")
        self.result = WordButton("Processing result", icon_name="edit", shortcut="Space")
        self.block = BlockButton(blocking)
        self.delete = WordButton("Delete", icon_name="delete", shortcut="Del")
        self.footer = label(size="small", muted=True)
        self._build()
        self._connect()
        self._follow()

    def finish_deletions(self) -> None:
        """Do what waits for its undo now: the window closes."""
        self.undo_bar.finish()

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks: the log is asked for."""
        super().showEvent(event)
        self.log.open()
        if self._blocking is not None:
            self._blocking.refresh()

    def _build(self) -> None:
        for button in (self.call_back, self.result, self.block, self.delete):
            self.filters.buttons.addWidget(button)
        self.footer.setContentsMargins(16, 6, 16, 6)
        self.footer.setAccessibleName("Calls that are shown")
        layout = rows(self)
        layout.addWidget(self.filters)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.footer)
        self.setFocusProxy(self.table)

    def _connect(self) -> None:
        self.filters.changed.connect(self.log.filter)
        self.table.call_requested.connect(self.call_requested)
        self.table.delete_requested.connect(self.delete_selected)
        self.table.result_chosen.connect(self._on_result)
        self.call_back.clicked.connect(self.table.call_back)
        self.result.clicked.connect(self.table.open_result_menu)
        self.delete.clicked.connect(self.delete_selected)
        self.table.selectionModel().selectionChanged.connect(self._follow_selection)
        for signal in (
            self.rows.layoutChanged,
            self.rows.rowsInserted,
            self.rows.rowsRemoved,
            self.log.modelReset,
            self.log.dataChanged,
        ):
            signal.connect(self._follow)
        self.log.state_changed.connect(self._follow_state)
        self.log.failed.connect(self.failed)
        self.log.done.connect(self.done)
        self.states.action.connect(self._on_action)
        if self._blocking is not None:
            self._blocking.changed.connect(self._follow_selection)
            self._blocking.done.connect(self._on_blocked)

    def delete_selected(self) -> None:
        """Delete the selected calls from the own view; for five seconds it can be taken back."""
        if self.table.why_not_delete():
            return
        gone = [entry.id for entry in self.table.selected()]
        text = "Call deleted." if len(gone) == 1 else f"{len(gone)} calls deleted."
        self.rows.hide(gone)
        self.undo_bar.offer(text, lambda: self._really_delete(gone), lambda: self.rows.unhide(gone))
        self._follow()

    def _really_delete(self, ids: list[int]) -> None:
        def failed(error: Exception) -> None:
            self.rows.unhide(ids)
            self.failed.emit(f"The calls were not deleted. {error}", None)

        spawn(self.log.delete(ids), on_error=failed)

    def _on_result(self, result: CallResult) -> None:
        self.log.set_result([entry.id for entry in self.table.selected()], result)

    def _on_blocked(self, change: Change) -> None:
        """It is done; for five seconds it can be taken back."""
        if self.isVisible():
            self.undo_bar.offer(change.text, lambda: None, change.undo)

    def _on_action(self) -> None:
        if self.log.problem:
            self.log.try_again()
        else:
            self.filters.clear()

    def _follow_state(self) -> None:
        views = self.log.queues
        if views is not None:
            self.filters.set_views(views.values())
        problem, self._problem = self._problem, self.log.problem
        if self.log.problem and self.log.problem != problem and self.log.rowCount():
            self.failed.emit(f"The calls did not load. {self.log.problem}", self.log.try_again)
        self._follow()

    def _follow(self, *_: object) -> None:
        log = self.log
        self._follow_selection()
        self.footer.setText(self._footer())
        self.states.set_loading(log.rowCount() == 0 and (log.loading or log.queues is None))
        self.states.set_error(log.problem)
        if log.queues is not None and not log.may_see:
            self.states.set_empty(
                "You may not see the calls of a queue",
                "Your administrator decides which agents see them, and which calls: ask there.",
            )
        elif log.wanted == LogFilter():
            self.states.set_empty("No calls yet", "Calls of your queues appear here when they are over.")
        else:
            self.states.set_empty("No such calls", "No call matches this filter.", "Show all calls")

    def _footer(self) -> str:
        log = self.log
        count = self.rows.rowCount()
        if log.loading:
            return "Loading…"
        if not count:
            return ""
        said = "1 call" if count == 1 else f"{count} calls"
        if log.has_older:
            older = "Older ones did not load." if log.problem else "Scroll down for older ones."
            said = f"The newest {count} calls. {older}"
        return (
            said if log.known else f"{said.removesuffix('.')}. Not connected: what changes is not shown now."
        )

    def _follow_selection(self, *_: object) -> None:
        selected = self.table.selected()
        one = selected[0] if len(selected) == 1 else None
        self.call_back.setEnabled(one is not None and bool(one.number))
        self.result.forbid(self.table.why_not_result())
        self.delete.forbid(self.table.why_not_delete())
        self.delete.setText("Delete" if len(selected) < 2 else f"Delete {len(selected)}")
        self.block.follow(one)
