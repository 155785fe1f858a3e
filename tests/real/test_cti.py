"""SIP-11 for real: the whole client, ordered about by a shell, controls a desk phone."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from linkus_desktop.app import STORE
from linkus_desktop.remote.words import ExitCode
from linkus_desktop.store.database import LocalDatabase
from linkus_desktop.store.settings import Settings
from tests.phones.hearing import hears_tone, tone_gone
from tests.phones.ports import free_port
from tests.phones.script_phone import ScriptPhone
from tests.phones.sipscript import Message
from tests.phones.waiting import until
from tests.real.pbx import LOOPBACK, Pbx
from tests.real.test_client_orders import Operator

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

DESK_HZ, BOB_HZ, THIRD_HZ = 440.0, 660.0, 880.0
DESK_PHONE = "Yealink SIP-T54W 96.86.0.70"


class DeskPhone(ScriptPhone):
    """Goes off-hook by itself when the INVITE asks for that, and when it is told to by NOTIFY.

    Attributes:
        obeys: whether it answers when told to.
        told_to_answer: the NOTIFYs that told it to.
    """

    obeys = True

    def _request(self, method: str, uri: str, **more: object) -> Message:
        request = super()._request(method, uri, **more)  # type: ignore[arg-type]
        request.headers[:] = [(n, DESK_PHONE if n == "User-Agent" else v) for n, v in request.headers]
        return request

    async def _handle(self, request: Message) -> None:
        await super()._handle(request)
        asked = "answer-after=0" in request.get("Call-Info") if request.method == "INVITE" else False
        told = request.method == "NOTIFY" and request.get("Event") == "talk"
        ringing = self.dialog is not None and not self.dialog.outgoing and not self.dialog.decided.is_set()
        if ringing and self.obeys and (asked or (told and self._current.call_id == request.get("Call-ID"))):
            await self.answer()


class Gate:
    """A way to the server that can be shut: a cable that is pulled."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = free_port()
        """None that others are handed while the way is shut."""

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._pass_on, LOOPBACK, self.port)

    async def shut(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._open):
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        there_reader, there_writer = await asyncio.open_connection(LOOPBACK, self._server_port)
        self._open |= {writer, there_writer}
        try:
            await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))
        finally:
            self._open -= {writer, there_writer}
            self._tasks.discard(task)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.transport.abort()


@asynccontextmanager
async def controlling(pbx: Pbx, gate: Gate, folder: Path) -> AsyncIterator[Operator]:
    """The client of 1001, which has chosen to control its desk phone."""
    database = LocalDatabase(folder / STORE)
    Settings(database).control_desk_phone = True
    database.close()
    login = {
        "server": f"{LOOPBACK}:{gate.port}",
        "user": "1001",
        "password": pbx.accounts["1001"].password,
        "fingerprint": pbx.fingerprint,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "linkus_desktop", "--data", str(folder), "--login-stdin"),
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(login).encode() + b"\n")
    operator = Operator(folder)
    try:
        await operator.until_status("connection", "online")
        yield operator
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def test_a_shell_controls_the_desk_phone_through_the_client_SIP_11(pbx: Pbx, tmp_path: Path) -> None:
    gate = Gate(pbx.http_port)
    await gate.open()
    try:
        async with (
            controlling(pbx, gate, tmp_path) as operator,
            DeskPhone(pbx.line("1001")) as desk,
            ScriptPhone(pbx.line("1002")) as bob,
            ScriptPhone(pbx.line("1003")) as third,
        ):
            code, told = await operator.order("call", "1002")
            assert (code, "No desk phone of yours" in told["text"]) == (ExitCode.REFUSED, True)
            await pbx.register(desk, bob, third)
            await operator.until_status("registration", "registered")
            assert (await pbx.states())["1001"]["phones"] == 1, "the client itself is no phone now"
            desk.says(DESK_HZ)
            bob.says(BOB_HZ)
            third.says(THIRD_HZ)
            await _click_to_call_and_transfer(operator, desk, bob, third)
            await _answer_and_be_cut_off(operator, gate, desk, bob)
    finally:
        await gate.shut()
    await pbx.nothing_left()


async def _click_to_call_and_transfer(
    operator: Operator, desk: DeskPhone, bob: ScriptPhone, third: ScriptPhone
) -> None:
    await operator.done("call", "1 00-2")
    assert (await bob.incoming()).number == "1001", "the desk phone went off-hook by itself"
    await bob.answer()
    await operator.until_status("call", "active")
    await asyncio.gather(hears_tone(bob, DESK_HZ), hears_tone(desk, BOB_HZ))
    await operator.done("hold")
    await operator.until_status("call", "held")
    await asyncio.gather(tone_gone(desk, BOB_HZ), tone_gone(bob, DESK_HZ))
    await operator.done("resume")
    await operator.until_status("call", "active")
    await asyncio.gather(hears_tone(bob, DESK_HZ), hears_tone(desk, BOB_HZ))
    await operator.done("dtmf", "42#")
    await until(lambda: bob.digits() == "42#", "the keys arrive")
    code, _ = await operator.order("mute")
    assert code == ExitCode.REFUSED, "a desk phone is muted by its own key"
    await operator.done("transfer", "1003")
    await third.incoming()
    await third.answer()
    await desk.ended()
    await operator.until_status("call", "")
    await asyncio.gather(hears_tone(third, BOB_HZ), hears_tone(bob, THIRD_HZ))
    await bob.hangup()
    await third.ended()


async def _answer_and_be_cut_off(operator: Operator, gate: Gate, desk: DeskPhone, bob: ScriptPhone) -> None:
    await bob.dial("1001")
    await operator.until_status("call", "incoming")
    await operator.done("answer")
    await bob.connected()
    await operator.until_status("call", "active")
    assert [one.get("Event") for one in desk.requests if one.method == "NOTIFY" and not one.body] == ["talk"]
    await asyncio.gather(hears_tone(bob, DESK_HZ), hears_tone(desk, BOB_HZ))
    await gate.shut()
    await operator.until_status("call", "unknown")
    await hears_tone(bob, DESK_HZ)
    await gate.open()
    await operator.until_status("call", "active")
    await gate.shut()
    await operator.until_status("call", "unknown")
    await bob.hangup()
    await desk.ended()
    await gate.open()
    await operator.until_status("call", "")
    await bob.dial("1001")
    await operator.until_status("call", "incoming")
    await operator.done("hangup")
    assert (await bob.ended()).code == 603, "declined for the desk phone"
    await desk.ended()
