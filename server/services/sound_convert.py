"""`python -m server.services.sound_convert`: a sound file on standard input, PCM on standard output.

A process of its own, with limits: the decoders read files of strangers. Whatever libsndfile reads (WAV in all
its encodings, AIFF, FLAC, Ogg, MP3) becomes one channel of 16 bit at `RATE_HZ`. Exit code 1: it is no such
file; what is wrong with it stands on standard error, in a line.
"""

import resource
import sys
from io import BytesIO

RATE_HZ = 16_000
"""What wideband telephony carries (G.722); the engine makes narrowband of it."""

MAX_S = 900.0
"""The longest sound, in seconds."""

BLOCK_FRAMES = 1 << 16

MEMORY_BYTES = 1 << 30
CPU_S = 30


def main() -> int:
    """Convert; returns the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    import numpy as np  # noqa: PLC0415  (under the limits)
    import soundfile  # noqa: PLC0415
    import soxr  # noqa: PLC0415

    try:
        with soundfile.SoundFile(BytesIO(sys.stdin.buffer.read())) as file:
            if file.frames > MAX_S * file.samplerate:
                return _refuse(f"it is longer than {MAX_S / 60:.0f} minutes")
            resampler = soxr.ResampleStream(file.samplerate, RATE_HZ, 1)
            wanted = [
                resampler.resample_chunk(np.nan_to_num(block.mean(axis=1)))
                for block in file.blocks(BLOCK_FRAMES, dtype="float32", always_2d=True)
            ]
            wanted.append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
    except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError):
        return _refuse("it is no sound file that can be read (WAV, AIFF, FLAC, Ogg, MP3)")
    samples = np.concatenate(wanted)
    if not len(samples):
        return _refuse("there is no sound in it")
    sys.stdout.buffer.write((np.clip(samples, -1.0, 1.0) * 32767).round().astype("<i2").tobytes())
    return 0


def _refuse(why: str) -> int:
    sys.stderr.write(why + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
