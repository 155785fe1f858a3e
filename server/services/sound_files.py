"""Sound files that people upload, made into what the engine plays."""

import asyncio
import sys
from dataclasses import dataclass

from server.contract.errors import ErrorCode
from server.services.errors import ServiceError, invalid
from server.services.sound_convert import RATE_HZ, wav

MAX_BYTES = 16 << 20
"""Bytes of an uploaded sound file: nine minutes of the loudest formats, hours of MP3."""

CONVERTED_WITHIN_S = 60.0

SUFFIX = ".wav16"
"""How the engine calls WAV at 16 kHz."""


@dataclass(frozen=True, slots=True)
class SoundFile:
    """WAV with one channel of 16 bit at `RATE_HZ`."""

    content: bytes
    duration_s: float


async def convert(given: bytes) -> SoundFile:
    """Make any usual sound file into one that the engine plays.

    Raises:
        ServiceError: `TOO_LARGE`; `INVALID`: it cannot be read, is too long, or has no sound in it.
    """
    if len(given) > MAX_BYTES:
        raise ServiceError(
            ErrorCode.TOO_LARGE, f"The sound file has {len(given)} bytes; {MAX_BYTES} are allowed."
        )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.services.sound_convert",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(CONVERTED_WITHIN_S):
            pcm, said = await process.communicate(given)
    except TimeoutError:
        raise invalid("the sound file", "takes too long to be read") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == 1 and said:
        # Its last line: a decoder may have said something of its own before.
        raise invalid("the sound file", said.decode(errors="replace").strip().splitlines()[-1])
    if process.returncode:
        raise invalid("the sound file", "is damaged, or takes too much to be unpacked")
    return SoundFile(wav(pcm), len(pcm) / 2 / RATE_HZ)
