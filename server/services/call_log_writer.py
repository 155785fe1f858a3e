"""Writes calls behind the scenes, so that no call ever waits for a disk.

What is not written yet is kept in memory, newest version only, in the order of the calls. A database that
is locked, full or away is tried again for as long as it takes.
"""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from server.services.call_log_store import Call

LINGER_S = 0.05
"""Seconds that a first change waits for others, so that a burst of calls is one transaction."""

BATCH = 200
"""Calls in one transaction."""

RETRY_S = 0.2
"""Seconds before a failed write is repeated; doubled up to `RETRY_MAX_S`."""

RETRY_MAX_S = 10.0

MAX_PENDING = 20_000
"""Unwritten calls kept in memory (about 20 MB): hours of calls of a busy office."""

_log = logging.getLogger(__name__)


class Store(Protocol):
    """Where calls are written to."""

    async def save(self, calls: Sequence[Call], *, without_log: frozenset[str] = frozenset()) -> None:
        """Write these versions; may be repeated."""


class CallWriter:
    """Ordered background writer of calls.

    Attributes:
        lost: calls that could not be kept: more than `max_pending`, or refused by the database. Each is
            in the server's log with all its facts.
    """

    def __init__(
        self,
        store: Store,
        *,
        on_written: Callable[[Sequence[Call]], None],
        linger_s: float = LINGER_S,
        max_pending: int = MAX_PENDING,
    ) -> None:
        self.lost = 0
        self._store = store
        self._on_written = on_written
        self._linger_s = linger_s
        self._max_pending = max_pending
        self._pending: OrderedDict[str, Call] = OrderedDict()
        self._writing: dict[str, Call] = {}
        self._without_log: set[str] = set()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failing = False

    @property
    def pending(self) -> int:
        """Calls whose newest version is not in the database yet."""
        return len(self._pending.keys() | self._writing.keys())

    def knows(self, call: Call) -> bool:
        """Whether a version of this call, or of one of the same caller's leg, waits to be stored."""
        waiting = (*self._pending.values(), *self._writing.values())
        return any(other.id == call.id or other.caller_leg == call.caller_leg for other in waiting)

    def newest(self, call_id: str) -> Call | None:
        """The version of a call that waits to be stored; None if none does."""
        return self._pending.get(call_id) or self._writing.get(call_id)

    def leaves_log(self, owner: str) -> bool:
        """Whether calls that end now leave entries in this extension's log."""
        return owner not in self._without_log

    def start(self) -> None:
        """Start writing."""
        self._task = asyncio.get_running_loop().create_task(self._work(), name="call log writer")

    async def stop(self, timeout_s: float = 5.0) -> None:
        """Write what is pending, then stop. What cannot be written within the time goes to the log."""
        self._stopping.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self.flushed()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
        for call in [*self._writing.values(), *self._pending.values()]:
            self._lose(call, "the server stopped before the database took it")
        self._pending.clear()
        self._writing.clear()

    async def flushed(self) -> None:
        """Return once everything is written."""
        await self._idle.wait()

    def write(self, call: Call) -> None:
        """Take a version of a call; replaces an unwritten older one. Never blocks, never fails."""
        self._pending[call.id] = call
        self._idle.clear()
        self._wake.set()
        if len(self._pending) > self._max_pending:
            victim = next((c for c in self._pending.values() if c.ended_at is not None), call)
            del self._pending[victim.id]
            self._lose(victim, f"more than {self._max_pending} calls wait for the database")

    def without_log(self, owner: str, *, without: bool) -> None:
        """Whether calls that end from now on leave no entries in this extension's log: it was removed."""
        (self._without_log.add if without else self._without_log.discard)(owner)

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._pause(self._linger_s)
            pause = RETRY_S
            while self._pending:
                batch = self._take()
                try:
                    await self._store.save(batch, without_log=frozenset(self._without_log))
                except Exception as error:  # noqa: BLE001 - whatever it is, the writer must go on
                    if _is_refusal(error):
                        await self._write_singly(batch)
                    else:
                        self._put_back()
                        self._report_failure(error)
                        await self._pause(pause)
                        pause = min(2 * pause, RETRY_MAX_S)
                        continue
                else:
                    self._written(batch)
                pause = RETRY_S
            if not self._wake.is_set():
                self._idle.set()

    async def _pause(self, seconds: float) -> None:
        """Sleep, but not while stopping."""
        if self._stopping.is_set():
            seconds = min(seconds, 0.05)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
                await asyncio.sleep(seconds)

    def _take(self) -> list[Call]:
        while self._pending and len(self._writing) < BATCH:
            key, call = self._pending.popitem(last=False)
            self._writing[key] = call
        return list(self._writing.values())

    def _put_back(self) -> None:
        for key, call in reversed(self._writing.items()):
            if key not in self._pending:
                self._pending[key] = call
            self._pending.move_to_end(key, last=False)
        self._writing.clear()

    async def _write_singly(self, batch: Sequence[Call]) -> None:
        """One of these calls cannot be stored at all: find it, so that it does not hold up the others."""
        for call in batch:
            try:
                await self._store.save([call], without_log=frozenset(self._without_log))
            except Exception as error:  # noqa: BLE001
                if not _is_refusal(error):
                    self._put_back()
                    self._report_failure(error)
                    return
                del self._writing[call.id]
                self._lose(call, f"the database refuses it: {error}")
            else:
                self._written([call])

    def _written(self, calls: Sequence[Call]) -> None:
        for call in calls:
            del self._writing[call.id]
        if self._failing:
            self._failing = False
            _log.info("The call log is being written again")
        self._on_written(calls)

    def _report_failure(self, error: Exception) -> None:
        level = logging.DEBUG if self._failing else logging.ERROR
        _log.log(level, "The call log cannot be written (%d calls wait; retrying): %s", self.pending, error)
        self._failing = True

    def _lose(self, call: Call, why: str) -> None:
        self.lost += 1
        _log.error("A call is not in the call log, because %s: %r", why, call)


def _is_refusal(error: Exception) -> bool:
    """Whether the same write would fail for ever, whatever the state of the database."""
    if isinstance(error, IntegrityError | DataError):
        return True
    return isinstance(error, StatementError) and not isinstance(error, DBAPIError)
