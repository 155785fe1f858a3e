"""A call on its way: at each stop phones ring, and the first that answers takes it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from server.flows.fork import Fork
from server.flows.leg_ids import leg_ids
from server.flows.live_call import Lost
from server.flows.notes import note
from server.flows.resources import Resources
from server.flows.stops import Following, Machine, OutsideNumber, Ring, Stop, Target
from server.rules.outcomes import Ending, best_ending
from server.switch.port import Contact, Leg, LegState, Party, Reason, SwitchError

if TYPE_CHECKING:
    from server.flows.extension_call import ExtensionCall

ENGINE_MARGIN_S = 5.0
"""Seconds after the ring time when the engine itself gives a leg up: for a server that died meanwhile."""

_log = logging.getLogger(__name__)


class Ringing:
    """The ringing of one call, which a colleague may pick up. It does not watch the caller.

    It is `desk.Pickable`.

    Attributes:
        callees: the numbers of the extensions where it rings now.
        since: when it was made.
    """

    def __init__(self, call: "ExtensionCall", resources: Resources, *, again: bool = False) -> None:
        """`again`: this call may have rung before, so that the ids which it was written with are used up."""
        self._call = call
        self._live = call.live
        self._caller = call.caller
        self._switch = call.desk.switch
        self._resources = resources
        self._is_first = not again
        self._unused = () if again else call.live.call.legs
        """Ids that the call was written with, for the phones that ring first."""
        self._picker: asyncio.Future[Leg] = asyncio.get_running_loop().create_future()
        self._ringing_now: Fork | None = None
        self.since = call.desk.clock.now()
        callee = self._live.call.callee
        self.callees = frozenset({callee} if callee is not None else ())

    @property
    def call_id(self) -> str:
        """The call's id."""
        return self._live.call.id

    @property
    def caller(self) -> Leg:
        """Who calls."""
        return self._caller

    def is_at(self, number: str, by: str) -> bool:  # noqa: ARG002 - everybody may
        """See `Pickable`: where it rings, or what its caller has dialled, such as a ring group."""
        return number in (*self.callees, self._live.call.dialled)

    def pick_up(self, leg: Leg, lost: Lost) -> bool:
        """See `Pickable`: this leg answers in the callee's place."""
        if self._picker.done():
            return False
        self._resources.take(leg)
        self._resources.hang_up_with(leg, Reason.UNKNOWN_NUMBER)  # unless it is answered
        self._live.wanted(lost)
        self._live.rings((leg.id,))
        self._picker.set_result(leg)
        return True

    async def decline(self, number: str) -> bool:
        """Decline the call for this extension; False: none of its phones rings."""
        return self._ringing_now is not None and await self._ringing_now.decline(number)

    async def walk(self, stop: Stop) -> Leg | Machine | Ending:
        """From stop to stop: the leg or machine that answers, or how the call ends for the caller."""
        return await self._unless_picked_up(self._walk(stop))

    async def resume(
        self,
        phones: list[Leg],
        left_s: float,
        stop: Stop | None,
        onward: Callable[[], Following | None],
        *,
        ring: Ring | None = None,
    ) -> Leg | Machine | Ending:
        """Phones that ring since a former server process, for `left_s` more seconds, and on from there.

        `stop`, `ring`: where they ring, as far as that is known. `onward`: given nobody answers, what is left
        of it, or where the call goes in its place by now; None: nothing is known.
        """
        return await self._unless_picked_up(self._resume(phones, left_s, stop, onward, ring))

    async def _unless_picked_up(
        self, ringing: Coroutine[Any, Any, Leg | Machine | Ending]
    ) -> Leg | Machine | Ending:
        """What comes of this ringing, or the leg that picks the call up before."""
        desk = self._call.desk
        desk.ring(self)
        waiting = asyncio.ensure_future(ringing)
        try:
            either: set[asyncio.Future[Any]] = {waiting, self._picker}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not self._picker.done():
                return waiting.result()
            leg = self._picker.result()
            self._live.picked_up(desk.party(leg))
            return leg
        finally:
            desk.fall_silent(self)
            self._picker.cancel()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    async def _resume(
        self,
        phones: list[Leg],
        left_s: float,
        stop: Stop | None,
        onward: Callable[[], Following | None],
        ring: Ring | None,
    ) -> Leg | Machine | Ending:
        if stop is not None:
            self.callees = frozenset(party.number for party in stop.callees)
            self._live.is_for(stop.boss, call_back=stop.call_back)
        legs = [phone.id for phone in phones]
        fork = self._fork(stop, another_leg=lambda: self._another_leg(legs))
        fork.resume(
            phones,
            ring.targets if ring is not None else (),
            for_leg=self._caller,
            timeout_s=left_s + ENGINE_MARGIN_S,
        )
        result = await fork.result(left_s)
        if not isinstance(result, Ending):
            if result.inbound:  # it had been let in, and no more
                self._live.picked_up(self._call.desk.party(result))
            return result
        self._give_up(legs, result)
        following = onward()
        if following is None:
            return result
        if stop is not None and isinstance(following, Stop) and following.callees == stop.callees:
            return await self._walk(following, result)
        call = self._live.call
        callee = (Party(call.callee, call.callee_name),) if call.callee is not None else ()
        left, is_real = (callee, True) if stop is None else (stop.callees, stop.is_real)
        return await self._go_on(result, left, following, is_real=is_real)

    async def _walk(self, stop: Stop, before: Ending | None = None) -> Leg | Machine | Ending:
        """`before`: so has ended what rang there until now."""
        self.callees = frozenset(party.number for party in stop.callees)
        self._live.is_for(stop.boss, call_back=stop.call_back)
        result = await self._at(stop, before)
        if not isinstance(result, Ending):
            return result
        return await self._go_on(result, stop.callees, stop.after(result), is_real=stop.is_real)

    async def _go_on(
        self, result: Ending, left: Sequence[Party], following: Following, *, is_real: bool
    ) -> Leg | Machine | Ending:
        """From these extensions, where it has ended so; `is_real`: see `Stop.is_real`."""
        if isinstance(following, Stop):
            self._live.moves_on(result, left, following.callees)
            return await self._walk(following)
        elsewhere = bool(left) and is_real and following is not result
        if isinstance(following, Machine) or len(left) > 1 or elsewhere:
            # Each has missed it in its own way, whatever the caller is told by who forwards. Whose the
            # machine is, is logged when it answers.
            self._live.moves_on(result, left, ())
        return following

    async def _at(self, stop: Stop, before: Ending | None) -> Leg | Ending:
        if not stop.rings and stop.with_phones is not None:
            # Only then is the callee "unregistered": a phone may have registered in this moment.
            found = stop.with_phones(await self._switch.read_contacts(stop.callees[0].number))
            stop = replace(found, place=stop.place)
        endings = [before] if before is not None else []
        for ring in stop.rings:
            if endings and not _goes_on(stop, endings[-1]):
                break
            await self._note(stop, ring)
            result = await self._ring(stop, ring)
            if not isinstance(result, Ending):
                return result
            endings.append(result)
        return stop.instead or best_ending(endings)

    async def _note(self, stop: Stop, ring: Ring) -> None:
        """Note on the caller's leg what rings now, for a later server.

        Not of what rings first for a new caller: that is where its number leads, and nothing may hold it up.
        """
        first, self._is_first = self._is_first, False
        place = stop.place
        if place is None or (first and self._caller.state is not LegState.UP):
            return
        names = [one.name for one in stop.rings]
        before = names[: names.index(ring.name)]
        await note(
            self._caller,
            place.with_changes(
                call=self._live.call.id,
                tried=(*place.tried, *before),
                ring=ring.name,
                since=self._call.desk.clock.now(),
            ),
        )

    async def _ring(self, stop: Stop, ring: Ring) -> Leg | Ending:
        legs: list[str] = []

        async def look_further() -> None:
            legs.extend(self._dial(fork, await self._newcomers(stop), ring.timeout_s, stop))

        fork = self._fork(stop, look_further, lambda: self._another_leg(legs))
        legs.extend(self._dial(fork, ring.targets, ring.timeout_s, stop))
        result = await fork.result(ring.timeout_s)
        if isinstance(result, Ending):
            self._give_up(legs, result)
        return result

    def _another_leg(self, legs: list[str]) -> str:
        """The id of one more leg, which is among `legs` from now on."""
        (leg,) = leg_ids(self._live.call.id, self._caller.id, 1, used=self._live.call.legs)
        self._live.rings((leg,))
        legs.append(leg)
        return leg

    def _give_up(self, legs: Sequence[str], result: Ending) -> None:
        """Phones that may ring still are to do so no longer."""
        reason = Reason.NO_ANSWER if result is Ending.NO_ANSWER else Reason.CANCELLED
        self._resources.hang_up_others(legs, None, reason)

    async def _newcomers(self, stop: Stop) -> list[Contact]:
        """Phones that have registered in place of those that we knew of, and that say nothing."""
        if stop.with_phones is None:
            return []
        try:
            found = await self._switch.read_contacts(stop.callees[0].number)
        except SwitchError as error:
            _log.info("Call %s: newly registered phones were not found: %s", self._live.call.id, error)
            return []
        known = {target for ring in stop.rings for target in ring.targets}
        return [phone for phone in found if phone not in known]

    def _fork(
        self,
        stop: Stop | None = None,
        on_quiet: Callable[[], Awaitable[None]] | None = None,
        another_leg: Callable[[], str] | None = None,
    ) -> Fork:
        self._ringing_now = Fork(
            self._resources,
            on_ringing=self._on_ringing,
            on_quiet=on_quiet,
            one_declines_all=stop is not None and stop.one_declines_all,
            another_leg=another_leg,
        )
        return self._ringing_now

    def _dial(self, fork: Fork, targets: Sequence[Target], timeout_s: float, stop: Stop) -> tuple[str, ...]:
        """Send the INVITEs; the ids of their legs."""
        for target in targets:
            if isinstance(target, OutsideNumber) and target.urgent:
                self._note_emergency(target, stop)
        legs, self._unused = self._unused, ()
        if len(legs) != len(targets):
            call = self._live.call
            legs = leg_ids(call.id, self._caller.id, len(targets), used=call.legs)
            self._live.rings(legs)
        fork.dial(
            list(zip(legs, targets, strict=True)),
            caller=self._live.call.caller,
            for_leg=self._caller,
            timeout_s=timeout_s + ENGINE_MARGIN_S,
            headers=stop.headers,
        )
        return legs

    def _note_emergency(self, target: OutsideNumber, stop: Stop) -> None:
        """An emergency call goes out: whoever made it is to be reached if the centre calls back."""
        call = self._live.call
        sent_by = stop.place.sent_by if stop.place is not None else ""
        self._call.desk.emergencies.begun(
            call.id,
            extension=sent_by if call.caller_trunk else call.caller.number,
            number=target.number,
            trunk=target.trunk,
            shown=target.caller.number,
        )

    async def _on_ringing(self) -> None:
        if self._caller.state is LegState.NEW:
            call = self._live.call
            await self._caller.ring(Party(call.callee or call.dialled, call.callee_name))
        await self._resources.bridge()  # made while it rings: nothing has to be made when somebody speaks


def _goes_on(stop: Stop, ending: Ending) -> bool:
    """Whether the next phones are tried after this."""
    return ending in stop.goes_on and not (ending is Ending.DECLINED and stop.one_declines_all)
