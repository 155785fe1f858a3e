"""What is pasted into a field of numbers and names becomes the number that is in it (SIP-2)."""

from itertools import takewhile

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QLineEdit

from linkus_desktop.sip.number import number_in

LONGEST = 512
"""Characters of a pasted text: a line of a signature with a number in it, not a letter."""


class PlainPaste(QObject):
    """Watches a field: several characters that come at once (paste, drop) are looked through for a number.

    What is typed is left alone, and a pasted name stays a name. Undo brings back what was pasted.
    """

    def __init__(self, field: QLineEdit) -> None:
        super().__init__(field)
        self._field = field
        self._before = field.text()
        field.setMaxLength(LONGEST)
        field.textEdited.connect(self._on_edited)
        field.textChanged.connect(self._on_changed)

    def _on_changed(self) -> None:
        self._before = self._field.text()

    def _on_edited(self) -> None:
        before, after = self._before, self._field.text()
        self._before = after
        end = self._field.cursorPosition()
        start = sum(1 for _ in takewhile(_alike, zip(before, after[:end], strict=False)))
        pasted = after[start:end]
        if len(pasted) < 2 or self._field.isRedoAvailable():  # then it came back by an undo
            return
        number = number_in(pasted)
        if number is not None and number != pasted:
            self._field.setSelection(start, len(pasted))
            self._field.insert(number)


def _alike(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1]
