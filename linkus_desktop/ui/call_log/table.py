"""The call log's table: sort, multi-select, call back, delete, copy."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QHelpEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu, QTableView, QToolTip

from linkus_desktop.pbx.blocking import Blocking
from linkus_desktop.pbx.call_log import CallLogColumn, CallLogRole
from linkus_desktop.ui.call_log.block_button import BLOCK, UNBLOCK
from linkus_desktop.ui.call_log.cells import CallCells
from linkus_desktop.ui.call_log.rows import CallLogRows
from linkus_desktop.ui.icons import icon
from linkus_desktop.ui.texts import on_button, plain_tip
from linkus_desktop.ui.theme import tokens
from linkus_desktop.ui.widgets.fitted_columns import FittedColumns
from linkus_desktop.ui.widgets.row_table import lay_out_rows

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings

_VIEW = "call_log.columns.7"
"""With the number of columns: what was remembered for others fits no longer."""
_WIDTHS = (120, 184, 128, 128, 88, 176, 152)
_LEAST = (112, 96, 72, 96, 72, 88, 96)


class CallTable(QTableView):
    """Signals: call_requested(str number), delete_requested(object list of ids), play_requested()."""

    call_requested = Signal(str)
    delete_requested = Signal(object)
    play_requested = Signal()

    def __init__(
        self,
        rows: CallLogRows,
        settings: "Settings",
        clock: Callable[[], datetime],
        blocking: Blocking | None = None,
    ) -> None:
        super().__init__()
        self._blocking = blocking
        self._rows = rows
        self._cells = CallCells(self, clock)
        self.setModel(rows)
        self.setItemDelegate(self._cells)
        self.setAccessibleName("Call log")
        self.setSortingEnabled(True)
        self.sortByColumn(CallLogColumn.TIME, Qt.SortOrder.DescendingOrder)
        lay_out_rows(self, least_column=64)
        self.horizontalHeader().moveSection(CallLogColumn.RECORDING, CallLogColumn.OUTCOME)
        self._columns = FittedColumns(self, settings, _VIEW, _WIDTHS, _LEAST)
        self.doubleClicked.connect(self._call)

    def selected_ids(self) -> list[str]:
        """Of the rows that are selected, top to bottom."""
        indexes = sorted(self.selectionModel().selectedRows(), key=lambda index: index.row())
        return [self._rows.entry(index).id for index in indexes]

    def setColumnHidden(self, column: int, hide: bool) -> None:
        """The others share the room that is left."""
        super().setColumnHidden(column, hide)
        self._columns.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return calls back, Delete deletes, copy copies."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._call()
        elif event.key() == Qt.Key.Key_Delete:
            self._delete()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        else:
            super().keyPressEvent(event)

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
        count = len(self.selected_ids())
        entry = self._rows.entry(self.currentIndex())
        if count == 1 and entry.number:
            menu.addAction(icon("phone", t.text), f"Call {on_button(entry.name or entry.number)}", self._call)
        if count == 1 and self.currentIndex().data(CallLogRole.RECORDING) is not None:
            menu.addAction(icon("play", t.text), "Play the recording", self.play_requested.emit)
        menu.addAction(icon("copy", t.text), "Copy" if count == 1 else f"Copy {count} calls", self._copy)
        menu.addSeparator()
        if count == 1:
            self._offer_block(menu, entry.number)
        text = "Delete this call" if count == 1 else f"Delete {count} calls"
        menu.addAction(icon("delete", t.text), text, self._delete).setShortcut("Del")
        return menu

    def _offer_block(self, menu: QMenu, number: str) -> None:
        """Block the number or unblock it; nothing for colleagues, and callers without a number."""
        if self._blocking is None:
            return
        colour, blocking = tokens(self).text, self._blocking
        if blocking.is_blocked(number):
            menu.addAction(icon(UNBLOCK, colour), "Unblock this number", lambda: blocking.unblock(number))
        elif not blocking.why_not(number):
            menu.addAction(icon(BLOCK, colour), "Block this number", lambda: blocking.block(number))

    def viewportEvent(self, event: QEvent) -> bool:
        """Full names and absolute times in the tooltip."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.indexAt(event.pos())
            text = self._cells.whole_text(index) if index.isValid() else ""
            QToolTip.showText(event.globalPos(), plain_tip(text), self)
            return True
        return super().viewportEvent(event)

    def _call(self, *_: object) -> None:
        if self.currentIndex().isValid() and (number := self._rows.entry(self.currentIndex()).number):
            self.call_requested.emit(number)

    def _delete(self) -> None:
        if ids := self.selected_ids():
            self.delete_requested.emit(ids)

    def _copy(self) -> None:
        lines = []
        for index in sorted(self.selectionModel().selectedRows(), key=lambda i: i.row()):
            cells = (self._rows.index(index.row(), column) for column in CallLogColumn)
            lines.append("\t".join(str(cell.data(Qt.ItemDataRole.DisplayRole) or "") for cell in cells))
        if lines:
            QGuiApplication.clipboard().setText("\n".join(lines))
