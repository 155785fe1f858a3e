"""Mail servers on this machine: a real one (aiosmtpd), and one that says what it is told to."""

import asyncio
import email.policy
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from server.contract.mail import MailSettings

USER, PASSWORD = "pbx", "a mail-password 1"


@dataclass
class MailServer:
    """A mail server, and what it was given.

    Attributes:
        answers: what it answers to recipients and to mails, by address; else it takes them.
        hold: while this is not set it does not answer to a mail that it has got.
    """

    certificate: str
    port: int = 0
    got: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    recipient_answers: dict[str, str] = field(default_factory=dict)
    mail_answers: dict[str, str] = field(default_factory=dict)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    hold: asyncio.Event = field(default_factory=asyncio.Event)

    def settings(self, **more: Any) -> MailSettings:
        """How the PBX reaches it."""
        given: dict[str, Any] = {
            "host": "localhost",
            "port": self.port,
            "sender": "pbx@example.com",
            "username": USER,
            "secret": PASSWORD,
            "certificates": self.certificate,
        }
        return MailSettings(**given | more)

    # What aiosmtpd asks

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if (answer := self.recipient_answers.get(address)) is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        self.raw.append(content)
        self.arrived.set()
        await self.hold.wait()
        if (answer := self.mail_answers.get(envelope.rcpt_tos[0])) is not None:
            return answer
        message = BytesParser(policy=email.policy.SMTP).parsebytes(content)
        assert isinstance(message, EmailMessage)
        self.got.append(message)
        self.recipients += envelope.rcpt_tos
        assert server.transport is not None
        secret = session.ssl or server.transport.get_extra_info("ssl_object")
        self.encrypted.append(secret is not None)
        return "250 taken"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.logins.append(data.login.decode())
        if right:
            return AuthResult(success=True)
        text = f"535 5.7.8 {data.password.decode()} is wrong"
        return AuthResult(success=False, handled=False, message=text)


@asynccontextmanager
async def mail_server(
    tls: Path, *, starttls: bool = True, from_the_start: bool = False
) -> AsyncIterator[MailServer]:
    """A real mail server on a free port, with the certificate in this folder; in the loop of the test."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls / "certificate.pem", tls / "key.pem")
    described = MailServer((tls / "certificate.pem").read_text())
    described.hold.set()

    def serve() -> SMTP:
        return SMTP(
            described,
            hostname="localhost",
            tls_context=context if starttls and not from_the_start else None,
            authenticator=described.authenticate,
            auth_require_tls=not from_the_start,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(serve, "localhost", 0, ssl=context if from_the_start else None)
    described.port = server.sockets[0].getsockname()[1]
    try:
        yield described
    finally:
        described.hold.set()
        server.close()


@dataclass
class Scripted:
    """A server that says its lines, and what it heard."""

    port: int = 0
    heard: list[bytes] = field(default_factory=list)
    connections: int = 0

    def settings(self, **more: Any) -> MailSettings:
        given: dict[str, Any] = {
            "host": "127.0.0.1", "port": self.port, "sender": "pbx@example.com", "security": "none"
        }  # fmt: skip
        return MailSettings(**given | more)


HANG_UP = "(hang up)"
HANG = "(say nothing)"


@asynccontextmanager
async def scripted(*lines: str, dribble_s: float | None = None) -> AsyncIterator[Scripted]:
    """Says one line after each that it gets, a greeting first; ends with `HANG_UP` or `HANG`."""
    described, writers, done = Scripted(), list[asyncio.StreamWriter](), asyncio.Event()

    async def say(writer: asyncio.StreamWriter, line: str) -> None:
        for part in line.encode() if dribble_s is not None else ():
            writer.write(bytes([part]))
            await asyncio.sleep(dribble_s or 0.0)
        if dribble_s is None:
            writer.write(line.encode())
        writer.write(b"\r\n")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        described.connections += 1
        writers.append(writer)
        try:
            await converse(reader, writer, lines)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def converse(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, said: Sequence[str]
    ) -> None:
        for line in said:
            if line == HANG_UP:
                return
            if line == HANG:
                await done.wait()
                return
            await say(writer, line)
            heard = await reader.readline()
            if not heard:
                return
            described.heard.append(heard)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    described.port = server.sockets[0].getsockname()[1]
    try:
        yield described
    finally:
        done.set()
        server.close()
        for writer in writers:
            writer.close()
