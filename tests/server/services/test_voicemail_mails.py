"""VM-1: a mail on a new message, with the sound or without, to whom, and what follows then."""

from collections.abc import AsyncIterator, Callable
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from pydantic import ValidationError

from server.contract.extensions import ExtensionChange, ExtensionCreate
from server.contract.mail import MailKind, MailSettings, MailState
from server.contract.queues import Queue
from server.contract.voicemail import GroupMailbox, VoicemailSettings
from server.core import Core
from server.services.hub import Hub
from server.services.mail import Mail
from server.services.mail_smtp import Delivery, Fate
from server.services.voicemail_mails import VoicemailMails
from server.switch.port import Party, Recorded
from tests.phones.waiting import until
from tests.server.services.test_mail import Postman, go_on, sending
from tests.server.services.test_voicemail import samples, wav

CYRIL = Party("+420530335533", "Cyril")


@pytest.fixture
async def people(core: Core) -> AsyncIterator[Core]:
    for number, email in (("1001", "anna@example.org"), ("1002", "boris@example.org"), ("1003", None)):
        await core.extensions.add(ExtensionCreate(number=number, email=email, first_name="B."), by="test")
    await core.configuration.put(MailSettings(host="mail.example", sender="pbx@example.com"), by="test")
    await core.configuration.put(Queue(number="6400", dynamic_agents=[{"extension": "1002"}]), by="test")
    shared = GroupMailbox(number="6700", members=("1001", "1003"), queues=("6400",))
    await core.configuration.put(shared, by="test")
    await core.voicemail.start(Hub())
    yield core
    await core.voicemail.stop()


@pytest.fixture
def leave(people: Core) -> Callable[[str], Recorded]:
    folder = people.settings.data / "asterisk/spool/recording/messages"
    folder.mkdir(parents=True)

    def make(name: str) -> Recorded:
        path = folder / f"{name}.wav"
        path.write_bytes(wav(samples(3.0)))
        return Recorded(path, 65.0)

    return make


def with_mails(core: Core, mail: Mail) -> None:
    mails = VoicemailMails(outbox=core.outbox, voicemail=core.voicemail)
    core.voicemail.messages.also = mails.add
    mail.extras[MailKind.VOICEMAIL] = mails.extra


def given(postman: Postman) -> list[EmailMessage]:
    found = [message_from_bytes(content, policy=policy.SMTP) for content in postman.given]
    return [one for one in found if isinstance(one, EmailMessage)]


def sounds(message: EmailMessage) -> list[bytes]:
    return [part.get_content() for part in message.iter_attachments()]


async def states(core: Core, box: str) -> list[bool]:
    return [message.heard for message in await core.voicemail.messages.list(box)]


async def all_done(core: Core) -> bool:
    counts = await core.outbox.counts()
    return counts[MailState.WAITING] == 0 and not await core.outbox.to_follow_up()


@pytest.mark.parametrize(
    ("after", "left"), [("nothing", [False]), ("mark_read", [True]), ("delete", [])]
)  # fmt: skip
async def test_a_message_goes_along_and_then_what_is_wanted_is_done_with_it_VM_1(
    people: Core, leave: Callable[[str], Recorded], after: str, left: list[bool]
) -> None:
    settings = VoicemailSettings.model_validate({"mail": "with_sound", "after_mail": after})
    await people.voicemail.change("1002", settings, by="1002")
    postman = Postman()
    postman.answers = [Delivery(Fate.LATER, "450 come back")]
    async with sending(people, postman) as mail:
        with_mails(people, mail)
        recorded = leave("one")
        sound = recorded.path.read_bytes()
        await people.voicemail.messages.add("1002", CYRIL, recorded)
        await until(lambda: postman.tried == 1, "it is tried")
        await until(lambda: people.outbox._in_hand is None, "that is written down")
        assert await states(people, "1002") == [False], "nothing follows before the mail is sent"
        go_on(people, 100)
        await until(lambda: all_done(people), "all is done")
    (message,) = given(postman)
    subject = f"New message from Cyril {CYRIL.number}"
    assert (message["To"], message["Subject"]) == ("boris@example.org", subject)
    assert sounds(message) == [sound]
    text = message.get_body()
    assert text is not None
    said = text.get_content().replace("\r\n", "\n")
    assert "left a message of 1:05 for B. 1002, at 2026-03-02 09:00:00 UTC.\nIt is attached." in said
    assert await states(people, "1002") == left


async def test_a_mail_without_the_sound_goes_to_another_address_VM_1(
    people: Core, leave: Callable[[str], Recorded]
) -> None:
    settings = VoicemailSettings.model_validate({"mail": "without_sound", "mail_to": "secretary@example.org"})
    await people.voicemail.change("1003", settings, by="1003")
    postman = Postman()
    async with sending(people, postman) as mail:
        with_mails(people, mail)
        await people.voicemail.messages.add("1003", Party(""), leave("one"))
        await people.voicemail.messages.add("1001", CYRIL, leave("two"))  # not switched on
        await until(lambda: all_done(people), "all is done")
    (message,) = given(postman)
    assert (message["To"], message["Subject"]) == ("secretary@example.org", "New message from unknown number")
    assert sounds(message) == []
    assert await states(people, "1003") == [False]


async def test_a_message_for_a_group_is_deleted_once_the_last_member_has_it_VM_1(
    people: Core, leave: Callable[[str], Recorded]
) -> None:
    settings = VoicemailSettings.model_validate({"mail": "with_sound", "after_mail": "delete"})
    await people.voicemail.change("6700", settings, by="admin")
    postman = Postman()
    postman.answers = [Delivery(Fate.DELIVERED, ""), Delivery(Fate.LATER, "450 come back")]
    async with sending(people, postman) as mail:
        with_mails(people, mail)
        await people.voicemail.messages.add("6700", CYRIL, leave("one"))
        await until(lambda: postman.tried == 2, "both are tried")
        await until(lambda: people.outbox._in_hand is None, "that is written down")
        assert await states(people, "6700") == [False]
        go_on(people, 100)
        await until(lambda: all_done(people), "all is done")
    assert [message["To"] for message in given(postman)] == ["anna@example.org", "boris@example.org"]
    assert all(len(sounds(message)) == 1 for message in given(postman))
    assert await states(people, "6700") == []


async def test_a_message_that_is_deleted_before_its_mail_is_told_of_all_the_same_VM_1(
    people: Core, leave: Callable[[str], Recorded]
) -> None:
    settings = VoicemailSettings.model_validate({"mail": "with_sound", "after_mail": "mark_read"})
    await people.voicemail.change("1002", settings, by="1002")
    postman = Postman()
    postman.answers = [Delivery(Fate.LATER, "450 come back")]
    async with sending(people, postman) as mail:
        with_mails(people, mail)
        await people.voicemail.messages.add("1002", CYRIL, leave("one"))
        await until(lambda: postman.tried == 1, "it is tried")
        await until(lambda: people.outbox._in_hand is None, "that is written down")
        await people.voicemail.messages.delete("1002", None)
        go_on(people, 100)
        await until(lambda: all_done(people), "all is done")
    (message,) = given(postman)
    assert sounds(message) == []
    said = message.get_content()
    assert "It was deleted before this mail was sent" in said
    assert "It is attached" not in said


async def test_a_message_is_kept_where_no_mail_can_be_sent_VM_1(
    people: Core, leave: Callable[[str], Recorded]
) -> None:
    settings = VoicemailSettings.model_validate({"mail": "with_sound", "after_mail": "delete"})
    await people.voicemail.change("1003", settings, by="1003")
    async with sending(people, Postman()) as mail:
        with_mails(people, mail)
        await people.voicemail.messages.add("1003", CYRIL, leave("one"))  # no address
        await people.extensions.change("1003", ExtensionChange(email="dana@example.org"), by="admin")
        await people.configuration.put(MailSettings(), by="test")
        await people.voicemail.messages.add("1003", CYRIL, leave("two"))  # no mail server
    assert await people.outbox.list() == []
    assert await states(people, "1003") == [False, False]


def test_settings_by_which_a_message_would_be_lost_or_go_nowhere_are_refused_VM_1() -> None:
    for bad in (
        {"mail": "without_sound", "after_mail": "delete"},
        {"mail_to": "nobody"},
        {"mail_to": "a@b.c\r\nBcc: d@e.f"},
        {"mail": "yes"},
        {"after_mail": "burn"},
    ):
        with pytest.raises(ValidationError):
            VoicemailSettings.model_validate(bad)
    # Settings of before this version have none of these fields.
    assert VoicemailSettings.model_validate({"enabled": True}).mail == "no"


async def test_a_mail_that_cannot_be_written_costs_no_message_VM_1(
    people: Core,
    leave: Callable[[str], Recorded],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = VoicemailSettings.model_validate({"mail": "with_sound"})
    await people.voicemail.change("1002", settings, by="1002")
    async with sending(people, Postman()) as mail:
        with_mails(people, mail)
        monkeypatch.setattr(people.outbox, "_seal", broken)
        await people.voicemail.messages.add("1002", CYRIL, leave("one"))
    assert await states(people, "1002") == [False]
    assert await people.outbox.list() == []
    assert "There is no mail about a message for 1002" in caplog.text


def broken(_facts: object) -> bytes:
    raise KeyError("a mistake of ours")
