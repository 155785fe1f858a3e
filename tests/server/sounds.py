"""Sound files as people have them."""

import io

import numpy as np
import soundfile


def tone(
    hertz: float = 440.0,
    *,
    seconds: float = 1.0,
    rate: int = 44_100,
    channels: int = 2,
    form: str = "WAV",
    subtype: str | None = None,
    level: float = 0.5,
) -> bytes:
    """A tone, the same in all channels; `level` 1: as loud as can be."""
    wave = level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)
    file = io.BytesIO()
    soundfile.write(file, np.column_stack([wave] * channels), rate, format=form, subtype=subtype)
    return file.getvalue()


def pitch_of(wav: bytes) -> float:
    """The loudest frequency of a WAV file, in hertz."""
    samples, rate = soundfile.read(io.BytesIO(wav))
    return float(np.abs(np.fft.rfft(samples)).argmax() * rate / len(samples))
