"""AUTH-1, 4, 7, 8: the whole client, from its login window to its main window and back, on a real server."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from linkus_desktop.app import Client
from linkus_desktop.pbx.errors import CertificateUnknown
from linkus_desktop.pbx.states import ConnectionState
from linkus_desktop.pbx.tasks import running
from linkus_desktop.store.keyring import Keyring, KeyringError
from linkus_desktop.workplace import Workplace
from server.contract.extensions import ExtensionChange
from tests.linkus_desktop.app.conftest import PASSWORD, Server, finish
from tests.linkus_desktop.qt_loop import emitted, until

pytestmark = pytest.mark.window


def type_in(client: Client, server: Server, password: str = PASSWORD, user: str = "1001") -> None:
    client.login_window.fill(lan=server.address, user=user, password=password)


async def log_in(client: Client, server: Server) -> Workplace:
    """Log in as a person does who knows the certificate already."""
    client.known_servers.remember("127.0.0.1", server.services.http_port, server.fingerprint)
    logged_in = asyncio.ensure_future(emitted(client.logged_in))
    type_in(client, server)
    client.login_window.submit()
    await logged_in
    assert client.workplace is not None
    return client.workplace


async def log_out(client: Client) -> None:
    out = asyncio.ensure_future(emitted(client.logged_out))
    assert client.workplace is not None
    client.workplace.log_out_requested.emit()
    await out


def passwords(memory_keyring: object) -> list[str]:
    return list(memory_keyring.passwords.values())  # type: ignore[attr-defined]


async def test_first_login_asks_about_the_certificate_then_shows_the_main_window_AUTH_1(
    client: Client, server: Server
) -> None:
    client.start()
    type_in(client, server)
    client.login_window.submit()
    asked = client.login_window.certificate
    await until(lambda: not asked.isHidden(), *attempts(client))
    assert client.known_servers.fingerprint("127.0.0.1", server.services.http_port) is None
    logged_in = asyncio.ensure_future(emitted(client.logged_in))
    asked.accept_button.click()
    await logged_in
    assert client.workplace is not None
    assert client.workplace.window.isVisible()
    assert client.login_window.isHidden()
    assert client.login_window.password.text == ""
    assert client.known_servers.fingerprint("127.0.0.1", server.services.http_port) == server.fingerprint
    assert client.workplace.session.fingerprint == server.fingerprint, "the phone must meet the same one"


async def test_an_answer_in_the_moment_of_the_question_is_not_lost_AUTH_1(
    client: Client, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The window would say that it logs in, and wait for ever."""
    client.start()
    type_in(client, server)
    window = client.login_window
    ask = window.ask_fingerprint

    def ask_and_be_answered(unknown: CertificateUnknown) -> None:
        ask(unknown)
        window.certificate.accept_button.click()

    monkeypatch.setattr(window, "ask_fingerprint", ask_and_be_answered)
    logged_in = asyncio.ensure_future(emitted(client.logged_in))
    window.submit()
    await logged_in
    assert client.workplace is not None


async def test_the_main_window_shows_the_colleagues_A_8(client: Client, server: Server) -> None:
    client.start()
    workplace = await log_in(client, server)
    await until(lambda: workplace.colleagues.known, workplace.colleagues.known_changed)
    state = workplace.colleagues.state("1002")
    assert state is not None
    assert state.name == "Otto Dorn"


async def test_log_out_shows_the_login_window_and_ends_the_session_AUTH_4(
    client: Client, server: Server
) -> None:
    client.start()
    workplace = await log_in(client, server)
    header = workplace.session._line.authorization
    await log_out(client)
    assert client.login_window.isVisible()
    assert client.workplace is None
    from server.services.errors import AuthError

    with pytest.raises(AuthError):
        await server.services.services.auth.authenticate(header["Authorization"].removeprefix("Bearer "))


async def test_a_picture_on_its_way_is_not_waited_for_after_logging_out(
    client: Client, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.start()
    workplace = await log_in(client, server)
    monkeypatch.setattr(workplace.avatars, "_fetch", lambda _: asyncio.Event().wait())
    workplace.avatars.of("1002", "a hash")
    await log_out(client)
    assert not [task for task in running() if task.get_name().startswith("avatar")]


async def test_one_may_log_in_again_after_logging_out(client: Client, server: Server) -> None:
    client.start()
    await log_in(client, server)
    await log_out(client)
    workplace = await log_in(client, server)
    await until(lambda: workplace.colleagues.known, workplace.colleagues.known_changed)


async def test_a_wrong_password_is_told_in_the_login_window_AUTH_6(client: Client, server: Server) -> None:
    client.start()
    client.known_servers.remember("127.0.0.1", server.services.http_port, server.fingerprint)
    type_in(client, server, password="not the right one")
    client.login_window.submit()
    await until(lambda: not client.login_window.message.isHidden(), *attempts(client))
    assert "password is wrong" in client.login_window.message.text
    assert client.workplace is None
    await log_in(client, server)


async def test_a_cancelled_login_leaves_the_form_as_it_was(client: Client, server: Server) -> None:
    client.start()
    type_in(client, server)
    client.login_window.submit()
    client.login_window.cancelled.emit()
    await until(lambda: client.attempting is False, *attempts(client))
    assert client.workplace is None
    assert client.login_window.user.text == "1001"


async def test_the_password_is_in_the_keyring_and_in_no_file_AUTH_4(
    client: Client, server: Server, memory_keyring: object, tmp_path: Path
) -> None:
    client.start()
    client.login_window.remember.remember.setChecked(True)
    await log_in(client, server)
    await finish(client)
    assert passwords(memory_keyring) == [PASSWORD]
    files = [path for path in (tmp_path / "client").rglob("*") if path.is_file()]
    assert files
    assert not any(PASSWORD.encode() in path.read_bytes() for path in files)


async def test_not_to_be_remembered_is_not_AUTH_4(
    client: Client, server: Server, memory_keyring: object
) -> None:
    client.start()
    client.login_window.remember.remember.setChecked(True)
    await log_in(client, server)
    await log_out(client)
    client.login_window.remember.remember.setChecked(False)
    await log_in(client, server)
    await finish(client)
    assert passwords(memory_keyring) == []


async def test_the_next_start_logs_in_by_itself_AUTH_4(
    make_client: Callable[..., Client], server: Server
) -> None:
    first = make_client()
    first.start()
    first.login_window.remember.auto_login.setChecked(True)
    await log_in(first, server)
    await finish(first)
    second = make_client()
    second.start()
    await emitted(second.logged_in)
    assert second.workplace is not None
    await log_out(second)
    await finish(second)
    third = make_client()
    third.start()
    await until(lambda: third.login_window.password.text == PASSWORD, third.prepared)
    assert third.workplace is None, "after a log-out the user decides"


async def test_without_a_keyring_the_window_says_so_and_login_works_AUTH_4(
    make_client: Callable[..., Client], server: Server
) -> None:
    def nothing() -> None:
        raise KeyringError("There is no keyring here.")

    client = make_client(Keyring(nothing))  # type: ignore[arg-type]
    client.start()
    await emitted(client.prepared)
    box = client.login_window.remember.remember
    assert not box.isChecked()
    assert box.toolTip() == "There is no keyring here."
    await log_in(client, server)


async def test_a_revoked_extension_is_out_at_once_and_told_AUTH_7(client: Client, server: Server) -> None:
    client.start()
    workplace = await log_in(client, server)
    await until(lambda: workplace.colleagues.known, workplace.colleagues.known_changed)
    out = asyncio.ensure_future(emitted(client.logged_out))
    await server.services.services.extensions.change("1001", ExtensionChange(enabled=False), by="admin")
    await out
    assert client.login_window.isVisible()
    assert "Log in again" in client.login_window.message.text


async def test_a_restarted_server_is_found_again_AUTH_8(client: Client, server: Server) -> None:
    client.start()
    workplace = await log_in(client, server)
    session = workplace.session
    await until(lambda: workplace.colleagues.known, workplace.colleagues.known_changed)
    lost = asyncio.ensure_future(
        emitted(session.connection_changed, lambda state, _: state is ConnectionState.OFFLINE)
    )
    await server.stop()
    await lost
    assert not workplace.colleagues.known
    await server.start()
    await until(lambda: workplace.colleagues.known, workplace.colleagues.known_changed)
    assert client.workplace is workplace


def attempts(client: Client) -> list[object]:
    return [client.attempt_over]
