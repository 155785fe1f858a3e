"""Presence and calls: how the own extension is reached (PRES-2, DIR-5)."""

from typing import TYPE_CHECKING

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from linkus_desktop.ui.lamps import PRESENCE_WORDS
from linkus_desktop.ui.preferences.caller_rules import CallerRulesForm
from linkus_desktop.ui.preferences.section import Section
from linkus_desktop.ui.preferences.status_form import StatusForm
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.frames import clear, columns, rows
from linkus_desktop.ui.widgets.labels import label
from linkus_desktop.ui.widgets.message import Message
from server.contract.presence import PresenceStatus

if TYPE_CHECKING:
    from linkus_desktop.pbx.session import Session

_TEXT = "What happens to calls while you have chosen a status. It is used from the next call on, once saved."

_CORRECT = "Nothing was saved: correct what is marked, and save again."


class ReachingSection(Section):
    """Shows the draft; a status at a time, then what holds for all of them. Nothing typed is ever lost."""

    def __init__(self, session: "Session") -> None:
        super().__init__("Presence and calls", _TEXT)
        self._session = session
        self._eager = False
        self.draft = session.reaching
        self.status = QComboBox()
        self.status.setAccessibleName("Settings for the status")
        for status, word in PRESENCE_WORDS.items():
            self.status.addItem(word, status)
        self.form: StatusForm | None = None
        self._holder = QWidget()
        self._place = rows(self._holder)
        self.prefix = QLineEdit()
        self.prefix.setMaxLength(15)
        self.prefix.setPlaceholderText("Digits dialled before it, if your company needs any")
        self.prefix.setAccessibleName("Prefix of my mobile number")
        self.prefix_problem = label(size="small", wrap=True)
        self.prefix_problem.setProperty("tone", "danger")
        self.prefix_problem.hide()
        self.all_busy = QCheckBox("When one of my phones is in a call, I am busy on all")
        self.all_reject = QCheckBox("A call that I reject on one phone stops ringing on all")
        self.rules = CallerRulesForm(self.draft)
        self.elsewhere = label(size="small", wrap=True)
        self.elsewhere.setProperty("tone", "danger")
        self.message = Message()
        self.done = label("", muted=True)
        self.save = WordButton("Save", "primary", tip="Save these settings")
        self.discard = WordButton("Discard changes")
        self._build()
        self._connect()
        if self.draft.known:
            self._fill()
        self._follow()

    def showEvent(self, event: QShowEvent) -> None:
        """What the server has is read when somebody looks."""
        super().showEvent(event)
        self.draft.load()

    def _build(self) -> None:
        self.row("Status", self.status)
        self.whole(self._holder)
        self.heading("In every status")
        self.row("Mobile prefix", self.prefix)
        self.below(self.prefix_problem)
        for widget in (self.all_busy, self.all_reject):
            self.whole(widget)
        self.heading("Calls from certain numbers, the first rule that fits decides")
        self.whole(self.rules)
        self.whole(self.elsewhere)
        self.whole(self.message)
        buttons = QWidget()
        line = columns(buttons, gap=8)
        line.addWidget(self.save)
        line.addWidget(self.discard)
        line.addWidget(self.done, 1)
        self.whole(buttons)

    def _connect(self) -> None:
        self.status.activated.connect(self._show_status)
        self.prefix.textEdited.connect(self._on_prefix)
        self.all_busy.toggled.connect(self._on_all_busy)
        self.all_reject.toggled.connect(self._on_all_reject)
        self.save.clicked.connect(self.submit)
        self.discard.clicked.connect(self._on_discard)
        self.draft.loaded.connect(self._fill)
        self.draft.changed.connect(self._follow)
        self.draft.saved.connect(self._on_saved)
        self.draft.failed.connect(self._on_failed)

    def submit(self) -> None:
        """Save, or show what has to be corrected first."""
        self.message.clear()
        self.done.clear()
        self._eager = True
        if not self.draft.save():
            self._show_wrong()
            self.message.say(_CORRECT)

    def _fill(self) -> None:
        self._eager = False
        self.message.clear()
        self._show_status()
        self.prefix.setText(self.draft.value(("mobile_prefix",)))
        self.all_busy.setChecked(self.draft.value(("all_busy",)))
        self.all_reject.setChecked(self.draft.value(("all_reject",)))
        self.rules.fill()

    def _show_status(self) -> None:
        if not self.draft.known:
            return
        clear(self._place)
        own = self._session.me.extension
        self.form = StatusForm(self.draft, self._shown, own.mobile if own else None)
        self._place.addWidget(self.form)
        self.form.show()
        self._follow()

    def _follow(self) -> None:
        """Enable what can be done now, and tell what is wrong where it is."""
        draft = self.draft
        for widget in (self.status, self.prefix, self.all_busy, self.all_reject, self.rules):
            widget.setEnabled(draft.known)
        self.save.setEnabled(draft.known and draft.dirty and not draft.busy)
        self.save.setText("Saving…" if draft.busy and draft.dirty else "Save")
        self.discard.setEnabled(draft.dirty and not draft.busy)
        if draft.dirty:
            self.done.setText("Not saved yet")
        elif self.done.text() != "Saved":
            self.done.clear()
        if self.form is not None:
            self.form.complain(eager=self._eager)
        self.rules.complain(eager=self._eager)
        prefix = draft.problem(("mobile_prefix",))
        self.prefix_problem.setText("Use digits, + * and # only." if prefix else "")
        self.prefix_problem.setVisible(bool(prefix))
        wrong = [
            word
            for status, word in PRESENCE_WORDS.items()
            if status is not self._shown and self._is_wrong(status)
        ]
        self.elsewhere.setText(f"Something has to be corrected for: {', '.join(wrong)}." if wrong else "")
        self.elsewhere.setVisible(bool(wrong))

    @property
    def _shown(self) -> PresenceStatus:
        """The status whose settings are on the screen; Qt keeps its value only."""
        return PresenceStatus(self.status.currentData())

    def _is_wrong(self, status: PresenceStatus) -> bool:
        return bool(self.draft.problem(("statuses", status.value)))

    def _show_wrong(self) -> None:
        """Go to the status that has to be corrected, unless it is on the screen."""
        wrong = next((status for status in PRESENCE_WORDS if self._is_wrong(status)), None)
        if wrong is not None and not self._is_wrong(self._shown):
            self.status.setCurrentIndex(list(PRESENCE_WORDS).index(wrong))
            self._show_status()

    def _on_prefix(self, text: str) -> None:
        self.draft.put(("mobile_prefix",), text)

    def _on_all_busy(self, on: bool) -> None:
        self.draft.put(("all_busy",), on)

    def _on_all_reject(self, on: bool) -> None:
        self.draft.put(("all_reject",), on)

    def _on_discard(self) -> None:
        self.draft.discard()

    def _on_saved(self) -> None:
        if not self.draft.dirty:
            self.done.setText("Saved")

    def _on_failed(self, text: str) -> None:
        if self.draft.problems:
            self._eager = True
            self._show_wrong()
            self._follow()
            self.message.say(_CORRECT)
        elif self.draft.known:
            self.message.say(text, ("Try again", self.submit))
        else:
            self.message.say(text, ("Try again", self.draft.load))
