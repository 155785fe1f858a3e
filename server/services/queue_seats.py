"""What is to be done for one caller of a queue, handed on from the state machine to the flow of its call."""

import asyncio

from server.rules.queues.effects import Announce, Connect, FailOver, Ring, StopRinging

CallerEffect = Ring | StopRinging | Connect | FailOver | Announce
"""What is to be done for a caller."""


class Seat:
    """A caller in a queue: what is to be done for it, in order."""

    def __init__(self) -> None:
        self._effects: asyncio.Queue[CallerEffect] = asyncio.Queue()

    async def next(self) -> CallerEffect:
        """What is to be done next."""
        return await self._effects.get()

    def put(self, effect: CallerEffect) -> None:
        """This is to be done, too."""
        self._effects.put_nowait(effect)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits to be done."""
        return self._effects.empty()
