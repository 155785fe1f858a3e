"""Work of which the first that ends ends all."""

import asyncio
from collections.abc import Coroutine


async def first_of(*work: Coroutine[None, None, None]) -> None:
    """Run until the first ends, end the others, and raise what it raised."""
    tasks = [asyncio.create_task(part) for part in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in done:
        task.result()
