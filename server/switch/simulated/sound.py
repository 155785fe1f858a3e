"""What simulated phones hear: sounds that have a length, and end by themselves or when they are stopped."""

import asyncio
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.switch.port import SwitchError
from server.switch.sound import Sound, SoundKind
from server.switch.speech import ENGLISH

WORD_S = 0.8
"""Length of one spoken word of a number."""
SAID = {"*": "digits/star", "#": "digits/pound"}


@functools.cache
def prompts() -> Mapping[str, float]:
    """Length in seconds of each prompt that the real engine has, by name."""
    lines = Path(__file__).with_name("prompts.txt").read_text().splitlines()
    rows = (line.split() for line in lines if not line.startswith("#"))
    return {name: int(milliseconds) / 1000 for name, milliseconds in rows}


def length_s(sound: Sound, files: Mapping[Path, float]) -> float:
    """Length of a sound in seconds, infinite for a tone; `files` has those of ours.

    Raises `SwitchError` for a prompt or a file that does not exist.
    """
    match sound.kind:
        case SoundKind.PROMPT if sound.value not in prompts():
            raise SwitchError(f"The simulated engine has no prompt {sound.value}.")
        case SoundKind.PROMPT:
            return prompts()[sound.value]
        case SoundKind.DIGITS:
            return sum(prompts()[SAID.get(digit, f"digits/{digit}")] for digit in sound.value)
        case SoundKind.NUMBER:
            return WORD_S * len(sound.value)
        case SoundKind.TONE:
            return math.inf
        case SoundKind.FILE:
            if Path(sound.value) not in files:
                raise SwitchError(f"There is no sound file {sound.value}.")
            return files[Path(sound.value)]


@dataclass(eq=False)
class Heard:
    """A sound that a phone heard, in seconds of the loop; `ended` is None while it sounds.

    `language`: the one that was spoken, of those that there are.
    """

    sound: Sound
    began: float
    ended: float | None = None
    language: str = ENGLISH


class Playback:
    """Sounds that are played to one dialog, one after the other.

    Attributes:
        over: done when the last has ended, or it was stopped.
    """

    def __init__(
        self,
        sounds: Sequence[Sound],
        files: Mapping[Path, float],
        heard: list[Heard],
        done: Callable[[], None],
        language: str = ENGLISH,
    ) -> None:
        """Begin at once; what is heard is noted in `heard`, and `done` is called at the end."""
        self._lengths = [length_s(sound, files) for sound in sounds]
        self._sounds = list(sounds)
        self._heard = heard
        self._done = done
        self._language = language
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self.over: asyncio.Future[None] = self._loop.create_future()
        self._next()

    def stop(self) -> None:
        """Silence, from now on. Idempotent."""
        if self._timer is not None:
            self._timer.cancel()
        if not self.over.done():
            self._sounds.clear()
            self._next()

    def _next(self) -> None:
        if self._heard and self._heard[-1].ended is None:
            self._heard[-1].ended = self._loop.time()
        if not self._sounds:
            self.over.set_result(None)
            self._done()
            return
        self._heard.append(Heard(self._sounds.pop(0), self._loop.time(), language=self._language))
        length = self._lengths.pop(0)
        if math.isfinite(length):
            self._timer = self._loop.call_later(length, self._next)
