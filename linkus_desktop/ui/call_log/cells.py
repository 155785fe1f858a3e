"""How a cell of the call log's table is painted."""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyleOptionViewItem

from linkus_desktop.pbx.call_log import CallLogColumn, CallLogRole
from linkus_desktop.ui.call_log.delegate import is_missed, kind_colour, kind_of
from linkus_desktop.ui.call_log.sound import sound_lines
from linkus_desktop.ui.texts import absolute, now_utc, relative
from linkus_desktop.ui.theme import sized, tokens
from linkus_desktop.ui.tokens import TYPE_BODY
from linkus_desktop.ui.widgets.row_cells import RowCells
from server.contract.calls import CallLogEntry


class CallCells(RowCells):
    """Text cells with the ground of the whole row; the first has the icon of its kind."""

    def __init__(self, view: QAbstractItemView, clock: Callable[[], datetime] = now_utc) -> None:
        super().__init__(view)
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

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint one cell."""
        t = tokens(self._view)
        painter.save()
        self.paint_ground(painter, option, index, t)
        entry: CallLogEntry = index.data(CallLogRole.ENTRY)
        room = option.rect.adjusted(8, 0, -8, 0)
        if index.column() == CallLogColumn.TYPE:
            room.adjust(8, 0, 0, 0)
            self.paint_icon(painter, room, kind_of(entry)[0], kind_colour(entry, t), 18)
            room.adjust(26, 0, 0, 0)
        if index.column() == CallLogColumn.RECORDING and self.text(index):
            self.paint_icon(painter, room, "record", t.muted, 16)
            room.adjust(22, 0, 0, 0)
        name = index.column() == CallLogColumn.NAME
        missed = is_missed(entry) and index.column() in {CallLogColumn.NAME, CallLogColumn.TYPE}
        weight = (
            QFont.Weight.DemiBold if name and not entry.seen and is_missed(entry) else QFont.Weight.Normal
        )
        painter.setFont(sized(self._view.font(), TYPE_BODY, weight=weight))
        painter.setPen(QColor(t.danger_text if missed else t.text if name else t.muted))
        self.paint_text(painter, room, self.text(index))
        self.paint_ring(painter, option, index)
        painter.restore()
