"""Hold by the server: for an extension whose application asks for it, whatever its phone can do (SIP-4).

Whoever is held hears music, and neither hears the other: both are out of the call's bridge. That an
extension holds is noted on its leg (`Leg.mark_held`), where its live state, its call and a later server
process find it.
"""

from collections.abc import Callable
from contextlib import suppress

from server.flows.resources import Resources
from server.flows.talk import HoldOrder, Talk
from server.flows.tape import Tape
from server.services.errors import conflict
from server.switch.port import (
    DEFAULT_MUSIC,
    SILENCE,
    Event,
    Leg,
    LegChanged,
    LegGone,
    Switch,
    SwitchError,
    SwitchUnavailable,
    Up,
)


class Holding:
    """Who of two that talk is held; only the task that conducts the two uses it.

    A phone may put the call on hold as well. Its own hold is the engine's matter as long as the two are in
    the bridge; one that comes while they are apart does nothing there: they stay apart until it is over.
    """

    def __init__(self, switch: Switch, resources: Resources, talk: Talk, tape: Tape) -> None:
        self._switch = switch
        self._resources = resources
        self._talk = talk
        self._tape = tape
        self._apart = False
        self._phones_hold: list[bool] = []
        """Of each leg, as last looked at."""
        self._stop_listening: Callable[[], None] | None = None

    async def begin(self, *, resumed: bool) -> None:
        """The two talk; if that was `resumed` after a restart, whoever held is still to hold."""
        async with self._talk.busy:
            with suppress(LegGone):
                if not resumed:
                    await self._unmark(self._talk.legs)  # it may have held in another call
                elif any(leg.held_by_us for leg in self._talk.legs):
                    await self._arrange()

    async def carry_out(self) -> None:
        """Do what was ordered; or a phone has resumed, or the engine is back: look what they are to hear.

        Raises `SwitchError` if the engine, though it is there, can neither do it nor undo it.
        """
        async with self._talk.busy:
            nothing_ordered = not self._talk.orders
            while self._talk.orders:
                await self._do(self._talk.orders.popleft())
            if self._apart and (nothing_ordered or self._phones_changed):
                await self._look_again()

    async def lift(self) -> None:
        """Nobody holds any longer: one of the two goes elsewhere; who asked for it may be gone already."""
        async with self._talk.busy:
            self._refuse("The call is being transferred or parked.")
            if not self._apart:
                return
            await self._unmark(self._talk.legs)
            bridge = await self._resources.bridge()
            for leg in self._talk.legs:
                with suppress(LegGone):
                    if leg.id not in bridge.legs:
                        await bridge.add(leg)
            self._together()

    def close(self) -> None:
        """The two talk no longer."""
        self._together()
        self._refuse("The two talk no longer.")

    async def _do(self, order: HoldOrder) -> None:
        before = order.by.held_by_us
        try:
            if order.on != before:
                await order.by.mark_held(on=order.on)
                await self._arrange()
            order.succeeded()
        except LegGone:
            order.failed(conflict("The call has ended."))
        except SwitchError as error:
            self._part()  # perhaps they are: all of it may have been done
            await self._look_again(order.by, on=before)
            order.failed(error)
        finally:
            order.failed(conflict("The call has ended."))  # unless it is clear already

    async def _look_again(self, leg: Leg | None = None, *, on: bool = False) -> None:
        """Let the two hear what they are to hear, after putting back whether this leg holds."""
        try:
            with suppress(LegGone):
                if leg is not None:
                    await leg.mark_held(on=on)
                await self._arrange()
        except SwitchUnavailable:
            if self._switch.status.up:
                raise
            # When it is back we look again, and then it is as the legs say.

    async def _arrange(self) -> None:
        """Let the two hear what they are to hear."""
        legs, bridge = self._talk.legs, await self._resources.bridge()
        if any(leg.held_by_us or (self._apart and leg.held) for leg in legs):
            self._part()
            await self._tape.suspend()
            if inside := [leg for leg in legs if leg.id in bridge.legs]:
                await bridge.remove(*inside)
            for leg in legs:
                await leg.start_music(DEFAULT_MUSIC if self._talk.partner(leg).holds else SILENCE)
        elif self._apart:
            if outside := [leg for leg in legs if leg.id not in bridge.legs]:
                await bridge.add(*outside)
            self._together()
            await self._tape.go_on()

    async def _unmark(self, legs: tuple[Leg, ...]) -> None:
        for leg in legs:
            with suppress(LegGone):
                if leg.held_by_us:
                    await leg.mark_held(on=False)

    def _refuse(self, why: str) -> None:
        while self._talk.orders:
            self._talk.orders.popleft().failed(conflict(why))

    def _part(self) -> None:
        self._apart = True
        self._phones_hold = [leg.held for leg in self._talk.legs]
        if self._stop_listening is None:
            self._stop_listening = self._switch.listen(self._on_switch)

    def _together(self) -> None:
        self._apart = False
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None

    @property
    def _phones_changed(self) -> bool:
        return self._phones_hold != [leg.held for leg in self._talk.legs]

    def _on_switch(self, event: Event) -> None:
        if isinstance(event, Up) or (isinstance(event, LegChanged) and self._phones_changed):
            self._talk.nudge()
