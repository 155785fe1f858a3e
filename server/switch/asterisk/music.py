"""Music on hold to one leg.

Asterisk is silent, and says nothing, where music is asked for that it does not have. A sound ends the music
beneath it for good, although the channel is still taken for one that hears it: so music is stopped before
it is started, and started anew after each sound. Silence is not music to it, but another thing to be started
and stopped.

What a channel has been set to (`CHANNEL(musicclass)`) wins over what a request names, and over what the phone
that holds suggests; a class that is not there is passed over.
"""

from typing import TYPE_CHECKING

from server.switch.asterisk.ari import segment
from server.switch.asterisk.config import MUSIC
from server.switch.port import SILENCE, LegGone, SwitchError

if TYPE_CHECKING:
    from server.switch.asterisk.control import Control
    from server.switch.asterisk.legs import AsteriskLeg


class Music:
    """Starts and stops music."""

    def __init__(self, control: "Control") -> None:
        self._control = control

    async def choose(self, leg: "AsteriskLeg", name: str) -> None:
        """See `Leg.choose_music`."""
        leg.check()
        if leg.own_music != name:
            await leg.quiet()
            await self._control.on_leg(leg, self._control.post_variable(leg.id, _CLASS, name))
            leg.own_music = name

    async def start(self, leg: "AsteriskLeg", name: str) -> None:
        """See `Leg.start_music`."""
        if name not in (*MUSIC, SILENCE):
            raise SwitchError(f"There is no music {name}.")
        leg.check()
        before, leg.music = leg.music, name
        if before != name and leg.occupation is None:
            try:
                await self._end(leg, before)
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
            await self._end(leg, before)
        except LegGone:
            return
        except SwitchError:
            leg.music = before
            raise

    async def begin(self, leg: "AsteriskLeg") -> None:
        """Have the leg hear its music from now on, if there is any."""
        if leg.music:
            kind = _kind(leg.music)
            which = {} if kind == SILENCE else {"mohClass": leg.music}
            await self._control.connected.delete(_path(leg, kind))
            await self._control.on_leg(leg, self._control.connected.post(_path(leg, kind), **which))

    async def _end(self, leg: "AsteriskLeg", name: str | None) -> None:
        """End this music, or all there may be if that is not known."""
        for kind in _KINDS if name is None else [_kind(name)] if name else []:
            await self._control.on_leg(leg, self._control.connected.delete(_path(leg, kind)))


_CLASS = "CHANNEL(musicclass)"

_KINDS = ("moh", SILENCE)


def _kind(name: str) -> str:
    return SILENCE if name == SILENCE else "moh"


def _path(leg: "AsteriskLeg", kind: str) -> str:
    return f"channels/{segment(leg.id)}/{kind}"
