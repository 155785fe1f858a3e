"""Which mails the PBX sends to the own address (LOG-3)."""

from typing import TYPE_CHECKING

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox

from linkus_desktop.ui.preferences.section import Section
from linkus_desktop.ui.widgets.labels import label
from linkus_desktop.ui.widgets.message import Message

if TYPE_CHECKING:
    from linkus_desktop.pbx.session import Session

NO_ADDRESS = "You have no e-mail address in the PBX, so none are sent: ask your administrator to enter it."
NO_SERVER = "Your PBX sends no mail at present: your administrator has not set a mail server up."


class MailSection(Section):
    """Saved as it changes."""

    def __init__(self, session: "Session") -> None:
        super().__init__("E-mail", "What your PBX tells you by mail, too.")
        self._session = session
        self._mail = session.mail
        self.boxes = {
            "missed_calls": QCheckBox("Calls that I have missed"),
            "password_changed": QCheckBox("That my password was changed"),
        }
        self.note = label("", muted=True, wrap=True)
        self.message = Message()
        for box in self.boxes.values():
            box.clicked.connect(self._on_clicked)
            self.whole(box)
        self.whole(self.note)
        self.whole(self.message)
        self._mail.changed.connect(self._follow)
        self._mail.failed.connect(self._on_failed)
        session.me_changed.connect(self._follow)
        self._follow()

    def showEvent(self, event: QShowEvent) -> None:
        """What the server has is read when somebody looks."""
        super().showEvent(event)
        self._mail.load()

    def _follow(self) -> None:
        preferences = self._mail.preferences
        for name, box in self.boxes.items():
            box.setEnabled(preferences is not None)
            box.setChecked(preferences is not None and bool(getattr(preferences, name)))
        own = self._session.me.extension
        address = own.email if own else None
        if not address:
            self.note.setText(NO_ADDRESS)
        elif preferences is not None and not preferences.mail_server:
            self.note.setText(NO_SERVER)
        else:
            self.note.setText(f"They go to {address}.")

    def _on_clicked(self) -> None:
        """Save the box that is no longer as the server has it."""
        self.message.clear()
        for name, box in self.boxes.items():
            if box.isChecked() is not bool(getattr(self._mail.preferences, name, False)):
                self._mail.put(name, on=box.isChecked())

    def _on_failed(self, text: str) -> None:
        self.message.say(text, ("Try again", self._again))

    def _again(self) -> None:
        self.message.clear()
        self._mail.load()
