"""What a caller in a queue hears (Q-5)."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from server.switch.port import Leg, LegGone, Sound, SwitchError

Spoken = Callable[[str, str], Sound | None]
"""The sound of a prompt (by its name) in a language, None if nothing was uploaded."""

SHORT_S = 0.2
"""A prompt that is over sooner is not repeated at once."""

_log = logging.getLogger(__name__)


def position_sounds(position: int | None, minutes: int | None, *, thank_you: bool) -> tuple[Sound, ...]:
    """What is said of the waiting: prompts of Asterisk's sound package."""
    said: list[Sound] = []
    if position == 1:
        said.append(Sound.prompt("queue-youarenext"))
    elif position is not None:
        said += [
            Sound.prompt("queue-thereare"), Sound.number(position), Sound.prompt("queue-callswaiting")
        ]  # fmt: skip
    if minutes is not None:
        said += [Sound.prompt("queue-holdtime"), Sound.number(minutes)]
        said.append(Sound.prompt("queue-minutes" if minutes > 1 else "queue-minute"))
    if thank_you:
        said.append(Sound.prompt("queue-thankyou"))
    return tuple(said)


def agent_sounds(extension: str) -> tuple[Sound, ...]:
    """Who the agent is."""
    return Sound.prompt("vm-extension"), Sound.digits(extension)


class Entertainment:
    """Music, or a prompt in a loop, and what is said in between. A leg that is gone is fine."""

    def __init__(self, leg: Leg) -> None:
        self._leg = leg
        self._loop: asyncio.Future[None] | None = None

    async def choose(self, music: str) -> None:
        """This is the caller's music on hold from now on, also when somebody holds who talks with it."""
        try:
            await self._leg.choose_music(music)
        except LegGone:
            pass
        except SwitchError as error:
            _log.warning("A caller in a queue does not hear its music: %s", error)

    async def begin(self, ringback: Sound | None) -> None:
        """From now on the caller hears this again and again; None: the music on hold."""
        await self._end_loop()
        if ringback is None:
            await self._music()
        else:
            self._loop = asyncio.ensure_future(self._repeat(ringback))

    async def say(self, *sounds: Sound) -> None:
        """The caller hears this, to its end, instead of what is repeated; music goes on by itself."""
        await self._end_loop()
        try:
            await self._leg.play(*sounds)
        except LegGone:
            pass
        except SwitchError as error:
            _log.warning("A caller in a queue does not hear %s: %s", sounds[0], error)

    async def end(self) -> None:
        """Silence."""
        await self._end_loop()
        with suppress(SwitchError):
            await self._leg.stop_music()

    async def _music(self) -> None:
        try:
            await self._leg.start_music()
        except LegGone:
            pass
        except SwitchError as error:
            _log.warning("A caller in a queue hears no music: %s", error)

    async def _repeat(self, sound: Sound) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                begun = loop.time()
                await self._leg.play(sound)
                if loop.time() - begun < SHORT_S:
                    await asyncio.sleep(1.0)
        except LegGone:
            pass
        except SwitchError as error:
            _log.warning("A caller in a queue does not hear %s: %s", sound, error)
            await self._music()

    async def _end_loop(self) -> None:
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
            self._loop = None
