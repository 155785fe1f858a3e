"""The sums of a day, kept up call by call: what a board shows must not cost a look at all calls (Q-13)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo

from server.contract.agents import QueueCall, QueueEnd
from server.contract.queue_board import QueueToday


def day_of(now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """When the day of this moment began, and when the next one does, in this zone."""
    today = now.astimezone(zone).date()
    return tuple(datetime.combine(day, time.min, zone) for day in (today, today + timedelta(days=1)))  # type: ignore[return-value]


@dataclass(slots=True)
class _Sums:
    calls: int = 0
    ends: dict[QueueEnd, int] = field(default_factory=lambda: dict.fromkeys(QueueEnd, 0))
    in_time: int = 0
    abandoned_in_time: int = 0
    answered_s: float = 0.0
    longest_s: float = 0.0

    def add(self, end: QueueEnd, waited_s: float, level_s: float) -> None:
        self.calls += 1
        self.ends[end] += 1
        self.longest_s = max(self.longest_s, waited_s)
        if end is QueueEnd.ANSWERED:
            self.answered_s += waited_s
            self.in_time += waited_s <= level_s
        elif end is QueueEnd.ABANDONED:
            self.abandoned_in_time += waited_s <= level_s


class Tally:
    """The calls of one queue since the day began, of which the waiting is over.

    A call may be told more than once (by the log and by what happens now): it counts once.
    """

    def __init__(self, since: datetime, level_s: float) -> None:
        self.since = since
        self._level_s = level_s
        self._calls: dict[tuple[str, datetime], tuple[QueueEnd, float]] = {}
        self._sums = _Sums()

    def add(self, call: QueueCall) -> None:
        """The waiting of this call is over; nothing if it joined on another day."""
        key = call.call, call.joined
        if call.joined < self.since or key in self._calls:
            return
        self._calls[key] = call.end, call.waited_s
        self._sums.add(call.end, call.waited_s, self._level_s)

    def begin(self, since: datetime, level_s: float) -> None:
        """The day began then, and an answer within `level_s` is in time: count anew if that is different."""
        if (since, level_s) == (self.since, self._level_s):
            return
        self.since, self._level_s = since, level_s
        self._calls = {key: call for key, call in self._calls.items() if key[1] >= since}
        self._sums = _Sums()
        for end, waited_s in self._calls.values():
            self._sums.add(end, waited_s, level_s)

    def today(self, talking: Iterable[QueueCall] = ()) -> QueueToday:
        """The sums, with those calls that an agent has answered and that go on."""
        old = self._sums
        sums = _Sums(
            old.calls, dict(old.ends), old.in_time, old.abandoned_in_time, old.answered_s, old.longest_s
        )
        for call in talking:
            if call.joined >= self.since and (call.call, call.joined) not in self._calls:
                sums.add(call.end, call.waited_s, self._level_s)
        answered = sums.ends[QueueEnd.ANSWERED]
        in_time = sums.in_time + sums.abandoned_in_time
        return QueueToday(
            since=self.since,
            calls=sums.calls,
            answered=answered,
            abandoned=sums.ends[QueueEnd.ABANDONED],
            failed_over=sums.ends[QueueEnd.FAILED_OVER],
            left=sums.ends[QueueEnd.LEFT],
            service_level=sums.in_time / answered if answered else None,
            service_level_all=in_time / sums.calls if sums.calls else None,
            mean_answer_s=sums.answered_s / answered if answered else 0.0,
            longest_wait_s=sums.longest_s,
        )
