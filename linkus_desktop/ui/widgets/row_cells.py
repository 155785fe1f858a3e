"""Cells of a table in which whole rows are chosen: ground, icon, text, and the ring of the focus."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from linkus_desktop.ui.icons import pixmap
from linkus_desktop.ui.theme import tokens
from linkus_desktop.ui.tokens import Tokens

ROW = 40

Index = QModelIndex | QPersistentModelIndex


def paint_ring_of_empty(view: QAbstractItemView) -> None:
    """Show that a table has the focus which has no row to show it at; call it when the table was painted."""
    if view.hasFocus() and not view.model().rowCount():
        painter = QPainter(view.viewport())
        painter.setPen(QPen(QColor(tokens(view).accent), 2))
        painter.drawRect(view.viewport().rect().adjusted(1, 1, -1, -1))
        painter.end()


class RowCells(QStyledItemDelegate):
    """What all such cells have in common; each kind paints its own content."""

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """A fixed height."""
        return QSize(80, ROW)

    def paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, t: Tokens) -> None:
        """The ground of a row that is chosen, or under the mouse."""
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(t.accent_soft))
        elif self._row_hovered(index):
            painter.fillRect(option.rect, QColor(t.hover))

    def paint_icon(self, painter: QPainter, room: QRect, name: str, colour: str, size: int) -> None:
        """An icon at the left of `room`."""
        top = room.top() + (room.height() - size) // 2
        painter.drawPixmap(room.left(), top, pixmap(name, colour, size, self._view.devicePixelRatioF()))

    def paint_text(self, painter: QPainter, room: QRect, text: str) -> None:
        """A line of text, which gives up its middle where room is short."""
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def paint_ring(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Lines above and below the row that has the focus."""
        if self._view.hasFocus() and self._view.currentIndex().row() == index.row():
            colour = QColor(tokens(self._view).accent)
            painter.fillRect(option.rect.adjusted(0, 0, 0, -option.rect.height() + 2), colour)
            painter.fillRect(option.rect.adjusted(0, option.rect.height() - 2, 0, 0), colour)

    def _row_hovered(self, index: Index) -> bool:
        mouse = self._view.viewport().mapFromGlobal(self._view.cursor().pos())
        if not self._view.viewport().underMouse():
            return False
        return self._view.indexAt(mouse).row() == index.row()
