"""Handing mails to real and to broken mail servers: what is said to them, and what is told of it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.contract.mail import MailKind
from server.services import certificate
from server.services.mail_letters import Style, letter, write
from server.services.mail_smtp import Fate, SmtpTransport
from tests.server.mail_server import HANG, HANG_UP, PASSWORD, mail_server, scripted

TO = "anna@example.org"
LETTER = letter(
    write(MailKind.TEST, {}, Style("Head office")),
    sender="pbx@example.com",
    sender_name="Head office",
    recipient=TO,
    message_id="<1@example.com>",
    at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
)


@pytest.fixture
def transport() -> SmtpTransport:
    return SmtpTransport()


async def test_a_mail_goes_by_starttls_with_a_login(transport: SmtpTransport, tls_folder: Path) -> None:
    async with mail_server(tls_folder) as server:
        done = await transport.deliver(server.settings(), PASSWORD, TO, LETTER)
        assert done.fate is Fate.DELIVERED, done
        (message,) = server.got
        assert (server.recipients, server.encrypted, server.logins) == ([TO], [True], ["pbx"])
        assert (message["From"], message["To"]) == ("Head office <pbx@example.com>", TO)
        assert (message["Message-ID"], message["Auto-Submitted"]) == ("<1@example.com>", "auto-generated")
        assert "The mail settings work" in message.get_content()


async def test_a_mail_goes_by_tls_from_the_first_byte(transport: SmtpTransport, tls_folder: Path) -> None:
    async with mail_server(tls_folder, from_the_start=True) as server:
        done = await transport.deliver(server.settings(security="tls"), PASSWORD, TO, LETTER)
        assert done.fate is Fate.DELIVERED, done
        assert server.encrypted == [True]


async def test_nothing_is_said_in_clear_to_a_server_that_should_encrypt(
    transport: SmtpTransport, tls_folder: Path
) -> None:
    async with mail_server(tls_folder, starttls=False) as server:
        done = await transport.deliver(server.settings(), PASSWORD, TO, LETTER)
        assert (done.fate, "STARTTLS" in done.text) == (Fate.NO_SERVER, True)
        assert (server.logins, server.raw) == ([], [])
    # It offers STARTTLS, and then refuses it.
    async with scripted(
        "220 hello", "250-hello\r\n250-AUTH PLAIN\r\n250 STARTTLS", "454 not now", HANG_UP
    ) as server:
        done = await transport.deliver(
            server.settings(security="starttls", username="pbx"), PASSWORD, TO, LETTER
        )
        assert (done.fate, "454 not now" in done.text) == (Fate.NO_SERVER, True)
        assert [line.split()[0].lower() for line in server.heard][:3] == [b"ehlo", b"starttls", b"quit"]


async def test_a_certificate_that_is_not_trusted_or_of_another_host_ends_it(
    transport: SmtpTransport, tls_folder: Path, tmp_path: Path
) -> None:
    async with mail_server(tls_folder) as server:
        done = await transport.deliver(server.settings(certificates=""), PASSWORD, TO, LETTER)
        assert (done.fate, "not to be trusted" in done.text) == (Fate.NO_SERVER, True)
    certificate.make(
        tmp_path / "certificate.pem", tmp_path / "key.pem", hosts=["mail.example"], now=datetime.now(UTC)
    )
    async with mail_server(tmp_path) as server:
        done = await transport.deliver(server.settings(), PASSWORD, TO, LETTER)
        assert (done.fate, "not to be trusted" in done.text) == (Fate.NO_SERVER, True)
        assert server.logins == []


async def test_a_wrong_password_is_the_servers_fault_and_is_never_told(
    transport: SmtpTransport, tls_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with mail_server(tls_folder) as server:
        done = await transport.deliver(server.settings(), "wrong-word-7", TO, LETTER)
        assert done.fate is Fate.NO_SERVER
        assert "refuses user name and password: 535" in done.text
        assert "wrong-word-7" not in done.text + "".join(r.getMessage() for r in caplog.records)


@pytest.mark.parametrize(
    ("answer", "fate"),
    [("550 no such person", Fate.REFUSED), ("450 come back", Fate.LATER), ("530 log in", Fate.NO_SERVER)],
)
async def test_a_refused_recipient_or_mail_is_told_for_good_or_for_now(
    transport: SmtpTransport, tls_folder: Path, answer: str, fate: Fate
) -> None:
    async with mail_server(tls_folder) as server:
        server.recipient_answers[TO] = answer
        done = await transport.deliver(server.settings(), PASSWORD, TO, LETTER)
        assert (done.fate, done.text) == (fate, answer)
        server.recipient_answers.clear()
        server.mail_answers[TO] = answer
        done = await transport.deliver(server.settings(), PASSWORD, TO, LETTER)
        assert (done.fate, done.text) == (fate, answer)
        assert server.got == []


BEGIN = ("220 hello", "250 hello")
TAKES = ("250 sender", "250 recipient")


@pytest.mark.parametrize(
    ("lines", "fate", "text"),
    [
        ((HANG,), Fate.NO_SERVER, "said nothing for"),
        ((HANG_UP,), Fate.NO_SERVER, "broke the connection off"),
        (("554 not you", HANG_UP), Fate.NO_SERVER, "said 554 not you"),
        ((*BEGIN, HANG), Fate.LATER, "said nothing for"),
        ((*BEGIN, *TAKES, "354 go on", HANG_UP), Fate.LATER, "broke the connection off"),
        ((*BEGIN, "421 closing", HANG_UP), Fate.LATER, "421 closing"),
        (("SSH-2.0-nothing of mail", HANG_UP), Fate.NO_SERVER, "said"),
    ],
)  # fmt: skip
async def test_a_server_that_hangs_or_breaks_off_costs_one_try(
    lines: tuple[str, ...], fate: Fate, text: str
) -> None:
    # It must hang where it is told to, also on a machine that stands still for a while.
    transport = SmtpTransport(step_s=0.3 if lines == (HANG,) else 2.0 if HANG in lines else 60.0)
    async with scripted(*lines) as server:
        done = await transport.deliver(server.settings(), "", TO, LETTER)
        assert (done.fate, text in done.text) == (fate, True), done


async def test_a_connection_that_is_lost_in_mid_mail_costs_one_try(transport: SmtpTransport) -> None:
    """Half of it has gone over the wire: whether it was taken is unknown, so it is sent again."""
    async with scripted(*BEGIN, *TAKES, "354 go on", HANG_UP) as server:
        done = await transport.deliver(server.settings(), "", TO, LETTER + b"x" * 10_000_000)
        assert done.fate is Fate.LATER, done


async def test_a_server_that_dribbles_does_not_hold_up_the_others_for_ever() -> None:
    transport = SmtpTransport(step_s=30, total_s=0.5)
    async with scripted("220 " + "a" * 5000, dribble_s=0.01) as server:
        done = await transport.deliver(server.settings(), "", TO, LETTER)
        assert (done.fate, "did not finish" in done.text) == (Fate.LATER, True)


async def test_what_is_under_way_can_be_ended() -> None:
    transport = SmtpTransport(step_s=300)
    async with scripted(*BEGIN, HANG) as server:
        work = asyncio.ensure_future(transport.deliver(server.settings(), "", TO, LETTER))
        async with asyncio.timeout(60):
            while len(server.heard) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            transport.abort()
            assert (await work).fate is Fate.LATER


async def test_a_server_that_is_not_there_is_told_so(transport: SmtpTransport) -> None:
    async with scripted() as server:
        settings = server.settings()
    done = await transport.deliver(settings, "", TO, LETTER)
    assert (done.fate, "cannot be reached" in done.text) == (Fate.NO_SERVER, True), done
