"""One live connection's view of the topics: what it was told, and what it is still to be told.

Each topic has its own contiguous sequence numbers here. What is pending is the newest item of each key, so a
subscriber that reads slowly is told less often, and never something older after something newer.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

from server.contract.events import CloseCode, Snapshot, Topic
from server.services.accounts import Who

if TYPE_CHECKING:
    from server.services.hub import Hub

MAX_BUNDLE = 200
"""Changes in one bundle."""

Send = Callable[[str], Awaitable[None]]


class Direct(Protocol):
    """A connection that can be written to without waiting."""

    def ready(self) -> bool:
        """Whether it is open, and the network has taken what was sent before."""

    def send_now(self, texts: Iterable[str]) -> None:
        """Hand messages to the network, all at once. Only while it is `ready`."""


class Closed(Exception):
    """The subscriber is to be disconnected with `code`."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Change(NamedTuple):
    """A delta without its sequence number: JSON before and behind it."""

    head: str
    tail: str


class Subscriber:
    """One live connection: what it subscribed to, and what it has not been sent yet.

    `run` sends until the connection is to end; `subscribe` and `unsubscribe` may be called meanwhile.
    """

    def __init__(self, hub: "Hub", who: Who) -> None:
        self.who = who
        self._hub = hub
        self._seq: dict[Topic, int] = {}
        self._wanted: OrderedDict[Topic, None] = OrderedDict()
        self._awaited: set[Topic] = set()
        """Subscribed to before their owners know what there is."""
        self._pending: dict[tuple[Topic, str], Change] = {}
        self._wake = asyncio.Event()
        self._direct: Direct | None = None
        self._at_rest = False
        """`run` waits, and sends nothing now."""
        self._has_turn = False
        self._sent_at = float("-inf")
        self._closed: Closed | None = None

    def subscribe(self, topics: list[Topic]) -> None:
        """Send a snapshot of each topic, once there is one, then its deltas.

        Topics that may not be seen get no answer.
        """
        for topic in topics:
            if not self._hub.may_see(self.who, topic):
                continue
            if self._hub.knows(topic):
                self._awaited.discard(topic)
                self._wanted[topic] = None
            else:
                self._awaited.add(topic)
        self._wake.set()

    def unsubscribe(self, topics: list[Topic]) -> None:
        """Send nothing more of these topics."""
        for topic in topics:
            self._awaited.discard(topic)
            self._wanted.pop(topic, None)
            self._seq.pop(topic, None)
            self._drop(topic)

    def follows(self, topic: Topic) -> bool:
        """Whether its changes are sent, or will be."""
        return topic in self._seq or topic in self._awaited

    def offer(self, topic: Topic, key: str, change: Change, *, paused_since: float) -> bool:
        """Queue a change, which replaces an older unsent one of the same key.

        Returns:
            Whether it is this subscriber's turn now, as nothing was sent to it since `paused_since`.
        """
        if topic not in self._seq or self._closed is not None:
            return False
        # It keeps its place, so that a key that flaps is not put off for ever.
        self._pending[topic, key] = change
        if len(self._pending) > self._hub.max_pending:
            self.close(CloseCode.TOO_SLOW, "Too many changes are waiting: reconnect.")
            return False
        if self._sent_at > paused_since:
            return False
        if self._direct is not None:
            return True
        self._has_turn = True
        self._wake.set()
        return False

    @property
    def waits(self) -> bool:
        """Whether something is pending."""
        return bool(self._pending)

    def tell(self, now: float) -> None:
        """It is this subscriber's turn to get what is pending; `now` is the loop's time."""
        if not self._pending or self._closed is not None:
            return
        if self._at_rest and not self._wanted and self._direct is not None and self._direct.ready():
            self._sent_at = now
            if self._hub.takes_turns:
                self._direct.send_now((self._deltas(MAX_BUNDLE),))
                return  # what is left has its next turn
            self._direct.send_now([self._deltas(1) for _ in range(min(len(self._pending), MAX_BUNDLE))])
            if not self._pending:
                return
        self._has_turn = True
        self._wake.set()

    def close(self, code: CloseCode, reason: str) -> None:
        """End `run` with `Closed`; what is pending is dropped."""
        if self._closed is None:
            self._closed = Closed(code, reason)
            self._pending.clear()
            self._wake.set()

    async def run(self, send: Send, direct: Direct | None = None) -> None:
        """Send messages as they come, for ever; those for which nobody must wait `direct`ly.

        Raises:
            Closed: the connection is to be closed with that code.
        """
        self._direct = direct
        while True:
            self._at_rest = True
            await self._wake.wait()
            self._at_rest = False
            self._wake.clear()
            while self._closed is None and (self._wanted or (self._pending and self._may_go)):
                await self._send_next(send)
            if self._closed is not None:
                raise self._closed

    @property
    def _may_go(self) -> bool:
        return self._has_turn or not self._hub.takes_turns

    async def _send_next(self, send: Send) -> None:
        if self._wanted:
            topic, _ = self._wanted.popitem(last=False)
            text = await self._snapshot(topic)
            if text is None:
                return
        elif self._pending:
            text = self._deltas(MAX_BUNDLE if self._hub.takes_turns else 1)
            self._has_turn = False
        else:
            return  # closed meanwhile
        self._sent_at = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self._hub.max_stall_s):
                await send(text)
        except TimeoutError:
            self.close(CloseCode.TOO_SLOW, "The connection takes no data: reconnect.")

    def _deltas(self, most: int) -> str:
        """Those that have waited longest, one a line."""
        taken = list(islice(self._pending, most))
        lines = []
        for name in taken:
            topic, change = name[0], self._pending.pop(name)
            seq = self._seq[topic] = self._seq[topic] + 1
            lines.append(f"{change.head}{seq}{change.tail}")
        return "\n".join(lines)

    async def _snapshot(self, topic: Topic) -> str | None:
        # From here on changes are queued: one made while the snapshot is read is sent after it.
        self._drop(topic)
        seq = self._seq[topic] = self._seq.get(topic, 0) + 1
        items = await self._hub.snapshot(self.who, topic)
        if topic not in self._seq:
            return None  # unsubscribed meanwhile
        return Snapshot(topic=topic, seq=seq, items=dict(items)).model_dump_json()

    def _drop(self, topic: Topic) -> None:
        for key in [key for key in self._pending if key[0] is topic]:
            del self._pending[key]
