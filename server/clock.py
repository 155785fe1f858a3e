"""The clock that everything timed takes.

Durations and time-outs use the event loop (`asyncio.timeout`, `loop.time()`); moments that are stored or
shown come from here. In simulations both run on the loop's virtual time.
"""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """A source of the current moment."""

    def now(self) -> datetime:
        """The current moment, aware, in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC)
