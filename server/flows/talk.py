"""Two legs that talk, until one of them ends, is taken away, or asks for something: a transfer, a hold."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol

from server.flows.resources import Resources
from server.rules.features import END_OF_NUMBER, FeatureCall
from server.services.errors import conflict
from server.switch.port import Leg, LegGone, LegState, Reason, Transfer

KEYS_S = 2.0
"""Seconds without a further key after which a feature code is complete, or given up."""
NUMBER_S = 5.0
"""The same for a transfer to a number that leads nowhere yet: people look it up, and find the keys."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`by` has asked for this transfer of its partner; `by_keys`: by a feature code dialled in the call.

    `parking`: it is not the phone that has asked, and the partner is to be parked.
    """

    by: Leg
    transfer: Transfer
    by_keys: bool = False
    parking: "ParkOrder | None" = None


class Keys(Protocol):
    """Which keys in a call ask for something."""

    def in_call(self, keys: str) -> FeatureCall | None:
        """The feature that these keys ask for."""

    def may_become_in_call(self, keys: str) -> bool:
        """Whether keys that follow could still make a feature of these."""

    def lacks_number(self, keys: str, extension: str) -> bool:
        """Whether these keys of an extension begin a transfer to a number that leads nowhere yet."""


@dataclass(eq=False, slots=True)
class HoldOrder:
    """The extension of `by` wants its call to be held, or not to be any more; `done` says what came of it."""

    by: Leg
    on: bool
    done: asyncio.Future[None]

    def succeeded(self) -> None:
        """It is as it was wanted."""
        if not self.done.done():
            self.done.set_result(None)

    def failed(self, error: Exception) -> None:
        """It is as it was before."""
        if not self.done.done():
            self.done.set_exception(error)


@dataclass(eq=False, slots=True)
class ParkOrder:
    """The partner of `by` is to wait on this slot, "" for any; `done` gives the slot, or why it does not."""

    by: Leg
    slot: str
    done: asyncio.Future[str]

    def succeeded(self, slot: str) -> None:
        """It waits there."""
        if not self.done.done():
            self.done.set_result(slot)

    def failed(self, why: str) -> None:
        """It does not."""
        if not self.done.done():
            self.done.set_exception(conflict(why))


class Nudged:
    """There are orders, or somebody wants to be looked at (see `Talk.nudge`)."""


@dataclass(frozen=True, slots=True)
class Taken:
    """`boss`, a leg that has called us, is to have the partner of `secretary`; `keeps`: and her as well."""

    boss: Leg
    secretary: Leg
    keeps: bool


class Over:
    """One of the two is gone, or was taken over by another call."""


class Talk:
    """A conversation of two legs that `resources` owns; `keys` says which keys ask for something.

    Attributes:
        orders: holds that were asked for, oldest first.
        busy: held while the conversation is changed; nobody may be taken out of it then.
    """

    def __init__(self, resources: Resources, keys: "Keys", caller: Leg, phone: Leg) -> None:
        self.legs = (caller, phone)
        self._resources = resources
        self._keys = keys
        self.orders: deque[HoldOrder] = deque()
        self.busy = asyncio.Lock()
        self._nudged = asyncio.Event()
        self._released = asyncio.Event()
        self._taken: Taken | None = None
        self._parking: ParkOrder | None = None
        self._pressed: dict[str, str] = {}
        """Keys of each leg that may become a code, or more of one; they count whatever else happens."""

    def partner(self, leg: Leg) -> Leg:
        """The other one."""
        return self.legs[0] if leg.id == self.legs[1].id else self.legs[1]

    async def hold(self, leg: Leg, *, on: bool) -> None:
        """Have the call held for the extension of this leg, or not any more; return when it is so.

        Raises:
            ServiceError: `CONFLICT`: the two talk no longer.
            SwitchError: the engine cannot do it now; `Leg.holds` tells how it is left.
        """
        order = HoldOrder(leg, on, asyncio.get_running_loop().create_future())
        self.orders.append(order)
        self.nudge()
        await order.done

    async def park(self, leg: Leg, slot: str = "") -> str:
        """Have the partner of this leg wait on this slot, else on a free one; the slot, once it does.

        Raises:
            ServiceError: `CONFLICT`: the slot is taken, none is free, or the two talk no longer.
        """
        if self._parking is not None:
            raise conflict("The call is being parked already.")
        self._parking = ParkOrder(leg, slot, asyncio.get_running_loop().create_future())
        self.nudge()
        return await self._parking.done

    def refuse_parking(self, why: str) -> None:
        """Whoever waits for one of the two to be parked is told that it is not, and why."""
        if self._parking is not None:
            self._parking.failed(why)
            self._parking = None

    def take(self, boss: Leg, *, secretary: Leg, keeps: bool) -> bool:
        """Let this leg have the partner of the secretary's; the call owns it from now on.

        False: it is too late, and nothing has changed. Nothing is awaited: of two who take it one wins.
        """
        over = self._released.is_set() or self.partner(secretary).state is LegState.GONE
        if over or self._taken is not None:
            return False
        self._resources.take(boss)
        self._taken = Taken(boss, secretary, keeps)
        self.nudge()
        return True

    def refuse_taker(self) -> None:
        """Whoever waits to take one of the two cannot have it now."""
        if self._taken is not None:
            self._resources.hang_up_others([self._taken.boss.id], None, Reason.UNKNOWN_NUMBER)
            self._taken = None

    def nudge(self) -> None:
        """Have `next` return, and whoever awaits it look again."""
        self._nudged.set()

    def release_partner(self, leg: Leg) -> Leg:
        """Give the partner of this leg away, to the call that asks; the conversation is over.

        The asker owns the partner from this moment on. It may still be in the bridge of this call, which
        lets go of it by itself.
        """
        partner = self.partner(leg)
        self._resources.drop(partner)
        self._released.set()
        return partner

    async def next(self) -> Asked | Nudged | Over | Taken:
        """Return when something happens. Who asks and hangs up in the same moment has asked."""
        gone: list[asyncio.Future[Any]] = [asyncio.ensure_future(leg.gone()) for leg in self.legs]
        requested = [asyncio.ensure_future(leg.transfer_requested()) for leg in self.legs]
        dialled = [asyncio.ensure_future(self._dialled(leg)) for leg in self.legs]
        released = asyncio.ensure_future(self._released.wait())
        nudged = asyncio.ensure_future(self._nudged.wait())
        everything: list[asyncio.Future[Any]] = [*gone, *requested, *dialled, released, nudged]
        try:
            await asyncio.wait(everything, return_when=asyncio.FIRST_COMPLETED)
            for by, request, keys, partner_gone in zip(
                self.legs, requested, dialled, reversed(gone), strict=True
            ):
                if partner_gone.done() or released.done():
                    continue
                if request.done():
                    return Asked(by, request.result())
                if pressed := keys.result() if keys.done() else self._pressed_at_last(by):
                    return Asked(by, Transfer(target=pressed), by_keys=True)
                if self._parking is not None and self._parking.by is by:
                    parking, self._parking = self._parking, None
                    return Asked(by, Transfer(), parking=parking)
            if any(one.done() for one in (*gone, released)):
                return Over()
            taken, self._taken = self._taken, None
            if taken is not None:
                return taken
            self._nudged.clear()
            return Nudged()
        finally:
            for task in everything:
                task.cancel()
            await asyncio.gather(*everything, return_exceptions=True)

    def _pressed_at_last(self, leg: Leg) -> str:
        """The feature code that a leg has dialled before it hung up, "" for none: it need not wait."""
        if not leg.number or leg.state is not LegState.GONE:
            return ""
        pressed = self._pressed.pop(leg.id, "") + leg.digits.unread
        leg.digits.forget()
        return pressed if self._keys.in_call(pressed) is not None else ""

    def _wait_s(self, leg: Leg, keys: str) -> float:
        """How long the next key of a code is waited for."""
        return NUMBER_S if self._keys.lacks_number(keys, leg.number) else KEYS_S

    async def _dialled(self, leg: Leg) -> str:
        """The next feature code that an extension dials in the call; nobody else is listened to.

        A code is complete when no key that follows could change it, with `END_OF_NUMBER`, or when no key has
        come for `KEYS_S`, or `NUMBER_S`. What ends the leg is seen elsewhere.
        """
        while leg.number:
            keys, key, complete = self._pressed.pop(leg.id, ""), "", False
            try:
                self._pressed[leg.id] = keys
                key = await (leg.digits.next_within(self._wait_s(leg, keys)) if keys else leg.digits.next())
            except TimeoutError:
                complete = True
            except LegGone:
                break
            del self._pressed[leg.id]
            if key == END_OF_NUMBER and self._keys.in_call(keys) is not None:
                complete = True
            else:
                keys += key
            if complete or not self._keys.may_become_in_call(keys):
                if keys and self._keys.in_call(keys) is not None:
                    await leg.digits.released()
                    return keys
            else:
                self._pressed[leg.id] = keys
        never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        return await never
