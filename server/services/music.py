"""Music on hold into the switch: configuration and prompts are the truth, the switch a copy (ADMIN-2)."""

import asyncio
import logging
from collections.abc import Callable

from server.contract.routing import SystemSettings
from server.services.configuration import Configuration, ConfigurationChanged
from server.services.prompts import Prompts
from server.services.tasks import Background
from server.switch.port import Event, Switch, SwitchError, Up

RETRY_S = 30.0
"""Seconds before a failed push is tried again: the music of before goes on meanwhile."""

_log = logging.getLogger(__name__)


class Music:
    """Pushes the tracks whenever the switch comes up, and when the settings or what is heard change."""

    def __init__(self, *, switch: Switch, configuration: Configuration, prompts: Prompts) -> None:
        self._switch = switch
        self._configuration = configuration
        self._prompts = prompts
        self._wake = asyncio.Event()
        self._background = Background("music on hold")
        self._stops: list[Callable[[], None]] = []

    def start(self) -> None:
        """Follow all three. Call it after the prompts did start, and before the switch does."""
        self._stops = [
            self._switch.listen(self._on_switch),
            self._configuration.observe(self._on_change),
            self._prompts.observe(self._wake.set),
        ]
        self._wake.set()
        self._background.spawn(self._work())

    async def stop(self) -> None:
        """Follow nothing any longer."""
        for stop in self._stops:
            stop()
        self._stops = []
        await self._background.cancel()

    def _on_switch(self, event: Event) -> None:
        if isinstance(event, Up):
            self._wake.set()

    def _on_change(self, change: ConfigurationChanged) -> None:
        if change.model is SystemSettings:
            self._wake.set()

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not self._switch.status.up:
                continue  # `Up` brings everything
            names = self._configuration.snapshot.system.music
            tracks = [file for name in names if (file := self._prompts.file(name)) is not None]
            try:
                await self._switch.set_music(tracks)
            except SwitchError as error:
                _log.warning("%s Tried again in %.0f s.", error, RETRY_S)
                asyncio.get_running_loop().call_later(RETRY_S, self._wake.set)
