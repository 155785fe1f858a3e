"""Q-2: which agents a queue rings, in which order."""

from collections import Counter

import pytest

from server.contract.queues import QueueStrategy
from tests.server.rules.queues.centre import SALES, Centre, queue

A, B, C, D = "1001", "1002", "1003", "1004"
RING_ALL, LEAST_RECENT, FEWEST, RANDOM, RRMEMORY, LINEAR = QueueStrategy
ONE_AT_A_TIME = [LEAST_RECENT, FEWEST, RANDOM, RRMEMORY, LINEAR]


def logged_in(centre, *numbers):
    """Dynamic agents log in, one after the other."""
    for number in numbers:
        centre.do("log_in", number, [SALES])
        centre.wait(1)
    return centre


def ring_out(centre, times):
    """Nobody answers a caller: who was rung, in order."""
    before = len(centre.rung())
    centre.do("join", "unanswered", SALES)
    centre.wait(20 * times - 1)
    centre.do("hung_up", "unanswered")
    return centre.rung()[before:]


def test_all_are_rung_until_one_answers_Q_2():
    centre = Centre(queue(A, B, C, strategy=RING_ALL))
    centre.do("join", "c1", SALES)
    assert centre.ringing() == [A, B, C]
    centre.do("answered", "c1", B)
    assert centre.ringing() == []
    assert {(stop.extension, stop.why) for stop in centre.stops()} == {
        (A, "answered_elsewhere"),
        (C, "answered_elsewhere"),
    }
    assert centre.connected() == [("c1", B)]


def test_who_becomes_free_while_all_ring_is_rung_too_Q_2():
    centre = Centre(queue(A, B, strategy=RING_ALL))
    centre.do("busy", B, is_so=True)
    centre.do("join", "c1", SALES)
    assert centre.ringing() == [A]
    centre.wait(3)
    centre.do("busy", B, is_so=False)
    assert centre.ringing("c1") == [A, B]


def test_the_least_recently_called_one_is_rung_Q_2():
    centre = Centre(queue(A, B, C, strategy=LEAST_RECENT))
    assert centre.serve("c1", "c2", "c3") == [A, B, C]
    centre.do("pause", A, [SALES], "")
    assert centre.serve("c4", "c5") == [B, C]
    centre.do("resume", A, [SALES])
    assert centre.serve("c6", "c7", "c8", "c9") == [A, B, C, A]


def test_least_recent_goes_on_when_nobody_answers_Q_2():
    assert ring_out(Centre(queue(A, B, C, strategy=LEAST_RECENT)), 4) == [A, B, C, A]


def test_the_one_with_the_fewest_completed_calls_is_rung_Q_2():
    centre = Centre(queue(A, B, strategy=FEWEST))
    centre.do("pause", B, [SALES], "")
    centre.serve("c1", "c2")
    centre.do("resume", B, [SALES])
    assert centre.serve("c3", "c4", "c5", "c6") == [B, B, A, B]


def test_of_those_with_equally_few_calls_the_least_recent_one_is_rung_Q_2():
    assert ring_out(Centre(queue(A, B, C, strategy=FEWEST)), 4) == [A, B, C, A]


def test_random_is_fair_and_repeatable_Q_2():
    calls = [f"c{number}" for number in range(300)]
    served = Centre(queue(A, B, C, strategy=RANDOM), seed=7).serve(*calls)
    assert all(70 < count < 130 for count in Counter(served).values())
    assert len(set(served)) == 3
    assert Centre(queue(A, B, C, strategy=RANDOM), seed=7).serve(*calls) == served
    assert Centre(queue(A, B, C, strategy=RANDOM), seed=8).serve(*calls) != served


def test_rrmemory_goes_on_from_call_to_call_answered_or_not_Q_2():
    centre = Centre(queue(A, B, C, strategy=RRMEMORY))
    assert centre.serve("c1", "c2") == [A, B]
    assert ring_out(centre, 2) == [C, A]
    centre.wait(10)
    assert centre.serve("c3", "c4", "c5") == [B, C, A]


def test_linear_begins_with_the_first_for_each_caller_Q_2():
    centre = Centre(queue(A, B, C, strategy=LINEAR))
    assert centre.serve("c1", "c2") == [A, A]
    assert ring_out(centre, 4) == [A, B, C, A]
    centre.wait(10)
    assert centre.serve("c3") == [A]


@pytest.mark.parametrize(("strategy", "order"), [(LINEAR, [A, B, C, D]), (RRMEMORY, [A, B, A, B])])
def test_static_agents_come_before_dynamic_ones_Q_2(strategy, order):
    """Linear goes through all; rrmemory rings dynamic agents only if no static one can be rung."""
    centre = Centre(queue(A, B, dynamic=[D, C], strategy=strategy))
    assert ring_out(logged_in(centre, C, D), 4) == order


def test_rrmemory_rings_dynamic_agents_in_turn_while_no_static_one_can_be_rung_Q_2():
    centre = logged_in(Centre(queue(A, B, dynamic=[C, D], strategy=RRMEMORY)), D, C)
    assert centre.serve("c1") == [A]
    for static in (A, B):
        centre.do("pause", static, [SALES], "")
    assert centre.serve("c2", "c3", "c4") == [D, C, D]
    for static in (A, B):
        centre.do("resume", static, [SALES])
    assert centre.serve("c5", "c6") == [B, A]


@pytest.mark.parametrize(("strategy", "then"), [(LINEAR, [A, B, C]), (RRMEMORY, [C, A, B])])
def test_dynamic_agents_are_rung_in_the_order_of_their_log_in_Q_2(strategy, then):
    """Who logs in again is the last one; rrmemory goes on after B, whom it has rung last."""
    centre = logged_in(Centre(queue(dynamic=[A, B, C], strategy=strategy)), C, A, B)
    assert ring_out(centre, 3) == [C, A, B]
    centre.do("log_out", C, [SALES])
    centre.wait(10)
    logged_in(centre, C)
    assert ring_out(centre, 3) == then


def test_rrmemory_goes_on_after_a_member_that_has_left_Q_2():
    centre = Centre(queue(A, B, C, strategy=RRMEMORY))
    assert centre.serve("c1", "c2") == [A, B]
    centre.take(centre.acd.configure([queue(C, A, D, strategy=RRMEMORY)], centre.options, centre.now))
    centre.connect_phones()
    assert centre.serve("c3") == [D], "B stood second, so the third is next"
    centre.take(centre.acd.configure([queue(A, D, C, strategy=RRMEMORY)], centre.options, centre.now))
    assert centre.serve("c4", "c5") == [C, A], "D stands second now"


@pytest.mark.parametrize("strategy", ONE_AT_A_TIME)
def test_the_best_skilled_one_who_can_be_rung_is_rung_whatever_the_strategy_Q_2(strategy):
    levels = {"a1001": 3, "a1002": 1, "a1003": 2}
    centre = Centre(queue(A, B, C, levels=levels, strategy=strategy))
    assert centre.serve("c1", "c2", "c3") == [B, B, B]
    centre.do("pause", B, [SALES], "")
    assert centre.serve("c4", "c5") == [C, C]
    centre.do("reachable", C, is_so=False)
    assert centre.serve("c6") == [A]


@pytest.mark.parametrize("strategy", QueueStrategy)
def test_the_strategy_chooses_among_equally_skilled_ones_Q_2(strategy):
    levels = {"a1001": 2, "a1002": 1, "a1003": 1, "a1004": 2}
    centre = Centre(queue(A, B, C, D, levels=levels, strategy=strategy))
    centre.do("join", "c1", SALES)
    assert set(centre.ringing()) <= {B, C}
    if strategy is RING_ALL:
        assert centre.ringing() == [B, C]


def test_the_less_skilled_are_rung_when_all_better_ones_refuse_Q_2():
    centre = Centre(queue(A, B, C, levels={"a1003": 2}, strategy=RING_ALL))
    centre.do("join", "c1", SALES)
    centre.do("refused", "c1", A)
    assert centre.ringing() == [B], "the tier is not through yet"
    centre.do("refused", "c1", B)
    assert centre.ringing() == [C]
    centre.wait(5)
    assert set(centre.ringing()) == {A, B, C}, "the better ones can be rung again"


def test_skill_levels_count_only_where_the_queue_routes_by_skill_Q_2():
    centre = Centre(queue(A, B, levels={"a1001": 9}, skill_based=False))
    assert centre.serve("c1") == [A]


def test_calls_and_places_are_counted_for_each_queue_Q_2():
    other = "6401"
    centre = Centre(
        queue(A, B, strategy=FEWEST),
        queue(B, A, number=other, strategy=RRMEMORY),
    )
    assert centre.serve("c1", "c2", number=other) == [B, A]
    centre.do("pause", A, [SALES], "")
    centre.serve("c3")
    centre.do("resume", A, [SALES])
    assert centre.serve("c4") == [A]
    assert centre.serve("c5", number=other) == [B]
