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


class Tone(Enum):
    """Ring tones to choose from; the value is what settings keep."""

    CHIME = "chime"
    BELL = "bell"
    MARIMBA = "marimba"
    PULSE = "pulse"
    DIGITAL = "digital"
    SOFT = "soft"
    URGENT = "urgent"
    SILENT = "silent"
    INTERCOM = "intercom"
    """Before a call that is answered automatically; not to be chosen."""

    @staticmethod
    def named(value: str) -> "Tone":
        """The tone that a setting names; the first one for a name that is not known (any more)."""
        return next((tone for tone in Tone if tone.value == value), Tone.CHIME)


def _bar(frequency: float, ms: int, peak: float = 0.5) -> _Note:
    """A wooden bar, struck: the fourth and tenth partial of a marimba's."""
    return _Note((frequency, frequency * 4, frequency * 10), ms, peak)


_CHIME = tuple(_Note((f, f * 2.01, f * 3.0), 180) for f in (659.3, 830.6, 987.8, 830.6))
_BELL = tuple(_Note((f, f * 1.26), 40) for f in (1046.5, 1318.5)) * 11
_MARIMBA = tuple(_bar(f, 150) for f in (523.3, 659.3, 784.0, 659.3, 1046.5, 784.0, 659.3, 523.3))
_PULSE = (_Note((440.0, 554.4), 260), _Note((), 140)) * 3
_DIGITAL = tuple(_Note((f,), 70, 0.4) for f in (1174.7, 1568.0)) * 6
_SOFT = (_Note((392.0, 523.3), 700, 0.3), _Note((329.6, 440.0), 900, 0.3))
_URGENT = (_Note((880.0, 1108.7), 110), _Note((), 50), _Note((1174.7, 1480.0), 110), _Note((), 50)) * 3
_MELODIES = {
    Tone.CHIME: (*_CHIME, *_CHIME, _Note((), 1_600)),
    Tone.BELL: (*_BELL, _Note((), 300), *_BELL, _Note((), 2_000)),
    Tone.MARIMBA: (*_MARIMBA, _Note((), 1_600)),
    Tone.PULSE: (*_PULSE, _Note((), 1_800)),
    Tone.DIGITAL: (*_DIGITAL, _Note((), 250), *_DIGITAL, _Note((), 1_800)),
    Tone.SOFT: (*_SOFT, _Note((), 2_200)),
    Tone.URGENT: (*_URGENT, _Note((), 700)),
    Tone.SILENT: (_Note((), 1_000),),
    Tone.INTERCOM: (_Note((587.3, 1174.7), 180), _Note((880.0, 1760.0), 420), _Note((), 2_000)),
}
_WAITING = (_Note((880.0,), 120, 0.2), _Note((), 120), _Note((880.0,), 120, 0.2), _Note((), 3_600))
_TEST = (_Note((440.0, 880.0), 350, 0.3), _Note((659.3, 1318.6), 550, 0.3), _Note((), 500))


@lru_cache
def ring(kind: Ring, tone: Tone = Tone.CHIME) -> Sound:
    """The sound of a kind of ringing, one period of it; `tone` is that of a first call."""
    return _sound(_WAITING if kind is Ring.WAITING else _MELODIES[tone])


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
