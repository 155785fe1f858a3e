"""Lamps into the switch: their owners have the truth, the switch shows it to desk phones (KEY-3, KEY-4)."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol

from server.services.copies import Copy
from server.switch.port import Lamp, LampBoard, LampState, Switch

AT_ONCE = 16
"""Lamps that are changed at the same time at most."""

Changed = Callable[[Lamp | None], None]


class LampSource(Protocol):
    """The lamps of one kind, as the owner of their states has them. Nothing here is awaited."""

    def lamps(self) -> Iterable[Lamp]:
        """All that there are now."""

    def state(self, lamp: Lamp) -> LampState:
        """What one of them shows now; of one that is none any more it does not matter."""

    def observe(self, changed: Changed) -> Callable[[], None]:
        """Call `changed(lamp)` after each change, with None when others are there than before.

        The returned function ends that.
        """


class Lamps:
    """Shows what the sources say: all of it whenever the switch comes up, and each change as it comes.

    What is to be shown is a set of lamps, each read from its owner at the moment of showing, and at most one
    request about a lamp is under way: a state never follows its successor.

    `watchers` gives the extensions whose phones may subscribe.
    """

    def __init__(
        self, *, switch: Switch, watchers: Callable[[], Collection[str]], sources: Sequence[LampSource]
    ) -> None:
        self._switch = switch
        self._watchers = watchers
        self._sources = tuple(sources)
        self._of: dict[Lamp, LampSource] = {}
        """Who has each lamp that was declared."""
        self._changed: dict[Lamp, None] = {}
        self._all = True
        self._copy = Copy(switch, self._push, name="lamps", on_up=lambda: self._on_change(None))

    def start(self) -> None:
        """Follow the switch and the sources. Call it before the switch starts, after the owners do."""
        self._copy.start(*(source.observe(self._on_change) for source in self._sources))

    async def stop(self) -> None:
        """Follow nothing any longer. What is shown stays: the next server corrects it."""
        await self._copy.stop()

    def _on_change(self, lamp: Lamp | None) -> None:
        if lamp is None:
            self._all = True
        else:
            self._changed[lamp] = None
        self._copy.wake()

    async def _push(self) -> None:
        while self._all or self._changed:
            await (self._declare() if self._all else self._show())

    async def _declare(self) -> None:
        self._all = False
        self._changed.clear()
        self._of = {lamp: source for source in self._sources for lamp in source.lamps()}
        lamps = {lamp: source.state(lamp) for lamp, source in self._of.items()}
        try:
            await self._switch.lamps.declare(LampBoard(lamps, self._watchers()))
        except BaseException:
            self._all = True
            raise

    async def _show(self) -> None:
        """Those that have changed by now, some at a time; one that fails is to be shown again."""
        changed = list(self._changed)[:AT_ONCE]
        for lamp in changed:
            del self._changed[lamp]
        known = [(lamp, source) for lamp in changed if (source := self._of.get(lamp)) is not None]
        shown = [self._switch.lamps.show(lamp, source.state(lamp)) for lamp, source in known]
        problems = await asyncio.gather(*shown, return_exceptions=True)
        for (lamp, _), problem in zip(known, problems, strict=True):
            if problem is not None:
                self._changed[lamp] = None
        for problem in problems:
            if problem is not None:
                raise problem
