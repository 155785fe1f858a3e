"""One function key: a button with lamp, name and state (KEY-3)."""

from datetime import datetime

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QSizePolicy

from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.icons import pixmap
from linkus_desktop.ui.keys.faces import KeyFace
from linkus_desktop.ui.lamps import lit, paint_lamp
from linkus_desktop.ui.theme import sized, tokens
from linkus_desktop.ui.tokens import TYPE_BODY, TYPE_SMALL
from linkus_desktop.ui.widgets.buttons import tooltip

HEIGHT = 48
NARROWEST = 136
_LAMP = 16
_LEFT = 12


class KeyButton(QAbstractButton):
    """Paints a face, and itself only when that changes.

    Attributes: row: its place. painted: how often it was painted (for tests).
    Signals: menu_requested(object self, QPoint global), drag_started(object self).
    """

    menu_requested = Signal(object, QPoint)
    drag_started = Signal(object)

    def __init__(self, blinker: Blinker) -> None:
        super().__init__()
        self.row = -1
        self.painted = 0
        self._blinker = blinker
        self._face: KeyFace | None = None
        self._line = self._time = ""
        self._shortcut = ""
        self._spoken = ("", "", "")
        self._lit = True
        self._pressed_at: QPoint | None = None
        self.movable = False
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(NARROWEST)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    @property
    def face(self) -> KeyFace | None:
        """What it shows."""
        return self._face

    @property
    def line(self) -> str:
        """Its second line."""
        return self._line

    @property
    def shown_line(self) -> str:
        """Its second line as far as there is room: the time, and how many wait, are never cut off."""
        face = self._face
        metrics = QFontMetrics(sized(self.font(), TYPE_SMALL))
        room = self._room.width()
        if face is None or metrics.horizontalAdvance(self._line) <= room:
            return self._line
        kept = (face.kept if face.short else "") + self._time
        left = room - metrics.horizontalAdvance(kept)
        return metrics.elidedText(face.short or face.word, Qt.TextElideMode.ElideRight, left) + kept

    @property
    def blinks(self) -> bool:
        """Whether it has to be painted at each beat."""
        return self._face is not None and self._face.lamp is not None and self._face.lamp.blinks

    def show_face(self, face: KeyFace, now: datetime, shortcut: str) -> None:
        """Show this; nothing is painted if it looks as before."""
        line = face.line(now)
        looks = (face.lamp, face.icon, face.name, line)
        before = self._face
        same = before is not None and looks == (before.lamp, before.icon, before.name, self._line)
        self._face, self._line, self._shortcut = face, line, shortcut
        self._time = face.time(now)
        spoken = (face.name, face.word, face.told)
        if spoken != self._spoken or not self.accessibleName():
            self._spoken = spoken
            self.setAccessibleName(f"{face.name}: {face.word}")
            self.setAccessibleDescription(face.told)
        self.setToolTip(tooltip(face.told, shortcut))
        if not same:
            self.update()

    def beat(self) -> None:
        """The phase of the blinking changed."""
        if self._face is None or self._face.lamp is None:
            return
        now_lit = lit(self._face.lamp, self._blinker)
        if now_lit != self._lit:
            self._lit = now_lit
            self.update()

    def sizeHint(self) -> QSize:
        """A tile."""
        return QSize(168, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, lamp, two lines, focus."""
        self.painted += 1
        face = self._face
        if face is None:
            return
        painter, t = QPainter(self), tokens(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        fill = t.pressed if self.isDown() else t.hover if self.underMouse() else t.surface
        painter.setPen(QPen(QColor(t.accent if self.hasFocus() else t.border), 2 if self.hasFocus() else 1))
        painter.setBrush(QColor(fill))
        painter.drawRoundedRect(ground, 6, 6)
        top = (self.height() - _LAMP) / 2
        if face.lamp is not None:
            self._lit = lit(face.lamp, self._blinker)
            paint_lamp(painter, QRectF(_LEFT, top, _LAMP, _LAMP), face.lamp, t, on=self._lit)
        elif face.icon:
            picture = pixmap(face.icon, t.muted, _LAMP, self.devicePixelRatioF())
            painter.drawPixmap(_LEFT, round(top), picture)
        room = self._room
        self._text(painter, room, face.name, TYPE_BODY, t.text)
        self._text(painter, room.translated(0, 18), self.shown_line, TYPE_SMALL, t.muted)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A drag may begin here."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._pressed_at = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Far enough from where it was pressed, the key is taken along."""
        start = self._pressed_at
        far = (
            start is not None
            and (event.position().toPoint() - start).manhattanLength() >= QApplication.startDragDistance()
        )
        if self.movable and far and event.buttons() & Qt.MouseButton.LeftButton:
            self._pressed_at = None
            self.setDown(False)
            self.drag_started.emit(self)
            return
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """After a drag this is no click."""
        self._pressed_at = None
        super().mouseReleaseEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with it."""
        by_mouse = event.reason() is QContextMenuEvent.Reason.Mouse
        where = event.globalPos() if by_mouse else self.mapToGlobal(self.rect().center())
        self.menu_requested.emit(self, where)

    @property
    def _room(self) -> QRect:
        left = _LEFT + _LAMP + 8
        return QRect(left, 6, self.width() - left - 8, 18)

    def _text(self, painter: QPainter, room: QRect, text: str, size: int, colour: str) -> None:
        painter.setFont(sized(self.font(), size))
        painter.setPen(QColor(colour))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
