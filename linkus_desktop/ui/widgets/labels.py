"""Labels: sized by the scale of type, and elided in the middle where room is short."""

from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from linkus_desktop.ui.texts import plain_tip

Size = Literal["small", "body", "title", "display"]


def label(text: str = "", size: Size = "body", *, muted: bool = False, wrap: bool = False) -> QLabel:
    """A label of one of the four sizes."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("type", size)
    if muted:
        made.setProperty("tone", "muted")
    made.setWordWrap(wrap)
    return made


class ElidedLabel(QLabel):
    """One line that gives up a part where room is short; the tooltip then has all of it."""

    def __init__(
        self,
        text: str = "",
        size: Size = "body",
        *,
        muted: bool = False,
        gives_up: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
        parent: QWidget | None = None,
    ):
        """`gives_up`: its middle, as names do; or its end, as sentences do."""
        super().__init__(text, parent)
        self._gives_up = gives_up
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("type", size)
        if muted:
            self.setProperty("tone", "muted")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(16)

    def shown_text(self) -> str:
        """What is on the screen."""
        return self.fontMetrics().elidedText(self.text(), self._gives_up, self.contentsRect().width())

    def setText(self, text: str) -> None:
        """Show another text."""
        super().setText(text)
        self._follow()

    def sizeHint(self) -> QSize:
        """As wide as the whole text."""
        hint = super().sizeHint()
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 2, hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the tooltip right."""
        super().resizeEvent(event)
        self._follow()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what fits."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        flags = self.alignment() | Qt.TextFlag.TextSingleLine
        painter.drawText(self.contentsRect(), flags, self.shown_text())

    def _follow(self) -> None:
        self.setToolTip(plain_tip(self.text()) if self.shown_text() != self.text() else "")
