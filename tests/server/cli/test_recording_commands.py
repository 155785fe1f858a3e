"""LOG-1, B.6: recordings on the command line, with and without a running server."""

from pathlib import Path

import pytest

from server.app import Application
from server.core import open_core
from server.services.hub import Hub
from server.services.recordings import Recordings
from server.services.recordings_files import RecordingFiles
from server.services.recordings_store import RecordingStore
from tests.server.cli.conftest import Done, command
from tests.server.recorded import kept, recording


async def make(application: Application, folder: Path) -> str:
    services = application.services
    return (await kept(services.recordings, recording(services.clock), folder)).id


async def test_a_running_server_lists_exports_and_removes_LOG_1(
    application: Application, tmp_path: Path
) -> None:
    data = application.settings.data
    one = await make(application, tmp_path)
    listed = await command("recording", "list", "--json", data=data)
    assert [(row["id"], row["state"], row["seconds"]) for row in listed.json] == [(one, "finished", 3.0)]
    assert (await command("recording", "list", "--search", "nobody", "--json", data=data)).json == []
    shown = await command("recording", "show", one, data=data)
    assert "1001 Anna" in shown.stdout
    target = tmp_path / "out.wav"
    assert (await command("recording", "export", one, str(target), data=data)).exit_code == 0
    assert target.read_bytes() == (data / "recordings" / f"{one}.wav").read_bytes()
    assert target.stat().st_mode & 0o777 == 0o600
    again = await command("recording", "export", one, str(target), data=data)
    assert (again.exit_code, "already" in again.stderr) == (4, True), "nothing is written over"
    assert (await command("recording", "remove", one, data=data)).exit_code == 0
    assert (await command("recording", "remove", one, data=data)).exit_code == 3
    assert (await command("recording", "show", one, data=data)).exit_code == 3
    missing = await command("recording", "export", one, str(tmp_path / "none.wav"), data=data)
    assert missing.exit_code == 3
    assert not (tmp_path / "none.wav").exists()


async def test_without_a_server_the_data_folder_is_asked_LOG_1(initialised, clock, tmp_path: Path) -> None:
    async with open_core(initialised, clock) as core:
        recordings = Recordings(
            store=RecordingStore(core.db),
            files=RecordingFiles(core.settings.data),
            hub=Hub(),
            clock=clock,
            extensions=core.extensions,
            permissions=lambda _: (),
        )
        one = (await kept(recordings, recording(clock, days_ago=1), tmp_path)).id
    data = initialised.data
    listed = await command("recording", "list", "--json", data=data)
    assert [row["id"] for row in listed.json] == [one]
    target = tmp_path / "out.wav"
    assert (await command("recording", "export", one, str(target), data=data)).exit_code == 0
    assert target.stat().st_size > 48_000
    assert (await command("recording", "remove", one, data=data)).exit_code == 0
    assert not (data / "recordings" / f"{one}.wav").exists()


@pytest.mark.parametrize("kind", ["recording-rule", "recording-right"])
async def test_rules_and_rights_are_set_shown_and_removed_SIP_5(initialised, kind: str) -> None:
    data = initialised.data

    async def put(key: str, text: str) -> Done:
        return await command(kind, "set", key, "--json", data=data, text=text)

    assert (await put("all", "everybody = true")).exit_code == 0
    assert (await command(kind, "show", "all", "--json", data=data)).json["everybody"] is True
    nobody = await put("none", "groups = []")
    assert (nobody.exit_code, "about nobody" in nobody.stderr) == (2, True)
    unknown = await put("x", 'extensions = ["4711"]')
    assert unknown.exit_code in {2, 4}
    assert "4711" in unknown.stderr
    assert (await command(kind, "remove", "all", data=data)).exit_code == 0
