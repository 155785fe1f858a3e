"""Attended transfer by keys: who asked for it talks to somebody else first, on one phone (SIP-4, CODE-1).

Who waits hears music. The one who asks completes it by hanging up or by `COMPLETE`, and takes the call back
by `GIVE_BACK`, or by the other's hanging up.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from server.flows.resources import Resources
from server.flows.ringing import Ringing
from server.flows.stops import Machine, Stop
from server.rules.outcomes import Ending
from server.switch.port import Leg, LegGone, Reason

if TYPE_CHECKING:
    from server.flows.extension_call import ExtensionCall

T = TypeVar("T")


class Wish(StrEnum):
    """What becomes of a consultation; some of it are the keys that say so."""

    COMPLETE = "##"
    """The two others talk."""
    GIVE_BACK = "**"
    """The call is as it was before."""
    LEFT_ALONE = ""
    """Who waited has hung up."""


class Consultation:
    """`by` asks somebody while who `stays` waits; both are out of the call's bridge.

    Attributes:
        asked: the call to the one who is asked, once it has begun.
        partner: who has answered it; None while nobody has.
    """

    asked: "ExtensionCall"

    def __init__(self, call: "ExtensionCall", resources: Resources, by: Leg, stays: Leg) -> None:
        self.partner: Leg | None = None
        self._call = call
        self._resources = resources
        self._by = by
        self._stays = stays

    async def ask(self, number: str) -> Wish:
        """Call this number, to the moment when it is clear what becomes of it.

        The call to it is over then, and who was asked is out unless it is the `partner`. But if it is that
        who waited has left, asker and partner talk on, in a call that the caller has to conduct.
        """
        placement = self._call.desk.begin(self._by, number, within=self._call.live.call.bridge_id)
        self.asked = replace(self._call, live=placement.live, caller=self._by)
        ending = placement.stop if isinstance(placement.stop, Ending) else Ending.FORBIDDEN
        wish = Wish.GIVE_BACK
        try:
            if isinstance(placement.stop, Stop):
                ending = Ending.FAILED
                answer = await self._until(self._ring(placement.stop))
                ending = answer if isinstance(answer, Ending) else Ending.CALLER_GAVE_UP
                wish = answer if isinstance(answer, Wish) else await self._talk(answer)
        finally:
            if wish is Wish.GIVE_BACK or self.partner is None:
                self.partner = None
                self._resources.hang_up_others(self.asked.live.call.legs, None, Reason.CANCELLED)
            if wish is not Wish.LEFT_ALONE or self.partner is None:
                self.asked.live.ended(ending)
        return wish

    async def _ring(self, stop: Stop) -> Leg | Ending:
        await self._by.ring()
        answer = await Ringing(self.asked, self._resources).walk(stop)
        return Ending.NO_ANSWER if isinstance(answer, Machine) else answer  # only people can be asked

    async def _talk(self, answer: Leg | Ending) -> Wish:
        if isinstance(answer, Ending):
            return Wish.GIVE_BACK
        self.partner = answer
        await self.asked.connect(self._resources, answer)
        wish = await self._until(answer.gone())
        if isinstance(wish, Wish) and wish is not Wish.GIVE_BACK:
            return wish
        bridge = await self._resources.bridge()
        await bridge.remove(answer)
        return Wish.GIVE_BACK

    async def _until(self, work: Coroutine[Any, Any, T]) -> T | Wish:
        """What comes of this work, unless something else is wanted before; it is cancelled then."""
        doing = asyncio.ensure_future(work)
        left = asyncio.ensure_future(self._stays.gone())
        hung_up = asyncio.ensure_future(self._by.gone())
        keys = asyncio.ensure_future(self._keys())
        everything: list[asyncio.Future[Any]] = [doing, left, hung_up, keys]
        try:
            await asyncio.wait(everything, return_when=asyncio.FIRST_COMPLETED)
            if left.done():
                return Wish.LEFT_ALONE
            if hung_up.done():
                return Wish.COMPLETE
            return doing.result() if doing.done() else keys.result()
        finally:
            for task in everything:
                task.cancel()
            await asyncio.gather(*everything, return_exceptions=True)

    async def _keys(self) -> Wish:
        """The first pair of keys that says what is wanted."""
        pressed = ""
        while True:
            try:
                pressed = pressed[-1:] + await self._by.digits.next()
            except LegGone:
                never: asyncio.Future[Wish] = asyncio.get_running_loop().create_future()
                return await never
            if pressed in (Wish.COMPLETE, Wish.GIVE_BACK):
                return Wish(pressed)
