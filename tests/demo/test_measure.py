"""The demo's measure: the same words are heard, other words, silence and gaps are not."""

import wave
from pathlib import Path

import numpy as np
import pytest

from demo import measure

RATE = measure.RATE


def speech(seed: int, seconds: float = 6.0) -> measure.Samples:
    """Sound like speech: syllables of changing pitch and colour with pauses, the same for the same seed."""
    chance = np.random.default_rng(seed)
    samples = np.zeros(int(seconds * RATE))
    at = 0
    while at < len(samples) - RATE // 2:
        length = int(chance.uniform(0.08, 0.3) * RATE)
        time = np.arange(length) / RATE
        pitch = chance.uniform(110, 260)
        syllable = sum(
            chance.uniform(0, 1) * np.sin(2 * np.pi * pitch * harmonic * time) for harmonic in range(1, 14)
        )
        samples[at : at + length] += 0.05 * syllable * np.hanning(length)
        at += length + int(chance.uniform(0.02, 0.15) * RATE)
    return samples


def save(path: Path, samples: measure.Samples) -> Path:
    """Write samples as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture
def said(tmp_path: Path) -> Path:
    """What one person said."""
    return save(tmp_path / "said.wav", speech(1))


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """What somebody else said."""
    return save(tmp_path / "other.wav", speech(2))


def test_the_same_words_later_and_softer_and_with_noise_are_heard(
    said: Path, other: Path, tmp_path: Path
) -> None:
    """A call delays and attenuates, and lines hiss."""
    noise = np.random.default_rng(3).normal(0, 0.001, 9 * RATE)
    noise[int(1.5 * RATE) : int(1.5 * RATE) + 6 * RATE] += 0.3 * measure.read_wave(said)
    hearing = measure.compare(save(tmp_path / "heard.wav", noise), said, other)

    assert hearing.heard
    assert hearing.delay_s == pytest.approx(1.5, abs=0.03)


def test_other_words_are_not_taken_for_these(said: Path, other: Path) -> None:
    """Somebody else's speech on the line is no proof."""
    assert not measure.compare(other, said, other).heard


def test_silence_is_not_heard(said: Path, other: Path, tmp_path: Path) -> None:
    """A line on which nothing comes."""
    hearing = measure.compare(save(tmp_path / "silence.wav", np.zeros(8 * RATE)), said, other)

    assert not hearing.heard
    assert hearing.complete == 0


def test_a_line_that_drops_a_fifth_of_the_words_is_not_good_enough(
    said: Path, other: Path, tmp_path: Path
) -> None:
    """Likeness alone forgives gaps; completeness does not."""
    samples = measure.read_wave(said)
    for second in range(6):
        samples[second * RATE : second * RATE + RATE // 5] = 0
    hearing = measure.compare(save(tmp_path / "gaps.wav", samples), said, other)

    assert hearing.complete < 0.95
    assert not hearing.heard


def test_a_line_whose_delay_shrinks_is_still_understood(said: Path, other: Path, tmp_path: Path) -> None:
    """A buffer that was filled at first is emptied by playing a little faster."""
    samples = measure.read_wave(said)
    faster = np.interp(np.arange(0, len(samples), 1.01), np.arange(len(samples)), samples)

    hearing = measure.compare(save(tmp_path / "faster.wav", faster), said, other)

    assert hearing.heard


def test_nothing_recorded_is_not_an_error(said: Path, other: Path, tmp_path: Path) -> None:
    """A call that broke off at once leaves an empty recording."""
    assert not measure.compare(save(tmp_path / "empty.wav", np.zeros(0)), said, other).heard


def test_what_a_machine_that_stands_still_lets_through_is_broken_and_no_more(
    said: Path, other: Path, tmp_path: Path
) -> None:
    """Three quarters of the time nothing runs: what comes through in the rest is all that a call can do."""
    samples = measure.read_wave(said)
    for start in range(0, len(samples), RATE // 2):
        samples[start + RATE // 8 : start + RATE // 2] = 0
    recording = save(tmp_path / "broken.wav", samples)

    hearing = measure.compare(recording, said, other, stood=0.75)
    assert (hearing.heard, hearing.broken, hearing.understood) == (True, True, False)
    assert not measure.compare(recording, said, other).heard, "on a machine that runs this is a bad call"


def test_silence_on_a_machine_that_stands_still_is_not_heard(said: Path, other: Path, tmp_path: Path) -> None:
    """However little it ran, something must have come."""
    silent = save(tmp_path / "silence.wav", np.zeros(8 * RATE))
    assert not measure.compare(silent, said, other, stood=0.95).heard
