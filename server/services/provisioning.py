"""Extensions into the switch: the database is the truth, the switch a copy."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from server.services.copies import Copy
from server.services.extensions import ExtensionChanged
from server.switch.port import Down, Event, SipEndpoint, Switch, SwitchError

APPLIED_S = 2.0
"""Seconds that `Provisioning.applied` waits at most."""


class EndpointSource(Protocol):
    """What provisioning needs of `services.extensions.Extensions`."""

    def sip_endpoints(self) -> Awaitable[Sequence[SipEndpoint]]:
        """All enabled extensions as the switch must know them."""

    def sip_endpoint(self, number: str) -> Awaitable[SipEndpoint | None]:
        """One of them, None if it is removed or disabled."""

    def observe(self, callback: Callable[[ExtensionChanged], None]) -> Callable[[], None]:
        """Call back after each committed change."""


class Provisioning:
    """Pushes all endpoints whenever the switch comes up, and single ones as they change.

    What is to be pushed is a set of numbers, read from the database at the moment of pushing: two quick
    changes cannot arrive in the wrong order, and a failure is repeated with what is true then.
    """

    def __init__(self, *, switch: Switch, extensions: EndpointSource) -> None:
        self._switch = switch
        self._extensions = extensions
        self._dirty: set[str] = set()
        self._all = False
        self._pushing: frozenset[str] | None = frozenset()
        """Numbers whose push is under way, None for all."""
        self._progress = asyncio.Event()
        self._copy = Copy(
            switch,
            self._push,
            name="extensions",
            on_up=self._on_up,
            errors=(SwitchError, SQLAlchemyError, OSError),
        )

    def start(self) -> None:
        """Follow the switch and the extensions. Call it before the switch starts."""
        self._all = self._switch.status.up
        self._copy.start(
            self._switch.listen(self._on_switch),
            self._extensions.observe(self._on_change),
        )

    async def applied(self, number: str, *, timeout_s: float = APPLIED_S) -> None:
        """Return once the switch has what the database says about this extension.

        Returns after `timeout_s` in any case, and at once while the switch is away: the change is committed,
        and the switch gets it as soon as it can.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._switch.status.up and self._is_pending(number):
                    self._progress.clear()
                    await self._progress.wait()

    def _is_pending(self, number: str) -> bool:
        return self._all or number in self._dirty or self._pushing is None or number in self._pushing

    async def stop(self) -> None:
        """Follow nothing any longer; a push that is under way is given up."""
        await self._copy.stop()

    def _on_up(self) -> None:
        self._all = True

    def _on_switch(self, event: Event) -> None:
        if isinstance(event, Down):
            self._progress.set()

    def _on_change(self, change: ExtensionChanged) -> None:
        self._dirty.add(change.number)
        self._copy.wake()

    async def _push(self) -> None:
        await self._push_all()
        await self._push_dirty()

    async def _push_all(self) -> None:
        while self._all:
            self._all = False
            try:
                with self._under_way(None):
                    endpoints = await self._extensions.sip_endpoints()
                    await self._switch.push(endpoints)
                    # An engine that outlived an earlier server may know who has been removed since (AUTH-7).
                    for number in await self._switch.known() - {endpoint.number for endpoint in endpoints}:
                        await self._switch.remove(number)
            except BaseException:
                self._all = True
                raise

    async def _push_dirty(self) -> None:
        while self._dirty and not self._all:
            number = self._dirty.pop()
            try:
                with self._under_way(frozenset({number})):
                    endpoint = await self._extensions.sip_endpoint(number)
                    if endpoint is not None:
                        await self._switch.push([endpoint])
                    else:
                        await self._switch.remove(number)
            except BaseException:
                self._dirty.add(number)
                raise

    @contextlib.contextmanager
    def _under_way(self, numbers: frozenset[str] | None) -> Iterator[None]:
        self._pushing = numbers
        try:
            yield
        finally:
            self._pushing = frozenset()
            self._progress.set()
