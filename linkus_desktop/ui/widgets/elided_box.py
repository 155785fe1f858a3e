"""A choice among names of any length, such as those of devices and phones."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter


class ElidedBox(QComboBox):
    """A name that is too long is elided, not cut off; the list below shows it in full."""

    def __init__(self, least: int, gives_up: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> None:
        """`least`: characters that have room in any case; `gives_up`: the part that is elided."""
        super().__init__()
        self._gives_up = gives_up
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(least)

    @property
    def shown_text(self) -> str:
        """The chosen name as far as there is room."""
        return self._option().currentText

    def paintEvent(self, event: QPaintEvent) -> None:
        """As any combo box, but for the text."""
        painter, option = QStylePainter(self), self._option()
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def _option(self) -> QStyleOptionComboBox:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, self._gives_up, room.width() - 2
        )
        return option
