"""The measuring itself: it must hear what is there, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.phones.hearing import has_heard
from tests.phones.sound import (
    Sound,
    heard_ms,
    hears,
    join,
    level_of,
    longest_gap_ms,
    pitch,
    read_wav,
    silence,
    tone,
    write_wav,
)


@pytest.mark.parametrize("hz", [400, 440, 697, 1000, 1633, 3000])
@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_the_pitch_of_a_tone_is_found(hz: int, rate: int) -> None:
    sound = tone(hz, ms=500, rate=rate)
    assert pitch(sound) == pytest.approx(hz, abs=3)
    assert hears(sound, hz)
    assert not hears(sound, hz + 60)


def test_silence_noise_and_two_voices_at_once_are_no_tone() -> None:
    noise = np.random.default_rng(7).normal(0, 4000, 8000).astype(np.int16)
    both = Sound(tone(440, ms=1000).samples + tone(880, ms=1000).samples, 8000)
    assert pitch(silence(ms=1000)) is None
    assert pitch(Sound(noise, 8000)) is None
    assert pitch(both) is None


def test_a_tone_is_still_found_under_noise() -> None:
    noise = np.random.default_rng(7).normal(0, 600, 8000).astype(np.int16)
    assert hears(Sound(tone(440, ms=1000).samples + noise, 8000), 440)


@pytest.mark.parametrize("gap", [25, 40, 61, 200])
def test_the_longest_gap_is_measured(gap: int) -> None:
    sound = join(
        silence(ms=300),
        tone(440, ms=1000),
        silence(ms=gap),
        tone(440, ms=700),
        silence(ms=20),
        tone(440, ms=500),
        silence(ms=900),
    )
    assert longest_gap_ms(sound, 440) == pytest.approx(gap, abs=6)
    assert heard_ms(sound, 440) == pytest.approx(2200, abs=25)


def test_another_pitch_in_between_is_a_gap_too() -> None:
    sound = join(tone(440, ms=500), tone(880, ms=120), tone(440, ms=500))
    assert longest_gap_ms(sound, 440) == pytest.approx(120, abs=8)


def test_a_shift_of_phase_is_no_gap() -> None:
    sound = join(tone(440, ms=501), tone(440, ms=503))
    assert longest_gap_ms(sound, 440) < 12


def test_what_never_sounds_is_one_long_gap() -> None:
    assert longest_gap_ms(silence(ms=700), 440) == pytest.approx(700)
    assert longest_gap_ms(tone(880, ms=700), 440) == pytest.approx(700)


def test_levels_are_told_in_dbov() -> None:
    assert level_of(tone(440, ms=500, dbov=-15), 440) == pytest.approx(-15, abs=0.2)
    assert level_of(tone(440, ms=500), 900) < -60
    assert level_of(silence(ms=0), 440) < -100


def test_a_wav_file_comes_back_and_may_still_be_growing(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write_wav(path, tone(440, ms=500, rate=16000))
    assert read_wav(path).rate == 16000
    assert read_wav(path).ms == pytest.approx(500)
    with path.open("ab") as file:
        file.write(tone(440, ms=100, rate=16000).samples.tobytes() + b"\x01")
    assert read_wav(path).ms == pytest.approx(600)
    path.write_bytes(bytes(44) + tone(440, ms=100, rate=16000).samples.tobytes())
    assert read_wav(path, rate=16000).ms == pytest.approx(100)
    assert read_wav(tmp_path / "none.wav").ms == 0


def test_only_sounds_of_one_rate_are_joined() -> None:
    with pytest.raises(ValueError, match="8000, 16000"):
        join(tone(440, ms=10), tone(440, ms=10, rate=16000))


async def test_what_was_heard_and_is_over_counts_as_heard() -> None:
    class Ear:
        def heard(self) -> Sound:
            return join(silence(ms=410), tone(440, ms=500), tone(880, ms=90), silence(ms=5000))

    async def at_once(look: Callable[[], bool], what: str) -> None:
        assert look(), what

    await has_heard(Ear(), 440, wait=at_once)
    with pytest.raises(AssertionError, match="660 Hz were heard"):
        await has_heard(Ear(), 660, wait=at_once)
