"""Music on hold to one leg.

Asterisk is silent, and says nothing, where music is asked for that it does not have. A sound ends the music
beneath it for good, although the channel is still taken for one that hears it: so music is stopped before
it is started, and started anew after each sound.
"""

from typing import TYPE_CHECKING

from server.switch.asterisk.ari import segment
from server.switch.asterisk.config import MUSIC
from server.switch.port import LegGone, SwitchError

if TYPE_CHECKING:
    from server.switch.asterisk.control import Control
    from server.switch.asterisk.legs import AsteriskLeg


class Music:
    """Starts and stops music."""

    def __init__(self, control: "Control") -> None:
        self._control = control

    async def start(self, leg: "AsteriskLeg", name: str) -> None:
        """See `Leg.start_music`."""
        if name not in MUSIC:
            raise SwitchError(f"There is no music {name}.")
        leg.check()
        before, leg.music = leg.music, name
        if before != name and leg.occupation is None:
            try:
                await self.begin(leg)
            except SwitchError:
                leg.music = before
                raise

    async def stop(self, leg: "AsteriskLeg") -> None:
        """See `Leg.stop_music`."""
        if leg.music == "" or leg.ended is not None:
            return
        before, leg.music = leg.music, ""
        try:
            await self._control.on_leg(leg, self._control.connected.delete(_path(leg)))
        except LegGone:
            return
        except SwitchError:
            leg.music = before
            raise

    async def begin(self, leg: "AsteriskLeg") -> None:
        """Have the leg hear its music from now on, if there is any."""
        if leg.music:
            await self._control.connected.delete(_path(leg))
            await self._control.on_leg(leg, self._control.connected.post(_path(leg), mohClass=leg.music))


def _path(leg: "AsteriskLeg") -> str:
    return f"channels/{segment(leg.id)}/moh"
