"""Sounds made by computing them: ring tones for the ring device. Pure Python, no files.

Call-progress tones (ring-back, busy) are in `media`: they go into a call's loudspeaker.
"""

import array
import math
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from linkus_desktop.sip.audio.backend import Sound

RATE = 16_000
"""Samples per second of all sounds here."""


class Ring(Enum):
    """Kinds of ringing."""

    CALL = "call"
    """A first call."""
    WAITING = "waiting"
    """A further call while in one: short and quiet."""


@dataclass(frozen=True)
class _Note:
    """Frequencies (hertz) sounding together for `ms`; none is a rest. `peak` is 0 to 1."""

    frequencies: tuple[float, ...]
    ms: int
    peak: float = 0.5


_CHIME = tuple(_Note((f, f * 2.01, f * 3.0), 180) for f in (659.3, 830.6, 987.8, 830.6))
_MELODIES = {
    Ring.CALL: (*_CHIME, *_CHIME, _Note((), 1_600)),
    Ring.WAITING: (_Note((880.0,), 120, 0.2), _Note((), 120), _Note((880.0,), 120, 0.2), _Note((), 3_600)),
}


_TEST = (_Note((440.0, 880.0), 350, 0.3), _Note((659.3, 1318.6), 550, 0.3), _Note((), 500))


@lru_cache
def ring(kind: Ring) -> Sound:
    """The sound of a kind of ringing, one period of it."""
    return _sound(_MELODIES[kind])


@lru_cache
def test_sound() -> Sound:
    """Two notes and a rest, as loud as a voice: to hear which loudspeaker is chosen."""
    return _sound(_TEST)


def _sound(notes: tuple[_Note, ...]) -> Sound:
    samples = array.array("h")
    for note in notes:
        samples.extend(_play(note))
    return Sound(RATE, samples.tobytes())


def _play(note: _Note) -> list[int]:
    """The samples of a note, struck as a bell is: quick attack, slow decay, ending in silence."""
    count = RATE * note.ms // 1000
    if not note.frequencies:
        return [0] * count
    attack, release = RATE // 200, RATE // 50
    weights = [0.5**i for i in range(len(note.frequencies))]
    scale = 32_767 * note.peak / sum(weights)
    samples = []
    for i in range(count):
        envelope = min(1.0, i / attack, (count - i) / release) * math.exp(-2.0 * i / count)
        wave = sum(
            w * math.sin(2 * math.pi * f * i / RATE) for w, f in zip(weights, note.frequencies, strict=True)
        )
        samples.append(round(scale * envelope * wave))
    return samples
