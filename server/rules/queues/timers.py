"""Moments at which something is due, by a key; the earliest is found without looking at all."""

import heapq
import itertools
from datetime import datetime, timedelta
from typing import Generic, TypeVar

K = TypeVar("K")


class Timers(Generic[K]):
    """At most one moment for each key."""

    def __init__(self) -> None:
        self._at: dict[K, tuple[datetime, int]] = {}
        self._heap: list[tuple[datetime, int, K]] = []
        self._numbers = itertools.count()

    def set(self, key: K, at: datetime) -> None:
        """This is due then, and no longer when it was before."""
        number = next(self._numbers)
        self._at[key] = (at, number)
        heapq.heappush(self._heap, (at, number, key))

    def cancel(self, key: K) -> None:
        """This is not due any more."""
        self._at.pop(key, None)

    def shift(self, by: timedelta) -> None:
        """Everything is due so much later, or earlier if it is less than nothing."""
        self._at = {key: (at + by, number) for key, (at, number) in self._at.items()}
        self._heap = [(at, number, key) for key, (at, number) in self._at.items()]
        heapq.heapify(self._heap)

    def next(self) -> datetime | None:
        """The earliest moment; None if nothing will be due."""
        while self._heap:
            at, number, key = self._heap[0]
            if self._at.get(key) == (at, number):
                return at
            heapq.heappop(self._heap)
        return None

    def pop_due(self, now: datetime) -> K | None:
        """What has been due for the longest time at `now`, which is then cancelled; None if nothing is."""
        at = self.next()
        if at is None or at > now:
            return None
        key = heapq.heappop(self._heap)[2]
        del self._at[key]
        return key
