"""`linkus-pbx ring-tone …`, with and without a running server (Q-5, ADMIN-5)."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.app import Application
from server.cli import app
from server.cli.backend import backend
from server.contract.kinds import kind_of
from server.contract.ring_tones import UploadedRingTone
from tests.server.cli.conftest import cheap
from tests.server.sounds import pitch_of, tone


def test_a_ring_tone_is_uploaded_used_downloaded_and_removed_Q_5(tmp_path: Path, tls_folder: Path) -> None:
    environment = cheap(tls_folder)

    def cli(*words: str, stdin: str | None = None) -> Result:
        runner = CliRunner()
        return runner.invoke(app, [*words, "--data", str(tmp_path / "data")], env=environment, input=stdin)

    assert cli("init").exit_code == 0
    given, got = tmp_path / "given.flac", tmp_path / "got.wav"
    given.write_bytes(b"words")
    assert cli("ring-tone", "upload", "anthem", str(given)).exit_code == 2
    assert json.loads(cli("ring-tone", "list", "--json").stdout) == [], "no name is left behind"
    given.write_bytes(tone(600, seconds=1.5, form="FLAC"))
    assert "Ring tone anthem lasts 1.5 s." in cli("ring-tone", "upload", "anthem", str(given)).stdout
    assert cli("ring-tone", "upload", "anthem", str(given)).exit_code == 0
    assert cli("ring-tone", "upload", "pulse", str(given)).exit_code == 2
    assert cli("ring-tone", "download", "anthem", str(got)).exit_code == 0
    assert pitch_of(got.read_bytes()) == pytest.approx(600, abs=3)
    assert cli("queue", "set", "6400", stdin='ring_tone = "anthem"').exit_code == 0
    assert json.loads(cli("queue", "show", "6400", "--json").stdout)["ring_tone"] == "anthem"
    refused = cli("ring-tone", "remove", "anthem", "--json")
    assert refused.exit_code == 4
    assert "is used by queue 6400" in json.loads(refused.stderr)["message"]
    assert cli("queue", "set", "6400", stdin='ring_tone = "soft"').exit_code == 0
    assert cli("ring-tone", "remove", "anthem").exit_code == 0
    assert cli("ring-tone", "download", "anthem", str(tmp_path / "x.wav")).exit_code == 3


async def test_commands_ask_the_running_server_Q_5(application: Application) -> None:
    async with backend(application.settings) as where:
        await where.put_object(kind_of(UploadedRingTone), UploadedRingTone(name="my tone"))
        told = await where.upload_ring_tone("my tone", tone(600))
        assert application.services.ring_tones.hash_of("my tone") == told.hash
        assert pitch_of(await where.ring_tone_content("my tone")) == pytest.approx(600, abs=3)
