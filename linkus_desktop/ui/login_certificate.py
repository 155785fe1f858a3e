"""The question about a certificate, asked inside the login window."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QFrame

from linkus_desktop.pbx.errors import CertificateUnknown
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.frames import columns, rows
from linkus_desktop.ui.widgets.labels import label


class CertificateQuestion(QFrame):
    """Shows the fingerprint of a server seen for the first time, and asks whether it is the right one.

    Signals: accepted(str fingerprint), refused().
    """

    accepted = Signal(str)
    refused = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "warning")
        self._fingerprint = ""
        self._title = label("", "title", wrap=True)
        self._why = label(
            "This computer has not met it yet. Compare this SHA-256 fingerprint with the one your "
            "administrator gave you.",
            wrap=True,
        )
        self._or_else = label(
            "If they differ, do not connect: somebody else may answer in your server's place and read your "
            "password. Nothing has been sent yet. This is asked once, and the answer is remembered.",
            wrap=True,
        )
        self.fingerprint = label("", wrap=True)
        self.fingerprint.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        fixed: QFont = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        fixed.setPixelSize(13)
        self.fingerprint.setFont(fixed)
        self.accept_button = WordButton("It is the same, go on", "primary")
        self.refuse_button = WordButton("Do not connect")
        self.accept_button.clicked.connect(self._on_accept)
        self.refuse_button.clicked.connect(self.refused)
        layout = rows(self, margin=16, gap=12)
        for widget in (self._title, self._why, self.fingerprint, self._or_else):
            layout.addWidget(widget)
        buttons = columns(gap=8)
        for button in (self.accept_button, self.refuse_button):
            button.setProperty("tall", "true")
            buttons.addWidget(button, 1)
        layout.addLayout(buttons)
        self.hide()

    def _on_accept(self) -> None:
        self.accepted.emit(self._fingerprint)

    def ask(self, unknown: CertificateUnknown) -> None:
        """Show the question; the safe answer has the focus."""
        self._fingerprint = unknown.fingerprint
        self._title.setText(f"Is this your server, {unknown.address}?")
        self.fingerprint.setText(in_lines(unknown.fingerprint))
        self.fingerprint.setAccessibleName(f"Fingerprint {unknown.fingerprint}")
        self.show()
        self.refuse_button.setFocus()


def in_lines(fingerprint: str, per_line: int = 8) -> str:
    """`AA:BB:…` in short lines that are easy to compare."""
    pairs = fingerprint.split(":")
    return "\n".join("  ".join(pairs[i : i + per_line]) for i in range(0, len(pairs), per_line))
