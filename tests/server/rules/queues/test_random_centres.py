"""Random days of a call centre: whatever happens, nothing is lost, doubled or stuck (Q-11)."""

from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from server.contract.agents import AgentState, QueueEnd
from server.contract.queues import PeriodicAnnouncement, PositionAnnouncement, QueueOptions, QueueStrategy
from server.rules.queues.agents import TRANSITIONS
from server.rules.queues.effects import Announce, Changed, Connect, FailOver, Logged, Ring, Stop, StopRinging
from server.rules.queues.reports import agent_reports, by_interval, queue_report
from tests.server.rules.queues.centre import Centre, queue
from tests.virtual_time import EPOCH

NUMBERS = ["1001", "1002", "1003", "1004"]
QUEUES = ["6400", "6401"]
PAUSES = st.sampled_from([0.0, 0.0, 0.5, 1.0, 5.0, 15.0, 40.0])
ANY = st.integers(0, 1_000_000)
TALKS, RINGS, FREE = AgentState.TALKING, AgentState.RINGING, AgentState.AVAILABLE


def settings_of(draw):
    """Two queues that share agents, with whatever settings."""
    for number in QUEUES:
        members = draw(st.permutations(NUMBERS))
        static = draw(st.integers(0, 3))
        yield queue(
            *members[:static],
            number=number,
            dynamic=members[static : draw(st.integers(static, 4))],
            levels={f"a{one}": draw(st.integers(1, 2)) for one in NUMBERS} if draw(st.booleans()) else None,
            strategy=draw(st.sampled_from(QueueStrategy)),
            weight=draw(st.sampled_from([0, 0, 5])),
            max_wait_s=draw(st.sampled_from([20, 60, 1800])),
            agent_timeout_s=draw(st.sampled_from([5, 15])),
            retry_s=draw(st.sampled_from([1, 5])),
            wrap_up_s=draw(st.sampled_from([0, 10])),
            ring_in_use=draw(st.booleans()),
            auto_pause_after=draw(st.integers(0, 2)),
            join_announcement=draw(st.sampled_from([None, "hello"])),
            join_announcement_in_full=draw(st.booleans()),
            periodic=PeriodicAnnouncement(prompt="busy", every_s=20) if draw(st.booleans()) else None,
            position=PositionAnnouncement(position=draw(st.booleans()), hold_time=True, every_s=15),
        )


class RandomCentre(RuleBasedStateMachine):
    """Steps of a day, with what an observer of the effects knows: who is rung, who talks, who plays what."""

    @initialize(data=st.data(), shared=st.booleans(), seed=st.integers(0, 9))
    def open(self, data, shared, seed):
        options = QueueOptions(shared_wrap_up=shared)
        self.centre = Centre(*settings_of(data.draw), seed=seed, options=options)
        self.joined: dict[str, str] = {}
        self.ringing: dict[str, str] = {}
        self.talks: dict[str, tuple[str, str]] = {}
        self.playing: set[str] = set()
        self.retry_at: dict[str, float] = {}
        self.over: dict[str, QueueEnd] = {}
        self.states: dict[tuple[str, str], AgentState] = {}
        self.seen = 0
        self.watch()

    def watch(self):
        """Follow the effects as whoever carries them out would."""
        for t, effect in self.centre.effects[self.seen :]:
            if isinstance(effect, Ring):
                assert effect.extension not in self.ringing, "rung by two callers"
                assert effect.call in self.joined
                assert effect.call not in self.over
                self.was_its_turn(effect.call, t)
                self.ringing[effect.extension] = effect.call
            elif isinstance(effect, StopRinging):
                assert self.ringing.pop(effect.extension) == effect.call
                if effect.why is Stop.TIMED_OUT:
                    (line,) = [one for one in self.centre.queues if one.number == effect.queue]
                    self.retry_at[effect.call] = t + line.retry_s
            elif isinstance(effect, Connect):
                assert self.ringing.pop(effect.extension) == effect.call
                assert effect.call not in self.talks, "answered twice"
                self.talks[effect.call] = effect.extension, effect.queue
            elif isinstance(effect, Announce):
                assert effect.call not in self.playing, "two announcements at once"
                self.playing.add(effect.call)
            elif isinstance(effect, Logged):
                call = effect.record.call
                assert call not in self.over, "logged twice"
                assert (call in self.talks) is (effect.record.end in (QueueEnd.ANSWERED, QueueEnd.PICKED_UP))
                self.over[call] = effect.record.end
                self.talks.pop(call, None)
                self.playing.discard(call)
            elif isinstance(effect, Changed):
                change = effect.change
                key = change.queue, change.extension
                assert self.states.get(key) == change.before
                assert None in (change.before, change.after) or change.after in TRANSITIONS[change.before]
                self.states[key] = change.after
        for call in [call for call in self.playing if call in self.talks]:
            self.playing.discard(call)
        self.seen = len(self.centre.effects)

    def was_its_turn(self, call, t):
        """Older callers of the queue are served, rung for, wait for their retry, or listen to a greeting."""
        for older in self.joined:
            if older == call:
                return
            if self.joined[older] == self.joined[call] and older not in self.over and older not in self.talks:
                assert (
                    older in self.ringing.values() or older in self.playing or t < self.retry_at.get(older, 0)
                ), f"{older} is older than {call}"

    def do(self, what, *args, **more):
        self.centre.do(what, *args, **more)
        self.watch()

    def one_of(self, things, index):
        things = sorted(things)
        return things[index % len(things)]

    @property
    def alive(self):
        return [call for call in self.joined if call not in self.over]

    @rule(pause=PAUSES, number=st.sampled_from(QUEUES))
    def join(self, pause, number):
        call = f"c{len(self.joined)}"
        self.joined[call] = number
        self.do("join", call, number)
        self.wait(pause)

    @rule(pause=PAUSES)
    def wait(self, pause):
        self.centre.wait(pause)
        self.watch()

    @precondition(lambda self: self.ringing)
    @rule(index=ANY, what=st.sampled_from(["answered", "answered", "answered", "refused"]))
    def phone(self, index, what):
        extension = self.one_of(self.ringing, index)
        self.do(what, self.ringing[extension], extension)

    @precondition(lambda self: self.joined)
    @rule(index=ANY, extension=st.sampled_from(NUMBERS), what=st.sampled_from(["answered", "refused"]))
    def phone_that_is_late(self, index, extension, what):
        """Somebody answers or refuses what is perhaps over, or was never offered."""
        call = self.one_of(self.joined, index)
        if self.ringing.get(extension) != call:
            before = dict(self.talks)
            self.do(what, call, extension)
            assert self.talks == before

    @precondition(lambda self: self.joined)
    @rule(index=ANY, what=st.sampled_from(["hung_up", "hung_up", "leave"]))
    def caller(self, index, what):
        self.do(what, self.one_of(self.joined, index))

    @precondition(lambda self: self.joined)
    @rule(index=ANY, extension=st.sampled_from([*NUMBERS, "1009"]))
    def colleague(self, index, extension):
        """Somebody, agent or not, picks a call up; what waits no more cannot be."""
        call = self.one_of(self.joined, index)
        waits = call in self.alive and call not in self.talks
        self.centre.do("picked_up", call, extension)
        taken = waits and call in self.centre.acd.floor.talking
        if taken:
            self.talks[call] = extension, self.joined[call]
        self.watch()
        assert not taken or call not in self.ringing.values(), "who was rung is rung no more"

    @precondition(lambda self: self.playing)
    @rule(index=ANY)
    def announcement_ends(self, index):
        call = self.one_of(self.playing, index)
        self.playing.discard(call)
        self.do("announcement_ended", call)

    @rule(extension=st.sampled_from(NUMBERS), queues=st.sets(st.sampled_from(QUEUES)), data=st.data())
    def agent(self, extension, queues, data):
        what = data.draw(st.sampled_from(["log_in", "log_in", "log_out", "pause", "resume", "resume"]))
        if what == "log_out":
            dynamic = [
                one.queue for one in self.centre.acd.agents() if one.extension == extension and one.dynamic
            ]
            queues = [number for number in queues if number in dynamic]
        self.do(what, extension, queues, *(["tea"] if what == "pause" else []))

    @rule(
        extension=st.sampled_from(NUMBERS), what=st.sampled_from(["reachable", "busy"]), is_so=st.booleans()
    )
    def phones(self, extension, what, is_so):
        self.do(what, extension, is_so=is_so)

    @rule(data=st.data(), down_s=st.sampled_from([0.1, 30.0]))
    def restart(self, data, down_s):
        """Killed and started again; some calls did not survive. Nobody rings and nothing plays any more."""
        alive = [call for call in self.alive if data.draw(st.booleans())]
        self.ringing.clear()
        self.playing.clear()
        self.retry_at.clear()
        self.centre.restart(alive, down_s=down_s)
        self.watch()
        assert set(self.alive) <= set(alive)
        self.centre.connect_phones()
        self.watch()

    @rule(data=st.data())
    def reconfigure(self, data):
        if data.draw(st.integers(0, 5)) == 0:
            self.centre.queues = tuple(settings_of(data.draw))
            self.centre.take(
                self.centre.acd.configure(self.centre.queues, self.centre.options, self.centre.now)
            )
            self.watch()

    @invariant()
    def every_caller_is_somewhere(self):
        if not hasattr(self, "centre"):
            return
        acd = self.centre.acd
        waiting = {one.call: one for number in QUEUES for one in acd.callers(number)}
        assert set(waiting) | set(self.talks) == set(self.alive)
        assert not set(waiting) & set(self.talks)
        for call, one in waiting.items():
            assert set(one.ringing) == {agent for agent, rung_for in self.ringing.items() if rung_for == call}
        failed = {effect.call for effect in self.centre.of(FailOver)}
        assert failed == {call for call, end in self.over.items() if end is QueueEnd.FAILED_OVER}

    @invariant()
    def every_agent_has_the_one_state_that_is_so(self):
        if not hasattr(self, "centre"):
            return
        agents = self.centre.acd.agents()
        assert len({(one.queue, one.extension) for one in agents}) == len(agents)
        for one in agents:
            assert self.states[one.queue, one.extension] is one.state, "told otherwise"
            talks = (one.extension, one.queue) in self.talks.values()
            assert (one.state is TALKS) is talks
            if not talks:
                rung_for = self.ringing.get(one.extension)
                assert (one.state is RINGS) is (rung_for is not None and self.joined[rung_for] == one.queue)
            if one.state is FREE:
                assert one.logged_in
                assert not one.paused

    @invariant()
    def nobody_waits_for_who_is_free(self):
        """A caller who might be rung for finds nobody: older ones of the queue have those who are free."""
        if not hasattr(self, "centre"):
            return
        for line in self.centre.acd.floor.lines.values():
            others = {number for one in line.free for number in self.centre.acd.floor.agents[one].memberships}
            keeping = [
                caller
                for number in others
                for caller in self.centre.acd.floor.lines[number].waiting
                if caller.retry_at is not None
            ]
            ready = [caller for caller in line.waiting if caller.ready and caller.retry_at is None]
            assert not ready or len(line.free) <= len(keeping)

    def teardown(self):
        """The day ends: callers hang up, time passes, and everybody is free again; sums equal the logs."""
        if not hasattr(self, "centre"):
            return
        for call in self.alive:
            self.do("hung_up", call)
        for number in NUMBERS:
            self.do("reachable", number, is_so=True)
            self.do("busy", number, is_so=False)
            self.do("log_in", number, QUEUES)
            self.do("resume", number, QUEUES)
        self.wait(3600.0)
        assert all(one.state is FREE for one in self.centre.acd.agents()), "an agent is stuck"
        assert not self.ringing
        assert not self.talks
        assert set(self.over) == set(self.joined)
        self.sums()

    def sums(self):
        now = self.centre.now + timedelta(seconds=1)
        log, ends = self.centre.log, list(self.over.values())
        reports = [queue_report(log, number, EPOCH, now, service_level_s=20) for number in QUEUES]
        assert sum(one.calls for one in reports) == len(self.joined)
        for end in QueueEnd:
            assert sum(getattr(one, end.value) for one in reports) == ends.count(end)
        for report in reports:
            parts = by_interval(log, report.queue, EPOCH, now, step=timedelta(minutes=7), service_level_s=20)
            for field in (
                "calls",
                "answered",
                "abandoned",
                "failed_over",
                "left",
                "picked_up",
                "missed",
                "in_time",
            ):
                assert sum(getattr(part, field) for part in parts) == getattr(report, field)
        agents = agent_reports(self.centre.changes, log, EPOCH, now)
        assert sum(one.answered for one in agents) == ends.count(QueueEnd.ANSWERED)
        assert sum(one.missed for one in agents) == sum(one.missed for one in reports)
        members = {(one.queue, one.extension) for one in self.centre.acd.agents()}
        first = {}
        for change in self.centre.changes:
            first.setdefault((change.queue, change.extension), change.at)
        removed = {(one.queue, one.extension) for one in self.centre.changes if one.after is None}
        for one in agents:
            if (one.queue, one.extension) in members - removed:
                whole = (now - first[one.queue, one.extension]).total_seconds()
                assert abs(sum(one.seconds.values()) - whole) < 0.001


RandomCentreTest = RandomCentre.TestCase
RandomCentreTest.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
