"""Menus as calls come to them: prompts are heard, keys choose where the call goes on (ADMIN-2)."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.contract.destinations import Destination, DestinationKind
from server.contract.ivr import Ivr
from server.flows.resources import Resources
from server.flows.stops import Following, Machine, Onward
from server.switch.digits import ask_digits, read_digits
from server.switch.port import Leg, LegGone, Sound, SwitchError

if TYPE_CHECKING:
    from server.flows.extension_call import ExtensionCall

LONGEST_NUMBER = 8
"""Digits of the longest extension."""

NOT_HEARD = Sound.prompt("beeperr")
"""Heard in place of a prompt that cannot be."""

Spoken = Callable[[str, str], Sound | None]
"""The sound of a prompt (by its name) in a language, None if nothing was uploaded."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Exits:
    """What a menu needs of the planner.

    Attributes:
        chosen: where a destination that the caller has chosen leads, whatever the call has passed so far.
        given_up: where the menu itself sends the call, which must not go round in a circle for ever.
        is_extension: whether a number may be dialled from a menu.
    """

    chosen: Callable[[Destination], Following]
    given_up: Callable[[Destination], Following]
    is_extension: Callable[[str], bool]


def menu(ivr: Ivr, spoken: Spoken, exits: Exits) -> Machine:
    """The machine of a menu, as it is configured now."""

    async def serve(call: "ExtensionCall", _resources: Resources) -> Onward | None:
        return Onward(await _Menu(ivr, spoken, exits, call.caller).conduct())

    return Machine((), serve)


def announcement(name: str, spoken: Spoken, language: str) -> Machine:
    """The machine that lets a prompt be heard in this language ("": the caller's own), and ends the call."""

    async def serve(call: "ExtensionCall", _resources: Resources) -> Onward | None:
        await _play(call.caller, spoken(name, language or call.caller.language) or NOT_HEARD)
        return None

    return Machine((), serve)


class _Menu:
    """One caller in a menu."""

    def __init__(self, ivr: Ivr, spoken: Spoken, exits: Exits, leg: Leg) -> None:
        self._ivr = ivr
        self._spoken = spoken
        self._exits = exits
        self._leg = leg

    async def conduct(self) -> Following:
        """Until something is chosen, or given up; `LegGone` if the caller hangs up."""
        ivr = self._ivr
        if ivr.language is not None:
            self._leg.speak(ivr.language)
        for _ in range(ivr.tries):
            dialled = await self._ask()
            if not dialled:
                return self._exits.given_up(ivr.no_choice)
            if (destination := self._meant(dialled)) is not None:
                return self._exits.chosen(destination)
            await _play(self._leg, self._sound(ivr.wrong_prompt) or NOT_HEARD)
        return self._exits.given_up(ivr.wrong_choice)

    async def _ask(self) -> str:
        """What the caller dials, in the menu's plays or in time after the last one; "" for nothing."""
        sound = self._sound(self._ivr.prompt) or NOT_HEARD
        for play in range(1, self._ivr.plays + 1):
            wait_s = self._ivr.response_timeout_s
            try:
                first = await ask_digits(self._leg, sound, most=1, first_s=wait_s, next_s=wait_s, ends="")
            except LegGone:
                raise
            except SwitchError as error:
                _log.warning("Menu %s: %s", self._ivr.number, error)
                first = await read_digits(self._leg, most=1, first_s=wait_s, next_s=wait_s, ends="")
            if first:
                return first + await self._rest(first)
            _log.debug("Menu %s: nothing chosen in play %d", self._ivr.number, play)
        return ""

    async def _rest(self, first: str) -> str:
        """The digits that follow, where the first one may begin the number of an extension."""
        if not self._ivr.dial_extensions or not first.isdigit():
            return ""
        wait_s = self._ivr.digit_timeout_s
        return await read_digits(self._leg, most=LONGEST_NUMBER - 1, first_s=wait_s, next_s=wait_s)

    def _meant(self, dialled: str) -> Destination | None:
        if self._ivr.dial_extensions and self._exits.is_extension(dialled):
            return Destination(kind=DestinationKind.EXTENSION, value=dialled)
        return self._ivr.leads_to(dialled)

    def _sound(self, prompt: str | None) -> Sound | None:
        return self._spoken(prompt, self._leg.language) if prompt is not None else None


async def _play(leg: Leg, sound: Sound) -> None:
    """Play it; one that cannot be played is logged, and the call goes on."""
    try:
        await leg.play(sound)
    except LegGone:
        raise
    except SwitchError as error:
        _log.warning("%s", error)
