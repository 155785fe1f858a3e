"""Which ring tone a call has (SIP-6): by who calls, by its queue, by what the PBX says, by where from."""

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from linkus_desktop.sip.audio.backend import Sound
from linkus_desktop.sip.audio.tones import RATE, Tone
from linkus_desktop.sip.number import number_in
from linkus_desktop.store.values import Pairs
from server.contract.queues import RingTone

if TYPE_CHECKING:
    from linkus_desktop.sip.call import Call
    from linkus_desktop.store.settings import Settings

_SOURCE = re.compile(r"urn:alert:source:(internal|external)|alert-(internal|external)\b", re.IGNORECASE)
_BELLCORE = re.compile(r"bellcore-dr([1-8])", re.IGNORECASE)
_URGENT = re.compile(r"urn:alert:priority:high", re.IGNORECASE)
_BELLCORE_TONES = (
    Tone.CHIME,
    Tone.BELL,
    Tone.MARIMBA,
    Tone.PULSE,
    Tone.DIGITAL,
    Tone.SOFT,
    Tone.URGENT,
    Tone.CHIME,
)
_TONES_OF_QUEUES = frozenset(tone.value for tone in RingTone)
_HASH = re.compile(r"[0-9a-f]{64}")
_LOCAL = 7
"""Digits from which on two numbers are the same if one ends with the other: +420 530 335 533, 530 335 533."""


class Ringing:
    """Chooses tones by the user's settings.

    Args:
        is_colleague: whether a number is one of this PBX.
        uploaded: what is heard of a ring tone of the PBX, by its hash; None while it is not there.
    """

    def __init__(
        self,
        settings: "Settings",
        is_colleague: Callable[[str], bool],
        uploaded: Callable[[str], bytes | None] = lambda _digest: None,
    ) -> None:
        self._settings = settings
        self._uploaded = uploaded
        self._is_colleague = is_colleague

    def tone_of(self, call: "Call") -> Tone | Sound:
        """The tone of a call that comes in: what the user has chosen, a caller's first, then the PBX's.

        One of the PBX that is not there (yet) is the tone that the call has otherwise: never silence.
        """
        chosen = (
            _of_number(self._settings.ring_callers, call.number)
            or _of_queue(self._settings.ring_queues, call)
            or _of_alert(self._settings.ring_alerts, call.alert.infos)
        )
        if chosen:
            return Tone.named(chosen)
        if call.alert.ring_tone in _TONES_OF_QUEUES:
            return Tone(call.alert.ring_tone)
        if _HASH.fullmatch(call.alert.ring_tone) and (samples := self._uploaded(call.alert.ring_tone)):
            return Sound(RATE, samples)
        return self._of_source(call)

    def _of_source(self, call: "Call") -> Tone:
        internal = bool(call.number) and self._is_colleague(call.number)
        for info in call.alert.infos:
            if found := _BELLCORE.search(info):
                return _BELLCORE_TONES[int(found[1]) - 1]
            if _URGENT.search(info):
                return Tone.URGENT
            if found := _SOURCE.search(info):
                internal = (found[1] or found[2]).lower() == "internal"
        return Tone.named(self._settings.ring_colleagues if internal else self._settings.ring_others)


def same_number(one: str, other: str) -> bool:
    """Whether two spellings are of one number, as far as that can be told without knowing the country."""
    one, other = (number_in(number) or number for number in (one, other))
    if one == other:
        return True
    short, long = sorted((_significant(one), _significant(other)), key=len)
    return len(short) >= _LOCAL and long.endswith(short)


def _significant(number: str) -> str:
    return number.lstrip("+0")


def _of_number(rules: Pairs, number: str) -> str:
    return next((tone for wanted, tone in rules if number and wanted and same_number(wanted, number)), "")


def _of_queue(rules: Pairs, call: "Call") -> str:
    """The rule for the number, or the name, of the queue in which the caller waits."""
    queue = call.called_for if call.waiting_since is not None else None
    if queue is None:
        return ""
    names = {queue.number, queue.name.casefold()}
    return next((tone for wanted, tone in rules if wanted and wanted.casefold() in names), "")


def _of_alert(rules: Pairs, infos: Iterable[str]) -> str:
    """The first rule whose text is in one of them, whatever the case."""
    said = [info.casefold() for info in infos]
    return next((tone for text, tone in rules if text and any(text.casefold() in info for info in said)), "")
