"""Lamps of the simulated engine, and the phones that watch them."""

from collections import defaultdict

from server.switch.port import Lamp, LampBoard, LampState, MessagesWaiting, SwitchError


class Subscription:
    """A phone's subscription to one lamp.

    Attributes:
        watcher: whose phone it is.
        told: every state that it was told, in order; the first at its beginning.
        ended: whether the lamp is none any more.
    """

    def __init__(self, state: LampState, watcher: str) -> None:
        self.watcher = watcher
        self.told = [state]
        self.ended = False


class Board:
    """What the engine shows.

    Attributes:
        lamps: what each lamp shows.
        watchers: extensions whose phones may subscribe.
        messages: how many messages wait, by mailbox.
        told: how often the engine was told something that was new to it.
    """

    def __init__(self) -> None:
        self.lamps: dict[Lamp, LampState] = {}
        self.watchers: frozenset[str] = frozenset()
        self._among: dict[Lamp, frozenset[str]] = {}
        self.messages: dict[str, MessagesWaiting] = {}
        self.told = 0
        self._subscriptions: defaultdict[Lamp, list[Subscription]] = defaultdict(list)

    def watch(self, watcher: str, value: str) -> Subscription | None:
        """A phone of this extension subscribes; None: it is refused (404)."""
        for lamp in (Lamp(value, watcher), Lamp(value)):
            if lamp in self.lamps and self._may_watch(watcher, lamp):
                subscription = Subscription(self.lamps[lamp], watcher)
                self._subscriptions[lamp].append(subscription)
                return subscription
        return None

    def _may_watch(self, watcher: str, lamp: Lamp) -> bool:
        return watcher in self.watchers and watcher in self._among.get(lamp, self.watchers)

    def declare(self, board: LampBoard) -> None:
        """See `LampPanel.declare`."""
        for lamp in [lamp for lamp in self.lamps if lamp not in board.lamps]:
            del self.lamps[lamp]
            for subscription in self._subscriptions.pop(lamp, ()):
                subscription.ended = True
        self.watchers = frozenset(board.watchers)
        self._among = {lamp: frozenset(lamp.among) for lamp in board.lamps if lamp.among is not None}
        for lamp, subscriptions in self._subscriptions.items():
            for subscription in [one for one in subscriptions if not self._may_watch(one.watcher, lamp)]:
                subscription.ended = True
                subscriptions.remove(subscription)
        for lamp, state in board.lamps.items():
            self.lamps.setdefault(lamp, LampState.TERMINATED)
            self.show(lamp, state)

    def show(self, lamp: Lamp, state: LampState) -> None:
        """See `LampPanel.show`."""
        if lamp not in self.lamps:
            raise SwitchError(f"There is no lamp {lamp.value}.")
        if self.lamps[lamp] is not state:
            self.lamps[lamp] = state
            self.told += 1
            for subscription in self._subscriptions[lamp]:
                subscription.told.append(state)

    def tell(self, box: str, waiting: MessagesWaiting) -> None:
        """See `LampPanel.tell_messages`."""
        if self.messages.get(box) != waiting:
            self.messages[box] = waiting
            self.told += 1

    def crash(self) -> None:
        """The process is gone: subscriptions and messages with it; what lamps show is in its database."""
        self.messages.clear()
        self._subscriptions.clear()
