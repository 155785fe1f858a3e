"""Waiting for the one of several things that comes first."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from server.switch.port import Ended, Leg, LegGone

T = TypeVar("T")


async def unless_gone(leg: Leg, work: Coroutine[Any, Any, T]) -> T:
    """Do `work`, but give it up as soon as `leg` has ended.

    The work is cancelled and has cleaned up before this returns.

    Raises:
        LegGone: the leg has ended (also when it did so together with the work).
    """
    doing = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(leg.gone())
    try:
        await asyncio.wait({doing, watching}, return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            raise LegGone(watching.result())
        return doing.result()
    finally:
        await _end(doing, watching)


async def first_gone(*legs: Leg) -> Ended:
    """Return when the first of these legs has ended, and how."""
    watching = [asyncio.ensure_future(leg.gone()) for leg in legs]
    try:
        done, _ = await asyncio.wait(watching, return_when=asyncio.FIRST_COMPLETED)
        return next(task for task in watching if task in done).result()
    finally:
        await _end(*watching)


async def finish(*work: Coroutine[Any, Any, Any], timeout_s: float) -> None:
    """Do all of `work` to its end, or for `timeout_s` seconds, even if the caller is cancelled meanwhile.

    The cancellation takes effect afterwards. Failures are the work's own concern.
    """
    doing = asyncio.ensure_future(_all(*work, timeout_s=timeout_s))
    cancelled: asyncio.CancelledError | None = None
    while not doing.done():
        try:
            await asyncio.shield(doing)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


async def _all(*work: Coroutine[Any, Any, Any], timeout_s: float) -> None:
    tasks = [asyncio.ensure_future(item) for item in work]
    if tasks:
        await asyncio.wait(tasks, timeout=timeout_s)
        await _end(*tasks)


async def _end(*tasks: "asyncio.Future[Any]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
