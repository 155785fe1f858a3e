"""Tones made and recognised: what one phone says and whether another one hears it.

Samples are mono, 16-bit, as numpy arrays; levels are dBov (a full-scale sine is 0 here);
moments and lengths are milliseconds.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

_FULL_SCALE = 32767.0
_SILENCE_DBOV = -127.0
_WINDOW_MS = 10.0
"""A gap is measured with a window of this length; shorter ones are not seen."""
_PRESENT = 0.35
"""A tone counts as there while its amplitude is above this part of its usual one."""
_WAV_HEADER = 44
_SHARE = 0.3
"""Part of a window's energy that must be the tone's, so that another tone's foothills do not count."""
_DOMINANT = 0.6
"""Part of the energy that must sit at one pitch for it to be called a tone."""


@dataclass(frozen=True, slots=True)
class Sound:
    """What was recorded, with its sample rate in Hz."""

    samples: Samples
    rate: int

    @property
    def ms(self) -> float:
        """Length."""
        return 1000.0 * len(self.samples) / self.rate

    def last(self, ms: float) -> "Sound":
        """The newest `ms` of it."""
        return Sound(self.samples[-int(self.rate * ms / 1000) :], self.rate)

    def first(self, ms: float) -> "Sound":
        """The oldest `ms` of it."""
        return Sound(self.samples[: int(self.rate * ms / 1000)], self.rate)

    def since(self, ms: float) -> "Sound":
        """What comes after the first `ms`."""
        return Sound(self.samples[int(self.rate * ms / 1000) :], self.rate)


def tone(hz: float, *, ms: float, rate: int = 8000, dbov: float = -15.0) -> Sound:
    """A sine of `hz`."""
    moments = np.arange(int(rate * ms / 1000)) / rate
    amplitude = _FULL_SCALE * 10 ** (dbov / 20)
    return Sound((amplitude * np.sin(2 * np.pi * hz * moments)).astype(np.int16), rate)


def silence(*, ms: float, rate: int = 8000) -> Sound:
    """Nothing."""
    return Sound(np.zeros(int(rate * ms / 1000), np.int16), rate)


def join(*parts: Sound) -> Sound:
    """One after the other; all must have the same rate."""
    rates = {part.rate for part in parts}
    if len(rates) != 1:
        raise ValueError(f"sounds of different rates cannot be joined: {sorted(rates)}")
    return Sound(np.concatenate([part.samples for part in parts]), rates.pop())


def level_of(sound: Sound, hz: float) -> float:
    """Level in dBov of the part of the sound that is a sine of `hz` (Goertzel's single bin)."""
    if not len(sound.samples):
        return _SILENCE_DBOV
    amplitude = float(np.abs(np.mean(_shifted(sound, hz)))) * 2 / _FULL_SCALE
    return 20 * float(np.log10(amplitude)) if amplitude > 0 else _SILENCE_DBOV


def pitch(sound: Sound) -> float | None:
    """Frequency in Hz of the tone that fills the sound; None for silence, noise, speech or a mixture."""
    samples = sound.samples.astype(np.float64)
    if len(samples) < sound.rate // 10 or float(np.sqrt(np.mean(samples**2))) < 50:
        return None
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    peak = int(np.argmax(spectrum))
    width = max(2, int(12 * len(samples) / sound.rate))
    near = spectrum[max(0, peak - width) : peak + width + 1].sum()
    if near < _DOMINANT * spectrum.sum():
        return None
    return peak * sound.rate / len(samples)


def hears(sound: Sound, hz: float, *, within_hz: float = 12.0) -> bool:
    """Whether the sound is a tone of this pitch, and nothing much else."""
    found = pitch(sound)
    return found is not None and abs(found - hz) <= within_hz


def longest_gap_ms(sound: Sound, hz: float, *, edges: bool = False) -> float:
    """Longest time without the tone, between where it is first and last heard.

    What precedes and follows the tone is no gap: a phone may ring first and hang up last. A sound that never
    has the tone is one gap from beginning to end. With `edges` what precedes and follows counts, too: for a
    stretch out of the middle of a tone.
    """
    present = _presence(sound, hz)
    heard = np.flatnonzero(present)
    if not len(heard):
        return sound.ms
    steps = np.diff(np.concatenate([[-1], heard, [len(present)]]) if edges else heard)
    return float(steps.max() - 1) * 1000 / sound.rate if len(steps) else 0.0


def heard_ms(sound: Sound, hz: float) -> float:
    """For how long the tone was there, in all."""
    return float(np.count_nonzero(_presence(sound, hz))) * 1000 / sound.rate


def read_wav(path: Path, *, rate: int = 8000) -> Sound:
    """The newest state of a WAV file (16-bit PCM), even one that is still being written.

    While a program records, the lengths in the header are not yet right; so everything after `data` is taken.
    Some write the header last of all: till then it is blank, and the sound is mono at `rate`. Of several
    channels the first is read.
    """
    content = path.read_bytes() if path.exists() else b""
    start = content.find(b"fmt ")
    data = content.find(b"data", start)
    channels = 1
    if start >= 0 and data >= 0:
        _, channels, rate = struct.unpack_from("<HHI", content, start + 8)
        body = content[data + 8 :]
    else:
        body = content[_WAV_HEADER:]
    body = body[: len(body) - len(body) % (2 * channels)]
    return Sound(np.frombuffer(body, "<i2")[::channels].astype(np.int16), rate)


def write_wav(path: Path, sound: Sound) -> None:
    """Save as 16-bit mono PCM."""
    body = sound.samples.astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, sound.rate, sound.rate * 2, 2, 16)
    path.write_bytes(
        b"RIFF" + struct.pack("<I", 36 + len(body)) + b"WAVE"
        b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(body)) + body
    )


def _shifted(sound: Sound, hz: float) -> NDArray[np.complex128]:
    """The sound with `hz` moved to 0 Hz."""
    moments = np.arange(len(sound.samples)) / sound.rate
    return sound.samples * np.exp(-2j * np.pi * hz * moments)


def _presence(sound: Sound, hz: float) -> NDArray[np.bool_]:
    """For each sample, whether the tone is there around it."""
    window = int(sound.rate * _WINDOW_MS / 1000)
    if len(sound.samples) < 2 * window:
        return np.zeros(0, np.bool_)
    sums = np.cumsum(np.concatenate([np.zeros(1, np.complex128), _shifted(sound, hz)]))
    amplitude = np.abs(sums[window:] - sums[:-window]) / window
    usual = float(np.percentile(amplitude, 90))
    if usual < 50:
        return np.zeros(len(amplitude), np.bool_)
    energy = np.cumsum(np.concatenate([np.zeros(1), sound.samples.astype(np.float64) ** 2]))
    power = (energy[window:] - energy[:-window]) / window
    return (amplitude > _PRESENT * usual) & (2 * amplitude**2 > _SHARE * power)
