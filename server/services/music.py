"""Music on hold into the switch: configuration and prompts are the truth (ADMIN-2, Q-5)."""

from collections.abc import Iterable
from pathlib import Path

from server.contract.queues import Queue
from server.contract.routing import SystemSettings
from server.services.configuration import Configuration, ConfigurationChanged
from server.services.copies import Copy
from server.services.prompts import Prompts
from server.switch.port import DEFAULT_MUSIC, Switch


def music_of(queue: Queue) -> str:
    """The name by which the switch knows what callers of this queue hear as music on hold (Q-5)."""
    return f"queue-{queue.number}" if queue.music else DEFAULT_MUSIC


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
        if change.model in (SystemSettings, Queue):
            self._copy.wake()

    async def _push(self) -> None:
        """If that fails, the music of before goes on meanwhile."""
        snapshot = self._configuration.snapshot
        wanted = {DEFAULT_MUSIC: (snapshot.system.music, snapshot.system.language)}
        for queue in snapshot.all(Queue).values():
            if queue.music:
                wanted[music_of(queue)] = (queue.music, queue.language or snapshot.system.language)
        await self._switch.set_music(
            {music: self._files(names, language) for music, (names, language) in wanted.items()}
        )

    def _files(self, names: Iterable[str], language: str) -> list[Path]:
        found = (self._prompts.file(name, language) for name in names)
        return [file for file in found if file is not None]
