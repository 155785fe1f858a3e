"""How a colleague is painted in a list: picture, name, number, lamp and its word."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from linkus_desktop.pbx.colleagues import ColleagueRole
from linkus_desktop.ui.avatars import paint_avatar
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.extensions.grouped import GroupedRole
from linkus_desktop.ui.extensions.words import note_words, state_words
from linkus_desktop.ui.lamps import lamp_of, lit, paint_lamp
from linkus_desktop.ui.pictures import Pictures
from linkus_desktop.ui.theme import sized, tokens
from linkus_desktop.ui.tokens import TYPE_BODY, TYPE_SMALL, Tokens
from server.contract.extensions import ExtensionState

ROW, HEADING = 56, 32
_LAMP = 14


class ColleagueDelegate(QStyledItemDelegate):
    """Paints people and headings."""

    def __init__(self, view: QWidget, blinker: Blinker, pictures: Pictures | None = None) -> None:
        super().__init__(view)
        self._view = view
        self._blinker = blinker
        self._pictures = pictures

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Fixed heights, so that long lists scroll fast."""
        return QSize(120, HEADING if index.data(GroupedRole.HEADING) is not None else ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint one row."""
        t = tokens(self._view)
        painter.save()
        heading = index.data(GroupedRole.HEADING)
        if heading is not None:
            self._paint_heading(painter, option, t, heading, index.data(GroupedRole.COUNT))
        else:
            self._paint_person(painter, option, t, index)
        painter.restore()

    def _paint_heading(
        self, painter: QPainter, option: QStyleOptionViewItem, t: Tokens, heading: str, count: int | None
    ) -> None:
        rect = option.rect.adjusted(16, 8, -16, 0)
        font = sized(self._view.font(), TYPE_SMALL, weight=QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(t.muted))
        text = heading if count is None else f"{heading}  ·  {count}"
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_person(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        t: Tokens,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        paint_ground(painter, option, t)
        state = index.data(ColleagueRole.STATE)
        name, number = index.data(ColleagueRole.NAME) or "", index.data(ColleagueRole.NUMBER) or ""
        rect = option.rect.adjusted(16, 0, -16, 0)
        face = QRectF(rect.left(), rect.top() + (ROW - 36) / 2, 36, 36)
        picture = self._pictures.of(number, index.data(ColleagueRole.AVATAR)) if self._pictures else None
        paint_avatar(painter, face, name, number, picture)
        left = rect.left() + 36 + 12
        lines = QRect(left, rect.top() + 10, rect.right() - left, 18)
        self._paint_first_line(painter, lines, t, name, number)
        self._paint_second_line(painter, lines.translated(0, 19), t, state)

    def _paint_first_line(self, painter: QPainter, line: QRect, t: Tokens, name: str, number: str) -> None:
        side = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(sized(self._view.font(), TYPE_BODY))
        width = painter.fontMetrics().horizontalAdvance(number)
        if name != number:
            painter.setPen(QColor(t.muted))
            painter.drawText(line, side | Qt.AlignmentFlag.AlignRight, number)
        painter.setFont(sized(self._view.font(), TYPE_BODY, weight=QFont.Weight.DemiBold))
        painter.setPen(QColor(t.text))
        room = line.adjusted(0, 0, -width - 12, 0)
        shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, side | Qt.AlignmentFlag.AlignLeft, shown)

    def _paint_second_line(
        self, painter: QPainter, line: QRect, t: Tokens, state: ExtensionState | None
    ) -> None:
        lamp = lamp_of(state)
        top = line.top() + (line.height() - _LAMP) / 2
        paint_lamp(painter, QRectF(line.left(), top, _LAMP, _LAMP), lamp, t, on=lit(lamp, self._blinker))
        painter.setFont(sized(self._view.font(), TYPE_SMALL))
        painter.setPen(QColor(t.muted))
        note = note_words(state)
        room = line.adjusted(_LAMP + 6, 0, 0, 0)
        shown = painter.fontMetrics().elidedText(
            state_words(state) + note, Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


def paint_ground(painter: QPainter, option: QStyleOptionViewItem, t: Tokens) -> None:
    """Ground of a row: selected, hovered, and the ring of the row with the focus."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ground = option.rect.adjusted(4, 1, -4, -1)
    painter.setPen(Qt.PenStyle.NoPen)
    if option.state & QStyle.StateFlag.State_Selected:
        painter.setBrush(QColor(t.accent_soft))
        painter.drawRoundedRect(ground, 6, 6)
    elif option.state & QStyle.StateFlag.State_MouseOver:
        painter.setBrush(QColor(t.hover))
        painter.drawRoundedRect(ground, 6, 6)
    if option.state & QStyle.StateFlag.State_HasFocus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(t.accent), 2))
        painter.drawRoundedRect(ground.adjusted(1, 1, -1, -1), 5, 5)
