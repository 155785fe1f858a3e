"""Who is logged in, where, and what can be done about it (AUTH-4, AUTH-5)."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from linkus_desktop.ui.preferences.section import Section
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.frames import columns
from linkus_desktop.ui.widgets.labels import ElidedLabel

if TYPE_CHECKING:
    from linkus_desktop.pbx.session import Session
    from linkus_desktop.store.settings import Settings


class AccountSection(Section):
    """Signals: password_requested(), log_out_requested()."""

    password_requested = Signal()
    log_out_requested = Signal()

    def __init__(self, session: "Session", settings: "Settings") -> None:
        super().__init__("Account")
        self._session, self._settings = session, settings
        self.name, self.number, self.email = ElidedLabel(), ElidedLabel(), ElidedLabel()
        self.server = ElidedLabel()
        self.auto_login = QCheckBox("Log in automatically when the program starts")
        self.auto_login.setChecked(settings.auto_login)
        self.auto_login.toggled.connect(self._on_auto_login)
        self.auto_login.setEnabled(settings.remember)
        self.auto_login.setToolTip("Needs “Remember me” at the log-in")
        for name, widget in (
            ("Name", self.name),
            ("Extension", self.number),
            ("E-mail", self.email),
            ("Server", self.server),
        ):
            self.row(name, widget)
        self.whole(self.auto_login)
        password = WordButton("Change password…", icon_name="password")
        log_out = WordButton("Log out", icon_name="log-out")
        password.clicked.connect(self.password_requested)
        log_out.clicked.connect(self.log_out_requested)
        holder = QWidget()
        buttons = columns(holder, gap=8)
        buttons.addWidget(password)
        buttons.addWidget(log_out)
        buttons.addStretch(1)
        self.whole(holder)
        session.me_changed.connect(self._follow)
        self._follow()

    def _on_auto_login(self, on: bool) -> None:
        self._settings.auto_login = on

    def _follow(self) -> None:
        me = self._session.me
        own = me.extension
        self.name.setText(own.display_name if own else me.user)
        self.number.setText(own.number if own else "None: this account has no phone")
        self.email.setText((own.email if own else "") or "Not set")
        self.server.setText(str(self._session.address))
