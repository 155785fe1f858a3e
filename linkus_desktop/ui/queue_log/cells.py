"""How a cell of the queues' log is painted."""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyleOptionViewItem

from linkus_desktop.pbx.queue_log import QueueLogModel
from linkus_desktop.pbx.queue_log_lines import QueueLogColumn, QueueLogRole, has_result
from linkus_desktop.ui.queue_log.words import (
    ICONS,
    RESULT_ICONS,
    end_colour,
    operation,
    rang_at,
    result_colour,
)
from linkus_desktop.ui.texts import absolute, now_utc, relative
from linkus_desktop.ui.theme import sized, tokens
from linkus_desktop.ui.tokens import TYPE_BODY
from linkus_desktop.ui.widgets.row_cells import RowCells
from server.contract.agents import QueueLogEntry

Index = QModelIndex | QPersistentModelIndex
_ARROW = 16


class QueueCells(RowCells):
    """Text cells; the first and the last have icons, and the last an arrow where a click opens its menu."""

    def __init__(
        self, view: QAbstractItemView, log: QueueLogModel, clock: Callable[[], datetime] = now_utc
    ) -> None:
        super().__init__(view)
        self._log = log
        self._clock = clock

    def text(self, index: Index) -> str:
        """What the cell says."""
        if index.column() == QueueLogColumn.TIME:
            entry: QueueLogEntry = index.data(QueueLogRole.ENTRY)
            return relative(entry.joined, self._clock())
        return index.data(Qt.ItemDataRole.DisplayRole) or ""

    def whole_text(self, index: Index) -> str:
        """What the tooltip says: the absolute time, the operation, who was rung, the full name."""
        entry: QueueLogEntry = index.data(QueueLogRole.ENTRY)
        match QueueLogColumn(index.column()):
            case QueueLogColumn.TIME:
                return absolute(entry.joined)
            case QueueLogColumn.RESULT:
                return operation(self._log, entry)
            case QueueLogColumn.END | QueueLogColumn.AGENT if entry.missed:
                return f"{self.text(index)}\nRang in vain at {rang_at(self._log, entry)}".strip()
        return self.text(index)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one cell."""
        t = tokens(self._view)
        painter.save()
        self.paint_ground(painter, option, index, t)
        entry: QueueLogEntry = index.data(QueueLogRole.ENTRY)
        room = option.rect.adjusted(8, 0, -8, 0)
        column = QueueLogColumn(index.column())
        if column is QueueLogColumn.END:
            room.adjust(8, 0, 0, 0)
            self.paint_icon(painter, room, ICONS[entry.end], end_colour(entry, t), 18)
            room.adjust(26, 0, 0, 0)
        elif column is QueueLogColumn.RESULT and has_result(entry):
            self.paint_icon(painter, room, RESULT_ICONS[entry.result], result_colour(entry, t), 16)
            room.adjust(22, 0, 0, 0)
            if entry.agent is None:
                arrow = QRect(room.right() - _ARROW, room.top(), _ARROW, room.height())
                self.paint_icon(painter, arrow, "chevron-down", t.muted, _ARROW)
                room.adjust(0, 0, -_ARROW - 4, 0)
        lost = column is QueueLogColumn.END and entry.agent is None
        strong = column in {QueueLogColumn.NAME, QueueLogColumn.RESULT}
        painter.setFont(sized(self._view.font(), TYPE_BODY))
        painter.setPen(QColor(t.danger_text if lost else t.text if strong else t.muted))
        self.paint_text(painter, room, self.text(index))
        self.paint_ring(painter, option, index)
        painter.restore()
