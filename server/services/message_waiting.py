"""How many messages wait, into the switch: desk phones show it (VM-4, RFC 3842)."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Protocol

from server.services.directory import Directory
from server.services.tasks import Background
from server.switch.port import Event, MessagesWaiting, Switch, SwitchError, Up

RETRY_S = 1.0
"""Seconds before what failed is tried again; it doubles up to `RETRY_MAX_S`."""

RETRY_MAX_S = 30.0

_log = logging.getLogger(__name__)


class MailboxCounts(Protocol):
    """What is needed of `services.voicemail.Voicemail`."""

    def waiting(self, box: str) -> tuple[int, int]:
        """How many messages wait in a mailbox, new ones and heard ones."""

    def observe(self, observer: Callable[[str], None]) -> Callable[[], None]:
        """Call `observer(box)` after each change of that."""


class MessageWaiting:
    """Tells the switch of every mailbox of an extension when it comes up, and of each change.

    A count is read from its owner at the moment of telling, one after the other: the last one told is true.
    """

    def __init__(self, *, switch: Switch, directory: Directory, voicemail: MailboxCounts) -> None:
        self._switch = switch
        self._directory = directory
        self._voicemail = voicemail
        self._boxes: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._up = asyncio.Event()
        self._background = Background("messages waiting")
        self._stops: list[Callable[[], None]] = []

    def start(self) -> None:
        """Follow the switch, the extensions and the mailboxes. Call it before the switch starts."""
        self._stops = [
            self._switch.listen(self._on_switch),
            self._directory.observe(lambda number, _: self._on_change(number)),
            self._voicemail.observe(self._on_change),
        ]
        self._tell_all()
        self._background.spawn(self._work())

    async def stop(self) -> None:
        """Follow nothing any longer."""
        for stop in self._stops:
            stop()
        self._stops = []
        await self._background.cancel()

    def _on_switch(self, event: Event) -> None:
        if isinstance(event, Up):
            self._up.set()
            self._tell_all()

    def _tell_all(self) -> None:
        self._boxes |= dict.fromkeys(extension.number for extension in self._directory.all())
        self._wake.set()

    def _on_change(self, box: str) -> None:
        self._boxes[box] = None
        self._wake.set()

    async def _work(self) -> None:
        pause = RETRY_S
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not self._switch.status.up:
                continue  # `Up` brings everything
            try:
                await self._tell()
                pause = RETRY_S
            except SwitchError as error:
                _log.warning("Phones were not told of messages: %s; again in %.0f s", error, pause)
                self._wake.set()
                await self._up_again(pause)
                pause = min(2 * pause, RETRY_MAX_S)

    async def _up_again(self, at_most_s: float) -> None:
        """Wait so long, or until the switch comes up anew."""
        self._up.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._up.wait()

    async def _tell(self) -> None:
        while self._boxes:
            box = next(iter(self._boxes))
            del self._boxes[box]
            if self._directory.get(box) is None:
                continue
            try:
                await self._switch.lamps.tell_messages(box, MessagesWaiting(*self._voicemail.waiting(box)))
            except BaseException:
                self._boxes[box] = None
                raise
