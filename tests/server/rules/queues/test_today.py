"""Q-13: the sums of today, kept up call by call, are those of the report."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.contract.agents import QueueCall, QueueEnd
from server.rules.queues.reports import queue_report
from server.rules.queues.today import Tally, day_of
from tests.virtual_time import EPOCH

PRAGUE = ZoneInfo("Europe/Prague")


def call(joined_s: float, waited_s: float, end: QueueEnd, name: str = "") -> QueueCall:
    joined = EPOCH + timedelta(seconds=joined_s)
    left = joined + timedelta(seconds=waited_s)
    agent = "1002" if end is QueueEnd.ANSWERED else None
    ended = left + timedelta(seconds=60) if agent else None
    return QueueCall(
        call=name or f"c{joined_s}", queue="6400", joined=joined, left=left, end=end, agent=agent, ended=ended
    )


CALLS = st.lists(
    st.builds(
        call,
        st.integers(-3600, 3600),
        st.integers(0, 60),
        st.sampled_from(QueueEnd),
        st.uuids().map(str),
    ),
    max_size=30,
)


@given(CALLS, st.integers(1, 60), st.randoms())
def test_the_board_of_a_day_is_its_report_whatever_is_told_twice_Q_13(calls, level_s, random) -> None:
    told = calls + [one for one in calls if random.random() < 0.5]
    random.shuffle(told)
    tally = Tally(EPOCH, 20)
    tally.begin(EPOCH, level_s)
    for one in told:
        tally.add(one)
    talking = [one for one in calls if one.end is QueueEnd.ANSWERED]
    report = queue_report(calls, "6400", EPOCH, EPOCH + timedelta(days=1), service_level_s=level_s)
    for today in (tally.today(), tally.today(talking)):
        for name in ("calls", "answered", "abandoned", "failed_over", "left", "longest_wait_s"):
            assert getattr(today, name) == getattr(report, name), name
        for name in ("service_level", "service_level_all", "mean_answer_s"):
            assert getattr(today, name) == pytest.approx(getattr(report, name)), name


def test_who_talks_counts_as_answered_and_is_not_counted_again_when_the_call_is_over_Q_13() -> None:
    tally, talks = Tally(EPOCH, 20), call(10, 5, QueueEnd.ANSWERED)
    assert (tally.today().calls, tally.today().service_level) == (0, None)
    assert (tally.today([talks]).answered, tally.today([talks]).service_level) == (1, 1.0)
    assert tally.today().answered == 0, "who talks may come back to the queue"
    tally.add(talks)
    assert tally.today([talks]).answered == 1


def test_another_day_and_another_service_level_are_counted_anew_Q_13() -> None:
    tally = Tally(EPOCH, 20)
    tally.add(call(100, 30, QueueEnd.ANSWERED))
    tally.add(call(4000, 10, QueueEnd.ANSWERED))
    assert tally.today().service_level == 0.5
    tally.begin(EPOCH, 40)
    assert tally.today().service_level == 1.0
    tally.begin(EPOCH + timedelta(hours=1), 40)
    assert (tally.today().calls, tally.today().longest_wait_s) == (1, 10.0)


@pytest.mark.parametrize(
    ("now", "begun", "hours"),
    [
        (datetime(2026, 3, 2, 9, 0, tzinfo=UTC), datetime(2026, 3, 1, 23, 0, tzinfo=UTC), 24),
        (datetime(2026, 3, 1, 23, 0, tzinfo=UTC), datetime(2026, 3, 1, 23, 0, tzinfo=UTC), 24),
        (datetime(2026, 3, 1, 22, 59, tzinfo=UTC), datetime(2026, 2, 28, 23, 0, tzinfo=UTC), 24),
        (datetime(2026, 3, 29, 12, 0, tzinfo=UTC), datetime(2026, 3, 28, 23, 0, tzinfo=UTC), 23),
        (datetime(2026, 10, 25, 12, 0, tzinfo=UTC), datetime(2026, 10, 24, 22, 0, tzinfo=UTC), 25),
    ],
)
def test_a_day_is_that_of_the_zone_also_when_the_clocks_change_Q_13(now, begun, hours) -> None:
    first, last = day_of(now, PRAGUE)
    assert first == begun
    assert last.astimezone(UTC) - first.astimezone(UTC) == timedelta(hours=hours)
