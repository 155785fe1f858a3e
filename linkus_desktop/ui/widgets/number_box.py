"""A whole number with its unit."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QSpinBox

_MARGIN = 8
"""The style sheet's padding does not reach the text of a spin box (logical pixels)."""


class NumberBox(QSpinBox):
    """Set by typing, arrows or keys; the wheel scrolls the page unless the box has the focus.

    `unit` is a plural with an s, which one of it loses.
    """

    def __init__(self, low: int, high: int, unit: str, name: str) -> None:
        super().__init__()
        self.setRange(low, high)
        self._unit = unit
        self._follow(low)
        self.valueChanged.connect(self._follow)
        self.setAccessibleName(name)
        self.setToolTip(f"From {low} to {high} {unit}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.lineEdit().setTextMargins(_MARGIN, 0, 0, 0)

    def _follow(self, value: int) -> None:
        self.setSuffix(f" {self._unit.removesuffix('s') if value == 1 else self._unit}")

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
