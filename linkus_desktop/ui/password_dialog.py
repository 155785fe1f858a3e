"""Change the own password (AUTH-5); not modal, so that calls can be taken meanwhile."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QWidget

from linkus_desktop.pbx.errors import ApiError
from linkus_desktop.pbx.tasks import spawn
from linkus_desktop.ui.login_fields import Field
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.frames import columns, rows
from linkus_desktop.ui.widgets.labels import label
from linkus_desktop.ui.widgets.message import Message
from server.contract.errors import ErrorCode

if TYPE_CHECKING:
    from linkus_desktop.pbx.session import Session


class PasswordDialog(QDialog):
    """Asks for the old and twice for the new password; what is wrong stands at its field.

    `known`: the old one, which is not asked for then.

    Signals: changed(str): the new password holds.
    """

    changed = Signal(str)

    def __init__(self, session: "Session", parent: QWidget | None = None, *, known: str = "") -> None:
        super().__init__(parent)
        self._session = session
        self.setWindowTitle("Change password – Linkus Desktop")
        self.setModal(False)
        self.setMinimumWidth(400)
        self.old = Field("Current password", secret=True)
        self.old.edit.setText(known)
        self.old.setHidden(bool(known))
        self.new = Field("New password", secret=True)
        self.again = Field("New password again", secret=True)
        self.message = Message()
        self.change = WordButton("Change password", "primary")
        self.change.setDefault(True)
        self.close_button = WordButton("Cancel", shortcut="Esc")
        buttons = columns(gap=8)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.change)
        layout = rows(self, margin=24, gap=16)
        layout.addWidget(label("Change password", "title"))
        for widget in (self.message, self.old, self.new, self.again):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addLayout(buttons)
        self.change.clicked.connect(self.submit)
        self.close_button.clicked.connect(self.close)

    def submit(self) -> None:
        """Check what can be checked here, then ask the server."""
        self.message.clear()
        for field in (self.old, self.new, self.again):
            field.clear_problem()
        for field, wrong, problem in (
            (self.old, not self.old.text, "Enter your current password."),
            (self.new, not self.new.text, "Enter the new password."),
            (self.new, self.new.text == self.old.text, "The new password is the old one. Choose another."),
            (self.again, self.again.text != self.new.text, "The two new passwords differ."),
        ):
            if wrong:
                self._complain(field, problem)
                return
        self._set_busy(True)
        spawn(
            self._session.change_password(self.old.text, self.new.text),
            on_done=lambda _: self._on_done(),
            on_error=self._on_error,
        )

    def _on_done(self) -> None:
        self._set_busy(False)
        self.changed.emit(self.new.text)
        for field in (self.old, self.new, self.again):
            field.edit.clear()
            field.hide()
        self.change.hide()
        self.close_button.become("Close")
        self.close_button.setFocus()
        self.message.say("Your password has been changed.", warning=True)

    def _on_error(self, error: Exception) -> None:
        self._set_busy(False)
        code = error.code if isinstance(error, ApiError) else None
        if code is ErrorCode.BAD_CREDENTIALS:
            self.old.show()  # what was known holds no more
            self._complain(self.old, "This is not your current password.")
        elif code in {ErrorCode.WEAK_PASSWORD, ErrorCode.INVALID}:
            self._complain(self.new, str(error))
        else:
            self.message.say(str(error))

    def _set_busy(self, busy: bool) -> None:
        for field in (self.old, self.new, self.again):
            field.setEnabled(not busy)
        self.change.setEnabled(not busy)
        self.change.setText("Changing…" if busy else "Change password")

    def _complain(self, field: Field, problem: str) -> None:
        field.complain(problem)
        field.edit.setFocus()
        field.edit.selectAll()
