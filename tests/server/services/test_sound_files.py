"""What people upload becomes what the engine plays (ADMIN-2)."""

import io
import wave
from pathlib import Path

import pytest

from server.contract.errors import ErrorCode
from server.services.errors import ServiceError
from server.services.sound_files import MAX_BYTES, convert
from tests.server.sounds import pitch_of, tone

FORMATS = [
    ("WAV", "PCM_16", 8_000, 1),
    ("WAV", "ULAW", 8_000, 1),
    ("WAV", "ALAW", 8_000, 1),
    ("WAV", "PCM_24", 48_000, 2),
    ("WAV", "FLOAT", 44_100, 2),
    ("FLAC", None, 22_050, 1),
    ("OGG", "VORBIS", 44_100, 2),
    ("MP3", None, 44_100, 2),
]


@pytest.mark.parametrize(("form", "subtype", "rate", "channels"), FORMATS)
async def test_any_usual_sound_file_becomes_wideband_wav_of_the_same_pitch_and_length_ADMIN_2(
    form: str, subtype: str | None, rate: int, channels: int
) -> None:
    made = await convert(tone(440, seconds=1.5, rate=rate, channels=channels, form=form, subtype=subtype))
    with wave.open(io.BytesIO(made.content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
        assert file.getnframes() / 16_000 == pytest.approx(made.duration_s)
    assert made.duration_s == pytest.approx(1.5, abs=0.1)  # MP3 and Vorbis have blocks of a fixed size
    assert pitch_of(made.content) == pytest.approx(440, abs=3)


async def test_what_is_above_the_band_is_left_out_not_folded_into_it() -> None:
    made = await convert(tone(11_000, rate=44_100))
    with wave.open(io.BytesIO(made.content)) as file:
        frames = memoryview(file.readframes(file.getnframes())).cast("h")
    assert max(map(abs, frames[1600:-1600])) < 33  # 60 dB below full level


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (b"", "no sound file"),
        (b"RIFF\x00\x00\x00\x00WAVE", "no sound file"),
        (b"<html>not a sound</html>" * 1000, "no sound file"),
        (tone(seconds=0), "no sound in it"),
        (tone(seconds=901, rate=2_000, channels=1, subtype="PCM_U8"), "longer than 15 minutes"),
    ],
    ids=["empty", "a header", "a page", "silent", "long"],
)
async def test_what_is_no_sound_is_refused_with_the_reason(given: bytes, why: str) -> None:
    with pytest.raises(ServiceError, match=why) as caught:
        await convert(given)
    assert caught.value.code is ErrorCode.INVALID


async def test_what_is_too_large_is_refused_unread() -> None:
    with pytest.raises(ServiceError, match="are allowed") as caught:
        await convert(bytes(MAX_BYTES + 1))
    assert caught.value.code is ErrorCode.TOO_LARGE


async def test_a_decoder_that_a_file_brings_down_takes_nothing_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fake decoder that dies as one that has used up its limits does."""
    decoder = tmp_path / "decoder"
    decoder.write_text("#!/bin/sh\ncat > /dev/null\nkill -9 $$\n")
    decoder.chmod(0o700)
    monkeypatch.setattr("server.services.apart.sys.executable", str(decoder))
    with pytest.raises(ServiceError, match="is damaged, or takes too much") as caught:
        await convert(tone())
    assert caught.value.code is ErrorCode.INVALID
