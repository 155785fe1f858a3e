"""Trunks into the switch: the configuration is the truth, the switch a copy (ADMIN-2)."""

import asyncio
import logging
from collections.abc import Callable

from server.contract.system import TrunkReport
from server.contract.trunks import Trunk
from server.services.configuration import Configuration, ConfigurationChanged
from server.services.tasks import Background
from server.services.vault import VaultError
from server.switch.port import Event, SipTrunk, Switch, SwitchError, TrunkKind, Up

RETRY_S = 1.0
"""Seconds before a failed push is tried again; it doubles up to `RETRY_MAX_S`."""

RETRY_MAX_S = 30.0

CODECS = {"G722": "g722", "PCMA": "alaw", "PCMU": "ulaw"}
"""Codecs of the configuration, by their names in SDP, as the switch calls them."""

_log = logging.getLogger(__name__)


class Trunks:
    """Pushes all enabled trunks whenever the switch comes up and when one of them changes."""

    def __init__(self, *, switch: Switch, configuration: Configuration) -> None:
        self._switch = switch
        self._configuration = configuration
        self._wake = asyncio.Event()
        self._background = Background("trunks")
        self._stops: list[Callable[[], None]] = []

    def start(self) -> None:
        """Follow the switch and the configuration. Call it before the switch starts."""
        self._stops = [self._switch.listen(self._on_switch), self._configuration.observe(self._on_change)]
        self._wake.set()
        self._background.spawn(self._work())

    async def stop(self) -> None:
        """Follow nothing any longer; a push that is under way is given up."""
        for stop in self._stops:
            stop()
        self._stops = []
        await self._background.cancel()

    def report(self) -> list[TrunkReport]:
        """The state of every trunk that is enabled, by name."""
        states = self._switch.trunks()
        return [
            TrunkReport(name=name, status=state.status.value, reason=state.reason)
            for name, state in sorted(states.items())
        ]

    def _on_switch(self, event: Event) -> None:
        if isinstance(event, Up):
            self._wake.set()

    def _on_change(self, change: ConfigurationChanged) -> None:
        if change.model is Trunk:
            self._wake.set()

    async def _work(self) -> None:
        pause = RETRY_S
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not self._switch.status.up:
                continue  # `Up` brings everything
            try:
                await self._switch.push_trunks(self._wanted())
                pause = RETRY_S
            except SwitchError as error:
                _log.warning("Trunks could not be pushed to the switch: %s; again in %.0f s", error, pause)
                self._wake.set()
                await asyncio.sleep(pause)
                pause = min(2 * pause, RETRY_MAX_S)

    def _wanted(self) -> list[SipTrunk]:
        wanted = []
        for trunk in self._configuration.list(Trunk):
            try:
                if trunk.enabled:
                    wanted.append(self._sip_trunk(trunk))
            except (ValueError, VaultError) as problem:  # the others are not to suffer for it
                _log.error("Trunk %s is left out: %s", trunk.name, problem)
        return wanted

    def _sip_trunk(self, trunk: Trunk) -> SipTrunk:
        return SipTrunk(
            name=trunk.name,
            kind=TrunkKind(trunk.kind.value),
            host=trunk.host,
            port=trunk.port,
            transport=trunk.transport,
            username=trunk.username,
            secret=self._configuration.secret(Trunk, trunk.name) or "",
            codecs=tuple(CODECS[codec] for codec in trunk.codecs),
        )
