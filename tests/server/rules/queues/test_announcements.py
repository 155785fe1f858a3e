"""Q-5: what callers hear while they wait, and when."""

import pytest

from server.contract.queues import PeriodicAnnouncement, PositionAnnouncement
from server.rules.queues.announcements import average_wait, minutes_to_wait
from server.rules.queues.effects import Announce
from tests.server.rules.queues.centre import SALES, Centre, queue

A = "1001"
ALL = PositionAnnouncement(position=True, hold_time=True, thank_you=True, every_s=30)


def hears(centre, call, *, lasts_s=4.0, until):
    """When the call hears what, if each announcement lasts so long."""
    heard = []
    while True:
        playing = [(t, one) for t, one in centre.effects if isinstance(one, Announce) and one.call == call]
        if len(playing) > len(heard):
            heard.append(playing[-1])
            if centre.t + lasts_s > until:
                return [(t, one.announcement.value) for t, one in heard]
            centre.wait(lasts_s)
            centre.do("announcement_ended", call)
        elif (due := centre.acd.next_due()) is None or (due - centre.now).total_seconds() + centre.t > until:
            return [(t, one.announcement.value) for t, one in heard]
        else:
            centre.wait((due - centre.now).total_seconds())


def test_the_join_announcement_is_first_and_agents_ring_meanwhile_Q_5():
    centre = Centre(queue(A, join_announcement="welcome"))
    centre.do("join", "c1", SALES)
    assert [one.announcement for one in centre.of(Announce)] == ["join"]
    assert centre.ringing("c1") == [A]


def test_in_full_the_join_announcement_ends_before_an_agent_rings_Q_5():
    centre = Centre(queue(A, join_announcement="welcome", join_announcement_in_full=True))
    centre.do("join", "c1", SALES)
    centre.wait(9)
    assert centre.ringing() == []
    centre.do("announcement_ended", "c1")
    assert centre.ringing("c1") == [A]
    assert centre.acd.callers(SALES)[0].since == centre.now.replace(second=0), "it has waited all the time"


def test_position_and_periodic_announcement_have_their_own_periods_and_never_overlap_Q_5():
    centre = Centre(queue(position=ALL, periodic=PeriodicAnnouncement(prompt="sorry", every_s=45)))
    centre.do("join", "c1", SALES)
    assert hears(centre, "c1", until=100) == [
        (0, "position"),
        (30, "position"),
        (45, "periodic"),
        (60, "position"),
        (90, "position"),
        (94, "periodic"),
    ]


def test_the_first_position_comes_after_the_join_announcement_Q_5():
    centre = Centre(queue(position=ALL, join_announcement="welcome"))
    centre.do("join", "c1", SALES)
    assert hears(centre, "c1", lasts_s=7, until=40) == [(0, "join"), (7, "position"), (37, "position")]


def test_who_is_put_through_at_once_is_not_told_a_position_Q_5():
    centre = Centre(queue(A, position=ALL))
    centre.do("join", "c1", SALES)
    assert centre.of(Announce) == []
    assert hears(centre, "c1", until=31) == [(30, "position")], "nobody has answered for so long"


def test_an_announcement_longer_than_its_period_leaves_silence_between_Q_5():
    centre = Centre(queue(periodic=PeriodicAnnouncement(prompt="long", every_s=15)))
    centre.do("join", "c1", SALES)
    assert hears(centre, "c1", lasts_s=20, until=70) == [(15, "periodic"), (40, "periodic"), (65, "periodic")]


def test_position_and_time_are_told_as_they_are_Q_5():
    centre = Centre(queue(A, position=ALL))
    centre.do("join", "c1", SALES)
    centre.do("join", "c2", SALES)
    centre.do("join", "c3", SALES)
    told = [(one.call, one.position, one.minutes, one.thank_you) for one in centre.of(Announce)]
    assert told == [("c2", 2, None, True), ("c3", 3, None, True)], "no time is known before the first answer"
    centre.do("announcement_ended", "c3")
    centre.wait(13)
    centre.answer("c1")
    centre.wait(17)
    assert [(one.call, one.position, one.minutes) for one in centre.of(Announce)][2:] == [("c3", 2, 1)]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"position": True}, (1, None, False)),
        ({"hold_time": True}, (None, None, False)),
        ({"thank_you": True}, (None, None, True)),
    ],
)
def test_only_what_is_switched_on_is_said_Q_5(settings, said):
    centre = Centre(queue(position=PositionAnnouncement(**settings)))
    centre.do("join", "c1", SALES)
    (one,) = centre.of(Announce)
    assert (one.position, one.minutes, one.thank_you) == said


def test_who_is_answered_hears_nothing_more_Q_5():
    centre = Centre(queue(A, position=ALL, periodic=PeriodicAnnouncement(prompt="sorry", every_s=20)))
    centre.do("join", "c1", SALES)
    centre.answer("c1")
    centre.wait(600)
    assert centre.of(Announce) == []
    assert centre.acd.next_due() is None


def test_the_estimate_follows_the_last_waits_Q_5():
    """Three quarters of what it was, and a quarter of the newest."""
    average = None
    for waited, expected in ((60, 60), (100, 70), (30, 60)):
        average = average_wait(average, waited)
        assert average == expected
    assert minutes_to_wait(None, 5) is None
    assert [minutes_to_wait(200, waited) for waited in (0, 19, 20, 81, 500)] == [4, 4, 3, 2, 1]
