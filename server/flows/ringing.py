"""A call on its way: at each stop phones ring, and the first that answers takes it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from server.flows.fork import Fork
from server.flows.leg_ids import leg_ids
from server.flows.resources import Resources
from server.flows.stops import Machine, Ring, Stop, Target
from server.rules.outcomes import Ending, best_ending
from server.switch.port import Contact, Leg, LegState, Party, Reason, SwitchError

if TYPE_CHECKING:
    from server.flows.extension_call import ExtensionCall

ENGINE_MARGIN_S = 5.0
"""Seconds after the ring time when the engine itself gives a leg up: for a server that died meanwhile."""

_log = logging.getLogger(__name__)


class Ringing:
    """The ringing of one call, which a colleague may pick up. It does not watch the caller.

    Attributes:
        callees: the numbers of the extensions where it rings now.
    """

    def __init__(self, call: "ExtensionCall", resources: Resources, *, again: bool = False) -> None:
        """`again`: this call may have rung before, so that the ids which it was written with are used up."""
        self._call = call
        self._live = call.live
        self._caller = call.caller
        self._switch = call.desk.switch
        self._resources = resources
        self._unused = () if again else call.live.call.legs
        """Ids that the call was written with, for the phones that ring first."""
        self._picker: asyncio.Future[Leg] = asyncio.get_running_loop().create_future()
        callee = self._live.call.callee
        self.callees = frozenset({callee} if callee is not None else ())

    @property
    def call_id(self) -> str:
        """The call's id."""
        return self._live.call.id

    @property
    def dialled(self) -> str:
        """What its caller has dialled."""
        return self._live.call.dialled

    @property
    def caller(self) -> Leg:
        """Who calls."""
        return self._caller

    def pick_up(self, leg: Leg) -> bool:
        """Let this leg, which has called us, answer in the callee's place; the call owns it from now on.

        False: it is too late, and nothing has changed. Nothing is awaited: of two who pick up one wins.
        """
        if self._picker.done():
            return False
        self._resources.take(leg)
        self._live.rings((leg.id,))
        self._picker.set_result(leg)
        return True

    async def walk(self, stop: Stop) -> Leg | Machine | Ending:
        """From stop to stop: the leg or machine that answers, or how the call ends for the caller."""
        return await self._unless_picked_up(self._walk(stop))

    async def resume(self, phones: list[Leg], left_s: float) -> Leg | Machine | Ending:
        """Phones that ring since a former server process, for `left_s` more seconds."""
        return await self._unless_picked_up(self._resume(phones, left_s))

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

    async def _resume(self, phones: list[Leg], left_s: float) -> Leg | Ending:
        fork = self._fork()
        fork.resume(phones)
        return await fork.result(left_s)

    async def _walk(self, stop: Stop) -> Leg | Machine | Ending:
        while True:
            self.callees = frozenset(party.number for party in stop.callees)
            self._live.is_for(stop.boss)
            result = await self._at(stop)
            if not isinstance(result, Ending):
                return result
            following = stop.after(result)
            if isinstance(following, Ending):
                if len(stop.callees) > 1:
                    self._live.moves_on(result, stop.callees, ())
                return following
            if isinstance(following, Machine):
                self._live.moves_on(result, stop.callees, ())  # whose it is, is logged when it answers
                return following
            self._live.moves_on(result, stop.callees, following.callees)
            stop = following

    async def _at(self, stop: Stop) -> Leg | Ending:
        if not stop.rings and stop.with_phones is not None:
            # Only then is the callee "unregistered": a phone may have registered in this moment.
            stop = stop.with_phones(await self._switch.read_contacts(stop.callees[0].number))
        endings = []
        for ring in stop.rings:
            result = await self._ring(stop, ring)
            if not isinstance(result, Ending):
                return result
            endings.append(result)
            if result not in stop.goes_on or (result is Ending.DECLINED and stop.one_declines_all):
                break
        return best_ending(endings)

    async def _ring(self, stop: Stop, ring: Ring) -> Leg | Ending:
        legs: list[str] = []

        async def look_further() -> None:
            legs.extend(self._dial(fork, await self._newcomers(stop), ring.timeout_s, stop))

        fork = self._fork(stop, look_further)
        legs.extend(self._dial(fork, ring.targets, ring.timeout_s, stop))
        result = await fork.result(ring.timeout_s)
        if isinstance(result, Ending):
            reason = Reason.NO_ANSWER if result is Ending.NO_ANSWER else Reason.CANCELLED
            self._resources.hang_up_others(legs, None, reason)
        return result

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

    def _fork(self, stop: Stop | None = None, on_quiet: Callable[[], Awaitable[None]] | None = None) -> Fork:
        return Fork(
            self._resources,
            on_ringing=self._on_ringing,
            on_quiet=on_quiet,
            one_declines_all=stop is not None and stop.one_declines_all,
        )

    def _dial(self, fork: Fork, targets: Sequence[Target], timeout_s: float, stop: Stop) -> tuple[str, ...]:
        """Send the INVITEs; the ids of their legs."""
        legs, self._unused = self._unused, ()
        if len(legs) != len(targets):
            before = len(self._live.call.legs)
            legs = leg_ids(self._live.call.id, self._caller.id, before + len(targets))[before:]
            self._live.rings(legs)
        fork.dial(
            list(zip(legs, targets, strict=True)),
            caller=self._live.call.caller,
            for_leg=self._caller,
            timeout_s=timeout_s + ENGINE_MARGIN_S,
            headers=stop.headers,
        )
        return legs

    async def _on_ringing(self) -> None:
        if self._caller.state is LegState.NEW:
            call = self._live.call
            await self._caller.ring(Party(call.callee or call.dialled, call.callee_name))
        await self._resources.bridge()  # made while it rings: nothing has to be made when somebody speaks
