"""What the switch is told of: the owner has the truth, the switch a copy."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from server.services.tasks import Background
from server.switch.port import Event, Switch, SwitchError, Up

RETRY_S = 1.0
"""Seconds before what failed is tried again; it doubles up to `RETRY_MAX_S`."""

RETRY_MAX_S = 30.0

_log = logging.getLogger(__name__)


class Copy:
    """Pushes to the switch whenever that comes up, and whenever it is woken; one push at a time.

    Args:
        push: pushes what is to be pushed, as it is at that moment. Raising one of `errors` it is called
            again, after a pause, or as soon as the switch comes up anew.
        name: of the copy, for the log, such as "trunks".
        on_up: called when the switch comes up: it may be another engine, which knows nothing.
    """

    def __init__(
        self,
        switch: Switch,
        push: Callable[[], Awaitable[None]],
        *,
        name: str,
        on_up: Callable[[], None] = lambda: None,
        errors: tuple[type[Exception], ...] = (SwitchError,),
    ) -> None:
        self._switch = switch
        self._push = push
        self._name = name
        self._on_up = on_up
        self._errors = errors
        self._wake = asyncio.Event()
        self._up = asyncio.Event()
        self._background = Background(name)
        self._stops: list[Callable[[], None]] = []

    def start(self, *stops: Callable[[], None]) -> None:
        """Follow the switch; call it before that starts. `stops` end what wakes this."""
        self._stops = [self._switch.listen(self._on_switch), *stops]
        self.wake()
        self._background.spawn(self._work())

    async def stop(self) -> None:
        """Follow nothing any longer; a push that is under way is given up. What the switch has stays."""
        for stop in self._stops:
            stop()
        self._stops = []
        await self._background.cancel()

    def wake(self) -> None:
        """There is something to be pushed."""
        self._wake.set()

    def _on_switch(self, event: Event) -> None:
        if isinstance(event, Up):
            self._on_up()
            self._up.set()
            self.wake()

    async def _work(self) -> None:
        pause = RETRY_S
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not self._switch.status.up:
                continue  # `Up` brings everything
            try:
                await self._push()
                pause = RETRY_S
            except self._errors as error:
                _log.warning(
                    "The switch could not be told of %s: %s; again in %.0f s", self._name, error, pause
                )
                self.wake()
                await self._up_again(pause)
                pause = min(2 * pause, RETRY_MAX_S)

    async def _up_again(self, at_most_s: float) -> None:
        """Wait so long, or until the switch comes up anew."""
        self._up.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._up.wait()
