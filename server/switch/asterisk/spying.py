"""Listening to a leg: a snoop channel on it, in a bridge with the listener."""

import asyncio
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

from server.switch.asterisk.ari import AriError, segment
from server.switch.asterisk.bridges import AsteriskBridge
from server.switch.asterisk.config import APPLICATION
from server.switch.port import Reason, Spying, SwitchError, Whisper

if TYPE_CHECKING:
    from server.switch.asterisk.control import Control
    from server.switch.asterisk.legs import AsteriskLeg

WHISPER = {Whisper.NOBODY: "none", Whisper.LEG: "out", Whisper.ALL: "both"}
"""Direction in which the listener's voice is put into the channel: to its phone, and from it."""
TRIES = 20
RETRY_S = 0.05
"""A snoop channel is at our disposal some milliseconds after it was made; till then it is 409, or 422."""


PREFIX = "spy-"
"""Of the ids of snoop channels."""


class AsteriskSpying(Spying):
    """See `Spying`. The snoop channel and the bridge have the same id."""

    def __init__(self, control: "Control", spying_id: str) -> None:
        control.spyings.add(spying_id)
        self._control = control
        self._id = spying_id
        self._stopped = False

    async def stop(self) -> None:
        """See `Spying.stop`."""
        if not self._stopped:
            self._stopped = True
            self._control.spyings.discard(self._id)
            await self._control.hangup(self._id, Reason.NORMAL)
            await self._control.close_bridge(self._id)


async def spy(
    control: "Control", leg: "AsteriskLeg", listener: "AsteriskLeg", whisper: Whisper
) -> AsteriskSpying:
    """See `Leg.spy`."""
    leg.check()
    listener.check()
    spying_id = f"{PREFIX}{secrets.token_hex(8)}"
    spying = AsteriskSpying(control, spying_id)
    beginning = control.later(_begin(control, spying_id, leg, listener, whisper))
    try:
        await asyncio.shield(beginning)
    except asyncio.CancelledError:
        control.later(_undo(control, spying_id, beginning))
        raise
    return spying


async def end_inherited(control: "Control", channels: Iterable[str]) -> None:
    """End what an earlier server has begun; `channels`: the ids of those of the engine."""
    left = [one for one in channels if one.startswith(PREFIX) and one not in control.spyings]
    for spying_id in left:
        await AsteriskSpying(control, spying_id).stop()


async def _begin(
    control: "Control", spying_id: str, leg: "AsteriskLeg", listener: "AsteriskLeg", whisper: Whisper
) -> None:
    try:
        await control.on_leg(
            leg,
            control.connected.post(
                f"channels/{segment(leg.id)}/snoop",
                app=APPLICATION,
                snoopId=spying_id,
                spy="both",
                whisper=WHISPER[whisper],
            ),
        )
        await control.make_bridge(spying_id)
        await _add_snoop(control, spying_id)
        await control.add_to_bridge(AsteriskBridge(control, spying_id), [listener])
    except SwitchError:
        await AsteriskSpying(control, spying_id).stop()
        raise


async def _add_snoop(control: "Control", spying_id: str) -> None:
    for left in reversed(range(TRIES)):
        try:
            await control.connected.post(f"bridges/{spying_id}/addChannel", channel=spying_id)
        except AriError as error:
            if error.status not in (409, 422) or not left:
                raise
        else:
            return
        await asyncio.sleep(RETRY_S)


async def _undo(control: "Control", spying_id: str, beginning: "asyncio.Task[None]") -> None:
    await asyncio.wait([beginning])
    await AsteriskSpying(control, spying_id).stop()
