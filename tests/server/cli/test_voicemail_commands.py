"""VM-1, VM-3, VM-4, VM-6 on the command line, without and with a running server."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.app import Application
from server.cli import app
from server.cli.common import ExitCode
from server.contract.extensions import ExtensionCreate
from server.contract.voicemail import VoicemailSettings
from server.switch.port import Party, Recorded
from tests.server.cli.conftest import cheap, command
from tests.server.services.test_voicemail import samples, wav

Cli = Callable[..., Result]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, tls_folder: Path) -> Path:
    """An initialised folder with extensions 1001 and 1002, to be copied."""
    data = tmp_path_factory.mktemp("office") / "data"
    for arguments in (("init",), ("extension", "add", "1001"), ("extension", "add", "1002")):
        done = CliRunner().invoke(app, [*arguments, "--data", str(data)], env=cheap(tls_folder))
        assert done.exit_code == 0, done.output
    return data


@pytest.fixture
def cli(office: Path, tmp_path: Path, tls_folder: Path) -> Cli:
    data, environment = shutil.copytree(office, tmp_path / "data"), cheap(tls_folder)

    def call(*arguments: str, given: str | None = None) -> Result:
        return CliRunner().invoke(app, [*arguments, "--data", str(data)], env=environment, input=given)

    return call


@pytest.fixture
def greeting_file(tmp_path: Path) -> Path:
    path = tmp_path / "At lunch.wav"
    path.write_bytes(wav(samples(1.0)))
    return path


def shown(cli: Cli) -> VoicemailSettings:
    return VoicemailSettings.model_validate_json(cli("voicemail", "show", "1001", "--json").stdout)


def test_settings_change_where_they_are_given_and_nowhere_else_VM_1(cli: Cli) -> None:
    assert shown(cli) == VoicemailSettings()
    assert cli("voicemail", "set", "1001", "--off", "--no-announce-time").exit_code == 0
    assert cli("voicemail", "set", "1001", "--on").exit_code == 0
    assert shown(cli) == VoicemailSettings(announce_time=False)
    text = cli("voicemail", "show", "1001").stdout
    assert "caller, duration" in text
    nothing = cli("voicemail", "set", "1001")
    assert nothing.exit_code == ExitCode.USAGE
    assert cli("voicemail", "set", "9999", "--off").exit_code == ExitCode.NOT_FOUND


def test_a_pin_comes_on_standard_input_and_is_never_shown_VM_1(cli: Cli) -> None:
    given = cli("voicemail", "set", "1001", "--secrets-stdin", "--json", given='{"pin": "47110815"}')
    assert given.exit_code == 0, given.output
    assert "47110815" not in given.stdout
    assert shown(cli).pin_set
    bad = cli("voicemail", "set", "1001", "--secrets-stdin", given='{"pin": "4a"}')
    assert bad.exit_code == ExitCode.USAGE
    assert "4a" not in bad.output
    assert cli("voicemail", "set", "1001", "--no-pin").exit_code == 0
    assert not shown(cli).pin_set


def test_greetings_are_added_chosen_and_deleted_VM_3(cli: Cli, greeting_file: Path) -> None:
    added = cli("voicemail", "add-greeting", "1001", str(greeting_file), "--json")
    assert added.exit_code == 0, added.output
    greeting = json.loads(added.stdout)
    assert (greeting["name"], greeting["seconds"]) == ("At lunch", 1.0)
    chosen = cli(
        "voicemail",
        "set",
        "1001",
        "--greeting",
        greeting["id"],
        "--greeting",
        f"lunch_break={greeting['id']}",
    )
    assert chosen.exit_code == 0, chosen.output
    assert shown(cli).greetings == {"lunch_break": greeting["id"]}
    assert cli("voicemail", "set", "1001", "--greeting", "lunch_break=none").exit_code == 0
    assert (shown(cli).greeting, shown(cli).greetings) == (greeting["id"], {})
    assert cli("voicemail", "set", "1001", "--greeting", "asleep=none").exit_code == ExitCode.USAGE
    assert cli("voicemail", "set", "1002", "--greeting", greeting["id"]).exit_code == ExitCode.USAGE
    assert "At lunch" in cli("voicemail", "greetings", "1001").stdout
    assert cli("voicemail", "delete-greetings", "1001", "--all").stdout == "1 greeting deleted.\n"
    assert shown(cli) == VoicemailSettings()


def test_a_file_that_is_no_greeting_is_refused_VM_3(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "song.wav").write_bytes(b"RIFF")
    refused = cli("voicemail", "add-greeting", "1001", str(tmp_path / "song.wav"))
    assert refused.exit_code == ExitCode.USAGE
    assert "8 kHz" in refused.output
    assert cli("voicemail", "add-greeting", "1001", str(tmp_path / "none.wav")).exit_code == ExitCode.ERROR


def test_a_group_mailbox_is_set_up_VM_6(cli: Cli) -> None:
    added = cli("group-mailbox", "set", "650", given='name = "Sales"\nmembers = ["1001", "1002"]')
    assert added.exit_code == 0, added.output
    assert cli("voicemail", "messages", "650", "--json").stdout == "[]\n"
    ring = 'members = ["1001"]\ndestination = { kind = "group_voicemail", value = "650" }'
    assert cli("ring-group", "set", "620", given=ring).exit_code == 0
    assert cli("group-mailbox", "remove", "650").exit_code == ExitCode.CONFLICT
    assert cli("ring-group", "set", "620", given=ring.replace("650", "651")).exit_code == ExitCode.USAGE


def test_calls_are_forwarded_to_voicemail_PRES_3(cli: Cli) -> None:
    for to, code in (
        ("voicemail", 0),
        ("voicemail:1002", 0),
        ("voicemail:1999", 2),
        ("group_voicemail:650", 2),
    ):
        done = cli("presence", "set", "1001", "--forward", f"internal.no_answer={to}")
        assert done.exit_code == code, to
    rule = cli("presence", "set", "1001", "--caller-rule", "1002=voicemail", "--json")
    assert rule.exit_code == 0, rule.output


async def test_messages_are_listed_saved_marked_and_deleted_while_the_server_runs_VM_4(
    application: Application, tmp_path: Path, greeting_file: Path
) -> None:
    data, services = application.settings.data, application.services
    await services.extensions.add(ExtensionCreate(number="1001"), by="test")
    recorded = tmp_path / "recorded.wav"
    recorded.write_bytes(wav(samples(2.0)))
    message = await services.voicemail.messages.add("1001", Party("1002", "Boris"), Recorded(recorded, 2.0))
    listed = await command("voicemail", "messages", "1001", data=data)
    assert "Boris" in listed.stdout
    assert "new" in listed.stdout
    saved = tmp_path / "saved.wav"
    done = await command("voicemail", "save", "1001", message.id, str(saved), data=data)
    assert done.exit_code == 0, done.stderr
    assert saved.read_bytes() == wav(samples(2.0))
    again = await command("voicemail", "save", "1001", message.id, str(saved), data=data)
    assert again.exit_code == ExitCode.USAGE, "nothing is overwritten"
    marked = await command("voicemail", "mark", "1001", message.id, data=data)
    assert marked.stdout == "1 message marked.\n"
    assert (await services.voicemail.state("1001")).heard == 1
    added = await command("voicemail", "add-greeting", "1001", str(greeting_file), "--json", data=data)
    assert added.json["name"] == "At lunch"
    chosen = await command("voicemail", "set", "1001", "--greeting", added.json["id"], data=data)
    assert chosen.exit_code == 0, chosen.stderr
    assert services.voicemail.settings_of("1001").greeting == added.json["id"]
    deleted = await command("voicemail", "delete", "1001", "--all", "--json", data=data)
    assert deleted.json == {"count": 1}
    assert (await command("voicemail", "delete", "1001", data=data)).exit_code == ExitCode.USAGE
    assert (await command("voicemail", "messages", "9999", data=data)).exit_code == ExitCode.NOT_FOUND


async def test_mails_on_new_messages_are_set_on_the_command_line_VM_1(initialised) -> None:
    data = initialised.data
    assert (await command("extension", "add", "1001", data=data)).exit_code == 0
    words = ("--mail", "with_sound", "--after-mail", "delete", "--mail-to", "anna@example.org")
    done = await command("voicemail", "set", "1001", *words, "--json", data=data)
    assert (done.json["mail"], done.json["after_mail"], done.json["mail_to"]) == (
        "with_sound", "delete", "anna@example.org"
    )  # fmt: skip
    own = await command("voicemail", "set", "1001", "--mail-to", "own", data=data)
    assert "with sound, to the own address; then delete" in own.stdout
    for bad in (("--mail", "without_sound"), ("--mail", "perhaps"), ("--mail-to", "nobody")):
        assert (await command("voicemail", "set", "1001", *bad, data=data)).exit_code == 2, bad
