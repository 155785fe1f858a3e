"""What the server writes is for its owner only (AUTH-5), and no log tells of what was not kept."""

import logging
import os
import stat
from collections.abc import Callable, Iterator

import pytest

from server.app import Application
from server.clock import SystemClock
from server.contract.extensions import ExtensionCreate
from server.core import Core, initialise
from server.services.errors import ServiceError
from server.settings import Settings
from tests.server.idle_switch import IdleSwitch


@pytest.fixture
def open_umask() -> Iterator[None]:
    """The umask of a careless shell."""
    old = os.umask(0)
    yield
    os.umask(old)


@pytest.mark.usefixtures("open_umask")
async def test_every_file_of_the_data_folder_is_private_AUTH_5(
    settings_with: Callable[..., Settings],
) -> None:
    settings = settings_with()
    await initialise(settings, SystemClock(), password="a-good-long-password")
    async with Application(settings, switch=IdleSwitch()) as app:
        await app.services.extensions.add(ExtensionCreate(number="1001"), by="test")
        files = [path for path in settings.data.rglob("*") if path.is_file() and path.parent.name != "tls"]
        assert {"linkus.db", "linkus.db-wal", "linkus.db-shm", "ports.json"} <= {path.name for path in files}
        modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in files}
        assert set(modes.values()) == {"0o600"}, modes


async def test_the_log_tells_only_of_what_was_kept_ADMIN_4(
    core: Core, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "server.services.audit")
    await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    with pytest.raises(ServiceError):
        await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    async with core.db.session() as session:
        core.audit.record(session, "never", actor="test")
        await session.rollback()
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 1
    assert "extension.add" in told[0]
