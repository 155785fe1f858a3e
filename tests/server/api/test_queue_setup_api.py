"""All queues as one file, over the API and by commands to the running server (issue D)."""

import json
import tomllib
from pathlib import Path

import pytest

from server.app import Application
from tests.server.api.conftest import Ask
from tests.server.cli.conftest import command

PATH = "/api/v1/queue-setup"
TOML = {"Content-Type": "application/toml"}
SETUP = '[[queues]]\nnumber = "6400"\nname = "Sales"\nstatic_agents = [{ extension = "1001" }]\n'


async def test_it_is_for_administrators_only(ask: Ask, user_token: str) -> None:
    for method in ("GET", "PUT"):
        assert (await ask(method, PATH, json={})).status == 401
        assert (await ask(method, PATH, token=user_token, json={})).status == 403


@pytest.mark.usefixtures("user_token")
async def test_toml_and_json_say_the_same_both_ways(ask: Ask, admin_token: str) -> None:
    tried = await ask("PUT", f"{PATH}?dry_run=true", token=admin_token, data=SETUP, headers=TOML)
    assert (tried.status, json.loads(tried.text)["added"]) == (200, ["6400"])
    assert json.loads((await ask("GET", PATH, token=admin_token)).text)["queues"] == []
    done = await ask("PUT", PATH, token=admin_token, data=SETUP, headers=TOML)
    assert json.loads(done.text) == {
        "dry_run": False,
        "added": ["6400"],
        "changed": [],
        "removed": [],
        "options_changed": False,
    }
    as_json = json.loads((await ask("GET", PATH, token=admin_token)).text)
    as_toml = await ask("GET", PATH, token=admin_token, headers={"Accept": "application/toml"})
    assert as_toml.headers["Content-Type"].startswith("application/toml")
    (queue,) = tomllib.loads(as_toml.text)["queues"]
    assert queue == {name: value for name, value in as_json["queues"][0].items() if value is not None}
    shown = await ask("GET", "/api/v1/queues/6400", token=admin_token)
    assert json.loads(shown.text) == as_json["queues"][0]
    for body in ({"json": as_json}, {"data": as_toml.text, "headers": TOML}):
        again = json.loads((await ask("PUT", PATH, token=admin_token, **body)).text)
        assert (again["added"], again["changed"], again["removed"]) == ([], [], [])


@pytest.mark.usefixtures("user_token")
async def test_what_cannot_be_taken_is_refused_with_every_place(ask: Ask, admin_token: str) -> None:
    wrong = SETUP.replace("1001", "1009") + '[[queues]]\nnumber = "6401"\nmanagers = ["1008"]\n'
    answer = await ask("PUT", PATH, token=admin_token, data=wrong, headers=TOML)
    assert answer.status == 422
    assert [one.field for one in answer.error.fields] == ["queues.0.static_agents", "queues.1.managers"]
    assert json.loads((await ask("GET", PATH, token=admin_token)).text)["queues"] == []
    for body, headers, status in (
        ("x = ", TOML, 422),
        ("{", {"Content-Type": "application/json"}, 422),
        ("[]", {"Content-Type": "application/json"}, 422),
        (SETUP, {"Content-Type": "text/plain"}, 422),
        (b"\xff\xfe", TOML, 422),
    ):
        answer = await ask("PUT", PATH, token=admin_token, data=body, headers=headers)
        assert answer.status == status, (body[:20], answer.text[:200])


@pytest.mark.usefixtures("user_token")
async def test_commands_do_it_on_the_running_server(application: Application, tmp_path: Path) -> None:
    data, file, out = application.settings.data, tmp_path / "queues.toml", tmp_path / "out.toml"
    file.write_text(SETUP)
    tried = await command("queue", "import", str(file), "--dry-run", data=data)
    assert (tried.exit_code, tried.stdout) == (0, "Would be done: added 6400.\n")
    done = await command("queue", "import", str(file), data=data)
    assert (done.exit_code, done.stdout) == (0, "Done: added 6400.\n")
    assert application.services.queues.settings_of("6400") is not None, "it works at once"
    assert (await command("queue", "export", str(out), data=data)).stdout == f"{out}: 1 queue.\n"
    assert (await command("queue", "export", data=data)).stdout == out.read_text()
    assert (await command("queue", "export", str(out), data=data)).exit_code != 0, "it is there already"
    again = await command("queue", "import", str(out), data=data)
    assert again.stdout == "Done: nothing to change.\n"
    file.write_text(SETUP.replace("1001", "1009"))
    wrong = await command("queue", "import", str(file), data=data)
    assert wrong.exit_code != 0
    assert "queues.0.static_agents: queue 6400: there is no extension 1009" in wrong.stderr
