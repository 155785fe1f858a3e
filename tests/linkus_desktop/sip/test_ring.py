"""The ring between two clocks, in made-up time: no thread, no device (SIP-6)."""

import array
import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkus_desktop.sip.audio.pcm import Coding, from_mono, peak_db, to_mono
from linkus_desktop.sip.audio.ring import LIMIT_MS, SampleRing
from linkus_desktop.sip.audio.tones import Ring, ring

RATE = 16_000
FRAME = 320


_WAVE = array.array("h", (round(8000 * math.sin(2 * math.pi * 440 * i / RATE)) for i in range(3 * RATE)))


def sine(count: int, start: int = 0) -> bytes:
    """440 Hz; sixteen thousand samples hold whole periods of it."""
    begin = start % RATE
    return _WAVE[begin : begin + count].tobytes()


def run(seconds: float, block: int, drift: float, jitter: list[int]) -> tuple[SampleRing, list[int]]:
    """A device of `block` samples and a clock off by `drift`, against 20 ms frames; fill before each read."""
    samples = SampleRing(RATE)
    fills, sent, swing = [], 0, itertools.cycle(jitter)
    due = block * (1 + drift)
    for tick in range(int(seconds * 50)):
        now = (tick + 1) * FRAME
        while due + next(swing) <= now:
            samples.write(sine(block, sent))
            sent += block
            due += block * (1 + drift)
        fills.append(len(samples))
        assert len(samples.read(FRAME)) == 2 * FRAME
    return samples, fills


@pytest.mark.parametrize("drift", [-0.0005, -0.0001, 0.0, 0.0001, 0.0005])
@pytest.mark.parametrize("block", [160, 320, 1024])
def test_clocks_that_drift_never_run_dry(block: int, drift: float) -> None:
    """Five times worse than real crystals, two minutes: no gap, no growing delay."""
    samples, fills = run(120, block, drift, [0])
    assert samples.overruns == 0
    assert samples.underruns <= 1
    settled = fills[-500:]
    assert max(settled) < RATE * 0.15
    assert min(settled) >= FRAME


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 250), min_size=1, max_size=7), st.sampled_from([160, 480, 1024]))
def test_a_device_that_comes_unevenly(jitter: list[int], block: int) -> None:
    samples, fills = run(6, block, 0.0, jitter)
    assert samples.overruns == 0
    assert samples.underruns <= 2
    assert max(fills) <= RATE * LIMIT_MS // 1000 + block


def test_a_stall_costs_one_gap_and_no_lasting_delay() -> None:
    """The reader stands still for two seconds (a sleeping machine): the delay is gone at once after."""
    samples = SampleRing(RATE)
    for i in range(10):
        samples.write(sine(FRAME, i * FRAME))
    samples.read(FRAME)
    for i in range(100):
        samples.write(sine(FRAME, i * FRAME))
    assert len(samples) <= RATE * LIMIT_MS // 1000
    assert samples.overruns > 0


def test_what_goes_in_comes_out() -> None:
    """Without drift not one sample is changed."""
    samples = SampleRing(RATE)
    sent = sine(50 * FRAME)
    heard = b""
    for i in range(50):
        samples.write(sent[2 * i * FRAME : 2 * (i + 1) * FRAME])
        heard += samples.read(FRAME)
    heard = heard.lstrip(b"\0")
    assert samples.trimmed == 0
    assert heard
    assert heard in sent


def test_trimming_is_not_heard() -> None:
    """A tone stays a tone: no step between samples much above the tone's own."""
    samples = SampleRing(RATE)
    sent, heard = 0, array.array("h")
    for _ in range(400):
        samples.write(sine(FRAME + 2, sent))
        sent += FRAME + 2
        heard.frombytes(samples.read(FRAME))
    assert samples.trimmed > 100
    flowing = heard[40 * FRAME :]
    steepest = 8000 * 2 * math.pi * 440 / RATE
    assert max(abs(a - b) for a, b in itertools.pairwise(flowing)) < 2.2 * steepest


@given(st.lists(st.one_of(st.binary(max_size=900), st.integers(1, 700)), max_size=60))
def test_any_order_of_reads_and_writes(steps: list[bytes | int]) -> None:
    """Never a wrong length, never more than the bound, whatever is done."""
    samples = SampleRing(RATE)
    for step in steps:
        if isinstance(step, bytes):
            samples.write(step)
        else:
            assert len(samples.read(step)) == 2 * step
        assert len(samples) <= RATE


@given(st.binary(max_size=400).map(lambda b: b[: len(b) & ~1]), st.integers(1, 6), st.sampled_from(Coding))
def test_formats_of_devices_there_and_back(mono: bytes, channels: int, coding: Coding) -> None:
    """SIP-6: 48 kHz stereo or float devices carry the same sound."""
    wide = from_mono(mono, channels, coding)
    assert len(wide) == len(mono) // 2 * channels * coding.size
    back = array.array("h", to_mono(wide, channels, coding))
    assert all(abs(a - b) <= 1 for a, b in zip(array.array("h", mono), back, strict=True))


def test_levels() -> None:
    assert peak_db(b"") == -96
    assert peak_db(bytes(100)) == -96
    assert peak_db(array.array("h", [0, -32768]).tobytes()) == 0
    assert peak_db(array.array("h", [16384]).tobytes()) == pytest.approx(-6.02, abs=0.01)


@pytest.mark.parametrize("kind", list(Ring))
def test_ring_tones(kind: Ring) -> None:
    """They are heard, do not clip, begin and end in silence, and pause before they repeat."""
    samples = array.array("h", ring(kind).pcm)
    assert 2_000 < max(samples) < 32_767
    assert samples[0] == 0
    assert set(samples[-ring(kind).rate :]) == {0}
