"""Noting on a caller's leg where its call is: see `server.flows.places`."""

import logging

from server.flows.places import Place
from server.switch.port import Leg, SwitchError

_log = logging.getLogger(__name__)


async def note(leg: Leg, place: Place | None) -> None:
    """Note this place on the leg; None: the call need not be found again.

    Never raises: that it cannot be noted now costs the call only after a kill, and whoever conducts the call
    sees that the leg has ended.
    """
    memo = place.memo() if place is not None else ""
    if memo == leg.memo:
        return
    try:
        await leg.remember(memo)
    except SwitchError as error:
        _log.info("Where the call of %s is was not noted: %s", leg.id, error)
