"""Which lamps there are, and what each shows, told from the owners of the states (KEY-3, KEY-4, BOSS-3)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from server.contract.extensions import CallState
from server.contract.features import FeatureCodes
from server.contract.pairs import Pair, PairState
from server.contract.parking import Parking
from server.contract.presence import PresenceStatus
from server.contract.voicemail import GroupMailbox
from server.rules.group_mailboxes import may_change_members
from server.services.configuration import Configuration, ConfigurationChanged
from server.services.directory import Directory
from server.services.lamps import Changed
from server.services.presence import PresenceService
from server.services.states import States
from server.services.voicemail import Voicemail
from server.switch.port import Lamp, LampState

_CALLS = {
    CallState.RINGING: LampState.EARLY,
    CallState.TALKING: LampState.CONFIRMED,
    CallState.HELD: LampState.CONFIRMED_HELD,
}

_PAIRS = {
    PairState.UNKNOWN: LampState.UNAVAILABLE,
    PairState.OFF: LampState.UNAVAILABLE,
    PairState.IDLE: LampState.TERMINATED,
    PairState.ANSWERING: LampState.CONFIRMED,
    PairState.HELD: LampState.CONFIRMED_HELD,
}
"""Dialog-info cannot tell a pair that is off from one that is idle: for both, nothing goes on there."""


class ExtensionLamps:
    """One for each extension that may be monitored, by its number: what its phones do.

    Who is in no call shows `CONFIRMED` under Do Not Disturb, and `UNAVAILABLE` with no phone registered.
    """

    def __init__(self, states: States, directory: Directory) -> None:
        self._states = states
        self._directory = directory

    def lamps(self) -> Iterable[Lamp]:
        """See `LampSource`."""
        return [Lamp(extension.number) for extension in self._directory.all() if extension.monitored]

    def state(self, lamp: Lamp) -> LampState:
        """See `LampSource`."""
        state = self._states.get(lamp.value)
        if state is None:
            return LampState.UNAVAILABLE
        if state.call in _CALLS:
            return _CALLS[state.call]
        if state.presence.status is PresenceStatus.DO_NOT_DISTURB:
            return LampState.CONFIRMED
        return LampState.TERMINATED if state.registered else LampState.UNAVAILABLE

    def observe(self, changed: Changed) -> Callable[[], None]:
        """See `LampSource`."""
        return _both(
            self._states.observe(lambda number: changed(Lamp(number))),
            self._directory.observe(lambda _, __: changed(None)),
        )


class Slots(Protocol):
    """What the lamps of parking slots need of `flows.parking.ParkingLot`."""

    @property
    def settings(self) -> Parking:
        """As of now."""

    def is_taken(self, slot: str) -> bool:
        """Whether a call is parked there."""

    def observe(self, observer: Callable[[str], None]) -> Callable[[], None]:
        """Call `observer(slot)` after each change of a slot."""


class ParkingLamps:
    """One for each parking slot, by its number: lit while a call waits there."""

    def __init__(self, slots: Slots, configuration: Configuration) -> None:
        self._slots = slots
        self._configuration = configuration

    def lamps(self) -> Iterable[Lamp]:
        """See `LampSource`."""
        return map(Lamp, self._slots.settings.slots)

    def state(self, lamp: Lamp) -> LampState:
        """See `LampSource`."""
        return _lit(self._slots.is_taken(lamp.value))

    def observe(self, changed: Changed) -> Callable[[], None]:
        """See `LampSource`."""
        return _both(
            self._slots.observe(lambda slot: changed(Lamp(slot))),
            self._configuration.observe(lambda change: changed(None) if change.model is Parking else None),
        )


class PresenceLamps:
    """Those of an extension's own status, for itself alone.

    The code of Do Not Disturb is lit under it, and the code of a status, such as *824, in that status.
    """

    def __init__(self, presence: PresenceService, directory: Directory, configuration: Configuration) -> None:
        self._presence = presence
        self._directory = directory
        self._configuration = configuration

    def lamps(self) -> Iterable[Lamp]:
        """See `LampSource`."""
        values = list(self._values())
        return [Lamp(value, extension.number) for extension in self._directory.all() for value in values]

    def state(self, lamp: Lamp) -> LampState:
        """See `LampSource`."""
        return _lit(self._values().get(lamp.value) is self._presence.of(lamp.watcher).status)

    def observe(self, changed: Changed) -> Callable[[], None]:
        """See `LampSource`."""

        def on_presence(number: str) -> None:
            for value in self._values():
                changed(Lamp(value, number))

        return _both(
            self._presence.observe(on_presence),
            self._configuration.observe(
                lambda change: changed(None) if change.model is FeatureCodes else None
            ),
        )

    def _values(self) -> dict[str, PresenceStatus]:
        codes = self._configuration.snapshot.codes
        values = {codes.do_not_disturb: PresenceStatus.DO_NOT_DISTURB} if codes.do_not_disturb else {}
        if codes.presence:
            values |= {f"{codes.presence}{at}": status for at, status in enumerate(PresenceStatus, start=1)}
        return values


class MailboxLamps:
    """Those of mailboxes, by what one dials to listen: *2 for the own, *26500 for that of an own group.

    Lit while a new message waits; each for whoever may hear it, alone.
    """

    def __init__(self, voicemail: Voicemail, directory: Directory, configuration: Configuration) -> None:
        self._voicemail = voicemail
        self._directory = directory
        self._configuration = configuration

    def lamps(self) -> Iterable[Lamp]:
        """See `LampSource`."""
        code = self._configuration.snapshot.codes.voicemail
        if not code:
            return []
        own = [Lamp(code, extension.number) for extension in self._directory.all()]
        groups = self._configuration.list(GroupMailbox)
        return own + [
            Lamp(f"{code}{group.number}", member)
            for group in groups
            for member in self._voicemail.users_of(group.number)
            if self._directory.get(member) is not None
        ]

    def state(self, lamp: Lamp) -> LampState:
        """See `LampSource`."""
        code = self._configuration.snapshot.codes.voicemail
        new, _ = self._voicemail.waiting(lamp.value.removeprefix(code) or lamp.watcher)
        return _lit(new > 0)

    def observe(self, changed: Changed) -> Callable[[], None]:
        """See `LampSource`."""

        def on_messages(box: str) -> None:
            code = self._configuration.snapshot.codes.voicemail
            if not code:
                return
            if not self._voicemail.is_group(box):
                changed(Lamp(code, box))
                return
            for member in self._voicemail.users_of(box):
                changed(Lamp(f"{code}{box}", member))

        def on_change(change: ConfigurationChanged) -> None:
            boxes = self._configuration.list(GroupMailbox)
            if change.model is FeatureCodes or may_change_members(change.model, boxes):
                changed(None)

        return _both(
            self._voicemail.observe(on_messages),
            self._configuration.observe(on_change),
        )


class Pairs(Protocol):
    """What the lamps of boss-secretary pairs need of the owner of their states; a key is boss, secretary."""

    def all(self) -> Mapping[tuple[str, str], Pair]:
        """Every pair as of now."""

    def observe(self, callback: Callable[[tuple[str, str], Pair | None], None]) -> Callable[[], None]:
        """Call back with each pair that has changed; None: it is gone."""


class PairLamps:
    """One for each pair, by its value such as *592007, for the boss alone (BOSS-3, BOSS-5).

    So two bosses who share a secretary see two lamps at the same value.
    """

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs
        self._of: dict[Lamp, tuple[str, str]] = {}
        """Whose the lamps are that `lamps` has told of."""

    def lamps(self) -> Iterable[Lamp]:
        """See `LampSource`. A pair has none where the feature has no code."""
        self._of = {Lamp(pair.value, pair.boss): key for key, pair in self._pairs.all().items() if pair.value}
        return list(self._of)

    def state(self, lamp: Lamp) -> LampState:
        """See `LampSource`."""
        pair = self._pairs.all().get(self._of.get(lamp, ("", "")))
        return _PAIRS[pair.state] if pair is not None else LampState.UNAVAILABLE

    def observe(self, changed: Changed) -> Callable[[], None]:
        """See `LampSource`."""

        def on_pair(key: tuple[str, str], pair: Pair | None) -> None:
            lamp = Lamp(pair.value, pair.boss) if pair is not None and pair.value else None
            if lamp in self._of:
                changed(lamp)
            elif lamp is not None or key in self._of.values():
                changed(None)

        return self._pairs.observe(on_pair)


def _lit(on: bool) -> LampState:
    return LampState.CONFIRMED if on else LampState.TERMINATED


def _both(one: Callable[[], None], other: Callable[[], None]) -> Callable[[], None]:
    def stop() -> None:
        one()
        other()

    return stop
