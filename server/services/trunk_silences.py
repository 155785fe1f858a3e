"""Carriers that have vanished, as calls find out before the engine does (ADMIN-2, SIP-12).

The engine asks a carrier only now and then whether it is there, some never. A call over a trunk whose carrier
says nothing, not even 100, is given up by timer B of RFC 3261, 17.1.1.2; one caller waits so long, but not
the next ones: such a trunk is tried last until its carrier is heard of again. (Seen with Asterisk 22: 408,
cause 18, after 12.8 s.)
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from server.switch.port import Event, Leg, LegChanged, LegState, Switch, TrunkChanged, TrunkStatus, Up

NO_SIGN_S = 10.0
"""Seconds after which a call that ends by 408 has met with silence: the engine's timer B is longer, and a
carrier that says 408 itself has said something before."""

FIRST_S, LONGEST_S = 30.0, 300.0
"""Seconds for which a silent trunk is tried last: the first time, in which the engine finds out where it asks
at all, and at most. It doubles with each call that meets with silence after that."""

NO_ANSWER_AT_ALL = 408

_NOBODY_SAID = frozenset({None, NO_ANSWER_AT_ALL, 480, 503})
"""Statuses of an ended leg that may be the engine's own."""

_THERE = frozenset({TrunkStatus.REGISTERED, TrunkStatus.REACHABLE})


@dataclass(frozen=True, slots=True)
class _Silence:
    """Until when, by the loop's clock, a trunk is tried last, and for how many seconds that was."""

    until: float
    lasts_s: float


class TrunkSilences:
    """Knows which trunks have met calls with silence; in memory, for a later server finds out anew."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._asked: dict[str, float] = {}
        """Since when legs over trunks wait for a first word, by id."""
        self._silences: dict[str, _Silence] = {}
        self._stop_listening: Callable[[], None] | None = None

    def start(self) -> None:
        """Follow the switch. Call it before the switch starts."""
        self._stop_listening = self._switch.listen(self._on_switch)

    def stop(self) -> None:
        """Follow it no longer."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None

    def now(self) -> frozenset[str]:
        """The names of the trunks that are to be tried last."""
        time = _time()
        return frozenset(name for name, silence in self._silences.items() if silence.until > time)

    def _on_switch(self, event: Event) -> None:
        match event:
            case LegChanged(leg=leg) if leg.trunk:
                self._on_leg(leg)
            case TrunkChanged(name=name, state=state) if state.status in _THERE:
                self._heard(name)
            case Up():
                self._asked.clear()

    def _on_leg(self, leg: Leg) -> None:
        match leg.state:
            case LegState.NEW if not leg.inbound:
                self._asked.setdefault(leg.id, _time())
            case LegState.GONE:
                self._over(leg)
            case _:
                self._asked.pop(leg.id, None)
                self._heard(leg.trunk)

    def _over(self, leg: Leg) -> None:
        asked, ended = self._asked.pop(leg.id, None), leg.ended
        if asked is None or ended is None or ended.by_us or ended.lost:
            return
        if ended.sip_code not in _NOBODY_SAID:
            self._heard(leg.trunk)
        elif ended.sip_code == NO_ANSWER_AT_ALL and _time() - asked >= NO_SIGN_S:
            self._fell_silent(leg.trunk)

    def _fell_silent(self, trunk: str) -> None:
        before, time = self._silences.get(trunk), _time()
        if before is None:
            lasts_s = FIRST_S
        elif before.until > time:  # another call had begun before it was known
            lasts_s = before.lasts_s
        else:
            lasts_s = min(2 * before.lasts_s, LONGEST_S)
        self._silences[trunk] = _Silence(time + lasts_s, lasts_s)

    def _heard(self, trunk: str) -> None:
        self._silences.pop(trunk, None)


def _time() -> float:
    return asyncio.get_running_loop().time()
