"""How loud it is now."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from linkus_desktop.ui.theme import tokens

_BARS = 24
_FLOOR_DB, _HIGH_DB, _CLIP_DB = -60.0, -12.0, -3.0


class LevelMeter(QWidget):
    """A row of bars from -60 dBFS to 0; falls slower than it rises, so that the eye can follow."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._db = _FLOOR_DB
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_level(_FLOOR_DB)

    @property
    def lit(self) -> int:
        """How many bars are lit."""
        return round((self._db - _FLOOR_DB) / -_FLOOR_DB * _BARS)

    def set_level(self, db: float) -> None:
        """Show a peak in dBFS."""
        self._db = min(0.0, max(db, self._db - 4.0, _FLOOR_DB))
        self.setAccessibleName(f"{self._name}: {round(self._db)} dB")
        self.update()

    def sizeHint(self) -> QSize:
        """A thin row."""
        return QSize(200, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The bars."""
        painter, t = QPainter(self), tokens(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        step = self.width() / _BARS
        for i in range(_BARS):
            db = _FLOOR_DB * (1 - i / _BARS)
            colour = t.lamp_talking if db >= _CLIP_DB else t.lamp_ringing if db >= _HIGH_DB else t.lamp_idle
            painter.setBrush(QColor(colour if i < self.lit else t.pressed))
            painter.drawRoundedRect(QRectF(i * step, 4, step - 3, 8), 2, 2)
