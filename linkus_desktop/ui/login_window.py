"""The window to log in with (AUTH-1, AUTH-4)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QProgressBar, QScrollArea, QWidget

from linkus_desktop.pbx.errors import CertificateChanged, CertificateUnknown, LoginError
from linkus_desktop.ui.icons import pixmap, product_icon
from linkus_desktop.ui.login_certificate import CertificateQuestion
from linkus_desktop.ui.login_fields import Field, Remember, ServerFields
from linkus_desktop.ui.login_form import LoginForm
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.frames import columns, frame, rows
from linkus_desktop.ui.widgets.labels import label
from linkus_desktop.ui.widgets.message import Message

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings

_INTRO = "With your extension number or e-mail address."
_DECORATION = 64
"""What the title bar of the window may take of the screen's height (logical pixels)."""


class LoginWindow(QWidget):
    """Asks for server, user and password, and tells what came of it; it knows nothing of the network.

    Signals:
        submitted(object LoginForm): the form is complete, log in with it.
        cancelled(): give up the attempt that runs.
        forget_certificate(object ServerAddress): the changed certificate is right, forget the old one.
    """

    submitted = Signal(object)
    cancelled = Signal()
    forget_certificate = Signal(object)

    def __init__(self, settings: "Settings", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Log in – Linkus Desktop")
        self.setWindowIcon(product_icon())
        self.setMinimumSize(400, 560)
        self.resize(440, 640)
        self._busy = False
        self.server = ServerFields()
        self.user = Field("User", "Extension number or e-mail address")
        self.password = Field("Password", secret=True)
        self.remember = Remember()
        self.message = Message()
        self.certificate = CertificateQuestion()
        self.log_in = WordButton("Log in", "primary", tip="Log in", shortcut="Return")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(4)
        self._grow = QTimer(self, singleShot=True, interval=0)  # when the layout knows the new texts
        self._grow.timeout.connect(self._show_all)
        self._build()
        self._connect()
        self._fill(settings)

    def fill(self, *, lan: str, wan: str = "", user: str = "", password: str = "") -> None:
        """Show what is known already; the focus goes to the first empty field."""
        self.server.fill(lan, wan)
        self.user.edit.setText(user)
        self.password.edit.setText(password)
        self._focus_first_empty()

    def show_busy(self) -> None:
        """The attempt runs: the fields wait, the button says so and can cancel it."""
        self._set_busy(True)

    def show_ready(self) -> None:
        """Nothing runs and nothing is wrong: after a log-out, or a cancelled attempt."""
        self._set_busy(False)
        self.message.clear()
        self.certificate.hide()
        self._focus_first_empty()

    def show_error(self, error: LoginError | str) -> None:
        """Say what went wrong, and put the focus where it can be mended."""
        self._set_busy(False)
        self.certificate.hide()
        self.message.say(str(error), *self._next_steps(error))
        self._grow.start()
        field = getattr(error, "field", "")
        wrong = {
            "server": self.server.server.edit,
            "user": self.user.edit,
            "password": self.password.edit,
        }.get(field)
        if wrong is not None:
            wrong.setFocus()
            wrong.selectAll()

    def ask_fingerprint(self, unknown: CertificateUnknown) -> None:
        """Ask whether the certificate of a server seen for the first time is the right one."""
        self._set_busy(False)
        self.message.clear()
        self.certificate.ask(unknown)
        self._fields.hide()
        self._intro.setText("First see that it is the right one.")
        self._grow.start()

    def form(self, fingerprint: str | None = None) -> LoginForm | None:
        """The complete form, or None after saying what is missing."""
        addresses = self.server.addresses()
        missing = [f for f in (self.user, self.password) if not f.text]
        for empty in missing:
            empty.complain(f"{empty.name.text()} is empty.")
        if addresses is None:
            self.server.server.edit.setFocus()
            return None
        if missing:
            missing[0].edit.setFocus()
            return None
        return LoginForm(
            lan=addresses[0],
            wan=addresses[1],
            user=self.user.text,
            password=self.password.text,
            remember=self.remember.remember.isChecked(),
            auto_login=self.remember.auto_login.isChecked(),
            fingerprint=fingerprint,
        )

    def submit(self, fingerprint: str | None = None) -> None:
        """Log in with what is filled in."""
        if self._busy:
            return
        form = self.form(fingerprint)
        if form is not None:
            self._leave_question()
            self.message.clear()
            self.show_busy()
            self.submitted.emit(form)

    def showEvent(self, event: QShowEvent) -> None:
        """What was said before is in sight, too."""
        super().showEvent(event)
        self._grow.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return logs in, Escape cancels the attempt or the question."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.certificate.isHidden():
            self.submit()
        elif event.key() == Qt.Key.Key_Escape and self._busy:
            self._cancel()
        elif event.key() == Qt.Key.Key_Escape and not self.certificate.isHidden():
            self._leave_question()
        else:
            super().keyPressEvent(event)

    def _build(self) -> None:
        mark = label()
        mark.setPixmap(pixmap("linkus-desktop", "#000000", 48, 2))
        title = label("Log in to your PBX", "display")
        self._intro = label(_INTRO, muted=True)
        self._fields = QWidget()
        fields = rows(self._fields, gap=16)
        for part in (self.server, self.user, self.password, self.remember, self.log_in):
            fields.addWidget(part)
        self.log_in.setProperty("tall", "true")
        self.progress.setRange(0, 1)
        self.progress.setVisible(False)
        card = frame("surface")
        inner = rows(card, gap=0)
        inner.setContentsMargins(40, 32, 40, 32)
        inner.addWidget(mark)
        inner.addSpacing(16)
        inner.addWidget(title)
        inner.addSpacing(4)
        inner.addWidget(self._intro)
        inner.addSpacing(24)
        inner.addWidget(self.message)
        inner.addWidget(self.certificate)
        self._gap = QWidget()
        self._gap.setFixedHeight(16)
        inner.addWidget(self._gap)
        inner.addWidget(self._fields)
        inner.addStretch(1)
        card.setMaximumWidth(520)
        self._card = card
        middle = QWidget()
        middle.setObjectName("middle")
        centred = columns(middle)
        centred.addStretch(1)
        centred.addWidget(card, 100)
        centred.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(middle)
        whole = rows(self)
        whole.addWidget(self.progress)
        whole.addWidget(scroll)
        self.setStyleSheet("LoginWindow, #middle { background: palette(base); }")

    def _connect(self) -> None:
        self.log_in.clicked.connect(self._on_button)
        self.certificate.accepted.connect(self.submit)
        self.certificate.refused.connect(self._leave_question)

    def _fill(self, settings: "Settings") -> None:
        last = getattr(settings, "last_login", None)
        self.remember.remember.setChecked(bool(getattr(settings, "remember", True)))
        self.remember.auto_login.setChecked(bool(getattr(settings, "auto_login", False)))
        self.fill(
            lan=getattr(last, "lan", "") or "",
            wan=getattr(last, "wan", "") or "",
            user=getattr(last, "user", "") or "",
        )

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        for part in (self.server, self.user, self.password, self.remember):
            part.setEnabled(not busy)
        self.progress.setVisible(busy)
        self.progress.setRange(0, 0 if busy else 1)
        self.log_in.become("Cancel" if busy else "Log in", shortcut="Esc" if busy else "Return")
        self.log_in.setProperty("kind", "plain" if busy else "primary")
        self.log_in.style().polish(self.log_in)
        self._leave_question()
        if busy:
            self.log_in.setFocus()

    def _on_button(self) -> None:
        if self._busy:
            self._cancel()
        else:
            self.submit()

    def _cancel(self) -> None:
        self.show_ready()
        self.cancelled.emit()

    def _leave_question(self) -> None:
        self.certificate.hide()
        self._fields.show()
        self._intro.setText(_INTRO)

    def _show_all(self) -> None:
        """Grow, as far as the screen allows, so that a message pushes nothing out of sight."""
        layout = self._card.layout()
        if layout is None or not self.isVisible() or self.isMaximized() or self.isFullScreen():
            return
        layout.invalidate()
        width = min(self._card.maximumWidth(), self.width())
        wanted = layout.totalHeightForWidth(width) + self.progress.maximumHeight()
        available = self.screen().availableGeometry().height() - _DECORATION
        if self.height() < min(wanted, available):
            self.resize(self.width(), min(wanted, available))

    def _next_steps(self, error: LoginError | str) -> list[tuple[str, Callable[[], object]]]:
        if isinstance(error, CertificateChanged):
            return [("Forget the old certificate", lambda: self._forget(error))]
        return []

    def _forget(self, error: CertificateChanged) -> None:
        self.message.clear()
        self.forget_certificate.emit(error.address)

    def _focus_first_empty(self) -> None:
        for field in (self.server.server, self.user, self.password):
            if not field.text:
                field.edit.setFocus()
                return
        self.log_in.setFocus()
