"""`linkus-pbx queue export|import` on a data folder while no server runs (issue D)."""

import json
from pathlib import Path

from typer.testing import CliRunner

from server.cli import app
from tests.server.cli.conftest import cheap

SETUP = """
options = { sync_results = true }
[[queues]]
number = "6400"
static_agents = [{ extension = "1000" }]
"""


def test_a_set_up_goes_out_and_in(tmp_path: Path, tls_folder: Path) -> None:
    data = tmp_path / "data"

    def call(*arguments: str, stdin: str = ""):
        return CliRunner().invoke(app, [*arguments, "--data", str(data)], input=stdin, env=cheap(tls_folder))

    for arguments in (("init",), ("extension", "add", "1000")):
        assert call(*arguments).exit_code == 0
    wrong = call("queue", "import", "-", stdin=SETUP.replace('"1000"', '"1009"'))
    assert wrong.exit_code != 0
    assert "there is no extension 1009" in wrong.stderr
    done = call("queue", "import", "-", "--json", stdin=SETUP)
    assert json.loads(done.stdout)["added"] == ["6400"]
    text = call("queue", "export").stdout
    assert "sync_results = true" in text
    file = tmp_path / "out.toml"
    assert call("queue", "export", str(file)).exit_code == 0
    assert file.read_text() == text
    assert json.loads(call("queue", "export", "--json").stdout)["queues"][0]["number"] == "6400"
    assert call("queue", "import", str(file)).stdout == "Done: nothing to change.\n"
    assert call("queue", "import", "-", stdin="queues = []").stdout == (
        "Done: removed 6400; changed the options.\n"
    )
    missing = call("queue", "import", str(tmp_path / "gone.toml"))
    assert missing.exit_code != 0
    assert "gone.toml" in missing.stderr
