"""Who hears what: waits for a tone to be heard, to be gone, or to sound without a gap.

Sound takes its time to come, on a loaded machine more than usual; so all of these wait for what they want,
and fail with what they heard when it does not come within `PATIENCE_S`.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from tests.phones.sound import Sound, heard_ms, hears, level_of, longest_gap_ms, pitch
from tests.phones.waiting import until
from tools.standstill import witness

PATIENCE_S = 120.0
GAP_MS = 60.0
"""SIP-6: the longest gap that a listener may hear."""
PIECE_MS = 240.0
"""A tone is heard once so much of it was, and nothing else."""
GONE_MS = 700.0
GONE_DBOV = -33.0
"""A tone is gone when it is quieter than this for `GONE_MS`; tests speak at -15 dBov."""
TRIES = 3

Wait = Callable[[Callable[[], Any], str], Awaitable[Any]]


class Listener(Protocol):
    """A phone, or one end of it."""

    def heard(self) -> Sound:
        """Everything it heard, up to now."""


async def _patiently(look: Callable[[], Any], what: str) -> None:
    await until(look, what, timeout_s=PATIENCE_S)


async def listen(listener: Listener, ms: float, *, wait: Wait = _patiently) -> Sound:
    """What is heard in the next `ms`."""
    before = listener.heard().ms
    await wait(lambda: listener.heard().ms >= before + ms, f"{ms:.0f} ms are recorded")
    return listener.heard().since(before)


async def hears_tone(listener: Listener, hz: float, *, wait: Wait = _patiently) -> None:
    """From now on, this tone is heard."""
    before = listener.heard().ms

    def tone_is_heard() -> bool:
        sound = listener.heard().since(before).last(PIECE_MS)
        return sound.ms > PIECE_MS - 1 and hears(sound, hz)

    try:
        await wait(tone_is_heard, f"{hz:.0f} Hz are heard")
    except AssertionError as error:
        sound = listener.heard().since(before)
        raise AssertionError(f"{error}; {sound.ms:.0f} ms were heard, the newest of {_told(sound)}") from None


async def has_heard(listener: Listener, hz: float, *, wait: Wait = _patiently) -> None:
    """This tone is heard, or was so in this call: for what does not last until somebody listens."""

    def tone_was_heard() -> bool:
        sound = listener.heard()
        pieces = range(0, int(sound.ms - PIECE_MS) + 1, int(PIECE_MS / 4))
        return any(hears(sound.since(at).first(PIECE_MS), hz) for at in reversed(pieces))

    try:
        await wait(tone_was_heard, f"{hz:.0f} Hz were heard")
    except AssertionError as error:
        raise AssertionError(f"{error}; {listener.heard().ms:.0f} ms were heard in all") from None


async def tone_gone(listener: Listener, hz: float, *, wait: Wait = _patiently) -> None:
    """From now on, something else than this tone is heard, or silence."""
    before = listener.heard().ms

    def is_gone() -> bool:
        sound = listener.heard().since(before).last(GONE_MS)
        return sound.ms > GONE_MS - 1 and level_of(sound, hz) < GONE_DBOV

    await wait(is_gone, f"{hz:.0f} Hz are no longer heard")


async def unbroken(
    *ends: tuple[Listener, float], ms: float, gap_ms: float = GAP_MS, wait: Wait = _patiently
) -> None:
    """Each listener hears its tone for `ms` without a gap above `gap_ms`.

    Beyond that a gap may be as long as the machine stood still, which no program on it can help (see
    `tools.standstill`). Where it was longer, up to `TRIES` stretches are listened to, and more until
    `PATIENCE_S` are over.
    """
    told = []
    deadline = time.monotonic() + PATIENCE_S
    async with witness() as machine:
        while len(told) < TRIES or time.monotonic() < deadline:
            began = time.monotonic()
            sounds = await asyncio.gather(*(listen(listener, ms, wait=wait) for listener, _ in ends))
            now = time.monotonic()
            gaps = [
                longest_gap_ms(sound, hz, edges=True) for sound, (_, hz) in zip(sounds, ends, strict=True)
            ]
            heard = [heard_ms(sound, hz) for sound, (_, hz) in zip(sounds, ends, strict=True)]
            limit_ms = 1000 * machine.longest_gap_s(
                began - 1, now, gap_s=max(gaps) / 1000, limit_s=gap_ms / 1000
            )
            least_s = machine.least_sound_s(began, now, limit_s=gap_ms / 1000)
            least_ms = ms * least_s / (now - began)
            told.append(
                f"gaps {[round(gap) for gap in gaps]} ms of {limit_ms:.0f} at most, "
                f"heard {[round(one) for one in heard]} of {least_ms:.0f} ms at least; the machine "
                f"stood still for {machine.stood_s(began, now):.1f} of {now - began:.1f} s"
            )
            logging.getLogger(__name__).info("%s", told[-1])
            if max(gaps) <= limit_ms and min(heard) >= least_ms:
                return
    raise AssertionError(f"no stretch without a gap above {gap_ms:.0f} ms: {'; '.join(told[-5:])}")


def _told(sound: Sound) -> str:
    found = pitch(sound.last(PIECE_MS))
    return f"{found:.0f} Hz" if found else "no one pitch"
