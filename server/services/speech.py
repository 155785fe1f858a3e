"""In which languages the switch speaks to whom: packages, settings and extensions are the truth (Q-5)."""

from server.contract.extensions import Extension
from server.contract.routing import SystemSettings
from server.services.configuration import Configuration, ConfigurationChanged
from server.services.copies import Copy
from server.services.directory import Directory
from server.services.languages import Languages
from server.switch.port import Speech, Switch


class SpokenLanguages:
    """Tells the switch at once, and brings it what it needs for that whenever it comes up."""

    def __init__(
        self, *, switch: Switch, configuration: Configuration, languages: Languages, directory: Directory
    ) -> None:
        self._switch = switch
        self._configuration = configuration
        self._languages = languages
        self._directory = directory
        self._copy = Copy(switch, self._push, name="languages")

    def start(self) -> None:
        """Follow all of them. Call it after the languages did start, and before the switch does."""
        self._tell()
        self._copy.start(
            self._configuration.observe(self._on_configuration),
            self._languages.observe(self._on_languages),
            self._directory.observe(self._on_extension),
        )

    async def stop(self) -> None:
        """Follow nothing any longer."""
        await self._copy.stop()

    def _tell(self) -> None:
        self._switch.speech = Speech(
            voices=self._languages.voices,
            usual=self._configuration.snapshot.system.language,
            of_extensions={one.number: one.language for one in self._directory.all() if one.language},
        )

    async def _push(self) -> None:
        """Folders of what was replaced go when the engine has the new ones."""
        await self._switch.take_voices()
        await self._languages.sweep()

    def _on_languages(self) -> None:
        self._tell()
        self._copy.wake()

    def _on_configuration(self, change: ConfigurationChanged) -> None:
        if change.model is SystemSettings:
            self._tell()

    def _on_extension(self, number: str, extension: Extension | None) -> None:
        before = self._switch.speech.of_extensions.get(number)
        if before != (extension.language if extension is not None else None):
            self._tell()
