"""A table of the boards on the screen."""

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QStyleOptionViewItem, QTableView

from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.lamps import Lamp, lit, paint_lamp
from linkus_desktop.ui.queues.rows import ITEM, LAMP, WARNS, Rows, SortedRows
from linkus_desktop.ui.theme import sized, tokens
from linkus_desktop.ui.tokens import TYPE_BODY
from linkus_desktop.ui.widgets.fitted_columns import FittedColumns
from linkus_desktop.ui.widgets.row_cells import RowCells, paint_ring_of_empty
from linkus_desktop.ui.widgets.row_table import lay_out_rows

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings

Index = QModelIndex | QPersistentModelIndex
_LAMP, _SIGN = 14, 16
T = TypeVar("T")


class BoardCells(RowCells):
    """Text, with a lamp or a sign of warning before it."""

    def __init__(self, view: QAbstractItemView, blinker: Blinker) -> None:
        super().__init__(view)
        self._blinker = blinker

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one cell."""
        t = tokens(self._view)
        painter.save()
        self.paint_ground(painter, option, index, t)
        room = option.rect.adjusted(16 if index.column() == 0 else 8, 0, -8, 0)
        lamp: Lamp | None = index.data(LAMP)
        if lamp is not None:
            square = QRectF(room.left(), room.top() + (room.height() - _LAMP) / 2, _LAMP, _LAMP)
            paint_lamp(painter, square, lamp, t, on=lit(lamp, self._blinker))
            room.adjust(_LAMP + 8, 0, 0, 0)
        warns = bool(index.data(WARNS))
        if warns:
            self.paint_icon(painter, room, "warning", t.danger_text, _SIGN)
            room.adjust(_SIGN + 6, 0, 0, 0)
        painter.setFont(sized(self._view.font(), TYPE_BODY))
        painter.setPen(QColor(t.danger_text if warns else t.text if index.column() == 0 else t.muted))
        self.paint_text(painter, room, index.data(Qt.ItemDataRole.DisplayRole) or "")
        self.paint_ring(painter, option, index)
        painter.restore()


class BoardView(QTableView, Generic[T]):
    """Sortable, its columns remembered; copies what is selected."""

    def __init__(
        self,
        rows: Rows[T],
        name: str,
        view: str,
        settings: "Settings",
        blinker: Blinker,
        *,
        many: bool = False,
    ) -> None:
        """`view`: the name under which columns are remembered; `many`: several rows can be selected."""
        super().__init__()
        self._rows, self._blinker = rows, blinker
        self.setModel(SortedRows(rows, self))
        self.setItemDelegate(BoardCells(self, blinker))
        self.setAccessibleName(name)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        lay_out_rows(self, least_column=48, many=many)
        widths = [column.width for column in rows.columns]
        least = [column.least for column in rows.columns]
        self._columns = FittedColumns(self, settings, view, widths, least)
        for signal in (rows.dataChanged, rows.rowsInserted, rows.rowsRemoved):
            signal.connect(self._look_for_blinking)
        blinker.beat.connect(self._on_beat)

    def selected(self) -> list[T]:
        """The items that are selected, top to bottom."""
        indexes = sorted(self.selectionModel().selectedRows(), key=lambda index: index.row())
        return [index.data(ITEM) for index in indexes]

    def paintEvent(self, event: QPaintEvent) -> None:
        """The focus is seen in an empty table, too."""
        super().paintEvent(event)
        paint_ring_of_empty(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy copies the rows."""
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(
                "\n".join(map(self._line, self.selectionModel().selectedRows()))
            )
        else:
            super().keyPressEvent(event)

    def _line(self, index: QModelIndex) -> str:
        cells = (index.siblingAtColumn(column) for column in range(self.model().columnCount()))
        return "\t".join(cell.data(Qt.ItemDataRole.DisplayRole) or "" for cell in cells)

    def _blinks(self) -> bool:
        lamps: list[Any] = [self.model().index(row, 0).data(LAMP) for row in range(self.model().rowCount())]
        return any(lamp is not None and lamp.blinks for lamp in lamps)

    def _look_for_blinking(self, *_: object) -> None:
        self._blinker.want(self, self._blinks())

    def _on_beat(self) -> None:
        if self.isVisible() and self._blinks():
            self.viewport().update()
