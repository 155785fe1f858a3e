"""A fake server with faults, and the client's own loop."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from linkus_desktop.pbx.login import login
from linkus_desktop.pbx.session import Session
from linkus_desktop.store.known_servers import KnownServers
from server.services import certificate
from tests.linkus_desktop.pbx.fake_pbx import FakePbx
from tests.linkus_desktop.qt_loop import new_qt_loop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"qt": new_qt_loop}


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Path]]:
    """Two self-signed certificates with their keys."""
    folder = tmp_path_factory.mktemp("certificates")
    made = []
    for name in ("one", "two"):
        files = folder / f"{name}.pem", folder / f"{name}.key"
        certificate.make(*files, hosts=["127.0.0.1"], now=datetime.now(UTC))
        made.append(files)
    return made


@pytest.fixture
def tls(certificates: list[tuple[Path, Path]]) -> ssl.SSLContext:
    return certificate.server_context(*certificates[0])


@pytest.fixture
async def pbx(tls: ssl.SSLContext) -> AsyncIterator[FakePbx]:
    async with FakePbx(tls) as server:
        yield server


@pytest.fixture
def trust(pbx: FakePbx) -> KnownServers:
    """The user agreed to the server's certificate some day."""
    known = KnownServers()
    known.remember(pbx.address.host, pbx.address.port, pbx.fingerprint)
    return known


@pytest.fixture
async def session(pbx: FakePbx, trust: KnownServers) -> AsyncIterator[Session]:
    """Logged in as 1001; not started."""
    opened = await login(pbx.address, None, "1001", "right", trust=trust)
    yield opened
    await opened.close()
