"""A, "must hold": each way a login fails, in the real window against a real server.

The window says what happened and what to do, keeps what was typed, and the next try works.
"""

import asyncio

import pytest

from linkus_desktop.app import Client
from linkus_desktop.ui.preferences.workspace import PreferencesWorkspace
from server.contract.extensions import ExtensionChange
from tests.linkus_desktop.app.conftest import PASSWORD, Server
from tests.linkus_desktop.app.test_client import log_in, log_out
from tests.linkus_desktop.qt_loop import emitted

pytestmark = [pytest.mark.window, pytest.mark.qt_log_ignore("does not support raise")]

OTHER = ":".join(["AB"] * 32)


@pytest.fixture
async def nobody() -> str:
    """An address on which nothing listens."""
    listener = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    listener.close()
    await listener.wait_closed()
    return f"127.0.0.1:{port}"


def know(client: Client, server: Server) -> None:
    """The certificate was agreed to before."""
    client.known_servers.remember("127.0.0.1", server.services.http_port, server.fingerprint)


async def fail(client: Client, lan: str, *, wan: str = "", password: str = PASSWORD) -> str:
    """Log in as a person does; gives what the window says then."""
    window = client.login_window
    over = asyncio.ensure_future(emitted(client.attempt_over))
    window.fill(lan=lan, wan=wan, user="1001", password=password)
    window.log_in.click()
    await over
    assert window.isVisible()
    assert window.message.isVisible()
    assert window.log_in.text() == "Log in", "ready for the next try"
    assert (window.user.text, window.password.text) == ("1001", password), "nothing typed is lost"
    assert client.workplace is None
    return window.message.text


async def test_a_wrong_password_AUTH_6(client: Client, server: Server) -> None:
    client.start()
    know(client, server)
    text = await fail(client, server.address, password="not the right one")
    assert "user or the password is wrong" in text
    assert "Check both" in text
    assert client.login_window.focusWidget() is client.login_window.password.edit
    await log_in(client, server)


async def test_a_locked_account_AUTH_6(client: Client, server: Server) -> None:
    client.start()
    know(client, server)
    for _ in range(server.services.settings.auth.tries):
        await fail(client, server.address, password="not the right one")
    text = await fail(client, server.address)
    assert "locked after too many wrong passwords" in text
    assert "Try again in " in text
    assert "ask your administrator to unlock it" in text
    await server.services.services.extensions.unlock("1001", by="admin")
    await log_in(client, server)


async def test_a_changed_certificate_AUTH_1(client: Client, server: Server) -> None:
    client.start()
    client.known_servers.remember("127.0.0.1", server.services.http_port, OTHER)
    text = await fail(client, server.address)
    assert f"The certificate of {server.address} has changed" in text
    assert "nothing was sent" in text
    assert server.fingerprint in text
    assert "Ask your administrator" in text
    window = client.login_window
    forget = window.message._buttons.itemAt(0).widget()
    assert forget.text() == "Forget the old certificate"
    forget.click()
    over = asyncio.ensure_future(emitted(client.attempt_over))
    window.log_in.click()
    await over
    assert window.certificate.isVisible(), "the new one is asked about as any that is not known"
    logged_in = asyncio.ensure_future(emitted(client.logged_in))
    window.certificate.accept_button.click()
    await logged_in


async def test_an_unreachable_server_AUTH_1(client: Client, server: Server) -> None:
    client.start()
    know(client, server)
    address = server.address
    await server.stop()
    text = await fail(client, address)
    assert "cannot be reached" in text
    assert f"{address}: It is there, but nothing listens" in text
    assert "Check the address and your network connection" in text
    assert client.login_window.focusWidget() is client.login_window.server.server.edit
    await server.start()
    await log_in(client, server)


async def test_both_addresses_unreachable_names_both_AUTH_1(client: Client, nobody: str) -> None:
    client.start()
    text = await fail(client, nobody, wan="pbx.invalid:8111")
    assert nobody in text
    assert "pbx.invalid: There is no computer of that name" in text


async def test_a_dead_lan_address_and_a_living_wan_address_log_in_AUTH_1(
    client: Client, server: Server, nobody: str
) -> None:
    """The window goes on by itself, and tells which address it is."""
    client.start()
    know(client, server)
    logged_in = asyncio.ensure_future(emitted(client.logged_in))
    client.login_window.fill(lan=nobody, wan=server.address, user="1001", password=PASSWORD)
    client.login_window.log_in.click()
    await logged_in
    assert client.workplace is not None
    window = client.workplace.window
    window.open_room("preferences")
    room = window.stack.currentWidget()
    assert isinstance(room, PreferencesWorkspace)
    assert room.account.server.text() == server.address
    await log_out(client)


async def test_a_client_that_is_not_allowed_AUTH_2(client: Client, server: Server) -> None:
    client.start()
    know(client, server)
    extensions = server.services.services.extensions
    await extensions.change("1001", ExtensionChange(client_enabled=False), by="admin")
    text = await fail(client, server.address)
    assert "not allowed to use the desktop client" in text
    assert "Ask your administrator to enable it" in text
    await extensions.change("1001", ExtensionChange(client_enabled=True), by="admin")
    await log_in(client, server)


async def test_something_else_than_a_server_of_ours_AUTH_1(client: Client) -> None:
    """A typing mistake in the port leads to another program's socket."""
    stranger = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    client.start()
    text = await fail(client, f"127.0.0.1:{stranger.sockets[0].getsockname()[1]}")
    assert "cannot be reached" in text
    assert "Check the address" in text
    stranger.close()
    await stranger.wait_closed()
