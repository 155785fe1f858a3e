"""Where function keys have their states from, and which keys a change is about (KEY-3)."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from server.contract.agents import AgentStatus
from server.contract.destinations import DestinationKind
from server.contract.extensions import CallState, ExtensionState
from server.contract.keys import ALL_QUEUES, FunctionKey, KeyType
from server.contract.own_calls import OwnCall
from server.contract.pairs import Pair
from server.contract.presence import Presence
from server.contract.reaching import ForwardingCondition

if TYPE_CHECKING:
    from linkus_desktop.calls.telephone import Call, Telephone
    from linkus_desktop.pbx.agents import OwnQueues
    from linkus_desktop.pbx.live import LiveState
    from linkus_desktop.pbx.recordings import OwnCalls

_ABOUT_PEOPLE = frozenset({KeyType.BLF, KeyType.INTERCOM, KeyType.PICKUP, KeyType.SPEED_DIAL})
_OF_TOPIC = {
    KeyType.BOSS_SECRETARY: "pairs",
    KeyType.PARK: "parked",
    KeyType.VOICEMAIL: "voicemail",
    KeyType.FORWARD: "forwarding",
    KeyType.RECORDING: "calls",
    KeyType.AGENT_LOGIN: "agents",
    KeyType.AGENT_PAUSE: "agents",
}

Watched = tuple[str, str]
"""Topic and key of an item; the key "" stands for the whole topic."""


class Sources(QObject):
    """The live topics, the own calls and the phone, as keys ask for them.

    Attributes:
        own: the own extension's number.
        extensions, pairs, parked, voicemail, forwarding: the topics.
        queues: the own place in queues.

    Signals:
        changed(frozenset of `Watched`): what may look different now; None: everything.
    """

    changed = Signal(object)

    def __init__(
        self,
        live: "LiveState",
        phone: "Telephone",
        own_calls: "OwnCalls",
        own: Callable[[], str],
        parent: QObject | None = None,
        *,
        queues: "OwnQueues",
    ) -> None:
        super().__init__(parent)
        self._own = own
        self._phone = phone
        self._own_calls = own_calls
        self.extensions, self.pairs = live.extensions, live.pairs
        self.parked, self.voicemail, self.forwarding = live.parked, live.voicemail, live.forwarding
        for topic in (self.extensions, self.pairs, self.parked, self.voicemail, self.forwarding):
            topic.reset.connect(self._on_all)
            topic.became_unknown.connect(self._on_all)
        self.extensions.changed.connect(self._on_extensions)
        self.pairs.changed.connect(self._on_pairs)
        self.parked.changed.connect(self._on_parked)
        self.voicemail.changed.connect(self._on_voicemail)
        self.forwarding.changed.connect(self._on_forwarding)
        self.queues = queues
        queues.changed.connect(self._on_queues)
        own_calls.changed.connect(self._on_calls)
        phone.call_added.connect(self._on_call)
        phone.call_removed.connect(self._on_calls)

    @property
    def own(self) -> str:
        """The own number; "" without an extension."""
        return self._own()

    def watched(self, key: FunctionKey) -> Iterable[Watched]:
        """What a key's face depends on."""
        if key.type in _ABOUT_PEOPLE:
            yield ("extensions", key.value)
        elif key.type is KeyType.PRESENCE:
            yield ("extensions", self.own)
        elif key.type in _OF_TOPIC:
            yield (_OF_TOPIC[key.type], "")

    def extension(self, number: str) -> ExtensionState | None:
        """The state of an extension; unknown while it may be stale (KEY-5); None if there is none such."""
        state = self.extensions.get(number)
        if state is None or self.extensions.known:
            return state
        return state.model_copy(update={"call": CallState.UNKNOWN, "registered": None, "phones": 0})

    def person(self, number: str) -> str:
        """The colleague's name; "" if nobody has this number."""
        state = self.extensions.get(number)
        return state.name if state is not None else ""

    def pair(self, value: str) -> Pair | None:
        """The own pair that this code stands for; None if there is none, or while it is not known (KEY-5)."""
        return self.last_pair(value) if self.pairs.known else None

    def last_pair(self, value: str) -> Pair | None:
        """The same, as it was when it was last known: good for its name only."""
        return next((pair for pair in self.pairs if pair.boss == self.own and pair.value == value), None)

    def own_presence(self) -> Presence | None:
        """The own status; None while it is not known."""
        state = self.extensions.get(self.own) if self.extensions.known else None
        return state.presence if state is not None else None

    def forwarded_to(self, condition: ForwardingCondition) -> str | None:
        """Where own calls go, as a number or a word; None: they are not forwarded."""
        found = self.forwarding.get(condition.value)
        if found is None:
            return None
        to = found.destination
        words = {DestinationKind.MOBILE: "your mobile", DestinationKind.HANG_UP: "hang up"}
        return words.get(to.kind) or to.value or to.kind.value.replace("_", " ")

    def queues_meant(self, value: str) -> list[AgentStatus]:
        """The own queues that an agent's key is about, as last known."""
        if value == ALL_QUEUES:
            return self.queues.queues
        found = self.queues.get(value)
        return [found] if found is not None else []

    def talking(self) -> "Call | None":
        """The call that is talked on now."""
        return next((call for call in self._phone.calls if call.talking and call.wants_line), None)

    def in_call(self) -> bool:
        """Whether a call is talked on now."""
        return self.talking() is not None

    def own_call(self) -> OwnCall | None:
        """That call, as the server has it; None while it is not known."""
        call = self.talking()
        return self._own_calls.find(call.sip_call_id, call.number) if call is not None else None

    def _on_all(self) -> None:
        self.changed.emit(None)

    def _on_extensions(self, keys: frozenset[str]) -> None:
        self.changed.emit(frozenset(("extensions", key) for key in keys))

    def _on_pairs(self, _: object) -> None:
        self.changed.emit(frozenset({("pairs", "")}))

    def _on_parked(self, _: object) -> None:
        self.changed.emit(frozenset({("parked", "")}))

    def _on_voicemail(self, _: object) -> None:
        self.changed.emit(frozenset({("voicemail", "")}))

    def _on_forwarding(self, _: object) -> None:
        self.changed.emit(frozenset({("forwarding", "")}))

    def _on_queues(self) -> None:
        self.changed.emit(frozenset({("agents", "")}))

    def _on_calls(self, *_: object) -> None:
        self.changed.emit(frozenset({("calls", "")}))

    def _on_call(self, call: "Call") -> None:
        call.changed.connect(self._on_calls)
        self._on_calls()
