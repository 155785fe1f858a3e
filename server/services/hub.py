"""Live events: from the owners of states to every client that asked for them.

A topic has a snapshot function and is published item by item. Each subscriber has its own view of a topic,
with its own contiguous sequence numbers. A delta is encoded once, but for that number, however many get it.
Whose connection can take it is written to directly, without waking a task of its own, and only so many in a
row (`AT_ONCE`) that nothing else waits for long; who watches the item all the time comes first.

While much is told to many (`BUSY`), each subscriber gets what has changed together, ten times a second: a
message of its own for each change would be 100,000 a second where 500 follow 200 changes. They take turns
(`TURNS`): all at once would keep everything else waiting, calls and the changes themselves.

A subscriber that reads slowly gets, for each key, only the newest item. One that has more than
`MAX_PENDING` keys waiting, or that takes nothing for `MAX_STALL_S` seconds, is cut: its client reconnects
and starts from a new snapshot.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from pydantic import BaseModel

from server.contract.events import CloseCode, Topic
from server.services.accounts import Who
from server.services.attention import Attention
from server.services.subscriber import Change, Subscriber

MAX_PENDING = 2000
"""Keys with an unsent change per subscriber; enough for a burst that touches every extension of an office."""

BUSY = 300
"""Changes offered to all subscribers together within `PACE_S`, from which on they are told in bundles."""

PACE_S = 0.1
"""Seconds between two bundles to a subscriber."""

TURNS = 20
"""Parts of `PACE_S` in each of which some of the subscribers get their bundles."""

TURN_S = PACE_S / TURNS

PAUSE_S = 1.5 * PACE_S
"""Who was sent nothing for so long is told of a change at once."""

AT_ONCE = 25
"""Subscribers that are told in a row, before other things to do have their turn: about a millisecond."""

MAX_STALL_S = 20.0
"""Seconds that one message may take to be handed to the network."""

MAX_PER_ACCOUNT = 16
"""Live connections of one account: several machines and a reconnect or two, not a flood."""

SnapshotSource = Callable[[Who], Awaitable[Mapping[str, Any]]]


class TooManySubscribers(Exception):
    """This account has `MAX_PER_ACCOUNT` live connections already."""


@dataclass(frozen=True, slots=True)
class _Topic:
    snapshot: SnapshotSource
    allowed: Callable[[Who], bool]
    known: Callable[[], bool]


class Hub:
    """Topics and their subscribers."""

    def __init__(self, *, max_pending: int = MAX_PENDING, max_stall_s: float = MAX_STALL_S) -> None:
        self.max_pending = max_pending
        self.max_stall_s = max_stall_s
        self._topics: dict[Topic, _Topic] = {}
        self._by_account: defaultdict[int, set[Subscriber]] = defaultdict(set)
        self._by_number: defaultdict[str | None, set[Subscriber]] = defaultdict(set)
        self._all: dict[Subscriber, None] = {}
        self._administrators: dict[Subscriber, None] = {}
        self._turns: list[dict[Subscriber, None]] = [{} for _ in range(TURNS)]
        self._turn = 0
        self._turns_left = 0
        """After which nobody takes turns any more."""
        self._next_turn: asyncio.TimerHandle | None = None
        self._attention = Attention()
        self._due_first: dict[Subscriber, None] = {}
        self._due: dict[Subscriber, None] = {}
        """Who is to be told now, in this order."""
        self._telling: asyncio.Handle | None = None
        self._turn_ended = self._counted_from = float("-inf")
        self._offered = self._most = 0

    @property
    def subscribers(self) -> int:
        """Number of live connections."""
        return len(self._all)

    @property
    def takes_turns(self) -> bool:
        """Whether so much is told to so many that each gets it in bundles, in its turn."""
        return self._next_turn is not None

    def topic(
        self,
        topic: Topic,
        snapshot: SnapshotSource,
        *,
        allowed: Callable[[Who], bool] = lambda _: True,
        known: Callable[[], bool] = lambda: True,
    ) -> None:
        """Declare a topic. `snapshot` gives the items (models, or what JSON takes) that `who` may see.

        While its owner does not know yet what there is (`known`), nobody gets a snapshot: that would say that
        there is nothing. `renew` it then.
        """
        self._topics[topic] = _Topic(snapshot, allowed, known)

    def may_see(self, who: Who, topic: Topic) -> bool:
        """Whether the topic exists and `who` may subscribe to it."""
        declared = self._topics.get(topic)
        return declared is not None and declared.allowed(who)

    def knows(self, topic: Topic) -> bool:
        """Whether the owner of a topic that exists knows what there is."""
        return self._topics[topic].known()

    async def snapshot(self, who: Who, topic: Topic) -> Mapping[str, Any]:
        """The items of a topic as `who` sees them now."""
        return await self._topics[topic].snapshot(who)

    def watch(self, number: str, topic: Topic, keys: Iterable[str]) -> None:
        """Tell the clients of this extension of these items, and no others, before other clients are told.

        That ends with the last of its connections.
        """
        if number in self._by_number:
            self._attention.watch(number, ((topic, key) for key in keys))

    def publish(self, topic: Topic, key: str, item: BaseModel | None, *, to: str | int | None = None) -> None:
        """Tell that an item is now this, or is gone (None).

        `to` narrows it to one extension (its number, `str`) or one account (its id, `int`).
        """
        receivers: Collection[Subscriber]
        if to is None:
            receivers = self._all
        elif isinstance(to, str):
            receivers = self._by_number.get(to, ())
        else:
            receivers = self._by_account.get(to, ())
        self._offer(topic, key, item, receivers)

    def publish_to(
        self,
        topic: Topic,
        key: str,
        item: BaseModel | None,
        numbers: Iterable[str],
        *,
        unless: str | None = None,
    ) -> None:
        """Tell these extensions, by number, and administrators, each once; but not the extension `unless`."""
        receivers = dict.fromkeys(self._administrators)
        for number in numbers:
            receivers |= dict.fromkeys(self._by_number.get(number, ()))
        if unless is not None:
            for subscriber in self._by_number.get(unless, ()):
                receivers.pop(subscriber, None)
        self._offer(topic, key, item, receivers)

    def _offer(
        self, topic: Topic, key: str, item: BaseModel | None, receivers: Collection[Subscriber]
    ) -> None:
        if not receivers:
            return
        self._count(len(receivers))
        text = "null" if item is None else item.model_dump_json()
        change = Change(
            f'{{"type":"delta","topic":"{topic}","seq":', f',"key":{json.dumps(key)},"item":{text}}}'
        )
        paused_since = asyncio.get_running_loop().time() - PAUSE_S if self.takes_turns else float("inf")
        due = {
            subscriber: None
            for subscriber in receivers
            if subscriber.offer(topic, key, change, paused_since=paused_since)
        }
        for number in self._attention.watchers((topic, key)):
            for subscriber in self._by_number.get(number, ()):
                if subscriber in due:
                    self._due_first[subscriber] = None
        self._due |= due
        self._tell_soon()

    def _tell_soon(self) -> None:
        if self._due and self._telling is None:
            self._telling = asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        self._telling = None
        now = asyncio.get_running_loop().time()
        told = tuple(islice(chain(self._due_first, self._due), AT_ONCE))
        for subscriber in told:
            self._due_first.pop(subscriber, None)
            self._due.pop(subscriber, None)
        self._tell_soon()
        for subscriber in told:
            subscriber.tell(now)

    def _count(self, offers: int) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._counted_from + PACE_S:
            self._counted_from, self._offered, self._most = now, 0, 0
        self._offered += offers
        self._most = max(self._most, offers)
        # One change that all are told, and some that concern single ones, are no storm.
        if self._offered >= BUSY and self._offered - self._most >= BUSY / 2:
            self._turns_left = 2 * TURNS
            if self._next_turn is None:
                self._turn_ended = now
                self._call_next_turn()

    def _call_next_turn(self) -> None:
        self._next_turn = asyncio.get_running_loop().call_at(self._turn_ended + TURN_S, self._take_turns)

    def _take_turns(self) -> None:
        """It is somebody's turn; more than one has come where the loop was busy with something else."""
        due = int((asyncio.get_running_loop().time() - self._turn_ended) / TURN_S + 0.5)
        self._turn_ended += due * TURN_S
        self._turns_left -= due
        for _ in range(min(due, TURNS)):
            self._turn = (self._turn + 1) % TURNS
            self._due |= {subscriber: None for subscriber in self._turns[self._turn] if subscriber.waits}
        if self._turns_left > 0:
            self._call_next_turn()
        else:
            self._next_turn = None
            self._due |= {subscriber: None for subscriber in self._all if subscriber.waits}
        self._tell_soon()

    def renew(self, topic: Topic, *, to: Collection[str] | None = None) -> None:
        """Send who follows this topic a new snapshot: something in all of its items has changed.

        `to` narrows it to some extensions, by number, and administrators.
        """
        for subscriber in self._all:
            if to is not None and subscriber.who.number not in to and not subscriber.who.is_administrator:
                continue
            if subscriber.follows(topic):
                subscriber.subscribe([topic])

    def connect(self, who: Who) -> Subscriber:
        """A new live connection of `who`; give it back by `disconnect`.

        Raises:
            TooManySubscribers: the account has too many already.
        """
        if len(self._by_account.get(who.account_id, ())) >= MAX_PER_ACCOUNT:
            raise TooManySubscribers
        subscriber = Subscriber(self, who)
        self._all[subscriber] = None
        min(self._turns, key=len)[subscriber] = None
        self._by_account[who.account_id].add(subscriber)
        if who.number is not None:
            self._by_number[who.number].add(subscriber)
        if who.is_administrator:
            self._administrators[subscriber] = None
        return subscriber

    def disconnect(self, subscriber: Subscriber) -> None:
        """The connection has ended. Idempotent."""
        self._all.pop(subscriber, None)
        self._due_first.pop(subscriber, None)
        self._due.pop(subscriber, None)
        self._administrators.pop(subscriber, None)
        for turn in self._turns:
            turn.pop(subscriber, None)
        _discard(self._by_account, subscriber.who.account_id, subscriber)
        _discard(self._by_number, subscriber.who.number, subscriber)
        if subscriber.who.number is not None and subscriber.who.number not in self._by_number:
            self._attention.forget(subscriber.who.number)

    def end_session(self, session_id: str) -> None:
        """The session has ended or was revoked: its connections are closed (AUTH-7)."""
        for subscriber in self._all:
            if subscriber.who.session_id == session_id:
                subscriber.close(CloseCode.UNAUTHENTICATED, "The session has ended: log in again.")


def _discard(index: defaultdict[Any, set[Subscriber]], key: object, subscriber: Subscriber) -> None:
    members = index.get(key)
    if members is not None:
        members.discard(subscriber)
        if not members:
            del index[key]
