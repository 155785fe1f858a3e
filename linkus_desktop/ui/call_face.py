"""The picture of the other party, with the call's lamp at its corner."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from linkus_desktop.ui.avatars import paint_avatar
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.lamps import Lamp, lit, paint_lamp
from linkus_desktop.ui.theme import tokens


class Face(QWidget):
    """Picture of the other party with the call's lamp at its corner."""

    def __init__(self, blinker: Blinker, size: int) -> None:
        super().__init__()
        self.setFixedSize(size + 6, size + 4)
        self._size = size
        self._blinker = blinker
        self._who = ("", "")
        self.picture: QPixmap | None = None
        self.lamp = Lamp.TALKING
        blinker.beat.connect(self._on_beat)

    def show_call(self, name: str, number: str, lamp: Lamp, picture: QPixmap | None = None) -> None:
        """Show another party or state."""
        self._who, self.lamp, self.picture = (name, number), lamp, picture
        self._blinker.want(self, lamp.blinks)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Picture and lamp."""
        painter, t = QPainter(self), tokens(self)
        paint_avatar(painter, QRectF(0, 0, self._size, self._size), *self._who, self.picture)
        corner = QRectF(self.width() - 18, self.height() - 18, 18, 18)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.surface))
        painter.drawEllipse(corner)
        paint_lamp(painter, corner.adjusted(2, 2, -2, -2), self.lamp, t, on=lit(self.lamp, self._blinker))

    def _on_beat(self) -> None:
        if self.lamp.blinks:
            self.update()
