"""Recordings of calls: what flows write, what owners and administrators hear and delete (SIP-5, LOG-1)."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from server.clock import Clock
from server.contract.errors import ErrorCode
from server.contract.events import Topic
from server.contract.recording import Recording, RecordingPermission
from server.services.accounts import Who
from server.services.errors import ServiceError, conflict, not_found
from server.services.extensions import ExtensionChanged
from server.services.hub import Hub
from server.services.recordings_store import RecordingStore
from server.services.tasks import Background

SNAPSHOT = 500
"""Newest recordings in the topic `recordings`."""

RETRY_S = 0.2
"""Seconds before a failed write is repeated; doubled up to `RETRY_MAX_S`."""
RETRY_MAX_S = 10.0
STOP_S = 5.0
"""Seconds that writing may take when the server stops; what is missing is found again at the next start."""
BATCH = 200

_log = logging.getLogger(__name__)


class Files(Protocol):
    """Where the files are: `services.recordings_files.RecordingFiles`."""

    def prepare(self) -> None:
        """Make room for them."""

    def path(self, recording_id: str) -> Path:
        """Where one is."""

    def exists(self, recording_id: str) -> bool:
        """Whether there is one."""

    def measure(self, recording_id: str) -> tuple[float, int] | None:
        """Length in seconds and size in bytes of one; None if there is none."""

    def take(self, recording_id: str, made: Path) -> int:
        """Take one over."""

    def remove(self, recording_id: str) -> None:
        """Remove one."""


class ExtensionSource(Protocol):
    """What is needed of `services.extensions.Extensions`."""

    def observe(self, callback: Callable[[ExtensionChanged], None]) -> Callable[[], None]:
        """Call back after each committed change."""


class Recordings:
    """Owner of the recordings, of their files, and of the topic `recordings`.

    They are written behind the scenes, since no call waits for a disk, and published once they are written.
    """

    def __init__(
        self,
        *,
        store: RecordingStore,
        files: Files,
        hub: Hub,
        clock: Clock,
        extensions: ExtensionSource,
        permissions: Callable[[str], Collection[RecordingPermission]],
        keep_days: int = 0,
    ) -> None:
        """`permissions`: those of an extension, as of now. `keep_days`: see `RetentionSettings`."""
        self._store = store
        self._files = files
        self._hub = hub
        self._clock = clock
        self._extensions = extensions
        self._permissions = permissions
        self._keep_days = keep_days
        self._pending: dict[str, Recording] = {}
        self._background = Background("recordings")
        self._writer: asyncio.Task[None] | None = None
        self._stop_observing: Callable[[], None] | None = None
        hub.topic(Topic.RECORDINGS, self._snapshot)

    def start(self) -> None:
        """Follow the extensions; forget what a server that was killed did not forget in time."""
        self._stop_observing = self._extensions.observe(self._on_extension)
        self._background.spawn(self._store.forget_removed())
        self._files.prepare()

    async def stop(self) -> None:
        """Write what is pending, and stop."""
        if self._stop_observing is not None:
            self._stop_observing()
            self._stop_observing = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await self._background.join()
        await self._background.cancel()
        for recording in self._pending.values():
            _log.error("A recording is not in the database: %r", recording)

    # For flows

    def write(self, recording: Recording) -> None:
        """Store this version of a recording, in the background; never waits, never fails."""
        self._pending[recording.id] = recording
        if self._writer is None or self._writer.done():
            self._writer = self._background.spawn(self._write())

    def keep(self, recording: Recording, made: Path) -> None:
        """Store one that has ended, with the file that the engine has made of it.

        While the file cannot be taken over it counts as left by a former server: it is tried again later.
        """
        try:
            size = self._files.take(recording.id, made)
        except OSError as error:
            _log.error("The recording %s stays in %s for now: %s", recording.id, made, error)
            return
        self.write(recording.model_copy(update={"size": size}))

    def discard(self, recording_id: str) -> None:
        """Nothing was recorded: forget it."""
        self._pending.pop(recording_id, None)
        self._background.spawn(self._discard(recording_id))

    def recover(self, recording: Recording) -> Recording | None:
        """The engine has nothing of this one: list it if its file was taken over already, else forget it."""
        measured = self._files.measure(recording.id)
        if measured is None:
            self.discard(recording.id)
            return None
        seconds, size = measured
        found = recording.model_copy(update={"seconds": seconds, "size": size})
        self.write(found)
        return found

    async def open(self) -> list[Recording]:
        """Recordings under way, as far as that is written; those that were left by a former server, too."""
        changing = set(self._pending)
        return [recording for recording in await self._store.open() if recording.id not in changing]

    # For owners and administrators

    async def find(
        self, *, owner: str | None = None, text: str = "", before: str | None = None, limit: int = 100
    ) -> list[Recording]:
        """Recordings, newest first; see `RecordingStore.find`. Of an owner only those that have ended."""
        return await self._store.find(
            owner=owner, text=text, before=before, limit=limit, ended=owner is not None
        )

    async def get(self, recording_id: str, *, owner: str | None = None) -> Recording:
        """One recording; of `owner`, or whoever's it is.

        Raises:
            ServiceError: `NOT_FOUND`.
        """
        found = await self._store.get(recording_id)
        if found is None or (owner is not None and (owner not in found.owners or found.state.is_open)):
            raise not_found(f"recording {recording_id}" + (" among yours" if owner is not None else ""))
        return found

    async def file(self, recording_id: str, *, owner: str | None = None) -> Path:
        """The WAV file of one.

        Raises:
            ServiceError: `NOT_FOUND`; `CONFLICT`: it is under way.
        """
        found = await self.get(recording_id, owner=owner)
        if found.state.is_open:
            raise conflict("This call is still being recorded: it can be heard once that has ended.")
        if not self._files.exists(recording_id):
            raise not_found(f"sound of recording {recording_id}: its file is gone")
        return self._files.path(recording_id)

    def check(self, owner: str, permission: RecordingPermission) -> None:
        """Raise `FORBIDDEN` unless the extension has this permission."""
        if permission not in self._permissions(owner):
            raise ServiceError(
                ErrorCode.FORBIDDEN,
                f"Extension {owner} may not {permission.value} recordings: ask the administrator.",
            )

    async def delete(self, owner: str, ids: Collection[str] | None) -> int:
        """Delete an owner's recordings (None: all); returns how many there were.

        One that another extension owns, too, stays for that one; else its file is removed.
        """
        gone, orphans = await self._store.disown(owner, ids)
        await self._remove(orphans)
        for recording_id in gone:
            self._hub.publish(Topic.RECORDINGS, recording_id, None, to=owner)
        return len(gone)

    async def remove(self, recording_id: str) -> Recording:
        """Delete a recording for everybody; what it was.

        Raises:
            ServiceError: `NOT_FOUND`; `CONFLICT`: it is under way.
        """
        found = await self.get(recording_id)
        if found.state.is_open:
            raise conflict("This call is being recorded: stop that first.")
        await self._remove_for_all([found])
        return found

    async def sweep(self) -> int:
        """Delete what is older than the settings allow; returns how many."""
        count = 0
        if self._keep_days:
            moment = self._clock.now() - timedelta(days=self._keep_days)
            while old := await self._store.older_than(moment, BATCH):
                await self._remove_for_all(old)
                count += len(old)
        if count:
            _log.info("%d recordings older than %d days were deleted", count, self._keep_days)
        return count

    # Inside

    async def _remove(self, ids: Collection[str]) -> None:
        if ids:
            for recording_id in await self._store.remove(ids):
                self._files.remove(recording_id)

    async def _remove_for_all(self, recordings: Collection[Recording]) -> None:
        await self._remove([recording.id for recording in recordings])
        for recording in recordings:
            for owner in recording.owners:
                self._hub.publish(Topic.RECORDINGS, recording.id, None, to=owner)

    async def _discard(self, recording_id: str) -> None:
        await self._store.remove([recording_id])
        self._files.remove(recording_id)

    async def _write(self) -> None:
        pause, failing = RETRY_S, False
        while self._pending:
            batch = dict(self._pending)
            try:
                await self._store.save(list(batch.values()))
            except Exception as error:  # noqa: BLE001 - whatever it is, they are tried again
                level = logging.DEBUG if failing else logging.ERROR
                _log.log(level, "Recordings cannot be written (%d wait; retrying): %s", len(batch), error)
                failing = True
                await asyncio.sleep(pause)
                pause = min(2 * pause, RETRY_MAX_S)
                continue
            for recording_id, written in batch.items():
                if self._pending.get(recording_id) is written:
                    del self._pending[recording_id]
                self._publish(written)

    def _publish(self, recording: Recording) -> None:
        if not recording.state.is_open:
            for owner in recording.owners:
                if RecordingPermission.LISTEN in self._permissions(owner):
                    self._hub.publish(Topic.RECORDINGS, recording.id, recording, to=owner)

    async def _snapshot(self, who: Who) -> Mapping[str, Any]:
        if who.number is None or RecordingPermission.LISTEN not in self._permissions(who.number):
            return {}
        found = await self._store.find(owner=who.number, limit=SNAPSHOT, ended=True)
        return {recording.id: recording for recording in found}

    def _on_extension(self, change: ExtensionChanged) -> None:
        # Whoever gets the number next must not hear who had it before.
        if change.extension is None:
            self._background.spawn(self._store.disown(change.number, None))
