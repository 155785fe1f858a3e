"""Tones in a call (SIP-4)."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from linkus_desktop.ui.phone.dial_pad import DialPad
from linkus_desktop.ui.widgets.frames import columns, rows
from linkus_desktop.ui.widgets.labels import label


class CallKeypad(QWidget):
    """Keys whose tones go into the call; the keyboard works while it has the focus.

    Signals: digit(str): a key to send. left(): Escape was pressed.
    """

    digit = Signal(str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Keypad: tones are sent into the call")
        self.pad = DialPad(small=True, plus=False)
        self.pad.setFixedWidth(232)
        self.sent = label("", "title")
        self.sent.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sent.setMinimumHeight(24)
        column = rows(gap=4)
        column.addWidget(self.sent)
        column.addWidget(self.pad)
        layout = columns(self)
        layout.addStretch(1)
        layout.addLayout(column)
        layout.addStretch(1)
        self.pad.pressed.connect(self._send)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits are sent; Escape leaves."""
        if event.text() and event.text() in "0123456789*#":
            self._send(event.text())
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _send(self, digit: str) -> None:
        self.sent.setText((self.sent.text() + digit)[-20:])
        self.digit.emit(digit)
