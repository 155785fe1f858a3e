"""The table of the queues' log: sort, multi-select, call back, set the result, delete, copy."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPaintEvent,
)
from PySide6.QtWidgets import QMenu, QTableView, QToolTip, QWidget

from linkus_desktop.pbx.blocking import Blocking
from linkus_desktop.pbx.queue_log import QueueLogModel
from linkus_desktop.pbx.queue_log_lines import RESULT_TEXTS, QueueLogColumn
from linkus_desktop.ui.call_log.block_button import BLOCK, UNBLOCK
from linkus_desktop.ui.icons import icon
from linkus_desktop.ui.queue_log.cells import QueueCells
from linkus_desktop.ui.queue_log.rows import QueueLogRows
from linkus_desktop.ui.texts import on_button, plain_tip
from linkus_desktop.ui.theme import tokens
from linkus_desktop.ui.widgets.fitted_columns import FittedColumns
from linkus_desktop.ui.widgets.row_cells import paint_ring_of_empty
from linkus_desktop.ui.widgets.row_table import lay_out_rows
from server.contract.agents import CallResult, QueueLogEntry

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings

_VIEW = "queue_log.columns.1"
_WIDTHS = (128, 124, 128, 120, 124, 108, 72, 72, 232)
_LEAST = (124, 76, 72, 56, 124, 64, 68, 68, 152)
"""Together they fit the least width of the window, with a scroll bar."""


class ResultMenu(QMenu):
    """How far the selected calls were dealt with; `choose` is given what is chosen."""

    def __init__(self, choose: Callable[[CallResult], object], parent: QWidget) -> None:
        super().__init__("Processing result", parent)
        self.results = {}
        for result in CallResult:
            action = self.addAction(RESULT_TEXTS[result], partial(choose, result))
            action.setCheckable(True)
            self.results[result] = action

    def follow(self, entries: list[QueueLogEntry]) -> None:
        """Show what is so of these calls now."""
        now = {entry.result for entry in entries if entry.agent is None}
        self.setIcon(icon("edit", tokens(self).text))
        for result, action in self.results.items():
            action.setChecked(now == {result})


class QueueLogTable(QTableView):
    """Signals: call_requested(str number), delete_requested(), result_chosen(object CallResult)."""

    call_requested = Signal(str)
    delete_requested = Signal()
    result_chosen = Signal(object)

    def __init__(
        self,
        rows: QueueLogRows,
        log: QueueLogModel,
        settings: "Settings",
        *,
        clock: Callable[[], datetime],
        own: Callable[[], str],
        blocking: Blocking | None = None,
    ) -> None:
        super().__init__()
        self._rows, self._own, self._blocking = rows, own, blocking
        self._cells = QueueCells(self, log, clock)
        self.result_menu = ResultMenu(self.result_chosen.emit, self)
        self.setModel(rows)
        self.setItemDelegate(self._cells)
        self.setAccessibleName("Queue call log")
        self.setSortingEnabled(True)
        self.sortByColumn(QueueLogColumn.TIME, Qt.SortOrder.DescendingOrder)
        lay_out_rows(self, least_column=56)
        self._columns = FittedColumns(self, settings, _VIEW, _WIDTHS, _LEAST)
        self.doubleClicked.connect(self._call)

    def selected(self) -> list[QueueLogEntry]:
        """The calls that are selected, top to bottom."""
        indexes = sorted(self.selectionModel().selectedRows(), key=lambda index: index.row())
        return [self._rows.entry(index) for index in indexes]

    def why_not_result(self) -> str:
        """Why the selection cannot be given a processing result, for people; "": it can."""
        selected = self.selected()
        if not selected:
            return "Select a call that nobody has answered to say how far it was dealt with."
        if all(entry.agent is not None for entry in selected):
            return "An agent has answered: nobody has to deal with it."
        return ""

    def why_not_delete(self) -> str:
        """Why the selection cannot be deleted, for people; "": it can."""
        selected = self.selected()
        if not selected:
            return "Select calls that you have answered to delete them."
        if any(entry.agent != self._own() for entry in selected):
            return "Only calls that you have answered yourself can be deleted."
        return ""

    def open_result_menu(self) -> None:
        """The results of the selection, at the row that has the focus (Space)."""
        index = self.currentIndex()
        if not index.isValid() or self.why_not_result():
            return
        cell = self.visualRect(index.siblingAtColumn(QueueLogColumn.RESULT))
        self.result_menu.follow(self.selected())
        self.result_menu.popup(self.viewport().mapToGlobal(cell.bottomLeft()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The focus is seen in an empty table, too."""
        super().paintEvent(event)
        paint_ring_of_empty(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return calls back, Space sets the result, Delete deletes, copy copies."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._call()
        elif event.key() == Qt.Key.Key_Space:
            self.open_result_menu()
        elif event.key() == Qt.Key.Key_Delete:
            self._delete()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on a processing result opens its menu."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if plain and event.button() is Qt.MouseButton.LeftButton and index.column() == QueueLogColumn.RESULT:
            self.open_result_menu()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with the selected calls."""
        if self.selectionModel().hasSelection():
            menu = self.menu()
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            by_mouse = event.reason() is QContextMenuEvent.Reason.Mouse
            centre = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).center())
            menu.popup(event.globalPos() if by_mouse else centre)

    def menu(self) -> QMenu:
        """The menu of the selection."""
        t = tokens(self)
        menu = QMenu(self)
        selected = self.selected()
        one = selected[0] if len(selected) == 1 else None
        if one is not None and one.number:
            menu.addAction(icon("phone", t.text), f"Call {on_button(one.name or one.number)}", self._call)
            menu.addAction(icon("copy", t.text), "Copy the number", partial(_to_clipboard, one.number))
        text = "Copy the call" if one is not None else f"Copy {len(selected)} calls"
        menu.addAction(icon("copy", t.text), text, self._copy)
        if not self.why_not_result():
            results = ResultMenu(self.result_chosen.emit, menu)
            results.follow(selected)
            menu.addMenu(results)
        menu.addSeparator()
        if one is not None:
            self._offer_block(menu, one.number)
        if not self.why_not_delete():
            text = "Delete this call" if one is not None else f"Delete {len(selected)} calls"
            menu.addAction(icon("delete", t.text), text, self._delete).setShortcut("Del")
        return menu

    def viewportEvent(self, event: QEvent) -> bool:
        """Full names, times and operations in the tooltip."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.indexAt(event.pos())
            text = self._cells.whole_text(index) if index.isValid() else ""
            QToolTip.showText(event.globalPos() + QPoint(0, 8), plain_tip(text), self)
            return True
        return super().viewportEvent(event)

    def call_back(self) -> None:
        """Call whoever called."""
        self._call()

    def _offer_block(self, menu: QMenu, number: str) -> None:
        if self._blocking is None:
            return
        colour, blocking = tokens(self).text, self._blocking
        if blocking.is_blocked(number):
            menu.addAction(icon(UNBLOCK, colour), "Unblock this number", lambda: blocking.unblock(number))
        elif not blocking.why_not(number):
            menu.addAction(icon(BLOCK, colour), "Block this number", lambda: blocking.block(number))

    def _call(self, *_: object) -> None:
        if self.currentIndex().isValid() and (number := self._rows.entry(self.currentIndex()).number):
            self.call_requested.emit(number)

    def _delete(self) -> None:
        if not self.why_not_delete():
            self.delete_requested.emit()

    def _copy(self) -> None:
        lines = []
        for index in sorted(self.selectionModel().selectedRows(), key=lambda i: i.row()):
            cells = (self._rows.index(index.row(), column) for column in QueueLogColumn)
            lines.append("\t".join(str(cell.data(Qt.ItemDataRole.DisplayRole) or "") for cell in cells))
        if lines:
            _to_clipboard("\n".join(lines))


def _to_clipboard(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
