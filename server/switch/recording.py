"""What is recorded: WAV files, 8 kHz, 16 bit, mono."""

import re
import struct
import wave
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

NAME_PATTERN = r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)*"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A finished recording: `path` of the file, with its extension, and its length in seconds."""

    path: Path
    seconds: float


class BridgeRecording(ABC):
    """A recording of a bridge that is under way: all voices mixed."""

    @abstractmethod
    async def pause(self) -> None:
        """Leave out what is said from now on. Idempotent."""

    @abstractmethod
    async def resume(self) -> None:
        """Record again. Idempotent."""

    @abstractmethod
    async def stop(self) -> Recorded:
        """End it; the file can be read at once. Idempotent, also after the bridge was closed.

        Raises `SwitchError` if the file is lost: the disk is full (`DiskFull`), or the engine was restarted.
        """

    @abstractmethod
    async def over(self) -> Recorded:
        """Return once it has ended, by whatever way; else as `stop`.

        It ends by itself before the disk is full, so that the file is whole: that raises `DiskFull`.
        """


def check_recording_name(name: str) -> None:
    """Raise `ValueError` unless this can name a recording: a relative path without an extension."""
    if not re.fullmatch(NAME_PATTERN, name, re.ASCII) or len(name) > 200:
        raise ValueError(f"A recording has a name such as voicemail/1001/a1, not {name!r}.")


def wav_seconds(path: Path) -> float:
    """Length of a WAV file; raises `OSError` or `ValueError` if it is none, or a broken one."""
    try:
        with wave.open(str(path)) as file:
            return float(file.getnframes() / file.getframerate())
    except (EOFError, wave.Error) as error:
        raise ValueError(f"{path} is no WAV file: {error or 'it is empty'}.") from error


RATE = 8000
_BYTES_A_SAMPLE = 2
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


def mend_wav(path: Path) -> None:
    """Write the header of a recording anew if it does not fit the file: whoever recorded was stopped.

    The engine writes the lengths last of all. Raises `OSError`.
    """
    sound = path.stat().st_size - _HEADER.size
    sound -= sound % _BYTES_A_SAMPLE
    try:
        with wave.open(str(path)) as file:
            if file.getnframes() * file.getsampwidth() * file.getnchannels() >= sound - _BYTES_A_SAMPLE:
                return
    except (EOFError, wave.Error):
        pass  # not even begun
    if sound <= 0:
        return
    header = _HEADER.pack(
        b"RIFF", _HEADER.size - 8 + sound, b"WAVE", b"fmt ", 16, 1, 1, RATE, RATE * _BYTES_A_SAMPLE,
        _BYTES_A_SAMPLE, 8 * _BYTES_A_SAMPLE, b"data", sound,
    )  # fmt: skip
    with path.open("r+b") as file:
        file.write(header)
