"""KEY-1 on the command line, without and with a running server."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.app import Application
from server.cli import app
from server.cli.backend import backend
from server.contract.extensions import ExtensionCreate
from server.contract.keys import FunctionKey, FunctionKeysChange
from server.data_folder import RunningServer, write_running
from tests.server.cli.conftest import cheap

Cli = Callable[..., Result]
TWO = """
[[keys]]
type = "blf"
value = "1002"
label = "Boris"
[[keys]]
type = "voicemail"
"""


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory, tls_folder: Path) -> Cli:
    """A command on a folder with extensions 1001 and 1002."""
    data, environment = tmp_path_factory.mktemp("keys") / "data", cheap(tls_folder)

    def call(*arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, [*arguments, "--data", str(data)], input=stdin, env=environment)

    for arguments in (("init",), ("extension", "add", "1001"), ("extension", "add", "1002")):
        assert call(*arguments).exit_code == 0
    return call


def test_keys_are_set_shown_and_cleared_KEY_1(cli: Cli) -> None:
    done = cli("extension", "keys", "set", "1001", stdin=TWO)
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, "Extension 1001 has 2 keys now."), done.output
    assert "blf" in done.stdout
    shown = cli("extension", "keys", "show", "1001", "--json").stdout
    assert [key["type"] for key in json.loads(shown)["keys"]] == ["blf", "voicemail"]
    again = cli("extension", "keys", "set", "1001", "--json", stdin=shown)
    assert again.exit_code == 0, "what show prints is what set takes"
    stale = cli("extension", "keys", "set", "1001", stdin=shown)
    assert (stale.exit_code, "changed somewhere else" in stale.stderr) == (4, True)
    assert cli("extension", "keys", "clear", "1001").stdout == "Extension 1001 has no keys now.\n"
    assert json.loads(cli("extension", "keys", "show", "1001", "--json").stdout)["keys"] == []


@pytest.mark.parametrize(
    ("number", "given", "exit_code", "said"),
    [
        ("1001", '[[keys]]\ntype = "blf"\nvalue = "1999"', 2, "no extension 1999"),
        ("1001", '[[keys]]\ntype = "blf"\nvalue = "anna"', 2, "number of an extension"),
        ("1001", '[[keys]]\ntype = "moon"', 2, "speed_dial"),
        ("1001", "keys = 1", 2, "keys"),
        ("1001", "[[keys", 2, "neither TOML nor"),
        ("1999", "keys = []", 3, "no extension 1999"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing_KEY_2(
    cli: Cli, number: str, given: str, exit_code: int, said: str
) -> None:
    before = cli("extension", "keys", "show", "1001", "--json").stdout
    result = cli("extension", "keys", "set", number, "--json", stdin=given)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert said in json.loads(result.stderr)["message"]
    assert cli("extension", "keys", "show", "1001", "--json").stdout == before


async def test_a_running_server_is_asked_KEY_1(application: Application) -> None:
    for number in ("1001", "1002"):
        await application.services.extensions.add(ExtensionCreate(number=number), by="test")
    write_running(application.settings.data, RunningServer(os.getpid(), "127.0.0.1", application.http_port))
    change = FunctionKeysChange(keys=[FunctionKey(type="blf", value="1002")])
    async with backend(application.settings) as where:
        assert await where.change_keys("1001", change) == await where.keys("1001")
    assert (await application.services.keys.get("1001")).keys == change.keys
