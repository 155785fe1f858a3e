"""A bounded ring of samples between two clocks: a sound device's and PJSIP's.

The two never tick alike. The ring is kept near its target by leaving out, or doubling, single samples where
the wave is flattest: at most 1.3 % of them, which is not heard; only a stall costs more.
"""

import array
import threading

TARGET_MS = 40
LIMIT_MS = 200
"""More than this is cut down to the target at once."""
_DEAD_BAND_MS = 8
"""No correction this near to the target: device blocks make the level swing."""
_FAR_MS = 40
_MARGIN_MS = 16
_SMOOTHING = 0.03
_BLOCK_MEMORY = 0.99


class SampleRing:
    """Signed 16-bit mono samples at `rate` hertz, one writer and one reader, each in a thread of its own.

    Reading begins once the target has gathered; after it ran dry, silence is read until it has again. Systems
    that hand over sound in large blocks get a higher target: what is asked for at once, half a block (the
    level swings by one), and a margin.

    Attributes:
        underruns, overruns: how often it ran dry, and how often samples had to be thrown away.
        trimmed: samples left out (positive) or doubled (negative), net.
    """

    def __init__(self, rate: int, *, target_ms: int = TARGET_MS, limit_ms: int = LIMIT_MS) -> None:
        self.rate = rate
        self.underruns = 0
        self.overruns = 0
        self.trimmed = 0
        self._least = rate * target_ms // 1000
        self._limit = rate * limit_ms // 1000
        self._dead_band = rate * _DEAD_BAND_MS // 1000
        self._far = rate * _FAR_MS // 1000
        self._samples = array.array("h")
        self._margin = rate * _MARGIN_MS // 1000
        self._block = 0.0
        self._asked = 0.0
        self._level = float(self._least)
        self._flowing = False
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Samples inside."""
        with self._lock:
            return len(self._samples)

    def write(self, data: bytes) -> None:
        """Append whole samples; the oldest go where there are too many."""
        with self._lock:
            self._samples.frombytes(data[: len(data) & ~1])
            self._block = max(self._block * _BLOCK_MEMORY, len(data) / 2)
            if len(self._samples) > max(self._limit, 3 * self._target):
                del self._samples[: len(self._samples) - self._target]
                self.overruns += self._flowing  # before the first read it is only waiting
                self._level = float(self._target)

    def read(self, count: int) -> bytes:
        """Exactly `count` samples; silence where there are none."""
        with self._lock:
            fill = len(self._samples)
            self._asked = max(self._asked * _BLOCK_MEMORY, count)
            if not self._flowing:
                enough = max(self._target + int(self._block / 2), count)
                if fill < enough:
                    return bytes(2 * count)
                self._flowing = True
                del self._samples[: fill - enough]
                fill = enough
                self._level = float(self._target)
            if fill < count:
                block = self._samples.tobytes()
                del self._samples[:]
                self._flowing = False
                self.underruns += 1
                return block + bytes(2 * count - len(block))
            self._level += _SMOOTHING * (fill - self._level)
            trim = self._correction()
            take = count + trim
            if trim == 0 or not 0 < take <= fill:
                block = self._samples[:count].tobytes()
                del self._samples[:count]
                return block
            samples = self._samples[:take]
            del self._samples[:take]
            self.trimmed += trim
            self._level -= trim
        return _stretch(samples, count).tobytes()

    def clear(self) -> None:
        """Forget all samples and begin anew."""
        with self._lock:
            del self._samples[:]
            self._flowing = False

    @property
    def _target(self) -> int:
        """The level to keep, on average, just before a read."""
        return max(self._least, int(self._asked + self._block / 2) + self._margin)

    def _correction(self) -> int:
        """Samples to take more (positive) or fewer than asked."""
        excess = self._level - self._target
        if abs(excess) <= self._dead_band:
            return 0
        size = 4 if abs(excess) > self._far else 1
        return size if excess > 0 else -size


def _stretch(samples: "array.array[int]", count: int) -> "array.array[int]":
    """`samples` made `count` long by leaving out or doubling the flattest ones, spread over the block."""
    changes = abs(len(samples) - count)
    longer = len(samples) < count
    part = len(samples) // changes
    for i in reversed(range(changes)):
        start = i * part
        stop = min(start + part, len(samples) - 1)
        at = min(range(start, stop), key=lambda k: abs(samples[k + 1] - samples[k]), default=start)
        if longer:
            samples.insert(at, samples[at])
        else:
            samples.pop(at)
    return samples
