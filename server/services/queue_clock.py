"""The clock of the queues, of which nothing may stick when it is set."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from server.clock import Clock

CLOCK_STEP = timedelta(seconds=1)
"""By so much clock and loop differ only if the clock was set."""

_log = logging.getLogger(__name__)


class QueueClock:
    """Tells the time, and when it was set by whom it may concern."""

    def __init__(self, clock: Clock, on_set: Callable[[timedelta], None]) -> None:
        """`on_set` is given by how much it was put on (less than nothing: back), before that time is told."""
        self._clock = clock
        self._on_set = on_set
        self._shown: tuple[datetime, float] | None = None
        """What clock and loop have shown last."""

    def start(self) -> None:
        """From now on it is noticed if the clock is set."""
        self._shown = self._clock.now(), asyncio.get_running_loop().time()

    def now(self) -> datetime:
        """What the clock shows."""
        now, passed = self._clock.now(), asyncio.get_running_loop().time()
        if self._shown is not None:
            then, before = self._shown
            step = now - then - timedelta(seconds=passed - before)
            if abs(step) >= CLOCK_STEP:
                _log.warning("The clock was set by %.0f s: queues go on in its time", step.total_seconds())
                self._on_set(step)
        self._shown = now, passed
        return now
