"""The whole client as a program, ordered about on the command line, in calls with other phones."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from linkus_desktop.remote.words import ExitCode
from tests.phones.script_phone import ScriptPhone
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tests.real.test_client import client

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]


class Operator:
    """Somebody at a shell."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def order(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Exit code and what was printed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "linkus_desktop", *words, "--json", "--data", str(self._folder)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        )
        out, errors = await process.communicate()
        assert process.returncode is not None
        return process.returncode, json.loads(out or errors)

    async def done(self, *words: str) -> dict[str, Any]:
        """An order that must be carried out."""
        code, told = await self.order(*words)
        assert code == ExitCode.DONE, told
        return told

    async def until_status(self, path: str, value: str) -> None:
        """Wait until status says so; `call`: the state of the only call."""

        async def holds() -> bool:
            code, told = await self.order("status")
            if code != ExitCode.DONE:
                return False
            data = told["data"]
            states = " ".join(call["state"] for call in data["calls"])
            return bool((states if path == "call" else data.get(path)) == value)

        await until(holds, f"{path} is {value}")


async def test_a_shell_makes_holds_transfers_and_answers_calls_SIP_4(pbx: Pbx, tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    async with (
        client(pbx, "1001", tmp_path),
        ScriptPhone(pbx.line("1002")) as bob,
        ScriptPhone(pbx.line("1003")) as third,
    ):
        await pbx.register(bob, third)
        await operator.until_status("registration", "registered")
        assert (await operator.order("answer"))[0] == ExitCode.NO_CALL

        told = await operator.done("call", "1 00-2")
        assert told["data"]["call"]["number"] == "1002"
        assert (await bob.incoming()).number == "1001"
        await bob.answer()
        await operator.until_status("call", "active")
        await operator.done("hold")
        await operator.until_status("call", "held")
        await operator.done("resume")
        await operator.until_status("call", "active")
        await operator.done("dtmf", "42#")
        await until(lambda: bob.digits() == "42#", "the keys arrive")
        await operator.done("transfer", "1003")
        await third.incoming()
        await third.answer()
        await operator.until_status("call", "")
        await bob.hangup()
        await third.ended()

        await bob.dial("1001")
        await operator.until_status("call", "incoming")
        told = await operator.done("answer")
        assert told["data"]["call"]["name"] == "Bob Baker"
        await bob.connected()
        await operator.until_status("call", "active")
        await operator.done("hangup")
        await bob.ended()
        await operator.until_status("call", "")
        assert (await operator.order("hangup"))[0] == ExitCode.NO_CALL
    await pbx.nothing_left()
