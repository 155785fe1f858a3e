"""Between a device's sample format and ours (signed 16-bit, mono); no Qt here."""

import array
import math
from enum import Enum

from linkus_desktop.sip.audio.backend import SILENCE_DB


class Coding(Enum):
    """How a device writes a sample."""

    INT16 = 2
    FLOAT32 = 4

    @property
    def size(self) -> int:
        """Bytes in a sample."""
        return self.value


def to_mono(data: bytes, channels: int, coding: Coding) -> bytes:
    """A device's frames as 16-bit mono: the first channel, which every microphone fills."""
    if coding is Coding.FLOAT32:
        floats = array.array("f")
        floats.frombytes(data[: len(data) // (4 * channels) * 4 * channels])
        first = floats[::channels] if channels > 1 else floats
        return array.array("h", [_clip(x) for x in first]).tobytes()
    if channels == 1:
        return data
    samples = array.array("h")
    samples.frombytes(data[: len(data) // (2 * channels) * 2 * channels])
    return samples[::channels].tobytes()


def from_mono(data: bytes, channels: int, coding: Coding) -> bytes:
    """16-bit mono as a device's frames: the same on every channel."""
    if channels == 1 and coding is Coding.INT16:
        return data
    samples = array.array("h")
    samples.frombytes(data)
    wide: array.array[int] | array.array[float] = samples
    if coding is Coding.FLOAT32:
        wide = array.array("f", [x / 32_768 for x in samples])
    frames = array.array(wide.typecode, bytes(wide.itemsize * len(wide) * channels))
    for channel in range(channels):
        frames[channel::channels] = wide  # type: ignore[assignment]
    return frames.tobytes()


def peak_db(data: bytes) -> float:
    """The peak of 16-bit samples in dBFS, -96 for silence."""
    samples = array.array("h")
    samples.frombytes(data[: len(data) & ~1])
    peak = max(abs(max(samples)), abs(min(samples))) if samples else 0
    return max(SILENCE_DB, 20 * math.log10(peak / 32_768)) if peak else SILENCE_DB


def _clip(x: float) -> int:
    return max(-32_768, min(32_767, round(x * 32_767))) if math.isfinite(x) else 0
