"""Stand for the stores of the server; they survive it, as a database does."""

import asyncio
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from server.contract.calls import CallLogEntry
from server.contract.configuration import ConfigObject
from server.contract.extensions import Extension
from server.contract.presence import Presence, PresenceChange, PresenceStatus
from server.contract.reaching import ReachingSettings
from server.contract.recording import Recording
from server.rules.queues.stored import StoredAcd
from server.rules.routing import snapshot_of
from server.services.call_log_store import Call
from server.services.configuration import ConfigurationChanged
from server.services.extensions import ExtensionChanged
from server.services.queue_writer import QueueWriter
from server.switch.port import SipEndpoint
from tests.virtual_time import EPOCH

NAMES = {"1001": "Anna", "1002": "Boris", "1003": "Cyril", "1004": "Dana"}


def extension(number: str, *, enabled: bool = True, first_name: str | None = None) -> Extension:
    return Extension(
        number=number,
        first_name=NAMES.get(number, "") if first_name is None else first_name,
        last_name="",
        email=None,
        mobile=None,
        groups=["office"],
        enabled=enabled,
        client_enabled=True,
        srtp="optional",
        avatar=None,
        created_at=EPOCH,
    )


class MemoryExtensions:
    """Stands for `services.extensions.Extensions`."""

    def __init__(self, numbers: Sequence[str] = tuple(NAMES)) -> None:
        self.known = {number: extension(number) for number in numbers}
        self.observers = []

    async def list(self):
        return list(self.known.values())

    def enabled(self):
        return {number: one for number, one in self.known.items() if one.enabled}

    async def sip_endpoints(self):
        return [self._endpoint(number) for number, item in self.known.items() if item.enabled]

    async def sip_endpoint(self, number):
        item = self.known.get(number)
        return self._endpoint(number) if item is not None and item.enabled else None

    def _endpoint(self, number):
        return SipEndpoint(number, "secret-of-" + number, self.known[number].display_name)

    def observe(self, callback):
        self.observers.append(callback)
        return lambda: self.observers.remove(callback)

    def put(self, item: Extension) -> None:
        self.known[item.number] = item
        self._tell(ExtensionChanged(item.number, item))

    def drop(self, number: str) -> None:
        del self.known[number]
        self._tell(ExtensionChanged(number, None))

    def _tell(self, change):
        for observer in tuple(self.observers):
            observer(change)


class MemoryPresence:
    """Stands for `services.presence.PresenceService`."""

    def __init__(self, clock) -> None:
        self.chosen = {}
        self.ended_meanwhile = frozenset()
        self.clock = clock
        self.observers = []

    def of(self, number):
        available = Presence(status=PresenceStatus.AVAILABLE, note="", since=EPOCH)
        return self.chosen.get(number, available)

    def statuses(self):
        return {number: presence.status for number, presence in self.chosen.items()}

    def accepts_direct_calls(self, number):
        return self.of(number).status is not PresenceStatus.DO_NOT_DISTURB

    async def change(self, number, change: PresenceChange, *, by=None):
        await asyncio.sleep(0.002)
        self.chosen[number] = Presence(status=change.status, note=change.note or "", since=self.clock.now())
        for observer in self.observers:
            observer(number)

    def observe(self, observer):
        self.observers.append(observer)
        return lambda: self.observers.remove(observer)


_AS_IT_COMES = ReachingSettings()


class MemoryReaching:
    """Stands for `services.reaching.Reaching`."""

    def __init__(self) -> None:
        self.settings = {}
        self.fail: Exception | None = None

    def of(self, number):
        return self.settings.get(number, _AS_IT_COMES)

    async def change(self, number, settings, *, by):
        await asyncio.sleep(0.002)
        if self.fail is not None:
            raise self.fail
        assert by == number
        self.settings[number] = settings


class MemoryConfiguration:
    """Stands for `services.configuration.Configuration`; what is in `objects` may be changed by tests."""

    def __init__(self, objects: list[ConfigObject]) -> None:
        self.objects = objects
        self.changed_by: list[str] = []
        self.observers = []
        self._made_of: list[ConfigObject] = []
        self._snapshot = snapshot_of(())

    @property
    def snapshot(self):
        """Made anew where an object is another one, and only then: flows ask for it at every step."""
        now, then = self.objects, self._made_of
        if len(now) != len(then) or any(one is not other for one, other in zip(now, then, strict=True)):
            self._made_of, self._snapshot = [*now], snapshot_of(now)
        return self._snapshot

    def observe(self, observer):
        self.observers.append(observer)
        return lambda: self.observers.remove(observer)

    def put(self, item: ConfigObject) -> None:
        """Add an object, or replace it, and tell."""
        others = [one for one in self.objects if (type(one), one.key) != (type(item), item.key)]
        self.objects[:] = [*others, item]
        for observer in tuple(self.observers):
            observer(ConfigurationChanged(type(item), item.key, item))

    def drop(self, model: type[ConfigObject], key: str) -> None:
        """Remove an object, and tell."""
        self.objects[:] = [one for one in self.objects if (type(one), one.key) != (model, key)]
        for observer in tuple(self.observers):
            observer(ConfigurationChanged(model, key, None))

    async def alter(self, model, key, change, *, by, address=""):
        await asyncio.sleep(0.002)
        (index,) = [at for at, item in enumerate(self.objects) if isinstance(item, model) and item.key == key]
        self.put(change(self.objects[index]))
        self.changed_by.append(by)


class MemoryAudit:
    """Stands for `services.audit.Audit`. `fail` is raised by the next entries."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, str, str]] = []
        self.fail: Exception | None = None

    async def note(self, action, *, actor, subject="", address="", **detail):
        await asyncio.sleep(0.002)
        if self.fail is not None:
            raise self.fail
        self.entries.append((action, actor, subject))


class MemoryStore:
    """Stands for `CallStore`; survives the server, as a disk does. `fail` is raised by the next writes."""

    def __init__(self) -> None:
        self.calls: dict[str, Call] = {}
        self.log: dict[str, CallLogEntry] = {}
        self.saves = 0
        self.fail: Exception | None = None

    async def save(self, calls, *, without_log=frozenset()):
        await asyncio.sleep(0.002)
        self.saves += 1
        if self.fail is not None:
            raise self.fail
        for call in calls:
            self.calls[call.id] = call
            for entry in call.entries():
                if entry.owner not in without_log:
                    self.log.setdefault(entry.id, entry)

    async def open_calls(self):
        return [
            dataclasses.replace(call, ending=None) for call in self.calls.values() if call.ended_at is None
        ]

    async def knows(self, call):
        await asyncio.sleep(0.002)
        return any(c.id == call.id or c.caller_leg == call.caller_leg for c in self.calls.values())

    async def find(self, call_id):
        await asyncio.sleep(0.002)
        return self.calls.get(call_id)

    async def forget_removed(self):
        """Nothing is left behind in memory."""

    async def delete(self, owner, ids):
        found = [e.id for e in self.log.values() if e.owner == owner and (ids is None or e.id in ids)]
        for entry_id in found:
            del self.log[entry_id]
        return found


class MemoryQueueStore:
    """Stands for `QueueStore`; survives the server. `fail` is raised by the next writes."""

    def __init__(self) -> None:
        self.rows = {}
        self.calls = []
        self.agents = []
        self.paused = []
        self.fail: Exception | None = None

    async def load(self):
        kinds = {"member": [], "caller": [], "line": []}
        for (kind, _), row in self.rows.items():
            kinds[kind].append(row)
        return StoredAcd(members=kinds["member"], callers=kinds["caller"], lines=kinds["line"])

    async def save(self, changes):
        await asyncio.sleep(0.002)
        if self.fail is not None:
            raise self.fail
        for key, row in changes.rows.items():
            self.rows.pop(key, None)
            if row is not None:
                self.rows[key] = row
        first = len(self.calls)
        self.calls += changes.calls
        self.agents += changes.agents
        self.paused += changes.paused
        return list(range(first, len(self.calls)))


async def kill(writer: QueueWriter) -> None:
    """Nothing more is written."""
    writer.write = lambda changes: None
    if writer._task is not None:
        writer._task.cancel()
        await asyncio.gather(writer._task, return_exceptions=True)


class MemoryFiles:
    """Stands for `RecordingFiles`: lengths in seconds by the id of the recording; survives the server."""

    def __init__(self, engine) -> None:
        self.engine = engine
        self.kept: dict[str, float] = {}

    def prepare(self):
        """Memory has room."""

    def path(self, recording_id):
        return Path("/memory") / recording_id

    def exists(self, recording_id):
        return recording_id in self.kept

    def measure(self, recording_id):
        take = self.kept.get(recording_id)
        return (take.seconds, round(take.seconds * 16000)) if take else None

    def take(self, recording_id, made):
        take = self.engine.recorder.takes.pop(f"calls/{recording_id}")
        assert take.path == made
        self.kept[recording_id] = take
        return round(take.seconds * 16000)

    def remove(self, recording_id):
        self.kept.pop(recording_id, None)


class MemoryRecordings:
    """Stands for `RecordingStore`; survives the server. `fail` is raised by the next writes."""

    def __init__(self) -> None:
        self.rows: dict[str, Recording] = {}
        self.fail: Exception | None = None

    async def save(self, recordings):
        await asyncio.sleep(0.002)
        if self.fail is not None:
            raise self.fail
        self.rows |= {recording.id: recording for recording in recordings}

    async def get(self, recording_id):
        return self.rows.get(recording_id)

    async def open(self):
        await asyncio.sleep(0.002)
        return [row for row in self.rows.values() if row.state.is_open]

    async def remove(self, ids):
        await asyncio.sleep(0.002)
        return [one for one in ids if self.rows.pop(one, None)]

    async def find(self, *, owner=None, ended=False, **_):
        rows = [row for row in self.rows.values() if owner is None or owner in row.owners]
        return [row for row in rows if not (ended and row.state.is_open)]

    async def disown(self, owner, ids):
        return [], []

    async def forget_removed(self):
        """Nothing is left behind in memory."""
