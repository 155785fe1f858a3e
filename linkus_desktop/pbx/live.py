"""LiveState: a mirror of the server's topics (A.6).

Each `LiveTopic` holds the last state the server told, by key. What has not been told, or not since the
connection was lost, is unknown: `known` is False, and views say so instead of showing stale lamps (KEY-5).
The first change after a pause is signalled at once; what follows within a frame is gathered, so that a storm
of changes costs one repaint a frame.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar, cast

from pydantic import ValidationError
from PySide6.QtCore import QObject, QTimer, Signal

from server.contract.agents import AgentStatus, QueueLogEntry
from server.contract.auth import Me
from server.contract.base import Reply
from server.contract.calls import CallLogEntry
from server.contract.events import Delta, Snapshot, Topic
from server.contract.extensions import ExtensionState
from server.contract.keys import FunctionKeys
from server.contract.own_calls import OwnCall, OwnPhone
from server.contract.pairs import Pair
from server.contract.parking import ParkedCall
from server.contract.queue_board import QueueBoard
from server.contract.reaching import OwnForwarding
from server.contract.recording import Recording
from server.contract.voicemail import MailboxState

logger = logging.getLogger(__name__)

FRAME_MS = 16
"""After changes were signalled, those of this time are signalled together."""

Item = TypeVar("Item", bound=Reply)


class LiveTopic(QObject, Generic[Item]):
    """One topic: items by key.

    Attributes:
        topic: which one.
        known: the items are what the server says now.

    Signals:
        reset(): a snapshot came; `items` may have other keys than before, and `known` is True.
        changed(keys): the items of these keys (a frozenset of str) were added, changed or removed.
        became_unknown(): the connection was lost or a message was missed; the items are the last ones known.
    """

    reset = Signal()
    changed = Signal(object)
    became_unknown = Signal()

    def __init__(self, topic: Topic, model: type[Item], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.topic = topic
        self.known = False
        self._model = model
        self._items: dict[str, Item] = {}
        self._seq = -1
        self._dirty: set[str] = set()
        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.timeout.connect(self._on_frame)

    @property
    def items(self) -> Mapping[str, Item]:
        """The items by key, in the order in which the server told them; do not change it."""
        return self._items

    def get(self, key: str) -> Item | None:
        """The item of `key`, if there is one."""
        return self._items.get(key)

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items.values())

    def take_snapshot(self, items: Mapping[str, Any], seq: int = 0) -> None:
        """Replace everything. `items` holds the model's instances or their JSON."""
        parsed = ((key, self._parse(key, item)) for key, item in items.items())
        self._items = {key: item for key, item in parsed if item is not None}
        self._seq = seq
        self._dirty.clear()
        self._frame.stop()
        self.known = True
        self.reset.emit()

    def take_delta(self, key: str, item: Any | None, seq: int | None = None) -> bool:
        """Apply one change; `item` None removes. False: a message was missed, and everything is unknown now.

        A delta without a snapshot before it is ignored: the snapshot that follows has it.
        """
        if not self.known:
            return True
        expected = self._seq + 1
        if seq is not None and seq != expected:
            logger.info("%s: expected delta %d, got %d; asking again", self.topic, expected, seq)
            self.forget()
            return False
        self._seq = expected
        if item is None:
            self._items.pop(key, None)
        elif (parsed := self._parse(key, item)) is not None:
            self._items[key] = parsed
        self._dirty.add(key)
        if not self._frame.isActive():
            self._frame.start(0)  # as soon as all that came together is taken
        return True

    def forget(self) -> None:
        """What we have may be stale from now on."""
        if not self.known:
            return
        self.flush()
        self.known = False
        self.became_unknown.emit()

    def flush(self) -> None:
        """Signal the gathered changes now."""
        self._frame.stop()
        if self._dirty:
            keys = frozenset(self._dirty)
            self._dirty.clear()
            self.changed.emit(keys)

    def _on_frame(self) -> None:
        if self._dirty:
            self.flush()
            self._frame.start(FRAME_MS)

    def _parse(self, key: str, item: Any) -> Item | None:
        if isinstance(item, self._model):
            return item
        try:
            return self._model.model_validate(item)
        except ValidationError as error:  # one item of a newer server must not hide all the others
            logger.warning("%s: item %r is not understood: %s", self.topic, key, error)
            return None


class LiveState(QObject):
    """All topics of one session.

    Attributes:
        extensions, call_log, me, parked, calls, recordings, phones, keys, pairs, voicemail, forwarding,
            agents, queues, queue_log: the topics.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.extensions: LiveTopic[ExtensionState] = LiveTopic(Topic.EXTENSIONS, ExtensionState, self)
        self.call_log: LiveTopic[CallLogEntry] = LiveTopic(Topic.CALL_LOG, CallLogEntry, self)
        self.me: LiveTopic[Me] = LiveTopic(Topic.ME, Me, self)
        self.parked: LiveTopic[ParkedCall] = LiveTopic(Topic.PARKED, ParkedCall, self)
        self.calls: LiveTopic[OwnCall] = LiveTopic(Topic.CALLS, OwnCall, self)
        self.recordings: LiveTopic[Recording] = LiveTopic(Topic.RECORDINGS, Recording, self)
        self.phones: LiveTopic[OwnPhone] = LiveTopic(Topic.PHONES, OwnPhone, self)
        self.keys: LiveTopic[FunctionKeys] = LiveTopic(Topic.KEYS, FunctionKeys, self)
        self.pairs: LiveTopic[Pair] = LiveTopic(Topic.PAIRS, Pair, self)
        self.voicemail: LiveTopic[MailboxState] = LiveTopic(Topic.VOICEMAIL, MailboxState, self)
        self.forwarding: LiveTopic[OwnForwarding] = LiveTopic(Topic.FORWARDING, OwnForwarding, self)
        self.agents: LiveTopic[AgentStatus] = LiveTopic(Topic.AGENTS, AgentStatus, self)
        self.queues: LiveTopic[QueueBoard] = LiveTopic(Topic.QUEUES, QueueBoard, self)
        self.queue_log: LiveTopic[QueueLogEntry] = LiveTopic(Topic.QUEUE_LOG, QueueLogEntry, self)
        self._topics: dict[Topic, LiveTopic[Any]] = {
            topic.topic: cast("LiveTopic[Any]", topic)
            for topic in (
                self.extensions,
                self.call_log,
                self.me,
                self.parked,
                self.calls,
                self.recordings,
                self.phones,
                self.keys,
                self.pairs,
                self.voicemail,
                self.forwarding,
                self.agents,
                self.queues,
                self.queue_log,
            )
        }

    @property
    def topics(self) -> list[Topic]:
        """What to subscribe to."""
        return list(self._topics)

    def take(self, message: Snapshot | Delta) -> Topic | None:
        """Apply a message of the server; returns the topic that must be subscribed to again, if any."""
        topic = self._topics.get(message.topic)
        if topic is None:
            return None
        if isinstance(message, Snapshot):
            topic.take_snapshot(message.items, message.seq)
            return None
        return None if topic.take_delta(message.key, message.item, message.seq) else message.topic

    def forget(self) -> None:
        """The connection is gone: all of it may be stale."""
        for topic in self._topics.values():
            topic.forget()
