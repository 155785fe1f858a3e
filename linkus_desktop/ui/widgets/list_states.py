"""What a list shows when it has no rows: rows to come, why there are none, or what went wrong."""

from enum import Enum, auto

from PySide6.QtCore import QAbstractItemModel, QEvent, QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QWidget

from linkus_desktop.ui.theme import tokens
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.frames import columns, rows
from linkus_desktop.ui.widgets.labels import label

LOADING_AFTER_MS = 150
"""What loads faster shows no placeholder at all."""


class Showing(Enum):
    """What is on the screen."""

    ROWS = auto()
    NOTHING_YET = auto()
    LOADING = auto()
    EMPTY = auto()
    ERROR = auto()


class ListStates(QWidget):
    """Lies over a view while its model has no rows.

    Signals: action(): the button of the empty or error text was pressed.
    """

    action = Signal()

    def __init__(self, view: QAbstractItemView, *, row_height: int = 56) -> None:
        super().__init__(view.viewport())
        self._view = view
        self._row_height = row_height
        self._loading = False
        self._error = ""
        self._empty = ("", "", "")
        self.showing = Showing.ROWS
        self._title = label("", "title", wrap=True)
        self._text = label("", muted=True, wrap=True)
        for text in (self._title, self._text):
            text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._button = WordButton("")
        self._button.clicked.connect(self.action)
        layout = rows(self, margin=24, gap=8)
        layout.addStretch(2)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        centred = columns()
        centred.addStretch(1)
        centred.addWidget(self._button)
        centred.addStretch(1)
        layout.addLayout(centred)
        layout.addStretch(3)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(LOADING_AFTER_MS)
        self._patience.timeout.connect(self._show_loading)
        view.viewport().installEventFilter(self)
        self._watch(view.model())
        self.follow()

    def set_empty(self, title: str, text: str, button: str = "") -> None:
        """What would be here, and how it gets here."""
        self._empty = (title, text, button)
        self.follow()

    def set_loading(self, loading: bool) -> None:
        """Whether rows are on their way."""
        if loading != self._loading:
            self._loading = loading
            if loading:
                self._error = ""
            self.follow()

    def set_error(self, text: str) -> None:
        """What went wrong; empty: nothing."""
        self._error = text
        self.follow()

    def follow(self) -> None:
        """Look at the model again."""
        model = self._view.model()
        has_rows = model is not None and model.rowCount() > 0
        if not (self._loading and not has_rows):
            self._patience.stop()
        if has_rows:
            self._turn(Showing.ROWS)
        elif self._error:
            self._turn(Showing.ERROR, "This did not load", self._error, "Try again")
        elif self._loading:
            if self.showing is not Showing.LOADING:
                self._turn(Showing.NOTHING_YET)
                self._patience.start()
        else:
            self._turn(Showing.EMPTY, *self._empty)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as the view."""
        if event.type() is QEvent.Type.Resize:
            self.setGeometry(self._view.viewport().rect())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """The placeholder rows."""
        if self.showing is not Showing.LOADING:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens(self).pressed))
        widths = (0.45, 0.6, 0.38, 0.52, 0.48, 0.66)
        for i in range(max(1, self.height() // self._row_height)):
            painter.setOpacity(max(0.15, 1 - i * 0.12))
            top, middle = i * self._row_height, self._row_height / 2
            painter.drawEllipse(QRectF(16, top + middle - 16, 32, 32))
            room = max(40, self.width() - 84)
            painter.drawRoundedRect(QRectF(60, top + middle - 12, room * widths[i % 6], 9), 4, 4)
            painter.drawRoundedRect(QRectF(60, top + middle + 4, room * widths[(i + 2) % 6] * 0.6, 7), 3, 3)

    def _watch(self, model: QAbstractItemModel | None) -> None:
        if model is not None:
            for signal in (model.rowsInserted, model.rowsRemoved, model.modelReset, model.layoutChanged):
                signal.connect(self.follow)

    def _show_loading(self) -> None:
        self._turn(Showing.LOADING)

    def _turn(self, showing: Showing, title: str = "", text: str = "", button: str = "") -> None:
        self.showing = showing
        for widget, content in ((self._title, title), (self._text, text), (self._button, button)):
            widget.setText(content)
            widget.setVisible(bool(content))
        self._button.setAccessibleName(button)
        self.setAccessibleName("Loading" if showing is Showing.LOADING else title)
        self.setVisible(showing is not Showing.ROWS)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not button)
        self.update()
