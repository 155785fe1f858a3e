"""AUTH-2: login links work once, for 24 hours, and only for who may log in."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from server.contract.auth import LoginRequest
from server.contract.errors import ErrorCode
from server.contract.extensions import ExtensionChange, ExtensionCreate
from server.contract.login_links import LinkLogin, LoginLinks, Network
from server.contract.mail import MailKind, MailSettings
from server.core import Core
from server.db.models import MailRow
from server.services import certificate
from server.services.errors import AuthError, ServiceError
from server.services.mail_letters import Style, write

PASSWORD = "correct-horse-battery"
HERE = "192.0.2.1"


@pytest.fixture
async def people(core: Core) -> Core:
    for number, email in (("1001", "anna@example.org"), ("1002", None)):
        new = ExtensionCreate(number=number, first_name="Anna", email=email, password=PASSWORD)
        await core.extensions.add(new, by="test")
    settings = MailSettings(login_local="192.168.1.5", login_public="pbx.example.com:8222")
    await core.configuration.put(settings, by="test")
    return core


def token(links: LoginLinks) -> str:
    return parse_qs(urlsplit(links.links[0].link).query)["token"][0]


async def use(core: Core, links: LoginLinks, address: str = HERE):
    return await core.auth.login_by_link(LinkLogin(token=token(links)), address=address)


async def refused(work) -> ServiceError:
    with pytest.raises(ServiceError) as error:
        await work
    return error.value


async def test_a_link_for_each_network_says_where_who_and_which_certificate_AUTH_2(people: Core) -> None:
    made = await people.login_links.make("1001", by="admin")
    assert [link.network for link in made.links] == [Network.LOCAL, Network.PUBLIC]
    assert (made.expires_at - people.clock.now()).total_seconds() == 86400
    parts = [parse_qs(urlsplit(link.link).query) for link in made.links]
    assert [part["server"] for part in parts] == [["192.168.1.5"], ["pbx.example.com:8222"]]
    expected = certificate.info(people.settings.certificate).fingerprint
    for part in parts:
        assert (part["user"], part["fingerprint"], part["token"]) == (["1001"], [expected], [token(made)])
    async with people.db.reading() as session:
        stored = str((await session.execute(text("SELECT * FROM login_links"))).all())
    assert token(made) not in stored
    assert token(made) not in repr(made)
    assert token(made) not in str(await people.audit.list())


async def test_a_link_logs_in_once_and_gives_a_new_password_AUTH_2(people: Core) -> None:
    old = await people.auth.login(LoginRequest(user="1001", password=PASSWORD), address=HERE)
    made = await people.login_links.make("1001", by="admin")
    reply = await use(people, made)
    assert (reply.me.user, reply.sip.username) == ("1001", "1001")
    assert (await people.auth.authenticate(reply.access_token)).number == "1001"
    assert reply.password not in repr(reply)
    with pytest.raises(AuthError):
        await people.auth.authenticate(old.access_token)
    for password, right in ((reply.password, True), (PASSWORD, False)):
        work = people.auth.login(LoginRequest(user="1001", password=password), address=HERE)
        assert (await work).me.user == "1001" if right else await refused(work)
    again = await refused(use(people, made))
    assert (again.code, "used already" in again.message) == (ErrorCode.BAD_CREDENTIALS, True)
    assert "password.link" in [entry.action for entry in await people.audit.list()]


async def test_two_who_use_it_in_the_same_moment_are_not_both_let_in_AUTH_2(people: Core) -> None:
    made = await people.login_links.make("1001", by="admin")
    found = await asyncio.gather(use(people, made), use(people, made), return_exceptions=True)
    assert sorted(isinstance(one, AuthError) for one in found) == [False, True]


async def test_a_link_is_of_no_use_after_24_hours_or_after_another_one_AUTH_2(people: Core) -> None:
    first = await people.login_links.make("1001", by="admin")
    second = await people.login_links.make("1001", by="admin")
    assert (await refused(use(people, first))).code is ErrorCode.BAD_CREDENTIALS
    people.clock.advance(86400)
    assert (await refused(use(people, second))).code is ErrorCode.BAD_CREDENTIALS
    await people.login_links.sweep()
    async with people.db.reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM login_links"))).scalar() == 0


async def test_who_may_not_log_in_gets_no_link_and_one_of_before_waits_AUTH_2(people: Core) -> None:
    made = await people.login_links.make("1001", by="admin")
    for change, code in (
        (ExtensionChange(client_enabled=False), ErrorCode.CLIENT_DISABLED),
        (ExtensionChange(client_enabled=True, enabled=False), ErrorCode.FORBIDDEN),
    ):
        await people.extensions.change("1001", change, by="admin")
        assert (await refused(use(people, made))).code is code
        assert (await refused(people.login_links.make("1001", by="admin"))).code is ErrorCode.CONFLICT
    await people.extensions.change("1001", ExtensionChange(enabled=True), by="admin")
    assert (await use(people, made)).me.user == "1001"


async def test_guessing_is_limited_and_a_lock_is_lifted_by_a_link_AUTH_2(people: Core) -> None:
    for _ in range(people.settings.auth.tries):
        await refused(people.auth.login(LoginRequest(user="1001", password="wrong-1"), address="192.0.2.9"))
    made = await people.login_links.make("1001", by="admin")
    reply = await use(people, made)
    login = LoginRequest(user="1001", password=reply.password)
    assert (await people.auth.login(login, address="192.0.2.8")).me.user == "1001"
    guesser = "192.0.2.66"
    codes = []
    for guess in range(people.settings.auth.address_tries + 1):
        work = people.auth.login_by_link(LinkLogin(token=f"{guess:020}"), address=guesser)
        codes.append((await refused(work)).code)
    assert set(codes[:-1]) == {ErrorCode.BAD_CREDENTIALS}
    assert codes[-1] is ErrorCode.RATE_LIMITED


async def test_a_link_of_a_removed_extension_is_gone_AUTH_2(people: Core) -> None:
    made = await people.login_links.make("1002", by="admin")
    await people.extensions.remove("1002", by="admin")
    assert (await refused(use(people, made))).code is ErrorCode.BAD_CREDENTIALS
    assert (await refused(people.login_links.make("1002", by="admin"))).code is ErrorCode.NOT_FOUND


async def test_a_welcome_mail_has_both_links_AUTH_2(people: Core) -> None:
    no_server = await refused(people.login_links.send("1001", by="admin"))
    assert (no_server.code, "mail server" in no_server.message) == (ErrorCode.CONFLICT, True)
    settings = people.configuration.get(MailSettings, "mail")
    with_mail = settings.model_copy(update={"host": "mail.example", "sender": "pbx@example.com"})
    await people.configuration.put(with_mail, by="test")
    no_address = await refused(people.login_links.send("1002", by="admin"))
    assert "no e-mail address" in no_address.message
    sent = await people.login_links.send("1001", by="admin")
    assert sent.to == "anna@example.org"
    (mail,) = await people.outbox.list()
    assert mail.kind is MailKind.WELCOME
    async with people.db.reading() as session:
        row = await session.get(MailRow, mail.id)
    assert row is not None
    assert b"linkus" not in (row.facts or b"")
    facts = people.outbox._open_facts(row)
    text_of = write(MailKind.WELCOME, facts, Style("Head office"))
    assert text_of.subject == "Log in to Head office"
    lines = text_of.body.splitlines()
    assert lines[0] == "Hello Anna,"
    assert lines[lines.index("In the company's network:") + 1].startswith(
        "linkus://login?server=192.168.1.5&"
    )
    assert lines[lines.index("Anywhere else:") + 1].startswith(
        "linkus://login?server=pbx.example.com%3A8222&"
    )
    assert "until 2026-03-03 09:00:00 UTC" in text_of.body


async def test_without_an_address_of_the_server_there_is_no_link_AUTH_2(people: Core) -> None:
    await people.configuration.put(MailSettings(), by="test")
    error = await refused(people.login_links.make("1001", by="admin"))
    assert (error.code, "login_local" in error.message) == (ErrorCode.CONFLICT, True)
