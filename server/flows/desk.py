"""What all calls of one server process share: how a call begins, which are in progress, who talks to whom."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from server.clock import Clock
from server.flows.leg_ids import leg_ids, new_call_id
from server.flows.live_call import LiveCall, Lost
from server.flows.places import Place
from server.flows.planning import Planner
from server.flows.stops import Following, Machine, Stop
from server.flows.talk import Talk
from server.flows.way import Caller
from server.rules.features import FeatureCall, Retrieval, begun_number, in_call, parking_of
from server.rules.numbers import canonical, printable
from server.rules.outcomes import Ending
from server.services.call_log import CallLog
from server.services.call_log_store import Call
from server.services.directory import Directory
from server.services.emergencies import Emergencies
from server.services.pairs import Pairs
from server.services.queues import Queues
from server.switch.port import Leg, Party, Switch

if TYPE_CHECKING:
    from server.flows.own_calls import OwnCalls
    from server.flows.parking import ParkingLot
    from server.flows.recording import Recorder

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Placement:
    """A call that has begun, and where it goes; or what is done for the caller, or how it ends at once."""

    live: LiveCall
    stop: Following | FeatureCall | Retrieval


class Pickable(Protocol):
    """A call on its way to somebody, which a colleague may take."""

    @property
    def call_id(self) -> str:
        """The call's id."""

    @property
    def caller(self) -> Leg:
        """Who calls."""

    @property
    def callees(self) -> frozenset[str]:
        """The numbers of the extensions where it rings now."""

    @property
    def since(self) -> datetime:
        """When that began."""

    def is_at(self, number: str, by: str) -> bool:
        """Whether the extension `by` may take it as a call to this number."""

    def pick_up(self, leg: Leg, lost: Lost) -> bool:
        """Let this leg, which has called us, answer it; the call owns it from now on.

        False: it is too late, and nothing has changed. Nothing is awaited: of two who pick up one wins.
        `lost` is called if it does not get the call after all, since the caller gives up in this moment.
        """

    async def decline(self, number: str) -> bool:
        """Decline the call for this extension; False: none of its phones rings."""


GIVEN_UP_FOR = timedelta(seconds=2)
"""How long a call that its caller has given up is remembered: a phone does so in the moment in which it asks
for a transfer to whom it was calling, and either may be told first."""


class Desk:
    """Begins calls and knows those in progress.

    Nothing here is awaited: what a plan needs is in memory, the log is written in the background.

    Attributes:
        switch: where the calls are.
        ring_timeout_s: how long phones ring that rang before a restart.
        lot: the parked calls.
        recorder: the recorded ones.
        clock: the time.
        pairs: bosses and secretaries.
        queues: those who wait for agents.
        emergencies: the emergency calls that were made.
        ring_tone: the hash of a ring tone that was uploaded, by its name; "" for nothing.
    """

    def __init__(
        self,
        *,
        switch: Switch,
        directory: Directory,
        planner: Planner,
        call_log: CallLog,
        clock: Clock,
        lot: "ParkingLot",
        recorder: "Recorder",
        pairs: Pairs,
        own_calls: "OwnCalls",
        queues: Queues,
        emergencies: Emergencies,
        ring_tone: Callable[[str], str],
        ring_timeout_s: float,
    ) -> None:
        self.switch = switch
        self.emergencies = emergencies
        self.ring_tone = ring_tone
        self.lot = lot
        self.recorder = recorder
        self.pairs = pairs
        self.queues = queues
        self.ring_timeout_s = ring_timeout_s
        self._directory = directory
        self._planner = planner
        self._own_calls = own_calls
        self._given_up: dict[str, tuple[Call, datetime]] = {}
        self._log = call_log
        self.clock = clock
        self._live: dict[str, list[LiveCall]] = {}
        self._talks: dict[str, Talk] = {}
        self._ringing: dict[str, Pickable] = {}

    # Calls

    def begin(
        self,
        leg: Leg,
        dialled: str,
        *,
        refusal: Ending | None = None,
        within: str = "",
        sent_by: str = "",
        call_id: str = "",
        machine: Machine | None = None,
    ) -> Placement:
        """Begin the call of this leg to a number, and write it to the log (not yet one for a feature).

        `refusal`: it is refused whatever the number. `within`: the id of the call in whose task and bridge
        it happens, which is a transfer by the colleague `sent_by`; "": it has its own. `call_id`: its id,
        if that is given already. `machine`: this answers it, whatever the number.
        """
        caller = Caller(self.party(leg), leg.trunk, sent_by, leg.psap_callback)
        stop = refusal or machine or self._planner.plan(caller, dialled)
        callee = self._callee(stop, dialled)
        call_id = call_id or new_call_id()
        targets = stop.rings[0].targets if isinstance(stop, Stop) and stop.rings else ()
        if stop is Ending.UNKNOWN_NUMBER:
            _log.info("%s dialled %r, which does not exist", caller.party.number, printable(dialled))
        live = self.live(
            Call(
                id=call_id,
                caller=caller.party,
                dialled=printable(dialled),
                callee=callee.number or None,
                callee_name=callee.name,
                started_at=self.clock.now(),
                caller_leg=leg.id,
                bridge_id=within or call_id,
                legs=leg_ids(call_id, leg.id, len(targets)),
                caller_trunk=leg.trunk,
                boss=stop.boss.number if isinstance(stop, Stop) and stop.boss is not None else "",
            )
        )
        if within:
            self.keep(within, live)
        if isinstance(stop, Following):
            live.begun()
        return Placement(live, stop)

    def join(self, caller: Leg, phone: Leg, *, within: str, boss: str = "") -> LiveCall:
        """Begin the call of two who talk already, each with somebody else so far (attended transfer).

        `boss`: for whom `phone` talks, as a secretary.
        """
        callee = self.party(phone)
        live = self.live(
            Call(
                id=new_call_id(),
                caller=self.party(caller),
                caller_trunk=caller.trunk,
                dialled=callee.number,
                callee=callee.number if self._directory.get(callee.number) is not None else None,
                callee_name=callee.name,
                started_at=self.clock.now(),
                caller_leg=caller.id,
                bridge_id=within,
                legs=(phone.id,),
                boss=boss,
            )
        )
        self.keep(within, live)
        live.begun()
        live.answered(phone.id)
        return live

    def flip(self, stays: Leg, by: Leg, *, within: str, boss: str = "") -> Placement:
        """Begin the call by which whoever talks to `by` reaches another of its phones.

        It is not written to the log yet: as long as nobody answers nothing has changed. `drop` it then.
        `boss`: for whom they talk, as a secretary.
        """
        callee = self.party(by)
        stop = self._planner.flip(by)
        if boss and isinstance(stop, Stop):
            stop = replace(stop, boss=Party(boss, self._directory.name(boss)))
        call_id = new_call_id()
        targets = stop.rings[0].targets if isinstance(stop, Stop) else ()
        live = self.live(
            Call(
                id=call_id,
                caller=self.party(stays),
                caller_trunk=stays.trunk,
                dialled=callee.number,
                callee=callee.number,
                callee_name=callee.name,
                started_at=self.clock.now(),
                caller_leg=stays.id,
                bridge_id=within,
                legs=leg_ids(call_id, stays.id, len(targets)),
                boss=boss,
            )
        )
        self.keep(within, live)
        return Placement(live, stop)

    def resume(self, call: Call, leg: Leg, place: Place | None) -> Following:
        """Where a call of a former server process goes on, whose caller was at this place.

        None: it was not noted where, so that it is where the number leads that was dialled.
        """
        if place is not None:
            caller = Caller(self.party(leg), leg.trunk, place.sent_by, leg.psap_callback)
            return self._planner.resume(caller, place)
        dialled = leg.dialled if leg.inbound and call.bridge_id == call.id else call.dialled
        found = self._planner.plan(Caller(self.party(leg), leg.trunk, marked=leg.psap_callback), dialled)
        return found if isinstance(found, Following) else Ending.FAILED

    def wish(self, leg: Leg) -> FeatureCall | Retrieval | None:
        """What is to be done for a leg that has called us, as of now; None: it calls somebody."""
        found = self._planner.plan(Caller(self.party(leg), leg.trunk), leg.dialled)
        return found if isinstance(found, FeatureCall | Retrieval) else None

    def for_whom(self, leg: Leg) -> str:
        """The boss for whom the secretary with this leg has answered; "" for nobody."""
        calls = (live.call for live in reversed(self.calls()))
        return next((call.boss for call in calls if call.answered_leg == leg.id), "")

    def is_emergency(self, call: Call) -> bool:
        """Whether it is a call that no rule may hold up (SIP-12)."""
        return not call.caller_trunk and self._planner.is_emergency(call.caller.number, call.dialled)

    def note_emergency(self, call: Call) -> None:
        """A call of a former server process goes on: if it was for help, this must be known for later."""
        if not self.is_emergency(call) or self.emergencies.knows(call.id):
            return
        for leg in self.switch.legs():
            if leg.trunk and leg.id in call.legs:
                self.emergencies.begun(
                    call.id,
                    extension=call.caller.number,
                    number=self.party(leg).number,
                    trunk=leg.trunk,
                    shown=leg.caller.number,
                )

    def is_urgent(self, legs: tuple[Leg, Leg]) -> bool:
        """Whether one of the two is in an emergency call or its call-back, or was before a transfer."""
        ids = {leg.id for leg in legs}
        theirs = (live for live in self.calls() if ids & {live.call.caller_leg, live.call.answered_leg})
        return any(live.is_call_back or self.is_emergency(live.call) for live in theirs)

    def way_back(self, leg: Leg, number: str) -> Stop | Ending:
        """How a call that an extension has sent away comes back to it: to its phones, not to a machine."""
        found = self._planner.plan(Caller(self.party(leg), leg.trunk, sent_by=number), number)
        return found if isinstance(found, Stop | Ending) else Ending.FAILED

    def in_call(self, keys: str) -> FeatureCall | None:
        """The feature that keys in a call ask for."""
        return in_call(self._planner.codes(), keys)

    def parking(self, target: str) -> FeatureCall | None:
        """The parking that the target of a transfer stands for."""
        return parking_of(self._planner.codes(), target)

    def may_become_in_call(self, keys: str) -> bool:
        """See `Planner.may_become_in_call`."""
        return self._planner.may_become_in_call(keys)

    def lacks_number(self, keys: str, extension: str) -> bool:
        """Whether keys in a call of this extension begin a transfer to a number that leads nowhere yet."""
        number = begun_number(self._planner.codes(), keys)
        return number is not None and (not number or self._planner.is_unknown(extension, number))

    def _callee(self, stop: Following | FeatureCall | Retrieval, dialled: str) -> Party:
        """The extension whose log has the call: the only one that it comes to first, else the one dialled."""
        if isinstance(stop, Stop | Machine):
            missed = isinstance(stop, Machine) and stop.missed
            return stop.callees[0] if len(stop.callees) == 1 and not missed else Party("")
        number = canonical(dialled) or ""
        return Party(number if self._directory.get(number) is not None else "", self._directory.name(number))

    def live(self, call: Call) -> LiveCall:
        """The log of a call, to be kept true."""
        return LiveCall(call, call_log=self._log, clock=self.clock, on_change=self._told)

    def party(self, leg: Leg) -> Party:
        """Who is at the other end of a leg, as others are to be shown."""
        if leg.trunk:
            # What a carrier says may look like an extension, and must not be shown as a colleague.
            said = leg.caller if leg.inbound else Party(leg.contact.partition(":")[2].partition("@")[0])
            return Party(printable(said.number), printable(said.name))
        number = leg.caller.number if leg.inbound else leg.number
        return Party(number, self._directory.name(number) or (leg.caller.name if leg.inbound else ""))

    # What is in progress

    def task_of(self, live: LiveCall) -> str:
        """The name of the task of a call that gets its own: that of its bridge.

        But what a kill has left of a call goes by another name where the bridge is a transfer's by now: the
        end of the one must not be taken for that of the other.
        """
        bridge_id = live.call.bridge_id
        return bridge_id if bridge_id not in self._live else f"{bridge_id} left"

    def keep(self, task: str, live: LiveCall) -> None:
        """This call is in progress, in the task of the call with the id `task`."""
        self._live.setdefault(task, []).append(live)
        self._told(live)

    def _told(self, live: LiveCall) -> None:
        self.pairs.follow(live.call)
        self.queues.follow(live.call)
        self.emergencies.follow(live.call)
        self._own_calls.follow(live)

    def drop(self, task: str, live: LiveCall) -> None:
        """Nothing has come of this call, which was not begun."""
        if live.is_written:  # a colleague was about to pick it up
            live.ended(Ending.FAILED)
        self._live[task].remove(live)
        self.queues.forget(live.call.id)
        self._own_calls.forget(live)

    def forget(self, task: str) -> None:
        """Everything of this task is over, in the switch too."""
        now = self.clock.now()
        self._given_up = {leg: kept for leg, kept in self._given_up.items() if now - kept[1] < GIVEN_UP_FOR}
        for live in self._live.pop(task, ()):
            self.queues.forget(live.call.id)
            self._own_calls.forget(live)
            if live.call.ending is Ending.CALLER_GAVE_UP and live.call.caller_leg:
                self._given_up[live.call.caller_leg] = live.call, now

    def calls(self) -> list[LiveCall]:
        """Calls that were begun and whose tasks are not over, oldest first."""
        return [live for chain in self._live.values() for live in chain]

    def talk(self, talk: Talk) -> None:
        """These two talk from now on."""
        self._talks |= {leg.id: talk for leg in talk.legs}

    def silence(self, talk: Talk) -> None:
        """These two talk no longer, at least not with each other."""
        for leg in talk.legs:
            self._talks.pop(leg.id, None)

    def talk_of(self, leg: Leg) -> Talk | None:
        """The conversation that a leg takes part in."""
        return self._talks.get(leg.id)

    def talking(self, number: str) -> Leg | None:
        """The leg of an extension in a conversation, rather one that it does not hold; None without one."""
        legs = [leg for talk in self._talks.values() for leg in talk.legs if leg.number == number]
        return min(legs, key=lambda leg: leg.holds, default=None)

    def ring(self, ringing: Pickable) -> None:
        """This call rings from now on."""
        self._ringing[ringing.call_id] = ringing

    def fall_silent(self, ringing: Pickable) -> None:
        """This call rings no longer."""
        self._ringing.pop(ringing.call_id, None)

    def ringing(self) -> list[Pickable]:
        """The calls that ring, or wait for an agent, the longest first."""
        return sorted(self._ringing.values(), key=lambda ringing: ringing.since)

    def ringing_of(self, call_id: str) -> Pickable | None:
        """The ringing of this call; None if it does not ring."""
        return self._ringing.get(call_id)

    def unanswered(self, leg: Leg) -> Call | None:
        """The call that a leg makes and nobody has answered yet; also one that it has just given up."""
        for live in self.calls():
            if live.call.caller_leg == leg.id and live.call.ending in (None, Ending.CALLER_GAVE_UP):
                return None if live.is_answered else live.call
        call, at = self._given_up.get(leg.id, (None, self.clock.now()))
        return call if self.clock.now() - at < GIVEN_UP_FOR else None
