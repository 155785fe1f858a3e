"""Keys that work while another program has the focus (SIP-2)."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QComboBox, QKeySequenceEdit, QLineEdit, QWidget

from linkus_desktop.hotkeys.actions import ANSWER, DIAL, KEYS
from linkus_desktop.hotkeys.keys import NoHotKey, parse
from linkus_desktop.hotkeys.port import HotKeys
from linkus_desktop.ui.preferences.section import Section
from linkus_desktop.ui.widgets.buttons import IconButton
from linkus_desktop.ui.widgets.frames import columns, restyle
from linkus_desktop.ui.widgets.labels import label

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings

NAMES = {DIAL: "Call marked number", ANSWER: "Answer or hang up"}
DIALS = (("offer", "Put it into the dial field"), ("at_once", "Call it at once"))
_PORTABLE = QKeySequence.SequenceFormat.PortableText


class KeyRow(QWidget):
    """One key: a field that takes the key that is pressed in it, and a button to have none.

    Signals: chosen(str keys): in portable form, "" none.
    """

    chosen = Signal(str)

    def __init__(self, name: str, keys: str) -> None:
        super().__init__()
        self.edit = QKeySequenceEdit()
        self.edit.setMaximumSequenceLength(1)
        self.edit.setKeySequence(QKeySequence.fromString(keys, _PORTABLE))
        self.edit.setAccessibleName(f"Hot key: {name.lower()}")
        self.edit.setToolTip("Press the key here, with what is held down")
        inner = self.edit.findChild(QLineEdit)
        if inner is not None:
            inner.setPlaceholderText("None: press a key here")
            inner.setAccessibleName(f"Hot key: {name.lower()}")
        self.remove = IconButton("close", f"No hot key: {name.lower()}", tip="Have no key for this")
        self.told = label(size="small", wrap=True)
        self.told.setProperty("tone", "danger")
        self.told.hide()
        layout = columns(self, gap=8)
        layout.addWidget(self.edit, 1)
        layout.addWidget(self.remove)
        self.setFocusProxy(self.edit)
        self._keys = keys
        self.remove.setEnabled(bool(keys))
        self.edit.keySequenceChanged.connect(self._on_pressed)
        self.remove.clicked.connect(self._on_remove)

    @property
    def problem(self) -> str:
        """What is wrong with the key."""
        return self.told.text()

    def tell(self, text: str) -> None:
        """Say what is wrong with the key; "" nothing is."""
        self.told.setText(text)
        self.told.setVisible(bool(text))
        self.edit.setAccessibleDescription(text)
        restyle(self.told)

    def _on_pressed(self, sequence: QKeySequence) -> None:
        keys = sequence.toString(_PORTABLE)
        if keys != self._keys:
            self._keys = keys
            self.remove.setEnabled(bool(keys))
            self.chosen.emit(keys)

    def _on_remove(self) -> None:
        self.edit.clear()
        self.edit.setFocus()


class HotKeysSection(Section):
    """Saved as it changes; whether a key can be had is told at once."""

    def __init__(self, settings: "Settings", keys: HotKeys) -> None:
        super().__init__(
            "Hot keys",
            "They work while another program has the focus: mark a number there, press the key, and call it.",
        )
        self._settings = settings
        self._keys = keys
        self.rows: dict[str, KeyRow] = {}
        for name in KEYS:
            row = KeyRow(NAMES[name], settings.value(name))
            self.rows[name] = row
            self.row(NAMES[name], row)
            self.below(row.told)
            row.chosen.connect(self._on_chosen)
        self.dials = QComboBox()
        self.dials.setAccessibleName("What happens with the marked number")
        for value, words in DIALS:
            self.dials.addItem(words, value)
        self.dials.setCurrentIndex(self.dials.findData(settings.hot_key_dials))
        self.row("The number", self.dials)
        self.unavailable = label(keys.unavailable, wrap=True)
        self.whole(self.unavailable)
        self.told_of_all = label(size="small", wrap=True)
        self.told_of_all.setProperty("tone", "danger")
        self.told_of_all.hide()
        self.whole(self.told_of_all)
        self.unavailable.setVisible(bool(keys.unavailable))
        for control in (*self.rows.values(), self.dials):
            control.setEnabled(not keys.unavailable)
        self.dials.activated.connect(self._on_dials)
        keys.changed.connect(self._follow)
        for name in KEYS:
            self._follow(name)

    def _on_chosen(self, keys: str) -> None:
        for name, row in self.rows.items():
            if row is self.sender():
                problem = self._unfit(name, keys)
                if problem:
                    self._settings.put(name, "")
                    self.told_of_all.hide()
                    row.tell(problem)
                else:
                    self._settings.put(name, keys)
                    self._follow(name)

    def _unfit(self, name: str, keys: str) -> str:
        """Why this can be no hot key, whatever other programs have; "" if it can."""
        if not keys:
            return ""
        try:
            parse(keys)
        except NoHotKey as error:
            return str(error)
        other = next(
            (NAMES[n] for n in KEYS if n != name and self._settings.value(n) == keys),
            "",
        )
        return f"This is the key for “{other}”. Choose another one." if other else ""

    def _follow(self, name: str) -> None:
        """Say what is wrong with a key below it; what is wrong with all of them is said once."""
        if name not in self.rows:
            return
        self.rows[name].tell(self._keys.problem(name))
        problems = [row.problem for row in self.rows.values()]
        common = problems[0] if len(set(problems)) == 1 else ""
        for row in self.rows.values():
            row.told.setVisible(bool(row.problem) and not common)
        self.told_of_all.setText(common)
        self.told_of_all.setVisible(bool(common))

    def _on_dials(self) -> None:
        self._settings.put("hot_key_dials", self.dials.currentData())
