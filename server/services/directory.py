"""The extensions in memory: what a call may look up without waiting for the database."""

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from server.contract.extensions import Extension
from server.services.extensions import ExtensionChanged

_log = logging.getLogger(__name__)

Observer = Callable[[str, Extension | None], None]


class ExtensionSource(Protocol):
    """What the directory needs of `services.extensions.Extensions`."""

    def list(self) -> Awaitable[list[Extension]]:
        """All extensions, also the disabled ones."""

    def observe(self, callback: Callable[[ExtensionChanged], None]) -> Callable[[], None]:
        """Call back after each committed change."""


class Directory:
    """A mirror of every enabled extension, always current after `start`.

    Disabled extensions are as absent here as removed ones (AUTH-7).
    """

    def __init__(self, *, extensions: ExtensionSource) -> None:
        self._source = extensions
        self._known: dict[str, Extension] = {}
        self._observers: list[Observer] = []
        self._stop_observing: Callable[[], None] | None = None

    async def start(self) -> None:
        """Load all extensions and follow their changes; changes during the load win over what it read."""
        changed: dict[str, ExtensionChanged] = {}
        stop_collecting = self._source.observe(lambda change: changed.__setitem__(change.number, change))
        try:
            loaded = await self._source.list()
        finally:
            stop_collecting()
        self._stop_observing = self._source.observe(self._on_change)
        self._known = {extension.number: extension for extension in loaded if extension.enabled}
        for change in changed.values():
            self._on_change(change)

    def stop(self) -> None:
        """Follow changes no longer."""
        if self._stop_observing is not None:
            self._stop_observing()
            self._stop_observing = None

    def get(self, number: str) -> Extension | None:
        """The enabled extension with this number, else None."""
        return self._known.get(number)

    def name(self, number: str) -> str:
        """Display name of an extension; "" if there is no such one."""
        extension = self._known.get(number)
        return extension.display_name if extension else ""

    def all(self) -> list[Extension]:
        """Every enabled extension, in no special order."""
        return list(self._known.values())

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer(number, extension)` after each change; None: removed or disabled.

        The returned function ends that.
        """
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def _on_change(self, change: ExtensionChanged) -> None:
        extension = change.extension if change.extension and change.extension.enabled else None
        if extension is None:
            self._known.pop(change.number, None)
        else:
            self._known[change.number] = extension
        for observer in tuple(self._observers):
            try:
                observer(change.number, extension)
            except Exception:  # noqa: BLE001 - one follower must not keep the change from the others
                _log.exception("Extension %s: a follower of the directory failed", change.number)
