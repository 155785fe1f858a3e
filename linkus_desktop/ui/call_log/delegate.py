"""How a call is painted in a list: its kind, who, when, how long or why not."""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from linkus_desktop.pbx.call_log import OUTCOME_TEXTS, CallLogRole
from linkus_desktop.ui.extensions.delegate import paint_ground
from linkus_desktop.ui.icons import pixmap
from linkus_desktop.ui.texts import absolute, duration, now_utc, relative
from linkus_desktop.ui.theme import sized, tokens
from linkus_desktop.ui.tokens import TYPE_BODY, TYPE_SMALL, Tokens
from server.contract.calls import CallLogEntry, Direction, Outcome

ROW = 56
_APART = 12
"""Between what is at the left and at the right of a line, logical pixels."""


def is_missed(entry: CallLogEntry) -> bool:
    """An incoming call that nobody took."""
    return entry.direction is Direction.INCOMING and entry.outcome is Outcome.MISSED


def kind_of(entry: CallLogEntry) -> tuple[str, str]:
    """Icon and word of the kind of a call."""
    if is_missed(entry):
        return "missed", "Missed"
    return ("incoming", "Incoming") if entry.direction is Direction.INCOMING else ("outgoing", "Outgoing")


def kind_colour(entry: CallLogEntry, t: Tokens) -> str:
    """Colour of the kind's icon."""
    if is_missed(entry):
        return t.lamp_talking
    return t.lamp_idle if entry.direction is Direction.INCOMING else t.lamp_trip


def result_words(entry: CallLogEntry) -> str:
    """How long they talked, or why they did not."""
    if entry.outcome is Outcome.ANSWERED:
        return duration(entry.talk_s)
    return OUTCOME_TEXTS[entry.outcome]


def spoken(entry: CallLogEntry) -> str:
    """What a screen reader says of a call: kind, who, when, how long or why not, and whether it is new."""
    who = entry.name or entry.number or "Unknown caller"
    number = f", {entry.number}" if entry.number and entry.number != who else ""
    new = ", not seen yet" if is_missed(entry) and not entry.seen else ""
    result = "" if is_missed(entry) else f", {result_words(entry)}"
    return f"{kind_of(entry)[1]} call, {who}{number}, {absolute(entry.started_at)}{result}{new}"


class CallDelegate(QStyledItemDelegate):
    """Two lines: who and when; number, kind and result."""

    def __init__(self, view: QWidget, clock: Callable[[], datetime] = now_utc) -> None:
        super().__init__(view)
        self._view = view
        self._clock = clock

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """A fixed height."""
        return QSize(120, ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint one call."""
        entry: CallLogEntry = index.data(CallLogRole.ENTRY)
        t = tokens(self._view)
        painter.save()
        paint_ground(painter, option, t)
        rect = option.rect.adjusted(16, 0, -16, 0)
        icon_name, _ = kind_of(entry)
        ratio = self._view.devicePixelRatioF()
        colour = kind_colour(entry, t)
        painter.drawPixmap(rect.left(), rect.top() + (ROW - 20) // 2, pixmap(icon_name, colour, 20, ratio))
        lines = rect.adjusted(32, 10, 0, -(ROW - 28))
        self._paint_line(
            painter,
            lines,
            (entry.name or entry.number or "Unknown caller", relative(entry.started_at, self._clock())),
            colour=t.danger_text if is_missed(entry) else t.text,
            size=TYPE_BODY,
            bold=True,
            t=t,
        )
        result = result_words(entry)
        detail = entry.number if entry.name and entry.name != entry.number else kind_of(entry)[1]
        metrics = QFontMetrics(sized(self._view.font(), TYPE_SMALL))
        if detail != entry.number and metrics.horizontalAdvance(detail + result) + _APART > lines.width():
            detail = ""  # the icon says it too
        self._paint_line(
            painter,
            lines.translated(0, 19),
            (detail, result),
            colour=t.muted,
            size=TYPE_SMALL,
            bold=False,
            t=t,
        )
        painter.restore()

    def _paint_line(
        self,
        painter: QPainter,
        line: QRect,
        texts: tuple[str, str],
        *,
        colour: str,
        size: int,
        bold: bool,
        t: Tokens,
    ) -> None:
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(sized(self._view.font(), TYPE_SMALL))
        painter.setPen(QColor(t.muted))
        painter.drawText(line, middle | Qt.AlignmentFlag.AlignRight, texts[1])
        taken = painter.fontMetrics().horizontalAdvance(texts[1]) + _APART
        weight = QFont.Weight.DemiBold if bold else QFont.Weight.Normal
        painter.setFont(sized(self._view.font(), size, weight=weight))
        painter.setPen(QColor(colour))
        room = line.adjusted(0, 0, -taken, 0)
        shown = painter.fontMetrics().elidedText(texts[0], Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft, shown)
