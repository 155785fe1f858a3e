"""Digits that a phone sends in a call: kept until somebody reads them, and read as a person dials.

Times are seconds of the running loop.
"""

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from server.switch.port import Leg, LegGone, Sound

T = TypeVar("T")

KEPT = 64
"""Unread digits that are kept of a leg; the oldest are lost beyond that."""


LONGEST_PRESS_S = 4.0
"""Seconds after which a key that nobody has seen released counts as released."""


LATE_S = 0.25
"""Seconds by which a time-out comes late where the process stood still, and within which it catches up."""


class Digits:
    """The digits (0-9, `*`, `#`, A-D) of one leg that nobody has read yet.

    A digit counts when its key is pressed.
    """

    def __init__(self) -> None:
        self._unread: deque[str] = deque(maxlen=KEPT)
        self._news = asyncio.Event()
        self._gone: LegGone | None = None
        self._free = asyncio.Event()
        self._free.set()

    @property
    def unread(self) -> str:
        """What can be read at once, oldest first."""
        return "".join(self._unread)

    async def next(self) -> str:
        """Read the oldest digit, or the next to come; `LegGone` if there is none and the leg has ended."""
        await self.waiting()
        return self._unread.popleft()

    async def next_within(self, seconds: float) -> str:
        """Read as `next`, or raise `TimeoutError` if there is none and none comes within so many seconds.

        A process that stood still looks once more: what was dialled in time may not have been put yet.
        """
        loop = asyncio.get_running_loop()
        due = loop.time() + seconds
        try:
            async with asyncio.timeout(seconds):
                return await self.next()
        except TimeoutError:
            if loop.time() - due < LATE_S:
                raise
        async with asyncio.timeout(LATE_S):
            return await self.next()

    async def waiting(self) -> None:
        """Return once there is an unread digit; raises as `next`."""
        while not self._unread:
            if self._gone is not None:
                raise self._gone
            self._news.clear()
            await self._news.wait()

    def forget(self) -> None:
        """Take all as read."""
        self._unread.clear()

    async def released(self) -> None:
        """Return once no key is pressed any more; at once, if none is.

        To be awaited before a leg in a bridge is disturbed because of what it has dialled: else the other
        side, which hears the key as a digit, too, would never be told of its end, and hear nothing more.
        """
        try:
            async with asyncio.timeout(LONGEST_PRESS_S):
                await self._free.wait()
        except TimeoutError:
            self._free.set()

    # for the adapters

    def put(self, digit: str, *, pressed: bool = False) -> None:
        """The phone has sent a digit; `pressed`: its key is still held down."""
        if pressed:
            self._free.clear()
        self._unread.append(digit)
        self._news.set()

    def release(self) -> None:
        """No key is pressed any more."""
        self._free.set()

    def close(self, gone: "LegGone") -> None:
        """The leg has ended: there will be no more."""
        self._gone = gone
        self._news.set()
        self._free.set()


async def read_digits(leg: "Leg", *, most: int, first_s: float, next_s: float, ends: str = "#") -> str:
    """Read what is dialled on a leg, digits that are unread already included.

    Ends with the `most`-th digit, with one of `ends` (which is read and not returned), when the first digit
    does not come within `first_s`, or another one within `next_s` after the one before. Returns what was
    dialled by then, "" for nothing. Raises `LegGone`.
    """
    dialled = ""
    while len(dialled) < most:
        try:
            digit = await leg.digits.next_within(next_s if dialled else first_s)
        except TimeoutError:
            break
        if digit in ends:
            break
        dialled += digit
    return dialled


async def ask_digits(
    leg: "Leg", *sounds: "Sound", most: int, first_s: float, next_s: float, ends: str = "#"
) -> str:
    """Play sounds, which the first digit stops, and read what is dialled, as `read_digits`.

    `first_s` counts from the end of the sounds. Digits that were dialled ahead are taken, and nothing is
    played then. Raises as `Leg.play` does.
    """
    if not leg.digits.unread:
        await _play_until_dialled(leg, sounds)
    return await read_digits(leg, most=most, first_s=first_s, next_s=next_s, ends=ends)


async def _play_until_dialled(leg: "Leg", sounds: "tuple[Sound, ...]") -> None:
    dialling = asyncio.ensure_future(leg.digits.waiting())
    playing = asyncio.ensure_future(leg.play(*sounds))
    try:
        await asyncio.wait((playing, dialling), return_when=asyncio.FIRST_COMPLETED)
        if playing.done():
            playing.result()
    finally:
        for task in (playing, dialling):
            task.cancel()
        await asyncio.gather(playing, dialling, return_exceptions=True)


async def over_or_digit(over: "asyncio.Future[T]", digits: Digits, ends: str) -> None:
    """Return once `over` is done or one of `ends` was dialled; other digits count as read."""
    dialled = asyncio.ensure_future(_until_dialled(digits, ends, over))
    try:
        await asyncio.wait((over, dialled), return_when=asyncio.FIRST_COMPLETED)
    finally:
        dialled.cancel()
        await asyncio.gather(dialled, return_exceptions=True)


async def _until_dialled(digits: Digits, ends: str, over: "asyncio.Future[T]") -> None:
    while not over.done() and await digits.next() not in ends:
        pass
