"""Bosses and secretaries: the one owner of each pair's state (BOSS-3, BOSS-5).

A call is the boss's, at a secretary, if it came there for the boss (`Call.boss`) and the secretary has
answered it. Calls tell of themselves (`follow`), the switch of their legs: who ends or holds them, on a phone
or by us. Nothing is awaited between reading and publishing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from server.clock import Clock
from server.contract.boss import Boss
from server.contract.events import Topic
from server.contract.features import Feature, FeatureCodes
from server.contract.pairs import Pair, PairCall, PairState
from server.contract.routing import RingGroup
from server.rules.boss_secretary import secretaries_of
from server.services.accounts import Who
from server.services.call_log_store import Call
from server.services.configuration import Configuration, ConfigurationChanged
from server.services.directory import Directory
from server.services.errors import not_found
from server.services.hub import Hub
from server.switch.port import Down, Event, Leg, LegChanged, LegState, Switch, Up

LATELY = timedelta(seconds=3)
"""How long after the last held call is gone the boss's key still means that call, and switches nothing."""

Key = tuple[str, str]
"""A boss and a secretary, by their numbers."""

Observer = Callable[[Key, Pair | None], None]


@dataclass(frozen=True, slots=True)
class _Handled:
    """A call for a boss that a secretary has answered; `since`: how long it is held, or not."""

    call: Call
    leg: Leg
    held: bool
    since: datetime

    @property
    def order(self) -> tuple[bool, datetime, str]:
        """Held ones first, the oldest of them first."""
        return (not self.held, self.since, self.call.id)

    def shown(self) -> PairCall:
        """As the two of the pair see it."""
        caller = self.call.caller
        return PairCall(id=self.call.id, number=caller.number, name=caller.name, since=self.since)


class Pairs:
    """Every pair of a boss and a secretary who both exist, and the topic `pairs`."""

    def __init__(
        self, *, clock: Clock, switch: Switch, hub: Hub, directory: Directory, configuration: Configuration
    ) -> None:
        self._clock = clock
        self._switch = switch
        self._hub = hub
        self._directory = directory
        self._configuration = configuration
        self._up = False
        self._calls: dict[str, Call] = {}
        """Calls for bosses that are answered, by id."""
        self._handled: dict[str, _Handled] = {}
        """Those of them whose secretary is there, by id."""
        self._by_leg: dict[str, str] = {}
        self._pairs: dict[Key, Pair] = {}
        self._held_until: dict[Key, datetime] = {}
        self._observers: list[Observer] = []
        self._stops: list[Callable[[], None]] = []
        hub.topic(Topic.PAIRS, self._snapshot)

    def start(self) -> None:
        """Follow switch, directory and configuration. Call it before calls and the switch are started."""
        self._stops = [
            self._switch.listen(self._on_switch),
            self._directory.observe(lambda *_: self._refresh()),
            self._configuration.observe(self._on_configuration),
        ]
        self._up = self._switch.status.up
        self._reread()

    def stop(self) -> None:
        """Follow nothing any longer."""
        for stop in self._stops:
            stop()
        self._stops = []

    # What is asked

    def all(self) -> Mapping[Key, Pair]:
        """Every pair as of now."""
        return self._pairs

    def get(self, boss: str, secretary: str) -> Pair | None:
        """One pair; None if these are none."""
        return self._pairs.get((boss, secretary))

    def observe(self, callback: Observer) -> Callable[[], None]:
        """Call back with each pair that has changed (None: it is gone); the returned function ends that."""
        self._observers.append(callback)
        return lambda: self._observers.remove(callback)

    def held(self, boss: str, secretary: str) -> list[Leg]:
        """The legs on which this secretary holds calls for this boss, held longest first."""
        return [one.leg for one in self._of(boss, secretary) if one.held]

    def keeps_secretary(self, boss: str) -> bool:
        """Whether the secretary is not released when this boss takes a call."""
        found = self._configuration.snapshot.get(Boss, boss)
        return found is not None and found.keep_secretary

    def was_held_lately(self, boss: str, secretary: str) -> bool:
        """Whether a call that was held for this boss has gone only a moment ago."""
        until = self._held_until.get((boss, secretary))
        return until is not None and self._clock.now() - until < LATELY

    # What is told

    def follow(self, call: Call) -> None:
        """This is how a call stands now."""
        known = self._calls.get(call.id)
        mine = bool(call.boss and call.answered_at and call.answered_leg and call.ending is None)
        if mine:
            self._calls[call.id] = call
        elif known is not None:
            del self._calls[call.id]
        if known is not None and self._by_leg.get(known.answered_leg or "") == call.id:
            del self._by_leg[known.answered_leg or ""]  # else its leg is in another call by now
        if mine and call.answered_leg is not None:
            self._by_leg[call.answered_leg] = call.id
        if mine or known is not None:
            self._look_at(call.id)
            self._refresh({call.boss, known.boss if known is not None else ""})

    def is_off(self, boss: str, secretary: str) -> bool:
        """Whether the feature is switched off for a pair, also while the switch is away."""
        found = self._configuration.snapshot.get(Boss, boss)
        return found is not None and secretary in found.switched_off

    async def switch(self, boss: str, secretary: str, *, on: bool | None, by: str, address: str = "") -> Pair:
        """Switch the feature for a pair on or off, or (None) the other way. It stays so over restarts.

        Raises:
            ServiceError: `NOT_FOUND`: these are no pair.
        """
        if (boss, secretary) not in self._pairs:
            raise not_found(f"pair of boss {boss} and secretary {secretary}")

        def change(item: Boss) -> Boss:
            others = tuple(one for one in item.switched_off if one != secretary)
            off = secretary not in item.switched_off if on is None else not on
            return item.model_copy(update={"switched_off": (*others, secretary) if off else others})

        await self._configuration.alter(Boss, boss, change, by=by, address=address)
        found = self._pairs.get((boss, secretary))
        if found is None:
            raise not_found(f"pair of boss {boss} and secretary {secretary}")
        return found

    # Inside

    async def _snapshot(self, who: Who) -> Mapping[str, Any]:
        return {_name(key): pair for key, pair in self._pairs.items() if who.number in key}

    def _on_switch(self, event: Event) -> None:
        if isinstance(event, LegChanged):
            if (call_id := self._by_leg.get(event.leg.id)) is not None:
                self._look_at(call_id, event.leg)
                self._refresh({self._calls[call_id].boss})
        elif isinstance(event, Up | Down):
            self._up = isinstance(event, Up)
            self._reread()

    def _on_configuration(self, change: ConfigurationChanged) -> None:
        if change.model in (Boss, RingGroup, FeatureCodes):
            self._refresh()

    def _reread(self) -> None:
        """Everything anew, as the switch has it; without a switch all of it is unknown."""
        legs = {leg.id: leg for leg in self._switch.legs()} if self._up else {}
        for call_id, call in self._calls.items():
            self._look_at(call_id, legs.get(call.answered_leg or ""), search=False)
        self._refresh()

    def _look_at(self, call_id: str, leg: Leg | None = None, *, search: bool = True) -> None:
        """What the secretary does with this call now."""
        call, before = self._calls.get(call_id), self._handled.pop(call_id, None)
        if call is None or not self._up:
            return
        if leg is None and search:
            if before is not None and before.leg.id == call.answered_leg:
                leg = before.leg
            else:
                leg = next((one for one in self._switch.legs() if one.id == call.answered_leg), None)
        if leg is None or leg.state is not LegState.UP:
            return
        if before is not None and before.held == leg.holds:
            since = before.since
        elif before is None and not leg.holds:
            since = call.answered_at or self._clock.now()
        else:
            since = self._clock.now()
        self._handled[call_id] = _Handled(call, leg, leg.holds, since)

    def _of(self, boss: str, secretary: str) -> list[_Handled]:
        found = (
            one for one in self._handled.values() if one.call.boss == boss and one.leg.number == secretary
        )
        return sorted(found, key=lambda one: one.order)

    def _refresh(self, bosses: Iterable[str] | None = None) -> None:
        """Tell what has changed, of these bosses or of all."""
        snapshot = self._configuration.snapshot
        chosen = list(snapshot.all(Boss).values())
        if bosses is not None:
            chosen = [boss for number in bosses if (boss := snapshot.get(Boss, number)) is not None]
        there: set[Key] = set()
        code = snapshot.codes.code(Feature.BOSS_SECRETARY)
        for boss in chosen:
            group = snapshot.get(RingGroup, boss.ring_group)
            for secretary in secretaries_of(boss, group):
                if self._directory.get(boss.name) is None or self._directory.get(secretary) is None:
                    continue
                there.add((boss.name, secretary))
                self._tell((boss.name, secretary), self._pair(boss, secretary, code))
        for key in [key for key in self._pairs if key not in there]:
            if bosses is None or key[0] in bosses:
                self._tell(key, None)

    def _pair(self, boss: Boss, secretary: str, code: str) -> Pair:
        handled = self._of(boss.name, secretary)
        if not self._up:
            state = PairState.UNKNOWN
        elif secretary in boss.switched_off:
            state = PairState.OFF
        elif not handled:
            state = PairState.IDLE
        else:
            state = PairState.HELD if handled[0].held else PairState.ANSWERING
        before = self._pairs.get((boss.name, secretary))
        return Pair(
            boss=boss.name,
            secretary=secretary,
            boss_name=self._directory.name(boss.name),
            secretary_name=self._directory.name(secretary),
            value=f"{code}{secretary}" if code else "",
            state=state,
            since=before.since if before is not None and before.state is state else self._clock.now(),
            calls=tuple(one.shown() for one in handled),
        )

    def _tell(self, key: Key, pair: Pair | None) -> None:
        before = self._pairs.get(key)
        if pair == before:
            return
        if before is not None and before.state is PairState.HELD:
            self._held_until[key] = self._clock.now()
        if pair is None:
            del self._pairs[key]
            self._held_until.pop(key, None)
        else:
            self._pairs[key] = pair
        for number in key:
            self._hub.publish(Topic.PAIRS, _name(key), pair, to=number)
        for callback in tuple(self._observers):
            callback(key, pair)


def _name(key: Key) -> str:
    return "/".join(key)
