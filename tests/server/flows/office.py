"""A small office on the simulated switch: everything that is live, and nothing that needs a disk."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from server.contract.calls import CallLogEntry
from server.contract.conference import Conference
from server.contract.configuration import ConfigObject
from server.contract.extensions import CallState, Extension
from server.contract.monitoring import MonitoringRight
from server.contract.own_calls import OwnCallState
from server.contract.pairs import PairState
from server.contract.presence import Presence, PresenceChange, PresenceStatus
from server.contract.reaching import ReachingSettings
from server.contract.recording import Recording, RecordingRight, RecordingRule
from server.flows.calls import Calls
from server.flows.conference import Rooms
from server.flows.control import CallControl
from server.flows.leg_ids import call_of_leg
from server.flows.monitoring import Monitors
from server.flows.own_calls import OwnCalls
from server.flows.parking import ParkingLot
from server.flows.phone_settings import PhoneSettings
from server.flows.planning import Planner
from server.flows.recording import Recorder
from server.flows.voicemail import Mailboxes
from server.rules.outcomes import Ending
from server.rules.queues.stored import StoredAcd
from server.rules.routing import snapshot_of
from server.services.agent_presence import AgentPresence
from server.services.agents import Agents
from server.services.call_log import CallLog
from server.services.call_log_store import Call
from server.services.configuration import ConfigurationChanged
from server.services.directory import Directory
from server.services.emergencies import Emergencies
from server.services.extensions import ExtensionChanged
from server.services.hub import Hub
from server.services.pairs import Pairs
from server.services.queue_writer import QueueWriter
from server.services.queues import Queues
from server.services.recordings import Recordings
from server.services.recordings_rights import RecordingRights
from server.services.states import States
from server.switch.port import SipEndpoint, Sound
from server.switch.simulated import SimulatedEngine, SimulatedSwitch
from tests.server.flows.memory_emergencies import MemoryEmergencies
from tests.server.flows.memory_voicemail import MemoryVoicemail, OfOneProcess
from tests.virtual_time import EPOCH, VirtualClock

NAMES = {"1001": "Anna", "1002": "Boris", "1003": "Cyril", "1004": "Dana"}
RING_S = 30.0


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
        self.clock = clock
        self.observers = []

    def of(self, number):
        available = Presence(status=PresenceStatus.AVAILABLE, note="", since=EPOCH)
        return self.chosen.get(number, available)

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


class MemoryReaching:
    """Stands for `services.reaching.Reaching`."""

    def __init__(self) -> None:
        self.settings = {}
        self.fail: Exception | None = None

    def of(self, number):
        return self.settings.get(number, ReachingSettings())

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

    @property
    def snapshot(self):
        return snapshot_of(self.objects)

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


class Office:
    """One server process on an engine and a store that may have seen earlier ones."""

    def __init__(
        self,
        engine=None,
        store=None,
        extensions=None,
        voicemail=None,
        tapes=None,
        files=None,
        queue_store=None,
        emergency_store=None,
    ) -> None:
        self.engine = engine or SimulatedEngine()
        self.store = store or MemoryStore()
        self.tapes = tapes or MemoryRecordings()
        self.files = files or MemoryFiles(self.engine)
        self.extensions = extensions or MemoryExtensions()
        self.clock = VirtualClock()
        self.switch = SimulatedSwitch(self.engine)
        self.hub = Hub()
        self.directory = Directory(extensions=self.extensions)
        self.presence = MemoryPresence(self.clock)
        self.states = States(
            clock=self.clock,
            switch=self.switch,
            hub=self.hub,
            directory=self.directory,
            presence=self.presence,
        )
        self.call_log = CallLog(store=self.store, hub=self.hub, extensions=self.extensions)
        self.reaching = MemoryReaching()
        self.configuration: list[ConfigObject] = []
        self.configured = MemoryConfiguration(self.configuration)
        self.audit = MemoryAudit()
        self.voicemail = voicemail or MemoryVoicemail(self)
        self.voicemail.place = self
        self.pins: dict[str, str] = {}
        rooms = Rooms(
            switch=self.switch,
            conference=lambda number: snapshot_of(self.configuration).get(Conference, number),
            pin=self.pins.get,
        )
        self.own_voicemail = OfOneProcess(self.voicemail)
        self.mailboxes = Mailboxes(
            voicemail=self.own_voicemail,
            presence=self.presence,
            zone=lambda: snapshot_of(self.configuration).zone,
        )
        self.queue_store = queue_store or MemoryQueueStore()
        self.queues = Queues(
            clock=self.clock,
            store=self.queue_store,
            hub=self.hub,
            switch=self.switch,
            states=self.states,
            configuration=self.configured,
            call_of_leg=call_of_leg,
        )
        self.agents = Agents(queues=self.queues, audit=self.audit)
        self.agent_presence = AgentPresence(
            presence=self.presence, reaching=self.reaching, agents=self.agents
        )
        self.emergency_store = emergency_store or MemoryEmergencies()
        self.emergencies = Emergencies(store=self.emergency_store, clock=self.clock)
        self.planner = planner = Planner(
            switch=self.switch,
            directory=self.directory,
            presence=self.presence,
            reaching=self.reaching,
            snapshot=lambda: snapshot_of(self.configuration),
            clock=self.clock,
            mailboxes=self.mailboxes,
            spoken=self.spoken,
            rooms=rooms,
            queues=self.queues,
            emergencies=self.emergencies,
        )
        self.lot = ParkingLot(
            hub=self.hub, clock=self.clock, settings=lambda: snapshot_of(self.configuration).parking
        )
        self.rights = RecordingRights(
            self.directory, lambda: snapshot_of(self.configuration).all(RecordingRight).values()
        )
        self.recordings = Recordings(
            store=self.tapes,
            files=self.files,
            hub=self.hub,
            clock=self.clock,
            extensions=self.extensions,
            permissions=self.rights.of,
        )
        self.recorder = Recorder(
            switch=self.switch,
            recordings=self.recordings,
            call_log=self.call_log,
            clock=self.clock,
            directory=self.directory,
            rules=lambda: snapshot_of(self.configuration).all(RecordingRule).values(),
            permissions=self.rights.of,
        )
        self.pairs = Pairs(
            clock=self.clock,
            switch=self.switch,
            hub=self.hub,
            directory=self.directory,
            configuration=self.configured,
        )
        self.own_calls = OwnCalls(
            switch=self.switch, recorder=self.recorder, queues=self.queues, hub=self.hub, clock=self.clock
        )
        self.calls = Calls(
            switch=self.switch,
            directory=self.directory,
            planner=planner,
            call_log=self.call_log,
            clock=self.clock,
            lot=self.lot,
            rooms=rooms,
            monitors=Monitors(
                directory=self.directory,
                rights=lambda: snapshot_of(self.configuration).all(MonitoringRight).values(),
                audit=self.audit,
            ),
            recorder=self.recorder,
            mailboxes=self.mailboxes,
            own_calls=self.own_calls,
            settings=PhoneSettings(
                reaching=self.reaching,
                presence=self.presence,
                directory=self.directory,
                configuration=self.configured,
            ),
            pairs=self.pairs,
            queues=self.queues,
            agents=self.agents,
            emergencies=self.emergencies,
            ring_timeout_s=RING_S,
        )
        self.control = CallControl(
            calls=self.calls,
            switch=self.switch,
            directory=self.directory,
            clock=self.clock,
            audit=self.audit,
            recorder=self.recorder,
            own_calls=self.own_calls,
            ring_timeout_s=RING_S,
        )

    def spoken(self, prompt: str, language: str) -> Sound | None:
        """Every prompt was uploaded in every language, but for one that is "silent"."""
        return Sound.file(Path(f"/prompts/{language}-{prompt}")) if prompt != "silent" else None

    async def start(self, *, restarted: bool = True) -> None:
        await self.directory.start()
        self.states.start()
        self.pairs.start()
        await self.queues.start()
        self.agent_presence.start()
        self.call_log.start()
        self.recordings.start()
        self.own_calls.start()
        await self.emergencies.load()
        await self.calls.start()
        self.switch.connect(restarted=restarted)
        await asyncio.gather(*self.calls._background.named("recordings that were left"))

    async def stop(self) -> None:
        await self.calls.stop()
        await self.emergencies.stop()
        await self.recorder.stop()
        await self.recordings.stop()
        await self.call_log.stop()
        self.agent_presence.stop()
        await self.queues.stop()
        self.pairs.stop()
        self.own_calls.stop()
        self.states.stop()
        self.directory.stop()

    async def killed(self) -> None:
        """kill -9: nothing of this process has any effect from now on, and what was not stored is lost."""
        self.store = None
        self.switch.kill()
        self.own_voicemail.killed = True
        self.call_log._writer.write = lambda call: None
        if self.call_log._writer._task is not None:
            self.call_log._writer._task.cancel()
        self.recordings.write = lambda recording: None
        self.recordings.keep = lambda recording, made: None
        self.recordings.discard = lambda recording_id: None
        await self.recordings._background.cancel()
        await self.recorder._background.cancel()
        await self.control._background.cancel()
        await self.calls._background.cancel()
        await self.recorder._background.cancel()
        self.emergencies._keep = lambda made: None
        await self.emergencies._background.cancel()
        self.pairs.stop()
        self.agent_presence.stop()
        self.queues.detach()
        await kill(self.queues.writer)
        self.own_calls.stop()
        self.states.stop()
        self.directory.stop()

    def log(self, owner: str) -> list[tuple[str, str, str, int | None]]:
        """(direction, number, outcome, SIP code) of an extension's entries, oldest first."""
        entries = sorted((e for e in self.store.log.values() if e.owner == owner), key=lambda e: e.started_at)
        return [(str(e.direction), e.number, str(e.outcome), e.sip_code) for e in entries]

    def entry(self, owner: str) -> CallLogEntry:
        """The only entry in an extension's log."""
        (entry,) = [e for e in self.store.log.values() if e.owner == owner]
        return entry

    def state(self, number: str) -> CallState:
        return self.states.get(number).call

    async def idle(self) -> None:
        """Wait until no call is in progress and everything is logged."""
        backgrounds = (self.calls._background, self.recorder._background, self.recordings._background)
        while any(map(len, backgrounds)) or self.call_log.pending or self.queues.writer.pending:  # noqa: ASYNC110 - in virtual time
            await asyncio.sleep(0.05)

    def assert_nothing_left(self) -> None:
        """No leg, bridge, call, state or open row has outlived its call."""
        assert not self.engine.dialogs, self.engine.dialogs
        assert not self.engine.bridges, self.engine.bridges
        assert self.calls.active() == []
        assert self.lot.calls() == []
        assert self.engine.spies == []
        assert [take for take in self.engine.recorder.takes.values() if not take.over.done()] == []
        assert self.recorder._tapes == {}
        assert [row for row in self.tapes.rows.values() if row.state.is_open] == []
        assert not self.pairs._calls
        floor = self.queues.acd.floor
        assert (floor.waiting, floor.talking, self.queues._seats) == ({}, {}, {})
        assert self.queues._open == {}
        assert not [
            agent for agent in floor.agents.values() if agent.offer is not None or agent.talks or agent.busy
        ]
        assert not [key for key in self.queue_store.rows if key[0] == "caller"]
        assert {p.state for p in self.pairs.all().values()} <= {PairState.IDLE, PairState.OFF}
        assert self.files.kept.keys() == self.tapes.rows.keys()
        assert len(self.calls._background) == 0
        assert {s.number: s.call for s in self.states.all().values() if s.call is not CallState.IDLE} == {}
        shown = [call for number in self.extensions.known for call in self.own_calls.of(number)]
        assert {call.state for call in shown} <= {OwnCallState.ENDED}, shown
        followed = (self.own_calls._lives, self.own_calls._together, self.own_calls._orders)
        assert followed == ({}, {}, {})
        open_rows = [call for call in self.store.calls.values() if call.ended_at is None]
        assert open_rows == []
        for call in self.store.calls.values():
            sides = sorted(entry.direction for entry in self.store.log.values() if entry.call_id == call.id)
            owners = [entry for entry in call.entries() if entry.owner in self.extensions.known]
            expected = sorted(entry.direction for entry in owners)
            assert sides == expected, call
            assert isinstance(call.ending, Ending)


@asynccontextmanager
async def office(**kwargs) -> AsyncIterator[Office]:
    """A running office; at the end everything must be over and nothing left."""
    place = Office(**kwargs)
    await place.start()
    try:
        yield place
        await place.idle()
        await place.calls.sort_out_recordings()
        await place.idle()
        place.assert_nothing_left()
    finally:
        await place.stop()
