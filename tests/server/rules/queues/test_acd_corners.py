"""Q-3, Q-10, Q-11: what happens to queues rarely, and must not go wrong then either."""

from server.contract.agents import AgentState, QueueEnd
from server.contract.destinations import DestinationKind
from server.rules.queues.effects import FailOver, Ring, StopRinging
from tests.server.rules.queues.centre import SALES, Centre, queue

A, B = "1001", "1002"
OTHER = "6401"
S = AgentState


def test_who_logs_in_and_pauses_at_once_is_not_rung_in_between_Q_11():
    centre = Centre(queue(dynamic=[A]))
    centre.do("join", "c1", SALES)
    effects = centre.do("log_in", A, [SALES], paused="Lunch")
    assert not [effect for effect in effects if isinstance(effect, Ring | StopRinging)]
    assert centre.state(A) is S.PAUSED
    assert [change.after for change in centre.changes if change.extension == A] == [S.LOGGED_OUT, S.PAUSED]
    centre.do("log_in", A, [SALES])
    assert centre.state(A) is S.RINGING, "who logs in is not paused"


def test_a_static_agent_who_resumes_keeps_the_queues_of_last_time_Q_10():
    centre = Centre(queue(A), queue(number=OTHER, dynamic=[A]))
    centre.do("log_in", A, [OTHER])
    centre.do("log_out", A, [OTHER])
    centre.do("log_in", A, [SALES])  # a static one: no log-in, but the end of a pause
    assert centre.acd.last_queues(A) == [OTHER]


def test_a_caller_whose_queue_is_gone_when_the_agent_hangs_up_before_the_talk_goes_on_Q_3():
    centre = Centre(queue(A))
    centre.do("join", "c1", SALES)
    centre.do("answered", "c1", A)
    centre.take(centre.acd.configure([], centre.options, centre.now))
    effects = centre.do("came_to_nothing", "c1")
    (gone,) = [effect for effect in effects if isinstance(effect, FailOver)]
    assert (gone.call, gone.destination.kind) == ("c1", DestinationKind.HANG_UP)
    (logged,) = centre.log
    assert (logged.end, logged.agent) == (QueueEnd.FAILED_OVER, None)
    assert not centre.acd.floor.talking
