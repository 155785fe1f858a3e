"""Codes that switch something over: dialled once, they do it once, whenever the server is killed (OPS-1).

What such a code is to lead to depends on what was before, so that doing it again would undo it. Therefore it
is noted on the caller's leg before anything is changed. An heir makes it so, whether or not it is so already.
"""

import logging
from collections.abc import Awaitable, Callable

from server.contract.decisions import DecisionKind
from server.flows.extension_call import ExtensionCall
from server.flows.places import Goal, Place
from server.flows.spoken import FAULT, NotDone
from server.rules.features import FeatureCall
from server.rules.outcomes import Ending
from server.switch.port import Leg, LegGone, SwitchError

_log = logging.getLogger(__name__)

Settle = Callable[[Goal], Awaitable[Goal]]
"""Given what a code would lead to as of now, what it does lead to: what is noted already, or that."""


def settler(call: ExtensionCall, wanted: FeatureCall) -> Settle:
    """Settles what this code, which the caller has dialled, is to lead to.

    Raises `NotDone` where that cannot be noted, as the engine is away: who finds the caller's leg later would
    do it again.
    """

    async def settle(now: Goal) -> Goal:
        if (noted := _noted(call.caller, call.live.call.id)) is not None:
            return noted
        place = Place(
            kind=DecisionKind.FEATURE,
            feature=wanted.feature,
            number=wanted.number,
            call=call.live.call.id,
            goal=now,
        )
        try:
            await call.caller.remember(place.memo())
        except LegGone:
            pass  # it is done also for who does not wait
        except SwitchError as error:
            _log.warning("%s dialled %s, which is not done: %s", call.caller.number, wanted.feature, error)
            raise NotDone(FAULT, Ending.FAILED) from error
        return now

    return settle


def code_noted(leg: Leg) -> FeatureCall | None:
    """The code whose goal is noted on this leg; None if there is no such note."""
    place = Place.read(leg.memo)
    if place is None or place.goal is None or place.feature is None:
        return None
    return FeatureCall(place.feature, place.number)


def _noted(leg: Leg, call_id: str) -> Goal | None:
    place = Place.read(leg.memo, call_id)
    return place.goal if place is not None else None


def takes(leg: Leg) -> bool:
    """Whether it is noted on this leg that it is to get a call that is held."""
    place = Place.read(leg.memo)
    return place is not None and place.goal is Goal.TAKE
