"""The dispatcher: one task for each call, from `Incoming` to the end; and the calls that a restart left."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from server.clock import Clock
from server.contract.system import ActiveCall
from server.flows.adoption import Adoption
from server.flows.agent_codes import AgentCodes
from server.flows.conference import Rooms
from server.flows.desk import Desk, Pickable
from server.flows.extension_call import ExtensionCall
from server.flows.features import Features
from server.flows.live_call import LiveCall
from server.flows.monitoring import Monitors
from server.flows.own_calls import OwnCalls
from server.flows.parking import ParkingLot
from server.flows.phone_settings import PhoneSettings
from server.flows.places import Place
from server.flows.planning import Planner
from server.flows.recording import Recorder
from server.flows.remains import Leftovers
from server.flows.secretaries import Secretaries
from server.flows.stops import Machine
from server.flows.talk import Talk
from server.flows.voicemail import Mailboxes
from server.flows.way import Caller
from server.rules.features import FeatureCall, Retrieval
from server.rules.outcomes import Ending
from server.services.agents import Agents
from server.services.call_log import CallLog
from server.services.directory import Directory
from server.services.emergencies import Emergencies
from server.services.pairs import Pairs
from server.services.queues import Queues
from server.services.tasks import Background
from server.switch.port import Event, Incoming, Leg, Switch, Up

PER_EXTENSION = 8
"""Calls that one extension may make at once, over all its phones, unless the settings say otherwise."""

_log = logging.getLogger(__name__)


class Calls:
    """Takes every call of the switch and conducts it.

    Between `Incoming` and the INVITEs to the phones nothing is awaited but those INVITEs: directory and
    presence are in memory, the log is written in the background.

    Attributes:
        per_extension: calls that one extension may make at once.
    """

    def __init__(
        self,
        *,
        switch: Switch,
        directory: Directory,
        planner: Planner,
        call_log: CallLog,
        clock: Clock,
        lot: ParkingLot,
        rooms: Rooms,
        monitors: Monitors,
        recorder: Recorder,
        mailboxes: Mailboxes,
        own_calls: OwnCalls,
        settings: PhoneSettings,
        pairs: Pairs,
        queues: Queues,
        agents: Agents,
        emergencies: Emergencies,
        ring_tone: Callable[[str], str],
        ring_timeout_s: float,
        per_extension: int = PER_EXTENSION,
    ) -> None:
        self.per_extension = per_extension
        self._switch = switch
        self._planner = planner
        self._recorder = recorder
        self._mailboxes = mailboxes
        self._call_log = call_log
        self._own_calls = own_calls
        self._desk = Desk(
            switch=switch,
            directory=directory,
            planner=planner,
            call_log=call_log,
            clock=clock,
            lot=lot,
            recorder=recorder,
            pairs=pairs,
            own_calls=own_calls,
            queues=queues,
            emergencies=emergencies,
            ring_tone=ring_tone,
            ring_timeout_s=ring_timeout_s,
        )
        self._features = Features(
            self._desk, directory, monitors, settings, Secretaries(self._desk, pairs), AgentCodes(agents)
        )
        self._made: Counter[str] = Counter()
        """How many of the live calls each extension made; those from outside count under ""."""
        self._flooding: set[str] = set()
        self._ups = 0
        self._has_adopted = False
        self._background = Background("calls")
        self._rooms = rooms
        self._adoption = Adoption(
            desk=self._desk,
            directory=directory,
            call_log=call_log,
            clock=clock,
            rooms=rooms,
            monitors=monitors,
            features=self._features,
        )
        self._stop_listening: Callable[[], None] | None = None
        self._take_orders: Callable[[Leftovers], None] = lambda _left: None

    async def start(self) -> None:
        """Take calls from now on. Await it before the switch starts, after directory and presence did."""
        await self._adoption.load()
        self._stop_listening = self._switch.listen(self._on_switch)
        if self._switch.status.up:
            self._adopt()

    async def stop(self) -> None:
        """Take no further calls and end those in progress, properly on the wire and in the log."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
        await asyncio.sleep(0)  # a task that is cancelled before its first step would not even clean up
        await self._background.cancel()

    def live(self) -> list[LiveCall]:
        """Calls whose tasks are not over, oldest first."""
        return self._desk.calls()

    def made_by(self, extension: str) -> int:
        """How many of the calls in progress this extension has made."""
        return self._made[extension]

    def make(self, leg: Leg, dialled: str, *, call_id: str, machine: Machine | None = None) -> None:
        """Call a number for a phone that is up, as if it had dialled it; the call owns the leg now.

        `machine`: this answers, whatever the number.
        """
        live, work = self._begin(leg, dialled, call_id, machine)
        self._spawn(live, work)

    def leave_orders_to(self, take: Callable[[Leftovers], None]) -> None:
        """Ordered calls that a former server process has left are `take`n out of what is left of it."""
        self._take_orders = take

    def machine_ordered(self, leg: Leg) -> Machine | None:
        """What was ordered to serve this leg, as a former server process has noted; None if it is done."""
        place = Place.read(leg.memo)
        if place is None or place.errand is None:
            return None
        found = self._planner.resume(Caller(self._desk.party(leg)), place)
        return found if isinstance(found, Machine) else None

    async def was_made(self, call_id: str) -> bool:
        """Whether the log has a call with this id, which may have been over before a kill."""
        return await self._call_log.find(call_id) is not None

    def active(self) -> list[ActiveCall]:
        """Calls in progress, oldest first."""
        legs = {leg.id: leg for leg in self._switch.legs()}
        return [live.active(legs) for live in self._desk.calls() if not live.is_over]

    def talk_of(self, leg: Leg) -> Talk | None:
        """The conversation that a leg takes part in; None while it is transferred, or talks to a machine."""
        return self._desk.talk_of(leg)

    @property
    def slots(self) -> tuple[str, ...]:
        """The numbers of the parking slots, as of now."""
        return self._desk.lot.settings.slots

    def ringing_of(self, call_id: str) -> Pickable | None:
        """The ringing of a call; None if it does not ring."""
        return self._desk.ringing_of(call_id)

    def _on_switch(self, event: Event) -> None:
        if isinstance(event, Incoming):
            live, work = self._begin(event.leg, event.leg.dialled)
            self._spawn(live, work)
        elif isinstance(event, Up):
            self._ups += 1
            self._adopt()

    def _begin(
        self, leg: Leg, dialled: str, call_id: str = "", machine: Machine | None = None
    ) -> tuple[LiveCall, Coroutine[Any, Any, None]]:
        """The call that this leg begins, and what is to be done with it."""
        refusal = self._refusal(leg, dialled)
        placement = self._desk.begin(leg, dialled, refusal=refusal, call_id=call_id, machine=machine)
        call = ExtensionCall(self._desk, placement.live, leg)
        match placement.stop:
            case Ending():
                return placement.live, call.refuse(placement.stop)
            case FeatureCall() | Retrieval():
                return placement.live, self._features.carry_out(call, placement.stop)
            case _:
                return placement.live, call.place(placement.stop)

    def _refusal(self, leg: Leg, dialled: str) -> Ending | None:
        """Whether this caller may not call now, whatever it dialled; but nothing holds up who is in need."""
        if leg.trunk or self._made[leg.number] < self.per_extension:
            return None
        if self._planner.is_emergency(leg.number, dialled):
            return None
        self._warn_of_flood(leg.number)
        return Ending.TOO_MANY_CALLS

    def _warn_of_flood(self, number: str) -> None:
        """One line for each flood: a call too many is a mistake, or somebody has the phone's secret."""
        if number not in self._flooding:
            self._flooding.add(number)
            _log.warning(
                "%s has %d calls at once: further ones are refused until they end (calls.per_extension). "
                "If these are not its own, give it a new SIP secret.",
                number,
                self.per_extension,
            )

    def _adopt(self) -> None:
        """Sort out what exists in the switch and belongs to no call of this process.

        Matching is done at once, before anything new can appear; removing takes its time.
        """
        left = Leftovers(
            legs={leg.id: leg for leg in self._switch.legs()},
            bridges={bridge.id: bridge for bridge in self._switch.bridges()},
        )
        for call in [live.call for live in self._desk.calls()]:
            for leg_id in (call.caller_leg, *call.legs):
                left.legs.pop(leg_id, None)
            left.bridges.pop(call.bridge_id, None)
        for live, go_on in self._adoption.match(left):
            self._desk.note_emergency(live.call)
            self._spawn(live, go_on())
        if not self._has_adopted:
            self._take_orders(left)
        self._has_adopted = True
        self._desk.queues.those_left({live.call.id for live in self._desk.calls()})
        self._own_calls.complete()
        for bridge_id in [one for one in left.bridges if self._rooms.has_bridge(one)]:
            del left.bridges[bridge_id]
        if left.legs or left.bridges:
            self._background.spawn(self._adoption.remove(left), name="removal of leftovers")
        self._background.spawn(self.sort_out_recordings(), name="recordings that were left")

    async def sort_out_recordings(self) -> None:
        """Finish recordings and messages that no call conducts; to be called now and then.

        See `Recorder.sort_out` and `Mailboxes.sort_out`. Nothing before it is known which calls go on.
        """
        if not self._has_adopted:
            return

        def in_progress() -> list[str]:
            return [live.call.id for live in self._desk.calls()]

        await self._recorder.sort_out(in_progress)
        await self._mailboxes.sort_out(self._switch, self._call_log, in_progress)

    def _spawn(self, live: LiveCall, work: Coroutine[Any, Any, None]) -> None:
        """Do the work of a call as a task; until it is done the call counts as active."""
        ups, task = self._ups, self._desk.task_of(live)
        # Who calls from outside may show the number of an extension, but uses up none of its calls.
        extension = "" if live.call.caller_trunk else live.call.caller.number

        def done(_: object) -> None:
            self._desk.forget(task)
            self._made[extension] -= 1
            if not self._made[extension]:
                del self._made[extension]
                self._flooding.discard(extension)
            if ups != self._ups and self._stop_listening is not None:
                # What it released while the engine was away may still be there, now that it is back.
                self._adopt()

        self._desk.keep(task, live)
        self._made[extension] += 1
        self._background.spawn(work, name=f"call {live.call.id}").add_done_callback(done)
