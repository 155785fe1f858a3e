"""`linkus-pbx` as programs: a server, and commands that talk to it (A.2)."""

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import Response

from server.api.auth import reset_administrator
from server.app import Application
from server.cli import main
from server.contract.auth import AdministratorPasswordReset, LoginRequest
from server.contract.extensions import ExtensionCreate
from server.data_folder import read_running
from server.services import certificate
from server.services.errors import AuthError
from server.settings import Settings
from tests.server.cli.conftest import CHEAP, Done, command
from tests.server.conftest import ADMIN_PASSWORD
from tests.server.idle_switch import IdleSwitch

ROOT = Path(__file__).parents[3]


async def linkus_pbx(*arguments: str) -> Done:
    """A process: slow to start, so only for what a command in this process would not show."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.cli", *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | CHEAP,
    )  # fmt: skip
    stdout, stderr = await process.communicate()
    assert process.returncode is not None
    return Done(process.returncode, stdout.decode(), stderr.decode())


async def test_commands_ask_the_running_server(application: Application) -> None:
    """It sees the change at once: its observers are told, not only the database."""
    data = application.settings.data
    told: list[str] = []
    application.services.extensions.observe(lambda change: told.append(change.number))
    add = ("extension", "add", "1001", "--first-name", "Anna", "--json")
    added = await linkus_pbx(*add, "--data", str(data))
    assert (added.exit_code, added.json["number"]) == (0, "1001")
    again = await linkus_pbx(*add, "--data", str(data))
    assert (again.exit_code, json.loads(again.stderr)["code"]) == (4, "conflict")
    missing = await command("extension", "show", "9999", data=data)
    assert (missing.exit_code, missing.stderr.strip()) == (3, "There is no extension 9999.")
    status = await command("status", "--json", data=data)
    assert (status.exit_code, status.json["extensions"], status.json["ready"]) == (0, 1, True)
    calls = await command("log", "calls", "--json", data=data)
    assert (calls.exit_code, calls.json) == (0, [])
    removed = await command("extension", "remove", "1001", data=data)
    assert removed.exit_code == 0
    assert told == ["1001", "1001"]
    assert [entry.actor for entry in await application.services.audit.list(limit=2)] == ["local", "local"]


async def test_commands_trust_the_servers_own_certificate_only(application: Application) -> None:
    tls = application.settings.data / "tls"
    certificate.make(tls / "certificate.pem", tls / "key.pem", hosts=["localhost"], now=datetime.now(UTC))
    result = await linkus_pbx("status", "--data", str(application.settings.data))
    assert result.exit_code == 5


async def test_a_killed_server_leaves_a_folder_that_works(initialised: Settings) -> None:
    """After kill -9 the commands work on the folder, and do not wait for a server that is gone."""
    async with Application(initialised, switch=IdleSwitch()) as app:
        running = read_running(initialised.data)
        assert running is not None
        assert running.http_port == app.http_port
        state = (initialised.data / "server.json").read_bytes()
    (initialised.data / "server.json").write_bytes(state)
    added = await command("extension", "add", "1001", data=initialised.data)
    assert added.exit_code == 0
    status = await command("status", data=initialised.data)
    assert status.exit_code == 5


async def test_sigterm_stops_the_server_cleanly(initialised: Settings) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.cli", "serve", "--data", str(initialised.data),
        "--http", "127.0.0.1:0", "--sip", "127.0.0.1:0", "--sips", "127.0.0.1:0", "--rtp", "0-0",
        stderr=asyncio.subprocess.PIPE, cwd=ROOT,
        env=os.environ | CHEAP | {"LINKUS_SWITCH__ASTERISK": "/nowhere"},
    )  # fmt: skip
    assert process.stderr is not None
    try:
        async with asyncio.timeout(120):
            line = await process.stderr.readline()
            while b"is up: API on port" not in line:
                assert line, "the server ended before it was up"
                line = await process.stderr.readline()
            status = await command("status", "--json", data=initialised.data)
            assert (status.exit_code, status.json["ready"]) == (1, False)
            process.send_signal(signal.SIGTERM)
            rest = await process.stderr.read()
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert b"Traceback" not in rest
    assert not (initialised.data / "server.json").exists()


async def test_an_extension_added_before_serve_is_known_to_it(initialised: Settings) -> None:
    await command("extension", "add", "1001", data=initialised.data)
    switch = IdleSwitch()
    async with Application(initialised, switch=switch) as app:
        assert app.services.directory.get("1001") is not None
        await app.services.extensions.add(ExtensionCreate(number="1002"), by="test")
    assert switch.closed


async def test_a_lost_administrators_password_is_replaced_while_the_server_runs(
    application: Application,
) -> None:
    """Whoever has the old one is out at once, and a lock is lifted (AUTH-6, AUTH-7)."""
    auth = application.services.auth
    old = await auth.login(LoginRequest(user="admin", password=ADMIN_PASSWORD), address="192.0.2.1")
    for _ in range(application.settings.auth.tries):
        with pytest.raises(AuthError):
            await auth.login(LoginRequest(user="admin", password="wrong-1"), address="192.0.2.2")
    done = await command("admin", "password", "--json", data=application.settings.data)
    assert done.exit_code == 0, done.stderr
    with pytest.raises(AuthError):
        await auth.authenticate(old.access_token)
    again = LoginRequest(user="admin", password=done.json["password"])
    reply = await auth.login(again, address="192.0.2.2")
    entries = await application.services.audit.list(limit=2)
    assert [entry.action for entry in entries] == ["login", "password.reset"]
    assert done.json["password"] not in str(entries)
    who = await auth.authenticate(reply.access_token)
    with pytest.raises(AuthError):  # no administrator may do so from elsewhere
        await reset_administrator(
            AdministratorPasswordReset(), who, application.services, "127.0.0.1", Response()
        )


WRONG_USE = [("extension", "add"), ("nonsense",), ("log", "calls", "--limit", "0"), ("init", "--nonsense")]


@pytest.mark.parametrize("arguments", WRONG_USE)
def test_wrong_use_is_json_where_json_is_asked_for(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["linkus-pbx", *arguments, "--json"])
    mask = os.umask(0o077)
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        os.umask(mask)
    stdout, stderr = capsys.readouterr()
    assert (ended.value.code, stdout) == (2, "")
    told = json.loads(stderr)
    assert told["code"] == "invalid"
    assert told["message"]


async def test_a_program_ends_with_the_exit_code_of_wrong_use() -> None:
    done = await linkus_pbx(*WRONG_USE[0], "--json")
    assert (done.exit_code, done.stdout, json.loads(done.stderr)["code"]) == (2, "", "invalid")
