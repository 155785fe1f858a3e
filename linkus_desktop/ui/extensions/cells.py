"""How a cell of the colleagues' table is painted."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from linkus_desktop.pbx.colleagues import ColleagueRole
from linkus_desktop.ui.avatars import paint_avatar
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.extensions.table import Column
from linkus_desktop.ui.lamps import lamp_of, lit, paint_lamp
from linkus_desktop.ui.pictures import Pictures
from linkus_desktop.ui.theme import sized, tokens
from linkus_desktop.ui.tokens import TYPE_BODY

ROW = 48
_LAMP = 16


class ColleagueCells(QStyledItemDelegate):
    """The picture stands before the name, the lamp before the state."""

    def __init__(self, view: QAbstractItemView, blinker: Blinker, pictures: Pictures | None = None) -> None:
        super().__init__(view)
        self._view = view
        self._blinker = blinker
        self._pictures = pictures

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
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, QColor(t.hover))
        room = option.rect.adjusted(8, 0, -8, 0)
        name = index.column() == Column.NAME
        if name:
            number = index.data(ColleagueRole.NUMBER)
            face = QRectF(room.left() + 8, room.top() + (ROW - 32) / 2, 32, 32)
            picture = self._pictures.of(number, index.data(ColleagueRole.AVATAR)) if self._pictures else None
            paint_avatar(painter, face, index.data(ColleagueRole.NAME), number, picture)
            room.adjust(52, 0, 0, 0)
        elif index.column() == Column.STATE:
            lamp = lamp_of(index.data(ColleagueRole.STATE))
            square = QRectF(room.left(), room.top() + (ROW - _LAMP) / 2, _LAMP, _LAMP)
            paint_lamp(painter, square, lamp, t, on=lit(lamp, self._blinker))
            room.adjust(_LAMP + 8, 0, 0, 0)
        weight = QFont.Weight.DemiBold if name else QFont.Weight.Normal
        painter.setFont(sized(self._view.font(), TYPE_BODY, weight=weight))
        painter.setPen(QColor(t.text if name or index.column() == Column.STATE else t.muted))
        text = index.data(Qt.ItemDataRole.DisplayRole) or ""
        elide = Qt.TextElideMode.ElideMiddle if name else Qt.TextElideMode.ElideRight  # sentences begin well
        shown = painter.fontMetrics().elidedText(text, elide, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        if self._view.hasFocus() and self._view.currentIndex().row() == index.row():
            painter.fillRect(option.rect.adjusted(0, 0, 0, 2 - ROW), QColor(t.accent))
            painter.fillRect(option.rect.adjusted(0, ROW - 2, 0, 0), QColor(t.accent))
        painter.restore()
