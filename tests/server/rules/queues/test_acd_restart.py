"""Q-2, Q-11: what the ACD knew is what it knows after a restart."""

from server.contract.agents import AgentState, QueueEnd
from server.contract.queues import QueueStrategy
from server.rules.queues.effects import FailOver
from tests.server.rules.queues.centre import SALES, Centre, queue

A, B, C = "1001", "1002", "1003"
OTHER = "6401"
S = AgentState


def test_after_a_restart_callers_keep_their_turn_and_talks_go_on_Q_11():
    centre = Centre(queue(A, B, max_wait_s=60))
    for call in ("c1", "c2", "c3", "c4"):
        centre.do("join", call, SALES)
        centre.wait(1)
    centre.answer("c1")
    centre.restart(["c1", "c2", "c3"], down_s=10)
    assert centre.state(A) is S.TALKING
    assert centre.state(B) is S.UNREACHABLE, "until somebody says otherwise"
    assert [one.call for one in centre.acd.callers(SALES)] == ["c2", "c3"]
    assert [(one.call, one.end) for one in centre.log] == [("c4", QueueEnd.ABANDONED)]
    centre.do("reachable", B, is_so=True)
    assert centre.ringing("c2") == [B]
    centre.do("join", "c5", SALES)
    assert [one.call for one in centre.acd.callers(SALES)] == ["c2", "c3", "c5"]
    centre.pass_until(61.5)
    assert [one.call for one in centre.of(FailOver)] == ["c2"], "the time has gone on"


def test_who_joins_after_a_restart_is_behind_who_joined_in_the_same_moment_before_it_Q_2():
    centre = Centre(queue(A))
    centre.do("busy", A, is_so=True)
    for call in ("c1", "c2", "c3"):
        centre.do("join", call, SALES)
    centre.do("hung_up", "c1")
    centre.restart(["c2", "c3"], down_s=0)
    centre.do("join", "c4", SALES)
    assert [one.call for one in centre.acd.callers(SALES)] == ["c2", "c3", "c4"]


def test_a_talk_that_has_ended_meanwhile_leads_to_wrap_up_Q_11():
    centre = Centre(queue(A, wrap_up_s=20))
    centre.do("join", "c1", SALES)
    centre.answer("c1")
    centre.restart([])
    centre.connect_phones()
    assert centre.state(A) is S.WRAP_UP
    centre.restart([], down_s=30)
    centre.connect_phones()
    assert centre.state(A) is S.AVAILABLE


def test_pauses_log_ins_and_whose_turn_it_is_survive_a_restart_Q_11():
    settings = {"strategy": QueueStrategy.RRMEMORY}
    centre = Centre(queue(A, B, C, **settings), queue(number=OTHER, dynamic=[B, A, C], **settings))
    for extension in (B, A):
        centre.do("log_in", extension, [OTHER])
    centre.serve("c1", "c2")
    centre.serve("d1", number=OTHER)
    centre.do("pause", A, [SALES], "lunch")
    centre.restart([])
    centre.connect_phones()
    assert (centre.state(A), centre.state(C, OTHER)) == (S.PAUSED, S.LOGGED_OUT)
    assert {(one.queue, one.reason) for one in centre.acd.agents() if one.paused} == {(SALES, "lunch")}
    assert centre.serve("c3") == [C]
    assert centre.serve("d2", number=OTHER) == [A]
    centre.do("log_in", C, [OTHER])
    assert centre.serve("d3", number=OTHER) == [C], "logged in last"


def test_an_agent_who_is_found_talking_has_answered_however_late_Q_9_Q_11():
    centre = Centre(queue(A, B, wrap_up_s=5, max_wait_s=60))
    for call in ("c1", "c2", "c3"):
        centre.do("join", call, SALES)
    centre.restart(["c1", "c2"], down_s=90.0, talking={"c1": A})
    assert [(line.call, line.end) for line in centre.log] == [("c3", "abandoned"), ("c2", "failed_over")]
    assert centre.state(A) is S.TALKING
    centre.wait(30)
    centre.do("hung_up", "c1")
    centre.connect_phones()
    assert centre.state(A) is S.WRAP_UP
    line = centre.log[-1]
    assert (line.end, line.agent, line.waited_s, line.talked_s) == ("answered", A, 90.0, 30.0)


def test_nobody_is_rung_before_it_is_known_who_talks_Q_11():
    centre = Centre(queue(A))
    centre.do("join", "c1", SALES)
    centre.do("join", "c2", SALES)
    centre.restart(["c1", "c2"], talking={"c2": A})
    centre.connect_phones()
    assert centre.ringing() == []
    centre.do("hung_up", "c2")
    assert centre.ringing("c1") == [A]


def test_a_colleague_who_is_found_talking_has_picked_the_call_up_Q_9():
    centre = Centre(queue(A))
    centre.do("join", "c1", SALES)
    centre.restart(["c1"], talking={"c1": "1009"})
    assert [line.end for line in centre.log] == ["left"]
