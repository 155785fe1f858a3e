"""A-law and µ-law (ITU-T G.711), by table."""

import numpy as np
from numpy.typing import NDArray

from tests.phones.sound import Samples

Octets = NDArray[np.uint8]


def _alaw_value(code: int) -> int:
    code ^= 0x55
    segment, step = (code >> 4) & 7, code & 0x0F
    value = (step << 4) + 8 if segment == 0 else ((step << 4) + 0x108) << (segment - 1)
    return value if code & 0x80 else -value


def _ulaw_value(code: int) -> int:
    code = ~code & 0xFF
    value = ((((code & 0x0F) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return -value if code & 0x80 else value


_VALUES = {
    "PCMA": np.array([_alaw_value(code) for code in range(256)], np.int16),
    "PCMU": np.array([_ulaw_value(code) for code in range(256)], np.int16),
}
_ORDER = {name: np.argsort(values, kind="stable") for name, values in _VALUES.items()}


def decode(codec: str, octets: bytes) -> Samples:
    """Octets of PCMA or PCMU as samples."""
    return _VALUES[codec][np.frombuffer(octets, np.uint8)]


def encode(codec: str, samples: Samples) -> bytes:
    """Samples as octets: the nearest code of each."""
    order = _ORDER[codec]
    ladder = _VALUES[codec][order].astype(np.int32)
    middles = (ladder[1:] + ladder[:-1]) // 2
    return bytes(order[np.searchsorted(middles, samples.astype(np.int32))].astype(np.uint8))
