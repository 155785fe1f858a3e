"""Settings, databases, cores and running applications for the server's tests."""

import asyncio
import functools
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.app import Application
from server.core import Core, initialise, open_core
from server.services import certificate
from server.settings import AuthSettings, DatabaseSettings, Settings
from tests.server import postgresql
from tests.server.idle_switch import IdleSwitch

ADMIN_PASSWORD = "the-first-password-1"
CHEAP = {"time_cost": 1, "memory_kib": 8}
"""An Argon2 cost that tests can afford."""


class SettableClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture(scope="session")
def postgresql_socket() -> Iterator[Path]:
    with postgresql.running() as socket:
        yield socket


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Each test that needs a database of either kind runs on SQLite and on PostgreSQL."""
    kind: str = request.param
    return kind


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if database_kind == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'linkus.db'}"
    return postgresql.new_database(request.getfixturevalue("postgresql_socket"))


@pytest.fixture(scope="session")
def tls_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and its key, made once: an RSA key takes its time."""
    folder = tmp_path_factory.mktemp("tls")
    certificate.make(
        folder / "certificate.pem",
        folder / "key.pem",
        hosts=["localhost", "127.0.0.1"],
        now=datetime.now(UTC),
    )
    return folder


@dataclass(frozen=True)
class Template:
    """An initialised data folder and its database, to be copied: migrations take their time."""

    data: Path
    database: str


Templates = Callable[[str], Template]


@pytest.fixture(scope="session")
def templates(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tls_folder: Path
) -> Templates:
    """The template of each kind of database, made when it is first asked for."""

    @functools.cache
    def make(kind: str) -> Template:
        data = tmp_path_factory.mktemp("template") / "data"
        shutil.copytree(tls_folder, data / "tls")
        database = ""
        if kind == "postgresql":
            database = postgresql.new_database(request.getfixturevalue("postgresql_socket"))
        settings = Settings(
            data=data, auth=AuthSettings(argon2=CHEAP), database=DatabaseSettings(url=database)
        )
        with ThreadPoolExecutor(1) as own_loop:
            own_loop.submit(
                asyncio.run, initialise(settings, SettableClock(), password=ADMIN_PASSWORD)
            ).result()
        return Template(data, database)

    return make


@pytest.fixture
def settings_with(tmp_path: Path, tls_folder: Path) -> Callable[..., Settings]:
    """Settings of a data folder that has its certificate only, with free ports; sections as keywords."""
    shutil.copytree(tls_folder, tmp_path / "data" / "tls")

    def make(**sections: Any) -> Settings:
        auth = {"argon2": CHEAP} | sections.pop("auth", {})
        local = {"host": "127.0.0.1", "port": 0}
        given = {"http": local, "sip": local, "sips": local, "rtp": {"low": 0, "high": 0}} | sections
        return Settings(data=tmp_path / "data", auth=auth, **given)

    return make


@pytest.fixture(scope="session")
def used_copies() -> list[str]:
    """URLs of copies of PostgreSQL's template that no test uses any more."""
    return []


@pytest.fixture
async def core(
    database_kind: str,
    templates: Templates,
    used_copies: list[str],
    settings_with: Callable[..., Settings],
    clock: SettableClock,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Core]:
    """Everything that needs no switch, on a fresh initialised database of either kind."""
    template = templates(database_kind)
    url = ""
    if database_kind == "postgresql":
        socket = request.getfixturevalue("postgresql_socket")
        if used_copies:
            url = used_copies.pop()
            postgresql.refill(socket, url, template=template.database)
        else:
            url = postgresql.new_database(socket, template=template.database)
    settings = settings_with(database={"url": url})
    shutil.copytree(template.data, settings.data, dirs_exist_ok=True)
    async with open_core(settings, clock) as opened:
        yield opened
    if url:
        used_copies.append(url)


@pytest.fixture
def initialised(templates: Templates, settings_with: Callable[..., Settings]) -> Settings:
    """Settings of an initialised data folder, on SQLite; the administrator has `ADMIN_PASSWORD`."""
    settings = settings_with()
    shutil.copytree(templates("sqlite").data, settings.data, dirs_exist_ok=True)
    return settings


@pytest.fixture
async def application(initialised: Settings) -> AsyncIterator[Application]:
    """A server with its real HTTPS, on SQLite, with a switch that does nothing."""
    async with Application(initialised, switch=IdleSwitch()) as app:
        yield app
