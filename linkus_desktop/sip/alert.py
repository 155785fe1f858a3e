"""What the PBX says about how a call is to ring and whether it is to be answered by itself; no I/O.

Alert-Info (RFC 3261, 20.4; the names of RFC 7462), Call-Info `answer-after`, Answer-Mode (RFC 5373). What
comes in was written by others: every function takes any text and returns a harmless value.
"""

import re
from dataclasses import dataclass

from linkus_desktop.sip import headers

LONGEST = 200
"""Characters of an Alert-Info that are kept."""
MOST = 8
"""Values that are looked at; more are no use."""
LATEST_S = 60
"""A call that is to be answered later than this rings as any other."""

_AFTER = re.compile(r"answer-after\s*=\s*\"?(\d{1,6})", re.IGNORECASE)
_RING_TONE = re.compile(r";\s*ring-tone\s*=\s*([a-z]{1,16}|[0-9a-f]{64})\s*(?:;|$)")
_AUTOMATIC = re.compile(
    r"(?:^|[=;<>\"/:\s])(?:alert-auto-?answer|auto[ _-]?answer|ring[ _-]?answer)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Alert:
    """`infos`: the values of Alert-Info, cleaned. `answer_after_s`: None if it is not to be answered so.

    `ring_tone`: the tone that our PBX asks for (Q-5): the name of one of ours, or the hash of one of its own.
    "" for none.
    """

    infos: tuple[str, ...] = ()
    answer_after_s: int | None = None
    ring_tone: str = ""


def alert_of(message: str) -> Alert:
    """What an INVITE says."""
    infos = tuple(
        text
        for value in headers.header_values(message, "Alert-Info")[:MOST]
        if (text := headers.clean(value, LONGEST))
    )
    return Alert(infos, _answer_after(message, infos), _ring_tone(infos))


def _ring_tone(infos: tuple[str, ...]) -> str:
    return next((found[1] for info in infos if (found := _RING_TONE.search(info))), "")


def _answer_after(message: str, infos: tuple[str, ...]) -> int | None:
    said = [*headers.header_values(message, "Call-Info")[:MOST], *infos]
    for value in said:
        if found := _AFTER.search(value[:1024]):
            seconds = int(found[1])
            return seconds if seconds <= LATEST_S else None
    if any(_AUTOMATIC.search(info) for info in infos):
        return 0
    modes = headers.header_values(message, "Answer-Mode") + headers.header_values(message, "Priv-Answer-Mode")
    return 0 if any(mode.partition(";")[0].strip().lower() == "auto" for mode in modes) else None
