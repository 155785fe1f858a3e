"""Q-3 to Q-8, Q-11: what becomes of callers and agents, as either would notice it."""

import pytest

from server.contract.agents import AgentState, QueueEnd
from server.contract.destinations import Destination
from server.contract.queues import QueueOptions, QueueStrategy
from server.rules.queues import NoSuchQueue, StaticAgent
from server.rules.queues.agents import TRANSITIONS, IllegalTransition, check
from server.rules.queues.effects import AutoPaused, FailOver
from tests.server.rules.queues.centre import SALES, Centre, queue

A, B, C = "1001", "1002", "1003"
OTHER = "6401"
S = AgentState


# Callers


def test_two_agents_serve_the_two_oldest_callers_at_once_Q_2():
    centre = Centre(queue(A, B))
    for call in ("c1", "c2", "c3"):
        centre.do("join", call, SALES)
        centre.wait(1)
    assert centre.rings() == [(0.0, "c1", A), (1.0, "c2", B)]
    assert [one.call for one in centre.acd.callers(SALES)] == ["c1", "c2", "c3"]
    centre.talk("c2")
    assert centre.ringing("c3") == [B]


def test_an_agent_rings_for_the_time_out_then_the_next_after_the_retry_interval_Q_4():
    centre = Centre(queue(A, B, agent_timeout_s=12, retry_s=4))
    centre.do("join", "c1", SALES)
    centre.wait(40)
    assert centre.rings() == [(0.0, "c1", A), (16.0, "c1", B), (32.0, "c1", A)]
    assert [stop.why for stop in centre.stops()] == ["timed_out", "timed_out"]


def test_the_next_is_rung_at_once_when_an_agent_refuses_and_that_one_rests_Q_4():
    centre = Centre(queue(A, B, retry_s=4))
    centre.do("join", "c1", SALES)
    centre.do("join", "c2", SALES)
    centre.do("refused", "c1", A)
    assert centre.ringing("c1") == [], "B rings for the other one"
    centre.wait(3)
    assert A not in centre.ringing(), "a phone that refuses is not rung in a flood"
    centre.wait(1)
    assert centre.ringing("c1") == [A]


def test_a_caller_between_two_tries_keeps_its_turn_Q_4():
    centre = Centre(queue(A, B, agent_timeout_s=10, retry_s=5))
    centre.do("busy", B, is_so=True)
    centre.do("join", "c1", SALES)
    centre.do("join", "c2", SALES)
    centre.wait(12)
    centre.do("busy", B, is_so=False)
    assert centre.ringing() == [], "B is for the oldest one, who waits for its retry"
    centre.wait(3)
    assert centre.ringing("c1") == [B]
    assert centre.ringing("c2") == [A]


def test_a_caller_who_hangs_up_stops_the_ringing_and_is_logged_as_abandoned_Q_12():
    centre = Centre(queue(A))
    centre.do("join", "c1", SALES)
    centre.wait(7)
    centre.do("hung_up", "c1")
    assert centre.ringing() == []
    assert centre.state(A) is S.AVAILABLE
    (record,) = centre.log
    assert (record.end, record.waited_s, record.agent, record.missed) == (QueueEnd.ABANDONED, 7, None, ())
    assert centre.acd.next_due() is None, "nothing is left to happen"


def test_each_ring_lasts_the_whole_time_out_whatever_was_before_Q_4():
    centre = Centre(queue(A, agent_timeout_s=15))
    centre.do("join", "c1", SALES)
    centre.wait(5)
    centre.do("hung_up", "c1")
    centre.do("join", "c2", SALES)
    centre.pass_until(19.9)
    assert centre.ringing("c2") == [A]
    centre.pass_until(20)
    assert centre.ringing("c2") == []


def test_after_the_maximum_wait_the_caller_fails_over_even_while_an_agent_rings_Q_3():
    to_mailbox = Destination(kind="voicemail", value=A)
    centre = Centre(queue(A, max_wait_s=20, agent_timeout_s=15, retry_s=3, failover=to_mailbox))
    centre.do("join", "c1", SALES)
    centre.wait(19.5)
    assert centre.ringing("c1") == [A]
    centre.wait(0.5)
    assert centre.ringing() == []
    assert centre.of(FailOver) == [FailOver("c1", SALES, to_mailbox)]
    (record,) = centre.log
    assert (record.end, record.waited_s, record.missed) == (QueueEnd.FAILED_OVER, 20, (A,))


def test_an_answer_that_comes_too_late_changes_nothing_Q_11():
    centre = Centre(queue(A, B))
    centre.do("join", "c1", SALES)
    centre.wait(16)
    assert not [effect for effect in centre.do("answered", "c1", A) if effect.__class__.__name__ == "Connect"]
    centre.do("hung_up", "c1")
    assert centre.do("answered", "c1", B) == []
    assert centre.connected() == []


def test_a_caller_who_leaves_by_a_key_is_neither_answered_nor_abandoned_Q_5():
    centre = Centre(queue(A))
    centre.do("join", "c1", SALES)
    centre.do("leave", "c1")
    assert [record.end for record in centre.log] == [QueueEnd.LEFT]
    assert centre.ringing() == []


def test_a_talk_is_not_left_by_a_key_Q_5():
    centre = Centre(queue(A))
    centre.do("join", "c1", SALES)
    centre.answer("c1")
    centre.do("leave", "c1")
    assert centre.state(A) is S.TALKING


def test_a_call_that_an_agent_sends_on_to_another_queue_is_two_calls_of_queues_Q_12():
    centre = Centre(queue(A), queue(B, number=OTHER))
    centre.do("join", "c1", SALES)
    centre.answer("c1")
    centre.wait(30)
    centre.do("join", "c1", OTHER)
    assert centre.state(A) is S.AVAILABLE
    assert centre.talk("c1") == B
    assert [(one.queue, one.end, one.talked_s) for one in centre.log] == [
        (SALES, QueueEnd.ANSWERED, 30),
        (OTHER, QueueEnd.ANSWERED, 10),
    ]


def test_a_queue_that_does_not_exist_is_refused_Q_1():
    with pytest.raises(NoSuchQueue):
        Centre(queue(A)).do("join", "c1", "6499")


def test_the_callers_of_a_queue_that_is_removed_fail_over_Q_3():
    centre = Centre(queue(A), queue(B, number=OTHER, failover=Destination(kind="extension", value=A)))
    centre.do("join", "c1", OTHER)
    centre.take(centre.acd.configure([queue(A)], centre.options, centre.now))
    assert [effect.destination.value for effect in centre.of(FailOver)] == [A]
    assert centre.ringing() == []
    assert centre.changes[-1].after is None


# Several queues


def test_an_agent_of_two_queues_gets_the_caller_who_has_waited_longest_Q_2():
    centre = Centre(queue(A), queue(A, number=OTHER))
    centre.do("join", "now", SALES)
    centre.answer("now")
    centre.do("join", "older", OTHER)
    centre.wait(1)
    centre.do("join", "younger", SALES)
    centre.do("hung_up", "now")
    assert centre.ringing() == [A]
    assert centre.ringing("older") == [A]
    assert (centre.state(A, OTHER), centre.state(A, SALES)) == (S.RINGING, S.BUSY_ELSEWHERE)


def test_the_heavier_queue_comes_first_Q_2():
    centre = Centre(queue(A), queue(A, number=OTHER, weight=5))
    centre.do("join", "now", SALES)
    centre.answer("now")
    centre.do("join", "older", SALES)
    centre.wait(60)
    centre.do("join", "heavier", OTHER)
    centre.do("hung_up", "now")
    assert centre.ringing("heavier") == [A]


def test_the_heavier_queue_takes_a_shared_agent_only_if_it_needs_that_one_Q_2():
    centre = Centre(queue(A), queue(A, B, number=OTHER, weight=5, agent_timeout_s=10, retry_s=5))
    centre.do("busy", A, is_so=True)
    centre.do("join", "heavy", OTHER)
    centre.wait(11)
    centre.do("join", "light", SALES)
    centre.do("busy", A, is_so=False)
    assert centre.ringing("light") == [], "B rests: A is needed for the caller of the heavier queue"
    centre.wait(4)
    assert centre.ringing("heavy") == [A]
    centre.do("hung_up", "heavy")
    assert centre.ringing("light") == [A]


# Agents


def test_wrap_up_holds_in_its_queue_only_Q_4():
    centre = Centre(queue(A, wrap_up_s=20), queue(A, number=OTHER, wrap_up_s=5))
    centre.serve("c1")
    assert (centre.state(A), centre.state(A, OTHER)) == (S.WRAP_UP, S.AVAILABLE)
    centre.do("join", "c2", SALES)
    centre.wait(19)
    assert centre.ringing() == []
    centre.wait(1)
    assert centre.ringing("c2") == [A]


def test_shared_wrap_up_is_that_of_the_queue_of_the_call_and_holds_in_all_Q_7():
    options = QueueOptions(shared_wrap_up=True)
    centre = Centre(queue(A, wrap_up_s=20), queue(A, number=OTHER, wrap_up_s=5), options=options)
    centre.serve("c1")
    assert (centre.state(A), centre.state(A, OTHER)) == (S.WRAP_UP, S.WRAP_UP)
    centre.do("join", "c2", OTHER)
    centre.wait(19)
    assert centre.ringing() == []
    centre.wait(1)
    assert centre.ringing("c2") == [A]


def test_wrap_up_follows_a_transfer_too_Q_4():
    """The agent's part is over; the caller talks on with somebody else."""
    centre = Centre(queue(A, wrap_up_s=20))
    centre.do("join", "c1", SALES)
    centre.answer("c1")
    centre.do("hung_up", "c1")
    assert centre.state(A) is S.WRAP_UP


def test_an_agent_in_a_call_is_rung_only_with_ring_in_use_Q_4():
    for ring_in_use in (False, True):
        centre = Centre(queue(A, ring_in_use=ring_in_use))
        centre.do("busy", A, is_so=True)
        assert centre.state(A) is S.BUSY_ELSEWHERE
        centre.do("join", "c1", SALES)
        assert centre.ringing() == [A] * ring_in_use


def test_with_ring_in_use_a_second_call_rings_and_the_first_keeps_the_state_Q_4():
    centre = Centre(queue(A, ring_in_use=True, wrap_up_s=10))
    centre.do("join", "c1", SALES)
    centre.answer("c1")
    centre.do("join", "c2", SALES)
    centre.do("join", "c3", SALES)
    assert centre.ringing("c2") == [A]
    assert centre.ringing("c3") == [], "one at a time"
    assert centre.state(A) is S.TALKING
    centre.do("hung_up", "c1")
    assert centre.state(A) is S.RINGING
    centre.do("hung_up", "c3")
    centre.talk("c2")
    assert centre.state(A) is S.WRAP_UP


def test_missed_calls_in_a_row_pause_the_agent_and_are_told_Q_4():
    centre = Centre(queue(A, auto_pause_after=2, agent_timeout_s=10, retry_s=5))
    centre.do("join", "c1", SALES)
    centre.wait(100)
    assert centre.rung() == [A, A]
    assert centre.state(A) is S.PAUSED
    assert centre.of(AutoPaused) == [AutoPaused(SALES, A, 2)]
    assert centre.changes[-1].reason == "auto"
    centre.do("resume", A, [SALES])
    centre.wait(10)
    assert centre.state(A) is S.AVAILABLE, "counted anew"


@pytest.mark.parametrize("strategy", QueueStrategy)
def test_ring_all_never_pauses_by_itself_Q_4(strategy):
    centre = Centre(queue(A, auto_pause_after=1, strategy=strategy))
    centre.do("join", "c1", SALES)
    centre.wait(16)
    expected = S.AVAILABLE if strategy is QueueStrategy.RING_ALL else S.PAUSED
    assert centre.state(A) is expected


@pytest.mark.parametrize("clears", ["answered", "made", "paused", "logged out", "restart", None])
def test_what_makes_missed_calls_count_no_more_Q_4(clears):
    centre = Centre(queue(dynamic=[A], auto_pause_after=2, agent_timeout_s=10, retry_s=5))
    centre.do("log_in", A, [SALES])
    centre.do("join", "c1", SALES)
    centre.wait(11)
    if clears == "answered":
        centre.wait(4)
        centre.talk("c1")
        centre.do("join", "c1", SALES)
    elif clears == "made":
        centre.do("queue_call_made", A)
    elif clears == "paused":
        centre.do("pause", A, [SALES], "tea")
        centre.do("resume", A, [SALES])
    elif clears == "logged out":
        centre.do("log_out", A, [SALES])
        centre.do("log_in", A, [SALES])
    elif clears == "restart":
        centre.restart(["c1"])
        centre.connect_phones()
    centre.wait(16)
    assert (centre.state(A) is S.PAUSED) is (clears is None)


def test_a_refused_call_is_not_a_missed_one_Q_4():
    centre = Centre(queue(A, auto_pause_after=1))
    centre.do("join", "c1", SALES)
    centre.do("refused", "c1", A)
    assert centre.state(A) is S.AVAILABLE


@pytest.mark.parametrize("away", ["pause", "log_out", "phone lost", "no member"])
def test_an_agent_who_goes_away_while_being_rung_is_rung_no_more_and_the_next_is_Q_11(away):
    centre = Centre(queue(B, dynamic=[A], strategy=QueueStrategy.LEAST_RECENT))
    centre.do("busy", B, is_so=True)
    centre.do("log_in", A, [SALES])
    centre.do("join", "c1", SALES)
    assert centre.ringing() == [A]
    centre.do("busy", B, is_so=False)
    if away == "pause":
        centre.do("pause", A, [SALES], "tea")
    elif away == "log_out":
        centre.do("log_out", A, [SALES])
    elif away == "phone lost":
        centre.do("reachable", A, is_so=False)
    else:
        centre.take(centre.acd.configure([queue(B)], centre.options, centre.now))
    assert centre.ringing("c1") == [B]
    assert [(stop.extension, stop.why) for stop in centre.stops()] == [(A, "agent_away")]
    centre.talk("c1")
    assert centre.log[0].missed == ()


def test_another_reason_is_told_and_the_same_one_is_not_Q_11():
    centre = Centre(queue(A))
    for reason in ("lunch", "training", "training"):
        centre.do("pause", A, [SALES], reason)
        centre.wait(5)
    centre.restart([])
    centre.connect_phones()
    assert [(one.after, one.reason) for one in centre.changes[2:]] == [
        (S.PAUSED, "lunch"),
        (S.PAUSED, "training"),
    ]
    (status,) = centre.acd.agents()
    assert (status.state, status.reason) == (S.PAUSED, "training")
    assert (centre.now - status.since).total_seconds() == 11


@pytest.mark.parametrize(("order", "then"), [("pause", S.PAUSED), ("log_out", S.LOGGED_OUT)])
def test_who_goes_away_in_a_call_talks_to_its_end_Q_11(order, then):
    centre = Centre(queue(dynamic=[A], wrap_up_s=30))
    centre.do("log_in", A, [SALES])
    centre.do("join", "c1", SALES)
    centre.answer("c1")
    centre.do(order, A, [SALES], *(["lunch"] if order == "pause" else []))
    assert centre.state(A) is S.TALKING
    centre.wait(60)
    centre.do("hung_up", "c1")
    assert centre.state(A) is then


def test_a_static_agent_cannot_log_out_and_resumes_by_logging_in_Q_11():
    centre = Centre(queue(A), queue(number=OTHER, dynamic=[A]))
    centre.do("log_in", A, [OTHER])
    with pytest.raises(StaticAgent):
        centre.do("log_out", A, [OTHER, SALES])
    assert centre.state(A, OTHER) is S.AVAILABLE, "nothing was changed"
    centre.do("pause", A, [SALES], "")
    centre.do("log_in", A, [SALES])
    assert centre.state(A) is S.AVAILABLE


def test_the_last_queues_are_those_of_the_last_time_Q_10():
    one, two, three = "6401", "6402", "6403"
    centre = Centre(*(queue(number=number, dynamic=[A]) for number in (one, two, three)))
    centre.do("log_in", A, [one, two])
    centre.do("log_out", A, [one])
    centre.do("log_out", A, [two])
    assert centre.acd.last_queues(A) == [one, two]
    centre.restart([])
    assert centre.acd.last_queues(A) == [one, two]
    centre.do("log_in", A, [three])
    assert centre.acd.last_queues(A) == [three]


@pytest.mark.parametrize("logged_in", [False, True])
def test_new_dynamic_agents_begin_as_the_options_say_and_others_stay_Q_8(logged_in):
    options = QueueOptions(new_agents_logged_in=logged_in)
    centre = Centre(queue(dynamic=[A]))
    centre.take(centre.acd.configure([queue(dynamic=[A, B])], options, centre.now))
    centre.connect_phones()
    assert centre.state(A) is S.LOGGED_OUT
    assert centre.state(B) is (S.AVAILABLE if logged_in else S.LOGGED_OUT)


def test_each_state_has_its_beginning_Q_11():
    centre = Centre(queue(A, wrap_up_s=20), phones=False)
    assert centre.state(A) is S.UNREACHABLE
    centre.wait(5)
    centre.do("reachable", A, is_so=True)
    centre.wait(5)
    centre.do("join", "c1", SALES)
    centre.wait(3)
    centre.talk("c1", 30)
    centre.wait(20)
    changes = [
        (change.after, (change.at - centre.changes[0].at).total_seconds()) for change in centre.changes
    ]
    assert changes == [
        (S.UNREACHABLE, 0),
        (S.AVAILABLE, 5),
        (S.RINGING, 10),
        (S.TALKING, 13),
        (S.WRAP_UP, 43),
        (S.AVAILABLE, 63),
    ]


def test_the_order_of_states_is_checked_Q_11():
    assert set(TRANSITIONS) == set(S)
    for state in S:
        check(state, S.TALKING)  # by picking a call up
    for state in (S.WRAP_UP, S.PAUSED, S.LOGGED_OUT, S.UNREACHABLE):
        with pytest.raises(IllegalTransition):
            check(state, S.RINGING)


def test_a_member_may_leave_while_a_wrap_up_or_a_rest_runs_and_come_back_free_Q_6():
    centre = Centre(queue(A, B, wrap_up_s=20, retry_s=20))
    centre.serve("c1")
    centre.do("join", "c2", SALES)
    centre.do("refused", "c2", B)
    centre.do("hung_up", "c2")
    centre.take(centre.acd.configure([queue()], centre.options, centre.now))
    assert centre.acd.next_due() is None
    centre.wait(60)
    centre.take(centre.acd.configure([queue(A, B)], centre.options, centre.now))
    assert {one.state for one in centre.acd.agents()} == {S.AVAILABLE}
    assert centre.serve("c3") == [A]
