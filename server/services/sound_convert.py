"""`python -m server.services.sound_convert`: a sound file on standard input, PCM on standard output.

A process of its own, with limits: the decoders read files of strangers. Whatever libsndfile reads (WAV in all
its encodings, AIFF, FLAC, Ogg, MP3) becomes one channel of 16 bit at `RATE_HZ`. Exit code 1: it is no such
file; what is wrong with it stands on standard error, in a line.
"""

import io
import resource
import sys
import wave
from io import BytesIO

RATE_HZ = 16_000
"""What wideband telephony carries (G.722); the engine makes narrowband of it."""

MAX_S = 900.0
"""The longest sound, in seconds."""

BLOCK_FRAMES = 1 << 16

MEMORY_BYTES = 1 << 30
CPU_S = 30


class Refused(Exception):
    """What was given cannot be used; the text says why."""


def main() -> int:
    """Convert; returns the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    try:
        sys.stdout.buffer.write(decode(BytesIO(sys.stdin.buffer.read()), longest_s=MAX_S))
    except Refused as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def decode(given: BytesIO, *, longest_s: float) -> bytes:
    """The samples of a sound file: one channel of 16 bit at `RATE_HZ`.

    Raises:
        Refused: it cannot be read, is too long, or has no sound in it.
    """
    import numpy as np  # noqa: PLC0415  (under the limits)
    import soundfile  # noqa: PLC0415
    import soxr  # noqa: PLC0415

    try:
        with soundfile.SoundFile(given) as file:
            if file.frames > longest_s * file.samplerate:
                raise Refused(f"it is longer than {longest_s / 60:.0f} minutes")
            resampler = soxr.ResampleStream(file.samplerate, RATE_HZ, 1)
            wanted = [
                resampler.resample_chunk(np.nan_to_num(block.mean(axis=1)))
                for block in file.blocks(BLOCK_FRAMES, dtype="float32", always_2d=True)
            ]
            wanted.append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
    except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError):
        raise Refused("it is no sound file that can be read (WAV, AIFF, FLAC, Ogg, MP3)") from None
    samples = np.concatenate(wanted)
    if not len(samples):
        raise Refused("there is no sound in it")
    return bytes((np.clip(samples, -1.0, 1.0) * 32767).round().astype("<i2").tobytes())


def wav(pcm: bytes) -> bytes:
    """These samples as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE_HZ)
        writer.writeframes(pcm)
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(main())
