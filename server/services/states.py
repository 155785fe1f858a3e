"""Live states of extensions: registration, calls, presence (KEY-3, KEY-5, DIR-1).

The one owner of `ExtensionState`. Every input arrives on the event loop and is worked off at once, without
awaiting anything between reading the switch and publishing, so an older state cannot follow a newer one.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from server.clock import Clock
from server.contract.events import Topic
from server.contract.extensions import CallState, Extension, ExtensionState
from server.rules.lines import LegView, Line
from server.services.accounts import Who
from server.services.directory import Directory
from server.services.hub import Hub
from server.services.presence import PresenceService
from server.switch.port import ContactsChanged, Down, Event, Leg, LegChanged, LegState, Switch, Up


class States:
    """The state of every enabled extension, and the topic `extensions`: what others may see (ADMIN-1)."""

    def __init__(
        self, *, clock: Clock, switch: Switch, hub: Hub, directory: Directory, presence: PresenceService
    ) -> None:
        self._clock = clock
        self._switch = switch
        self._hub = hub
        self._directory = directory
        self._presence = presence
        self._up = False
        self._legs: dict[str, dict[str, Leg]] = {}
        self._lines: dict[str, Line] = {}
        """Of those that have legs."""
        self._phones: dict[str, int] = {}
        self._states: dict[str, ExtensionState] = {}
        self._shown: dict[str, ExtensionState] = {}
        """The same, as it was told."""
        self._stops: list[Callable[[], None]] = []
        self._observers: list[Callable[[str], None]] = []
        hub.topic(Topic.EXTENSIONS, self._snapshot)

    def start(self) -> None:
        """Follow switch, directory and presence. Call it after those are loaded, before the switch starts."""
        self._stops = [
            self._switch.listen(self._on_switch),
            self._directory.observe(self._on_directory),
            self._presence.observe(self._refresh),
        ]
        self._up = self._switch.status.up
        self._reread()

    def stop(self) -> None:
        """Follow nothing any longer."""
        for stop in self._stops:
            stop()
        self._stops = []

    def get(self, number: str) -> ExtensionState | None:
        """The state of an enabled extension."""
        return self._states.get(number)

    def legs(self, number: str) -> Collection[Leg]:
        """The legs of an extension that there are now."""
        return self._legs.get(number, {}).values()

    def all(self) -> Mapping[str, ExtensionState]:
        """Every state by number."""
        return self._states

    def observe(self, observer: Callable[[str], None]) -> Callable[[], None]:
        """Call `observer(number)` after each change of a state, and when it is gone with its extension.

        The returned function ends that.
        """
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    @property
    def registered(self) -> int:
        """Number of extensions with at least one phone."""
        return sum(1 for state in self._states.values() if state.registered)

    @property
    def phones(self) -> int:
        """Number of registered phones."""
        return sum(state.phones for state in self._states.values())

    async def _snapshot(self, _who: Who) -> Mapping[str, Any]:
        return self._shown

    def _on_switch(self, event: Event) -> None:
        if isinstance(event, LegChanged):
            self._on_leg(event.leg)
        elif isinstance(event, ContactsChanged):
            self._phones[event.number] = len(event.contacts)
            self._refresh(event.number)
        elif isinstance(event, Up):
            self._up = True
            self._reread()
        elif isinstance(event, Down):
            self._up = False
            self._reread()

    def _on_leg(self, leg: Leg) -> None:
        self._take(leg)
        self._refresh(leg.number)

    def _take(self, leg: Leg) -> None:
        legs = self._legs.setdefault(leg.number, {})
        line = self._lines.setdefault(leg.number, Line())
        if leg.state is LegState.GONE:
            legs.pop(leg.id, None)
            line.drop(leg.id)
            if not legs:
                del self._legs[leg.number], self._lines[leg.number]
        else:
            legs[leg.id] = leg
            line.put(leg.id, _view(leg))

    def _on_directory(self, number: str, extension: Extension | None) -> None:
        if extension is not None:
            self._phones[number] = len(self._switch.contacts(number)) if self._up else 0
            self._refresh(number)
        elif self._states.pop(number, None) is not None:
            del self._shown[number]
            self._hub.publish(Topic.EXTENSIONS, number, None)
            self._tell(number)

    def _reread(self) -> None:
        """Everything anew, as the switch has it; without a switch all of it is unknown."""
        self._legs, self._lines = {}, {}
        self._phones = {}
        if self._up:
            for leg in self._switch.legs():
                self._take(leg)
        for extension in self._directory.all():
            if self._up:
                self._phones[extension.number] = len(self._switch.contacts(extension.number))
            self._refresh(extension.number)

    def _refresh(self, number: str) -> None:
        extension = self._directory.get(number)
        if extension is None:
            return
        old = self._states.get(number)
        new = self._state(extension, old)
        if new != old:
            self._states[number] = new
            before, now = self._shown.get(number), _seen_by_others(new, self._shown.get(number))
            if now != before:
                self._shown[number] = now
                self._hub.publish(Topic.EXTENSIONS, number, now)
            self._tell(number)

    def _tell(self, number: str) -> None:
        for observer in tuple(self._observers):
            observer(number)

    def _state(self, extension: Extension, old: ExtensionState | None) -> ExtensionState:
        number = extension.number
        phones = self._phones.get(number, 0) if self._up else 0
        line = self._lines.get(number)
        call = (line.state if line is not None else CallState.IDLE) if self._up else CallState.UNKNOWN
        return ExtensionState(
            number=number,
            name=extension.display_name,
            groups=extension.groups,
            avatar=extension.avatar,
            monitored=extension.monitored,
            registered=phones > 0 if self._up else None,
            phones=phones,
            call=call,
            call_since=self._since(call, old),
            presence=self._presence.of(number),
        )

    def _since(self, call: CallState, old: ExtensionState | None) -> datetime:
        return old.call_since if old is not None and old.call is call else self._clock.now()


def _seen_by_others(state: ExtensionState, before: ExtensionState | None) -> ExtensionState:
    """Of one who may not be monitored nothing changes with calls and phones, not even a time."""
    if state.monitored:
        return state
    since = before.call_since if before is not None and not before.monitored else state.call_since
    hidden = {"registered": None, "phones": 0, "call": CallState.UNKNOWN, "call_since": since}
    return state.model_copy(update=hidden)


def _view(leg: Leg) -> LegView:
    return LegView(
        inbound=leg.inbound,
        ringing=leg.state is LegState.RINGING,
        up=leg.state is LegState.UP,
        held=leg.holds,
    )
