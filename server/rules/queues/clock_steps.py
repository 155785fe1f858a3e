"""The clock of the machine is set while calls wait: all moments of the queues move with it."""

from datetime import datetime, timedelta

from server.rules.queues.floor import Floor
from server.rules.queues.lines import Caller


def shift(floor: Floor, by: timedelta) -> None:
    """Move every moment that the queues know of by this much."""
    floor.now += by
    floor.timers.shift(by)
    for caller in (*floor.waiting.values(), *floor.talking.values()):
        _shift_caller(caller, by)
    for line in floor.lines.values():
        for member in line.members.values():
            member.since += by
            member.let_go = _moved(member.let_go, by)
            member.wrap_until = _moved(member.wrap_until, by)
            member.rest_until = _moved(member.rest_until, by)


def _shift_caller(caller: Caller, by: timedelta) -> None:
    caller.joined += by
    caller.answered_at = _moved(caller.answered_at, by)
    caller.retry_at = _moved(caller.retry_at, by)
    caller.schedule.position_at = _moved(caller.schedule.position_at, by)
    caller.schedule.periodic_at = _moved(caller.schedule.periodic_at, by)
    for offer in caller.offers.values():
        offer.since += by
        offer.until += by


def _moved(moment: datetime | None, by: timedelta) -> datetime | None:
    return moment + by if moment is not None else None
