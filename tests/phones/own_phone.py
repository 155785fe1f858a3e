"""The product's own phone, in a process of its own: a process can have one PJSIP only."""

import asyncio
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.phones.phone import ANSWERS_WITHIN_S, Caller, Ending, Line, RealPhone, Refused
from tests.phones.program import Program, ProgramError
from tests.phones.sound import Sound

_ROOT = Path(__file__).parents[2]
_RATE = 16000


class OwnPhone(RealPhone):
    """`linkus_desktop.sip`, driven by JSON lines.

    Attributes:
        events: what it told, in order.
    """

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self.events: list[dict[str, Any]] = []
        self._folder = Path(tempfile.mkdtemp(prefix="own-phone-"))
        self._program: Program | None = None
        self._mark = self._found = 0
        self._files = 0

    async def start(self) -> None:
        self._program = await Program.start(
            f"own phone {self.line.number}",
            [sys.executable, "-m", "tests.phones.own_phone_process"],
            folder=_ROOT,
            env={"QT_QPA_PLATFORM": "offscreen", "PYTHONUNBUFFERED": "1"},
        )
        await self._expect("ready")

    async def stop(self) -> None:
        if self._program:
            if self._program.running:
                await self._do("quit")
                try:
                    await self._program.finished(20)
                except ProgramError:
                    await self._program.stop(kill=True)
            await self._program.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def register(self) -> None:
        line = self.line
        ports = {
            f"{name}_port": line.port if name == line.transport else None for name in ("udp", "tcp", "tls")
        }
        account = {
            "username": line.number, "password": line.secret, "realm": "*", "display_name": line.name,
            "host": None, "transport": line.transport, "srtp": line.srtp, "codecs": list(line.codecs),
            "expires_s": 120, **ports,
        }  # fmt: skip
        await self._do("register", account=account, host=line.host)
        told = await self._expect("registration", state=("REGISTERED", "FAILED"))
        if told["state"] == "FAILED":
            code = re.search(r"\b[3-6]\d\d\b", told["text"])
            raise Refused(int(code.group()) if code else 0)

    def says(self, hz: float) -> None:
        self._write("says", hz=hz)

    async def dial(self, number: str) -> None:
        await self._begin()
        await self._do("dial", number=number)

    async def pick_up(self, number: str, shown: str) -> None:
        """Take the call that this is dialled for, and that rings at `shown` (SIP-4)."""
        await self._begin()
        await self._do("pick_up", number=number, shown=shown)

    async def shows(self) -> Caller:
        """Who is at the other end of the call that is answered, as the window shows it."""
        told = await self._expect("call", state=("ACTIVE",))
        return Caller(told["number"], told["name"])

    async def sip_call_id(self) -> str:
        """The Call-ID of the call that is answered, as the client knows it."""
        told = await self._expect("call", state=("ACTIVE",))
        return str(told["sip_call_id"])

    async def ringback(self) -> None:
        await self._expect("call", state=("RINGING_OUT",))

    async def connected(self) -> None:
        await self._expect("call", state=("ACTIVE",))

    async def incoming(self) -> Caller:
        told = await self._expect("call", state=("INCOMING",))
        since = self._found
        await self._begin()
        self._mark = since  # what has come of it meanwhile counts
        return Caller(told["number"], told["name"])

    async def answer(self) -> None:
        await self._do("answer")
        await self.connected()

    async def reject(self, *, busy: bool = False) -> None:
        await self._do("reject", busy=busy)

    async def hold(self) -> None:
        await self._and_then("hold", "HELD")

    async def resume(self) -> None:
        await self._and_then("resume", "ACTIVE")

    async def fidget(self, *pauses_s: float) -> None:
        """Press hold and resume, one pair after each pause, without waiting for what the PBX says to it."""
        for pause_s in pauses_s:
            await self._do("hold")
            await asyncio.sleep(pause_s)  # the user's fingers
            await self._do("resume")

    async def dtmf(self, digits: str) -> None:
        await self._do("dtmf", digits=digits)

    async def hangup(self) -> None:
        await self._do("hangup")

    async def transfer(self, number: str) -> None:
        """Send the other end to this number (SIP-4)."""
        await self._do("transfer", number=number)

    async def complete(self) -> None:
        """Put the other ends of the first and of the latest call together (SIP-4)."""
        await self._do("complete")

    async def ended(self) -> Ending:
        told = await self._expect("call", state=("ENDED",))
        self._mark = self._running.mark
        return Ending(told["code"] if told["code"] >= 300 else None, told["text"])

    def heard(self) -> Sound:
        path = self._folder / f"heard-{self._files}.raw"
        octets = path.read_bytes() if path.exists() else b""
        return Sound(np.frombuffer(octets[: len(octets) // 2 * 2], "<i2").astype(np.int16), _RATE)

    def digits(self) -> str:
        raise AssertionError("the client does not show digits that it receives")

    @property
    def _running(self) -> Program:
        if self._program is None:
            raise AssertionError("the own phone is not running")
        return self._program

    async def _begin(self) -> None:
        """Another call: what came before it does not count."""
        self._mark = self._running.mark
        self._files += 1
        await self._do("record", path=str(self._folder / f"heard-{self._files}.raw"))

    async def _and_then(self, command: str, state: str) -> None:
        self._mark = self._running.mark
        await self._do(command)
        await self._expect("call", state=(state,))

    async def _do(self, command: str, **what: object) -> None:
        await self._running.write(json.dumps({"do": command, **what}))

    def _write(self, command: str, **what: object) -> None:
        self._running.write_soon(json.dumps({"do": command, **what}))

    async def _expect(self, event: str, *, state: tuple[str, ...] = ()) -> dict[str, Any]:
        """The first such event since the call began."""
        states = "|".join(state)
        pattern = (
            rf'\n?(\{{"event": "{event}"[^\n]*'
            + (rf'"state": "(?:{states})"' if state else "")
            + r"[^\n]*\})\n"
        )
        async with asyncio.timeout(ANSWERS_WITHIN_S + 1):
            found = await self._running.expect(pattern, after=self._mark, timeout_s=ANSWERS_WITHIN_S)
        self._found = found.end()
        return dict(json.loads(found.group(1)))
