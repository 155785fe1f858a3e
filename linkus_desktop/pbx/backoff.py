"""How long to wait before the next try (AUTH-8)."""

import random
import time
from collections.abc import Callable

FIRST_S = 0.25
GROWTH = 2.0
SOON_S = 1.5
"""The longest wait in the first minute, in which most servers are back: screens are to be true 5 s later."""
SOON_FOR_S = 60.0
LATE_S = 20.0
"""The longest wait after that."""


class Backoff:
    """Waiting times that double, with jitter: a whole office must not come back in one instant.

    Args:
        chance: the source of jitter, seeded by tests.
        now: seconds of a clock that only goes forward.
    """

    def __init__(
        self, chance: random.Random | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._chance = chance or random.Random()  # noqa: S311  nothing secret hangs on it
        self._now = now
        self.reset()

    def reset(self) -> None:
        """The line was good: start anew."""
        self._next = FIRST_S
        self._since: float | None = None

    def wait_s(self) -> float:
        """Seconds to wait before the next try: half to the whole of the present step."""
        now = self._now()
        if self._since is None:
            self._since = now
        longest = SOON_S if now - self._since < SOON_FOR_S else LATE_S
        step = min(self._next, longest)
        self._next = min(self._next * GROWTH, LATE_S)
        return step * self._chance.uniform(0.5, 1.0)
