"""Lamps: what desk phones are shown on their keys (RFC 4235), and how many messages wait (RFC 3842)."""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_DIALLED = re.compile(r"[0-9*#+]+")


class LampState(StrEnum):
    """What dialog-info can say of one lamp (RFC 4235, section 3.7.1)."""

    TERMINATED = "terminated"
    """Nothing goes on there."""
    EARLY = "early"
    """It rings there (direction recipient): whoever presses the key may pick the call up."""
    CONFIRMED = "confirmed"
    """In a call, or switched on."""
    CONFIRMED_HELD = "confirmed-held"
    """In a call that waits: confirmed, with `+sip.rendering` "no" (RFC 4235, section 4.1.2)."""
    UNAVAILABLE = "unavailable"
    """Nobody can be reached there. Dialog-info has no word for it: phones are told `terminated`."""


@dataclass(frozen=True, slots=True, order=True)
class Lamp:
    """One lamp.

    Attributes:
        value: what a key has as its value, and a phone subscribes to: digits, `*`, `#` and `+`.
        watcher: the only extension that is shown it, so that the same value may be another lamp for another
            extension; "": it is the same for every watcher.
        among: of a lamp that is the same for all, the extensions that may watch it; None: every watcher. It
            may change, and the lamp is still the same one.
    """

    value: str
    watcher: str = ""
    among: Collection[str] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not _DIALLED.fullmatch(self.value) or (self.watcher and not _DIALLED.fullmatch(self.watcher)):
            raise ValueError(f"a lamp is a number or a code, not {self.value!r} for {self.watcher!r}")


@dataclass(frozen=True, slots=True)
class LampBoard:
    """All the lamps there are, what each shows, and the extensions that may watch."""

    lamps: Mapping[Lamp, LampState] = field(default_factory=dict)
    watchers: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class MessagesWaiting:
    """Messages in a mailbox: new ones, and those that were heard (RFC 3842, section 5.2)."""

    new: int = 0
    heard: int = 0


class LampPanel(ABC):
    """What an engine shows to desk phones. Raises `SwitchUnavailable` where the engine is not there."""

    @abstractmethod
    async def declare(self, board: LampBoard) -> None:
        """These are all the lamps: phones may subscribe to them, and see what they show (KEY-4).

        A subscription by who is no watcher, or to what is no lamp for them, is refused (404); one to a lamp
        that is none any more is ended. Those to the others go on. What the engine shows already is not told
        again, whichever server has told it; so this is for each `Up`, too.
        """

    @abstractmethod
    async def show(self, lamp: Lamp, state: LampState) -> None:
        """A lamp of the board now shows this; every phone that has subscribed to it is told.

        One call about a lamp at a time, and none beside `declare`: they are not put in order here.
        Raises `SwitchError` for a lamp that was not declared.
        """

    @abstractmethod
    async def tell_messages(self, box: str, waiting: MessagesWaiting) -> None:
        """So many messages are in the mailbox of an extension: its phones are told (RFC 3842).

        Also those that register or subscribe later. A new engine knows of no messages, and must be told.
        One call about a mailbox at a time.
        """
