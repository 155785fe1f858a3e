"""The program as a person or a script starts it, in a process of its own, against a real server."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.services.accounts import Who
from server.services.subscriber import Subscriber
from tests.linkus_desktop.app.conftest import PASSWORD, Server

pytestmark = pytest.mark.window

LIMIT_S = 90.0


class Program:
    """`linkus-desktop` on a data folder; its log is read line by line."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.processes: list[asyncio.subprocess.Process] = []

    async def start(self, *options: str, line: str | None = None) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "linkus_desktop", "--data", str(self._folder), *options),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self.processes.append(process)
        assert process.stdin is not None
        if line is not None:
            process.stdin.write(line.encode() + b"\n")
        return process

    async def ended(self, process: asyncio.subprocess.Process) -> tuple[int, str]:
        """Exit code and standard error."""
        async with asyncio.timeout(LIMIT_S):
            _, errors = await process.communicate()
        assert process.returncode is not None
        return process.returncode, errors.decode()


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Program]:
    started = Program(tmp_path / "client")
    yield started
    for process in started.processes:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def login_line(server: Server, **change: str) -> str:
    login = {
        "server": server.address,
        "user": "1001",
        "password": PASSWORD,
        "fingerprint": server.fingerprint,
    }
    return json.dumps(login | change)


@pytest.fixture
def connected(server: Server, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set when a client has begun to follow the server's live state."""
    hub = server.services.services.hub
    event, connect = asyncio.Event(), hub.connect

    def notice(who: Who) -> Subscriber:
        event.set()
        return connect(who)

    monkeypatch.setattr(hub, "connect", notice)
    return event


async def test_a_scripted_login_works_and_sigterm_ends_it_well_A_8(
    program: Program, server: Server, connected: asyncio.Event
) -> None:
    process = await program.start("--login-stdin", line=login_line(server))
    await asyncio.wait_for(connected.wait(), LIMIT_S)
    process.send_signal(signal.SIGTERM)
    code, errors = await program.ended(process)
    assert code == 0
    assert PASSWORD not in errors
    assert "Traceback" not in errors


async def test_a_second_start_says_that_it_runs_already(
    program: Program, server: Server, connected: asyncio.Event
) -> None:
    first = await program.start("--login-stdin", line=login_line(server))
    await asyncio.wait_for(connected.wait(), LIMIT_S)
    code, errors = await program.ended(await program.start())
    assert code == 0
    assert "running already" in errors
    first.send_signal(signal.SIGTERM)
    assert (await program.ended(first))[0] == 0


async def test_a_script_that_sends_nonsense_is_told_so(program: Program) -> None:
    code, errors = await program.ended(await program.start("--login-stdin", line="hello"))
    assert code == 2
    assert "one line of JSON" in errors


async def test_a_data_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    elsewhere = Program(tmp_path / "file" / "client")
    code, errors = await elsewhere.ended(await elsewhere.start())
    assert code == 1
    assert "data folder" in errors
