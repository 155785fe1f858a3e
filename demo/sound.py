"""A private sound server per person: a speaker that is recorded, and a microphone that speech is played into.

Each client runs against a PulseAudio of its own, as if on a machine of its own, so its default devices are
its own and Qt Multimedia is used as on anybody's desk.
"""

import asyncio
import contextlib
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from demo.company import Line
from demo.processes import DemoError, Stage, end, output

RATE = 16000
"""Samples a second of recordings and of speech."""
READY_WITHIN_S = 60.0

SINK, SOURCE = "sink_properties=device.description", "source_properties=device.description"
SCRIPT = """\
.fail
load-module module-native-protocol-unix socket={socket} auth-anonymous=1 auth-cookie-enabled=0
load-module module-null-sink sink_name=speaker rate=48000 channels=2 {sink}=Speaker
load-module module-null-sink sink_name=voice rate=48000 channels=1 {sink}=Voice
load-module module-remap-source source_name=microphone master=voice.monitor {source}=Microphone
set-default-sink speaker
set-default-source microphone
"""


@dataclass(frozen=True)
class SoundServer:
    """A running PulseAudio of one person.

    Attributes:
        variables: lead programs to it.
    """

    stage: Stage
    name: str
    variables: dict[str, str]

    async def say(self, speech: Path) -> None:
        """Play a WAV file into the microphone; returns when it has been said."""
        env = self.stage.environment(self.variables)
        await output(["paplay", "--device=voice", str(speech)], env=env)

    @contextlib.asynccontextmanager
    async def recording(self, target: Path) -> AsyncIterator[None]:
        """Record what the speaker plays during the block, as a WAV file of `RATE`, mono, 16 bit."""
        command = ["parec", "--device=speaker.monitor", "--format=s16le", f"--rate={RATE}", "--channels=1"]
        command += ["--latency-msec=20", "--raw"]
        samples = bytearray()
        name = f"parec-{self.name}"
        async with self.stage.running(name, command, env=self.variables, piped=True) as recorder:
            assert recorder.stdout is not None
            samples += await asyncio.wait_for(recorder.stdout.read(640), READY_WITHIN_S)
            if not samples:
                raise DemoError(f"the speaker could not be recorded; see {self.stage.logs / name}.log")
            collector = asyncio.create_task(_collect(recorder.stdout, samples))
            try:
                yield
            finally:
                await end(recorder)
                await collector
        write_wave(target, bytes(samples))


async def _collect(stream: asyncio.StreamReader, into: bytearray) -> None:
    while chunk := await stream.read(65536):
        into += chunk


@contextlib.asynccontextmanager
async def sound_server(stage: Stage, name: str, runtime: Path) -> AsyncIterator[SoundServer]:
    """Run a private PulseAudio.

    Raises:
        DemoError: it is missing or does not come up.
    """
    home = runtime / f"sound-{name}"
    home.mkdir(mode=0o700)
    socket = home / "native"
    script = home / "script.pa"
    script.write_text(SCRIPT.format(socket=socket, sink=SINK, source=SOURCE))
    variables = {"PULSE_SERVER": f"unix:{socket}", "XDG_RUNTIME_DIR": str(home)}
    command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
    command += ["--disable-shm=yes", "--log-level=warning", f"--file={script}"]
    async with stage.running(f"pulseaudio-{name}", command, env={"HOME": str(home), **variables}) as server:
        env = stage.environment(variables)
        deadline = asyncio.get_running_loop().time() + READY_WITHIN_S
        while True:
            try:
                await output(["pactl", "info"], env=env)
                break
            except DemoError as error:
                if server.returncode is not None or asyncio.get_running_loop().time() > deadline:
                    log = stage.logs / f"pulseaudio-{name}.log"
                    raise DemoError(f"PulseAudio did not come up; see {log}") from error
                await asyncio.sleep(0.1)  # another program's socket: nothing to wait on
        yield SoundServer(stage, name, variables)


async def speak(stage: Stage, line: Line, target: Path) -> None:
    """Let espeak-ng speak a line into a WAV file."""
    command = ["espeak-ng", "-v", line.voice, "-p", str(line.pitch), "-s", str(line.speed), "-w", str(target)]
    await output([*command, "--stdin"], env=stage.environment(), stdin=line.text.encode())


def write_wave(path: Path, samples: bytes) -> None:
    """Write 16-bit mono samples at `RATE`."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples[: len(samples) // 2 * 2])
