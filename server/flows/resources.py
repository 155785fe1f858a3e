"""What one call holds in the switch: legs and a bridge, all of it given back at the end."""

import asyncio
import logging
from collections.abc import Collection, Coroutine, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from server.flows.stops import OutsideNumber, Target
from server.flows.waiting import finish
from server.switch.port import Bridge, Leg, LegGone, LegState, Party, Reason, Switch

RELEASE_S = 5.0
"""Seconds that giving back may take; an engine that is silent for so long is restarted by the switch."""

RESPONSE_S = 4.0
"""Seconds that a phone has to respond to its INVITE before it is told that another one took the call.

By then it has had four chances (RFC 3261, timer A), as where phones ring: told before, it shows a missed
call, and a machine that stands still for a second is no reason for that.
"""

MANY = 32
"""So many legs a call may have had without those being forgotten that are gone."""

_log = logging.getLogger(__name__)


class Resources:
    """The legs of a call and its bridge. Leaving the block hangs up and closes all of them.

    A request that is on its way to the engine is never abandoned: were it cut off, its leg would ring on
    without an owner. Its outcome is awaited on the way out, and then given back.
    """

    def __init__(self, switch: Switch, bridge_id: str) -> None:
        self._switch = switch
        self._bridge_id = bridge_id
        self._legs: dict[str, Leg] = {}
        self._dialling: dict[str, asyncio.Task[Leg]] = {}
        self._bridging: asyncio.Future[Bridge] | None = None
        self._at_work: set[asyncio.Future[None]] = set()
        self._many = MANY
        self._reasons: dict[str, Reason] = {}
        self._reason = Reason.CANCELLED

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await finish(self._release_all(), timeout_s=RELEASE_S)

    def take(self, *legs: Leg) -> None:
        """Own these legs too."""
        self._legs.update({leg.id: leg for leg in legs})

    def drop(self, leg: Leg) -> None:
        """Own this leg no longer: another call has taken it."""
        self._legs.pop(leg.id, None)
        self._dialling.pop(leg.id, None)

    def take_bridge(self, bridge: Bridge) -> None:
        """Use this bridge, which exists, instead of making one."""
        self._bridging = asyncio.get_running_loop().create_future()
        self._bridging.set_result(bridge)

    async def dial(
        self,
        target: Target,
        *,
        leg_id: str,
        caller: Party,
        timeout_s: float,
        for_leg: Leg | None,
        headers: Mapping[str, str] | None = None,
        memo: str = "",
    ) -> Leg:
        """See `Switch.dial` and `Switch.dial_trunk`; `memo` is for phones."""
        if isinstance(target, OutsideNumber):
            request = asyncio.ensure_future(
                self._switch.dial_trunk(
                    target.trunk,
                    target.number,
                    leg_id=leg_id,
                    caller=target.caller,
                    timeout_s=timeout_s,
                    for_leg=for_leg,
                )
            )
        else:
            request = asyncio.ensure_future(
                self._switch.dial(
                    target,
                    leg_id=leg_id,
                    caller=caller,
                    timeout_s=timeout_s,
                    for_leg=for_leg,
                    headers=dict(headers) if headers else None,
                    memo=memo,
                )
            )
        self._sweep()
        self._dialling[leg_id] = request
        leg = await asyncio.shield(request)
        self._legs[leg.id] = leg
        return leg

    def _sweep(self) -> None:
        """Forget legs that are gone, now and then: whoever waits in a queue is rung for a hundred times."""
        if len(self._legs) > self._many:
            self._legs = {one: leg for one, leg in self._legs.items() if leg.state is not LegState.GONE}
            self._many = 2 * len(self._legs) + MANY

    async def bridge(self) -> Bridge:
        """The call's bridge, made at the first time."""
        if self._bridging is None or (self._bridging.done() and self._bridging.exception() is not None):
            self._bridging = asyncio.ensure_future(self._make_bridge())
        return await asyncio.shield(self._bridging)

    async def _make_bridge(self) -> Bridge:
        return self._existing_bridge() or await self._switch.bridge(self._bridge_id)

    def _existing_bridge(self) -> Bridge | None:
        return next((bridge for bridge in self._switch.bridges() if bridge.id == self._bridge_id), None)

    def hang_up_others(self, among: Collection[str], keep: Leg | None, reason: Reason) -> None:
        """Hang up these legs but at most one, in the background; also one whose INVITE is on its way."""
        self._in_background(self._hang_up_others(among, keep, reason))

    def retire(self, leg: Leg, after_s: float) -> None:
        """Hang this leg up, in the background, unless its phone does so itself within this time."""
        self._in_background(self._retire(leg, after_s))

    def hang_up_with(self, leg: Leg, reason: Reason) -> None:
        """At the end, hang up this leg for this reason."""
        self._reasons[leg.id] = reason

    def hang_up_rest_with(self, reason: Reason) -> None:
        """At the end, hang up all other legs for this reason."""
        self._reason = reason

    async def _hang_up_others(self, among: Collection[str], keep: Leg | None, reason: Reason) -> None:
        await self._settle_dialling(among)
        others = [leg for one in among if (leg := self._legs.get(one)) is not None and leg is not keep]
        await asyncio.gather(*(_hang_up_for(leg, reason) for leg in others))

    async def _retire(self, leg: Leg, after_s: float) -> None:
        try:
            async with asyncio.timeout(after_s):
                await leg.gone()
        except TimeoutError:
            await leg.hangup()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._at_work.add(task)
        task.add_done_callback(self._worked)

    def _worked(self, task: "asyncio.Future[None]") -> None:
        self._at_work.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            _log.info("Something of call %s could not be hung up: %r", self._bridge_id, problem)

    async def _release_all(self) -> None:
        known = list(self._legs.values())
        # Known legs at once: a request that is still on its way must not delay the end of the call.
        await self._all([self._hang_up(leg) for leg in known] + [self._settle()])
        late = [leg for leg in self._legs.values() if leg not in known]
        bridge = self._bridge_to_close()
        await self._all([self._hang_up(leg) for leg in late] + ([bridge.close()] if bridge else []))

    async def _all(self, work: list[Coroutine[Any, Any, None]]) -> None:
        for problem in await asyncio.gather(*work, return_exceptions=True):
            if isinstance(problem, Exception):
                _log.warning("Something of call %s could not be released: %r", self._bridge_id, problem)

    async def _hang_up(self, leg: Leg) -> None:
        await leg.hangup(self._reasons.get(leg.id, self._reason))

    async def _settle(self) -> None:
        """Wait for everything that is on its way."""
        await self._settle_dialling()
        rest: list[asyncio.Future[Any]] = [*self._at_work]
        if self._bridging is not None:
            rest.append(self._bridging)
        await asyncio.gather(*rest, return_exceptions=True)

    async def _settle_dialling(self, among: Collection[str] | None = None) -> None:
        """Wait for the INVITEs that are on their way, or those of these legs."""
        wanted = self._dialling if among is None else [one for one in among if one in self._dialling]
        dialling = {one: self._dialling[one] for one in wanted}  # others may begin meanwhile
        if pending := [request for request in dialling.values() if not request.done()]:
            await asyncio.wait(pending)
        failed = set()
        for leg_id, request in dialling.items():
            if leg_id not in self._dialling:
                continue  # another call has taken it
            if request.cancelled() or request.exception() is not None:
                failed.add(leg_id)
            else:
                self._legs[leg_id] = request.result()
                del self._dialling[leg_id]
        if failed:
            # Only the answer may have been lost: the phone could be ringing all the same.
            self._legs.update({leg.id: leg for leg in self._switch.legs() if leg.id in failed})

    def _bridge_to_close(self) -> Bridge | None:
        if self._bridging is None:
            return None
        if self._bridging.cancelled() or self._bridging.exception() is not None:
            return self._existing_bridge()
        return self._bridging.result()


async def _hang_up_for(leg: Leg, reason: Reason) -> None:
    """Hang up so that the phone is told why.

    A CANCEL must wait for the first response to the INVITE (RFC 3261, 9.1), and one that had to wait goes out
    without its Reason: the phone would show a missed call.
    """
    if reason is Reason.ANSWERED_ELSEWHERE:
        with suppress(TimeoutError, LegGone):
            async with asyncio.timeout(RESPONSE_S):
                await leg.ringing()
    await leg.hangup(reason)
