"""Orders on the command line to a client that runs, both in processes of their own, on a real server."""

import asyncio
import json

import pytest

from linkus_desktop.remote.words import ExitCode
from tests.linkus_desktop.app.conftest import Server
from tests.linkus_desktop.app.test_main import LIMIT_S, Program, connected, login_line, program

__all__ = ["connected", "program"]
pytestmark = pytest.mark.window


async def ordered(program: Program, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of an order."""
    process = await program.start(*words)
    async with asyncio.timeout(LIMIT_S):
        out, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), errors.decode()


async def test_orders_reach_the_client_that_runs_SIP_3(
    program: Program, server: Server, connected: asyncio.Event
) -> None:
    first = await program.start("--login-stdin", line=login_line(server))
    await asyncio.wait_for(connected.wait(), LIMIT_S)
    code, out, _ = await ordered(program, "status", "--json")
    assert code == ExitCode.DONE
    told = json.loads(out)
    assert told["data"]["logged_in"] is True
    assert told["data"]["extension"] == "1001"
    assert told["data"]["calls"] == []
    code, out, errors = await ordered(program, "answer")
    assert code == ExitCode.NO_CALL
    assert "nothing to answer" in errors
    assert out == ""
    code, out, _ = await ordered(program, "status")
    assert code == ExitCode.DONE
    assert "No calls." in out
    first.terminate()
    code, errors = await program.ended(first)
    assert code == 0
    assert "Traceback" not in errors
    assert (await ordered(program, "status"))[0] == ExitCode.NOT_RUNNING


async def test_a_client_without_a_login_says_so_SIP_1(program: Program) -> None:
    first = await program.start()
    try:
        async with asyncio.timeout(LIMIT_S):
            while (told := await ordered(program, "call", "1002"))[0] == ExitCode.NOT_RUNNING:
                assert first.returncode is None
        assert told[0] == ExitCode.NOT_LOGGED_IN
        assert "Log in first" in told[2]
    finally:
        first.terminate()
        await program.ended(first)
