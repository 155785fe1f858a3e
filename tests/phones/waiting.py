"""Waiting for something that tells nobody: a foreign program, or a server seen from outside."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

_LOOK_EVERY_S = 0.05
PATIENCE_S = 90.0
"""Long enough for what happens at once on a machine that is not run most of the time."""

T = TypeVar("T")


async def until(
    look: Callable[[], T | Awaitable[T]],
    what: str,
    *,
    timeout_s: float = PATIENCE_S,
    every_s: float = _LOOK_EVERY_S,
) -> T:
    """Look until it is true and return what was seen; after `timeout_s` fail with `what` and that."""
    seen: object = None
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    while True:
        view = look()
        value = await view if isinstance(view, Awaitable) else view
        if value:
            return value
        seen = value
        if loop.time() >= deadline:
            raise AssertionError(f"within {timeout_s} s it did not come true: {what}; last seen: {seen!r}")
        await asyncio.sleep(every_s)
