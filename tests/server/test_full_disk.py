"""A disk that is full when the server starts: the API answers and says so, and all is well once it is not."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from server import data_folder
from server.app import Application
from server.settings import Settings
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tests.real.small_disk import SmallDisk
from tests.server.idle_switch import IdleSwitch


@pytest.mark.real
@pytest.mark.asyncio(loop_scope="session")
async def test_a_server_that_starts_on_a_full_disk_answers_and_recovers_OPS_1(tmp_path: Path) -> None:
    async with SmallDisk(tmp_path / "small", megabytes=90) as disk, Pbx(tmp_path, disk=disk) as pbx:
        await pbx.add("1001", "Alice", "Archer")
        await until(lambda: disk.seen(pbx.data / "reserve").exists(), "room is set aside")
        await pbx.stop()
        disk.fill()
        await pbx.start()
        status, body = await pbx.ask("GET", "/ready")
        assert (status, body["ready"]) == (503, False)
        assert "make room" in " ".join(check["message"] for check in body["checks"])
        assert [item["number"] for item in await pbx.api("GET", "/extensions")] == ["1001"]
        disk.make_room()
        await pbx.ready()
        await pbx.add("1002", "Boris", "Bell")


async def test_room_is_set_aside_privately_and_given_up_when_there_is_none_left(
    application: Application, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    data = application.settings.data
    reserve = data / data_folder.RESERVE_NAME
    async with asyncio.timeout(60):
        while not reserve.exists():  # noqa: ASYNC110 - a file tells nobody that it is there
            await asyncio.sleep(0.01)
    assert (reserve.stat().st_size, reserve.stat().st_mode & 0o777) == (data_folder.RESERVE_BYTES, 0o600)
    data_folder.spend_reserve(data)
    assert reserve.exists()
    full = shutil.disk_usage(data)._replace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    data_folder.spend_reserve(data)
    assert not reserve.exists()
    assert "is full" in caplog.text
    data_folder.keep_reserve(data)
    assert not reserve.exists()


async def test_a_database_that_cannot_be_opened_on_a_full_disk_says_to_make_room(
    settings_with: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_with()
    (settings.data / "secrets.key").write_text("A" * 43 + "=")
    (settings.data / "cli.token").write_text("token")
    (settings.data / "linkus.db").write_bytes(b"not a database" * 100)
    full = shutil.disk_usage(settings.data)._replace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(data_folder.DataFolderError, match="is full: make room"):
        async with Application(settings, switch=IdleSwitch()):
            pass
