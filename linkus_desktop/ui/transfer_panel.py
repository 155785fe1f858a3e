"""Whom to transfer a call to, or to add: finds colleagues and their states, or takes a number (SIP-4)."""

from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QGridLayout, QLineEdit, QListView, QWidget

from linkus_desktop.pbx.colleagues import ColleagueRole, ColleaguesFilter, ColleaguesModel
from linkus_desktop.sip.number import number_in, spelled
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.extensions.delegate import ROW, ColleagueDelegate
from linkus_desktop.ui.extensions.words import spoken
from linkus_desktop.ui.pictures import Pictures
from linkus_desktop.ui.widgets.buttons import IconButton, WordButton
from linkus_desktop.ui.widgets.frames import columns, rows
from linkus_desktop.ui.widgets.labels import ElidedLabel, label
from linkus_desktop.ui.widgets.message import Message
from linkus_desktop.ui.widgets.plain_paste import PlainPaste

WIDTH, LEAST_HEIGHT, MOST_ROWS = 400, 272, 5
_EDGE = 8


@dataclass(frozen=True, slots=True)
class PanelWords:
    """What the panel says; `title` with the place `{who}`."""

    name: str
    title: str
    people: str
    close: str
    now: str
    now_tip: str
    ask_tip: str
    icon: str
    parks: bool


TRANSFER = PanelWords(
    "Transfer to",
    "Transfer {who}",
    "Colleagues to transfer to",
    "Close without a transfer",
    "Transfer now",
    "Connect without asking",
    "Call there, and transfer after that",
    "transfer",
    parks=True,
)
ADD = PanelWords(
    "Add to the conversation",
    "Add to {who}",
    "Colleagues to add",
    "Close without adding anybody",
    "Add at once",
    "Call there, and talk with all as soon as they answer",
    "Call there, and bring them in after that",
    "conference",
    parks=False,
)


class TransferPanel(QFrame):
    """Floats below the call's card, over the room; everything else goes on working. It knows of no call.

    Up and down choose, Return transfers (or adds) now, Shift+Return asks first, Ctrl+P parks, Escape closes.

    Attributes: can_park: whether there is a code for it.

    Signals: now_requested(str number), ask_requested(str number), park_requested(), closed(): it was put away
    by the user.
    """

    now_requested = Signal(str)
    ask_requested = Signal(str)
    park_requested = Signal()
    closed = Signal()

    def __init__(
        self, colleagues: ColleaguesModel, blinker: Blinker, pictures: Pictures | None, over: QWidget
    ) -> None:
        super().__init__(over)
        self.over = over
        self._below = QRect()
        self.can_park = True
        self._form: tuple[bool, bool] | None = None
        self.setProperty("role", "popup")
        self.setAccessibleName("Transfer")
        self.people = ColleaguesFilter(colleagues, self)
        self.title = ElidedLabel("", "title")
        self.close_button = IconButton("close", "Close without a transfer", shortcut="Esc")
        self.field = QLineEdit()
        self._paste = PlainPaste(self.field)
        self.field.setPlaceholderText("Name or number")
        self.field.setAccessibleName("Transfer to: name or number")
        self.field.setClearButtonEnabled(True)
        self.field.setMaxLength(64)
        self.view = QListView()
        self.view.setModel(self.people)
        self.view.setItemDelegate(ColleagueDelegate(self.view, blinker, pictures))
        self.view.setMouseTracking(True)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setAccessibleName("Colleagues to transfer to")
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.nobody = label("", muted=True, wrap=True)
        self.message = Message()
        self.now = WordButton(
            "Transfer now", "primary", icon_name="transfer", tip="Connect without asking", shortcut="Return"
        )
        self.ask = WordButton(
            "Ask first", icon_name="phone", tip="Call there, and transfer after that", shortcut="Shift+Return"
        )
        self.park = WordButton(
            "Park",
            icon_name="pause",
            tip="Let the call wait on a slot, for anybody to take",
            shortcut="Ctrl+P",
        )
        self._words = TRANSFER
        self._build()
        self._connect(blinker)
        self.hide()

    def open(self, who: str, number: str, below: QRect, words: PanelWords = TRANSFER) -> None:
        """Ask what is to be done with `who`, whose number is not offered.

        `below`: the call's card, as the parent widget sees it.
        """
        self.people.set_without(number)
        self._below = below
        self._words = words
        self.title.setText(words.title.format(who=who))
        self.setAccessibleName(words.name)
        self.field.setAccessibleName(f"{words.name}: name or number")
        self.view.setAccessibleName(words.people)
        self.close_button.setAccessibleName(words.close)
        self.now.become(words.now, words.icon, tip=words.now_tip, shortcut="Return")
        self.ask.become("Ask first", "phone", tip=words.ask_tip, shortcut="Shift+Return")
        self.park.setVisible(words.parks and self.can_park)
        self.message.clear()
        self.field.clear()
        self._on_text()
        self._place()
        self.show()
        self.raise_()
        self.field.setFocus()

    def move_below(self, below: QRect) -> None:
        """The call's card is somewhere else now."""
        self._below = below
        self._place()

    def say(self, problem: str) -> None:
        """Tell why it cannot be done; what was typed stays."""
        self.message.say(problem)
        self._place()

    def target(self) -> str:
        """The chosen, typed or first matching number; empty if there is none."""
        chosen = self.view.currentIndex().data(ColleagueRole.NUMBER)
        text = self.field.text().strip()
        if chosen or not text:
            return chosen or ""
        first = self.people.index(0, 0).data(ColleagueRole.NUMBER) if self.people.rowCount() else ""
        return spelled(text) or first or number_in(text) or ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See the class."""
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.put_away()
        elif key == Qt.Key.Key_P and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if not self.park.isHidden():
                self.park.click()
        elif key in {Qt.Key.Key_Down, Qt.Key.Key_Up}:
            self._step(1 if key == Qt.Key.Key_Down else -1)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            button = self.focusWidget()
            if isinstance(button, QAbstractButton) and button.isEnabled():
                button.click()
            else:
                asks = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                (self.ask if asks else self.now).click()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay inside the window."""
        if event.type() is QEvent.Type.Resize and not self.isHidden():
            self._place()
        return False

    def put_away(self) -> None:
        """Close; nothing is transferred."""
        self.hide()
        self.closed.emit()

    def _build(self) -> None:
        head = columns(gap=8)
        head.addWidget(self.title, 1)
        head.addWidget(self.close_button)
        self._foot = QGridLayout()
        self._foot.setSpacing(8)
        self._arrange(narrow=False)
        layout = rows(self, gap=8)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.addLayout(head)
        layout.addWidget(self.field)
        layout.addWidget(self.message)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.nobody)
        layout.addLayout(self._foot)
        for one, other in pairwise((self.field, self.now, self.ask, self.park, self.close_button)):
            QWidget.setTabOrder(one, other)

    def _connect(self, blinker: Blinker) -> None:
        self.over.installEventFilter(self)
        self.field.textChanged.connect(self._on_text)
        self.view.selectionModel().currentChanged.connect(self._follow)
        self.view.doubleClicked.connect(self._on_double_click)
        self.now.clicked.connect(self._on_now)
        self.ask.clicked.connect(self._on_ask)
        self.park.clicked.connect(self.park_requested)
        self.close_button.clicked.connect(self.put_away)
        blinker.beat.connect(self.view.viewport().update)
        for signal in (self.people.rowsInserted, self.people.rowsRemoved, self.people.modelReset):
            signal.connect(self._follow)

    def _on_text(self) -> None:
        self.people.set_text(self.field.text().strip())
        self.view.setCurrentIndex(QModelIndex())
        self.message.clear()
        self._follow()

    def _step(self, by: int) -> None:
        count = self.people.rowCount()
        if count:
            current = self.view.currentIndex()
            row = current.row() if current.isValid() else (-1 if by > 0 else 0)
            self.view.setCurrentIndex(self.people.index((row + by) % count, 0))

    def _follow(self, *_: object) -> None:
        target = self.target()
        current = self.view.currentIndex()
        self.field.setAccessibleDescription(spoken(current) if current.isValid() else "")
        for button, what in ((self.now, self._words.now), (self.ask, "Ask first")):
            button.setEnabled(bool(target))
            button.setAccessibleName(f"{what}: {target}" if target else what)
        nobody = not self.people.rowCount()
        self.view.setVisible(not nobody)
        self.nobody.setVisible(nobody)
        text = self.field.text().strip()
        if not text:
            self.nobody.setText("Colleagues appear here. Type a number to call.")
        elif target:
            self.nobody.setText(f"No colleague has this number. It will be called as {target}.")
        else:
            self.nobody.setText(f"Nobody is called “{text}”. Type another name, or a number.")

    def _on_now(self) -> None:
        if target := self.target():
            self.now_requested.emit(target)

    def _on_ask(self) -> None:
        if target := self.target():
            self.ask_requested.emit(target)

    def _on_double_click(self, _index: QModelIndex) -> None:
        self._on_ask()  # the one that can still be taken back

    def _arrange(self, *, narrow: bool) -> None:
        """The buttons in one line, or what is done most often above the others."""
        alone = self.park.isHidden()
        if (narrow, alone) == self._form:
            return
        self._form = (narrow, alone)
        for button in (self.now, self.ask, self.park):
            self._foot.removeWidget(button)
        self._foot.addWidget(self.now, 0, 0, 1, 2 if narrow else 1)
        self._foot.addWidget(self.ask, *((1, 0, 1, 2 if alone else 1) if narrow else (0, 1)))
        self._foot.addWidget(self.park, *((1, 1) if narrow else (0, 2)))

    def _place(self) -> None:
        """Below the card and at its right edge, as far as the window is large enough."""
        over = self.over.rect().adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
        width = min(WIDTH, over.width())
        self._arrange(narrow=width < WIDTH)
        wished = self.minimumSizeHint().height() - self.view.minimumSizeHint().height() + MOST_ROWS * ROW
        height = min(wished, max(LEAST_HEIGHT, over.bottom() - self._below.bottom() - 4), over.height())
        left = max(over.left(), min(self._below.right() - width + 1, over.right() - width + 1))
        top = max(over.top(), min(self._below.bottom() + 4, over.bottom() - height + 1))
        self.setGeometry(QRect(QPoint(left, top), QPoint(left + width - 1, top + height - 1)))
