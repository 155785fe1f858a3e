"""The log of calls: what flows write, what owners and administrators read (LOG-1)."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy.exc import IntegrityError

from server.contract.calls import CallLogEntry, CallQuality, CallRecord, Direction, Outcome
from server.contract.errors import ErrorCode
from server.contract.events import Topic
from server.services.accounts import Who
from server.services.call_log_store import Call, CallStore
from server.services.call_log_writer import CallWriter
from server.services.errors import ServiceError, not_found
from server.services.extensions import ExtensionChanged
from server.services.hub import Hub
from server.services.tasks import Background

SNAPSHOT_ENTRIES = 500
"""Newest entries in the topic `call_log`."""

EARLY = 1000
"""Qualities kept in memory whose entries are not written yet: more than calls end in seconds."""


class ExtensionSource(Protocol):
    """What the call log needs of `services.extensions.Extensions`."""

    def observe(self, callback: Callable[[ExtensionChanged], None]) -> Callable[[], None]:
        """Call back after each committed change."""


class CallLog:
    """Owner of the call log and of the topic `call_log`.

    Entries are published once they are in the database.
    """

    def __init__(
        self,
        *,
        store: CallStore,
        hub: Hub,
        extensions: ExtensionSource,
        writer: CallWriter | None = None,
    ) -> None:
        self._store = store
        self._hub = hub
        self._extensions = extensions
        self._writer = writer or CallWriter(store, on_written=self._publish)
        self._background = Background("call log")
        self._stop_observing: Callable[[], None] | None = None
        self._early: OrderedDict[tuple[str, str], CallQuality] = OrderedDict()
        hub.topic(Topic.CALL_LOG, self._snapshot)

    def start(self) -> None:
        """Start writing; forget what a server that was killed did not forget in time."""
        self._stop_observing = self._extensions.observe(self._on_extension)
        self._background.spawn(self._store.forget_removed())
        self._writer.start()

    async def stop(self) -> None:
        """Write what is pending and stop."""
        if self._stop_observing is not None:
            self._stop_observing()
            self._stop_observing = None
        await self._writer.stop()
        await self._background.join()

    @property
    def pending(self) -> int:
        """Calls that are not in the database yet."""
        return self._writer.pending

    @property
    def lost(self) -> int:
        """Calls that could not be stored since the start (each is in the server's log)."""
        return self._writer.lost

    def write(self, call: Call) -> None:
        """Store this version of a call, in the background and in order; never waits, never fails."""
        self._writer.write(call)

    async def flushed(self) -> None:
        """Return once everything written so far is stored."""
        await self._writer.flushed()

    async def open_calls(self) -> list[Call]:
        """Calls that a former server left unended, oldest first."""
        return await self._store.open_calls()

    async def find(self, call_id: str) -> Call | None:
        """A call, as it is stored; None if it is not."""
        return await self._store.find(call_id)

    async def knows(self, call: Call) -> bool:
        """Whether this call, or one of the same caller's leg, was ever written."""
        return self._writer.knows(call) or await self._store.knows(call)

    async def entries(
        self,
        owner: str,
        *,
        direction: Direction | None = None,
        outcome: Outcome | None = None,
        text: str = "",
        before: str | None = None,
        limit: int = SNAPSHOT_ENTRIES,
    ) -> list[CallLogEntry]:
        """See `CallStore.entries`."""
        return await self._store.entries(
            owner, direction=direction, outcome=outcome, text=text, before=before, limit=limit
        )

    async def records(
        self, *, extension: str | None = None, before: str | None = None, limit: int = 100
    ) -> list[CallRecord]:
        """See `CallStore.records`."""
        return await self._store.records(extension=extension, before=before, limit=limit)

    async def mark_seen(self, owner: str, ids: Sequence[str] | None) -> int:
        """Mark entries (None: all) as seen; returns how many were not."""
        entries = await self._store.mark_seen(owner, ids)
        for entry in entries:
            self._hub.publish(Topic.CALL_LOG, entry.id, entry, to=owner)
        return len(entries)

    async def delete(self, owner: str, ids: Sequence[str] | None) -> int:
        """Delete entries (None: all) from the owner's log; returns how many there were."""
        found = await self._store.delete(owner, ids)
        for entry_id in found:
            self._hub.publish(Topic.CALL_LOG, entry_id, None, to=owner)
        return len(found)

    async def tell_quality(self, owner: str, call_id: str, quality: CallQuality) -> None:
        """Keep how an answered call sounded at its party `owner`; what was told before is replaced (SIP-8).

        The call may still be ending, so that its entry is written later.

        Raises:
            ServiceError: `NOT_FOUND`: no such call in the owner's log; `UNAVAILABLE`: it is not stored yet.
        """
        waiting = self._writer.newest(call_id)
        if waiting is not None:
            talked = waiting.talks(owner) and self._writer.leaves_log(owner)
        else:
            talked = await self._store.has_talked(owner, call_id)
        if not talked:
            raise not_found(f"answered call {call_id} in the log of {owner}")
        # Known before the entry is looked for: whichever is stored last, the client is told of both.
        self._early[call_id, owner] = CallQuality(**quality.model_dump())
        while len(self._early) > EARLY:
            self._early.popitem(last=False)
        try:
            entry = await self._store.put_quality(owner, call_id, quality)
        except Exception as error:
            self._early.pop((call_id, owner), None)
            if isinstance(error, IntegrityError):
                message = f"Call {call_id} is not stored yet. Try again in some seconds."
                raise ServiceError(ErrorCode.UNAVAILABLE, message, retry_after_s=5) from None
            raise
        if entry is not None:
            self._early.pop((call_id, owner), None)
            self._hub.publish(Topic.CALL_LOG, entry.id, entry, to=owner)

    async def _snapshot(self, who: Who) -> Mapping[str, Any]:
        if who.number is None:
            return {}
        return {entry.id: entry for entry in await self._store.entries(who.number, limit=SNAPSHOT_ENTRIES)}

    def _publish(self, calls: Sequence[Call]) -> None:
        for call in calls:
            for written in call.entries():
                entry = written
                if entry.outcome is Outcome.ANSWERED:
                    quality = self._early.pop((call.id, entry.owner), None)
                    entry = entry.model_copy(update={"quality": quality})
                self._hub.publish(Topic.CALL_LOG, entry.id, entry, to=entry.owner)

    def _on_extension(self, change: ExtensionChanged) -> None:
        # Whoever gets the number next must not read the log of who had it before.
        removed = change.extension is None
        self._writer.without_log(change.number, without=removed)
        if removed:
            self._background.spawn(self._store.delete(change.number, None))
