"""The twelve keys, for dialling and for tones in a call (ITU-T E.161, RFC 4733)."""

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from linkus_desktop.ui.theme import sized, tokens
from linkus_desktop.ui.tokens import TYPE_DISPLAY, TYPE_SMALL
from linkus_desktop.ui.widgets.frames import restyle

KEYS = (
    ("1", ""),
    ("2", "ABC"),
    ("3", "DEF"),
    ("4", "GHI"),
    ("5", "JKL"),
    ("6", "MNO"),
    ("7", "PQRS"),
    ("8", "TUV"),
    ("9", "WXYZ"),
    ("*", ""),
    ("0", "+"),
    ("#", ""),
)
_SPOKEN = {"*": "star", "#": "hash"}


class Key(QPushButton):
    """One key: its digit, and the letters below."""

    def __init__(self, digit: str, letters: str, *, small: bool) -> None:
        super().__init__()
        self.digit = digit
        self._letters = letters
        self.setProperty("kind", "key")
        spoken = _SPOKEN.get(digit, digit)
        self.setAccessibleName(spoken)
        self.setToolTip(f"{spoken} – {letters}" if letters else spoken)
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("small", str(small).lower())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground by the style sheet, the two lines by us."""
        super().paintEvent(event)
        painter, t = QPainter(self), tokens(self)
        painter.setPen(QColor(t.text))
        painter.setFont(sized(self.font(), TYPE_DISPLAY))
        room = self.rect()
        if self._letters:
            top = (room.height() - 42) // 2
            painter.drawText(QRect(0, top, room.width(), 28), Qt.AlignmentFlag.AlignCenter, self.digit)
            painter.setFont(sized(self.font(), TYPE_SMALL))
            painter.setPen(QColor(t.muted))
            painter.drawText(
                QRect(0, top + 26, room.width(), 14), Qt.AlignmentFlag.AlignCenter, self._letters
            )
        else:
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, self.digit)


class DialPad(QWidget):
    """Twelve keys in four rows.

    Signals: pressed(str digit): a key was pressed; holding 0 down gives `+` where `plus` is on.
    """

    pressed = Signal(str)

    def __init__(self, *, small: bool = False, plus: bool = True) -> None:
        super().__init__()
        self._small = small
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4 if small else 8)
        self.keys: dict[str, Key] = {}
        for i, (digit, letters) in enumerate(KEYS):
            key = Key(digit, letters if plus or letters != "+" else "", small=small)
            key.clicked.connect(self._on_key)
            self.keys[digit] = key
            grid.addWidget(key, i // 3, i % 3)
        if plus:
            self.keys["0"].setToolTip("0 (right click for +)")
            self.keys["0"].setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            self.keys["0"].customContextMenuRequested.connect(self._on_plus)

    def _on_key(self) -> None:
        key = self.sender()
        if isinstance(key, Key):
            self.pressed.emit(key.digit)

    def _on_plus(self) -> None:
        self.pressed.emit("+")

    def set_small(self, small: bool) -> None:
        """Lower keys, where a call's card needs the room."""
        if small == self._small:
            return
        self._small = small
        self._grid.setSpacing(4 if small else 8)
        for key in self.keys.values():
            key.setProperty("small", str(small).lower())
            restyle(key)
