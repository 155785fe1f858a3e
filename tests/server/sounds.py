"""Sound files as people have them."""

import io
import tarfile
import zipfile
from collections.abc import Iterable

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


def package(files: dict[str, bytes], *, form: str = "tar.gz") -> bytes:
    """A sound package: files by their path in it."""
    file = io.BytesIO()
    if form == "zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in files.items():
                packed.writestr(name, content)
    else:
        with tarfile.open(fileobj=file, mode="w:gz" if form == "tar.gz" else "w") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def tones(names: Iterable[str], hertz: float, *, seconds: float = 0.5) -> dict[str, bytes]:
    """Sound files with these names that are all the same tone."""
    sound = tone(hertz, seconds=seconds, rate=8000, channels=1)
    return {f"{name}.wav": sound for name in names}
