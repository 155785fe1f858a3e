"""The keys of the main window; each is also in the tooltip of what it does."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QLineEdit, QWidget

from linkus_desktop.ui.agents.button import SHORTCUT as AGENT
from linkus_desktop.ui.rooms import ROOMS

if TYPE_CHECKING:
    from linkus_desktop.ui.main_window import MainWindow


class KeysOfTheWindow(QObject):
    """Keeps text fields from taking keys of the window (on Ctrl+K a field would delete a line)."""

    TAKEN = frozenset({"Ctrl+K", "Ctrl+D", "Ctrl+H", "Ctrl+M", "Ctrl+T", "Ctrl+J", "Ctrl+I", "Ctrl+R"})

    def watch(self, root: QWidget) -> None:
        """Watch every text field in `root`."""
        for edit in root.findChildren(QLineEdit):
            edit.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The field does not get to say that it wants the key."""
        if event.type() is not QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        return QKeySequence(event.keyCombination()).toString() in self.TAKEN


def add_shortcuts(window: "MainWindow") -> None:
    """Ctrl+K search, Ctrl+Return answer, Ctrl+I ignore, Ctrl+D hang up, Ctrl+H hold, and so on."""
    keys = _Keys(window)
    size = window.size_of
    for sequence, do in (
        ("Ctrl+K", keys.search),
        ("Ctrl+D", keys.hang_up),
        ("Ctrl+H", keys.hold),
        ("Ctrl+M", keys.mute),
        ("Ctrl+T", keys.transfer),
        ("Ctrl+J", keys.merge),
        ("Ctrl+Shift+J", keys.add),
        ("Ctrl+R", keys.record),
        ("Ctrl+Shift+M", size.toggle),
        (AGENT, window.toolbar.agent.open_menu),
        *((shortcut, keys.open_room) for _key, _icon, _name, shortcut in ROOMS),
    ):
        QShortcut(QKeySequence(sequence), window, do)
    everywhere = Qt.ShortcutContext.ApplicationShortcut
    for sequence in ("Ctrl+Return", "Ctrl+Enter"):
        QShortcut(QKeySequence(sequence), window, keys.answer, context=everywhere)
    QShortcut(QKeySequence("Ctrl+I"), window, keys.ignore, context=everywhere)
    QShortcut(QKeySequence("Ctrl+Shift+D"), window, keys.decline, context=everywhere)


class _Keys(QObject):
    """What the keys do; those for calls do it to the call that the panel calls current."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)  # the window keeps it: a shortcut holds its method only weakly
        self._window = window

    def search(self) -> None:
        self._window.search.setFocus()
        self._window.search.selectAll()

    def open_room(self) -> None:
        pressed = self.sender()
        if isinstance(pressed, QShortcut):
            for key, _icon, _name, shortcut in ROOMS:
                if pressed.key() == QKeySequence(shortcut) and not self._window.rail.rooms[key].isHidden():
                    self._window.open_room(key)

    def answer(self) -> None:
        if (card := self._window.calls.ringing()) is not None:
            card.call.answer()

    def ignore(self) -> None:
        if (card := self._window.calls.ringing()) is not None:
            card.call.ignore()

    def decline(self) -> None:
        if (card := self._window.calls.ringing()) is not None:
            card.call.reject()

    def hang_up(self) -> None:
        if (card := self._window.calls.current()) is not None:
            card.end_call()

    def hold(self) -> None:
        if (card := self._window.calls.current()) is not None:
            card.toggle_hold()

    def mute(self) -> None:
        if (card := self._window.calls.current()) is not None:
            card.toggle_mute()

    def transfer(self) -> None:
        if (card := self._window.calls.current()) is not None:
            card.press_transfer()

    def record(self) -> None:
        self._window.press_record()

    def add(self) -> None:
        if (card := self._window.calls.current()) is not None:
            card.press_add()

    def merge(self) -> None:
        if self._window.calls.can_merge():
            self._window.calls.merge_requested.emit()
