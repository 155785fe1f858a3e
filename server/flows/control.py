"""Call control for applications: make a call, hang up, transfer, hold, resume and park (issue B.6).

Users control the calls that their own phones take part in; administrators those of everybody, which leaves
an entry in the audit log.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from server.clock import Clock
from server.contract.calls import Outcome
from server.contract.errors import ErrorCode
from server.contract.recording import CallRecording, RecordingAction
from server.contract.system import ActiveCall
from server.flows.calls import Calls
from server.flows.fork import Fork
from server.flows.leg_ids import is_errand, number_ordered, order_leg_id, order_of
from server.flows.live_call import LiveCall
from server.flows.own_calls import Order, OwnCalls, can_be_told
from server.flows.recording import Recorder
from server.flows.remains import Leftovers
from server.flows.resources import Resources
from server.flows.ringing import ENGINE_MARGIN_S
from server.flows.stops import Machine
from server.rules.intercom import AUTO_ANSWER
from server.rules.numbers import canonical
from server.rules.outcomes import MEANING, Ending
from server.services.audit import Audit
from server.services.directory import Directory
from server.services.errors import ServiceError, conflict, invalid, not_found
from server.services.own_phones import phone_id
from server.services.tasks import Background
from server.switch.port import Leg, LegGone, LegState, Party, Reason, Switch, Transfer


@dataclass(frozen=True, slots=True)
class Author:
    """Who asks: a login name, and the IP address it comes from, for the audit log."""

    user: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class _Ordered:
    """A call that is to be made once a phone of its extension has answered; or it is for a machine."""

    order: Order
    machine: Machine | None = None

    def active(self) -> ActiveCall:
        order = self.order
        return ActiveCall(
            id=order.id, caller=order.extension, dialled=order.number, state="ordered", since=order.at
        )


ANSWER_S = 4.0
"""Seconds that a phone has to answer once it was told to; it takes those that do some tenths."""


class CallControl:
    """What may be done with calls from outside of them."""

    def __init__(
        self,
        *,
        calls: Calls,
        switch: Switch,
        directory: Directory,
        clock: Clock,
        audit: Audit,
        recorder: Recorder,
        own_calls: OwnCalls,
        ring_timeout_s: float,
    ) -> None:
        """`ring_timeout_s`: how long the phones of who orders a call ring."""
        self._calls = calls
        self._switch = switch
        self._directory = directory
        self._clock = clock
        self._audit = audit
        self._recorder = recorder
        self._own_calls = own_calls
        self._ring_timeout_s = ring_timeout_s
        self._orders: dict[str, _Ordered] = {}
        self._background = Background("ordered calls")
        calls.leave_orders_to(self._go_on)

    async def stop(self) -> None:
        """Give up what is ordered."""
        await self._background.cancel()

    def in_progress(self, extension: str | None = None) -> list[ActiveCall]:
        """Calls in progress, oldest first, those that are ordered last; of one extension, or all."""
        legs = self._by_id()
        found = [live for live in self._live() if extension is None or self._is_of(live, extension, legs)]
        orders = [one for one in self._orders.values() if extension in (None, one.order.extension)]
        return [live.active(legs) for live in found] + [order.active() for order in orders]

    async def make(
        self,
        extension: str,
        dialled: str,
        *,
        by: Author | None = None,
        auto_answer: bool = False,
        phone: str | None = None,
    ) -> str:
        """Ring the phones of an extension, and call the number from the one that answers; the call's id.

        `by`: an administrator who does that for somebody else. `auto_answer`: ask the phones to answer by
        themselves. `phone`: only the one with this id (see `OwnPhone`) rings.

        Raises:
            ServiceError: `NOT_FOUND`; `INVALID`: no number, or the own one; `CONFLICT`: no phone is
                registered, or the extension has too many calls; `UNAVAILABLE`: the engine is away.
        """
        if self._directory.get(extension) is None:
            raise not_found(f"extension {extension} that is enabled")
        number = canonical(dialled)
        if number is None:
            raise invalid("number", "this cannot be a number: digits, and + * # are")
        if number == extension:
            raise invalid("number", "is the own number: choose another")
        headers = AUTO_ANSWER if auto_answer else {}
        order_id = self._order(extension, number, phone=phone, headers=headers)
        await self._record("call.make", by, extension, number=number)
        return order_id

    def serve(self, extension: str, machine: Machine, *, shown: str) -> str:
        """Ring the phones of an extension, and let a machine serve the one that answers; the call's id.

        `shown`: the number that the phones show, and the log. Raises as `make`.
        """
        if self._directory.get(extension) is None:
            raise not_found(f"extension {extension} that is enabled")
        return self._order(extension, shown, machine)

    def _order(
        self,
        extension: str,
        number: str,
        machine: Machine | None = None,
        *,
        phone: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        if not self._switch.status.up:
            raise ServiceError(
                ErrorCode.UNAVAILABLE, self._switch.status.problem or "No calls can be made now."
            )
        phones = self._switch.contacts(extension)
        if not phones:
            raise conflict(f"No phone of {extension} is registered: register one first.")
        if phone is not None and phone not in map(phone_id, phones):
            raise conflict(f"This phone of {extension} is not registered any more: choose another.")
        ordered = sum(1 for one in self._orders.values() if one.order.extension == extension)
        if self._calls.made_by(extension) + ordered >= self._calls.per_extension:
            raise conflict(
                f"{extension} has {self._calls.per_extension} calls, which is the most: end one first."
            )
        order = Order(uuid.uuid4().hex, extension, number, self._directory.name(number), self._clock.now())
        self._orders[order.id] = _Ordered(order, machine)
        self._own_calls.ordered(order)
        ring = partial(self._ring_own, order, machine, phone, headers)
        self._background.spawn(self._carry_out(order, ring), name=order.id)
        return order.id

    def _go_on(self, left: Leftovers) -> None:
        """Go on with the orders of a former server process: their phones ring, or were answered meanwhile."""
        in_bridges = frozenset().union(*(bridge.legs for bridge in left.bridges.values()))
        found: dict[str, list[Leg]] = {}
        for leg in left.legs.values():
            if number_ordered(leg.id) and leg.id not in in_bridges:
                found.setdefault(order_of(leg.id), []).append(leg)
        for order_id, legs in found.items():
            legs.sort(key=lambda leg: leg.state is not LegState.UP)
            extension, number = legs[0].number, number_ordered(legs[0].id)
            machine = self._calls.machine_ordered(legs[0])
            if is_errand(legs[0].id) and machine is None:
                continue  # it is done
            for leg in legs:
                del left.legs[leg.id]
            order = Order(order_id, extension, number, self._directory.name(number), self._clock.now())
            self._orders[order.id] = _Ordered(order, machine)
            self._own_calls.ordered(order)
            ring = partial(self._ring_on, order, machine, legs)
            self._background.spawn(self._carry_out(order, ring), name=order.id)

    def _over(self, order: Order, outcome: Outcome | None) -> None:
        if self._orders.pop(order.id, None) is not None:
            self._own_calls.order_over(order, outcome)

    async def hang_up(self, call_id: str, extension: str | None = None, *, by: Author | None = None) -> None:
        """End a call; one of `extension`, or whoever's it is. What rings at `extension` is declined there.

        Raises:
            ServiceError: `NOT_FOUND`; `CONFLICT`: nobody is in it whose leg could be ended.
        """
        ordered = self._orders.get(call_id)
        if ordered is not None and extension in (None, ordered.order.extension):
            self._over(ordered.order, Outcome.CANCELLED)
            for task in self._background.named(call_id):
                task.cancel()
            await self._record("call.hang_up", by, ordered.order.extension, call=call_id)
            return
        live = self._find(call_id, extension)
        legs = self._legs(live, extension)
        third = self._by_id().get(live.third)
        if third is not None and third.number == extension:
            legs = [third]
        if not legs:
            ringing = self._calls.ringing_of(call_id)
            if extension is not None and ringing is not None and await ringing.decline(extension):
                return
            raise conflict("This call is not answered here yet: answer or decline it on the phone.")
        # Both, where it is nobody's own call: one who is being transferred would call the other back.
        await asyncio.gather(*(leg.hangup(Reason.NORMAL) for leg in legs))
        await self._record("call.hang_up", by, live.call.caller.number, call=call_id)

    async def answer(self, call_id: str, extension: str, *, by: Author | None = None) -> None:
        """Tell a phone of the extension that rings for this call to answer; return when it has.

        Raises:
            ServiceError: `NOT_FOUND`; `CONFLICT`: no phone of it rings, or none can be told, or it did not
                answer though it was told.
            SwitchError: the engine cannot do it now.
        """
        ringing = self._ringing_phones(call_id, extension)
        if not ringing:
            raise conflict(f"No phone of {extension} rings for this call.")
        leg = next((leg for leg in ringing if can_be_told(self._switch, leg)), None)
        if leg is None:
            raise conflict(f"The phone of {extension} cannot be told to answer: answer it there.")
        try:
            async with asyncio.timeout(ANSWER_S):
                await leg.tell_to_answer()
                await leg.answered()
        except TimeoutError:
            raise conflict(f"The phone of {extension} does not answer when told: answer it there.") from None
        except LegGone as gone:
            raise conflict("It rings no longer.") from gone
        await self._record("call.answer", by, extension, call=call_id)

    async def keys(self, call_id: str, extension: str, keys: str) -> None:
        """Let whom `extension` talks to hear these keys, be it a person or a machine.

        Raises:
            ServiceError: `NOT_FOUND`; `CONFLICT`: nobody hears them now.
            SwitchError: the engine cannot do it now.
        """
        live = self._find(call_id, extension)
        leg = self._leg(live, extension) if live.is_answered else None
        if leg is None:
            raise conflict("Keys can be sent once the call is answered.")
        talk = self._calls.talk_of(leg)
        if talk is not None:
            try:
                await talk.partner(leg).send_digits(keys)
            except LegGone as gone:
                raise conflict("The call has ended.") from gone
            return
        for key in keys:
            leg.digits.put(key)

    def _ringing_phones(self, call_id: str, extension: str) -> list[Leg]:
        """The phones of an extension that ring for this call, or for this order; raises `NOT_FOUND`."""
        ordered = self._orders.get(call_id)
        if ordered is None or ordered.order.extension != extension:
            wanted = set(self._find(call_id, extension).call.legs)
        else:
            wanted = {leg.id for leg in self._switch.legs() if order_of(leg.id) == call_id}
        return [
            leg
            for leg in self._switch.legs()
            if leg.id in wanted and leg.number == extension and leg.state is LegState.RINGING
        ]

    async def join(self, call_id: str, extension: str, other_id: str) -> None:
        """Let the other ends of two calls that `extension` has answered talk (attended transfer, SIP-4).

        Raises:
            ServiceError: `NOT_FOUND`; `CONFLICT`: they are the same, or not both answered.
        """
        if call_id == other_id:
            raise conflict("These are the same call: choose another.")
        legs = []
        for one in (call_id, other_id):
            live = self._find(one, extension)
            leg = self._leg(live, extension) if live.is_answered else None
            if leg is None or self._calls.talk_of(leg) is None:
                raise conflict("Only two calls in which people talk can be put together.")
            legs.append(leg)
        legs[0].ask_transfer(Transfer(consultation=legs[1]))

    async def transfer(self, call_id: str, extension: str, dialled: str, *, by: Author | None = None) -> None:
        """Send whom `extension` talks to on to a number, as a blind transfer of its phone would (SIP-4).

        Raises:
            ServiceError: `NOT_FOUND`; `INVALID`: no number; `CONFLICT`: the two do not talk.
        """
        number = canonical(dialled)
        if number is None:
            raise invalid("to", "this cannot be a number: digits, and + * # are")
        live = self._find(call_id, extension)
        leg = self._leg(live, extension) if live.is_answered else None
        if leg is None:
            raise conflict("Only a call that is answered can be transferred.")
        leg.ask_transfer(Transfer(target=number))
        await self._record("call.transfer", by, extension, call=call_id, to=number)

    async def hold(self, call_id: str, extension: str, *, on: bool, by: Author | None = None) -> None:
        """Hold a call for an extension in it, or do so no longer; return when it is so. Repeating is fine.

        Raises:
            ServiceError: `NOT_FOUND`; `CONFLICT`: the two do not talk, or it is the phone that holds.
            SwitchError: the engine cannot do it now.
        """
        if call_id in self._orders and self._orders[call_id].order.extension == extension:
            raise conflict("Only a call that is answered can be held.")
        live = self._find(call_id, extension)
        leg = self._leg(live, extension) if live.is_answered else None
        if leg is None:
            raise conflict("Only a call that is answered can be held.")
        talk = self._calls.talk_of(leg)
        if talk is None:
            raise conflict(
                "Only two who talk can hold the call: this one is transferred now, or a machine's."
            )
        if not on and leg.held and not leg.held_by_us:
            raise conflict(f"The phone of {extension} itself holds this call: resume it there.")
        await talk.hold(leg, on=on)
        await self._record("call.hold" if on else "call.resume", by, extension, call=call_id)

    async def park(
        self, call_id: str, extension: str, slot: str | None = None, *, by: Author | None = None
    ) -> str:
        """Have whom `extension` talks to wait on this slot, else on a free one; the slot, once it is so.

        Raises:
            ServiceError: `NOT_FOUND`; `INVALID`: there is no such slot; `CONFLICT`: it is taken, or none is
                free, or the two do not talk.
        """
        live = self._find(call_id, extension)
        if slot is not None and slot not in self._calls.slots:
            raise invalid("slot", "is no parking slot: choose one, or none for a free one")
        leg = self._leg(live, extension) if live.is_answered else None
        talk = self._calls.talk_of(leg) if leg is not None else None
        if leg is None or talk is None:
            raise conflict("Only a call in which two people talk can be parked.")
        parked_on = await talk.park(leg, slot or "")
        await self._record("call.park", by, extension, call=call_id, slot=parked_on)
        return parked_on

    async def record(
        self,
        call_id: str,
        action: RecordingAction,
        extension: str | None = None,
        *,
        by: Author | None = None,
    ) -> CallRecording:
        """Change the recording of a call; one of `extension`, or whoever's it is. What it is then (SIP-5).

        Raises:
            ServiceError: `NOT_FOUND`; `FORBIDDEN`; `CONFLICT`: nobody talks, or it does not fit the state.
            SwitchError: the engine cannot do it now, or the disk is full.
        """
        live = self._find(call_id, extension)
        tape = self._recorder.tape_of(call_id)
        if tape is None or (extension is not None and extension not in tape.numbers):
            raise conflict("Only a call that is answered can be recorded.")
        await tape.order(action, extension)
        await self._record(f"recording.{action}", by, live.call.caller.number, call=call_id)
        return tape.offered(extension)

    async def _carry_out(self, order: Order, ring: Callable[[], Awaitable[Outcome | None]]) -> None:
        """Ring the own phones; what comes after the answer is a call like any other."""
        outcome: Outcome | None = Outcome.FAILED
        try:
            outcome = await ring()
        finally:
            self._over(order, outcome)

    async def _ring_own(
        self, order: Order, machine: Machine | None, phone: str | None, headers: Mapping[str, str] | None
    ) -> Outcome | None:
        """None: the call is made, else why it is not.

        The ids of these legs say to an heir of this process which number it is to call, and a note on them
        which machine is to serve the one that answers.
        """
        place = machine.place if machine is not None else None
        memo = place.with_changes(call=order.id).memo() if place is not None else ""
        async with Resources(self._switch, order.id) as resources:
            resources.hang_up_rest_with(Reason.ANSWERED_ELSEWHERE)
            registered = self._switch.contacts(order.extension)
            phones = [one for one in registered if phone in (None, phone_id(one))]
            rung = [one for one in phones if one.reachable] or phones
            fork = Fork(resources, on_ringing=_nothing)
            fork.dial(
                [
                    (order_leg_id(order.id, position, order.number, errand=machine is not None), one)
                    for position, one in enumerate(rung)
                ],
                caller=Party(order.number, order.name),
                for_leg=None,
                timeout_s=self._ring_timeout_s + ENGINE_MARGIN_S,
                headers=headers,
                memo=memo,
            )
            return self._made(order, machine, resources, await fork.result(self._ring_timeout_s))

    async def _ring_on(self, order: Order, machine: Machine | None, legs: list[Leg]) -> Outcome | None:
        """The same with legs that a former server process has left; the engine ends them when it is time."""
        async with Resources(self._switch, order.id) as resources:
            resources.hang_up_rest_with(Reason.ANSWERED_ELSEWHERE)
            fork = Fork(resources, on_ringing=_nothing)
            fork.resume(legs)
            leg = await fork.result(self._ring_timeout_s)
            if isinstance(leg, Leg) and await self._calls.was_made(order.id):
                resources.hang_up_rest_with(Reason.NORMAL)  # it is over
                return None
            return self._made(order, machine, resources, leg)

    def _made(
        self, order: Order, machine: Machine | None, resources: Resources, leg: Leg | Ending
    ) -> Outcome | None:
        """Make the call from the leg that has answered."""
        if isinstance(leg, Ending):
            resources.hang_up_rest_with(Reason.NO_ANSWER)
            return MEANING[leg].caller
        resources.drop(leg)
        self._calls.make(leg, order.number, call_id=order.id, machine=machine)
        return None

    def _live(self) -> list[LiveCall]:
        return [live for live in self._calls.live() if not live.is_over]

    def _by_id(self) -> dict[str, Leg]:
        return {leg.id: leg for leg in self._switch.legs()}

    def _is_of(self, live: LiveCall, extension: str, legs: Mapping[str, Leg]) -> bool:
        if live.call.callee == extension or _legs_of(live, extension, legs):
            return True
        return self._own_calls.get(extension, live.call.id) is not None

    def _find(self, call_id: str, extension: str | None) -> LiveCall:
        for live in self._live():
            if live.call.id == call_id and (extension is None or self._is_of(live, extension, self._by_id())):
                return live
        raise not_found(f"call {call_id} in progress" + (f" of {extension}" if extension else ""))

    def _leg(self, live: LiveCall, extension: str | None) -> Leg | None:
        return next(iter(self._legs(live, extension)), None)

    def _legs(self, live: LiveCall, extension: str | None) -> list[Leg]:
        return _legs_of(live, extension, self._by_id())

    async def _record(self, action: str, by: Author | None, subject: str, **detail: Any) -> None:
        """What one does with one's own calls is in the call log; the rest is in the audit log."""
        if by is not None:
            await self._audit.note(action, actor=by.user, subject=subject, address=by.address, **detail)


async def _nothing() -> None:
    """Who orders a call hears nothing before its own phone is answered."""


def _legs_of(live: LiveCall, extension: str | None, legs: Mapping[str, Leg]) -> list[Leg]:
    """The legs of the extension in this call; those of both sides, the caller's first, for None."""
    sides = [legs.get(leg_id or "") for leg_id in (live.call.caller_leg, live.call.answered_leg)]
    return [leg for leg in sides if leg is not None and extension in (None, leg.number)]
