"""Several requests that belong together, and are told of together once the last one is answered."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Batch(Generic[T]):
    """Waits for the answers about some things, each of which there is once.

    Without it the success of one would hide that another one has failed.
    """

    def __init__(self, things: Iterable[T], on_end: Callable[[list[tuple[T, Exception]]], object]) -> None:
        """`on_end` is given what has failed, and why, in the order of the answers; nothing: all is done."""
        self._open = set(things)
        self._failures: list[tuple[T, Exception]] = []
        self._on_end = on_end

    def answered(self, thing: T, error: Exception | None = None) -> None:
        """This is done, or has failed."""
        self._open.discard(thing)
        if error is not None:
            self._failures.append((thing, error))
        if not self._open:
            self._on_end(self._failures)
