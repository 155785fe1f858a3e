"""What keeps a channel of Asterisk busy: one sound, or one recording.

Asterisk plays and records in the thread that also carries out requests for the channel. Until that ends,
an answer, a bridge or even a variable must wait, and so must every other request on the same WebSocket,
whatever channel it is for: seen with Asterisk 22. So no such request is sent for a leg that is occupied.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from server.switch.asterisk.ari import AriError
from server.switch.port import SwitchUnavailable

Json = dict[str, Any]

STOP_S = 5.0
"""How long a stopped sound may take to end before it is taken as ended."""
ENDED: Json = {"state": "done"}
"""What is told of an end that the engine does not tell of: there was nothing to be stopped any more."""


class Occupation:
    """A sound or a recording, from its request to the news of its end.

    Attributes:
        name: id of the playback, or name of the recording.
        over: what the engine told at the end; None if it never will, as the leg, the engine or the connection
            is gone, or it did not begin at all.
    """

    def __init__(
        self, name: str, stop: Callable[[], Awaitable[object]], vacate: Callable[["Occupation"], None]
    ) -> None:
        """`stop` asks the engine to end it; `vacate` is called once when it is over."""
        self.name = name
        self.over: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        self._stop = stop
        self._vacate = vacate
        self._requested = asyncio.Event()

    def requested(self) -> None:
        """The engine has taken the request."""
        self._requested.set()

    def end(self, told: Json | None) -> None:
        """It is over. Idempotent."""
        if not self.over.done():
            self.over.set_result(told)
            self._requested.set()
            self._vacate(self)

    async def stop(self) -> None:
        """Stop it, and return when it is over. Never raises."""
        await self._requested.wait()
        if self.over.done():
            return
        try:
            await self._stop()
        except SwitchUnavailable:
            self.end(None)
        except AriError:
            self.end(ENDED)
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await asyncio.shield(self.over)
        self.end(ENDED)
