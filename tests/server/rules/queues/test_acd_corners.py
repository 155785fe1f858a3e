"""Q-3, Q-10, Q-11: what happens to queues rarely, and must not go wrong then either."""

from datetime import timedelta
from random import Random

import pytest

from server.contract.agents import AgentState, QueueEnd
from server.contract.destinations import DestinationKind
from server.contract.queues import PeriodicAnnouncement, PositionAnnouncement, QueueOptions
from server.rules.queues.effects import FailOver, Ring, StopRinging
from tests.server.rules.queues.centre import SALES, Centre, queue
from tests.virtual_time import EPOCH

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


class SetClock(Centre):
    """A centre whose clock is set now and then; `t` are the seconds that have really passed."""

    offset = timedelta()

    @property
    def now(self):
        return EPOCH + timedelta(seconds=self.t) + self.offset

    def set_clock(self, by):
        self.acd.clock_was_set(by)
        self.offset += by

    def pass_until(self, t):
        while (due := self.acd.next_due()) is not None:
            at = (due - EPOCH - self.offset).total_seconds()
            if at > t:
                break
            self.t = max(self.t, at)
            self.do("advance")
        self.t = t
        return self.do("advance")


def a_day(seed, *, steps):
    """What has come of 200 random events, with the seconds; the clock is set meanwhile, or not."""
    settings = {"wrap_up_s": 20, "max_wait_s": 90, "retry_s": 3, "agent_timeout_s": 10, "auto_pause_after": 3}
    says = {
        "position": PositionAnnouncement(position=True, hold_time=True, every_s=15),
        "periodic": PeriodicAnnouncement(prompt="busy", every_s=20),
    }
    centre = SetClock(
        queue(A, dynamic=[B], strategy="least_recent", **says, **settings),
        queue(B, number=OTHER, strategy="rrmemory", ring_in_use=True, **settings),
        options=QueueOptions(new_agents_logged_in=True, shared_wrap_up=True),
    )
    chance, clock = Random(seed), Random(seed + 1)
    for number in range(200):
        if steps and clock.random() < 0.2:
            centre.set_clock(timedelta(seconds=clock.choice([-86_400, -61, -2.5, 3.7, 100, 7200])))
        calls = [*centre.acd.floor.waiting, *centre.acd.floor.talking]
        for call in [one.call for one in centre.acd.floor.waiting.values() if one.schedule.playing]:
            centre.do("announcement_ended", call)
        match chance.randrange(7):
            case 0 | 1:
                centre.do("join", f"c{number}", chance.choice([SALES, OTHER]))
            case 2 if ringing := centre.ringing():
                extension = chance.choice(ringing)
                call = centre.acd.floor.agents[extension].offer.call
                centre.do(chance.choice(["answered", "answered", "refused"]), call, extension)
            case 3 if calls:
                centre.do("hung_up", chance.choice(calls))
            case 4:
                centre.do("pause", chance.choice([A, B]), [SALES, OTHER], "Break")
            case 5:
                centre.do("resume", chance.choice([A, B]), [SALES, OTHER])
            case _:
                centre.wait(chance.choice([0.5, 2, 7, 30]))
    for call in [*centre.acd.floor.waiting, *centre.acd.floor.talking]:
        centre.do("hung_up", call)
    came = [
        (round(t, 3), type(effect).__name__, getattr(effect, "call", ""), getattr(effect, "extension", ""))
        for t, effect in centre.effects
    ]
    waited = [
        (one.call, one.end, one.agent, round(one.waited_s, 3), round(one.talked_s, 3)) for one in centre.log
    ]
    return came, waited


@pytest.mark.parametrize("seed", range(12))
def test_a_day_on_which_the_clock_is_set_is_a_day_as_any_other_Q_11(seed):
    came, waited = a_day(seed, steps=False)
    assert len(waited) > 20
    assert a_day(seed, steps=True) == (came, waited)
