"""The board of each queue: the one owner of topic `queues` (Q-13).

What happens in a queue makes its board stale; it is told anew at once, and then `PACE_S` later at the
earliest, so that a storm of calls costs a few boards a second. Nothing polls.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any

from sqlalchemy import select

from server.clock import Clock
from server.contract.agents import QueueCall, QueueEnd, WaitingCaller
from server.contract.events import Topic
from server.contract.queue_board import MOST_CALLERS, QueueBoard, QueueBoardInFull
from server.contract.queues import Queue
from server.contract.routing import SystemSettings
from server.db.base import Database
from server.db.models import QueueCallRow
from server.rules.hours import zone_named
from server.rules.queues.today import Tally, day_of
from server.services.accounts import Who
from server.services.agents import Agents
from server.services.configuration import Configuration, ConfigurationChanged
from server.services.hub import Hub
from server.services.queue_store import queue_calls
from server.services.queues import Queues

PACE_S = 0.2
"""Seconds between two boards of the same queue."""


class QueueBoards:
    """Keeps the sums of today and tells managers and administrators how their queues stand."""

    def __init__(
        self,
        *,
        db: Database,
        hub: Hub,
        clock: Clock,
        queues: Queues,
        agents: Agents,
        configuration: Configuration,
    ) -> None:
        self._db = db
        self._hub = hub
        self._clock = clock
        self._queues = queues
        self._agents = agents
        self._configuration = configuration
        self._tallies: dict[str, Tally] = {}
        self._managers: dict[str, tuple[str, ...]] = {}
        """Who was told of each board."""
        self._stale: set[str] = set()
        self._told_at = float("-inf")
        self._flush: asyncio.TimerHandle | None = None
        self._midnight: asyncio.TimerHandle | None = None
        self._reading: set[asyncio.Task[None]] = set()
        hub.topic(Topic.QUEUES, self._snapshot)

    async def start(self) -> None:
        """Follow the queues from now on, and read what has happened today. Await it before calls come."""
        self._queues.on_change = self._on_change
        self._stop = self._configuration.observe(self._on_configuration)
        self._managers = {queue.number: queue.managers for queue in self._queues.all() if _has_board(queue)}
        self._begin_day()
        await self._read_day()

    async def stop(self) -> None:
        """Follow nothing any longer."""
        self._stop()
        for timer in (self._flush, self._midnight):
            if timer is not None:
                timer.cancel()
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)

    def in_full(self, number: str, who: Who) -> QueueBoardInFull:
        """The board of a queue with its agents, for its managers and administrators.

        Raises:
            ServiceError: `NOT_FOUND`, `FORBIDDEN`.
        """
        members = self._agents.in_queue(number, who)
        board = self._board(self._agents.check_managed(number, who))
        return QueueBoardInFull(**board.model_dump(), members=tuple(members))

    # Of a queue

    def _board(self, queue: Queue) -> QueueBoard:
        acd = self._queues.acd
        line = acd.floor.lines.get(queue.number)
        waiting = line.callers if line is not None else []
        talking = [caller for caller in acd.floor.talking.values() if caller.queue == queue.number]
        states = Counter(one.state for one in line.members.values() if one.state) if line is not None else {}
        answered = [
            QueueCall(
                call=caller.call,
                queue=queue.number,
                joined=caller.joined,
                left=caller.answered_at,
                end=QueueEnd.PICKED_UP if caller.picked_up else QueueEnd.ANSWERED,
                agent=caller.agent,
            )
            for caller in talking
            if caller.answered_at is not None
        ]
        return QueueBoard(
            queue=queue.number,
            name=queue.name,
            waiting=len(waiting),
            longest_since=waiting[0].joined if waiting else None,
            callers=tuple(self._callers(queue.number)),
            talking=len(talking),
            agents=dict(states),
            service_level_s=queue.service_level_s,
            today=self._tally(queue).today(answered),
        )

    def _callers(self, number: str) -> Iterable[WaitingCaller]:
        if number not in self._queues.acd.floor.lines:
            return []
        return self._agents.named(self._queues.acd.callers(number, MOST_CALLERS))

    def _tally(self, queue: Queue) -> Tally:
        begun, _ = day_of(self._clock.now(), self._zone)
        tally = self._tallies.get(queue.number)
        if tally is None:
            tally = self._tallies[queue.number] = Tally(begun, queue.service_level_s)
        tally.begin(begun, queue.service_level_s)
        return tally

    # What happens

    def _on_change(self, numbers: Collection[str], logged: Sequence[QueueCall]) -> None:
        for call in logged:
            queue = self._queues.settings_of(call.queue)
            if queue is not None:
                self._tally(queue).add(call)
        self._tell_soon(numbers)

    def _on_configuration(self, change: ConfigurationChanged) -> None:
        if change.model is SystemSettings:
            self._begin_day()
            task = asyncio.get_running_loop().create_task(self._read_day(), name="the day of the queues")
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)
        elif change.model is Queue:
            queue = self._queues.settings_of(change.key)
            managers = queue.managers if queue is not None and _has_board(queue) else None
            before = self._managers.pop(change.key, ())
            if managers is None:
                self._tallies.pop(change.key, None)
                self._hub.publish_to(Topic.QUEUES, change.key, None, before)
                return
            self._managers[change.key] = managers
            for number in set(before) - set(managers):
                self._hub.publish(Topic.QUEUES, change.key, None, to=number)
            self._tell_soon([change.key])

    def _begin_day(self) -> None:
        """Another day has begun, or one that begins at another hour."""
        if self._midnight is not None:
            self._midnight.cancel()
        now = self._clock.now()
        _, end = day_of(now, self._zone)
        wait_s = max(1.0, (end - now).total_seconds())
        self._midnight = asyncio.get_running_loop().call_later(wait_s, self._begin_day)
        self._tell_soon(self._managers)

    async def _read_day(self) -> None:
        """Count what the log has of today."""
        begun, _ = day_of(self._clock.now(), self._zone)
        query = select(QueueCallRow).where(QueueCallRow.joined_at >= begun.astimezone(UTC))
        async with self._db.reading() as session:
            calls = queue_calls(list(await session.scalars(query)))
        self._on_change({call.queue for call in calls}, calls)

    # What is told

    def _tell_soon(self, numbers: Iterable[str]) -> None:
        self._stale.update(number for number in numbers if number in self._managers)
        if not self._stale or self._flush is not None:
            return
        loop = asyncio.get_running_loop()
        self._flush = loop.call_later(max(0.0, self._told_at + PACE_S - loop.time()), self._tell)

    def _tell(self) -> None:
        self._flush = None
        self._told_at = asyncio.get_running_loop().time()
        stale, self._stale = self._stale, set()
        if not self._hub.subscribers:
            return
        for number in sorted(stale):
            queue = self._queues.settings_of(number)
            if queue is not None:
                self._hub.publish_to(Topic.QUEUES, number, self._board(queue), queue.managers)

    async def _snapshot(self, who: Who) -> Mapping[str, Any]:
        return {
            queue.number: self._board(queue)
            for queue in self._queues.all()
            if _has_board(queue) and (who.is_administrator or who.number in queue.managers)
        }

    @property
    def _zone(self) -> tzinfo:
        return zone_named(self._configuration.snapshot.system.time_zone) or UTC


def _has_board(queue: Queue) -> bool:
    """Queues of campaigns have the campaign's wallboard."""
    return not queue.outbound
