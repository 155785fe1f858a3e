"""The call-back of an emergency call: the first step of PRES-8.

An emergency centre whose call broke off calls the number back that it was shown. For a time nothing must keep
that from whoever called it: no route, time, forwarding or rule. RFC 7090 has such a call marked, which few
networks do; so a call is also known by the line that it comes to. A mark alone proves nothing: it counts from
a trunk only, and only within that time.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.contract.decisions import Decision, DecisionKind, Rule
from server.contract.destinations import Destination, DestinationKind
from server.contract.routing import EmergencyNumber, InboundRoute
from server.rules.routing.calls import FromTrunk, Situation
from server.rules.routing.trace import Trace

PSAP_CALLBACK = "psap-callback"
"""The value of the header `Priority` by which a call-back is marked (RFC 7090, section 8)."""

CALL_BACK_HEADERS = {"Priority": PSAP_CALLBACK, "Alert-Info": "<urn:alert:priority:high>"}
"""Of the INVITEs to the phones, so that none of them holds the call up by itself, and it rings as one that
matters (RFC 7462, section 4)."""

CLOCK_STEP = timedelta(minutes=1)
"""A call that was made later than so long from now was not made yet: a clock is set back at times."""

MIN_COMMON = 7
"""Digits in which a local and an international spelling of one number must agree at least."""

_LINE = (DestinationKind.EXTENSION, DestinationKind.VOICEMAIL)
"""Destinations of a route that make it the line of an extension."""

_DECIDED = (DecisionKind.EXTENSION, DecisionKind.VOICEMAIL)


@dataclass(frozen=True, slots=True)
class EmergencyCall:
    """An emergency call that was made.

    Attributes:
        extension: who made it.
        number: the emergency number.
        trunk, shown: the way it took, and the caller ID that was sent there.
        at: when it was made, or ended, whichever is known to be later.
    """

    extension: str
    number: str
    trunk: str
    shown: str
    at: datetime


def is_marked(priority: str) -> bool:
    """Whether a header `Priority` marks a call-back; its values do not depend on case (RFC 3261, 20.26)."""
    return priority.strip().lower() == PSAP_CALLBACK


def same_line(one: str, other: str) -> bool:
    """Whether two numbers may be spellings of one line: with and without the code of country or area."""
    short, long = sorted((_significant(one), _significant(other)), key=len)
    return bool(short) and (short == long or (len(short) >= MIN_COMMON and long.endswith(short)))


class CallBacks:
    """The emergency calls of which a call that comes in now may be the call-back, newest first."""

    def __init__(
        self,
        situation: Situation,
        call: FromTrunk,
        made: Collection[EmergencyCall],
        now: datetime,
        trace: Trace,
    ) -> None:
        self._marked = call.marked
        self._trunk = call.trunk
        self._now = now
        self._trace = trace
        recent = (one for one in made if _is_recent(situation, one, now))
        self._recent: Sequence[EmergencyCall] = sorted(recent, key=lambda one: one.at, reverse=True)

    def by_number(self, number: str) -> Decision | None:
        """The decision for a call to a number that was sent with one of them."""
        found = next((one for one in self._recent if same_line(one.shown, number)), None)
        if found is not None:
            return self._decide(found, f", showing {found.shown}")
        if self._recent or self._marked:
            what = "marked as a call-back, but " if self._marked and not self._recent else ""
            shown = f" that showed {number}" if self._recent else ""
            self._trace.no(
                Rule.EMERGENCY_CALL_BACK, "", f"{what}nobody has made an emergency call lately{shown}"
            )
        return None

    def by_line(self, route: InboundRoute) -> Decision | None:
        """The decision for a call that a route leads to who made one, at this or another time of day."""
        return self._to({to.value for to in _destinations(route) if to.kind in _LINE})

    def by_decision(self, usual: Decision) -> Decision | None:
        """The decision for a call that would come to who made one, by a call flow say."""
        return self._to({usual.number}) if usual.kind in _DECIDED else None

    def by_mark(self) -> Decision | None:
        """The decision for a call that is marked: it is for who called last, by this trunk if anybody did."""
        if not self._marked or not self._recent:
            return None
        found = next((one for one in self._recent if one.trunk == self._trunk), self._recent[0])
        return self._decide(found, ", and this call is marked as the call-back")

    def _to(self, extensions: Collection[str]) -> Decision | None:
        found = next((one for one in self._recent if one.extension in extensions), None)
        return self._decide(found, "") if found is not None else None

    def _decide(self, found: EmergencyCall, more: str) -> Decision:
        ago = max(0, int((self._now - found.at).total_seconds() // 60))
        self._trace.yes(
            Rule.EMERGENCY_CALL_BACK,
            found.number,
            f"{found.extension} called {found.number} {ago} min ago{more}",
        )
        return self._trace.call_back(found.extension)


def _is_recent(situation: Situation, made: EmergencyCall, now: datetime) -> bool:
    emergency = situation.snapshot.get(EmergencyNumber, made.number)
    if emergency is None or not situation.is_extension(made.extension):
        return False
    return -CLOCK_STEP <= now - made.at < timedelta(minutes=emergency.call_back_minutes)


def _destinations(route: InboundRoute) -> Iterable[Destination]:
    return (destination for _, destination in route.destinations())


def _significant(number: str) -> str:
    """The digits without what only says how far away one is: `+`, 00, 0."""
    return re.sub(r"\D", "", number).lstrip("0")
