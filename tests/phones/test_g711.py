"""G.711 against the figures of the standard."""

import numpy as np
import pytest

from tests.phones import g711
from tests.phones.sound import level_of, tone


@pytest.mark.parametrize(
    ("codec", "octet", "value"),
    [("PCMU", 0xFF, 0), ("PCMU", 0x80, 32124), ("PCMU", 0x00, -32124), ("PCMA", 0xD5, 8),
     ("PCMA", 0xAA, 32256), ("PCMA", 0x2A, -32256)],
)  # fmt: skip
def test_known_codes(codec: str, octet: int, value: int) -> None:
    assert g711.decode(codec, bytes([octet])).tolist() == [value]


@pytest.mark.parametrize("codec", ["PCMA", "PCMU"])
def test_a_tone_survives_there_and_back(codec: str) -> None:
    sound = tone(440, ms=200)
    back = g711.decode(codec, g711.encode(codec, sound.samples))
    assert np.abs(back.astype(int) - sound.samples).max() < 400
    assert level_of(type(sound)(back, 8000), 440) == pytest.approx(-15, abs=0.2)
