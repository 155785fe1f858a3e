"""baresip, as Debian packages it, controlled over its `ctrl_tcp` module (JSON in netstrings).

It says a WAV file (`aufile`), and records what its decoder gives out (`sndfile`), so what is measured went
through its own jitter buffer.
"""

import asyncio
import contextlib
import json
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.phones.phone import ANSWERS_WITHIN_S, Caller, Ending, Line, RealPhone, Refused
from tests.phones.ports import LOOPBACK, free_port, free_ports
from tests.phones.program import Program
from tests.phones.sound import Sound, join, read_wav, silence, tone, write_wav
from tests.phones.subscription import summary
from tests.phones.waiting import until

_MODULES = Path("/usr/lib/baresip/modules")
_SPEECH_MS = 60000
_CODECS = {"G722": "G722/16000/1", "PCMA": "PCMA/8000/1", "PCMU": "PCMU/8000/1"}
_SRTP = {"off": "", "optional": ";mediaenc=srtp", "mandatory": ";mediaenc=srtp-mand"}


class Baresip(RealPhone):
    """One baresip process with one account.

    Attributes:
        events: what it told, in order: `type` is REGISTER_OK, CALL_INCOMING, CALL_RINGING and so on.

    With `mwi` it subscribes to its mailbox, too.
    """

    def __init__(self, line: Line, *, mwi: bool = False) -> None:
        super().__init__(line)
        self._mwi = mwi
        self.events: list[dict[str, Any]] = []
        self._folder = Path(tempfile.mkdtemp(prefix="baresip-"))
        self._control = free_port()
        self._program: Program | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reader: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._call_began = 0
        self._recordings: set[Path] = set()

    async def start(self) -> None:
        self._configure()
        self.says(0)
        self._program = await Program.start(
            "baresip", ["baresip", "-4", "-s", "-f", str(self._folder)], folder=self._folder
        )
        await self._program.expect("baresip is ready")
        reader, self._writer = await asyncio.open_connection(LOOPBACK, self._control)
        self._reader = asyncio.create_task(self._read(reader), name="baresip events")

    async def stop(self) -> None:
        if self._writer:
            self._writer.close()
        if self._reader:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        if self._program:
            await self._program.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def register(self) -> None:
        transport = f";transport={self.line.transport}"
        codecs = ",".join(_CODECS[name] for name in self.line.codecs)
        self._begin()
        account = (
            f'"{self.line.name}" <sip:{self.line.number}@{self.line.host}:{self.line.port}{transport}>'
            f";auth_user={self.line.number};auth_pass={self.line.secret};audio_codecs={codecs};regint=600"
            f"{_SRTP[self.line.srtp]};answermode=manual;mwi={'yes' if self._mwi else 'no'}"
        )
        await self._tell("uanew", account)
        told = await self._event("REGISTER_OK", "REGISTER_FAIL")
        if told["type"] == "REGISTER_FAIL":
            code = re.match(r"\d{3}", str(told.get("param", "")))
            raise Refused(int(code.group()) if code else 0)

    def says(self, hz: float) -> None:
        sound = tone(hz, ms=_SPEECH_MS) if hz else silence(ms=_SPEECH_MS)
        write_wav(self._folder / "speech.wav", sound)

    async def dial(self, number: str) -> None:
        self._begin()
        await self._tell("dial", number)

    async def ringback(self) -> None:
        await self._event("CALL_RINGING", "CALL_PROGRESS")

    async def connected(self) -> None:
        await self._event("CALL_ESTABLISHED")

    async def incoming(self) -> Caller:
        told = await self._event("CALL_INCOMING")
        self._begin()
        self._call_began = next(i for i, event in enumerate(self.events) if event is told)
        number = re.search(r"sips?:([^@;]*)@?", str(told["peeruri"]))
        return Caller(number.group(1) if number else "", str(told.get("peerdisplayname", "")))

    async def answer(self) -> None:
        await self._tell("accept")
        await self._event("CALL_ESTABLISHED")

    async def reject(self, *, busy: bool = False) -> None:
        """baresip has one way to refuse: 486."""
        await self._tell("hangup")

    async def hold(self) -> None:
        await self._reinvite("hold")

    async def resume(self) -> None:
        await self._reinvite("resume")

    async def dtmf(self, digits: str) -> None:
        for digit in digits:
            await self._tell("sndcode", digit)
            await asyncio.sleep(0.2)  # the length of a key press

    async def hangup(self) -> None:
        await self._tell("hangup")

    async def ended(self) -> Ending:
        told = await self._event("CALL_CLOSED")
        self._call_began = next(i for i, event in enumerate(self.events) if event is told) + 1
        code = re.match(r"\d{3}", str(told.get("param", "")))
        return Ending(int(code.group()) if code else None)

    def heard(self) -> Sound:
        # Each change of direction (hold, resume) begins another file; their names tell the second.
        parts = [read_wav(path) for path in sorted(self._decoded() - self._recordings)]
        return join(*(part for part in parts if part.ms)) if any(part.ms for part in parts) else silence(ms=0)

    @property
    def messages(self) -> list[tuple[int, int]]:
        """New and heard messages that it was told of, in order."""
        told = (str(event.get("param", "")) for event in self.events if event["type"] == "MWI_NOTIFY")
        return [found for body in told if (found := summary(body))]

    def digits(self) -> str:
        if self._program is None:
            return ""
        return "".join(re.findall(r"received (?:in-band )?(?:DTMF|event): '(.)' \(end=0\)", self._said))

    # Inside

    @property
    def _said(self) -> str:
        return self._program.output[self._from :] if self._program else ""

    def _begin(self) -> None:
        """Another call: what came before it does not count."""
        self._call_began = len(self.events)
        self._from = self._program.mark if self._program else 0
        self._recordings = self._decoded()

    def _decoded(self) -> set[Path]:
        return set(self._folder.glob("dump-*-dec.wav"))

    async def _reinvite(self, command: str) -> None:
        program = self._program
        if program is None:
            raise AssertionError("baresip is not running")
        # A recording is named by its second: without this the next would overwrite the last.
        await until(lambda: not self._recorded_this_second(), "the next second begins", timeout_s=2)
        mark = program.mark
        await self._tell(command)
        await program.expect(r"SIP/2.0 200 [\s\S]*?CSeq: \d+ INVITE", after=mark)

    def _recorded_this_second(self) -> bool:
        newest = max((_named(path) for path in self._decoded()), default="")
        return time.strftime("%Y-%m-%d-%H-%M-%S") <= newest

    async def _tell(self, command: str, params: str = "") -> None:
        if self._writer is None:
            raise AssertionError("baresip is not running")
        data = json.dumps({"command": command, "params": params, "token": command})
        self._writer.write(f"{len(data)}:{data},".encode())
        await self._writer.drain()

    async def _event(self, *kinds: str) -> dict[str, Any]:
        """The first of these events since the call began."""

        def look() -> dict[str, Any] | None:
            recent = self.events[self._call_began :]
            return next((event for event in recent if event["type"] in kinds), None)

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                while not (found := look()):
                    self._news.clear()
                    await self._news.wait()
                return found
        kinds_seen = [event["type"] for event in self.events[self._call_began :]]
        raise AssertionError(
            f"baresip {self.line.number} did not tell {' or '.join(kinds)}, but {kinds_seen}"
        )

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = int((await reader.readuntil(b":"))[:-1])
                told = json.loads((await reader.readexactly(length + 1))[:-1])
                if told.get("event"):
                    self.events.append(told)
                    self._news.set()

    def _configure(self) -> None:
        rtp = free_ports(20)
        modules = [
            "g711", "g722", "srtp", "aufile", "aubridge", "sndfile",
        ]  # fmt: skip
        applications = ["menu", "ctrl_tcp", *(["mwi"] if self._mwi else [])]
        lines = [
            "poll_method epoll", f"sip_listen {LOOPBACK}:{free_port()}", f"rtp_ports {rtp}-{rtp + 19}",
            f"audio_source aufile,{self._folder}/speech.wav", "audio_player aubridge,heard",
            "audio_alert aubridge,ring", "ausrc_srate 8000", "auplay_srate 8000", "ausrc_channels 1",
            "auplay_channels 1", "audio_txmode thread", "jitter_buffer_delay 2-10", "call_max_calls 4",
            "call_local_timeout 120", f"module_path {_MODULES}", *(f"module {name}.so" for name in modules),
            "module_tmp account.so", *(f"module_app {name}.so" for name in applications),
            f"ctrl_tcp_listen {LOOPBACK}:{self._control}", f"snd_path {self._folder}",
            "statmode_default off", "net_interface 127.0.0.1",
        ]  # fmt: skip
        (self._folder / "config").write_text("\n".join(lines) + "\n")
        (self._folder / "accounts").write_text("")
        (self._folder / "contacts").write_text("")


def _named(path: Path) -> str:
    """The second in the name of a recording."""
    return path.name.removeprefix("dump-").removesuffix("-dec.wav")
