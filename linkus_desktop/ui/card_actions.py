"""The buttons of a card: those of its state, beside what they belong to or below it."""

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtWidgets import QGridLayout, QWidget

from linkus_desktop.ui.widgets.buttons import WordButton

GAP = 8
_COLUMN = 146
"""Room of one of two columns in the compact window; a button that needs more gets a line of its own."""


class CardActions(QWidget):
    """Shows some of its buttons at a time, in one line or in two columns. The focus stays on one of them."""

    def __init__(self, buttons: Sequence[WordButton]) -> None:
        super().__init__()
        self._buttons = list(buttons)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GAP)
        for button in self._buttons:
            button.setParent(self)
            button.hide()

    def offer(self, wanted: Sequence[WordButton], *, two_columns: bool, per_line: int = 0) -> None:
        """Show exactly these, in this order; `per_line` 0: all in one line, unless in two columns."""
        had_focus = any(button.hasFocus() for button in self._buttons)
        for button in self._buttons:
            self._grid.removeWidget(button)
        row = column = 0
        if per_line and not two_columns:
            column = -len(wanted) % per_line  # the last one stands at the lower right
        for i, button in enumerate(wanted):
            last = i == len(wanted) - 1
            wide = two_columns and column == 0 and (last or button.sizeHint().width() > _COLUMN)
            self._grid.addWidget(button, row, column, 1, 2 if wide else 1)
            button.show()
            column += 2 if wide else 1
            if column == (2 if two_columns else per_line):
                row, column = row + 1, 0
        for one, other in pairwise(wanted):
            QWidget.setTabOrder(one, other)  # reading order, whatever was shown before
        for button in self._buttons:
            if button not in wanted:
                button.hide()
        if had_focus and wanted and not any(button.hasFocus() for button in wanted):
            wanted[-1].setFocus()

    def line_width(self, wanted: Sequence[WordButton]) -> int:
        """How wide these are in one line, logical pixels."""
        return sum(button.sizeHint().width() for button in wanted) + GAP * max(0, len(wanted) - 1)
