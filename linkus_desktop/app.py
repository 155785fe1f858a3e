"""The composition root of the client: login window, then workplace, and back (AUTH-1, AUTH-4)."""

import asyncio
import importlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from linkus_desktop import links
from linkus_desktop.pbx.address import ServerAddress
from linkus_desktop.pbx.errors import CertificateUnknown, LoginError
from linkus_desktop.pbx.tasks import cancel_all, spawn
from linkus_desktop.scripted_login import ScriptedLogin
from linkus_desktop.store.database import LocalDatabase
from linkus_desktop.store.keyring import Keyring, KeyringError
from linkus_desktop.store.known_servers import KnownServers
from linkus_desktop.store.settings import LastLogin, Settings
from linkus_desktop.ui.login_form import LoginForm
from linkus_desktop.ui.login_window import LoginWindow
from linkus_desktop.ui.theme import Theme

if TYPE_CHECKING:
    from linkus_desktop.pbx.session import Session
    from linkus_desktop.sip.audio import Audio
    from linkus_desktop.sip.phone import Phone
    from linkus_desktop.workplace import Workplace

logger = logging.getLogger(__name__)

STORE = "client.db"
LOGIN_MODULE = "linkus_desktop.pbx.login"
"""Imported once the first window is on the screen: it brings the HTTP library."""
WORKPLACE_MODULES = ("linkus_desktop.workplace", "linkus_desktop.sip.audio", "linkus_desktop.sip.phone")
"""Imported while the server is asked: they bring PJSIP and the main window."""
OTHER_CERTIFICATE = (
    "The server identifies itself with another certificate than the link says, so nothing was sent to it. "
    "Ask your administrator for another link."
)
DEVICES = ("microphone", "speaker", "ringer")


class Client(QObject):
    """The program, from its first window to its end.

    Args:
        application: the Qt application; its loop is the asyncio loop (qasync).
        folder: where settings are kept.
        keyring, audio: for tests.

    Attributes:
        settings, known_servers, keyring: what this machine remembers.
        login_window: always there, hidden while somebody is logged in.
        workplace: while somebody is logged in, else None.
        is_finished: `finished` was emitted.

    Signals:
        logged_in(): the main window is there.
        logged_out(): the login window is back.
        attempt_over(): a try to log in has ended, well or not.
        prepared(): the login window shows what is remembered.
        finished(): everything is closed; the program may end.
    """

    logged_in = Signal()
    logged_out = Signal()
    attempt_over = Signal()
    prepared = Signal()
    finished = Signal()

    def __init__(
        self,
        application: QApplication,
        folder: Path,
        *,
        keyring: Keyring | None = None,
        audio: "Audio | None" = None,
    ) -> None:
        super().__init__()
        application.setQuitOnLastWindowClosed(False)  # between two windows there is none
        self._database = LocalDatabase(folder / STORE)
        self.settings = Settings(self._database, self)
        self.known_servers = KnownServers(self._database)
        self.keyring = keyring or Keyring()
        self.theme = Theme(application, self.settings.theme)
        self.login_window = LoginWindow(self.settings)
        self.workplace: Workplace | None = None
        self._audio = audio
        self._phone: Phone | None = None
        self._attempt: asyncio.Task[None] | None = None
        self._link: links.CallLink | None = None
        self._login_link: links.LoginLink | None = None
        self._scripted = False
        self._quitting = False
        self.is_finished = False
        self.login_window.installEventFilter(self)
        self.login_window.submitted.connect(self.log_in)
        self.login_window.cancelled.connect(self._cancel)
        self.login_window.forget_certificate.connect(self._forget_certificate)
        self.settings.changed.connect(self._on_setting)

    @property
    def attempting(self) -> bool:
        """Whether a login is under way."""
        return self._attempt is not None

    def start(self, scripted: ScriptedLogin | None = None) -> None:
        """Show the login window; log in by a script, or by oneself if the user wants that (AUTH-4)."""
        self.login_window.show()
        if self._database.problem:
            self.login_window.message.say(self._database.problem)
        if scripted is not None:
            self._scripted = True
            form = LoginForm(
                scripted.lan,
                scripted.wan,
                scripted.user,
                scripted.password,
                remember=False,
                fingerprint=scripted.fingerprint,
            )
            self.login_window.fill(lan=str(form.lan), wan=str(form.wan or ""), user=form.user)
            self.login_window.show_busy()
            QTimer.singleShot(0, lambda: self.log_in(form))
        else:
            QTimer.singleShot(0, lambda: spawn(self._prepare(), name="prepare the login"))

    def log_in(self, form: LoginForm) -> None:
        """Try to log in; the login window shows how it goes."""
        if self._attempt is None and self.workplace is None and not self._quitting:
            self._attempt = spawn(self._log_in(form), on_error=self._on_bug, name="log in")
            self._attempt.add_done_callback(self._on_attempt_over)

    def raise_window(self) -> None:
        """Bring the program to the front: it was started a second time."""
        if self.workplace is not None:
            self.workplace.raise_window()
            return
        self.login_window.show()
        self.login_window.raise_()
        self.login_window.activateWindow()

    def open_link(self, link: str) -> None:
        """A link from another program: its number goes into the dial field, now or after the login (SIP-2).

        It is not dialled: the user decides. What cannot be called is told in the window. A login link logs
        in, once the user agrees to where (AUTH-2).
        """
        self.raise_window()
        try:
            if links.is_login(link):
                self._offer_login(links.parse_login(link))
                return
            self._link = links.parse(link)
        except links.LinkError as error:
            if self.workplace is not None:
                self.workplace.window.show_problem(str(error))
            else:
                self.login_window.message.say(str(error))
            return
        if self.workplace is None:
            waits = f"Log in to call {self._link.number}."
            self.login_window.message.say(waits, warning=True)
        self._offer_link()

    def _offer_login(self, link: links.LoginLink) -> None:
        """Anybody may send a link: nothing is asked of a server before the user has seen which one it is."""
        if self.workplace is not None or self._attempt is not None:
            already = "You are logged in already. Log out, then open the login link again."
            if self.workplace is not None:
                self.workplace.window.show_problem(already)
            return
        self._login_link = link
        self.login_window.fill(lan=link.server, user=link.user)
        self.login_window.message.say(
            f"Log in to {link.server} as {link.user} with this link? It works once.",
            ("Log in", self._log_in_by_link),
            warning=True,
        )

    def _log_in_by_link(self) -> None:
        link, self._login_link = self._login_link, None
        if link is None or self._attempt is not None:
            return
        boxes = self.login_window.remember
        form = LoginForm(
            ServerAddress.parse(link.server),
            None,
            link.user,
            "",
            remember=boxes.remember.isChecked(),
            auto_login=boxes.auto_login.isChecked(),
            fingerprint=link.fingerprint or None,
            token=link.token,
        )
        self.login_window.message.clear()
        self.login_window.show_busy()
        self.log_in(form)

    def log_out(self) -> None:
        """Hang up, forget the session on both sides, and show the login window."""
        self.settings.logged_out = True
        spawn(self._leave(revoke=True), name="log out")

    def quit(self) -> None:
        """Hang up, close everything and emit `finished`. The login is kept for the next start."""
        if not self._quitting:
            self._quitting = True
            spawn(self._quit(), name="quit")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Closing the login window ends the program."""
        if watched is self.login_window and event.type() == QEvent.Type.Close and event.spontaneous():
            self.quit()
        return super().eventFilter(watched, event)

    async def _prepare(self) -> None:
        """What the login window can know beforehand; then what the login will need."""
        problem = await self.keyring.problem()
        if problem:
            boxes = self.login_window.remember
            for box in (boxes.remember, boxes.auto_login):
                box.setChecked(False)
                box.setToolTip(problem)
        elif self.settings.remember and self._login_link is None:
            await self._use_remembered()
        self.prepared.emit()
        if self._attempt is None:
            await asyncio.to_thread(importlib.import_module, LOGIN_MODULE)  # ready when the button is pressed

    async def _use_remembered(self) -> None:
        last = self.settings.last_login
        if not (last.lan and last.user):
            return
        try:
            password = await self.keyring.get(last.lan, last.user)
            lan = ServerAddress.parse(last.lan)
            wan = ServerAddress.parse(last.wan) if last.wan else None
        except (KeyringError, ValueError) as error:
            self.login_window.message.say(str(error))
            return
        if password is None or self.login_window.password.text or self._login_link is not None:
            return
        self.login_window.fill(lan=last.lan, wan=last.wan, user=last.user, password=password)
        if self.settings.auto_login and not self.settings.logged_out:
            self.login_window.show_busy()
            self.log_in(LoginForm(lan, wan, last.user, password, remember=True, auto_login=True))

    async def _log_in(self, form: LoginForm) -> None:
        module = await asyncio.to_thread(importlib.import_module, LOGIN_MODULE)
        loading = spawn(asyncio.to_thread(_load, WORKPLACE_MODULES), name="load the workplace")
        try:
            agreed: dict[str, Any] = {"trust": self.known_servers, "accept_fingerprint": form.fingerprint}
            if form.token:
                session, password = await module.login_by_link(form.lan, form.token, **agreed)
                form = replace(form, password=password)
            else:
                session = await module.login(form.lan, form.wan, form.user, form.password, **agreed)
        except CertificateUnknown as unknown:
            self._attempt = None  # the answer may come before this task is seen to be over
            logger.warning("%s", unknown)
            if form.token:
                self.login_window.show_error(OTHER_CERTIFICATE)
            else:
                self.login_window.ask_fingerprint(unknown)
        except LoginError as error:
            self._attempt = None
            logger.warning("The login did not work. %s", error)
            self.login_window.show_error(error)
        else:
            await loading
            self._open(session)
            if form.token and self.workplace is not None:
                self.workplace.window.offer_password(form.password)
            if not self._scripted:
                spawn(self._remember(form), name="remember the login")

    async def _remember(self, form: LoginForm) -> None:
        """Keep what the user wants kept; the password goes to the keyring or nowhere (AUTH-4)."""
        server = str(form.lan)
        self.settings.last_login = LastLogin(server, str(form.wan or ""), form.user)
        self.settings.remember = form.remember
        self.settings.auto_login = form.auto_login
        self.settings.logged_out = False
        try:
            if form.remember:
                await self.keyring.put(server, form.user, form.password)
            elif not await self.keyring.problem():
                await self.keyring.forget(server, form.user)
        except KeyringError as error:
            if self.workplace is not None:
                self.workplace.window.show_problem(str(error))

    def _on_new_password(self, password: str) -> None:
        """The user has chosen another password: the keyring must not keep the old one (AUTH-4)."""
        if self.settings.remember and not self._scripted:
            spawn(self._remember_password(password), name="remember the new password")

    async def _remember_password(self, password: str) -> None:
        last = self.settings.last_login
        try:
            await self.keyring.put(last.lan, last.user, password)
        except KeyringError as error:
            if self.workplace is not None:
                self.workplace.window.show_problem(str(error))

    def _open(self, session: "Session") -> None:
        from linkus_desktop.workplace import Workplace  # noqa: PLC0415  pjsua2 is not needed before

        phone, audio = self._phone_and_audio()
        self.workplace = Workplace(session, phone, audio, self.settings, theme=self.theme, parent=self)
        self.workplace.log_out_requested.connect(self.log_out)
        self.workplace.closed.connect(self.quit)
        self.workplace.window.password_changed.connect(self._on_new_password)
        session.ended.connect(self._on_ended)
        self.workplace.open()
        self.login_window.hide()
        self.login_window.password.edit.clear()
        self.login_window.show_ready()
        self._offer_link()
        self.logged_in.emit()

    def _phone_and_audio(self) -> "tuple[Phone, Audio]":
        """One of each for the whole run: PJSIP allows no second phone in a process."""
        from linkus_desktop.sip.audio import Audio  # noqa: PLC0415  loads the sound system
        from linkus_desktop.sip.phone import Phone  # noqa: PLC0415

        if self._audio is None:
            self._audio = Audio(parent=self)
        if self._phone is None:
            for name in DEVICES:
                self._choose_device(name)
            self._phone = Phone(self._audio, self)
        return self._phone, self._audio

    def _offer_link(self) -> None:
        """Show the link's number once there is a dial field."""
        if self.workplace is not None and self._link is not None:
            link, self._link = self._link, None
            self.workplace.window.offer_number(link.number, link.note)

    async def _leave(self, *, revoke: bool, reason: str = "") -> None:
        """Close the workplace and its session; `revoke` ends the session on the server, too."""
        workplace, self.workplace = self.workplace, None
        if workplace is None:
            return
        if not self._quitting:
            self.login_window.show()
            if reason:
                self.login_window.show_error(reason)
        await workplace.close()
        await (workplace.session.logout() if revoke else workplace.session.close())
        workplace.session.deleteLater()
        self.logged_out.emit()

    async def _quit(self) -> None:
        self.login_window.removeEventFilter(self)
        self.login_window.hide()
        self._cancel()
        await self._leave(revoke=False)
        await cancel_all()
        self._database.close()
        self.login_window.deleteLater()
        self.is_finished = True
        self.finished.emit()

    def _cancel(self) -> None:
        if self._attempt is not None:
            self._attempt.cancel()

    def _on_bug(self, error: Exception) -> None:
        """Not one of the errors a login may have: the log gets it in full, the window must not wait."""
        logger.error("The login failed", exc_info=error)
        self.login_window.show_error(f"The login failed because of an error in this program: {error!r}.")

    def _on_attempt_over(self, attempt: "asyncio.Task[None]") -> None:
        if self._attempt is attempt:
            self._attempt = None
        self.attempt_over.emit()

    def _on_ended(self, reason: str) -> None:
        spawn(self._leave(revoke=False, reason=reason), name="leave the session")

    def _forget_certificate(self, address: ServerAddress) -> None:
        self.known_servers.forget(address.host, address.port)

    def _on_setting(self, name: str) -> None:
        if name == "theme":
            self.theme.set_mode(self.settings.theme)
        elif name in DEVICES:
            self._choose_device(name)

    def _choose_device(self, name: str) -> None:
        if self._audio is not None:
            getattr(self._audio, f"set_{name}")(self.settings.value(name))


def _load(modules: Sequence[str]) -> None:
    for name in modules:
        importlib.import_module(name)
