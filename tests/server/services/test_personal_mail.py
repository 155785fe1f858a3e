"""Mails about oneself: the password was changed, calls were missed (AUTH-5, LOG-3)."""

from datetime import timedelta

import pytest

from server.contract.auth import LoginRequest, PasswordChange
from server.contract.extensions import ExtensionChange, ExtensionCreate
from server.contract.mail import MailKind, MailPreferences, MailSettings
from server.core import Core
from server.db.models import MailRow
from server.rules.outcomes import Ending
from server.services.accounts import LOCAL, Who
from server.services.call_log_store import Call, CallStore
from server.services.errors import ServiceError
from server.services.mail_letters import Style, Text, write
from server.switch.port import Party

OLD, NEW = "correct-horse-battery", "another-good-word-7"


@pytest.fixture
async def people(core: Core) -> Core:
    """1001 Anna and 1002 Boris with addresses, 1003 without; and a mail server."""
    for number, email in (("1001", "anna@example.org"), ("1002", "boris@example.org"), ("1003", None)):
        await core.extensions.add(ExtensionCreate(number=number, email=email, password=OLD), by="test")
    await core.configuration.put(MailSettings(host="mail.example", sender="pbx@example.com"), by="test")
    return core


async def waiting(core: Core) -> list[tuple[str, Text]]:
    """Recipient and text of each mail, the oldest first."""
    found = []
    for mail in reversed(await core.outbox.list()):
        async with core.db.reading() as session:
            row = await session.get(MailRow, mail.id)
        assert row is not None
        found.append((mail.recipient, write(mail.kind, core.outbox._open_facts(row), Style("Head office"))))
    return found


async def who(core: Core, number: str) -> Who:
    reply = await core.auth.login(LoginRequest(user=number, password=OLD), address="192.0.2.1")
    return await core.auth.authenticate(reply.access_token)


async def test_who_changes_the_password_is_told_by_mail_and_never_the_password_AUTH_5(people: Core) -> None:
    anna = await who(people, "1001")
    change = PasswordChange(old_password=OLD, new_password=NEW)
    await people.auth.change_password(anna, change, address="192.0.2.7")
    ((to, mail),) = await waiting(people)
    assert (to, mail.subject) == ("anna@example.org", "Your password was changed")
    assert "extension 1001 was changed at 2026-03-02 09:00:00 UTC by 1001, from 192.0.2.7" in mail.body
    assert OLD not in mail.body
    assert NEW not in mail.body


async def test_a_change_that_is_refused_is_not_told_of_AUTH_5(people: Core) -> None:
    anna = await who(people, "1001")
    for change in (
        PasswordChange(old_password="wrong", new_password=NEW),
        PasswordChange(old_password=OLD, new_password=OLD),
    ):
        with pytest.raises(ServiceError):
            await people.auth.change_password(anna, change, address="192.0.2.7")
    assert await waiting(people) == []


async def test_an_administrator_who_changes_password_and_address_does_so_under_the_owners_eyes_AUTH_5(
    people: Core,
) -> None:
    change = ExtensionChange(password=NEW, email="thief@example.org")
    await people.extensions.change("1001", change, by="admin", address="192.0.2.9")
    ((to, mail),) = await waiting(people)
    assert (to, "by admin, from 192.0.2.9" in mail.body) == ("anna@example.org", True)
    await people.extensions.change("1001", ExtensionChange(first_name="Anna"), by="admin")
    assert len(await waiting(people)) == 1, "the password is as it was"


async def test_the_mail_about_the_password_can_be_switched_off_LOG_3(people: Core) -> None:
    expected = MailPreferences(password_changed=True, missed_calls=False, mail_server=True)
    assert await people.personal_mail.get("1001") == expected
    await people.personal_mail.change("1001", MailPreferences(password_changed=False), by="1001")
    for number in ("1001", "1003"):  # switched off; no address
        await people.extensions.change(number, ExtensionChange(password=NEW), by="admin")
    assert await waiting(people) == []
    with pytest.raises(ServiceError, match="no extension 1099"):
        await people.personal_mail.get("1099")
    with pytest.raises(ServiceError, match="no extension 1099"):
        await people.personal_mail.change("1099", MailPreferences(), by=LOCAL.user)


def call(core: Core, number: str, ending: Ending | None, *, callee: str = "1002") -> Call:
    now = core.clock.now()
    return Call(
        id=f"call-{number}",
        caller=Party(number, "Cyril"),
        dialled=callee,
        callee=callee,
        callee_name="Boris",
        started_at=now,
        caller_leg=f"leg-{number}",
        bridge_id=f"bridge-{number}",
        answered_at=now if ending is Ending.ANSWERED else None,
        ending=ending,
        ended_at=now + timedelta(seconds=9) if ending else None,
        caller_trunk="main",
    )


async def test_calls_that_were_missed_are_told_of_once_and_only_if_wanted_LOG_3(people: Core) -> None:
    await people.personal_mail.change("1002", MailPreferences(missed_calls=True), by="1002")
    store = CallStore(people.db, people.personal_mail.calls_missed)
    await store.save([call(people, "+4201", None)])
    assert await waiting(people) == [], "it still rings"
    missed = [call(people, "+4201", Ending.CALLER_GAVE_UP), call(people, "+4202", Ending.BUSY)]
    answered = [call(people, "+4203", Ending.ANSWERED), call(people, "+4204", Ending.DECLINED)]
    await store.save([*missed, *answered, call(people, "+4205", Ending.NO_ANSWER, callee="1001")])
    await store.save(missed)  # a write that is repeated
    ((to, mail),) = await waiting(people)
    assert (to, mail.subject) == ("boris@example.org", "Extension 1002: 2 missed")
    lines = mail.body.splitlines()[:2]
    assert lines == ["2026-03-02 09:00:00 UTC  Cyril +4201", "2026-03-02 09:00:00 UTC  Cyril +4202"]
    await store.save([call(people, "+4206", Ending.NO_ANSWER)])
    assert [text.subject for _, text in await waiting(people)] == ["Extension 1002: 3 missed"]


async def test_nobody_is_told_of_own_calls_or_without_a_mail_server_LOG_3(people: Core) -> None:
    for number in ("1001", "1002", "1003"):
        await people.personal_mail.change(number, MailPreferences(missed_calls=True), by=number)
    store = CallStore(people.db, people.personal_mail.calls_missed)
    await store.save([call(people, "+4201", Ending.NO_ANSWER, callee="1003")])
    await people.extensions.change("1002", ExtensionChange(enabled=False), by="admin")
    await store.save([call(people, "+4202", Ending.NO_ANSWER)])
    await people.configuration.put(MailSettings(), by="test")
    await store.save([call(people, "+4203", Ending.NO_ANSWER, callee="1001")])
    assert await waiting(people) == []


async def test_preferences_go_with_their_extension(people: Core) -> None:
    await people.personal_mail.change("1002", MailPreferences(missed_calls=True), by="1002")
    await people.extensions.remove("1002", by="admin")
    await people.extensions.add(ExtensionCreate(number="1002", email="dana@example.org"), by="test")
    assert not (await people.personal_mail.get("1002")).missed_calls
    assert MailKind.CALLS_MISSED not in [mail.kind for mail in await people.outbox.list()]


async def test_a_mail_that_cannot_be_written_costs_no_call_of_the_log_and_no_password_LOG_3(
    people: Core, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Else the log would try the same for ever, and nothing more be written."""
    await people.personal_mail.change("1002", MailPreferences(missed_calls=True), by="1002")

    def broken(_facts: object) -> bytes:
        raise KeyError("a mistake of ours")

    monkeypatch.setattr(people.outbox, "_seal", broken)
    store = CallStore(people.db, people.personal_mail.calls_missed)
    await store.save([call(people, "+4201", Ending.NO_ANSWER)])
    assert len(await store.entries("1002")) == 1
    await people.extensions.change("1002", ExtensionChange(password=NEW), by="admin")
    login = LoginRequest(user="1002", password=NEW)
    assert (await people.auth.login(login, address="192.0.2.1")).me.user == "1002"
    assert await people.outbox.list() == []
    assert "no mail about missed calls" in caplog.text
    assert "no mail about the password of 1002" in caplog.text
