"""The whole server, without calls: it starts, serves and stops in good order, on both databases."""

import ssl
from collections.abc import Callable

import aiohttp
import pytest

from server.app import Application
from server.clock import SystemClock
from server.contract.auth import LoginReply
from server.contract.extensions import ExtensionCreate
from server.core import initialise, open_core
from server.data_folder import DataFolderBusy, DataFolderError, locked, read_running
from server.ports import PortTaken
from server.services.vault import make_keys
from server.settings import Settings
from tests.server.conftest import ADMIN_PASSWORD
from tests.server.idle_switch import IdleSwitch


async def _login(app: Application, user: str, password: str) -> tuple[int, str]:
    context = ssl.create_default_context(cafile=str(app.settings.certificate))
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as http,
        http.post(
            f"https://localhost:{app.http_port}/api/v1/auth/login", json={"user": user, "password": password}
        ) as response,
    ):
        return response.status, await response.text()


async def test_it_serves_on_either_database_A_4(
    database_url: str, settings_with: Callable[..., Settings]
) -> None:
    settings = settings_with(database={"url": database_url})
    await initialise(settings, SystemClock(), password=ADMIN_PASSWORD)
    switch = IdleSwitch()
    async with Application(settings, switch=switch) as app:
        created = await app.services.extensions.add(ExtensionCreate(number="1001"), by="test")
        status, text = await _login(app, "1001", created.password or "")
        assert status == 200
        reply = LoginReply.model_validate_json(text)
        assert reply.sip is not None
        assert reply.sip.udp_port == app.settings.sip.port > 0
        running = read_running(settings.data)
        assert running is not None
        assert running.http_port == app.http_port
    assert switch.closed
    assert read_running(settings.data) is None
    async with Application(settings, switch=IdleSwitch()) as app:
        assert (await _login(app, "1001", created.password or ""))[0] == 200


async def test_the_switch_learns_every_extension_at_the_start(settings_with: Callable[..., Settings]) -> None:
    settings = settings_with()
    await initialise(settings, SystemClock(), password=ADMIN_PASSWORD)
    async with open_core(settings, SystemClock()) as core:
        await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    switch = IdleSwitch()
    async with Application(settings, switch=switch):
        await switch.pushed.wait()
        assert list(switch.endpoints) == ["1001"]


async def test_two_servers_on_one_folder_are_refused(application: Application) -> None:
    with pytest.raises(DataFolderBusy, match="in use by another linkus-pbx"):
        async with Application(application.settings, switch=IdleSwitch()):
            pass


async def test_a_start_that_fails_leaves_nothing_behind(
    application: Application, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The API's port is taken: the folder is free again, and the switch was not started."""
    data = tmp_path_factory.mktemp("second")
    http = application.settings.http.model_copy(update={"port": application.http_port})
    settings = application.settings.model_copy(update={"data": data, "http": http})
    make_keys(data)
    tls = application.settings.certificate.parent
    (data / "tls").symlink_to(tls)
    switch = IdleSwitch()
    with pytest.raises(PortTaken, match=str(application.http_port)):
        async with Application(settings, switch=switch):
            pass
    assert not switch.status.up
    with locked(data):
        pass


async def test_a_database_that_is_not_there_is_said_clearly(settings_with: Callable[..., Settings]) -> None:
    url = "postgresql+psycopg://linkus:hidden@127.0.0.1:1/linkus"
    settings = settings_with(database={"url": url})
    with pytest.raises(DataFolderError, match=r"linkus:\*\*\*@127\.0\.0\.1:1/linkus cannot be used"):
        await initialise(settings, SystemClock())
