"""How a cell of the call log's table is painted."""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from linkus_desktop.pbx.call_log import CallLogColumn, CallLogRole
from linkus_desktop.ui.call_log.delegate import is_missed, kind_colour, kind_of
from linkus_desktop.ui.call_log.sound import sound_lines
from linkus_desktop.ui.icons import pixmap
from linkus_desktop.ui.texts import absolute, now_utc, relative
from linkus_desktop.ui.theme import sized, tokens
from linkus_desktop.ui.tokens import TYPE_BODY
from server.contract.calls import CallLogEntry

ROW = 40


class CallCells(QStyledItemDelegate):
    """Text cells with the ground of the whole row; the first has the icon of its kind."""

    def __init__(self, view: QAbstractItemView, clock: Callable[[], datetime] = now_utc) -> None:
        super().__init__(view)
        self._view = view
        self._clock = clock

    def text(self, index: QModelIndex | QPersistentModelIndex) -> str:
        """What the cell says."""
        entry: CallLogEntry = index.data(CallLogRole.ENTRY)
        match CallLogColumn(index.column()):
            case CallLogColumn.TYPE:
                return kind_of(entry)[1]
            case CallLogColumn.TIME:
                return relative(entry.started_at, self._clock())
            case CallLogColumn.NAME:
                return entry.name or entry.number or "Unknown caller"
        return index.data(Qt.ItemDataRole.DisplayRole) or ""

    def whole_text(self, index: QModelIndex | QPersistentModelIndex) -> str:
        """What the tooltip says: the absolute time, the full name; and how the call sounded."""
        entry: CallLogEntry = index.data(CallLogRole.ENTRY)
        whole = absolute(entry.started_at) if index.column() == CallLogColumn.TIME else self.text(index)
        return "\n\n".join(part for part in (whole, sound_lines(entry)) if part)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """A fixed height."""
        return QSize(80, ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint one cell."""
        t = tokens(self._view)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(t.accent_soft))
        elif self._row_hovered(index):
            painter.fillRect(option.rect, QColor(t.hover))
        entry: CallLogEntry = index.data(CallLogRole.ENTRY)
        room = option.rect.adjusted(8, 0, -8, 0)
        if index.column() == CallLogColumn.TYPE:
            room.adjust(8, 0, 0, 0)
            top = room.top() + (room.height() - 18) // 2
            icon = pixmap(kind_of(entry)[0], kind_colour(entry, t), 18, self._view.devicePixelRatioF())
            painter.drawPixmap(room.left(), top, icon)
            room.adjust(26, 0, 0, 0)
        if index.column() == CallLogColumn.RECORDING and self.text(index):
            top = room.top() + (room.height() - 16) // 2
            painter.drawPixmap(
                room.left(), top, pixmap("record", t.muted, 16, self._view.devicePixelRatioF())
            )
            room.adjust(22, 0, 0, 0)
        name = index.column() == CallLogColumn.NAME
        missed = is_missed(entry) and index.column() in {CallLogColumn.NAME, CallLogColumn.TYPE}
        weight = (
            QFont.Weight.DemiBold if name and not entry.seen and is_missed(entry) else QFont.Weight.Normal
        )
        painter.setFont(sized(self._view.font(), TYPE_BODY, weight=weight))
        painter.setPen(QColor(t.danger_text if missed else t.text if name else t.muted))
        shown = painter.fontMetrics().elidedText(self.text(index), Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        self._paint_ring(painter, option, index, t.accent)
        painter.restore()

    def _row_hovered(self, index: QModelIndex | QPersistentModelIndex) -> bool:
        mouse = self._view.viewport().mapFromGlobal(self._view.cursor().pos())
        if not self._view.viewport().underMouse():
            return False
        return self._view.indexAt(mouse).row() == index.row()

    def _paint_ring(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
        colour: str,
    ) -> None:
        if self._view.hasFocus() and self._view.currentIndex().row() == index.row():
            painter.fillRect(option.rect.adjusted(0, 0, 0, -option.rect.height() + 2), QColor(colour))
            painter.fillRect(option.rect.adjusted(0, option.rect.height() - 2, 0, 0), QColor(colour))
