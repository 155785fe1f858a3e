"""SIP-4 in queues: a colleague takes a caller for whom agents ring, or who only waits."""

import pytest

from server.contract.agents import AgentState, QueueEnd
from server.rules.queues.effects import Stop
from server.rules.queues.reports import agent_reports, queue_report
from tests.server.rules.queues.centre import SALES, Centre, queue
from tests.virtual_time import EPOCH

A, B, STRANGER = "1001", "1002", "1009"
S = AgentState


def test_an_agent_who_picks_up_has_answered_and_who_was_rung_has_missed_nothing_SIP_4():
    centre = Centre(queue(A, B, auto_pause_after=1, retry_s=30, wrap_up_s=10))
    centre.do("join", "c1", SALES)
    centre.wait(3)
    assert centre.ringing("c1") == [A]
    centre.do("picked_up", "c1", B)
    (stop,) = centre.stops()
    assert (stop.extension, stop.why) == (A, Stop.ANSWERED_ELSEWHERE)
    assert (centre.state(A), centre.state(B)) == (S.AVAILABLE, S.TALKING)
    centre.wait(20)
    centre.do("hung_up", "c1")
    assert centre.state(B) is S.WRAP_UP
    (line,) = centre.log
    assert (line.end, line.agent, line.waited_s, line.talked_s) == (QueueEnd.ANSWERED, B, 3.0, 20.0)
    assert line.missed == ()
    centre.do("join", "c2", SALES)
    assert centre.ringing("c2") == [A], "who has missed nothing need not rest"


def test_a_colleague_from_outside_the_queue_is_told_apart_in_log_and_report_SIP_4():
    centre = Centre(queue(A))
    centre.do("join", "c1", SALES)
    centre.wait(3)
    centre.do("picked_up", "c1", STRANGER)
    centre.wait(20)
    centre.do("hung_up", "c1")
    (line,) = centre.log
    assert (line.end, line.agent, line.talked_s) == (QueueEnd.PICKED_UP, STRANGER, 20.0)
    now = centre.now
    report = queue_report(centre.log, SALES, EPOCH, now, service_level_s=20)
    assert (report.calls, report.picked_up, report.answered, report.abandoned) == (1, 1, 0, 0)
    (agent,) = agent_reports(centre.changes, centre.log, EPOCH, now)
    assert (agent.extension, agent.answered, agent.missed) == (A, 0, 0)
    assert [one.extension for one in centre.acd.agents()] == [A], "taking a call makes nobody an agent"


def test_the_agent_who_is_rung_takes_it_on_another_phone_SIP_4():
    centre = Centre(queue(A))
    centre.do("join", "c1", SALES)
    centre.do("picked_up", "c1", A)
    assert (centre.ringing(), centre.state(A)) == ([], S.TALKING)
    centre.do("hung_up", "c1")
    assert [one.end for one in centre.log] == [QueueEnd.ANSWERED]


@pytest.mark.parametrize("member", [True, False])
def test_of_an_answer_and_a_pick_up_the_first_one_wins_SIP_4(member):
    picker = B if member else STRANGER
    centre = Centre(queue(A, B))
    centre.do("join", "c1", SALES)
    centre.answer("c1")
    centre.do("picked_up", "c1", picker)
    centre.do("hung_up", "c1")
    assert [one.agent for one in centre.log] == [A]
    centre.wait(30)
    centre.do("join", "c2", SALES)
    (rung,) = centre.ringing("c2")
    centre.do("picked_up", "c2", picker)
    assert centre.do("answered", "c2", rung) == [], "too late"
    centre.do("hung_up", "c2")
    assert [one.agent for one in centre.log] == [A, picker]


@pytest.mark.parametrize("picker", [B, STRANGER])
def test_a_colleague_who_is_gone_at_once_costs_the_caller_nothing_SIP_4(picker):
    centre = Centre(queue(A, B))
    centre.do("join", "c1", SALES)
    centre.do("join", "c2", SALES)
    centre.wait(1)
    centre.do("picked_up", "c1", picker)
    centre.do("came_to_nothing", "c1")
    assert [one.call for one in centre.acd.callers(SALES)] == ["c1", "c2"]
    assert centre.ringing("c1") == [A]
    centre.do("hung_up", "c1")
    assert [one.end for one in centre.log] == [QueueEnd.ABANDONED]


@pytest.mark.parametrize("picker", [B, STRANGER])
def test_a_call_that_was_picked_up_is_so_after_a_restart_Q_11(picker):
    centre = Centre(queue(A, B))
    centre.do("join", "c1", SALES)
    centre.do("picked_up", "c1", picker)
    centre.restart(["c1"])
    assert centre.acd.callers(SALES) == []
    centre.wait(10)
    centre.do("hung_up", "c1")
    (line,) = centre.log
    assert (line.agent, line.end) == (picker, QueueEnd.ANSWERED if picker == B else QueueEnd.PICKED_UP)
