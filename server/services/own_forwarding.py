"""The topic `forwarding`: where everybody's own calls go now, live (PRES-3, KEY-2)."""

from collections.abc import Callable, Mapping
from typing import Any

from server.contract.events import Topic
from server.contract.reaching import ForwardingCondition, OwnForwarding
from server.rules.forwarding_by_code import forwarded
from server.services.accounts import Who
from server.services.hub import Hub
from server.services.presence import PresenceService
from server.services.reaching import Reaching


class OwnForwardings:
    """Publishes, for each condition, where calls go in the status that an extension has chosen."""

    def __init__(self, *, hub: Hub, reaching: Reaching, presence: PresenceService) -> None:
        self._hub = hub
        self._reaching = reaching
        self._presence = presence
        self._stops: list[Callable[[], None]] = []
        hub.topic(Topic.FORWARDING, self._snapshot, allowed=lambda who: who.number is not None)

    def start(self) -> None:
        """Follow the settings and the statuses."""
        self._stops = [self._reaching.observe(self._on_change), self._presence.observe(self._on_change)]

    def stop(self) -> None:
        """Follow them no longer."""
        for stop in self._stops:
            stop()
        self._stops = []

    def of(self, number: str) -> dict[str, OwnForwarding]:
        """What is forwarded now, by condition."""
        settings, status = self._reaching.of(number), self._presence.of(number).status
        return {
            condition.value: OwnForwarding(condition=condition, destination=to)
            for condition in ForwardingCondition
            if (to := forwarded(settings, status, condition)) is not None
        }

    async def _snapshot(self, who: Who) -> Mapping[str, Any]:
        return self.of(who.number) if who.number is not None else {}

    def _on_change(self, number: str) -> None:
        now = self.of(number)
        for condition in ForwardingCondition:
            self._hub.publish(Topic.FORWARDING, condition.value, now.get(condition.value), to=number)
