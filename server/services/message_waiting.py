"""How many messages wait, into the switch: desk phones show it (VM-4, RFC 3842)."""

from collections.abc import Callable
from typing import Protocol

from server.services.copies import Copy
from server.services.directory import Directory
from server.switch.port import MessagesWaiting, Switch


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
        self._copy = Copy(switch, self._tell, name="messages that wait", on_up=self._tell_all)

    def start(self) -> None:
        """Follow the switch, the extensions and the mailboxes. Call it before the switch starts."""
        self._tell_all()
        self._copy.start(
            self._directory.observe(lambda number, _: self._on_change(number)),
            self._voicemail.observe(self._on_change),
        )

    async def stop(self) -> None:
        """Follow nothing any longer."""
        await self._copy.stop()

    def _tell_all(self) -> None:
        self._boxes |= dict.fromkeys(extension.number for extension in self._directory.all())

    def _on_change(self, box: str) -> None:
        self._boxes[box] = None
        self._copy.wake()

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
