"""`linkus-pbx language …`, with and without a running server (Q-5, ADMIN-5)."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.app import Application
from server.cli import app
from server.cli.backend import backend
from server.services.errors import ServiceError
from tests.phones.waiting import until
from tests.server.cli.conftest import cheap
from tests.server.sounds import package, tone


def test_a_language_is_installed_from_a_file_or_a_folder_listed_and_removed_Q_5(
    tmp_path: Path, tls_folder: Path
) -> None:
    environment = cheap(tls_folder)

    def cli(*words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--data", str(tmp_path / "data")], env=environment)

    assert cli("init").exit_code == 0
    file, folder = tmp_path / "cs.zip", tmp_path / "cs"
    file.write_bytes(package({"queue-thankyou.wav": tone(seconds=0.3)}, form="zip"))
    (folder / "digits").mkdir(parents=True)
    for name in ("digits/1.wav", "digits/2.wav", "notes.txt"):
        (folder / name).write_bytes(tone(seconds=0.3))
    first = cli("language", "install", "cs", str(file))
    assert "Language cs is installed: 1 sounds, 1 of the " in first.stdout
    assert "Numbers are said in English" in first.stdout
    second = json.loads(cli("language", "install", "cs", str(folder), "--json").stdout)
    assert (second["sounds"], second["ignored"]) == (2, 1)
    (listed,) = json.loads(cli("language", "list", "--json").stdout)
    assert listed["missing"] == second["missing"]
    shown = cli("language", "list", "--missing").stdout
    assert "COMPLETE" in shown
    assert "cs lacks: activated, " in shown
    file.write_bytes(package({"../queue-thankyou.wav": tone()}))
    refused = cli("language", "install", "cs", str(file), "--json")
    assert refused.exit_code == 2
    assert "leads out of it" in json.loads(refused.stderr)["message"]
    assert cli("language", "install", "../../cs", str(folder)).exit_code == 2
    assert cli("language", "install", "cs", str(tmp_path / "none")).exit_code == 1
    assert "was removed" in cli("language", "remove", "cs").stdout
    assert cli("language", "remove", "cs").exit_code == 3
    assert json.loads(cli("language", "list", "--json").stdout) == []
    added = cli("extension", "add", "1001", "--language", "cs", "--json")
    assert json.loads(added.stdout)["language"] == "cs"
    assert "hears cs" in cli("extension", "list").stdout
    assert cli("extension", "set", "1001", "--language", "czech").exit_code == 2
    assert json.loads(cli("extension", "set", "1001", "--language", "", "--json").stdout)["language"] is None


async def test_commands_ask_the_running_server_Q_5(application: Application) -> None:
    switch = application.services.switch
    async with backend(application.settings) as where:
        done = await where.install_language("cs", package({"queue-thankyou.wav": tone(seconds=0.3)}))
        assert [one.language for one in await where.languages()] == ["cs"]
        assert done.sounds == 1
        await until(lambda: "cs" in switch.spoken.voices, "the engine speaks it")
        with pytest.raises(ServiceError, match="neither"):
            await where.install_language("cs", b"words")
        await where.remove_language("cs")
        assert await where.languages() == []
        await until(lambda: not switch.spoken.voices, "the engine speaks it no more")
