"""Background work of a service: kept alive, waited for, and never silently lost."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

_log = logging.getLogger(__name__)


class Background:
    """Tasks that nobody awaits. A failure is logged with its traceback under `name`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, work: Coroutine[Any, Any, Any], *, name: str | None = None) -> asyncio.Task[Any]:
        """Run `work`; the returned task need not be kept."""
        task = asyncio.get_running_loop().create_task(work, name=name or self._name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def named(self, name: str) -> list[asyncio.Task[Any]]:
        """Those that run under this name."""
        return [task for task in self._tasks if task.get_name() == name]

    async def join(self) -> None:
        """Wait until everything spawned has finished."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    async def cancel(self) -> None:
        """Cancel what runs and wait until it has cleaned up."""
        for task in tuple(self._tasks):
            task.cancel()
        await self.join()

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("%s: background work failed", self._name, exc_info=error)
