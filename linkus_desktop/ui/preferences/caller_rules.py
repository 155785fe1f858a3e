"""Rules by caller ID: in order, the first that matches decides (DIR-5)."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from linkus_desktop.pbx.reaching import Path, ReachingDraft
from linkus_desktop.ui.preferences.destination_field import ACTIONS, DestinationField
from linkus_desktop.ui.widgets.buttons import IconButton, WordButton
from linkus_desktop.ui.widgets.frames import clear, columns, rows
from linkus_desktop.ui.widgets.labels import label
from server.contract.reaching import MAX_RULES

RULES: Path = ("caller_rules",)


class CallerRuleRow(QWidget):
    """One rule.

    Signals: up_requested(int), remove_requested(int): its place in the list.
    """

    up_requested = Signal(int)
    remove_requested = Signal(int)

    def __init__(self, draft: ReachingDraft, index: int) -> None:
        super().__init__()
        self._draft, self._index = draft, index
        self._path: Path = (*RULES, index, "pattern")
        name = f"Rule {index + 1}"
        self.pattern = QLineEdit(draft.value(self._path))
        self.pattern.setMaxLength(64)
        self.pattern.setCursorPosition(0)
        self.pattern.setPlaceholderText("Number or pattern, such as 100XX")
        self.pattern.setAccessibleName(f"{name}: number or pattern")
        self.pattern.textEdited.connect(self._on_pattern)
        self.action = DestinationField(draft, (*RULES, index, "destination"), f"{name}: action", ACTIONS)
        self.up = IconButton("chevron-up", f"{name}: move up", tip="Move up")
        self.remove = IconButton("delete", f"{name}: remove", tip="Remove this rule")
        self.up.setEnabled(index > 0)
        self.up.clicked.connect(self._on_up)
        self.remove.clicked.connect(self._on_remove)
        self.problem = label(size="small", wrap=True)
        self.problem.setProperty("tone", "danger")
        self.problem.hide()
        line = columns(gap=8)
        line.addWidget(self.pattern, 2)
        line.addWidget(self.action, 3)
        line.addWidget(self.up)
        line.addWidget(self.remove)
        layout = rows(self, gap=4)
        layout.addLayout(line)
        layout.addWidget(self.problem)

    def complain(self, *, eager: bool) -> None:
        """Tell what is wrong with it."""
        text = self._draft.problem(self._path)
        shown = bool(text) and (eager or bool(self.pattern.text()))
        self.problem.setText(text)
        self.problem.setVisible(shown)
        self.pattern.setAccessibleDescription(text if shown else "")
        self.action.complain(eager=eager)

    def _on_pattern(self, text: str) -> None:
        self._draft.put(self._path, text)

    def _on_up(self) -> None:
        self.up_requested.emit(self._index)

    def _on_remove(self) -> None:
        self.remove_requested.emit(self._index)


class CallerRulesForm(QWidget):
    """The list of rules, with a button for one more."""

    def __init__(self, draft: ReachingDraft) -> None:
        super().__init__()
        self._draft = draft
        self.rules: list[CallerRuleRow] = []
        self._none = label("No rules: every call is treated as set above.", muted=True, wrap=True)
        self.add = WordButton("Add a rule")
        self.add.clicked.connect(self._on_add)
        self._list = rows(gap=8)
        layout = rows(self, gap=8)
        layout.addWidget(self._none)
        layout.addLayout(self._list)
        button = columns()
        button.addWidget(self.add)
        button.addStretch(1)
        layout.addLayout(button)
        self.fill()

    def fill(self) -> None:
        """Show the rules of the draft."""
        clear(self._list)
        self.rules = [CallerRuleRow(self._draft, index) for index in range(len(self._values()))]
        for row in self.rules:
            row.up_requested.connect(self._on_up)
            row.remove_requested.connect(self._on_remove)
            self._list.addWidget(row)
            row.show()  # now, so that it can take the focus
        self._none.setVisible(not self.rules)
        self.add.setEnabled(len(self.rules) < MAX_RULES)

    def complain(self, *, eager: bool) -> None:
        """Tell what is wrong at each rule."""
        for row in self.rules:
            row.complain(eager=eager)

    def _values(self) -> list[object]:
        return list(self._draft.value(RULES) or [])

    def _put(self, values: list[object]) -> None:
        self._draft.put(RULES, values)
        self.fill()
        self.complain(eager=False)

    def _on_add(self) -> None:
        self._put([*self._values(), {"pattern": "", "destination": {"kind": "hang_up", "value": ""}}])
        self.rules[-1].pattern.setFocus()

    def _on_up(self, index: int) -> None:
        values = self._values()
        values[index - 1], values[index] = values[index], values[index - 1]
        self._put(values)
        self.rules[index - 1].up.setFocus()

    def _on_remove(self, index: int) -> None:
        values = self._values()
        del values[index]
        self._put(values)
        self.add.setFocus()
