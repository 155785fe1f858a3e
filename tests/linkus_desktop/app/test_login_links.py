"""AUTH-2: a login link opens the client, which logs in with no typing; on a real server."""

import asyncio

import pytest
from PySide6.QtWidgets import QPushButton

from linkus_desktop.app import OTHER_CERTIFICATE, Client
from linkus_desktop.ui.password_dialog import PasswordDialog
from server.contract.mail import MailSettings
from tests.linkus_desktop.app.conftest import PASSWORD, Server
from tests.linkus_desktop.app.test_client import log_in, log_out, passwords
from tests.linkus_desktop.qt_loop import emitted

pytestmark = [pytest.mark.window, pytest.mark.qt_log_ignore("does not support raise")]


async def a_link(server: Server) -> str:
    services = server.services.services
    await services.configuration.put(MailSettings(login_local=server.address), by="test")
    return (await services.login_links.make("1001", by="test")).links[0].link


def press(client: Client) -> None:
    """The newest button: one that is to be deleted may still be there."""
    buttons = client.login_window.message.findChildren(QPushButton)
    [button for button in buttons if button.text() == "Log in"][-1].click()


async def remembered(memory_keyring: object, *, but: str = "") -> str:
    """The one password in the keyring, once it is not `but` any more."""
    async with asyncio.timeout(60):
        while not passwords(memory_keyring) or passwords(memory_keyring) == [but]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    (kept,) = passwords(memory_keyring)
    return kept


async def log_in_by(client: Client, link: str) -> None:
    client.open_link(link)
    logged_in = asyncio.ensure_future(emitted(client.logged_in))
    press(client)
    await logged_in


async def test_a_login_link_logs_in_with_no_typing_and_the_next_start_too_AUTH_2(
    client: Client, server: Server, memory_keyring: object
) -> None:
    client.start()
    link = await a_link(server)
    client.open_link(link)
    assert f"Log in to {server.address} as 1001" in client.login_window.message.text
    assert client.workplace is None, "the user decides"
    logged_in = asyncio.ensure_future(emitted(client.logged_in))
    press(client)
    await logged_in
    workplace = client.workplace
    assert workplace is not None
    assert workplace.session.me.user == "1001"
    assert client.known_servers.fingerprint("127.0.0.1", server.services.http_port) == server.fingerprint
    assert "choose one of your own" in workplace.window.message.text
    kept = await remembered(memory_keyring)
    assert kept != PASSWORD
    await log_out(client)
    client.login_window.fill(lan=server.address, user="1001", password=kept)
    again = asyncio.ensure_future(emitted(client.logged_in))
    client.login_window.submit()
    await again


async def test_who_came_by_a_link_chooses_a_password_without_knowing_the_old_one_AUTH_2(
    client: Client, server: Server, memory_keyring: object
) -> None:
    client.start()
    await log_in_by(client, await a_link(server))
    assert client.workplace is not None
    window = client.workplace.window
    (choose,) = [b for b in window.message.findChildren(QPushButton) if b.text() == "Choose a password"]
    choose.click()
    (dialog,) = window.findChildren(PasswordDialog)
    assert dialog.old.isHidden()
    made = await remembered(memory_keyring)
    dialog.new.edit.setText("a-word-of-my-own-9")
    dialog.again.edit.setText("a-word-of-my-own-9")
    dialog.submit()
    assert await remembered(memory_keyring, but=made) == "a-word-of-my-own-9"
    dialog.close()


async def test_a_link_works_once_and_says_so_AUTH_2(client: Client, server: Server) -> None:
    client.start()
    link = await a_link(server)
    await log_in_by(client, link)
    client.open_link(link)
    assert client.workplace is not None
    assert "logged in already" in client.workplace.window.message.text
    await log_out(client)
    client.open_link(link)
    over = asyncio.ensure_future(emitted(client.attempt_over))
    press(client)
    await over
    assert "used already" in client.login_window.message.text
    assert client.workplace is None


async def test_a_server_with_another_certificate_than_the_link_says_gets_nothing_AUTH_2(
    client: Client, server: Server
) -> None:
    client.start()
    link = await a_link(server)
    wrong = link.partition("&fingerprint=")[0] + "&fingerprint=" + "ab" * 32
    client.open_link(wrong)
    over = asyncio.ensure_future(emitted(client.attempt_over))
    press(client)
    await over
    assert client.login_window.message.text == OTHER_CERTIFICATE
    await log_in_by(client, link)  # it was not used up


async def test_a_changed_password_is_what_is_remembered_AUTH_4(
    client: Client, server: Server, memory_keyring: object
) -> None:
    client.start()
    workplace = await log_in(client, server)
    workplace.window.change_password()
    (dialog,) = workplace.window.findChildren(PasswordDialog)
    assert not dialog.old.isHidden()
    assert await remembered(memory_keyring) == PASSWORD
    dialog.old.edit.setText(PASSWORD)
    dialog.new.edit.setText("another-word-9")
    dialog.again.edit.setText("another-word-9")
    dialog.submit()
    assert await remembered(memory_keyring, but=PASSWORD) == "another-word-9"
    dialog.close()
