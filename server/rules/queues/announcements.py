"""When a waiting caller hears what, and what is said of the waiting (Q-5)."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server.contract.queues import Queue

GAP_S = 5.0
"""Silence at least between an announcement and the next of its kind, should one be longer than its period."""


class Announcement(StrEnum):
    """What a caller hears."""

    JOIN = "join"
    POSITION = "position"
    """Position, estimated hold time, thanks: whatever the queue's settings say."""
    PERIODIC = "periodic"


@dataclass(slots=True)
class Schedule:
    """What a caller is to hear, when. Nothing is begun while something plays.

    Attributes:
        position_at, periodic_at: the next time; None: never.
        first: nothing has been said of the position yet.
    """

    position_at: datetime | None = None
    periodic_at: datetime | None = None
    playing: Announcement | None = None
    first: bool = True

    @property
    def next_at(self) -> datetime | None:
        """When the next one is to begin; None if nothing will, or something plays."""
        moments = [at for at in (self.position_at, self.periodic_at) if at is not None]
        return min(moments) if moments and self.playing is None else None


def begin(schedule: Schedule, queue: Queue, now: datetime) -> None:
    """The caller begins to wait, or has heard the join announcement: the position now, the rest in time."""
    schedule.playing = None
    schedule.position_at = now if queue.position.says_something else None
    schedule.periodic_at = now + timedelta(seconds=queue.periodic.every_s) if queue.periodic else None


def take_due(schedule: Schedule, queue: Queue, now: datetime, *, being_rung_for: bool) -> Announcement | None:
    """What begins now; None if nothing is due. The position comes before the periodic announcement.

    A caller for whom an agent is rung at once need not be told at once.
    """
    if schedule.playing is not None:
        return None
    if schedule.position_at is not None and schedule.position_at <= now:
        schedule.position_at = now + timedelta(seconds=queue.position.every_s)
        first, schedule.first = schedule.first, False
        if not (first and being_rung_for):
            schedule.playing = Announcement.POSITION
            return schedule.playing
    if schedule.periodic_at is not None and schedule.periodic_at <= now and queue.periodic:
        schedule.periodic_at = now + timedelta(seconds=queue.periodic.every_s)
        schedule.playing = Announcement.PERIODIC
    return schedule.playing


def ended(schedule: Schedule, now: datetime) -> None:
    """What played has ended. Periods run from beginning to beginning, with a gap at least."""
    earliest = now + timedelta(seconds=GAP_S)
    if schedule.playing is Announcement.POSITION and schedule.position_at is not None:
        schedule.position_at = max(schedule.position_at, earliest)
    elif schedule.playing is Announcement.PERIODIC and schedule.periodic_at is not None:
        schedule.periodic_at = max(schedule.periodic_at, earliest)
    schedule.playing = None


def average_wait(before: float | None, waited_s: float) -> float:
    """The sliding average of answered callers' waits, in seconds: the newest counts a quarter."""
    return waited_s if before is None else 0.75 * before + 0.25 * waited_s


def minutes_to_wait(average_s: float | None, waited_s: float) -> int | None:
    """What a caller who has waited so long is told, at least 1; None: nobody has been answered yet."""
    if average_s is None:
        return None
    return max(1, math.ceil((average_s - waited_s) / 60))
