"""The fields of the login window: server, user, password."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QWidget

from linkus_desktop.pbx.address import ServerAddress
from linkus_desktop.ui.icons import icon
from linkus_desktop.ui.theme import tokens
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.frames import columns, rows
from linkus_desktop.ui.widgets.labels import label


class Field(QWidget):
    """A line to fill in, with its name above and what is wrong with it below."""

    def __init__(self, name: str, placeholder: str = "", *, secret: bool = False) -> None:
        super().__init__()
        self.name = QLabel(name)
        self.name.setProperty("strong", "true")
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(placeholder)
        self.edit.setAccessibleName(name)
        self.name.setBuddy(self.edit)
        self.problem = label(size="small", wrap=True)
        self.problem.setProperty("tone", "danger")
        self.problem.hide()
        layout = rows(self, gap=4)
        layout.addWidget(self.name)
        layout.addWidget(self.edit)
        layout.addWidget(self.problem)
        self.edit.textEdited.connect(self.clear_problem)
        if secret:
            self._make_secret()

    @property
    def text(self) -> str:
        """What is filled in; outer spaces do not count, except in a password."""
        text = self.edit.text()
        return text if self.edit.property("secret") else text.strip()

    def complain(self, text: str) -> None:
        """Say what is wrong with it."""
        self.problem.setText(text)
        self.edit.setAccessibleDescription(text)
        self.problem.show()

    def clear_problem(self) -> None:
        """Nothing wrong any more."""
        self.problem.hide()
        self.edit.setAccessibleDescription("")

    def _make_secret(self) -> None:
        self.edit.setProperty("secret", True)
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self._reveal = QAction("Show the password", self)
        self._reveal.setCheckable(True)
        self._reveal.toggled.connect(self._on_reveal)
        self.edit.addAction(self._reveal, QLineEdit.ActionPosition.TrailingPosition)
        self._on_reveal(False)

    def reveal(self, shown: bool) -> None:
        """Show the password in clear, or hide it."""
        self._reveal.setChecked(shown)

    def _on_reveal(self, shown: bool) -> None:
        t = tokens(self)
        self._reveal.setIcon(icon("eye-off" if shown else "eye", t.muted))
        self._reveal.setText("Hide the password" if shown else "Show the password")
        self.edit.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)


class ServerFields(QWidget):
    """One name of a server, or its address in the office and its address from outside (AUTH-1)."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.server = Field("Server", "pbx.example.com or 192.168.1.5:8111")
        self.wan = Field("Address from outside", "pbx.example.com:8111")
        self.more = WordButton("Use a second address outside the office", "link")
        self.more.setCheckable(True)
        self.more.toggled.connect(self._on_more)
        layout = rows(self, gap=8)
        layout.addWidget(self.server)
        layout.addWidget(self.wan)
        row = columns()
        row.addWidget(self.more)
        row.addStretch(1)
        layout.addLayout(row)
        self.wan.setContentsMargins(0, 8, 0, 0)  # as far from the field above as all others
        self.wan.hide()
        for edit in (self.server.edit, self.wan.edit):
            edit.textEdited.connect(self.edited)

    def fill(self, lan: str, wan: str = "") -> None:
        """Show what was used last time."""
        self.server.edit.setText(lan)
        self.wan.edit.setText(wan)
        self.more.setChecked(bool(wan))

    def addresses(self) -> tuple[ServerAddress, ServerAddress | None] | None:
        """Both addresses, or None after complaining below the field that is wrong."""
        lan = self._read(self.server)
        wan = self._read(self.wan) if self.more.isChecked() and self.wan.text else None
        if lan is None or (wan is None and self.more.isChecked() and self.wan.text):
            return None
        return lan, wan

    def _read(self, field: Field) -> ServerAddress | None:
        try:
            return ServerAddress.parse(field.text)
        except ValueError as error:
            field.complain(str(error))
            return None

    def _on_more(self, two: bool) -> None:
        self.wan.setVisible(two)
        self.server.name.setText("Address in the office" if two else "Server")
        self.server.edit.setAccessibleName(self.server.name.text())
        self.more.setText("Use one address everywhere" if two else "Use a second address outside the office")
        if two and self.isVisible():
            self.wan.edit.setFocus()


class Remember(QWidget):
    """Whether the password is kept, and whether it is used without asking (AUTH-4)."""

    def __init__(self) -> None:
        super().__init__()
        self.remember = QCheckBox("Remember me")
        self.remember.setToolTip("Keep the password in this computer's keyring")
        self.auto_login = QCheckBox("Log in automatically")
        self.auto_login.setToolTip("Log in with the remembered password when the program starts")
        layout = columns(self, gap=16)
        layout.addWidget(self.remember)
        layout.addWidget(self.auto_login)
        layout.addStretch(1)
        self.remember.toggled.connect(self._on_remember)
        self.auto_login.toggled.connect(self._on_auto_login)

    def _on_auto_login(self, on: bool) -> None:
        if on:
            self.remember.setChecked(True)

    def _on_remember(self, on: bool) -> None:
        if not on:
            self.auto_login.setChecked(False)
