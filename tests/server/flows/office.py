"""A small office on the simulated switch: everything that is live, and nothing that needs a disk."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from server.contract.calls import CallLogEntry
from server.contract.conference import Conference
from server.contract.configuration import ConfigObject
from server.contract.extensions import CallState
from server.contract.monitoring import MonitoringRight
from server.contract.own_calls import OwnCallState
from server.contract.pairs import PairState
from server.contract.recording import RecordingRight, RecordingRule
from server.flows.calls import Calls
from server.flows.conference import Rooms
from server.flows.control import CallControl
from server.flows.leg_ids import call_of_leg
from server.flows.monitoring import Monitors
from server.flows.parking import ParkingLot
from server.flows.phone_settings import PhoneSettings
from server.flows.planning import Planner
from server.flows.recording import Recorder
from server.flows.voicemail import Mailboxes
from server.rules.outcomes import Ending
from server.services.agent_presence import AgentPresence
from server.services.agents import Agents
from server.services.call_log import CallLog
from server.services.directory import Directory
from server.services.emergencies import Emergencies
from server.services.hub import Hub
from server.services.pairs import Pairs
from server.services.queues import Queues
from server.services.recordings import Recordings
from server.services.recordings_rights import RecordingRights
from server.services.states import States
from server.services.trunk_silences import TrunkSilences
from server.switch.port import Sound
from server.switch.simulated import SimulatedEngine, SimulatedSwitch
from tests.server.flows.checked_own_calls import CheckedOwnCalls
from tests.server.flows.memory import NAMES as NAMES  # noqa: PLC0414
from tests.server.flows.memory import (
    MemoryAudit,
    MemoryConfiguration,
    MemoryExtensions,
    MemoryFiles,
    MemoryPresence,
    MemoryQueueStore,
    MemoryReaching,
    MemoryRecordings,
    MemoryStore,
    kill,
)
from tests.server.flows.memory import extension as extension  # noqa: PLC0414
from tests.server.flows.memory_emergencies import MemoryEmergencies
from tests.server.flows.memory_voicemail import MemoryVoicemail, OfOneProcess
from tests.virtual_time import VirtualClock

RING_S = 30.0


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
        own_calls=CheckedOwnCalls,
    ) -> None:
        self.engine = engine or SimulatedEngine()
        self.store = store or MemoryStore()
        self.tapes = tapes or MemoryRecordings()
        self.files = files or MemoryFiles(self.engine)
        self.extensions = extensions or MemoryExtensions()
        self.clock = VirtualClock()
        self.switch = SimulatedSwitch(self.engine)
        self.ring_tones: dict[str, str] = {}
        """The hashes of what was uploaded."""
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
            conference=lambda number: self.configured.snapshot.get(Conference, number),
            pin=self.pins.get,
        )
        self.own_voicemail = OfOneProcess(self.voicemail)
        self.mailboxes = Mailboxes(
            voicemail=self.own_voicemail,
            presence=self.presence,
            zone=lambda: self.configured.snapshot.zone,
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
        self.silences = TrunkSilences(self.switch)
        self.planner = planner = Planner(
            switch=self.switch,
            directory=self.directory,
            presence=self.presence,
            reaching=self.reaching,
            snapshot=lambda: self.configured.snapshot,
            clock=self.clock,
            mailboxes=self.mailboxes,
            spoken=self.spoken,
            rooms=rooms,
            queues=self.queues,
            emergencies=self.emergencies,
            silent_trunks=self.silences.now,
        )
        self.lot = ParkingLot(
            hub=self.hub, clock=self.clock, settings=lambda: self.configured.snapshot.parking
        )
        self.rights = RecordingRights(
            self.directory, lambda: self.configured.snapshot.all(RecordingRight).values()
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
            rules=lambda: self.configured.snapshot.all(RecordingRule).values(),
            permissions=self.rights.of,
        )
        self.pairs = Pairs(
            clock=self.clock,
            switch=self.switch,
            hub=self.hub,
            directory=self.directory,
            configuration=self.configured,
        )
        self.own_calls = own_calls(
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
                rights=lambda: self.configured.snapshot.all(MonitoringRight).values(),
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
            ring_tone=lambda name: self.ring_tones.get(name, ""),
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
        self.silences.start()
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
        self.silences.stop()
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
        self.pairs.stop()
        self.emergencies._keep = lambda made: None
        await self.emergencies._background.cancel()
        self.agent_presence.stop()
        self.queues.detach()
        await kill(self.queues.writer)
        self.own_calls.stop()
        self.silences.stop()
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
        assert self.queues._legs.open == {}
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
        own = self.own_calls
        followed = (own._lives, own._calls, own._together, own._orders)
        assert followed == ({}, {}, {}, {})
        assert not isinstance(own, CheckedOwnCalls) or own.wrong == [], own.wrong[0]
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
