"""A day of the calendar."""

from PySide6.QtWidgets import QDateEdit, QLineEdit, QWidget

_MARGIN = 8
"""The style sheet's padding does not reach the text of a spin box (logical pixels)."""


class DateBox(QDateEdit):
    """Set by typing, arrows or keys: Left and Right go to its parts, and Tab leaves it.

    `name` is read out, and the tooltip.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(name)
        for text in self.findChildren(QLineEdit):
            text.setTextMargins(_MARGIN, 0, 0, 0)

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002 - Qt's name
        """Qt's own way goes from the day to the month and the year first."""
        return QWidget.focusNextPrevChild(self, next)
