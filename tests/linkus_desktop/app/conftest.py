"""A real server in this process, and a client with its real windows."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from linkus_desktop.app import Client
from linkus_desktop.pbx.certificate import normal
from linkus_desktop.sip.audio import Audio
from linkus_desktop.sip.audio.backend import NoSound
from linkus_desktop.store.keyring import Keyring
from server.app import Application
from server.clock import SystemClock
from server.contract.extensions import ExtensionCreate
from server.core import initialise
from server.services import certificate
from server.settings import Settings
from tests.linkus_desktop.qt_loop import emitted, new_qt_loop
from tests.server.idle_switch import IdleSwitch

PASSWORD = "anna-has-a-password-1"


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"qt": new_qt_loop}


class Server:
    """A server with 1001 Anna Berg and 1002 Otto Dorn, that can be stopped and started again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.app: Application | None = None

    async def start(self) -> None:
        app = Application(self._settings, switch=IdleSwitch())
        await app.__aenter__()
        self.app = app
        self._settings = app.settings  # the same ports next time

    async def stop(self) -> None:
        app, self.app = self.app, None
        if app is not None:
            await app.__aexit__(None, None, None)

    @property
    def services(self) -> "Application":
        assert self.app is not None
        return self.app

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.services.http_port}"

    @property
    def fingerprint(self) -> str:
        return normal(certificate.info(self._settings.certificate).fingerprint)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    local = {"host": "127.0.0.1", "port": 0}
    settings = Settings(
        data=tmp_path / "server",
        auth={"argon2": {"time_cost": 1, "memory_kib": 8}},
        http=local,
        sip=local,
        sips=local,
        rtp={"low": 0, "high": 0},
    )
    await initialise(settings, SystemClock(), password="the-first-password-1")
    running = Server(settings)
    await running.start()
    for number, first, last in (("1001", "Anna", "Berg"), ("1002", "Otto", "Dorn")):
        new = ExtensionCreate(number=number, first_name=first, last_name=last, password=PASSWORD)
        await running.services.services.extensions.add(new, by="admin")
    yield running
    await running.stop()


@pytest.fixture
async def make_client(tmp_path: Path, memory_keyring: object) -> AsyncIterator[Callable[..., Client]]:
    """Makes clients on one data folder, one after the other; the last is ended with the test."""
    made: list[Client] = []

    def make(keyring: Keyring | None = None) -> Client:
        folder = tmp_path / "client"
        folder.mkdir(exist_ok=True)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        client = Client(application, folder, keyring=keyring, audio=Audio(NoSound()))
        made.append(client)
        return client

    yield make
    for client in made:
        await finish(client)
    gc.collect()


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    return make_client()


async def finish(client: Client) -> None:
    """Quit, if it has not quit yet."""
    if not client.is_finished:
        finished = asyncio.ensure_future(emitted(client.finished))
        client.quit()
        await finished
