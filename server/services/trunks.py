"""Trunks into the switch: the configuration is the truth, the switch a copy (ADMIN-2)."""

import logging

from server.contract.system import TrunkReport
from server.contract.trunks import Trunk
from server.services.configuration import Configuration, ConfigurationChanged
from server.services.copies import Copy
from server.services.trunk_silences import TrunkSilences
from server.services.vault import VaultError
from server.switch.port import SipTrunk, Switch, TrunkKind

CODECS = {"G722": "g722", "PCMA": "alaw", "PCMU": "ulaw"}
"""Codecs of the configuration, by their names in SDP, as the switch calls them."""

_log = logging.getLogger(__name__)


class Trunks:
    """Pushes all enabled trunks whenever the switch comes up and when one of them changes.

    Attributes:
        silences: which of them calls have found silent.
    """

    def __init__(self, *, switch: Switch, configuration: Configuration) -> None:
        self._switch = switch
        self._configuration = configuration
        self._copy = Copy(switch, self._push, name="trunks")
        self.silences = TrunkSilences(switch)

    def start(self) -> None:
        """Follow the switch and the configuration. Call it before the switch starts."""
        self._copy.start(self._configuration.observe(self._on_change))
        self.silences.start()

    async def stop(self) -> None:
        """Follow nothing any longer; a push that is under way is given up."""
        self.silences.stop()
        await self._copy.stop()

    def report(self) -> list[TrunkReport]:
        """The state of every trunk that is enabled, by name."""
        states = self._switch.trunks()
        return [
            TrunkReport(name=name, status=state.status.value, reason=state.reason)
            for name, state in sorted(states.items())
        ]

    def _on_change(self, change: ConfigurationChanged) -> None:
        if change.model is Trunk:
            self._copy.wake()

    async def _push(self) -> None:
        await self._switch.push_trunks(self._wanted())

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
