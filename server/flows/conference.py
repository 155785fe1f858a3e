"""Conference rooms as calls come to them (SIP-4).

A room is open while somebody is in it. Its bridge belongs to the room, not to one of the calls, and its name
tells a later server process which room the legs in it are in.
"""

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from server.contract.conference import Conference
from server.flows.resources import RELEASE_S, Resources
from server.flows.stops import Machine, Onward
from server.flows.waiting import finish
from server.switch.digits import ask_digits
from server.switch.port import Bridge, Leg, Sound, Switch, SwitchError

if TYPE_CHECKING:
    from server.flows.extension_call import ExtensionCall

PREFIX = "conference-"
"""Of the ids of the rooms' bridges; the number of the room follows."""

PIN_TRIES = 3
PIN_S = 10.0
"""Seconds for the first digit of the PIN; the next ones have half of that."""

ASK_PIN = Sound.prompt("conf-getpin")
WRONG_PIN = Sound.prompt("conf-invalidpin")
FULL = Sound.prompt("conf-full")
ALONE = Sound.prompt("conf-onlyperson")
JOIN = Sound.prompt("beep")

_log = logging.getLogger(__name__)


class Rooms:
    """All rooms. `conference` gives a room as it is configured now, `pin` its PIN in clear."""

    def __init__(
        self,
        *,
        switch: Switch,
        conference: Callable[[str], Conference | None],
        pin: Callable[[str], str | None],
    ) -> None:
        self._switch = switch
        self._conference = conference
        self._pin = pin
        self._open: dict[str, Room] = {}

    def machine(self, number: str) -> Machine | None:
        """Lets callers into a room; None if there is no such one."""
        if self._conference(number) is None:
            return None

        async def serve(call: "ExtensionCall", _resources: Resources) -> Onward | None:
            if await self._let_in(call.caller, number):
                await self._stay(call.caller, number)
            return None

        return Machine((), serve)

    def left_in(self, leg: Leg) -> str:
        """The number of the room in which a former server process has left this leg; "" for none."""
        for bridge in self._switch.bridges():
            if bridge.id.startswith(PREFIX) and leg.id in bridge.legs:
                return bridge.id.removeprefix(PREFIX)
        return ""

    def resume(self, number: str) -> Machine:
        """Lets a leg stay that is in the room already, which is open from now on."""
        self._open.setdefault(number, Room(self._switch, number))

        async def serve(call: "ExtensionCall", _resources: Resources) -> Onward | None:
            await self._stay(call.caller, number, announced=True)
            return None

        return Machine((), serve)

    async def _let_in(self, leg: Leg, number: str) -> bool:
        """Whether the caller may come in: knows the PIN, and there is room."""
        if (pin := self._pin(number)) and not await _knows(leg, pin):
            return False
        conference = self._conference(number)
        if conference is None:
            return False
        room = self._open.get(number)
        if room is not None and len(room.members) >= conference.max_members:
            await leg.play(FULL)
            return False
        return True

    async def _stay(self, leg: Leg, number: str, *, announced: bool = False) -> None:
        """Be in the room until the leg has ended."""
        room = self._open.setdefault(number, Room(self._switch, number))
        try:
            async with room.entered(leg, announced=announced):
                await leg.gone()
        finally:
            if not room.members and self._open.get(number) is room:
                del self._open[number]

    def has_bridge(self, bridge_id: str) -> bool:
        """Whether this is the bridge of a room that is open."""
        return bridge_id.startswith(PREFIX) and bridge_id.removeprefix(PREFIX) in self._open


async def _knows(leg: Leg, pin: str) -> bool:
    """Whether the caller dials this PIN, in some tries."""
    for _ in range(PIN_TRIES):
        dialled = await ask_digits(leg, ASK_PIN, most=15, first_s=PIN_S, next_s=PIN_S / 2)
        if hmac.compare_digest(dialled, pin):
            return True
        await leg.play(WRONG_PIN)
    return False


class Room:
    """One room with somebody in it, or about to be.

    Attributes:
        members: who is in it, or on the way in or out, by the ids of their legs.
    """

    def __init__(self, switch: Switch, number: str) -> None:
        self.members: dict[str, Leg] = {}
        self._switch = switch
        self._bridge_id = PREFIX + number
        self._changing = asyncio.Lock()

    @asynccontextmanager
    async def entered(self, leg: Leg, *, announced: bool) -> AsyncIterator[None]:
        """The leg is in the room during the block. Raises what `Bridge.add` and `Leg.play` do."""
        self.members[leg.id] = leg
        try:
            if not announced:
                await leg.play(JOIN if len(self.members) > 1 else ALONE)
            async with self._changing:
                bridge = self._existing() or await self._switch.bridge(self._bridge_id)
                if leg.id not in bridge.legs:
                    await bridge.add(leg)
                await self._entertain()
            yield
        finally:
            del self.members[leg.id]
            await finish(self._tidy(), timeout_s=RELEASE_S)

    async def _tidy(self) -> None:
        """After somebody has left: the last one closes the bridge, who is alone hears music."""
        async with self._changing:
            if not self.members and (bridge := self._existing()) is not None:
                with suppress(SwitchError):
                    await bridge.close()
            await self._entertain()

    async def _entertain(self) -> None:
        """Who is alone hears music, and only then; what another one's leg has is not this one's problem."""
        for leg in list(self.members.values()):
            try:
                if len(self.members) == 1:
                    await leg.start_music()
                else:
                    await leg.stop_music()
            except SwitchError as error:
                _log.debug("Music in %s: %s", self._bridge_id, error)

    def _existing(self) -> Bridge | None:
        return next((one for one in self._switch.bridges() if one.id == self._bridge_id), None)
