"""The own calls of each extension, as its clients see them: the one owner of topic `calls` (SIP-11).

Every input arrives on the event loop and is worked off at once, without awaiting anything before it is
published, so an older state cannot follow a newer one. What a change costs does not grow with the number of
other calls, of the same extension neither: only those whose look depends on it are worked out anew.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from server.clock import Clock
from server.contract.calls import Direction, Outcome
from server.contract.events import Topic
from server.contract.own_calls import ENDED_S, OwnCall, OwnCallState
from server.contract.recording import CallRecording
from server.flows.leg_ids import order_of
from server.flows.live_call import LiveCall
from server.flows.recording import Recorder
from server.rules.outcomes import MEANING
from server.rules.remote_control import can_be_told_to_answer
from server.services.accounts import Who
from server.services.hub import Hub
from server.services.queues import Queues
from server.switch.port import ContactsChanged, Down, Event, Leg, LegChanged, LegState, Switch, Up


class Order(NamedTuple):
    """A call that is made once a phone of its extension has answered."""

    id: str
    extension: str
    number: str
    name: str
    at: datetime


class OwnCalls:
    """Follows calls, their legs and their recordings, and the orders of calls."""

    def __init__(self, *, switch: Switch, recorder: Recorder, queues: Queues, hub: Hub, clock: Clock) -> None:
        self._switch = switch
        self._recorder = recorder
        self._queues = queues
        self._hub = hub
        self._clock = clock
        self._all_legs: dict[str, Leg] = {}
        self._legs: dict[str, dict[str, Leg]] = {}
        """The same by extension, without those of trunks."""
        self._lives: dict[str, dict[str, LiveCall]] = {}
        """By the id of a leg: the calls that it is in, which are not over."""
        self._calls: dict[str, LiveCall] = {}
        """All that are not over, by id."""
        self._calls_legs: dict[str, tuple[str, ...]] = {}
        """By the id of such a call: the legs by which it is in `_lives`."""
        self._together: dict[str, dict[str, LiveCall]] = {}
        """By the id of a bridge: the calls in one task, of which all but one are transfers of it."""
        self._orders: dict[str, dict[str, Order]] = {}
        self._shown: dict[str, dict[str, OwnCall]] = {}
        self._shown_to: dict[str, set[str]] = {}
        """By the id of a call: the extensions that see it."""
        self._timers: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._up = self._complete = False
        self._stop_listening: Callable[[], None] | None = None
        hub.topic(Topic.CALLS, self._snapshot, known=lambda: self._complete)

    def start(self) -> None:
        """Follow switch and recordings. Call it before the calls and the switch start."""
        self._stop_listening = self._switch.listen(self._on_switch)
        self._recorder.observe(self._show_anew)
        self._reread()

    def stop(self) -> None:
        """Follow nothing any longer."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def of(self, number: str) -> list[OwnCall]:
        """The calls of an extension, those included that have just ended."""
        return list(self._shown.get(number, {}).values())

    def get(self, number: str, call_id: str) -> OwnCall | None:
        """A call of an extension, as of now."""
        return self._shown.get(number, {}).get(call_id)

    # What is told by those who conduct calls

    def follow(self, live: LiveCall) -> None:
        """This call has begun, or changed."""
        call = live.call
        if live.is_over:
            self._leave(live, outcomes=True)
            return
        legs = (call.caller_leg, *call.legs)
        if (before := self._calls_legs.get(call.id)) != legs or self._calls.get(call.id) is not live:
            for leg_id in set(before or ()).difference(legs):  # a queue rings there no more
                _drop(self._lives, leg_id, call.id)
            for leg_id in legs:
                self._lives.setdefault(leg_id, {})[call.id] = live
            self._calls_legs[call.id] = legs
        self._calls[call.id] = live
        self._together.setdefault(call.bridge_id, {})[call.id] = live
        for touched in self._touched_by(live):
            self._show_anew(touched)

    def complete(self) -> None:
        """Also what a former server process has left is followed by now: no call is missing any more.

        Before that nobody is told anything: clients would take their calls for ended.
        """
        if not self._complete:
            self._complete = True
            self._hub.renew(Topic.CALLS)

    def forget(self, live: LiveCall) -> None:
        """Nobody conducts this call any longer."""
        self._leave(live, outcomes=live.is_over)

    def ordered(self, order: Order) -> None:
        """The own phones are about to ring for a call that is made then."""
        self._orders.setdefault(order.extension, {})[order.id] = order
        self._show_to(order.extension, order.id)

    def order_over(self, order: Order, outcome: Outcome | None) -> None:
        """Its call is made, or `outcome` says why it is not."""
        orders = self._orders.get(order.extension, {})
        orders.pop(order.id, None)
        if not orders:
            self._orders.pop(order.extension, None)
        self._show_to(order.extension, order.id, outcome)

    # What the switch tells

    def _on_switch(self, event: Event) -> None:
        if isinstance(event, LegChanged):
            self._on_leg(event.leg)
        elif isinstance(event, ContactsChanged):
            self._refresh(event.number)
        elif isinstance(event, Up | Down):
            self._reread()

    def _on_leg(self, leg: Leg) -> None:
        self._take(leg)
        for live in self._lives.get(leg.id, {}).values():
            # Of all whom the call rings at, those alone who look at this leg: it may ring at hundreds.
            for number in dict.fromkeys((leg.number, *(side.number for side in self._sides(live)))):
                if number:
                    self._show_to(number, live.call.id)
        if leg.number and (order_id := order_of(leg.id)):
            self._show_to(leg.number, order_id)

    def _take(self, leg: Leg) -> None:
        legs = self._legs.setdefault(leg.number, {}) if leg.number else {}
        for known in (self._all_legs, legs):
            if leg.state is LegState.GONE:
                known.pop(leg.id, None)
            else:
                known[leg.id] = leg
        if leg.number and not legs:
            del self._legs[leg.number]

    def _reread(self) -> None:
        """The legs anew, as the switch has them; while the engine is away, its last state is not known."""
        self._up = self._switch.status.up
        before = {*self._legs, *self._shown}
        if self._up:
            self._all_legs, self._legs = {}, {}
            for leg in self._switch.legs():
                self._take(leg)
        for number in before | {*self._legs}:
            self._refresh(number)

    # What is shown

    async def _snapshot(self, who: Who) -> Mapping[str, Any]:
        if who.number is not None:
            self._refresh(who.number)  # what may be done about a recording depends on rights, too
        return dict(self._shown.get(who.number or "", {}))

    def _leave(self, live: LiveCall, *, outcomes: bool) -> None:
        call = live.call
        touched = self._touched_by(live)
        for leg_id in (*self._calls_legs.pop(call.id, ()), call.caller_leg, *call.legs):
            _drop(self._lives, leg_id, call.id)
        _drop(self._together, call.bridge_id, call.id)
        self._calls.pop(call.id, None)
        meaning = MEANING[call.ending] if outcomes and call.ending is not None else None
        for number in tuple(self._shown_to.get(call.id, ())):
            outgoing = self._shown[number][call.id].direction is Direction.OUTGOING
            told = (meaning.caller if outgoing else meaning.callee) if meaning is not None else None
            self._show_to(number, call.id, told)
        for other in touched:
            if other.call.id != call.id:
                self._show_anew(other)

    def _touched_by(self, live: LiveCall) -> list[LiveCall]:
        """It, those of the same task, and those that one of its legs is in: all whose look depends on it."""
        call = live.call
        found = {call.id: live, **self._together.get(call.bridge_id, {})}
        for leg_id in (call.caller_leg, *call.legs):
            found |= self._lives.get(leg_id, {})
        return list(found.values())

    def _show_anew(self, live: LiveCall) -> None:
        """To all extensions that have a leg in it, or had one when it was shown last."""
        legs = self._known((live.call.caller_leg, *live.call.legs))
        seen = self._shown_to.get(live.call.id, ())
        for number in dict.fromkeys((*seen, *(leg.number for leg in legs if leg.number))):
            self._show_to(number, live.call.id)

    def _show_to(self, number: str, call_id: str, outcome: Outcome | None = None) -> None:
        """Publish what is different now in this call; `outcome`: if it is over."""
        call = self._call_of(number, call_id)
        if call is not None:
            self._put(number, call)
        elif (old := self._shown.get(number, {}).get(call_id)) is not None:
            self._end(number, old, outcome)

    def _refresh(self, number: str) -> None:
        """Publish what is different now in any call of the extension."""
        fresh = self._calls_of(number)
        for call in fresh.values():
            self._put(number, call)
        for old in [old for old in self._shown.get(number, {}).values() if old.id not in fresh]:
            self._end(number, old, None)

    def _put(self, number: str, call: OwnCall) -> None:
        if self._shown.get(number, {}).get(call.id) != call:
            self._show(number, call)

    def _end(self, number: str, old: OwnCall, outcome: Outcome | None) -> None:
        """It is none of the extension's calls any more; it may be told later why."""
        if old.state is not OwnCallState.ENDED:
            self._show(number, self._ended(old, outcome))
            self._timers[number, old.id] = asyncio.get_running_loop().call_later(
                ENDED_S, self._hide, number, old.id
            )
        elif outcome is not None and old.outcome is None:
            self._show(number, old.model_copy(update={"outcome": outcome}))

    def _show(self, number: str, call: OwnCall) -> None:
        if call.state is not OwnCallState.ENDED and (timer := self._timers.pop((number, call.id), None)):
            timer.cancel()
        self._shown.setdefault(number, {})[call.id] = call
        self._shown_to.setdefault(call.id, set()).add(number)
        self._hub.publish(Topic.CALLS, call.id, call, to=number)

    def _hide(self, number: str, call_id: str) -> None:
        self._timers.pop((number, call_id), None)
        shown = self._shown.get(number, {})
        shown.pop(call_id, None)
        if not shown:
            self._shown.pop(number, None)
        seen = self._shown_to.get(call_id, set())
        seen.discard(number)
        if not seen:
            self._shown_to.pop(call_id, None)
        self._hub.publish(Topic.CALLS, call_id, None, to=number)

    def _ended(self, call: OwnCall, outcome: Outcome | None) -> OwnCall:
        return call.model_copy(
            update={
                "state": OwnCallState.ENDED,
                "since": self._clock.now(),
                "held_by": [],
                "known": True,
                "can_answer": False,
                "transferred_to": "",
                "outcome": outcome,
                "recording": CallRecording(state=call.recording.state),
            }
        )

    def _calls_of(self, number: str) -> dict[str, OwnCall]:
        """All of them, by id, oldest first; those that are ordered last."""
        ids = {call_id for leg_id in self._legs.get(number, {}) for call_id in self._lives.get(leg_id, {})}
        lives = sorted((self._calls[call_id] for call_id in ids), key=lambda live: live.call.started_at)
        found = [*(live.call.id for live in lives), *self._orders.get(number, {})]
        calls = ((call_id, self._call_of(number, call_id)) for call_id in dict.fromkeys(found))
        return {call_id: call for call_id, call in calls if call is not None}

    def _call_of(self, number: str, call_id: str) -> OwnCall | None:
        """A call, or an order of one, as this extension is to see it now; None if it is none of its calls."""
        legs = self._legs.get(number, {})
        live = self._calls.get(call_id)
        if live is not None and self._counts(live, legs) and (call := self._own(live, number, legs)):
            return call
        order = self._orders.get(number, {}).get(call_id)
        return self._own_order(order, legs) if order is not None else None

    def _counts(self, live: LiveCall, legs: Mapping[str, Leg]) -> bool:
        """Whether one of these legs is in it; who is transferred is in the old one until it is answered."""
        for leg_id in (live.call.caller_leg, *live.call.legs):
            lives = self._lives.get(leg_id, {}) if leg_id in legs else {}
            if live.call.id in lives and (
                live.is_answered or not any(other.is_answered for other in lives.values())
            ):
                return True
        return False

    def _own(self, live: LiveCall, number: str, legs: Mapping[str, Leg]) -> OwnCall | None:
        """The call as this extension sees it; None if it is not, or no longer, one of its calls."""
        call = live.call
        outgoing = call.caller_leg in legs
        callees = call.legs if call.answered_leg is None else [call.answered_leg, live.third]
        there = [legs[leg_id] for leg_id in callees if leg_id in legs]
        rings = [leg for leg in there if leg.state in (LegState.RINGING, LegState.UP)]
        if not (outgoing or rings):
            return None
        own = [legs[call.caller_leg]] if outgoing else rings
        boss = (call.callee or "") if live.third in legs else call.boss
        queued = self._queues.of_agent(call.id, number) if not outgoing else None
        queue = self._queues.settings_of(queued.queue) if queued is not None else None
        return OwnCall(
            id=call.id,
            direction=Direction.OUTGOING if outgoing else Direction.INCOMING,
            number=(call.callee or call.dialled) if outgoing else call.caller.number,
            name=call.callee_name if outgoing else call.caller.name,
            state=self._state(live, outgoing=outgoing),
            since=(call.answered_at if _talks(live, outgoing=outgoing) else None) or call.started_at,
            held_by=self._holders(live),
            can_answer=not outgoing and self._can_answer(own),
            transferred_to=self._transferred_to(live, own),
            sip_call_ids=[leg.sip_call_id for leg in own if leg.sip_call_id],
            for_number="" if outgoing or boss == number else boss,
            queue=queued.queue if queued is not None else "",
            queue_name=queue.name if queue is not None else "",
            waiting_since=queued.joined if queued is not None else None,
            emergency_call_back=live.is_call_back and not outgoing,
            known=self._up,
            recording=self._recording(call.id, number),
        )

    def _state(self, live: LiveCall, *, outgoing: bool) -> OwnCallState:
        if _talks(live, outgoing=outgoing):
            return OwnCallState.TALKING
        if not outgoing or any(leg.state is LegState.RINGING for leg in self._known(live.call.legs)):
            return OwnCallState.RINGING
        return OwnCallState.CALLING

    def _transferred_to(self, live: LiveCall, own: Collection[Leg]) -> str:
        """Where the other side is being sent; it makes the call there."""
        ids = {leg.id for leg in own}
        for other in self._together.get(live.call.bridge_id, {}).values():
            call = other.call
            of_the_other_side = call.caller_leg not in ids and call.id != call.bridge_id
            if live.is_answered and other.is_written and not other.is_answered and of_the_other_side:
                return call.dialled
        return ""

    def _holders(self, live: LiveCall) -> list[str]:
        if not live.is_answered:
            return []
        return [leg.number for leg in self._sides(live) if leg.number and leg.holds]

    def _sides(self, live: LiveCall) -> list[Leg]:
        """Who is in it, or calls."""
        return self._known((live.call.caller_leg, live.call.answered_leg or "", live.third))

    def _known(self, ids: Iterable[str]) -> list[Leg]:
        return [self._all_legs[leg_id] for leg_id in ids if leg_id in self._all_legs]

    def _own_order(self, order: Order, legs: Mapping[str, Leg]) -> OwnCall:
        own = [leg for leg in legs.values() if order_of(leg.id) == order.id]
        return OwnCall(
            id=order.id,
            number=order.number,
            name=order.name,
            state=OwnCallState.ORDERED,
            since=order.at,
            can_answer=self._can_answer(own),
            sip_call_ids=[leg.sip_call_id for leg in own if leg.sip_call_id],
            known=self._up,
            recording=CallRecording(),
        )

    def _can_answer(self, legs: Iterable[Leg]) -> bool:
        return any(can_be_told(self._switch, leg) for leg in legs)

    def _recording(self, call_id: str, number: str) -> CallRecording:
        tape = self._recorder.tape_of(call_id)
        return tape.offered(number) if tape is not None and number in tape.numbers else CallRecording()


def _talks(live: LiveCall, *, outgoing: bool) -> bool:
    """Whether it is answered as this side sees it: agents ring while a queue serves the caller (Q-2)."""
    return live.is_answered and (outgoing or live.call.answered_leg is not None)


def can_be_told(switch: Switch, leg: Leg) -> bool:
    """Whether the phone of this leg rings, and is one that can be told to answer."""
    if leg.inbound or leg.trunk or leg.state is not LegState.RINGING:
        return False
    phones = switch.contacts(leg.number)
    return any(phone.uri == leg.contact and can_be_told_to_answer(phone.user_agent) for phone in phones)


def _drop(index: dict[str, dict[str, LiveCall]], key: str, call_id: str) -> None:
    lives = index.get(key, {})
    lives.pop(call_id, None)
    if not lives:
        index.pop(key, None)
