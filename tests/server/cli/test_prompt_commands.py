"""`linkus-pbx prompt …`, with and without a running server (ADMIN-2, ADMIN-5)."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.app import Application
from server.cli import app
from server.cli.backend import backend
from server.contract.kinds import kind_of
from server.contract.prompts import Prompt
from tests.server.cli.conftest import cheap
from tests.server.sounds import pitch_of, tone


def test_a_sound_is_uploaded_listed_downloaded_and_removed_ADMIN_2(tmp_path: Path, tls_folder: Path) -> None:
    environment = cheap(tls_folder)

    def cli(*words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--data", str(tmp_path / "data")], env=environment)

    assert cli("init").exit_code == 0
    given, got = tmp_path / "given.flac", tmp_path / "got.wav"
    given.write_bytes(tone(440, seconds=1.5, form="FLAC"))
    assert (
        "welcome is heard in cs for 1.5 s"
        in cli("prompt", "upload", "welcome", str(given), "--language", "cs").stdout
    )
    assert [
        one["language"] for one in json.loads(cli("prompt", "recordings", "welcome", "--json").stdout)
    ] == ["cs"]
    assert "cs" in cli("prompt", "recordings", "welcome").stdout
    assert cli("prompt", "download", "welcome", str(got), "--language", "cs").exit_code == 0
    assert pitch_of(got.read_bytes()) == pytest.approx(440, abs=3)
    assert cli("prompt", "download", "welcome", str(got), "--language", "cs").exit_code == 1  # it exists
    assert cli("prompt", "download", "welcome", str(tmp_path / "x.wav")).exit_code == 3  # not in English
    given.write_bytes(b"no sound")
    refused = cli("prompt", "upload", "welcome", str(given), "--json")
    assert refused.exit_code == 2
    assert "no sound file" in json.loads(refused.stderr)["message"]
    assert cli("prompt", "upload", "welcome", str(tmp_path / "none")).exit_code == 1
    assert cli("prompt", "remove-recording", "welcome", "--language", "cs").exit_code == 0
    assert json.loads(cli("prompt", "recordings", "welcome", "--json").stdout) == []


async def test_commands_ask_the_running_server(application: Application) -> None:
    async with backend(application.settings) as where:
        await where.put_object(kind_of(Prompt), Prompt(name="a prompt"))
        told = await where.upload_prompt("a prompt", "en", tone(440))
        assert await where.prompt_recordings("a prompt") == [told]
        assert pitch_of(await where.prompt_content("a prompt", "en")) == pytest.approx(440, abs=3)
        assert application.services.prompts.sound("a prompt") is not None
        await where.remove_prompt_recording("a prompt", "en")
        assert application.services.prompts.sound("a prompt") is None
