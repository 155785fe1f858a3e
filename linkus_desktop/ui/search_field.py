"""One field that finds people and dials (SIP-2): Enter dials what is there, digits or name."""

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListView, QWidget

from linkus_desktop.pbx.colleagues import ColleagueRole, ColleaguesFilter, ColleaguesModel
from linkus_desktop.sip.number import number_in, spelled
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.extensions.delegate import ROW, ColleagueDelegate
from linkus_desktop.ui.extensions.words import spoken
from linkus_desktop.ui.icons import icon
from linkus_desktop.ui.pictures import Pictures
from linkus_desktop.ui.theme import tokens
from linkus_desktop.ui.widgets.buttons import tooltip
from linkus_desktop.ui.widgets.frames import rows
from linkus_desktop.ui.widgets.plain_paste import PlainPaste

MOST_ROWS = 6


class Matches(QFrame):
    """The people found, with their live states, below the field. It never has the focus."""

    chosen = Signal(str)

    def __init__(
        self, people: ColleaguesFilter, blinker: Blinker, pictures: Pictures | None, over: QWidget
    ) -> None:
        super().__init__(over)
        self.setProperty("role", "popup")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view = QListView()
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setModel(people)
        self.view.setItemDelegate(ColleagueDelegate(self.view, blinker, pictures))
        self.view.setMouseTracking(True)
        self.view.setAccessibleName("Matching colleagues")
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.clicked.connect(self._on_clicked)
        blinker.beat.connect(self.view.viewport().update)
        rows(self, margin=1).addWidget(self.view)
        self.hide()

    def current_number(self) -> str:
        """The number of the row chosen with the arrow keys, empty if there is none."""
        return self.view.currentIndex().data(ColleagueRole.NUMBER) or ""

    def current_words(self) -> str:
        """That row in words, empty if there is none."""
        index = self.view.currentIndex()
        return spoken(index) if index.isValid() else ""

    def _on_clicked(self, index: QModelIndex) -> None:
        self.chosen.emit(index.data(ColleagueRole.NUMBER))

    def step(self, by: int) -> None:
        """Go a row down or up; round at the ends."""
        count = self.view.model().rowCount()
        row = self.view.currentIndex().row() if self.view.currentIndex().isValid() else (-1 if by > 0 else 0)
        self.view.setCurrentIndex(self.view.model().index((row + by) % count, 0))


class SearchField(QLineEdit):
    """Types a name or a number.

    Signals: dial_requested(str number): dial it. nobody_found(str text): Enter on a name that nobody has.
    """

    dial_requested = Signal(str)
    nobody_found = Signal(str)

    def __init__(
        self, colleagues: ColleaguesModel, blinker: Blinker, pictures: Pictures | None, over: QWidget
    ) -> None:
        super().__init__()
        self.people = ColleaguesFilter(colleagues, self)
        self.matches = Matches(self.people, blinker, pictures, over)
        self._over = over
        self.setProperty("quiet", "true")
        self.setPlaceholderText("Search a colleague or dial a number")
        self.setAccessibleName("Search a colleague or dial a number")
        self.setToolTip(tooltip("Search a colleague or dial a number", "Ctrl+K"))
        self.setClearButtonEnabled(True)
        self._lens = self.addAction(
            icon("search", tokens(self).muted), QLineEdit.ActionPosition.LeadingPosition
        )
        self._paste = PlainPaste(self)
        self.textChanged.connect(self._on_text)
        self.matches.chosen.connect(self._dial)

    def set_short(self, short: bool) -> None:
        """Say less where room is short."""
        self.setPlaceholderText("Search or dial" if short else "Search a colleague or dial a number")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows choose, Enter dials, Escape closes and empties."""
        shown = self.matches.isVisible()
        if event.key() in {Qt.Key.Key_Down, Qt.Key.Key_Up} and shown:
            self.matches.step(1 if event.key() == Qt.Key.Key_Down else -1)
            self.setAccessibleDescription(self.matches.current_words())  # the focus stays here
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._on_enter()
        elif event.key() == Qt.Key.Key_Escape and (shown or self.text()):
            self.clear()
            self.matches.hide()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The matches go when the eye goes."""
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self.matches.hide()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_lens"):
            self._lens.setIcon(icon("search", tokens(self).muted))

    def search(self, name: str) -> bool:
        """Search a name that was typed elsewhere; whether anybody is found."""
        self.setFocus()
        self.setText(name)
        return self.people.rowCount() > 0

    def _on_text(self) -> None:
        text = self.text()
        self.people.set_text(text.strip())
        self.matches.view.setCurrentIndex(self.people.index(-1, 0))
        self.setAccessibleDescription("")
        count = min(self.people.rowCount(), MOST_ROWS)
        if not text.strip() or not count or not self.hasFocus():
            self.matches.hide()
            return
        corner = self.mapTo(self._over, QPoint(0, self.height() + 4))
        width = min(max(self.width(), 280), self._over.width() - corner.x() - 8)
        self.matches.setGeometry(QRect(corner.x(), corner.y(), width, count * ROW + 2))
        self.matches.show()
        self.matches.raise_()

    def _on_enter(self) -> None:
        text = self.text().strip()
        number = self.matches.current_number() if self.matches.isVisible() else ""
        number = number or spelled(text) or self._first_match(text) or number_in(text) or ""
        if number:
            self._dial(number)
        elif text:
            self.nobody_found.emit(text)

    def _first_match(self, text: str) -> str:
        if not text or not self.people.rowCount():
            return ""
        return self.people.index(0, 0).data(ColleagueRole.NUMBER) or ""

    def _dial(self, number: str) -> None:
        self.clear()
        self.matches.hide()
        self.dial_requested.emit(number)
