"""An event loop whose time is virtual: when nothing is ready, it is at once as late as the next timer.

A day of calls takes a second, and the same program takes the same course each time.

    @in_virtual_time
    async def test_something(): ...
"""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

EPOCH = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""What the clock shows when a virtual loop begins: a Monday morning."""

REAL_PATIENCE_S = 2.0
"""Real seconds to wait for another thread when no timer is set; after that nothing will ever happen."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that never sleeps."""

    def __init__(self) -> None:
        self._virtual_now = 0.0
        super().__init__(_NeverSleeping(self))

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._virtual_now

    def advance(self, seconds: float) -> None:
        """Nothing is ready for so long: skip it."""
        self._virtual_now += seconds


class _NeverSleeping(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            ready = super().select(REAL_PATIENCE_S)
            if not ready:
                raise RuntimeError("no timer is set and nobody calls: the test waits for what never happens")
            return ready
        ready = super().select(0)
        if not ready and timeout > 0:
            self._loop.advance(timeout)
        return ready


class VirtualClock:
    """The injected clock of simulations: `EPOCH` plus the running loop's time, plus `offset`."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        """The current virtual moment."""
        return EPOCH + timedelta(seconds=asyncio.get_running_loop().time()) + self.offset


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in virtual time; it must leave no task behind, and no exception that nobody sees."""
    unseen: list[dict[str, Any]] = []

    async def checked() -> T:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unseen.append(context))
        result = await work
        await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"tasks are left over: {left}"
        return result

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        result = runner.run(checked())
    assert not unseen, unseen
    return result


def in_virtual_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make an ordinary test of an `async def`, run in virtual time."""

    @functools.wraps(test)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        run(test(*args, **kwargs))

    return wrapper
