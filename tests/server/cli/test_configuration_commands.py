"""`linkus-pbx trunk …`, `route explain` and so on, with and without a running server (ADMIN-5)."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from server.app import Application
from server.cli import app
from server.cli.backend import backend
from server.cli.configuration import read_object
from server.cli.remote import Remote
from server.contract.decisions import DecisionKind, RouteQuery
from server.contract.errors import ErrorCode
from server.contract.extensions import ExtensionCreate
from server.contract.hours import TimeCondition
from server.contract.kinds import KINDS, kind_named, kind_of
from server.contract.routing import SystemSettings
from server.contract.trunks import Trunk
from server.db.base import Database
from server.rules.routing import EmergencyCall
from server.services.emergencies import EmergencyStore, Made
from server.services.errors import ServiceError
from tests.server.cli.conftest import cheap

Cli = Callable[..., Result]

OUT = """
everybody = true
trunks = ["main"]
time_condition = "office"

[[patterns]]
pattern = "00420XXXXXXXXX"
strip = 5
"""
OFFICE = """
except_holidays = ["feasts"]
[[periods]]
days = ["monday", "thursday"]
start = "09:00"
end = "17:00"
"""
MENU = """
prompt = "welcome"
[[choices]]
key = "1"
destination = { kind = "extension", value = "1000" }
"""
FLOW = """
destination = { kind = "prompt", value = "welcome" }
[[steps]]
time_condition = "office"
callers = ["777."]
destination = { kind = "ring_group", value = "6200" }
"""
OBJECTS = [
    ("trunk", "main", 'kind = "peer"\nhost = "192.0.2.1"\nsecret = "hush-hush"'),
    ("holidays", "feasts", "[[dates]]\nfirst = 2026-12-24\nyearly = true"),
    ("time-condition", "office", OFFICE),
    ("time-switch", "7", 'time_condition = "office"\nextensions = ["1000"]'),
    ("outbound-route", "out", OUT),
    ("emergency", "112", json.dumps({"trunks": ["main"], "caller_id_number": "+420530000112"})),
    ("prompt", "welcome", 'description = "heard first"'),
    ("ring-tone", "anthem", 'description = "of the company"'),
    ("ivr", "6500", MENU),
    ("group-mailbox", "6700", json.dumps({"members": ["1000"]})),
    ("queue", "6400", '[[static_agents]]\nextension = "1000"\nskill_level = 2'),
    ("conference", "6600", 'secret = "1234"'),
    ("ring-group", "6200", json.dumps({"number": "6200", "members": ["1000"]})),
    ("call-flow", "by day", FLOW),
    ("boss", "1000", 'ring_group = "6200"'),
    ("recording-rule", "all", "everybody = true"),
    ("recording-right", "team", 'extensions = ["1000"]'),
    ("key-right", "team", 'extensions = ["1000"]'),
    ("monitoring-right", "team", 'supervisors = ["1000"]\neverybody = true'),
    ("inbound-route", "in", json.dumps({"destination": {"kind": "extension", "value": "1000"}})),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("configured") / "data"


@pytest.fixture(scope="module")
def cli(data: Path, tls_folder: Path) -> Cli:
    """A command on a data folder with an extension and one object of every kind."""
    environment = cheap(tls_folder)

    def call(*arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, [*arguments, "--data", str(data)], input=stdin, env=environment)

    for arguments in (("init",), ("extension", "add", "1000")):
        assert call(*arguments).exit_code == 0
    for word, key, text in OBJECTS:
        result = call(word, "set", key, stdin=text)
        assert result.exit_code == 0, result.output
        assert "hush" not in result.output
    return call


def test_every_kind_has_the_same_commands(cli: Cli) -> None:
    assert {word for word, _, _ in OBJECTS} == {kind.word for kind in KINDS if not kind.single}
    for word, key, _ in OBJECTS:
        (listed,) = json.loads(cli(word, "list", "--json").stdout)
        shown = cli(word, "show", key, "--json")
        assert json.loads(shown.stdout) == listed
        assert key in cli(word, "list").stdout
        again = cli(word, "set", key, "--json", stdin=shown.stdout)
        assert (again.exit_code, json.loads(again.stdout)) == (0, listed)
    assert json.loads(cli("trunk", "show", "main", "--json").stdout)["secret_set"] is True


def test_an_object_may_come_from_a_file_and_be_removed(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "trunk.toml"
    file.write_text(
        'name = "spare"\nkind = "register"\nhost = "sip.example.org"\nusername = "u"\nsecret = "s"'
    )
    assert cli("trunk", "set", "spare", "--file", str(file)).exit_code == 0
    assert "register sip.example.org:5060/udp" in cli("trunk", "list").stdout
    assert json.loads(cli("trunk", "remove", "spare", "--json").stdout) == {"name": "spare"}
    assert cli("trunk", "show", "spare").exit_code == 3
    assert cli("trunk", "set", "spare", "--file", str(tmp_path / "none")).exit_code == 1
    file.write_bytes(b'host = "\xff"')
    assert "must be text in UTF-8" in cli("trunk", "set", "spare", "--file", str(file)).stderr


def test_the_settings_of_the_system(cli: Cli) -> None:
    assert cli("system-settings", "set", stdin='time_zone = "Europe/Prague"').exit_code == 0
    assert json.loads(cli("system-settings", "show", "--json").stdout)["time_zone"] == "Europe/Prague"
    assert cli("system-settings", "set", stdin='time_zone = "Mars/Base"').exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "stdin", "exit_code", "message"),
    [
        (("trunk", "show", "gone"), "", 3, "There is no trunk gone."),
        (("trunk", "remove", "gone"), "", 3, "There is no trunk gone."),
        (("trunk", "remove", "main"), "", 4, "used by emergency number 112, outbound route 'out'"),
        (("extension", "remove", "1000"), "", 4, "used by"),
        (("extension", "add", "6200"), "", 4, "6200 is the number of ring group 6200"),
        (("emergency", "set", "1000"), 'trunks = ["main"]', 4, "1000 is the number of an extension"),
        (("trunk", "set", "x"), 'kind = "peer"', 2, "host"),
        (("trunk", "set", "x"), 'name = "y"', 2, "is y in the object, but x on the command line"),
        (("trunk", "set", "x"), "", 2, "kind"),
        (("trunk", "set", "x"), "secret: hush", 2, "neither TOML nor a JSON object"),
        (("trunk", "set", "x"), '{"secret": "hush"', 2, "line 1"),
        (("trunk", "set", "x"), '["hush", 1]', 2, "neither TOML nor a JSON object"),
        (("trunk", "set", "x"), '{"a":' * 20_000, 2, "neither TOML nor a JSON object"),
        (("ring-group", "set", "6300"), 'members = ["9999"]', 2, "there is no extension 9999"),
        (("route", "explain", "112"), "", 2, "either an extension"),
        (("route", "explain", "112", "--from", "1000", "--at", "soon"), "", 2, "at"),
    ],
)
def test_errors_have_exit_codes_and_a_json_form_without_the_text_that_was_given(
    cli: Cli, arguments: tuple[str, ...], stdin: str, exit_code: int, message: str
) -> None:
    plain = cli(*arguments, stdin=stdin)
    assert (plain.exit_code, plain.stdout) == (exit_code, "")
    assert message in plain.stderr
    result = cli(*arguments, "--json", stdin=stdin)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert message in json.loads(result.stderr)["message"]
    assert "hush" not in plain.output + result.output


def test_no_option_takes_a_secret() -> None:
    help_text = CliRunner().invoke(app, ["trunk", "set", "--help"]).stdout
    assert "--secret" not in help_text


def explained(cli: Cli, *arguments: str) -> Any:
    result = cli("route", "explain", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["decision"]


def test_a_route_is_explained_rule_by_rule(cli: Cli) -> None:
    cli("system-settings", "set", stdin='time_zone = "Europe/Prague"')
    at = ("--at", "2026-03-02T16:59")
    open_ = explained(cli, "--from", "1000", "00420530335533", *at)
    assert (open_["kind"], open_["number"], open_["trunks"][0]["trunk"]) == ("outbound", "530335533", "main")
    closed = explained(cli, "--from", "1000", "00420530335533", "--at", "2026-12-24T16:00")
    assert closed["refusal"] == "outside_hours"
    assert "'feasts'" in closed["steps"][-2]["reason"]
    urgent = explained(cli, "--from", "1000", "112", "--at", "2026-12-24T18:00")
    assert (urgent["kind"], urgent["trunks"][0]["caller_number"]) == ("emergency", "+420530000112")
    inbound = explained(cli, "--trunk", "main", "--caller", "+49301234", "+420530335533")
    assert (inbound["kind"], inbound["number"]) == ("extension", "1000")
    text = cli("route", "explain", "--from", "1000", "00420530335533", *at).stdout.splitlines()
    assert text[0].split() == ["RULE", "NAME", "MATCHED", "WHY"]
    assert text[-1] == "Out to 530335533 by main."
    assert len(text) == len(open_["steps"]) + 1


async def emergency_call(data: Path) -> None:
    """An emergency call was made by a server that runs no more."""
    database = Database(f"sqlite+aiosqlite:///{data / 'linkus.db'}")
    made = EmergencyCall("1000", "112", "main", "+420530000112", datetime.now(UTC) - timedelta(minutes=5))
    await EmergencyStore(database).save([Made("call", made)])
    await database.aclose()


def test_a_call_back_is_explained_and_its_time_can_be_set_PRES_8(cli: Cli, data: Path) -> None:
    asyncio.run(emergency_call(data))
    decision = explained(cli, "--trunk", "main", "+420530000112")
    assert (decision["number"], decision["emergency_call_back"]) == ("1000", True)
    marked = explained(cli, "--trunk", "main", "999", "--psap-callback")
    assert marked["steps"][-1]["reason"] == "To extension 1000, as the call-back of an emergency call."
    cli("emergency", "set", "112", stdin='trunks = ["main"]\ncall_back_minutes = 4')
    assert json.loads(cli("emergency", "show", "112", "--json").stdout)["call_back_minutes"] == 4
    late = explained(cli, "--trunk", "main", "999", "--psap-callback")
    assert not late["emergency_call_back"]
    assert late["steps"][0]["reason"] == (
        "marked as a call-back, but nobody has made an emergency call lately"
    )


async def test_while_a_server_runs_the_commands_change_what_it_knows(application: Application) -> None:
    """Its observers are told, and the route is explained by what it routes with (ADMIN-5)."""
    services = application.services
    told: list[str] = []
    services.configuration.observe(lambda change: told.append(change.key))
    await services.extensions.add(ExtensionCreate(number="1000"), by="test")
    objects = [*OBJECTS, ("time-condition", "Pracovní doba", OFFICE)]
    async with backend(application.settings) as where:
        assert isinstance(where, Remote)
        for word, key, text in objects:
            kind = kind_named(word)
            assert kind is not None
            stored = await where.put_object(kind, read_object(kind, key, text))
            assert stored == services.configuration.get(kind.model, key)
            assert await where.object(kind, key) == stored
            assert stored in await where.objects(kind)
        assert services.configuration.secret(Trunk, "main") == "hush-hush"
        with pytest.raises(ServiceError, match="emergency number 112") as caught:
            await where.remove_object(kind_of(Trunk), "main")
        assert caught.value.code is ErrorCode.CONFLICT
        at = datetime(2026, 12, 24, 18, 0)  # noqa: DTZ001  (in the system's zone)
        found = await where.explain_route(RouteQuery(dialled="112", extension="1000", at=at))
        assert (found.decision.kind, found.at) == (DecisionKind.EMERGENCY, at.replace(tzinfo=UTC))
        call_back = RouteQuery(dialled="999", trunk="main", psap_callback=True)
        assert (await where.explain_route(call_back)).query == call_back
        await where.put_object(kind_of(SystemSettings), SystemSettings(time_zone="Europe/Prague"))
        assert services.configuration.snapshot.system.time_zone == "Europe/Prague"
        await where.remove_object(kind_of(TimeCondition), "Pracovní doba")
    assert told == [*(key for _, key, _ in objects), "system", "Pracovní doba"]
