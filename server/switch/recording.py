"""What is recorded: WAV files, 8 kHz, 16 bit, mono."""

import re
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

        Raises `SwitchError` if the file is lost: the disk is full, or the engine was restarted.
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
