"""The outbox and who sends it: nothing is lost, nothing is sent twice, and nothing waits for ever."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from server.contract.mail import MailKind, MailLanguage, MailSettings, MailState, QueuedMail
from server.contract.mail_address import address_problem
from server.core import Core
from server.services import mail_outbox
from server.services.mail import RETRY_S, Extra, Mail
from server.services.mail_letters import MAX_LINE, Attachment, Style, Text, letter, one_line, write
from server.services.mail_smtp import Delivery, Fate
from server.services.mail_texts import WORDS, Words
from tests.phones.waiting import until
from tests.server.conftest import SettableClock

ANNA = "anna@example.org"
DELIVERED = Delivery(Fate.DELIVERED, "")


class Postman:
    """A transport that answers as it is told to, and keeps what it was given."""

    def __init__(self) -> None:
        self.answers: list[Delivery] = []
        self.given: list[bytes] = []
        self.tried = 0
        self.blocked = asyncio.Event()
        self.blocked.set()
        self.aborted = False
        self.passwords: list[str] = []

    async def deliver(
        self, settings: MailSettings, password: str, recipient: str, content: bytes
    ) -> Delivery:
        self.tried += 1
        self.passwords.append(password)
        await self.blocked.wait()
        if self.aborted:
            return Delivery(Fate.LATER, "cut off")
        answer = self.answers.pop(0) if self.answers else DELIVERED
        if answer.fate is Fate.DELIVERED:
            self.given.append(content)
        return answer

    def abort(self) -> None:
        self.aborted = True
        self.blocked.set()

    @property
    def ids(self) -> list[str]:
        return [str(message_from_bytes(content)["Message-ID"]) for content in self.given]


@pytest.fixture
async def postman(core: Core) -> Postman:
    settings = MailSettings(host="mail.example", sender="pbx@example.com", secret="hush-hush", username="pbx")
    await core.configuration.put(settings, by="test")
    return Postman()


@asynccontextmanager
async def sending(core: Core, postman: Postman) -> AsyncIterator[Mail]:
    mail = Mail(
        outbox=core.outbox,
        transport=postman,
        configuration=core.configuration,
        clock=core.clock,
        audit=core.audit,
        server_name="Head office",
        zone=lambda: None,
        seed=1,
    )
    mail.start()
    try:
        yield mail
    finally:
        await mail.stop()


async def post(core: Core, to: str | None = ANNA, **more: Any) -> bool:
    async with core.db.session() as session:
        return await core.outbox.add(session, MailKind.TEST, to, {}, **more)


async def only(core: Core) -> QueuedMail:
    (mail,) = await core.outbox.list()
    return mail


async def in_state(core: Core, state: MailState) -> QueuedMail:
    await until(lambda: _is_in(core, state), f"the mail is {state}")
    return await only(core)


async def _is_in(core: Core, state: MailState) -> bool:
    return (await only(core)).state is state


async def tried(core: Core, postman: Postman, times: int) -> QueuedMail:
    """The mail after that many tries, when what became of the last one is written down."""
    await until(lambda: postman.tried == times, f"{times} tries")
    await until(lambda: core.outbox._in_hand is None, "it is written down")
    return await only(core)


def go_on(core: Core, seconds: float) -> None:
    clock = core.clock
    assert isinstance(clock, SettableClock)
    clock.advance(seconds)
    core.outbox._on_added()  # as the timer would


async def test_a_mail_is_sent_at_once_and_its_text_is_kept_no_longer(core: Core, postman: Postman) -> None:
    async with sending(core, postman):
        assert await post(core)
        sent = await in_state(core, MailState.SENT)
        assert (sent.recipient, sent.tries, sent.sent_at) == (ANNA, 1, core.clock.now())
        assert postman.ids == [sent.message_id]
        assert postman.passwords == ["hush-hush"]
    async with core.db.reading() as session:
        assert (await session.execute(text("SELECT facts FROM mails"))).scalar() is None


async def test_a_mail_is_kept_if_and_only_if_what_it_tells_of_is(core: Core, postman: Postman) -> None:
    async with sending(core, postman):
        with suppress(ZeroDivisionError):
            async with core.db.session() as session:
                assert await core.outbox.add(session, MailKind.TEST, ANNA, {})
                raise ZeroDivisionError
        assert await post(core, "boris@example.org")
        await in_state(core, MailState.SENT)
    assert postman.tried == 1


async def test_facts_are_encrypted_in_the_database(core: Core, postman: Postman) -> None:
    async with core.db.session() as session:
        await core.outbox.add(session, MailKind.TEST, ANNA, {"link": "a-secret-link"})
    async with core.db.reading() as session:
        (stored,) = (await session.execute(text("SELECT facts FROM mails"))).scalars()
    assert b"a-secret-link" not in bytes(stored)
    assert json.loads(core.outbox._vault.unseal(bytes(stored))) == {"link": "a-secret-link"}


async def test_a_mail_that_is_refused_for_now_is_tried_again_later_and_later(
    core: Core, postman: Postman
) -> None:
    postman.answers = [Delivery(Fate.LATER, "450 come back")] * 3
    async with sending(core, postman):
        await post(core)
        pauses = []
        for tries in (1, 2, 3):
            waiting = await tried(core, postman, tries)
            assert (waiting.state, waiting.tries, waiting.error) == (
                MailState.WAITING, tries, "450 come back"
            )  # fmt: skip
            assert waiting.next_at is not None
            pauses.append((waiting.next_at - core.clock.now()).total_seconds())
            go_on(core, pauses[-1] - 1)
            await asyncio.sleep(0)
            assert postman.tried == tries, "not before its time"
            go_on(core, 1)
        sent = await in_state(core, MailState.SENT)
    for pause, about in zip(pauses, (RETRY_S, 2 * RETRY_S, 4 * RETRY_S), strict=True):
        assert 0.8 * about <= pause <= 1.2 * about
    assert (sent.tries, postman.ids) == (4, [sent.message_id])


async def test_a_mail_that_is_refused_for_good_has_failed_and_says_why(core: Core, postman: Postman) -> None:
    postman.answers = [Delivery(Fate.REFUSED, "550 no such person")]
    async with sending(core, postman) as mail:
        await post(core)
        failed = await in_state(core, MailState.FAILED)
        assert (failed.error, failed.next_at, mail.problem) == ("550 no such person", None, "")
        go_on(core, 30 * 3600)
        await core.outbox.retry(failed.id, by="test")
        sent = await in_state(core, MailState.SENT)
        assert sent.message_id == failed.message_id


async def test_a_mail_is_given_up_after_the_hours_that_are_set(core: Core, postman: Postman) -> None:
    settings = core.configuration.get(MailSettings, "mail")
    await core.configuration.put(
        settings.model_copy(update={"give_up_hours": 2, "secret_set": False}), by="test"
    )
    postman.answers = [Delivery(Fate.LATER, "451 busy")] * 50
    async with sending(core, postman):
        await post(core)
        await tried(core, postman, 1)
        go_on(core, 2 * 3600 + 1)
        failed = await in_state(core, MailState.FAILED)
        assert failed.error == "given up: 451 busy"


async def test_a_mail_server_that_is_away_is_asked_once_for_all_mails_and_is_told_of(
    core: Core, postman: Postman
) -> None:
    postman.answers = [Delivery(Fate.NO_SERVER, "mail.example:587 cannot be reached")] * 2
    async with sending(core, postman) as mail:
        for number in range(5):
            await post(core, f"{number}@example.org")
        await until(lambda: postman.tried == 1, "one try")
        await until(lambda: mail.problem, "the problem is known")
        check = mail.check()
        assert check is not None
        assert (check.ok, check.for_calls) == (False, False)
        assert "cannot be reached" in check.message
        assert [one.tries for one in await core.outbox.list()] == [0] * 5, "the mails are not to blame"
        go_on(core, 1.2 * RETRY_S)
        await until(lambda: postman.tried == 2, "another try")
        go_on(core, 2.4 * RETRY_S)
        await until(lambda: len(postman.given) == 5, "all are sent")
        await until(lambda: not mail.problem, "the problem is over")


async def test_a_new_mail_server_is_tried_at_once(core: Core, postman: Postman) -> None:
    postman.answers = [Delivery(Fate.NO_SERVER, "refuses user name and password")]
    async with sending(core, postman) as mail:
        await post(core)
        await until(lambda: mail.problem, "the problem is known")
        new = MailSettings(host="mail.example", sender="pbx@example.com", username="pbx", secret="right-now")
        await core.configuration.put(new, by="test")
        await in_state(core, MailState.SENT)
        assert postman.passwords == ["hush-hush", "right-now"]


async def test_a_server_that_stops_finishes_the_mail_in_hand_and_the_next_sends_it_not_again(
    core: Core, postman: Postman
) -> None:
    postman.blocked.clear()
    async with sending(core, postman) as mail:
        await post(core)
        await until(lambda: postman.tried == 1, "it is under way")
        stopping = asyncio.ensure_future(mail.stop())
        await asyncio.sleep(0)
        postman.blocked.set()
        await stopping
    assert (await only(core)).state is MailState.SENT
    async with sending(core, postman):
        await post(core, "boris@example.org")
        await until(lambda: len(postman.given) == 2, "the other one is sent")
    assert len(set(postman.ids)) == 2


async def test_a_server_that_stops_while_nothing_moves_sends_it_the_next_time(
    core: Core, postman: Postman, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.services.mail.STOP_S", 0.05)
    postman.blocked.clear()
    async with sending(core, postman):
        await post(core)
        await until(lambda: postman.tried == 1, "it is under way")
    waiting = await only(core)
    assert (waiting.state, waiting.tries) == (MailState.WAITING, 0)
    postman.aborted = False
    async with sending(core, postman):
        sent = await in_state(core, MailState.SENT)
    assert postman.ids == [sent.message_id]


async def test_a_mail_that_could_not_be_marked_as_sent_is_not_sent_again(
    core: Core, postman: Postman, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full, say, in the moment after the mail server has taken it."""
    monkeypatch.setattr("server.services.mail.DATABASE_S", 0.01)
    real, broken = core.outbox.sent, 3

    async def sent(mail_id: int) -> None:
        nonlocal broken
        broken -= 1
        if broken >= 0:
            raise OperationalError("UPDATE", {}, Exception("disk full"))
        await real(mail_id)

    monkeypatch.setattr(core.outbox, "sent", sent)
    async with sending(core, postman):
        await post(core)
        await in_state(core, MailState.SENT)
    assert postman.tried == 1


async def test_without_a_mail_server_no_mail_is_taken(core: Core) -> None:
    assert not await post(core)
    assert await core.outbox.list() == []
    async with sending(core, Postman()) as mail:
        assert mail.check() is None


async def test_the_outbox_is_bounded(core: Core, postman: Postman, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_outbox, "MAX_WAITING", 3)
    assert [await post(core) for _ in range(4)] == [True, True, True, False]
    assert core.outbox.refused == 1
    assert len(await core.outbox.list()) == 3


async def test_a_bad_address_is_refused_before_it_costs_anything(core: Core, postman: Postman) -> None:
    for bad in ("anna", "a b@example.org", "anna@example.org\r\nBcc: x@y.z", "<a>@example.org", "a@b,c@d.e",
                "anna@-example.org", "a" * 65 + "@example.org", "änna@example.org", "anna@", "@example.org",
                '"a"@example.org', "anna@example..org", ".anna@example.org"):  # fmt: skip
        assert not await post(core, bad)
        assert address_problem(bad)
    assert not await post(core, None)
    for good in (ANNA, "a.b+c@mail.example.org", "x@localhost"):
        assert not address_problem(good)
    assert await core.outbox.list() == []


async def test_what_happens_within_a_minute_becomes_one_mail(
    core: Core, postman: Postman, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first at once, then one a minute at most; over a restart, too."""
    monkeypatch.setattr(mail_outbox, "MAX_ITEMS", 3)

    async def happen(number: int, to: str = ANNA) -> None:
        async with core.db.session() as session:
            assert await core.outbox.add_to_digest(
                session, MailKind.TEST, to, digest="queue:6400", items=[{"number": number}]
            )

    async with sending(core, postman):
        await happen(1)
        await in_state(core, MailState.SENT)
        core.clock.advance(10)
        for number in range(2, 7):
            await happen(number)
        await happen(1, "boris@example.org")
        await until(lambda: len(postman.given) == 2, "Boris has his first one at once")
    async with sending(core, postman):
        await happen(7)
        waiting = next(mail for mail in await core.outbox.list() if mail.state is MailState.WAITING)
        assert waiting.next_at == core.clock.now() + timedelta(seconds=50)
        async with core.db.reading() as session:
            row = await session.get(mail_outbox.MailRow, waiting.id)
            assert row is not None
            facts = core.outbox._open_facts(row)
        assert facts == {"items": [{"number": 2}, {"number": 3}, {"number": 4}], "more": 3}
        go_on(core, 50)
        await until(lambda: len(postman.given) == 3, "the digest is sent")


async def test_what_happens_while_a_digest_is_being_sent_is_in_the_next_one(
    core: Core, postman: Postman
) -> None:
    async def happen() -> None:
        async with core.db.session() as session:
            await core.outbox.add_to_digest(session, MailKind.TEST, ANNA, digest="queue:6400", items=[{}])

    postman.blocked.clear()
    async with sending(core, postman):
        await happen()
        await until(lambda: postman.tried == 1, "it is under way")
        await happen()
        assert len(await core.outbox.list()) == 2
        postman.blocked.set()
        await until(lambda: len(postman.given) == 1, "the first is sent")


async def test_what_follows_from_a_mail_is_done_once_it_is_sent_even_after_a_kill(
    core: Core, postman: Postman
) -> None:
    done: list[object] = []

    async def attachment(follow_up: Any) -> Attachment:
        return Attachment("message.wav", "audio/x-wav", b"RIFF" + follow_up["id"].encode())

    async def after(follow_up: Any) -> None:
        done.append(follow_up["id"])

    postman.answers = [Delivery(Fate.LATER, "450 come back")]
    async with sending(core, postman) as mail:
        mail.extras[MailKind.TEST] = Extra(attachment, after)
        await post(core, follow_up={"id": "abc"})
        await tried(core, postman, 1)
        assert done == []
        go_on(core, 2 * RETRY_S)
        await until(lambda: done == ["abc"], "it follows")
    parts = list(message_from_bytes(postman.given[0], policy=policy.SMTP).iter_attachments())
    assert [(part.get_filename(), part.get_content()) for part in parts] == [("message.wav", b"RIFFabc")]
    # A server that was killed after the mail was marked as sent leaves that to the next one.
    await post(core, follow_up={"id": "def"})
    due = await core.outbox.take_due()
    assert due is not None
    await core.outbox.sent(due.id)
    async with sending(core, postman) as mail:
        mail.extras[MailKind.TEST] = Extra(attachment, after)
        await until(lambda: done == ["abc", "def"], "it follows")
        await until(lambda: _nothing_follows(core), "it is done for good")


@pytest.mark.parametrize("what", ["attachment", "after"])
async def test_a_mistake_about_one_mail_holds_up_no_other(core: Core, postman: Postman, what: str) -> None:
    async def break_down(_follow_up: Any) -> None:
        raise AttributeError("a mistake")

    async def nothing(_follow_up: Any) -> None:
        return None

    broken = {"attachment": nothing, "after": nothing} | {what: break_down}
    async with sending(core, postman) as mail:
        mail.extras[MailKind.TEST] = Extra(broken["attachment"], broken["after"])
        await post(core, follow_up={"id": "abc"})
        await post(core, "boris@example.org")
        await until(lambda: _all_over(core), "both are sent, or have failed")
    states = {one.recipient: one.state for one in await core.outbox.list()}
    assert states["boris@example.org"] is MailState.SENT
    assert states[ANNA] is (MailState.FAILED if what == "attachment" else MailState.SENT)


async def _all_over(core: Core) -> bool:
    return (await core.outbox.counts())[MailState.WAITING] == 0 and await _nothing_follows(core)


async def _nothing_follows(core: Core) -> bool:
    return await core.outbox.to_follow_up() == []


async def test_mails_of_long_ago_are_forgotten(core: Core, postman: Postman) -> None:
    async with sending(core, postman):
        await post(core)
        await in_state(core, MailState.SENT)
    core.clock.advance(6 * 86400)
    await core.outbox.sweep()
    assert len(await core.outbox.list()) == 1
    core.clock.advance(2 * 86400)
    await core.outbox.sweep()
    assert await core.outbox.list() == []


HOSTILE = "Eve\r\nBcc: victim@example.org\r\n\r\nHello\x00\u2028\u202eevil"


def test_nothing_from_outside_begins_a_header_or_a_line() -> None:
    shown = one_line(HOSTILE)
    assert "\r" not in shown
    assert shown == "Eve Bcc: victim@example.org Hello evil"
    assert len(one_line("x" * 1000)) == MAX_LINE
    content = _letter(one_line(HOSTILE))
    message = message_from_bytes(content, policy=policy.SMTP)
    assert message["Bcc"] is None
    assert message["To"] == ANNA
    assert message["Subject"] == shown
    with pytest.raises(ValueError, match="linefeed"):
        _letter("a\r\nBcc: victim@example.org")


def _letter(subject: str) -> bytes:
    return letter(
        Text(subject, "line\n.\nafter the dot"),
        sender="pbx@example.com",
        sender_name=HOSTILE,
        recipient=ANNA,
        message_id="<1@example.com>",
        at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    )


def test_each_language_has_each_sentence_with_the_same_facts() -> None:
    """A translation that names a fact wrongly would be noticed when the mail is to be sent."""

    def facts(words: Words) -> dict[str, list[str]]:
        texts = {name.name: getattr(words, name.name) for name in fields(words)}
        plain = {name: text for name, text in texts.items() if isinstance(text, str)}
        return {name: sorted(re.findall(r"{(\w+)}", text)) for name, text in plain.items()}

    english = WORDS[MailLanguage.ENGLISH]
    for language in MailLanguage:
        assert facts(WORDS[language]) == facts(english), language
        assert set(WORDS[language].queue_ends) == set(english.queue_ends)


def test_mails_are_written_in_the_language_that_is_set() -> None:
    english = write(MailKind.TEST, {}, Style("Head office"))
    czech = write(MailKind.TEST, {}, Style("Head office", MailSettings(language="cs").language))
    assert english.subject == "Test mail from Head office"
    assert czech.subject == "Zkušební zpráva ze systému Head office"
