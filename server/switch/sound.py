"""What can be played to a leg.

A sound says what is said, never in which words: these are of the language of the leg (`Leg.language`).
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

PROMPT_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9_-]+)*"
DIGITS_PATTERN = r"[0-9*#]{1,64}"


class SoundKind(StrEnum):
    """How a sound is made."""

    PROMPT = "prompt"
    DIGITS = "digits"
    NUMBER = "number"
    TONE = "tone"
    FILE = "file"


class Tone(StrEnum):
    """Supervisory tones (ITU-T E.180), as the country of the engine has them."""

    DIAL = "dial"
    RINGING = "ring"
    BUSY = "busy"
    CONGESTION = "congestion"
    SPECIAL_INFORMATION = "info"


@dataclass(frozen=True, slots=True)
class Sound:
    """Something to be heard. Make one by the class methods; wrong values raise `ValueError`."""

    kind: SoundKind
    value: str

    @classmethod
    def prompt(cls, name: str) -> Self:
        """A recording that comes with the engine, by its name there: `beep`, `vm-goodbye`."""
        if not re.fullmatch(PROMPT_PATTERN, name):
            raise ValueError(f"A prompt has a name such as vm-goodbye, not {name!r}.")
        return cls(SoundKind.PROMPT, name)

    @classmethod
    def digits(cls, digits: str) -> Self:
        """Digits, `*` and `#` said one by one: 1002 is "one zero zero two"."""
        if not re.fullmatch(DIGITS_PATTERN, digits):
            raise ValueError(f"Only 1 to 64 of 0-9, * and # can be said one by one, not {digits!r}.")
        return cls(SoundKind.DIGITS, digits)

    @classmethod
    def number(cls, number: int) -> Self:
        """A whole number as it is read: 1002 is "one thousand two"."""
        if not 0 <= number < 1_000_000_000:
            raise ValueError(f"A number from 0 to 999999999 can be said, not {number}.")
        return cls(SoundKind.NUMBER, str(number))

    @classmethod
    def tone(cls, tone: Tone) -> Self:
        """A tone. It has no end: it is heard until the leg ends or whoever plays it is cancelled."""
        return cls(SoundKind.TONE, tone.value)

    @classmethod
    def file(cls, path: Path) -> Self:
        """A file of ours, by its absolute path without the extension (WAV: 8 or 16 kHz, 16 bit, mono)."""
        if not path.is_absolute() or re.search(r"[\x00-\x1f,&]", str(path)):
            raise ValueError(f"A sound file has an absolute path without commas and `&`, not {str(path)!r}.")
        return cls(SoundKind.FILE, str(path))

    @property
    def endless(self) -> bool:
        """Whether it lasts until it is stopped."""
        return self.kind is SoundKind.TONE

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


def check_playable(sounds: tuple[Sound, ...]) -> None:
    """Raise `ValueError` unless these can be played one after the other."""
    if not sounds:
        raise ValueError("There is nothing to play.")
    for sound in sounds[:-1]:
        if sound.endless:
            raise ValueError(f"Nothing can follow {sound}: it has no end.")
