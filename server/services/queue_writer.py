"""What the queues change, on its way to the database: in the background, in order, and again if it fails."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

from server.contract.agents import QueueCall, QueueLogEntry
from server.rules.queues.stored import StoredAcd
from server.services.queue_store import Changes

LINGER_S = 0.02
"""Seconds that a first change waits for others."""

RETRY_S = 0.5
"""Seconds before a failed write is repeated; it doubles up to `RETRY_MAX_S`."""

RETRY_MAX_S = 10.0

MAX_LOGGED = 20_000
"""Lines of the logs that wait for the database; older ones are lost beyond that."""

_log = logging.getLogger(__name__)


class Store(Protocol):
    """Where it is written to: `services.queue_store.QueueStore`."""

    async def load(self) -> StoredAcd:
        """What an earlier server has left."""

    async def save(self, changes: Changes) -> list[int]:
        """Write this, all of it or nothing; the ids of the lines of the queues' log."""


class QueueWriter:
    """Writes changes. Of a row that changes again before it is written only the newest version is.

    Attributes:
        on_logged: called with the lines of the queues' log that were written.
    """

    def __init__(self, store: Store) -> None:
        self.on_logged: Callable[[Sequence[QueueLogEntry]], None] = lambda _entries: None
        self._store = store
        self._pending = Changes()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None

    @property
    def pending(self) -> bool:
        """Whether something is not in the database yet."""
        return not self._idle.is_set()

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.get_running_loop().create_task(self._work(), name="queue writer")

    async def stop(self, timeout_s: float = 5.0) -> None:
        """Write what is pending, for so long at most, and stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def write(self, changes: Changes) -> None:
        """Take these changes. Never waits, never fails."""
        if not changes:
            return
        self._pending.add(changes)
        logs: tuple[list[Any], ...] = (self._pending.calls, self._pending.agents, self._pending.paused)
        for log in logs:
            for lost in log[: max(0, len(log) - MAX_LOGGED)]:
                _log.error("A line of the queues' log is lost, as the database takes none: %r", lost)
            del log[: max(0, len(log) - MAX_LOGGED)]
        self._idle.clear()
        self._wake.set()

    async def _work(self) -> None:
        pause = RETRY_S
        while True:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(LINGER_S)
            changes, self._pending = self._pending, Changes()
            try:
                ids = await self._store.save(changes)
            except Exception as error:  # noqa: BLE001 - whatever it is, the writer must go on
                _log.warning("The queues cannot be stored: %s; again in %.1f s", error, pause)
                changes.add(self._pending)
                self._pending = Changes()
                self.write(changes)
                self._wake.set()
                await asyncio.sleep(pause)
                pause = min(2 * pause, RETRY_MAX_S)
                continue
            pause = RETRY_S
            if ids:
                self._tell(ids, changes.calls)
            if not self._pending:
                self._idle.set()

    def _tell(self, ids: Sequence[int], calls: Sequence[QueueCall]) -> None:
        try:
            lines = zip(ids, calls, strict=True)
            self.on_logged([QueueLogEntry(id=key, **call.model_dump()) for key, call in lines])
        except Exception:  # noqa: BLE001 - whatever it is, the writer must go on
            _log.exception("Lines of the queues' log are written, but could not be told")
