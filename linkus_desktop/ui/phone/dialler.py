"""A number to dial: the display, the keys, the call button."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from linkus_desktop.sip.number import number_in
from linkus_desktop.ui.phone.dial_pad import DialPad
from linkus_desktop.ui.phone.phone_choice import PhoneChoice
from linkus_desktop.ui.theme import sized
from linkus_desktop.ui.tokens import TYPE_DISPLAY, TYPE_TITLE
from linkus_desktop.ui.widgets.buttons import IconButton, WordButton
from linkus_desktop.ui.widgets.frames import columns, line, rows
from linkus_desktop.ui.widgets.plain_paste import PlainPaste


class NumberField(QLineEdit):
    """The number as it is typed, pasted, or pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("display", "true")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setPlaceholderText("Enter a number")
        self.setAccessibleName("Number to dial")
        self._paste = PlainPaste(self)
        self.textChanged.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        text = self.text()
        small = not text or len(text) > 16
        self.setFont(sized(self.font(), TYPE_TITLE if small else TYPE_DISPLAY))


class Dialler(QWidget):
    """Display, keys, call.

    Signals: call_requested(str number); search_requested(str text): it is no number, so it is a name.
    """

    call_requested = Signal(str)
    search_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.number = NumberField()
        self.delete = IconButton("backspace", "Delete the last digit", shortcut="Backspace")
        self.pad = DialPad()
        self.call = WordButton("Call", "go", icon_name="phone", tip="Call this number", shortcut="Return")
        self.call.setProperty("tall", "true")
        display = columns(gap=0)
        display.addSpacing(32)
        display.addWidget(self.number, 1)
        display.addWidget(self.delete)
        layout = rows(self, gap=8)
        layout.addLayout(display)
        layout.addWidget(line())
        layout.addSpacing(8)
        layout.addWidget(self.pad)
        layout.addSpacing(8)
        layout.addWidget(self.call)
        self._layout = layout
        self.pad.pressed.connect(self._on_key)
        self.delete.clicked.connect(self.number.backspace)
        self.number.textChanged.connect(self._follow)
        self.number.returnPressed.connect(self._call)
        self.call.clicked.connect(self._call)
        self.setFocusProxy(self.number)
        self._follow()

    def set_phones(self, phones: PhoneChoice) -> None:
        """Offer, below the call button, which phone calls are made with."""
        self._layout.addWidget(phones)

    @property
    def below(self) -> int:
        """What is below the call button takes so much room (logical pixels)."""
        phones = self.findChild(PhoneChoice)
        return phones.sizeHint().height() + self._layout.spacing() if phones is not None else 0

    def offer(self, number: str) -> None:
        """Show a number that Return, or the button, will call."""
        self.number.setText(number)
        self.number.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits typed while a key has the focus go into the number as well."""
        if event.text() and event.text() in "0123456789*#+":
            self.number.insert(event.text())
        elif event.key() == Qt.Key.Key_Backspace:
            self.number.backspace()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._call()
        elif event.key() == Qt.Key.Key_Escape and self.number.text():
            self.number.clear()
        else:
            super().keyPressEvent(event)

    def _on_key(self, digit: str) -> None:
        self.number.insert(digit)
        self._follow()

    def _follow(self) -> None:
        empty = not self.number.text()
        self.delete.setEnabled(not empty)
        self.call.setEnabled(not empty)

    def _call(self) -> None:
        text = self.number.text().strip()
        number = number_in(text)
        if number is not None:
            self.number.clear()
            self.call_requested.emit(number)
        elif text:
            self.search_requested.emit(text)
