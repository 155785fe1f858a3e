"""Make or change a function key; what is wrong is told while it is typed (KEY-1, KEY-2, BOSS-2)."""

from typing import TYPE_CHECKING

from pydantic import ValidationError
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QCompleter, QDialog, QLabel, QLineEdit, QWidget

from linkus_desktop.pbx.errors import ApiError
from linkus_desktop.pbx.keys import OwnKeys
from linkus_desktop.pbx.tasks import spawn
from linkus_desktop.ui.keys.faces import CONDITION_WORDS, TYPE_WORDS, name_of
from linkus_desktop.ui.keys.sources import Sources
from linkus_desktop.ui.lamps import PRESENCE_WORDS
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.frames import columns, restyle, rows
from linkus_desktop.ui.widgets.labels import label
from linkus_desktop.ui.widgets.message import Message
from server.contract.errors import ErrorCode
from server.contract.keys import ALL_QUEUES, MAX_VALUE, URL_VARIABLES, FunctionKey, KeyType
from server.contract.pairs import Pair

if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Callable

CHECK_AFTER_MS = 250
"""The server is asked once nothing was typed for so long."""

_NUMBER = Qt.ItemDataRole.UserRole + 1

_VALUE = {
    KeyType.BLF: ("Colleague", "Name or number"),
    KeyType.SPEED_DIAL: ("Number", "Name or number"),
    KeyType.BOSS_SECRETARY: ("Code and secretary", "*59 and the secretary’s number"),
    KeyType.INTERCOM: ("Colleague", "Name or number"),
    KeyType.PARK: ("Slot", "6900"),
    KeyType.PICKUP: ("Colleague or ring group", "Name or number"),
    KeyType.VOICEMAIL: ("Mailbox", "Empty: your own"),
    KeyType.DTMF: ("Keys", "1234#"),
    KeyType.PREFIX: ("Digits", "00"),
    KeyType.FORWARD: ("To", "Name or number; empty: as last time"),
    KeyType.AGENT_LOGIN: ("Queue", "Its number, or all"),
    KeyType.AGENT_PAUSE: ("Queue", "Its number, or all"),
    KeyType.URL: ("Address", "https://crm.example.com/find?phone={number}"),
}
_PEOPLE = frozenset(
    {KeyType.BLF, KeyType.SPEED_DIAL, KeyType.INTERCOM, KeyType.PICKUP, KeyType.FORWARD, KeyType.VOICEMAIL}
)

_QUEUES = frozenset({KeyType.AGENT_LOGIN, KeyType.AGENT_PAUSE})


class KeyDialog(QDialog):
    """Not modal, so that calls can be taken meanwhile. What was typed stays if it cannot be saved.

    Attributes: kind, condition, status, value, text: the fields. problem: what is wrong, at the value.
    """

    def __init__(self, own: OwnKeys, sources: Sources, key: FunctionKey | None, parent: QWidget) -> None:
        super().__init__(parent)
        self._own, self._there = own, sources
        self._before = key
        self._checking: Task[None] | None = None
        self._touched = key is not None
        self.setWindowTitle(f"{'Edit' if key else 'Add'} a function key – Linkus Desktop")
        self.setModal(False)
        self.setMinimumWidth(420)
        self.kind = _box("Type", {kind.value: word for kind, word in TYPE_WORDS.items()})
        self.condition = _box("When", {one.value: word for one, word in CONDITION_WORDS.items()})
        self.status = _box("Status", {one.value: word for one, word in PRESENCE_WORDS.items()})
        self.value = QLineEdit()
        self.value.setMaxLength(MAX_VALUE)
        self._offered = QStandardItemModel(self)
        completer = QCompleter(self._offered, self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setMaxVisibleItems(8)
        self.value.setCompleter(completer)
        completer.activated.connect(self._on_chosen, Qt.ConnectionType.QueuedConnection)
        self.text = QLineEdit()
        self.text.setMaxLength(63)
        self.text.setAccessibleName("Label")
        self.problem = label(size="small", wrap=True)
        self.problem.setProperty("tone", "danger")
        self.problem.hide()
        self.hint = label(size="small", muted=True, wrap=True)
        self.message = Message()
        self.save = WordButton("Save", "primary")
        self.save.setDefault(True)
        self.cancel = WordButton("Cancel", shortcut="Esc")
        self._labels: dict[QWidget, QLabel] = {}
        self._pause = QTimer(self, singleShot=True, interval=CHECK_AFTER_MS)
        self._build()
        self._complete()
        if key is not None:
            self._fill(key)
        self._follow_kind()
        if key is not None:
            self._on_fine(key)
        self._connect()
        self.value.setFocus() if key is not None else self.kind.setFocus()

    def key(self) -> FunctionKey:
        """As it is on the screen. Raises `ValidationError`."""
        kind = KeyType(self.kind.currentData())
        value = self.value.text().strip() if kind in _VALUE else ""
        if kind is KeyType.PRESENCE:
            value = self.status.currentData()
        elif kind is KeyType.FORWARD:
            value = f"{self.condition.currentData()}:{value}".removesuffix(":")
        return FunctionKey(type=kind, value=value, label=self.text.text())

    def submit(self) -> None:
        """Check it, and put it into the panel, which saves it."""
        self._touched = True
        self._pause.stop()  # else what was typed last would be checked instead, and never saved
        self.message.clear()
        key = self._shape()
        if key is None:
            self.value.setFocus()
            return
        self._set_busy(True)
        self._ask(key, self._keep)

    def done(self, result: int) -> None:
        """The server is asked no more."""
        self._pause.stop()
        if self._checking is not None:
            self._checking.cancel()
        super().done(result)

    def _build(self) -> None:
        layout = rows(self, margin=24, gap=4)
        layout.addWidget(label("Edit a function key" if self._before else "Add a function key", "title"))
        layout.addWidget(self.message)
        for word, field in (
            ("Type", self.kind),
            ("When", self.condition),
            ("Status", self.status),
            ("Value", self.value),
            ("Label (optional)", self.text),
        ):
            caption = label(word, "small", muted=True)
            caption.setBuddy(field)
            self._labels[field] = caption
            caption.setContentsMargins(0, 8, 0, 0)
            layout.addWidget(caption)
            layout.addWidget(field)
            if field is self.value:
                layout.addWidget(self.hint)
                layout.addWidget(self.problem)
        buttons = columns(gap=8)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.save)
        layout.addStretch(1)
        layout.addSpacing(8)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self.kind.currentIndexChanged.connect(self._on_kind)
        self.condition.currentIndexChanged.connect(self._on_edited)
        self.status.currentIndexChanged.connect(self._on_edited)
        self.value.textEdited.connect(self._on_edited)
        self.text.textEdited.connect(self._on_edited)
        self._pause.timeout.connect(self._check)
        self.save.clicked.connect(self.submit)
        self.cancel.clicked.connect(self.reject)

    def _fill(self, key: FunctionKey) -> None:
        _choose(self.kind, key.type)
        self.text.setText(key.label)
        if key.type is KeyType.PRESENCE:
            _choose(self.status, key.value)
        elif key.type is KeyType.FORWARD:
            condition, to = key.forwarding
            _choose(self.condition, condition)
            self.value.setText(to)
        else:
            self.value.setText(key.value)

    # What can be chosen

    def _complete(self) -> None:
        """Colleagues, secretaries and mailboxes can be found by name."""
        kind = KeyType(self.kind.currentData())
        offered: list[tuple[str, str]] = []
        if kind is KeyType.BOSS_SECRETARY:
            own = (pair for pair in self._there.pairs if pair.boss == self._there.own)
            offered = [(_pair_words(pair), pair.value) for pair in own]
        elif kind in _QUEUES:
            offered = [
                (f"{one.queue_name}, {one.queue}".removeprefix(", "), one.queue)
                for one in self._there.queues.queues
                if one.dynamic or kind is KeyType.AGENT_PAUSE
            ]
            offered.append(("All queues", ALL_QUEUES))
        elif kind in _PEOPLE:
            offered = [
                (f"{state.name}, {state.number}", state.number)
                for state in self._there.extensions
                if state.number != self._there.own
            ]
            if kind is KeyType.VOICEMAIL:
                offered += [(f"{box.name}, {box.box}", box.box) for box in self._there.voicemail if box.group]
        self._offered.clear()
        for text, number in sorted(offered, key=lambda one: one[0].casefold()):
            item = QStandardItem(text)
            item.setData(number, _NUMBER)
            self._offered.appendRow(item)

    def _on_chosen(self, _text: str) -> None:
        """A name was chosen: its number is what the key is about."""
        found = self._offered.findItems(self.value.text())
        if found:
            self.value.setText(str(found[0].data(_NUMBER)))
            self._on_edited()

    def _on_kind(self) -> None:
        self.value.clear()
        self._touched = False
        self._complete()
        self._follow_kind()
        self._on_edited()

    def _follow_kind(self) -> None:
        kind = KeyType(self.kind.currentData())
        for field, wanted in (
            (self.condition, kind is KeyType.FORWARD),
            (self.status, kind is KeyType.PRESENCE),
            (self.value, kind in _VALUE),
        ):
            field.setVisible(wanted)
            self._labels[field].setVisible(wanted)
        word, placeholder = _VALUE.get(kind, ("", ""))
        self._labels[self.value].setText(word)
        self.value.setAccessibleName(word)
        self.value.setPlaceholderText(placeholder)
        self._show_hint("")

    # What is wrong

    def _on_edited(self) -> None:
        """What is being saved is something else by now: it is saved once that is wanted again."""
        self._touched = self._touched or bool(self.value.text())
        self._set_busy(False)
        if self._checking is not None:
            self._checking.cancel()
            self._checking = None
        self.message.clear()
        self.tell("")
        self._show_hint("")
        self._pause.start()

    def _check(self) -> None:
        """First the shape, which needs nobody; then the server, which knows what there is."""
        key = self._shape()
        if key is not None:
            self._ask(key, self._on_fine)

    def _shape(self) -> FunctionKey | None:
        try:
            return self.key()
        except ValidationError as error:
            if self._touched:
                text = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
                self.tell(f"{text[:1].upper()}{text[1:]}.")
            return None

    def _ask(self, key: FunctionKey, then: "Callable[[FunctionKey], None]") -> None:
        if self._checking is not None:
            self._checking.cancel()

        def fine(_: None) -> None:
            self._checking = None
            then(key)

        self._checking = spawn(self._own.check(key), on_done=fine, on_error=self._on_wrong)

    def _on_fine(self, key: FunctionKey) -> None:
        """Show who or what it is about."""
        self.tell("")
        if key.type is KeyType.FORWARD:
            self._show_hint(self._there.person(key.forwarding[1]))
        else:
            self._show_hint(name_of(key.model_copy(update={"label": ""}), self._there))

    def _keep(self, key: FunctionKey) -> None:
        self._set_busy(False)
        row = self._row()
        if row is not None:
            self._own.replace(row, key)
        else:
            self._own.add(key)
        self.accept()

    def _row(self) -> int | None:
        """Where the key that is changed is by now. None: it is gone, or new."""
        return None if self._before is None else self._own.row_of(self._before)

    def _on_wrong(self, error: Exception) -> None:
        self._checking = None
        asked = not self.save.isEnabled()
        self._set_busy(False)
        if isinstance(error, ApiError) and error.code is ErrorCode.INVALID:
            self.tell(str(error))
            if asked:
                self.value.setFocus()
        elif asked:
            self.message.say(str(error), ("Try again", self.submit))

    def tell(self, text: str) -> None:
        """Say what is wrong with the value; "" nothing."""
        self.problem.setText(text)
        self.problem.setVisible(bool(text))
        if text:
            self.hint.hide()
        self.value.setAccessibleDescription(text)
        self.value.setProperty("wrong", bool(text))
        restyle(self.value)

    def _show_hint(self, name: str) -> None:
        kind = KeyType(self.kind.currentData())
        variables = ", ".join(f"{{{one}}}" for one in URL_VARIABLES)
        fixed = f"May hold {variables} of the call." if kind is KeyType.URL else ""
        shown = "" if name == self.value.text() else name
        self.hint.setText(shown or fixed)
        self.hint.setVisible(bool(shown or fixed))

    def _set_busy(self, busy: bool) -> None:
        self.save.setEnabled(not busy)
        self.save.setText("Checking…" if busy else "Save")


def _box(name: str, words: "dict[str, str]") -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for value, text in words.items():
        box.addItem(text, value)
    return box


def _choose(box: QComboBox, value: str) -> None:
    box.setCurrentIndex(box.findData(str(value)))


def _pair_words(pair: Pair) -> str:
    return f"{pair.secretary_name or pair.secretary}, {pair.value}"
