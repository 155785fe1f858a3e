"""WAV files of greetings: what may be uploaded, and the one form in which it is kept (VM-3).

Allowed are the formats that telephony makes: linear PCM 8 kHz 16 bit, A-law and mu-law 8 kHz 8 bit (ITU-T
G.711), one channel. All are kept as linear PCM, which every engine plays.
"""

import struct
from dataclasses import dataclass
from functools import lru_cache

from server.contract.errors import ErrorCode
from server.contract.voicemail import MAX_GREETING_BYTES
from server.services.errors import ServiceError

RATE = 8000
ALLOWED = "a .wav file of one channel at 8 kHz: PCM with 16 bit, A-law or mu-law with 8 bit"

_PCM, _ALAW, _ULAW = 1, 6, 7  # WAVE_FORMAT_… of RFC 2361
_BITS = {_PCM: 16, _ALAW: 8, _ULAW: 8}


@dataclass(frozen=True, slots=True)
class Speech:
    """Samples: 8 kHz, signed 16 bit, little endian, mono."""

    samples: bytes

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / 2 / RATE

    def wav(self) -> bytes:
        """As a WAV file."""
        size = len(self.samples)
        form = struct.pack("<4sIHHIIHH", b"fmt ", 16, _PCM, 1, RATE, RATE * 2, 2, 16)
        head = struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + form
        return head + struct.pack("<4sI", b"data", size) + self.samples


def speech_of(content: bytes) -> Speech:
    """The speech in an uploaded file.

    Raises:
        ServiceError: `TOO_LARGE`; `INVALID`: it is no such file, or empty.
    """
    if len(content) > MAX_GREETING_BYTES:
        raise ServiceError(
            ErrorCode.TOO_LARGE, f"The file has {len(content)} bytes; {MAX_GREETING_BYTES} are allowed."
        )
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise _refused("it is no WAV file")
    found: tuple[int, ...] | None = None
    at = 12
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        body = content[at + 8 : at + 8 + size]
        if name == b"fmt " and len(body) >= 16:
            found = struct.unpack_from("<HHIIHH", body)
        elif name == b"data" and found is not None:
            if len(body) < size:
                raise _refused("it is cut off")
            return _decoded(found, body)
        at += 8 + size + size % 2
    raise _refused("it is damaged: its format or its sound is missing")


def _decoded(found: tuple[int, ...], body: bytes) -> Speech:
    kind, channels, rate, _, _, bits = found
    if kind not in _BITS or (channels, rate, bits) != (1, RATE, _BITS[kind]):
        raise _refused(f"it has {channels} channels, {rate} Hz, {bits} bit, encoding {kind}")
    if kind == _PCM:
        samples = body[: len(body) // 2 * 2]
    else:
        low, high = _tables(kind)
        decoded = bytearray(2 * len(body))
        decoded[0::2], decoded[1::2] = body.translate(low), body.translate(high)
        samples = bytes(decoded)
    if not samples:
        raise _refused("there is no sound in it")
    return Speech(samples)


@lru_cache(maxsize=2)
def _tables(kind: int) -> tuple[bytes, bytes]:
    """The low and the high byte of the sample of each code."""
    decode = _alaw if kind == _ALAW else _ulaw
    samples = b"".join(struct.pack("<h", decode(byte)) for byte in range(256))
    return samples[0::2], samples[1::2]


def _alaw(byte: int) -> int:
    """G.711, table 1a, in the 16-bit range."""
    byte ^= 0x55
    exponent, mantissa = (byte >> 4) & 7, byte & 15
    value = (mantissa << 4) + 8
    if exponent:
        value = (value + 0x100) << (exponent - 1)
    return value if byte & 0x80 else -value


def _ulaw(byte: int) -> int:
    """G.711, table 2a, in the 16-bit range."""
    byte = ~byte & 0xFF
    value = ((((byte & 15) << 3) + 0x84) << ((byte >> 4) & 7)) - 0x84
    return -value if byte & 0x80 else value


def _refused(why: str) -> ServiceError:
    return ServiceError(ErrorCode.INVALID, f"This cannot be a greeting: {why}. Give {ALLOWED}.")
