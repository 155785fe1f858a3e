"""Addresses and programs that calls open (SIP-10)."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from linkus_desktop.calls.popup import LONGEST, SAMPLE, Opens, PopUp, PopUpError, When, Which
from linkus_desktop.calls.popup_runner import PopUpRunner
from linkus_desktop.ui.preferences.section import Section
from linkus_desktop.ui.widgets.buttons import IconButton, WordButton
from linkus_desktop.ui.widgets.frames import clear, columns, line, restyle, rows
from linkus_desktop.ui.widgets.labels import label

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings

MOST = 20
WHICH = {
    Which.INCOMING: "An incoming call",
    Which.OUTGOING: "An outgoing call",
    Which.ALL: "Any call",
}
WHEN = {When.RINGING: "rings", When.ANSWERED: "is answered", When.ENDED: "ends"}
OPENS = {Opens.ADDRESS: "opens an address", Opens.PROGRAM: "starts a program"}
HINTS = {
    Opens.ADDRESS: "https://crm.example.com/find?phone={number}",
    Opens.PROGRAM: "/usr/bin/find-customer --phone {number}",
}


class PopUpRow(QWidget):
    """One pop-up.

    Signals: changed(), test_requested(object PopUpRow), remove_requested(object PopUpRow).
    """

    changed = Signal()
    test_requested = Signal(object)
    remove_requested = Signal(object)

    def __init__(self, name: str, pop_up: PopUp) -> None:
        super().__init__()
        self._name = name
        self.which = _box(f"{name}: which calls", WHICH, pop_up.which)
        self.when = _box(f"{name}: when", WHEN, pop_up.when)
        self.opens = _box(f"{name}: what is opened", OPENS, pop_up.opens)
        self.template = QLineEdit(pop_up.template)
        self.template.setMaxLength(LONGEST)
        self.template.setCursorPosition(0)
        self.test = WordButton("Test", tip="Open it now, with a made-up caller")
        self.test.setAccessibleName(f"{name}: test")
        self.remove = IconButton("delete", f"{name}: remove", tip="Remove this pop-up")
        self.told = label(size="small", wrap=True)
        self.told.hide()
        first = columns(gap=8)
        for box in (self.which, self.when, self.opens):
            first.addWidget(box, 1)
        first.addWidget(self.remove)
        second = columns(gap=8)
        second.addWidget(self.template, 1)
        second.addWidget(self.test)
        layout = rows(self, gap=8)
        layout.addLayout(first)
        layout.addLayout(second)
        layout.addWidget(self.told)
        for box in (self.which, self.when, self.opens):
            box.activated.connect(self._on_changed)
        self.template.editingFinished.connect(self._on_changed)
        self.template.textEdited.connect(self._on_edited)
        self.test.clicked.connect(self._on_test)
        self.remove.clicked.connect(self._on_remove)
        self._follow()

    def pop_up(self) -> PopUp:
        """As it is on the screen."""
        return PopUp(
            When(self.when.currentData()),
            Which(self.which.currentData()),
            Opens(self.opens.currentData()),
            self.template.text().strip(),
        )

    def tell(self, text: str, *, problem: bool = False) -> None:
        """Say something below the line; "" nothing."""
        self.told.setText(text)
        self.told.setVisible(bool(text))
        self.told.setProperty("tone", "danger" if problem else "muted")
        restyle(self.told)
        self.template.setAccessibleDescription(text)

    def complain(self) -> bool:
        """Say what is wrong with it, if anything is; whether something is."""
        try:
            self.pop_up().check()
        except PopUpError as error:
            self.tell(str(error), problem=True)
            return True
        return False

    def _follow(self) -> None:
        opens = Opens(self.opens.currentData())
        what = "address" if opens is Opens.ADDRESS else "program and its arguments"
        self.template.setPlaceholderText(HINTS[opens])
        self.template.setAccessibleName(f"{self._name}: {what}")
        self.test.setEnabled(bool(self.template.text().strip()))

    def _on_edited(self) -> None:
        self.tell("")
        self._follow()

    def _on_changed(self) -> None:
        self._follow()
        if not self.template.text().strip() or not self.complain():
            self.tell("")
        self.changed.emit()

    def _on_test(self) -> None:
        self.test_requested.emit(self)

    def _on_remove(self) -> None:
        self.remove_requested.emit(self)


class PopUpsSection(Section):
    """Saved as it changes; lines without an address or program are not kept."""

    def __init__(self, settings: "Settings", runner: PopUpRunner | None = None) -> None:
        super().__init__(
            "Pop-ups",
            "Open a page of your customer records, or start a program, with the call's {number}, {name} and "
            "{direction}.",
        )
        self._settings = settings
        self._runner = runner or PopUpRunner(self)
        self.pop_ups: list[PopUpRow] = []
        self.none = label("There are none: calls open nothing.", muted=True, wrap=True)
        self.add = WordButton("Add a pop-up")
        holder = QWidget()
        self._list = rows(holder, gap=12)
        button = QWidget()
        line_of_button = columns(button)
        line_of_button.addWidget(self.add)
        line_of_button.addStretch(1)
        for widget in (self.none, holder, button):
            self.whole(widget)
        self.add.clicked.connect(self._on_add)
        self._runner.done.connect(self._on_done)
        self._fill([p for row in settings.pop_ups if (p := PopUp.from_row(row)) is not None])

    def _fill(self, pop_ups: list[PopUp]) -> None:
        clear(self._list)
        self.pop_ups = []
        for number, pop_up in enumerate(pop_ups, 1):
            row = PopUpRow(f"Pop-up {number}", pop_up)
            if number > 1:
                self._list.addWidget(line())
            self._list.addWidget(row)
            row.show()  # now, so that it can take the focus
            row.changed.connect(self._save)
            row.test_requested.connect(self._on_test)
            row.remove_requested.connect(self._on_remove)
            if pop_up.template:
                row.complain()
            self.pop_ups.append(row)
        self.none.setVisible(not self.pop_ups)
        self.add.setEnabled(len(self.pop_ups) < MOST)

    def _save(self) -> None:
        kept = [row.pop_up() for row in self.pop_ups]
        self._settings.pop_ups = tuple(pop_up.to_row() for pop_up in kept if pop_up.template)

    def _on_add(self) -> None:
        new = PopUp(When.RINGING, Which.INCOMING, Opens.ADDRESS, "")
        self._fill([*(row.pop_up() for row in self.pop_ups), new])
        self.pop_ups[-1].template.setFocus()

    def _on_remove(self, gone: PopUpRow) -> None:
        gone.template.blockSignals(True)  # it loses the focus, which would save it once more
        self._fill([row.pop_up() for row in self.pop_ups if row is not gone])
        self._save()
        self.add.setFocus()

    def _on_test(self, row: PopUpRow) -> None:
        row.tell(f"Opened as for {SAMPLE.name}, {SAMPLE.number}…")
        self._runner.open(row.pop_up(), SAMPLE, row)

    def _on_done(self, token: QObject | None, problem: str) -> None:
        for row in self.pop_ups:
            if row is token:
                row.tell(problem or "That worked, with a made-up caller.", problem=bool(problem))


def _box(name: str, words: "dict", chosen: object) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for value, text in words.items():
        box.addItem(text, value.value)
    box.setCurrentIndex(list(words).index(chosen))
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(10)
    return box
