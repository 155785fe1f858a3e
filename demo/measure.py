"""Did they hear it? What a speaker played is compared with what was said.

Both are turned into a picture of loudness by time (`HOP_S`) and frequency (bands of speech). The likeness of
the heard picture to the said one, at the delay where it is greatest, is 1 for the same words and near 0 for
others; what was said elsewhere serves as the control.
"""

import itertools
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]
Picture = NDArray[np.float64]

RATE = 16000
HOP_S = 0.01
WINDOW = 512
BANDS_HZ = np.geomspace(250.0, 3400.0, 21)
"""Edges of the bands: what a narrow-band codec also carries."""
PIECE = 200
"""Frames that are looked for as one: two seconds."""
SLACK = 30
"""Frames that a piece may come earlier or later than the whole."""
FLOOR_DB = -50.0
"""Relative to the loudest; quieter counts as silence."""
SILENCE_DB = -20.0
"""Loudest band of a recording that holds nothing but a converter's noise."""
LOUD_DB = -30.0
LOST_DB = 20.0
"""A frame counts as lost where a loud one came this much quieter than the rest."""

HEARD = 0.75
"""Least likeness that counts as heard."""
MARGIN = 0.3
"""And by how much the control must be less like it."""
COMPLETE = 0.95
"""Least part of the words that must have come through."""
BROKEN = 0.1
"""Where a machine stands still for more of the time than this, no words can be understood on it."""
HOPELESS = 0.5
"""And above this the buffers on the way never fill: all that can be asked is that a voice comes at all."""
TRACE = 0.005
"""Part of the words that is more than nothing; a silent line has none at all."""


@dataclass(frozen=True)
class Hearing:
    """How well something said was heard.

    Attributes:
        likeness: 0…1, to what the other one said.
        control: likeness to what the other one did not say.
        delay_s: from the start of the recording to the start of the speech.
        complete: share of the loud parts that came through, 0…1.
        stood: share of the time for which the machine itself stood still, 0…1.
    """

    likeness: float
    control: float
    delay_s: float
    complete: float
    stood: float = 0.0

    @property
    def understood(self) -> bool:
        """Whether these words came through, and not merely some sound."""
        return self.likeness >= HEARD and self.likeness - self.control >= MARGIN and self.complete >= COMPLETE

    @property
    def broken(self) -> bool:
        """Not understood, but only because the machine stood still: a voice came through while it ran."""
        least = TRACE if self.stood > HOPELESS else (1 - self.stood) / 2
        return not self.understood and self.stood > BROKEN and self.complete >= least

    @property
    def heard(self) -> bool:
        """Whether the call did what it could."""
        return self.understood or self.broken


def compare(recording: Path, said: Path, not_said: Path, *, stood: float = 0.0) -> Hearing:
    """Measure how well `said` is heard in `recording`; `not_said` is the control.

    `stood`: share of the time for which the machine stood still meanwhile (see `tools.standstill`).
    """
    heard = picture(read_wave(recording))
    wanted = picture(read_wave(said))
    likeness, delay, aligned = follow(heard, wanted)
    control, _, _ = follow(heard, picture(read_wave(not_said)))
    return Hearing(likeness, control, delay * HOP_S, _complete(aligned, wanted), stood)


def follow(heard: Picture, wanted: Picture) -> tuple[float, int, Picture]:
    """Find `wanted` in `heard` piece by piece, since buffers on the way grow and shrink.

    Gives the mean likeness of the pieces, the delay of the whole in frames, and what was heard, put in step
    with `wanted`.
    """
    _, delay = best_match(heard, wanted)
    scores, weights, aligned = [], [], []
    for start in range(0, len(wanted), PIECE):
        piece = wanted[start : start + PIECE]
        first = max(0, start + delay - SLACK)
        near = heard[first : start + delay + len(piece) + SLACK]
        likeness, at = best_match(near, piece)
        scores.append(likeness)
        weights.append(float(np.ptp(piece) > 0) * len(piece))  # a pause is like any other
        found = near[at : at + len(piece)]
        missing = np.full((len(piece) - len(found), piece.shape[1]), FLOOR_DB)
        aligned.append(np.vstack([found, missing]))
    likeness = float(np.average(scores, weights=weights)) if any(weights) else 0.0
    return likeness, delay, np.vstack(aligned)


def picture(samples: Samples) -> Picture:
    """Loudness in dB relative to the loudest, by frame (rows) and band (columns), cut at `FLOOR_DB`.

    Digital silence is at `FLOOR_DB` everywhere.
    """
    hop = int(RATE * HOP_S)
    padded = np.concatenate([samples, np.zeros(WINDOW)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=1)) ** 2
    edges = np.searchsorted(np.fft.rfftfreq(WINDOW, 1 / RATE), BANDS_HZ)
    bands = np.stack(
        [power[:, low : max(high, low + 1)].sum(axis=1) for low, high in itertools.pairwise(edges)],
        axis=1,
    )
    decibels = 10 * np.log10(bands + 1e-12)
    return np.asarray(np.maximum(decibels - max(decibels.max(), SILENCE_DB), FLOOR_DB), dtype=np.float64)


def best_match(heard: Picture, wanted: Picture) -> tuple[float, int]:
    """The greatest correlation of `wanted` with a part of `heard`, and the frame where that part starts."""
    length = len(wanted)
    if len(heard) < length:
        heard = np.vstack([heard, np.full((length - len(heard), heard.shape[1]), FLOOR_DB)])
    pattern = wanted - wanted.mean()
    size = 1 << (len(heard) + length - 1).bit_length()
    products = np.fft.irfft(
        (np.fft.rfft(heard, size, axis=0) * np.conj(np.fft.rfft(pattern, size, axis=0))).sum(axis=1), size
    )[: len(heard) - length + 1]
    totals = np.concatenate([[0.0], np.cumsum(heard.sum(axis=1))])
    squares = np.concatenate([[0.0], np.cumsum((heard**2).sum(axis=1))])
    cells = length * heard.shape[1]
    means = (totals[length:] - totals[:-length]) / cells
    spread = np.sqrt(np.maximum(squares[length:] - squares[:-length] - cells * means**2, 1e-9))
    scores = products / (spread * max(np.sqrt((pattern**2).sum()), 1e-9))
    best = int(np.argmax(scores))
    return float(scores[best]), best


def _complete(heard: Picture, wanted: Picture) -> float:
    """Share of the loud frames of `wanted` that are there in `heard`."""
    heard_db, wanted_db = heard.max(axis=1), wanted.max(axis=1)
    loud = wanted_db > LOUD_DB
    if not loud.any():
        return 0.0
    difference = heard_db[loud] - wanted_db[loud]
    there = (difference > np.median(difference) - LOST_DB) & (heard_db[loud] > FLOOR_DB)
    return float(there.mean())


def read_wave(path: Path) -> Samples:
    """A 16-bit mono WAV file as samples −1…1 at `RATE`."""
    with wave.open(str(path), "rb") as file:
        rate = file.getframerate()
        raw = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float64) / 32768
    if rate == RATE or not len(raw):
        return raw
    wanted = np.arange(int(len(raw) * RATE / rate)) * rate / RATE
    return np.interp(wanted, np.arange(len(raw)), raw)
