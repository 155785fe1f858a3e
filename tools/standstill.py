"""For how long did this machine stand still? A witness in a process of its own that does nothing but sleep.

A virtual machine is stopped by its host now and then, for tenths of a second and all its processors at
once. Whatever is measured in real time then (a gap in a call's sound, the time until something is back) holds
those standstills too. The witness tells how much that was, so that the rest is judged as strictly as ever.
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator

NAP_S = 0.005
"""How long the witness sleeps at a time."""
LATE_S = 0.015
"""Woken later than this, it was not run; less is how any scheduler works."""


class Witness:
    """What it has seen so far; made by `witness`. Moments are those of `time.monotonic`, in seconds."""

    def __init__(self) -> None:
        self._standstills: list[tuple[float, float]] = []

    def saw(self, begin: float, end: float) -> None:
        """Note a standstill."""
        self._standstills.append((begin, end))

    def stood_s(self, begin: float, end: float) -> float:
        """For how long the machine stood still between two moments."""
        return sum(max(0.0, min(end, e) - max(begin, b)) for b, e in self._standstills)

    def ran_s(self, begin: float, end: float) -> float:
        """For how long it ran between two moments."""
        return end - begin - self.stood_s(begin, end)

    def count(self, begin: float, end: float) -> int:
        """How often it stood still between two moments."""
        return sum(1 for b, e in self._standstills if b < end and e > begin)

    def longest_gap_s(self, begin: float, end: float, *, gap_s: float, limit_s: float) -> float:
        """How long a gap of about `gap_s` in a sound between two moments may be; `limit_s` is the limit.

        It may last for all standstills in it, and after each the sound may take `limit_s` to come back. Where
        there was none, this is `limit_s`.
        """
        starts = [begin, *(b for b, _ in self._standstills if begin <= b < end)]
        return max(
            self.stood_s(start, start + gap_s) + limit_s * (1 + self.count(start, start + gap_s))
            for start in starts
        )

    def least_sound_s(self, begin: float, end: float, *, limit_s: float) -> float:
        """For how long a sound between two moments must be heard at least.

        Half of the time in which the machine ran and the sound need not come back; a tenth of all in which it
        ran.
        """
        ran_s = self.ran_s(begin, end)
        return max((ran_s - limit_s * self.count(begin, end)) / 2, ran_s / 10)

    def told(self) -> list[tuple[float, float]]:
        """Begin and end of each standstill."""
        return list(self._standstills)


@contextlib.asynccontextmanager
async def witness() -> AsyncIterator[Witness]:
    """Let a witness watch during the block."""
    seen = Witness()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", __file__,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    await process.stdout.readline()  # it watches
    reader = asyncio.create_task(_collect(process.stdout, seen))
    try:
        yield seen
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await reader


async def _collect(told: asyncio.StreamReader, into: Witness) -> None:
    while line := await told.readline():
        begin, _, end = line.partition(b" ")
        if end.endswith(b"\n"):
            into.saw(float(begin), float(end))


def watch() -> None:
    """Tell each standstill as a line of two moments, until killed."""
    before = time.monotonic()
    print(flush=True)
    while True:
        time.sleep(NAP_S)
        now = time.monotonic()
        if now - before > NAP_S + LATE_S:
            print(before + NAP_S, now, flush=True)
        before = now  # one moment follows the other: it may be stopped between two naps as well


if __name__ == "__main__":
    watch()
