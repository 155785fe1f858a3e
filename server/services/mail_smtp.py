"""Handing a mail to the mail server (RFC 5321), in a thread, since the standard library's client waits."""

import asyncio
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from server.contract.mail import MailSecurity, MailSettings
from server.services.mail_letters import one_line

STEP_S = 30.0
"""Seconds in which the mail server must say or take something."""

TOTAL_S = 180.0
"""Seconds that a whole mail may take: one that says a byte now and then does not hold up the others."""

GOODBYE_S = 1.0
"""Seconds to wait for the good-bye of a mail server that has taken the mail."""

_NEEDS_LOGIN = (530, 534, 535, 538)
"""Replies that are about us, not about the mail (RFC 4954)."""


class Fate(Enum):
    """What became of a try."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    """For good: a reply 5xx to this mail."""
    LATER = "later"
    """Not now: a reply 4xx, or the connection was lost over it."""
    NO_SERVER = "no_server"
    """The mail server cannot be used at all: not reached, no TLS, no login. Nothing wrong with the mail."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a try, and what the mail server said."""

    fate: Fate
    text: str


class Transport(Protocol):
    """Whoever takes mails."""

    async def deliver(self, settings: MailSettings, password: str, recipient: str, letter: bytes) -> Delivery:
        """Hand this to the mail server. Never fails: that is told."""

    def abort(self) -> None:
        """End what is under way; whether that mail was taken may stay unknown."""


class SmtpTransport:
    """One connection for each mail, each in a thread that keeps no program from ending."""

    def __init__(self, *, step_s: float = STEP_S, total_s: float = TOTAL_S) -> None:
        self._step_s = step_s
        self._total_s = total_s
        self._open: set[_Conversation] = set()

    async def deliver(self, settings: MailSettings, password: str, recipient: str, letter: bytes) -> Delivery:
        """See `Transport`."""
        conversation = _Conversation(settings, password, self._step_s)
        self._open.add(conversation)
        try:
            async with asyncio.timeout(self._total_s):
                return await _in_thread(lambda: conversation.deliver(recipient, letter))
        except TimeoutError:
            return Delivery(Fate.LATER, f"the mail server did not finish within {self._total_s:g} s")
        finally:
            self._open.discard(conversation)
            conversation.abort()

    def abort(self) -> None:
        """See `Transport`."""
        for conversation in tuple(self._open):
            conversation.abort()


async def _in_thread(work: Callable[[], Delivery]) -> Delivery:
    """What `work` returns, from a thread of its own: those of a pool are waited for when a program ends."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Delivery] = loop.create_future()

    def settle(delivery: Delivery | None, error: Exception | None) -> None:
        if done.cancelled():
            return
        if delivery is not None:
            done.set_result(delivery)
        elif error is not None:
            done.set_exception(error)

    def run() -> None:
        delivery, problem = None, None
        try:
            delivery = work()
        except Exception as error:  # noqa: BLE001 - whoever awaits it gets it
            problem = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, delivery, problem)

    threading.Thread(target=run, name="mail", daemon=True).start()
    return await done


class _Conversation:
    """One mail, from connecting to QUIT. `deliver` runs in a thread, `abort` outside of it."""

    def __init__(self, settings: MailSettings, password: str, step_s: float) -> None:
        self._settings = settings
        self._password = password
        self._step_s = step_s
        self._smtp: smtplib.SMTP | None = None
        self._aborted = False

    def abort(self) -> None:
        """Whatever the thread waits for fails now."""
        self._aborted = True
        sock = self._smtp.sock if self._smtp is not None else None
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def deliver(self, recipient: str, letter: bytes) -> Delivery:
        """Say hello, hand it over, say good-bye."""
        try:
            try:
                smtp = self._begin()
            except (OSError, smtplib.SMTPException, ValueError) as error:
                return Delivery(Fate.NO_SERVER, self._words(error))
            if self._aborted:
                return Delivery(Fate.LATER, "the server was stopped")
            try:
                return self._send(smtp, recipient, letter)
            except (OSError, smtplib.SMTPException, ValueError) as error:
                return Delivery(Fate.LATER, self._words(error))
        finally:
            self._end()

    def _end(self) -> None:
        smtp = self._smtp
        if smtp is None:
            return
        with suppress(OSError, smtplib.SMTPException):
            if smtp.sock is not None:
                smtp.sock.settimeout(GOODBYE_S)
                smtp.quit()
        smtp.close()

    def _note(self, smtp: smtplib.SMTP) -> None:
        self._smtp = smtp

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._settings.certificates:
            context.load_verify_locations(cadata=self._settings.certificates)
        return context

    def _begin(self) -> smtplib.SMTP:
        """Connect, encrypt, log in."""
        settings = self._settings
        smtp: smtplib.SMTP
        where = settings.host, settings.port
        more: dict[str, Any] = {"local_hostname": _own_name(), "timeout": self._step_s}
        if settings.security is MailSecurity.TLS:
            smtp = _SecretClient(self._note, *where, **more, context=self._tls())
        else:
            smtp = _Client(self._note, *where, **more)
        smtp.ehlo_or_helo_if_needed()
        if settings.security is MailSecurity.STARTTLS:
            smtp.starttls(context=self._tls())  # raises where it is not offered, or refused
            smtp.ehlo_or_helo_if_needed()
        if settings.username:
            smtp.login(settings.username, self._password)
        return smtp

    def _send(self, smtp: smtplib.SMTP, recipient: str, letter: bytes) -> Delivery:
        try:
            smtp.sendmail(self._settings.sender, [recipient], letter)
        except smtplib.SMTPRecipientsRefused as error:
            return self._refused(*error.recipients[recipient])
        except smtplib.SMTPResponseException as error:
            return self._refused(error.smtp_code, error.smtp_error)
        return Delivery(Fate.DELIVERED, "")

    def _refused(self, code: int, text: bytes | str) -> Delivery:
        said = self._said(code, text)
        if code in _NEEDS_LOGIN:
            return Delivery(Fate.NO_SERVER, said)
        return Delivery(Fate.REFUSED if 500 <= code < 600 else Fate.LATER, said)

    def _words(self, error: Exception) -> str:
        where = f"{self._settings.host}:{self._settings.port}"
        match error:
            case smtplib.SMTPNotSupportedError():
                text = f"{where} cannot do what is asked of it: {error}"
            case smtplib.SMTPAuthenticationError():
                said = self._said(error.smtp_code, error.smtp_error)
                text = f"{where} refuses user name and password: {said}"
            case smtplib.SMTPResponseException():
                text = f"{where} said {self._said(error.smtp_code, error.smtp_error)}"
            case smtplib.SMTPServerDisconnected() if isinstance(error.__context__, TimeoutError):
                text = f"{where} said nothing for {self._step_s:g} s"
            case smtplib.SMTPServerDisconnected():
                text = f"{where} broke the connection off"
            case ssl.SSLCertVerificationError():
                text = f"the certificate of {where} is not to be trusted: {error.verify_message}"
            case TimeoutError():
                text = f"{where} said nothing for {self._step_s:g} s"
            case UnicodeError():
                text = "user name and password must be plain letters, digits and signs"
            case _:
                text = f"{where} cannot be reached: {error}"
        return one_line(text)

    def _said(self, code: int, text: bytes | str) -> str:
        shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        if self._password:
            shown = shown.replace(self._password, "…")
        return one_line(f"{code} {shown}")


class _Client(smtplib.SMTP):
    """Is known to `note` before it connects, so that connecting can be aborted, too."""

    def __init__(self, note: Callable[[smtplib.SMTP], None], host: str, port: int, **more: Any) -> None:
        note(self)
        super().__init__(host, port, **more)


class _SecretClient(smtplib.SMTP_SSL):
    """The same, with TLS from the first byte."""

    def __init__(self, note: Callable[[smtplib.SMTP], None], host: str, port: int, **more: Any) -> None:
        note(self)
        super().__init__(host, port, **more)


def _own_name() -> str:
    """How we say hello; without asking the network what our name is there, which may take long."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "localhost.localdomain"
