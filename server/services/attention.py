"""Whose clients show what all the time: they are told of it before others are."""

from collections.abc import Collection, Iterable

from server.contract.events import Topic

Item = tuple[Topic, str]
"""A topic and the key of an item of it."""


class Attention:
    """Extensions by number, and the items that each of them watches."""

    def __init__(self) -> None:
        self._watched: dict[str, frozenset[Item]] = {}
        self._watchers: dict[Item, dict[str, None]] = {}

    def watch(self, number: str, items: Iterable[Item]) -> None:
        """These, and no others any more."""
        self.forget(number)
        if watched := frozenset(items):
            self._watched[number] = watched
            for item in watched:
                self._watchers.setdefault(item, {})[number] = None

    def forget(self, number: str) -> None:
        """This extension watches nothing."""
        for item in self._watched.pop(number, ()):
            watchers = self._watchers[item]
            del watchers[number]
            if not watchers:
                del self._watchers[item]

    def watchers(self, item: Item) -> Collection[str]:
        """The numbers of those who watch it."""
        return self._watchers.get(item, ())
