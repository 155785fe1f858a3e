"""Sound files that people upload, made into what the engine plays."""

from dataclasses import dataclass

from server.contract.errors import ErrorCode
from server.services.apart import read_apart
from server.services.errors import ServiceError
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
    pcm = await read_apart(
        "server.services.sound_convert",
        given=given,
        what="the sound file",
        within_s=CONVERTED_WITHIN_S,
        work="read",
    )
    return SoundFile(wav(pcm), len(pcm) / 2 / RATE_HZ)
