"""PRES-2, PRES-5, DIR-5 on the command line, without and with a running server."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from server.app import Application
from server.cli import app
from server.cli.backend import backend
from server.contract.destinations import Destination
from server.contract.extensions import ExtensionCreate
from server.contract.presence import PresenceChange, PresenceStatus
from server.contract.reaching import ReachingSettings
from server.data_folder import RunningServer, write_running
from tests.server.cli.conftest import cheap

Cli = Callable[..., Result]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, tls_folder: Path) -> Path:
    """An initialised folder with extensions 1001 and 1002, to be copied."""
    data = tmp_path_factory.mktemp("office") / "data"
    environment = cheap(tls_folder)
    for arguments in (
        ("init",),
        ("extension", "add", "1001", "--mobile", "+420601234567"),
        ("extension", "add", "1002", "--mobile", "+420601234567"),
    ):
        done = CliRunner().invoke(app, [*arguments, "--data", str(data)], env=environment)
        assert done.exit_code == 0, done.output
    return data


@pytest.fixture
def cli(office: Path, tmp_path: Path, tls_folder: Path) -> Cli:
    """Run a command on a folder with extensions 1001 and 1002."""
    data, environment = shutil.copytree(office, tmp_path / "data"), cheap(tls_folder)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--data", str(data)], env=environment)

    return call


def shown(cli: Cli) -> dict[str, Any]:
    printed: dict[str, Any] = json.loads(cli("presence", "show", "1001", "--json").stdout)
    return printed


def test_settings_change_where_they_are_given_and_nowhere_else_PRES_2(cli: Cli) -> None:
    first = cli(
        "presence", "set", "1001", "--status", "away", "--status", "off_work", "--note", "Back soon",
        "--forward", "external.no_answer=mobile", "--forward", "internal.always=extension:1002",
        "--ring-first", "desktop", "--ring-second", "web", "--ring-timeout", "12", "--json",
    )  # fmt: skip
    assert first.exit_code == 0, first.output
    away = shown(cli)["settings"]["statuses"]["away"]
    assert away["external"]["no_answer"] == {"kind": "mobile", "value": ""}
    assert away["internal"]["always"] == {"kind": "extension", "value": "1002"}
    assert (away["ring_first"], away["ring_second"], away["ring_timeout_s"]) == (["desktop"], ["web"], 12)
    assert cli("presence", "set", "1001", "--all-busy", "--mobile-prefix", "9").exit_code == 0
    cleared = cli(
        "presence", "set", "1001", "--status", "away", "--forward", "internal.always=none", "--no-ring-second"
    )
    assert cleared.exit_code == 0
    settings = ReachingSettings.model_validate(shown(cli)["settings"])
    assert (settings.all_busy, settings.mobile_prefix) == (True, "9")
    assert settings.statuses.away.internal.always is None
    assert settings.statuses.away.ring_second == []
    assert settings.statuses.off_work.note == "Back soon"
    assert settings.statuses.available.note == ""
    text = cli("presence", "show", "1001").stdout
    assert "no_answer mobile" in text
    assert "desktop 12 s then web 12 s" in text


def test_without_a_status_all_change_and_do_not_disturb_takes_what_it_has_PRES_3(cli: Cli) -> None:
    result = cli(
        "presence", "set", "1001", "--ring-timeout", "20",
        "--forward", "external.always=hang_up", "--forward", "external.busy=mobile",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    statuses = shown(cli)["settings"]["statuses"]
    assert statuses["do_not_disturb"]["external"] == {"always": {"kind": "hang_up", "value": ""}}
    assert {one.get("ring_timeout_s") for one in statuses.values()} == {20, None}


def test_rules_by_caller_ID_are_given_anew_in_order_DIR_5(cli: Cli) -> None:
    rules = ("--caller-rule", "10086=accept", "--caller-rule", "100xx=hang_up")
    assert cli("presence", "set", "1001", *rules).exit_code == 0
    kept = shown(cli)["settings"]["caller_rules"]
    assert [rule["pattern"] for rule in kept] == ["10086", "100XX"]
    assert kept[0]["destination"] is None
    assert cli("presence", "set", "1001", "--caller-rule", "").exit_code == 0
    assert shown(cli)["settings"]["caller_rules"] == []


def test_a_status_for_good_and_for_a_while_PRES_5(cli: Cli) -> None:
    assert cli("presence", "status", "1001", "away", "--note", "Out").exit_code == 0
    result = cli("presence", "status", "1001", "lunch_break", "--for", "1h30m", "--json")
    assert json.loads(result.stdout)["until"]
    assert "lunch_break until " in cli("presence", "show", "1001").stdout


WRONG: list[tuple[tuple[str, ...], int, str]] = [
    (("show", "9999"), 3, "9999"),
    (("set", "9999", "--all-busy"), 3, "9999"),
    (("status", "9999", "away"), 3, "9999"),
    (("set", "1001"), 2, "nothing to change"),
    (("set", "1001", "--ring-timeout", "4"), 2, "ring_timeout_s"),
    (("set", "1001", "--forward", "external=mobile"), 2, "external.no_answer=extension:1002"),
    (("set", "1001", "--forward", "external.always=moon"), 2, "moon"),
    (("set", "1001", "--forward", "external.always=extension:x"), 2, "number of an extension"),
    (("set", "1001", "--forward", "external.always=extension:1999"), 2, "no extension 1999"),
    (("set", "1001", "--forward", "external.always=extension:1001"), 2, "the extension itself"),
    (("set", "1001", "--status", "do_not_disturb", "--ring-mobile"), 2, "do_not_disturb.ring_mobile"),
    (("set", "1001", "--status", "do_not_disturb", "--forward", "internal.busy=mobile"), 2, "busy"),
    (("set", "1001", "--ring-second", "web"), 2, "ring_second"),
    (("set", "1001", "--caller-rule", "100XX"), 2, "100XX=hang_up"),
    (("set", "1001", "--caller-rule", "1.2=hang_up"), 2, "caller_rules.0.pattern"),
    (("status", "1001", "away", "--for", "soon"), 2, "1h30m"),
    (("status", "1001", "away", "--for", "25h"), 2, "for_minutes"),
    (("status", "1001", "away", "--for", "0"), 2, "for_minutes"),
]


def test_what_is_wrong_is_said_and_changes_nothing(cli: Cli) -> None:
    before = shown(cli)["settings"]
    for arguments, exit_code, said in WRONG:
        result = cli("presence", *arguments, "--json")
        assert (result.exit_code, result.stdout) == (exit_code, ""), arguments
        assert said in json.loads(result.stderr)["message"], arguments
    assert shown(cli)["settings"] == before


async def test_a_running_server_is_asked_and_calls_follow_at_once(application: Application) -> None:
    await application.services.extensions.add(ExtensionCreate(number="1001"), by="test")
    running = RunningServer(os.getpid(), "127.0.0.1", application.http_port)
    write_running(application.settings.data, running)
    async with backend(application.settings) as where:
        settings = await where.reaching("1001")
        statuses = settings.statuses.model_dump(mode="json")
        statuses["away"]["external"]["always"] = Destination(kind="hang_up").model_dump(mode="json")
        wanted = ReachingSettings.model_validate({"statuses": statuses})
        assert await where.change_reaching("1001", wanted) == wanted
        away = PresenceChange(status=PresenceStatus.AWAY, for_minutes=5)
        assert await where.change_presence("1001", away) == await where.presence("1001")
    assert application.services.reaching.of("1001") == wanted
    assert application.services.presence.of("1001").status is PresenceStatus.AWAY


def test_what_an_agent_becomes_by_a_status_is_set_and_shown_PRES_6(cli: Cli) -> None:
    lunch = ("presence", "set", "1001", "--status", "lunch_break")
    assert cli(*lunch, "--agent", "pause", "--agent-reason", "2").exit_code == 0
    kept = shown(cli)["settings"]["statuses"]["lunch_break"]
    assert (kept["agent_action"], kept["agent_pause_reason"]) == ("pause", "2")
    assert "pause" in cli("presence", "show", "1001").stdout
    assert cli(*lunch, "--agent", "log_in").exit_code != 0
    assert cli(*lunch, "--agent", "log_out").exit_code == 0
    kept = shown(cli)["settings"]["statuses"]["lunch_break"]
    assert (kept["agent_action"], kept["agent_pause_reason"]) == ("log_out", "")
