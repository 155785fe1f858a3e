"""Choose a status for some hours and minutes (PRES-5); not modal, so that calls can be taken meanwhile."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QDialog, QLabel, QWidget

from linkus_desktop.pbx.tasks import spawn
from linkus_desktop.ui.lamps import PRESENCE_WORDS
from linkus_desktop.ui.login_fields import Field
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.frames import columns, rows
from linkus_desktop.ui.widgets.labels import label
from linkus_desktop.ui.widgets.message import Message
from linkus_desktop.ui.widgets.number_box import NumberBox
from server.contract.presence import MAX_TEMPORARY_MIN, PresenceChange, PresenceStatus

if TYPE_CHECKING:
    from linkus_desktop.pbx.session import Session


class TemporaryStatusDialog(QDialog):
    """Asks for status, time and message; what is wrong stands below the time."""

    def __init__(self, session: "Session", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setWindowTitle("Temporary status – Linkus Desktop")
        self.setModal(False)
        self.setMinimumWidth(400)
        self.status = QComboBox()
        self.status.setAccessibleName("Status")
        for status, word in PRESENCE_WORDS.items():
            self.status.addItem(word, status)
        self.status.setCurrentIndex(list(PRESENCE_WORDS).index(PresenceStatus.AWAY))
        self.hours = NumberBox(0, MAX_TEMPORARY_MIN // 60, "hours", "Hours")
        self.minutes = NumberBox(0, 59, "minutes", "Minutes")
        self.hours.setValue(1)
        self.minutes.setSingleStep(5)
        self.problem = label(size="small", wrap=True)
        self.problem.setProperty("tone", "danger")
        self.problem.hide()
        self.note = Field("Message for colleagues", "Without one: the note of this status")
        self.note.edit.setMaxLength(255)
        self.message = Message()
        self.choose = WordButton("Set status", "primary")
        self.choose.setDefault(True)
        self.cancel = WordButton("Cancel", shortcut="Esc")
        self._build()
        for box in (self.hours, self.minutes):
            box.valueChanged.connect(self._check)
        self.choose.clicked.connect(self.submit)
        self.cancel.clicked.connect(self.close)

    def submit(self) -> None:
        """Check the time, then ask the server."""
        self.message.clear()
        if not self._check():
            self.minutes.setFocus()
            return
        change = PresenceChange(
            status=PresenceStatus(self.status.currentData()),
            note=self.note.text or None,
            for_minutes=self._duration,
        )
        self._set_busy(True)
        spawn(self._session.set_presence(change), on_done=self._on_done, on_error=self._on_error)

    @property
    def _duration(self) -> int:
        """Minutes."""
        return self.hours.value() * 60 + self.minutes.value()

    def _check(self, _value: int = 0) -> bool:
        problem = ""
        if self._duration == 0:
            problem = "Choose how long: at least one minute."
        elif self._duration > MAX_TEMPORARY_MIN:
            problem = f"At most {MAX_TEMPORARY_MIN // 60} hours. For longer, choose the status in the menu."
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        for box in (self.hours, self.minutes):
            box.setAccessibleDescription(problem)
        return not problem

    def _build(self) -> None:
        time = columns(gap=8)
        time.addWidget(self.hours, 1)
        time.addWidget(self.minutes, 1)
        buttons = columns(gap=8)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.choose)
        layout = rows(self, margin=24, gap=16)
        layout.addWidget(label("Temporary status", "title"))
        layout.addWidget(label("Afterwards your present status comes back.", muted=True, wrap=True))
        layout.addWidget(self.message)
        for name, first, below in (("Status", self.status, None), ("For", time, self.problem)):
            part = rows(gap=4)
            title = QLabel(name)
            title.setProperty("strong", "true")
            part.addWidget(title)
            part.addWidget(first) if isinstance(first, QWidget) else part.addLayout(first)
            if below is not None:
                part.addWidget(below)
            layout.addLayout(part)
        layout.addWidget(self.note)
        layout.addStretch(1)
        layout.addLayout(buttons)

    def _on_done(self, _presence: object) -> None:
        self._set_busy(False)
        self.close()

    def _on_error(self, error: Exception) -> None:
        self._set_busy(False)
        self.message.say(str(error))

    def _set_busy(self, busy: bool) -> None:
        for widget in (self.status, self.hours, self.minutes, self.note, self.choose):
            widget.setEnabled(not busy)
        self.choose.setText("Setting…" if busy else "Set status")
