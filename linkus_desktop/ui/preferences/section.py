"""A titled group of settings on a card."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from linkus_desktop.ui.widgets.frames import rows
from linkus_desktop.ui.widgets.labels import label

_NAMES = 136


class Rows(QGridLayout):
    """Rows of name and control, all names as wide."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent) if parent else super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self.setHorizontalSpacing(16)
        self.setVerticalSpacing(12)
        self.setColumnMinimumWidth(0, _NAMES)
        self.setColumnStretch(1, 1)

    def row(self, name: str, control: QWidget, beside: QWidget | None = None) -> None:
        """Add a setting; `beside` stands right of the control."""
        at = self.rowCount()
        title = label(name)
        title.setMinimumHeight(32)
        title.setBuddy(control)
        self.addWidget(title, at, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.addWidget(control, at, 1, 1, 1 if beside else 2)
        if beside is not None:
            self.addWidget(beside, at, 2)

    def below(self, widget: QWidget) -> None:
        """Add something below the control of the last row, such as what is wrong with it."""
        self.addWidget(widget, self.rowCount(), 1, 1, 2)

    def heading(self, text: str) -> None:
        """Add a title of the rows below it."""
        title = label(text)
        title.setProperty("strong", "true")
        title.setMinimumHeight(28)
        self.whole(title)

    def whole(self, widget: QWidget) -> None:
        """Add something over the whole width."""
        self.addWidget(widget, self.rowCount(), 0, 1, 3)


class Section(QFrame):
    """Rows of name and control, under a title."""

    def __init__(self, title: str, text: str = "") -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setAccessibleName(title)
        layout = rows(self, gap=4)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.addWidget(label(title, "title"))
        if text:
            layout.addWidget(label(text, muted=True, wrap=True))
        layout.addSpacing(12)
        self._grid = Rows()
        layout.addLayout(self._grid)

    def row(self, name: str, control: QWidget, beside: QWidget | None = None) -> None:
        """Add a setting; `beside` stands right of the control."""
        self._grid.row(name, control, beside)

    def below(self, widget: QWidget) -> None:
        """Add something below the control of the last row, such as what is wrong with it."""
        self._grid.below(widget)

    def heading(self, text: str) -> None:
        """Add a title of the rows below it."""
        self._grid.heading(text)

    def whole(self, widget: QWidget) -> None:
        """Add something over the whole width."""
        self._grid.whole(widget)
