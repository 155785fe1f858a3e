"""Lamps of queues, and of agents in them, for desk phones of those whom they concern (KEY-4, Q-10, Q-11)."""

from collections.abc import Callable, Iterable

from server.contract.agents import AgentState, AgentStatus
from server.contract.features import FeatureCodes
from server.contract.queues import Queue
from server.services.configuration import Configuration
from server.services.directory import Directory
from server.services.lamps import Changed
from server.services.queues import Queues
from server.switch.port import Lamp, LampState


class QueueLamps:
    """What an agent is, by the codes with which one changes it, and what a queue's callers do.

    | value | lit while the watcher | there for |
    |---|---|---|
    | `*7`+queue | is logged in there | its dynamic agents |
    | `*07`+queue | is paused there | its agents |
    | `*77` | is logged in to all own queues | dynamic agents |
    | `*077` | is logged in to any | dynamic agents |

    And the number of a queue: `EARLY` while a caller waits there, else `CONFIRMED` while an agent talks with
    one; for its agents and managers, to whom it is the same one.
    """

    def __init__(self, queues: Queues, directory: Directory, configuration: Configuration) -> None:
        self._queues = queues
        self._directory = directory
        self._configuration = configuration
        self._told: dict[tuple[str, str], tuple[bool, bool]] = {}
        """Whether an agent was last logged in, and paused, by queue and extension."""

    def lamps(self) -> Iterable[Lamp]:
        """See `LampSource`. Codes that are switched off make none."""
        codes = self._configuration.snapshot.codes
        dynamic: dict[str, None] = {}
        found = []
        for queue in self._queues.all():
            static = [agent.extension for agent in queue.static_agents]
            coming = [agent.extension for agent in queue.dynamic_agents]
            dynamic |= dict.fromkeys(coming)
            agents = [*static, *coming]
            found.append(Lamp(queue.number, among=self._there(queue.staff)))
            if codes.queue_log:
                found += [Lamp(f"{codes.queue_log}{queue.number}", one) for one in self._there(coming)]
            if codes.queue_pause:
                found += [Lamp(f"{codes.queue_pause}{queue.number}", one) for one in self._there(agents)]
        for code in (codes.queue_log_in_all, codes.queue_log_out_all):
            if code:
                found += [Lamp(code, one) for one in self._there(dynamic)]
        return found

    def state(self, lamp: Lamp) -> LampState:
        """See `LampSource`."""
        if not lamp.watcher:
            return self._of_queue(lamp.value)
        codes = self._configuration.snapshot.codes
        statuses = self._statuses(lamp.watcher)
        if lamp.value in (codes.queue_log_in_all, codes.queue_log_out_all):
            logged_in = [status.logged_in for status in statuses if status.dynamic]
            among_all = all if lamp.value == codes.queue_log_in_all else any
            return _lit(bool(logged_in) and among_all(logged_in))
        return _lit(
            any(
                (status.logged_in and lamp.value == f"{codes.queue_log}{status.queue}")
                or (status.paused and lamp.value == f"{codes.queue_pause}{status.queue}")
                for status in statuses
            )
        )

    def observe(self, changed: Changed) -> Callable[[], None]:
        """See `LampSource`."""

        def on_queue(queue: str, extension: str) -> None:
            if not extension:
                changed(Lamp(queue))
            elif self._is_new(queue, extension):
                codes = self._configuration.snapshot.codes
                for code in (codes.queue_log, codes.queue_pause):
                    if code:
                        changed(Lamp(f"{code}{queue}", extension))
                for code in (codes.queue_log_in_all, codes.queue_log_out_all):
                    if code:
                        changed(Lamp(code, extension))

        stops = (
            self._queues.observe(on_queue),
            self._configuration.observe(
                lambda change: changed(None) if change.model in (FeatureCodes, Queue) else None
            ),
        )

        def stop() -> None:
            for one in stops:
                one()

        return stop

    def _there(self, extensions: Iterable[str]) -> list[str]:
        return [one for one in dict.fromkeys(extensions) if self._directory.get(one) is not None]

    def _statuses(self, extension: str) -> list[AgentStatus]:
        acd = self._queues.acd
        found = (acd.agent(queue, extension) for queue in acd.queues_of(extension))
        return [status for status in found if status is not None]

    def _of_queue(self, number: str) -> LampState:
        line = self._queues.acd.floor.lines.get(number)
        if line is not None and line.callers:
            return LampState.EARLY
        talks = line is not None and any(
            member.state is AgentState.TALKING for member in line.members.values()
        )
        return _lit(talks)

    def _is_new(self, queue: str, extension: str) -> bool:
        """Whether anything that is shown has changed, of what changes with every call."""
        status = self._queues.acd.agent(queue, extension)
        now = (status.logged_in, status.paused) if status is not None else (False, False)
        before = self._told.get((queue, extension))
        self._told[queue, extension] = now
        if status is None:
            del self._told[queue, extension]
        return before != now


def _lit(on: bool) -> LampState:
    return LampState.CONFIRMED if on else LampState.TERMINATED
