"""Music on hold into the switch: configuration and prompts are the truth, the switch a copy (ADMIN-2)."""

from server.contract.routing import SystemSettings
from server.services.configuration import Configuration, ConfigurationChanged
from server.services.copies import Copy
from server.services.prompts import Prompts
from server.switch.port import Switch


class Music:
    """Pushes the tracks whenever the switch comes up, and when the settings or what is heard change."""

    def __init__(self, *, switch: Switch, configuration: Configuration, prompts: Prompts) -> None:
        self._switch = switch
        self._configuration = configuration
        self._prompts = prompts
        self._copy = Copy(switch, self._push, name="music on hold")

    def start(self) -> None:
        """Follow all three. Call it after the prompts did start, and before the switch does."""
        self._copy.start(self._configuration.observe(self._on_change), self._prompts.observe(self._copy.wake))

    async def stop(self) -> None:
        """Follow nothing any longer."""
        await self._copy.stop()

    def _on_change(self, change: ConfigurationChanged) -> None:
        if change.model is SystemSettings:
            self._copy.wake()

    async def _push(self) -> None:
        """If that fails, the music of before goes on meanwhile."""
        names = self._configuration.snapshot.system.music
        await self._switch.set_music(
            [file for name in names if (file := self._prompts.file(name)) is not None]
        )
