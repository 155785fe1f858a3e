"""Q-12: sums over the logs."""

from datetime import timedelta

import pytest

from server.contract.agents import AgentChange, AgentState, QueueCall, QueueEnd
from server.rules.queues.reports import agent_reports, as_csv, by_interval, queue_report
from tests.server.rules.queues.centre import SALES, Centre, queue
from tests.virtual_time import EPOCH

A, B = "1001", "1002"
S = AgentState


def at(seconds):
    return EPOCH + timedelta(seconds=seconds)


def call(joined, waited, talked=None, *, end=QueueEnd.ABANDONED, missed=()):
    """A call; one with a talk was answered."""
    answered = talked is not None
    return QueueCall(
        call=f"c{joined}",
        queue=SALES,
        joined=at(joined),
        left=at(joined + waited),
        end=QueueEnd.ANSWERED if answered else end,
        agent=A if answered else None,
        ended=at(joined + waited + talked) if answered else None,
        missed=missed,
    )


LOG = [
    call(0, 5, 100),
    call(10, 20, 50),
    call(20, 21, 30, missed=(B, A)),
    call(1000, 3),
    call(1010, 60),
    call(1020, 90, end=QueueEnd.FAILED_OVER),
]


def test_service_level_by_both_definitions_Q_12():
    report = queue_report(LOG, SALES, at(0), at(3600), service_level_s=20)
    assert (report.calls, report.answered, report.abandoned, report.failed_over) == (6, 3, 2, 1)
    assert report.service_level == pytest.approx(2 / 3), "of three answered ones, two within 20 s"
    assert report.service_level_all == pytest.approx(3 / 6), "of all six; one was abandoned in time"
    assert (report.mean_wait_s, report.longest_wait_s) == (pytest.approx(199 / 6), 90)
    assert (report.mean_answer_s, report.mean_talk_s) == (pytest.approx(46 / 3), 60)
    assert report.missed == 2


def test_no_calls_have_no_service_level_Q_12():
    report = queue_report(LOG, "6499", at(0), at(3600), service_level_s=20)
    assert (report.calls, report.service_level, report.service_level_all) == (0, None, None)


def test_intervals_hold_the_calls_that_joined_in_them_Q_12():
    parts = by_interval(LOG, SALES, at(10), at(2500), step=timedelta(seconds=1000), service_level_s=20)
    assert [part.calls for part in parts] == [3, 2, 0]
    assert parts[-1].until == at(2500)
    long_log = iter([call(minute * 60, 1) for minute in range(5)])
    minutes = by_interval(long_log, SALES, at(0), at(300), step=timedelta(minutes=1), service_level_s=20)
    assert [part.calls for part in minutes] == [1] * 5, "the log is gone through once, not for each interval"
    with pytest.raises(ValueError, match="longer than nothing"):
        by_interval(LOG, SALES, at(0), at(10), step=timedelta(0), service_level_s=20)


def test_an_agents_time_by_state_is_the_whole_time_Q_12():
    centre = Centre(queue(A, wrap_up_s=20))
    centre.pass_until(30)
    centre.do("join", "c1", SALES)
    centre.wait(5)
    centre.talk("c1", 100)
    centre.pass_until(300)
    (report,) = agent_reports(centre.changes, centre.log, at(10), at(300))
    spent = {state: seconds for state, seconds in report.seconds.items() if seconds}
    assert spent == {S.AVAILABLE: 165, S.RINGING: 5, S.TALKING: 100, S.WRAP_UP: 20}
    assert (report.answered, report.missed, report.talk_s) == (1, 0, 100)


def test_time_before_joining_a_queue_and_after_leaving_it_does_not_count_Q_12():
    def change(seconds, before, after):
        return AgentChange(queue=SALES, extension=A, at=at(seconds), before=before, after=after)

    changes = [change(100, None, S.AVAILABLE), change(250, S.AVAILABLE, None), change(400, None, S.PAUSED)]
    (report,) = agent_reports(changes, [], at(0), at(500))
    assert {state: seconds for state, seconds in report.seconds.items() if seconds} == {
        S.AVAILABLE: 150,
        S.PAUSED: 100,
    }


def test_csv_has_a_line_for_each_report_Q_12():
    parts = by_interval(LOG, SALES, at(0), at(2000), step=timedelta(seconds=1000), service_level_s=20)
    lines = as_csv(parts).splitlines()
    assert lines[0].startswith("queue,since,until,calls,answered,abandoned,")
    assert [line.split(",")[3] for line in lines[1:]] == ["3", "3"]
    agents = agent_reports([], [], at(0), at(1))
    assert as_csv(agents) == ""
    centre = Centre(queue(A))
    header, line = as_csv(agent_reports(centre.changes, [], at(0), at(60))).splitlines()
    assert dict(zip(header.split(","), line.split(","), strict=True))["available_s"] == "60.0"
