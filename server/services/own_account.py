"""The topic `me`: everybody's own account, live."""

from collections.abc import Callable, Mapping
from typing import Any

from server.contract.events import Topic
from server.contract.extensions import Role
from server.contract.features import FeatureCodes
from server.contract.recording import RecordingRight
from server.contract.routing import EmergencyNumber
from server.services.accounts import Who
from server.services.auth import Auth
from server.services.configuration import Configuration, ConfigurationChanged
from server.services.extensions import ExtensionChanged, Extensions
from server.services.hub import Hub

KEY = "me"


class OwnAccount:
    """Publishes changes of an extension, feature codes, emergency numbers and rights to who is logged in."""

    def __init__(self, *, hub: Hub, auth: Auth, extensions: Extensions, configuration: Configuration) -> None:
        self._hub = hub
        self._auth = auth
        self._extensions = extensions
        self._configuration = configuration
        self._stops: list[Callable[[], None]] = []
        hub.topic(Topic.ME, self._snapshot)

    def start(self) -> None:
        """Follow the extensions and the configuration."""
        self._stops = [
            self._extensions.observe(self._on_extension),
            self._configuration.observe(self._on_configuration),
        ]

    def stop(self) -> None:
        """Follow them no longer."""
        for stop in self._stops:
            stop()
        self._stops = []

    async def _snapshot(self, who: Who) -> Mapping[str, Any]:
        return {KEY: await self._auth.me(who)}

    def _on_extension(self, change: ExtensionChanged) -> None:
        extension = change.extension
        if extension is None:
            return  # the session ends, and says so
        me = self._auth.account_of(extension.number, Role.USER, extension)
        self._hub.publish(Topic.ME, KEY, me, to=extension.number)

    def _on_configuration(self, change: ConfigurationChanged) -> None:
        if change.model in (FeatureCodes, RecordingRight, EmergencyNumber):
            self._hub.renew(Topic.ME)
        if change.model is RecordingRight:
            # What may be done with calls, and which recordings are seen, depends on it too.
            self._hub.renew(Topic.CALLS)
            self._hub.renew(Topic.RECORDINGS)
