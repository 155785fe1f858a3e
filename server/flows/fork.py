"""Ringing several phones at once: the first answer wins (RFC 3261, 16.7)."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any

from server.flows.resources import Resources
from server.flows.stops import OutsideNumber, Target
from server.rules.outcomes import DECLINES, Ending, best_ending, ending_of_code, ending_outside
from server.switch.port import Leg, LegGone, LegState, Party, Reason, SwitchError, SwitchUnavailable

SILENCE_S = 4.0
"""Seconds after which a phone that has not answered its INVITE with anything holds up no refusal.

RFC 3261 has an INVITE repeated after 0.5, 1.5 and 3.5 s (timer A): a phone that is there has had four
chances by then, and 180 takes a phone milliseconds. Giving up by timer B would take 32 s.
"""

QUIET_S = 0.3
"""Seconds after which, if no phone has said anything, others are looked for: these may all be gone."""

UNREACHABLE = 503
"""Counted for a phone to which the engine could not even send the INVITE (RFC 3261, 16.7 point 6: as 503)."""

DECLINED = 603
"""Counted for a phone whose owner has declined the call by other means."""

_NOT_SAID = frozenset({None, 408, UNREACHABLE})
"""Codes that stand for a phone which was not heard. They are no refusal: others may still be waking up."""


class Fork:
    """Phones that ring for one call.

    Add phones by `dial` (new INVITEs) or `resume` (legs of a former server process), then await `result`.
    """

    def __init__(
        self,
        resources: Resources,
        *,
        on_ringing: Callable[[], Awaitable[None]],
        on_quiet: Callable[[], Awaitable[None]] | None = None,
        one_declines_all: bool = False,
        another_leg: Callable[[], str] | None = None,
    ) -> None:
        """`on_ringing` is awaited once, when the first phone rings or answers.

        `on_quiet` is awaited if no phone has said anything for `QUIET_S`, and may `dial` further ones.
        `one_declines_all`: a phone on which the call is declined ends it on the others (PRES-4).
        `another_leg` gives the id for a leg by the next trunk, where one has failed; None: none is tried.
        """
        self._resources = resources
        self._on_ringing = on_ringing
        self._on_quiet = on_quiet
        self._one_declines_all = one_declines_all
        self._another_leg = another_leg
        self._phones: list[Coroutine[Any, Any, Leg | None]] = []
        self._first_rings = asyncio.Event()
        self._codes: list[int | None] = []
        self._endings: list[Ending] = []
        self._silent = 0
        self._waiting: dict[str, Leg] = {}
        self._declined: set[str] = set()

    async def decline(self, number: str) -> bool:
        """Have the phones of this extension ring no longer, as if the call had been declined there.

        False: none of them rings.
        """
        legs = [
            leg for leg in self._waiting.values() if leg.number == number and leg.state is not LegState.UP
        ]
        self._declined.update(leg.id for leg in legs)
        for leg in legs:
            await leg.hangup(Reason.ANSWERED_ELSEWHERE)  # else the phone lists it as missed
        return bool(legs)

    def dial(
        self,
        targets: Sequence[tuple[str, Target]],
        *,
        caller: Party,
        for_leg: Leg | None,
        timeout_s: float,
        headers: Mapping[str, str] | None = None,
        memo: str = "",
    ) -> None:
        """Ring these phones and numbers; each comes with the id that its leg shall have.

        `memo`: what is noted on the legs of phones.
        """
        dial = partial(
            self._resources.dial,
            caller=caller,
            timeout_s=timeout_s,
            for_leg=for_leg,
            headers=headers,
            memo=memo,
        )
        for leg_id, target in targets:
            self._phones.append(self._ring(dial, leg_id, target))

    def resume(
        self,
        legs: Sequence[Leg],
        targets: Sequence[Target] = (),
        *,
        for_leg: Leg | None = None,
        timeout_s: float = 0.0,
    ) -> None:
        """Go on with legs that ring already, or have been answered meanwhile.

        `targets`: what rings there: a number whose trunk fails is tried over the next one, as in `dial`.
        """
        self._resources.take(*legs)
        dial = partial(self._resources.dial, caller=Party(""), timeout_s=timeout_s, for_leg=for_leg)
        for leg in legs:
            found = (one.over(leg.trunk) for one in targets if isinstance(one, OutsideNumber) and leg.trunk)
            target = next((one for one in found if one is not None), None)
            otherwise = self._otherwise(dial, target) if target is not None else None
            self._phones.append(self._wait_for(leg, otherwise))

    async def result(self, timeout_s: float) -> Leg | Ending:
        """The leg of the phone that answered first, else what the caller is to be told.

        One phone's refusal does not stop the others (SIP-3); but once every phone that said anything has
        refused, those that stay silent for `SILENCE_S` count as gone (numbers outside do not). If several
        answer in the same moment, the first in the order they were added wins. The legs of the others are
        left to `Resources`.
        """
        phones = self._begun()
        looking = asyncio.ensure_future(self._look_further())
        signalling = asyncio.ensure_future(self._signal())
        patience = asyncio.ensure_future(asyncio.sleep(SILENCE_S))
        pending = set(phones)
        try:
            async with asyncio.timeout(timeout_s):
                while self._may_answer(pending, looking) and not (
                    patience.done() and self._only_silence_is_left(len(pending))
                ):
                    more: list[asyncio.Future[Any]] = [
                        timer for timer in (patience, looking) if not timer.done()
                    ]
                    done, _ = await asyncio.wait([*pending, *more], return_when=asyncio.FIRST_COMPLETED)
                    if looking in done:
                        looking.result()
                        found = self._begun()
                        phones += found
                        pending |= {*found}
                    pending -= done
                    answered = [task.result() for task in phones if task in done]
                    winner = next((leg for leg in answered if leg is not None), None)
                    if winner is not None:
                        return winner
                    if self._one_declines_all and any(code in DECLINES for code in self._codes):
                        return Ending.DECLINED
        except TimeoutError:
            return Ending.NO_ANSWER
        finally:
            for phone in self._phones:
                phone.close()
            tasks: tuple[asyncio.Future[Any], ...] = (*phones, signalling, patience, looking)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return best_ending(self._endings)

    def _refused(self, code: int | None, *, outside: bool = False) -> None:
        self._codes.append(code)
        self._endings.append(ending_outside(code) if outside else ending_of_code(code))

    def _begun(self) -> list["asyncio.Future[Leg | None]"]:
        """The phones that were added, now on their way."""
        phones: list[asyncio.Future[Leg | None]] = [asyncio.ensure_future(phone) for phone in self._phones]
        self._phones = []
        self._silent += len(phones)
        return phones

    def _may_answer(self, pending: Collection[object], looking: "asyncio.Future[None]") -> bool:
        """Whether any phone is left, or may yet be found: only where none has said anything so far."""
        return bool(pending) or not (looking.done() or self._heard())

    def _heard(self) -> bool:
        return self._first_rings.is_set() or any(code not in _NOT_SAID for code in self._codes)

    async def _look_further(self) -> None:
        if self._on_quiet is not None:
            await asyncio.sleep(QUIET_S)
            if not self._heard():
                await self._on_quiet()

    def _only_silence_is_left(self, pending: int) -> bool:
        """Whether a phone has refused, and none of those that are left has said anything."""
        return pending == self._silent and any(code not in _NOT_SAID for code in self._codes)

    async def _ring(self, dial: Callable[..., Awaitable[Leg]], leg_id: str, target: Target) -> Leg | None:
        """The leg to this target, or to what is tried otherwise, once it is answered; None: it is not."""
        otherwise = self._otherwise(dial, target)
        try:
            leg = await dial(target, leg_id=leg_id)
        except SwitchUnavailable:
            raise
        except SwitchError:
            self._silent -= 1
            if otherwise is not None:
                return await otherwise()
            self._refused(UNREACHABLE)
            return None
        return await self._wait_for(leg, otherwise)

    def _otherwise(
        self, dial: Callable[..., Awaitable[Leg]], target: Target
    ) -> Callable[[], Awaitable[Leg | None]] | None:
        """Rings what is tried if the trunk of this target fails; None: nothing is."""
        following = target.otherwise if isinstance(target, OutsideNumber) else None
        another_leg = self._another_leg
        if following is None or another_leg is None:
            return None

        async def ring() -> Leg | None:
            self._silent += 1
            return await self._ring(dial, another_leg(), following)

        return ring

    async def _wait_for(
        self, leg: Leg, otherwise: Callable[[], Awaitable[Leg | None]] | None = None
    ) -> Leg | None:
        """The leg once it is answered, None if it ended instead; `otherwise`: if its trunk has failed."""
        self._waiting[leg.id] = leg
        try:
            try:
                if not leg.trunk:  # a network outside takes seconds to find its phone: that is no silence
                    await leg.ringing()
            finally:
                self._silent -= 1
            await leg.ringing()
            self._first_rings.set()
            await leg.answered()
        except LegGone as gone:
            if gone.ended.lost:
                raise SwitchUnavailable("the engine went away while phones rang") from gone
            declined = leg.id in self._declined
            if otherwise is not None and ending_outside(gone.ended.sip_code) is Ending.FAILED:
                return await otherwise()
            self._refused(DECLINED if declined else gone.ended.sip_code, outside=bool(leg.trunk))
            return None
        finally:
            self._waiting.pop(leg.id, None)
        return leg

    async def _signal(self) -> None:
        await self._first_rings.wait()
        await self._on_ringing()
