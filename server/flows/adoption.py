"""Taking over what a former server process left in the engine, after it was killed in the middle of calls.

The engine keeps legs and bridges, the database knows which of them were a call; of a call that was not yet
written the engine itself knows enough. Calls that still stand go on as tasks; calls that fell are closed in
the log; whatever belongs to no call is removed.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from server.clock import Clock
from server.contract.decisions import DecisionKind
from server.flows.conference import Rooms
from server.flows.desk import Desk
from server.flows.extension_call import ExtensionCall
from server.flows.features import Features
from server.flows.goals import code_noted, takes
from server.flows.leg_ids import agent_of
from server.flows.live_call import LiveCall
from server.flows.monitoring import Monitors
from server.flows.places import Place
from server.flows.remains import Leftovers, Remains, take, take_all
from server.flows.resumption import resume
from server.rules.features import FeatureCall, Retrieval
from server.rules.numbers import canonical, printable
from server.rules.outcomes import Ending
from server.services.call_log import CallLog
from server.services.call_log_store import Call
from server.services.directory import Directory
from server.switch.port import Leg, LegState, Party, Reason

_log = logging.getLogger(__name__)

TRY_S, TRIES = 0.1, 20
"""Seconds between two looks for a call that somebody wants to take, and how many there are."""

GoOn = Callable[[], Coroutine[Any, Any, None]]


class Adoption:
    """Matches leftovers with the calls of former processes."""

    def __init__(
        self,
        *,
        desk: Desk,
        directory: Directory,
        call_log: CallLog,
        clock: Clock,
        rooms: Rooms,
        monitors: Monitors,
        features: Features,
    ) -> None:
        self._features = features
        self._desk = desk
        self._directory = directory
        self._log = call_log
        self._clock = clock
        self._rooms = rooms
        self._monitors = monitors
        self._former: list[Call] = []

    async def load(self) -> None:
        """Read which calls were in progress. To be awaited before this process takes its first call."""
        self._former = await self._log.open_calls()

    def match(self, left: Leftovers) -> list[tuple[LiveCall, GoOn]]:
        """The calls that are taken over, each with the coroutine function that conducts it from here.

        What they need is taken out of `left`. Written calls that cannot go on are closed in the log, as of
        now: when they really ended, nobody saw.
        """
        taken: list[tuple[LiveCall, GoOn]] = []
        over = Leftovers()
        for former in reversed(self._former):  # who was transferred is in the newer call, if that stands
            live = self._desk.live(former)
            remains = take(
                left,
                former.id,
                former.caller_leg,
                legs=former.legs,
                bridge_id=former.bridge_id,
                spare=self._of_older(former),
            )
            _leave_pickers(former, remains, left)
            if self._is_unfinished_transfer(former, remains, left):
                over.legs |= {leg.id: leg for leg in remains.phones}
                left.update(replace(remains, phones=[]).leftovers())
                live.ended(Ending.LOST)
                continue
            go_on = self._go_on(live, remains, over)
            if go_on is not None:
                taken.append((live, go_on))
            else:
                live.ended(Ending.LOST)
        taken.reverse()
        if self._former:
            _log.info("%d of %d calls of the former server go on", len(taken), len(self._former))
        self._former = []
        for remains in take_all(left):
            live = self._desk.live(self._unwritten(remains))
            taken.append((live, partial(self._take_over, live, remains)))
        left.update(over)
        return taken

    async def remove(self, left: Leftovers) -> None:
        """Hang up and close what belongs to no call."""
        legs = [leg for leg in left.legs.values() if leg.state is not LegState.GONE]
        if legs or left.bridges:
            _log.info("Removing %d legs and %d bridges that belong to no call", len(legs), len(left.bridges))
        removals = [leg.hangup(_reason(leg)) for leg in legs]
        removals += [bridge.close() for bridge in left.bridges.values()]
        for problem in await asyncio.gather(*removals, return_exceptions=True):
            if isinstance(problem, Exception):
                _log.warning("Something that belongs to no call could not be removed: %r", problem)

    async def _take_over(self, live: LiveCall, remains: Remains) -> None:
        """Go on with a call that the database may not know: the server was killed before it was written."""
        over = Leftovers()
        go_on: GoOn | None
        if await self._is_written(live.call):
            over = remains.leftovers()  # it ended, and was killed while it hung up
            go_on = None
        elif remains.caller is not None and (wanted := self._wish(remains)) is not None:
            go_on = partial(self._do_again, ExtensionCall(self._desk, live, remains.caller), wanted)
        else:
            live.begun()
            go_on = self._go_on(live, remains, over)
            if go_on is None:
                live.ended(Ending.LOST)
            else:
                _log.info("Call %s goes on, which was not written yet", live.call.id)
        await asyncio.gather(self.remove(over), *([go_on()] if go_on is not None else []))

    def _wish(self, remains: Remains) -> FeatureCall | Retrieval | None:
        """What is done anew for a caller who has dialled a code, or picks up, and whom nobody serves yet."""
        caller = remains.caller
        if caller is None or not caller.inbound or caller.trunk or remains.bridge is not None:
            return None
        return code_noted(caller) if caller.memo else self._desk.wish(caller)

    async def _do_again(self, call: ExtensionCall, wanted: FeatureCall | Retrieval) -> None:
        """Do it; what the caller wants to take is taken over at the same time as this, and may come later."""
        for _ in range(TRIES):
            if call.caller.state is LegState.GONE or self._features.finds(call, wanted):
                break
            await asyncio.sleep(TRY_S)
        await self._features.carry_out(call, wanted)

    async def _is_written(self, call: Call) -> bool:
        try:
            return await self._log.knows(call)
        except (SQLAlchemyError, OSError) as error:
            # Two people who talk matter more than a log that tells of them twice.
            _log.warning("Whether call %s is in the log cannot be read: %s", call.id, error)
            return False

    def _unwritten(self, remains: Remains) -> Call:
        """The facts of a call as far as its legs tell them. Its times are unknown: they count from now."""
        phone = remains.phones[0] if remains.phones else None
        caller = remains.caller
        if caller is not None:
            party, dialled = self._desk.party(caller), caller.dialled
        elif phone is not None:
            party, dialled = phone.caller, self._desk.party(phone).number
        else:
            party, dialled = Party(""), ""
        number = phone.number if phone is not None else canonical(dialled)
        callee = number if number is not None and self._directory.get(number) is not None else None
        return Call(
            id=remains.call_id,
            caller=party,
            dialled=printable(dialled),
            callee=callee,
            callee_name=self._directory.name(callee) if callee is not None else "",
            started_at=self._clock.now(),
            caller_leg=remains.caller_leg,
            bridge_id=remains.call_id,
            legs=tuple(leg.id for leg in remains.phones),
            caller_trunk=caller.trunk if caller is not None else "",
        )

    def _go_on(self, live: LiveCall, remains: Remains, over: Leftovers) -> GoOn | None:
        """How the call goes on, None if it cannot; what it does not need is put into `over`."""
        caller = remains.caller
        phones = remains.phones
        if caller is not None and (slot := self._waits_on(live.call, caller, remains)):
            over.update(remains.leftovers(without=(caller,)))
            parked = ExtensionCall(self._desk, live, caller)
            return partial(parked.resume_parked, slot, live.call.callee or "", remains.bridge)
        place = Place.read(caller.memo, live.call.id) if caller is not None else None
        if place is not None and place.goal is not None:
            place = None  # it is about a code that was refused, or carried out
        if caller is not None and (room := self._rooms.left_in(caller)):
            over.update(remains.leftovers(without=(caller,)))
            if not live.is_answered:
                live.answered(None)
            served = ExtensionCall(self._desk, live, caller)
            return partial(served.resume_served, self._rooms.resume(room), remains.bridge)
        if caller is not None and place is not None and place.leg:
            over.update(remains.leftovers(without=(caller,)))
            return partial(self._monitors.resume, ExtensionCall(self._desk, live, caller), place)
        if caller is not None and _is_on_its_way(live.call, caller, phones, remains, place):
            if place is not None and place.kind is DecisionKind.QUEUE:
                phones = []  # agents are rung anew
            over.update(remains.leftovers(without=(caller, *phones)))
            if unknown := tuple(phone.id for phone in phones if phone.id not in live.call.legs):
                live.rings(unknown)
            return partial(resume, ExtensionCall(self._desk, live, caller), phones, remains.bridge, place)
        # A phone that answered in the moment of the kill stands behind the one that was noted.
        bosses = (leg.id for leg in remains.talking if _takes(live.call, leg))
        answered = next(bosses, live.call.answered_leg)
        phones = sorted(remains.talking, key=lambda phone: phone.id != answered)[:1]
        have_talked = remains.talking if _is_transfer(live.call) else _have_talked(remains)
        if have_talked and (not live.is_answered or (phones and live.call.answered_leg is None)):
            self._answered(live, phones)  # what the log knows of may be a machine's answer only
        if caller is None or not phones:
            over.update(remains.leftovers())
            return None
        over.update(remains.leftovers(without=(caller, *phones)))
        return partial(ExtensionCall(self._desk, live, caller).resume_talking, phones[0], remains.bridge)

    def _answered(self, live: LiveCall, phones: list[Leg]) -> None:
        """The call was answered on this phone, if that is still known, which the log does not tell yet."""
        if not phones:
            live.answered(None)
            return
        (phone,) = phones
        if phone.id not in live.call.legs:
            live.rings((phone.id,))
        if phone.inbound:
            live.picked_up(self._desk.party(phone))
        elif number := phone.number or agent_of(phone.id):
            live.resumes_at([Party(number, self._directory.name(number))])
        live.answered(phone.id)

    def _waits_on(self, call: Call, caller: Leg, remains: Remains) -> str:
        """The parking slot on which the caller waits, taken again for it; "" if it does not wait on one."""
        waits = _is_transfer(call) and call.answered_at is None and caller.state is LegState.UP
        lot = self._desk.lot
        if not waits or remains.talking or not lot.settings.has(call.dialled):
            return ""
        return lot.reserve(call.dialled) or lot.reserve()

    def _is_unfinished_transfer(self, former: Call, remains: Remains, left: Leftovers) -> bool:
        """Whether the call that this one comes from is not over, and its two are both still there.

        Then nobody has answered the transfer, or somebody is only asked first: who waits is not left alone.
        """
        if not _is_transfer(former) or remains.caller is None:
            return False
        there = {*left.legs, remains.caller.id}
        return any(call.caller_leg in there and there.intersection(call.legs) for call in self._older(former))

    def _older(self, former: Call) -> list[Call]:
        """The calls that this one may come from, if it is a transfer."""
        return [call for call in self._former if call is not former and call.bridge_id == former.bridge_id]

    def _of_older(self, former: Call) -> set[str]:
        """The legs of those calls that this one has not taken over."""
        legs = {leg for call in self._older(former) for leg in (call.caller_leg, *call.legs)}
        return legs - {former.caller_leg, *former.legs} if _is_transfer(former) else set()


def _leave_pickers(call: Call, remains: Remains, left: Leftovers) -> None:
    """Whoever was about to take the call, and does not have it yet, tries again as a caller of its own."""
    pickers = [
        leg
        for leg in remains.phones
        if leg.inbound
        and (leg.state is not LegState.UP or (_takes(call, leg) and not _has_taken(call, leg, remains)))
    ]
    remains.phones = [leg for leg in remains.phones if leg not in pickers]
    left.legs |= {leg.id: leg for leg in pickers}


def _takes(call: Call, leg: Leg) -> bool:
    """Whether this leg is that of a boss who was about to take a call which a secretary holds (BOSS-4)."""
    return leg.inbound and takes(leg) and leg.id not in call.legs


def _has_taken(call: Call, boss: Leg, remains: Remains) -> bool:
    """Whether such a boss has it, and no secretary any longer, which only the log does not tell yet."""
    inside = remains.bridge.legs if remains.bridge is not None else frozenset()
    holds = (one.id in inside or one.held_by_us for one in remains.phones if one.id == call.answered_leg)
    return boss.id in inside and not any(holds)


def _is_transfer(call: Call) -> bool:
    """Whether a call happens in the bridge of the one it comes from."""
    return call.bridge_id != call.id


def _is_on_its_way(call: Call, caller: Leg, phones: list[Leg], remains: Remains, place: Place | None) -> bool:
    """Whether nobody talks with the caller yet: it rings somewhere, or a machine has the caller."""
    if caller.state is not LegState.UP:
        return True
    in_bridge = remains.bridge is not None and caller.id in remains.bridge.legs
    if remains.talking or call.answered_leg is not None:
        return False
    if _is_transfer(call):
        return bool(phones) or (place is not None and not in_bridge)
    if in_bridge:
        return False
    # Without a note: its call was ordered, or a machine has just sent it on.
    return place is not None or call.answered_at is None


def _have_talked(remains: Remains) -> bool:
    """Whether the call was answered: a caller is answered only then, and only then a bridge has a phone."""
    caller, bridge = remains.caller, remains.bridge
    if caller is not None:
        return caller.state is LegState.UP
    return bridge is not None and any(phone.id in bridge.legs for phone in remains.talking)


def _reason(leg: Leg) -> Reason:
    return Reason.UNAVAILABLE if leg.inbound and leg.state is not LegState.UP else Reason.NORMAL
