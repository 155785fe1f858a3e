"""linphonec, as Debian packages it, controlled over its console; its sound card is files."""

import asyncio
import contextlib
import re
import shutil
import tempfile
from pathlib import Path

from tests.phones.phone import ANSWERS_WITHIN_S, Caller, Ending, Line, RealPhone
from tests.phones.ports import free_port, free_ports
from tests.phones.program import Program, ProgramError
from tests.phones.sound import Sound, join, read_wav, silence, tone, write_wav

_SPEECH_MS = 60000
_STREAMS = "Media streams established"
_RATES = {"G722": 8000, "PCMA": 8000, "PCMU": 8000}
_SRTP = {"off": "none", "optional": "srtp", "mandatory": "srtp"}


class Linphone(RealPhone):
    """One linphonec process; UDP or TCP only: over TLS its console wants a client certificate."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self._folder = Path(tempfile.mkdtemp(prefix="linphone-"))
        self._console: Program | None = None
        self._mark = 0
        self._recordings: list[Path] = []
        self._over = False
        self._files = 0

    async def start(self) -> None:
        # Without this folder its core comes up without a network.
        (self._folder / ".local/share/linphone").mkdir(parents=True)
        self._configure()
        self.says(0)
        self._console = await Program.start(
            "linphonec",
            ["linphonec", "-S", "-c", str(self._folder / "linphonerc")],
            folder=self._folder,
            env={
                "HOME": str(self._folder),
                "XDG_DATA_HOME": str(self._folder / ".local/share"),
                "XDG_CONFIG_HOME": str(self._folder),
                "LANG": "C",
            },
        )
        await self._console.expect("linphonec> ")
        await self._console.write("soundcard use files")
        await self._speak()
        await self._record()

    async def stop(self) -> None:
        if self._console:
            if self._console.running:
                await self._console.write("quit")  # which unregisters
                with contextlib.suppress(ProgramError):
                    await self._console.finished(10)
            await self._console.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def register(self) -> None:
        console = self._running
        mark = console.mark
        line = self.line
        proxy = f"sip:{line.host}:{line.port};transport={line.transport}"
        # The console is a pipe: the secret is in no argument list.
        await console.write(f"register sip:{line.number}@{line.host} {proxy} {line.secret}")
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            # It tells nothing by itself, so it is asked.
            while True:
                await console.write("status register")
                told = await console.expect(r"\n(registered,|registered=-?\d)", after=mark)
                if told.group(1) == "registered,":
                    return
                mark = told.end()
                await asyncio.sleep(0.1)

    def says(self, hz: float) -> None:
        write_wav(self._folder / "speech.wav", tone(hz, ms=_SPEECH_MS) if hz else silence(ms=_SPEECH_MS))

    async def dial(self, number: str) -> None:
        await self._begin()
        await self._running.write(f"call sip:{number}@{self.line.host}:{self.line.port}")

    async def ringback(self) -> None:
        await self._running.expect(r"Call \d+ to \S+ ringing|early media", after=self._mark)

    async def connected(self) -> None:
        await self._running.expect(_STREAMS, after=self._mark)

    async def incoming(self) -> Caller:
        if self._over:
            await self._begin()
        pattern = r'Receiving new incoming call from (?:"?([^"<\n]*?)"? ?)?<?sips?:([^@;>\n]*)'
        told = await self._running.expect(pattern, after=self._mark)
        return Caller(told.group(2), (told.group(1) or "").strip())

    async def answer(self) -> None:
        await self._running.write("answer")
        await self.connected()

    async def reject(self, *, busy: bool = False) -> None:
        """linphonec has one way to refuse: 603."""
        await self._running.write("terminate")

    async def hold(self) -> None:
        mark = self._running.mark
        await self._running.write("pause")
        await self._running.expect(r"Call \d+ with [^\n]+ is now paused", after=mark)

    async def resume(self) -> None:
        mark = self._running.mark
        await self._running.write("resume")
        await self._running.expect(_STREAMS, after=mark)
        await self._record()

    async def dtmf(self, digits: str) -> None:
        await self._running.write(digits)

    async def hangup(self) -> None:
        await self._running.write("terminate")

    async def ended(self) -> Ending:
        """The console writes `error` for a refusal, without the status."""
        pattern = r"Call \d+ with [^\n]+ (?:ended \(([^)]*)\)|error)\."
        told = await self._running.expect(pattern, after=self._mark)
        self._over = True
        codes = {"busy": 486, "not found": 404, "decline": 603, "unavailable": 480}
        text = (told.group(1) or "").lower()
        return Ending(next((code for word, code in codes.items() if word in text), None), text)

    def heard(self) -> Sound:
        rate = 16000 if self.line.codecs[0] == "G722" else 8000
        parts = [read_wav(path, rate=rate) for path in self._recordings]
        return join(*(part for part in parts if part.ms)) if any(part.ms for part in parts) else silence(ms=0)

    def digits(self) -> str:
        said = self._running.output[self._mark :]
        return "".join(re.findall(r"Receiving tone (.) from", said))

    @property
    def _running(self) -> Program:
        if self._console is None:
            raise AssertionError("linphonec is not running")
        return self._console

    async def _begin(self) -> None:
        """Another call: what came before it does not count."""
        self._mark = self._running.mark
        self._recordings.clear()
        self._over = False
        await self._record()

    async def _speak(self) -> None:
        await self._running.write(f"play {self._folder}/speech.wav")

    async def _record(self) -> None:
        """Record into a file of its own: linphonec leaves a recording when the call is held."""
        self._files += 1
        self._recordings.append(self._folder / f"heard-{self._files}.wav")
        await self._running.write(f"record {self._recordings[-1]}")

    def _configure(self) -> None:
        port, rtp = free_port(), free_ports(4)
        known = ["PCMA", "PCMU", "G722", "opus", "speex", "GSM", "iLBC", "speex"]
        order = [*self.line.codecs, *(name for name in known if name not in self.line.codecs)]
        codecs = "".join(
            f"[audio_codec_{index}]\nmime={name}\nrate={_RATES.get(name, 16000)}\nchannels=1\n"
            f"enabled={int(name in self.line.codecs)}\n"
            for index, name in enumerate(order)
        )
        ports = f"sip_port={port if self.line.transport == 'udp' else 0}\n"
        ports += f"sip_tcp_port={port if self.line.transport == 'tcp' else 0}\n"
        ports += f"sip_tls_port={port if self.line.transport == 'tls' else 0}\n"
        (self._folder / "linphonerc").write_text(
            f"[sip]\n{ports}guess_hostname=0\ncontact=sip:{self.line.number}@127.0.0.1\nuse_ipv6=0\nuse_info=0\n"
            f"use_rfc2833=1\nverify_server_certs=0\nverify_server_cn=0\nmedia_encryption={_SRTP[self.line.srtp]}\n"
            "register_only_when_network_is_up=0\n"
            f"[rtp]\naudio_rtp_port={rtp}\n[video]\ncapture=0\ndisplay=0\nautomatically_initiate=0\nautomatically_accept=0\n[misc]\nstore_rtp=0\n"
            f"[sound]\necho_cancellation=0\n{codecs}"
        )
