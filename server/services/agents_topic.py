"""What is told of agents: to each of themselves, to managers of their queues (Q-11)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from server.contract.agents import AgentStatus
from server.contract.events import Topic
from server.contract.queues import Queue
from server.rules.queues.acd import Acd
from server.services.accounts import Who
from server.services.configuration import Configuration
from server.services.hub import Hub

Key = tuple[str, str]
"""Queue and agent."""


class AgentsTopic:
    """Topic `agents`. `on_change` is called with queue and agent after each change of a state."""

    def __init__(
        self, *, hub: Hub, configuration: Configuration, on_change: Callable[[str, str], None]
    ) -> None:
        self._hub = hub
        self._configuration = configuration
        self._on_change = on_change
        self._shown: dict[Key, AgentStatus] = {}
        self._managers: dict[str, tuple[str, ...]] = {}
        hub.topic(Topic.AGENTS, self._snapshot)

    def look_at_managers(self) -> None:
        """Whoever manages a queue now, or does no longer, sees other agents than before."""
        queues = self._configuration.snapshot.all(Queue).values()
        before, self._managers = self._managers, {queue.number: queue.managers for queue in queues}
        changed = [one for one in before | self._managers if before.get(one) != self._managers.get(one)]
        if told := {who for one in changed for who in (*before.get(one, ()), *self._managers.get(one, ()))}:
            self._hub.renew(Topic.AGENTS, to=told)

    def tell_all(self, acd: Acd) -> set[Key]:
        """Tell what has changed of all agents; returns those who are none any more."""
        there = {(status.queue, status.extension): status for status in acd.agents()}
        return self._tell_changes(there, self._shown.keys() - there.keys())

    def tell(self, acd: Acd, extensions: Iterable[str], *, queue: str) -> set[Key]:
        """Tell what has changed of these agents; returns those who are none of `queue` any more."""
        extensions = set(extensions)
        there: dict[Key, AgentStatus] = {}
        for extension in extensions:
            known = acd.floor.agents.get(extension)
            for of in known.memberships if known is not None else ():
                if (status := acd.agent(of, extension)) is not None:
                    there[of, extension] = status
        members = {(queue, one) for one in extensions}
        return self._tell_changes(there, {key for key in members if key in self._shown and key not in there})

    def _tell_changes(self, there: Mapping[Key, AgentStatus], gone: set[Key]) -> set[Key]:
        for key in gone:
            del self._shown[key]
            self._tell(key, None)
        for key, status in there.items():
            if self._shown.get(key) != status:
                self._shown[key] = status
                self._tell(key, status)
        return gone

    def _tell(self, key: Key, status: AgentStatus | None) -> None:
        queue, extension = key
        self._on_change(queue, extension)
        settings = self._configuration.snapshot.get(Queue, queue)
        managers = settings.managers if settings is not None else ()
        self._hub.publish_to(Topic.AGENTS, f"{queue}/{extension}", status, (extension, *managers))

    async def _snapshot(self, who: Who) -> Mapping[str, Any]:
        queues = self._configuration.snapshot.all(Queue).values()
        managed = {queue.number for queue in queues if who.is_administrator or who.number in queue.managers}
        return {
            f"{queue}/{extension}": status
            for (queue, extension), status in self._shown.items()
            if extension == who.number or queue in managed
        }
