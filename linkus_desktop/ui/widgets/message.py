"""Something that happened, told where the eye is, with the next step; never a dialog."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QLabel, QWidget

from linkus_desktop.ui.icons import pixmap
from linkus_desktop.ui.theme import tokens
from linkus_desktop.ui.widgets.buttons import IconButton, WordButton
from linkus_desktop.ui.widgets.frames import columns, restyle, rows
from linkus_desktop.ui.widgets.labels import label


class _NextStep(WordButton):
    """A button that does one thing."""

    def __init__(self, name: str, do: Callable[[], object]) -> None:
        super().__init__(name)
        self._do = do
        self.clicked.connect(self._on_clicked)

    def _on_clicked(self) -> None:
        self._do()


class Message(QFrame):
    """A line of text with an icon and up to a few buttons; hidden while there is nothing to say.

    Signals: shown(bool): it has something to say, or no more.
    """

    shown = Signal(bool)

    def __init__(
        self, parent: QWidget | None = None, *, closable: bool = False, narrow: bool = False
    ) -> None:
        """`narrow`: for a panel that must not grow with it; its buttons stand below everything else."""
        super().__init__(parent)
        self._narrow = narrow
        self.setProperty("role", "error")
        self._icon = QLabel()
        self._icon.setFixedSize(QSize(20, 20))
        self._text = label(wrap=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._row = QWidget()  # a layout without items would let nothing beside it grow
        self._buttons = columns(self._row, gap=8)
        self._body = rows(gap=8)
        self._body.addWidget(self._text)
        layout = columns(gap=8)
        outer = rows(self, gap=8)
        outer.setContentsMargins(12, 8, 8, 8)
        outer.addLayout(layout)
        (outer if narrow else self._body).addWidget(self._row)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(self._body, 1)
        self._layout = layout
        if closable:
            close = IconButton("close", "Close this message")
            close.clicked.connect(self.clear)
            layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    @property
    def text(self) -> str:
        """What it says, empty while hidden."""
        return "" if self.isHidden() else self._text.text()

    def say(self, text: str, *actions: tuple[str, Callable[[], object]], warning: bool = False) -> None:
        """Show a text, with buttons for the next step."""
        self.setProperty("role", "warning" if warning else "error")
        restyle(self)
        restyle(self._text)  # its colour follows from the ground's role
        self.tint()
        self._text.setText(text)
        while (item := self._buttons.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        for name, do in actions:
            self._buttons.addWidget(_NextStep(name, do))
        self._buttons.addStretch(1)
        self._row.setVisible(bool(actions))
        self._flow()
        self.setAccessibleName(text)
        self.show()
        self.shown.emit(True)
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def tint(self) -> None:
        """Draw the icon in the colour of the text."""
        t = tokens(self)
        warning = self.property("role") == "warning"
        self._icon.setPixmap(
            pixmap("warning", t.warning_text if warning else t.danger_text, 20, self._ratio())
        )

    def clear(self) -> None:
        """Nothing to say any more."""
        self.hide()
        self.shown.emit(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The buttons go where there is room."""
        super().resizeEvent(event)
        self._flow()

    def _flow(self) -> None:
        """A short text has its buttons beside it, and the icon at its height; a long one has them below."""
        if self._narrow:
            return
        room = self._body.geometry().width()
        text = self._text.fontMetrics().horizontalAdvance(self._text.text())
        buttons = 0 if self._row.isHidden() else self._row.sizeHint().width() + self._body.spacing()
        short = text + buttons < room
        to_the_right, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._body.setDirection(to_the_right if short else down)
        self._body.setStretch(0, int(short))
        middle, top = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignTop
        self._layout.setAlignment(self._icon, middle if short else top)

    def _ratio(self) -> float:
        return max(1.0, self.devicePixelRatioF())
