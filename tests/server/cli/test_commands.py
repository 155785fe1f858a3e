"""`linkus-pbx`: commands, exit codes, output for scripts (A.2)."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import server
from server.cli import app
from server.data_folder import locked
from server.ports import listen
from tests.server.cli.conftest import cheap

Cli = Callable[..., Result]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def cli(data: Path, tls_folder: Path) -> Cli:
    """Run a command with this data folder."""
    environment = cheap(tls_folder)

    def call(*arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, [*arguments, "--data", str(data)], input=stdin, env=environment)

    return call


@pytest.fixture(scope="module")
def first_init(tmp_path_factory: pytest.TempPathFactory, tls_folder: Path) -> tuple[Path, dict[str, Any]]:
    """A folder that was initialised, to be copied; what `init --json` printed."""
    data = tmp_path_factory.mktemp("initialised") / "data"
    result = CliRunner().invoke(app, ["init", "--json", "--data", str(data)], env=cheap(tls_folder))
    assert result.exit_code == 0, result.output
    return data, json.loads(result.stdout)


@pytest.fixture
def made(first_init: tuple[Path, dict[str, Any]], data: Path) -> dict[str, Any]:
    """Now the data folder is initialised; what `init --json` printed."""
    shutil.copytree(first_init[0], data)
    return first_init[1]


def test_init_makes_the_folder_and_shows_the_password_once(
    first_init: tuple[Path, dict[str, Any]],
) -> None:
    data, made = first_init
    assert made["user"] == "admin"
    assert len(made["password"]) > 16
    assert len(made["fingerprint"]) == 64
    assert data.stat().st_mode & 0o777 == 0o700
    for name in ("cli.token", "secrets.key"):
        assert (data / name).stat().st_mode & 0o777 == 0o600
    assert made["password"].encode() not in b"".join(p.read_bytes() for p in data.iterdir() if p.is_file())


def test_a_second_init_is_a_conflict_and_changes_nothing(made: dict[str, Any], cli: Cli, data: Path) -> None:
    before = {path.name: path.read_bytes() for path in data.iterdir() if path.is_file()}
    result = cli("init", "--json")
    assert result.exit_code == 4
    assert json.loads(result.stderr)["code"] == "conflict"
    assert result.stdout == ""
    assert {path.name: path.read_bytes() for path in data.iterdir() if path.is_file()} == before


def test_an_init_that_was_interrupted_can_be_repeated(
    cli: Cli, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_disk(*_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("server.core.upgrade", no_disk)
        failed = cli("init")
    assert (failed.exit_code, "no space left on device" in failed.stderr) == (1, True)
    token = (data / "cli.token").read_bytes()
    unfinished = cli("extension", "list")
    assert (unfinished.exit_code, "init" in unfinished.stderr) == (1, True)
    assert cli("init").exit_code == 0
    assert (data / "cli.token").read_bytes() == token
    assert cli("extension", "list").exit_code == 0


def test_secrets_come_on_standard_input_never_on_the_command_line(cli: Cli) -> None:
    result = cli("init", "--secrets-stdin", "--json", stdin='{"password": "the-first-password-1"}')
    assert (result.exit_code, json.loads(result.stdout)["password"]) == (0, None)
    secrets = '{"password": "correct-horse-battery", "sip_secret": "0123456789abcdef"}'
    added = cli("extension", "add", "1001", "--secrets-stdin", "--json", stdin=secrets)
    printed = json.loads(added.stdout)
    assert (added.exit_code, printed["password"], printed["sip_secret"]) == (0, None, None)
    assert "correct-horse" not in added.output


def test_unusable_secrets_are_refused_without_showing_them(made: dict[str, Any], cli: Cli) -> None:
    for stdin in ("", "secret", "[]", '{"password": 1}', '{"pasword": "secret-text"}'):
        result = cli("extension", "add", "1001", "--secrets-stdin", "--json", stdin=stdin)
        assert result.exit_code == 2, stdin
        assert "secret-text" not in result.output
        assert "password and sip_secret" in json.loads(result.stderr)["message"]


def test_extensions_from_add_to_remove(made: dict[str, Any], cli: Cli) -> None:
    added = cli(
        "extension", "add", "1001", "--first-name", "Anna", "--last-name", "Bell",
        "--email", "a@example.org", "--group", "Sales", "--group", "Board", "--json",
    )  # fmt: skip
    printed = json.loads(added.stdout)
    assert (added.exit_code, printed["number"], printed["groups"]) == (0, "1001", ["Sales", "Board"])
    assert printed["password"]
    assert printed["sip_secret"]
    changed = cli("extension", "set", "1001", "--last-name", "Ball", "--email", "", "--disabled", "--json")
    printed = json.loads(changed.stdout)
    assert (printed["first_name"], printed["last_name"], printed["email"]) == ("Anna", "Ball", None)
    assert (printed["enabled"], printed["password"]) == (False, None)
    assert cli("extension", "set", "1001", "--enabled", "--not-monitored").exit_code == 0
    assert "not monitored" in cli("extension", "show", "1001").stdout
    assert json.loads(cli("extension", "set", "1001", "--monitored", "--json").stdout)["monitored"] is True
    assert json.loads(cli("extension", "set", "1001", "--new-password", "--json").stdout)["password"]
    shown = json.loads(cli("extension", "show", "1001", "--json").stdout)
    assert shown["number"] == "1001"
    assert "Anna Ball" in cli("extension", "list").stdout
    assert [e["number"] for e in json.loads(cli("extension", "list", "--json").stdout)] == ["1001"]
    assert cli("extension", "unlock", "1001").exit_code == 0
    assert cli("extension", "remove", "1001").exit_code == 0
    assert json.loads(cli("extension", "list", "--json").stdout) == []
    assert json.loads(cli("log", "calls", "--json").stdout) == []


ERRORS: list[tuple[tuple[str, ...], int, str]] = [
    (("extension", "show", "9999"), 3, "not_found"),
    (("extension", "remove", "9999"), 3, "not_found"),
    (("extension", "set", "9999", "--first-name", "A"), 3, "not_found"),
    (("extension", "add", "1001"), 4, "conflict"),
    (("extension", "add", "12x"), 2, "invalid"),
    (("extension", "add", "1002", "--email", "nowhere"), 2, "invalid"),
    (("extension", "set", "1001"), 2, "invalid"),
    (("status",), 5, "unavailable"),
    (("serve", "--http", "nonsense"), 2, "invalid"),
    (("serve", "--rtp", "5"), 2, "invalid"),
    (("serve", "--rtp", "20000-10000"), 2, "invalid"),
    (("init", "--config", "/nowhere.toml"), 2, "invalid"),
]


def test_errors_have_exit_codes_and_a_json_form(made: dict[str, Any], cli: Cli) -> None:
    cli("extension", "add", "1001")
    for arguments, exit_code, code in ERRORS:
        result = cli(*arguments, "--json")
        assert (result.exit_code, result.stdout) == (exit_code, ""), arguments
        assert json.loads(result.stderr)["code"] == code
        plain = cli(*arguments)
        assert (plain.exit_code, plain.stdout) == (exit_code, ""), arguments
        assert plain.stderr.strip()


@pytest.mark.parametrize("arguments", [("extension", "add"), ("nonsense",), ("log", "calls", "--limit", "0")])
def test_wrong_use_is_exit_code_2(cli: Cli, arguments: tuple[str, ...]) -> None:
    assert cli(*arguments).exit_code == 2


def test_a_folder_that_was_not_initialised_says_so(cli: Cli, data: Path) -> None:
    for arguments in (("extension", "list"), ("serve",)):
        result = cli(*arguments)
        assert result.exit_code == 1
        assert f"linkus-pbx init --data {data}" in result.stderr


def test_a_folder_in_use_is_refused(made: dict[str, Any], cli: Cli, data: Path) -> None:
    with locked(data):
        result = cli("serve")
    assert result.exit_code == 1
    assert "in use by another linkus-pbx" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_taken_port_is_said_in_one_line(made: dict[str, Any], cli: Cli) -> None:
    with listen("127.0.0.1", 0, what="this test", option="-") as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = cli("serve", "--http", address)
    assert result.exit_code == 1
    assert address in result.stderr
    assert "--http HOST:PORT" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.count("\n") == 1


def test_no_option_takes_a_secret() -> None:
    for command in ("add", "set"):
        help_text = CliRunner().invoke(app, ["extension", command, "--help"]).stdout
        assert "--password" not in help_text
        assert "--sip-secret" not in help_text


def test_a_lost_administrators_password_is_replaced_and_shown_once(
    made: dict[str, Any], cli: Cli, data: Path
) -> None:
    result = cli("admin", "password", "--json")
    printed = json.loads(result.stdout)
    assert (result.exit_code, printed["user"]) == (0, "admin")
    assert printed["password"] not in ("", made["password"])
    assert cli("admin", "password", "--secrets-stdin", stdin='{"password": "weak"}').exit_code == 2
    given = cli("admin", "password", "--secrets-stdin", stdin='{"password": "a-good-long-password"}')
    assert given.exit_code == 0
    assert "a-good-long-password" not in given.output
    assert printed["password"].encode() not in (data / "linkus.db").read_bytes()


def test_the_version_is_told(cli: Cli) -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"linkus-pbx {server.__version__}\n")
