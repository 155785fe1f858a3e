"""SIP-5: a recording whose writer was stopped can be heard to its last whole sample."""

from pathlib import Path

import pytest

from server.switch.recording import mend_wav, wav_seconds
from tests.phones.sound import hears, read_wav, tone, write_wav

HEADER = 44


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    path = tmp_path / "call.wav"
    write_wav(path, tone(440, ms=2000))
    return path


def test_a_whole_file_is_left_as_it_is(whole: Path) -> None:
    before = whole.read_bytes()
    mend_wav(whole)
    assert whole.read_bytes() == before


@pytest.mark.parametrize("header", ["blank", "of nothing"])
def test_a_header_that_was_not_written_to_the_end_is_made_anew(whole: Path, header: str) -> None:
    octets = bytearray(whole.read_bytes())
    if header == "blank":
        octets[:HEADER] = bytes(HEADER)
    else:
        octets[40:44] = bytes(4)
    whole.write_bytes(octets[:-7])  # and the last block is not whole
    mend_wav(whole)
    assert wav_seconds(whole) == pytest.approx(2.0, abs=0.001)
    assert hears(read_wav(whole), 440)


@pytest.mark.parametrize("octets", [b"", b"RIFF", bytes(HEADER)])
def test_what_has_no_sound_stays_unusable(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "empty.wav"
    path.write_bytes(octets)
    mend_wav(path)
    assert path.read_bytes() == octets
    with pytest.raises(ValueError, match="no WAV"):
        wav_seconds(path)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        mend_wav(tmp_path / "none.wav")
