"""Random days of two queues with phones, transfers and kills: nobody is lost, doubled or stuck (Q-11, Q-12).

What `test_random_centres` does with the rules alone is done here with everything that carries them out.
"""

import asyncio
import contextlib
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from server.contract.agents import AgentState, AgentSwitch, QueueEnd
from server.contract.presence import PresenceChange, PresenceStatus
from server.contract.prompts import Prompt
from server.contract.queues import Queue
from server.flows.leg_ids import call_of_leg
from server.rules.queues.reports import agent_reports, queue_report
from server.services.errors import ServiceError
from server.switch.port import LegState
from server.switch.simulated import Behaviour
from tests.queue_table.stage import check_sums
from tests.server.flows.memory import MemoryExtensions
from tests.server.flows.office import Office
from tests.server.flows.test_adoption import after_a_kill
from tests.virtual_time import EPOCH, VirtualLoop

AGENTS = ["1002", "1003", "1004"]
CALLERS = ["1001", "1005", "1006"]
QUEUES = ["6400", "6401"]
PAUSES = st.sampled_from([0.0, 0.001, 0.02, 0.5, 2.0, 6.0, 25.0])
SETTLED_S = 0.1
"""After so long, whatever has happened was carried out; what is asked of a disk takes 20 ms."""
RETIRED_S = 2.0
"""After so long, a phone that does not hang up after a transfer was hung up."""
ANY = st.integers(0, 1000)
BEHAVIOURS = st.sampled_from(
    [
        Behaviour.answers(0.5),
        Behaviour.answers(1.0, hangs_up_after_s=5.0),
        Behaviour.refuses(486),
        Behaviour.refuses(603, 1.0),
        Behaviour.rings(),
        Behaviour.rings(),
        Behaviour.is_dead(),
    ]
)


def queues(draw):
    """Two queues that share agents."""
    wrap_up_s = draw(st.sampled_from([0, 5]))
    yield Queue(
        number="6400",
        static_agents=({"extension": "1002"}, {"extension": "1003"}),
        dynamic_agents=({"extension": "1004"},),
        strategy=draw(st.sampled_from(["linear", "least_recent", "ring_all"])),
        agent_timeout_s=5,
        retry_s=1,
        wrap_up_s=wrap_up_s,
        max_wait_s=draw(st.sampled_from([30, 1800])),
        auto_pause_after=draw(st.sampled_from([0, 2])),
        failover={"kind": "queue", "value": "6401"},
        agent_announcement=draw(st.sampled_from([None, "welcome"])),
    )
    yield Queue(
        number="6401",
        static_agents=({"extension": "1003"}, {"extension": "1004"}),
        strategy=draw(st.sampled_from(["rrmemory", "random", "fewest_calls"])),
        weight=draw(st.sampled_from([0, 5])),
        agent_timeout_s=5,
        retry_s=1,
        max_wait_s=draw(st.sampled_from([20, 1800])),
        join_announcement="welcome",
    )


class RandomQueueDay(RuleBasedStateMachine):
    """Steps of a day; each is seen to its end before anything is looked at."""

    @initialize(data=st.data(), behaviours=st.lists(BEHAVIOURS, min_size=3, max_size=5))
    def open_office(self, data, behaviours):
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.unseen = []
        self.runner.get_loop().set_exception_handler(lambda _loop, context: self.unseen.append(context))
        self.stored: set[tuple[str, str]] = set()
        self.lines = list(queues(data.draw))

        async def begin():
            self.place = Office(extensions=MemoryExtensions([*AGENTS, *CALLERS]))
            await self.place.start()
            self.place.configured.put(Prompt(name="welcome"))
            for line in self.lines:
                self.place.configured.put(line)
            for position, behaviour in enumerate(behaviours):
                self.place.engine.phone(AGENTS[position % len(AGENTS)], behaviour)
            for number in CALLERS:
                self.place.engine.phone(number, Behaviour.answers(0.5))

        self.do(begin)

    def do(self, what, pause=0.0):
        """Let something happen, and time pass."""

        async def step():
            done = what()
            if asyncio.iscoroutine(done):
                await done
            await asyncio.sleep(pause)

        self.runner.run(step())

    def phones(self, numbers):
        return [phone for phone in self.place.engine.phones if phone.number in numbers]

    def dialogs(self, numbers, *states):
        found = [one for one in self.place.engine.dialogs.values() if one.number in numbers]
        return [one for one in found if one.phone is not None and (not states or one.state in states)]

    def with_one_of(self, dialogs, index, what, pause=0.0):
        if dialogs:
            dialog = dialogs[index % len(dialogs)]
            self.do(lambda: what(dialog), pause)

    # What happens

    @rule(caller=ANY, queue=st.sampled_from([*QUEUES, "6400"]), pause=PAUSES)
    def arrive(self, caller, queue, pause):
        phones = self.phones(CALLERS)
        self.do(lambda: phones[caller % len(phones)].call(queue), pause)

    @rule(which=ANY, what=st.sampled_from(["answer", "answer", "answer", "refuse"]), pause=PAUSES)
    def agent_takes(self, which, what, pause):
        def act(dialog):
            return dialog.phone.answer(dialog) if what == "answer" else dialog.phone.refuse(dialog, 603)

        self.with_one_of(self.dialogs(AGENTS, LegState.RINGING), which, act, pause)

    @rule(which=ANY, side=st.sampled_from([AGENTS, CALLERS, CALLERS]), pause=PAUSES)
    def hang_up(self, which, side, pause):
        self.with_one_of(self.dialogs(side), which, lambda dialog: dialog.phone.hang_up(dialog), pause)

    @rule(which=ANY, to=st.sampled_from([*QUEUES, *AGENTS, "1005", "9999"]), keys=st.booleans(), pause=PAUSES)
    def send_on(self, which, to, keys, pause):
        def act(dialog):
            return dialog.phone.press(dialog, f"*03{to}#") if keys else dialog.phone.transfer(dialog, to)

        self.with_one_of(self.dialogs(AGENTS, LegState.UP), which, act, pause)

    @rule(caller=st.sampled_from(AGENTS), callee=st.sampled_from([*AGENTS, "1005"]), pause=PAUSES)
    def call_elsewhere(self, caller, callee, pause):
        phones = self.phones([caller])
        if phones:
            self.do(lambda: phones[0].call(callee), pause)

    @rule(
        agent=st.sampled_from(AGENTS),
        queue=st.sampled_from([*QUEUES, None]),
        change=st.sampled_from(
            [{"logged_in": True}, {"logged_in": False}, {"paused": True, "reason": "2"}, {"paused": False}]
        ),
        pause=PAUSES,
    )
    def switch(self, agent, queue, change, pause):
        def act():
            with contextlib.suppress(ServiceError):  # no agent there, or a static one
                self.place.agents.switch_own(agent, AgentSwitch(**change), None if queue is None else [queue])

        self.do(act, pause)

    @rule(which=ANY, how=st.sampled_from(["unregister", "vanish"]), pause=PAUSES)
    def lose_a_phone(self, which, how, pause):
        phones = self.phones(AGENTS)
        if phones:
            self.do(getattr(phones[which % len(phones)], how), pause)

    @rule(number=st.sampled_from(AGENTS), behaviour=BEHAVIOURS)
    def register(self, number, behaviour):
        self.do(lambda: self.place.engine.phone(number, behaviour))

    @rule(
        number=st.sampled_from(AGENTS),
        status=st.sampled_from([PresenceStatus.AVAILABLE, PresenceStatus.DO_NOT_DISTURB]),
    )
    def choose_presence(self, number, status):
        self.do(lambda: self.place.presence.change(number, PresenceChange(status=status)))

    @rule(pause=PAUSES)
    def wait(self, pause):
        self.do(lambda: None, pause)

    @rule(down=PAUSES, pause=PAUSES)
    def kill_server(self, down, pause):
        async def successor():
            self.place = await after_a_kill(self.place, down_s=down)

        self.do(successor, pause)

    @rule(which=ANY, after=st.sampled_from([0.0, 0.001, 0.002, 0.003, 0.005]), down=PAUSES)
    def kill_server_as_an_agent_answers(self, which, after, down):
        self.with_one_of(
            self.dialogs(AGENTS, LegState.RINGING), which, lambda dialog: dialog.phone.answer(dialog), after
        )
        self.kill_server(down, 0.0)

    # What is always so

    def there_is_a_day(self):
        return hasattr(self, "place")

    @precondition(there_is_a_day)
    @invariant()
    def all_is_well(self):
        self.do(lambda: None, SETTLED_S)
        assert self.unseen == []
        self.stored |= {
            (row.call, row.queue) for key, row in self.place.queue_store.rows.items() if key[0] == "caller"
        }
        self.nobody_is_rung_by_two()
        try:
            self.each_agent_has_the_one_state_that_is_so()
        except AssertionError:  # the phone of who has sent a caller on has a second to hang up
            self.do(lambda: None, RETIRED_S)
            self.each_agent_has_the_one_state_that_is_so()
        self.nobody_is_lost()
        self.nobody_waits_for_who_is_free()

    def nobody_is_rung_by_two(self):
        floor = self.place.queues.acd.floor
        for agent in AGENTS:
            calls = {call_of_leg(dialog.id) for dialog in self.dialogs([agent], LegState.RINGING)}
            rung_for = {call for call in calls if call in floor.waiting}
            assert len(rung_for) <= 1, f"{agent} is rung for {rung_for}"
            known = floor.agents[agent]
            assert len(known.talks) <= 1
            assert known.offer is None or not known.talks, f"{agent} is rung while it talks"

    def each_agent_has_the_one_state_that_is_so(self):
        found = self.place.queues.acd.agents()
        assert len({(one.queue, one.extension) for one in found}) == len(found)
        for one in found:
            talks = self.dialogs([one.extension], LegState.UP)
            if one.state is AgentState.TALKING:
                assert talks, f"{one.extension} talks to nobody"
            elif one.state in (AgentState.AVAILABLE, AgentState.WRAP_UP):
                assert not talks, f"{one.extension} is {one.state} while it talks"
                assert self.phones([one.extension])
            elif one.state is AgentState.RINGING:
                assert self.dialogs([one.extension], LegState.RINGING, LegState.NEW)

    def nobody_is_lost(self):
        """Every leg is some call's, and who waits has a place."""
        lives = [live.call for live in self.place.calls._desk.calls()]
        known = {leg_id for call in lives for leg_id in (call.caller_leg, *call.legs)}
        assert {one.id for one in self.dialogs([*AGENTS, *CALLERS], LegState.UP)} <= known
        floor = self.place.queues.acd.floor
        assert not floor.waiting.keys() & floor.talking.keys()
        assert floor.waiting.keys() | floor.talking.keys() <= {call.id for call in lives}

    def nobody_waits_for_who_is_free(self):
        for line in self.place.queues.acd.floor.lines.values():
            older_first = [caller.joined for caller in line.callers]
            assert older_first == sorted(older_first)
            ready = [one for one in line.waiting if one.ready and one.retry_at is None]
            others = {
                caller.call
                for member in line.free
                for number in self.place.queues.acd.floor.agents[member].memberships
                for caller in self.place.queues.acd.floor.lines[number].waiting
                if caller.retry_at is not None
            }
            assert not ready or len(line.free) <= len(others)

    # What is so in the end

    def teardown(self):
        if not self.there_is_a_day():
            return
        try:
            self.do(self.close_down)
            assert self.unseen == []
        finally:
            self.runner.close()

    async def close_down(self):
        place = self.place
        await asyncio.sleep(1)
        for dialog in list(place.engine.dialogs.values()):
            if dialog.phone is not None:
                dialog.phone.hang_up(dialog)
        await asyncio.sleep(120)
        for dialog in list(place.engine.dialogs.values()):
            dialog.phone.hang_up(dialog)
        await place.idle()
        for agent in AGENTS:
            place.engine.phone(agent)
            await place.presence.change(agent, PresenceChange(status=PresenceStatus.AVAILABLE))
            place.agents.switch_own(agent, AgentSwitch(logged_in=True))
        await asyncio.sleep(60)
        await place.idle()
        place.assert_nothing_left()
        states = {(one.queue, one.extension): one.state for one in place.queues.acd.agents()}
        assert set(states.values()) == {AgentState.AVAILABLE}, f"an agent is stuck: {states}"
        self.sums()
        await place.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    def sums(self):
        store, end = self.place.queue_store, self.place.clock.now() + timedelta(seconds=1)
        keys = [(line.call, line.queue, line.joined) for line in store.calls]
        assert len(keys) == len(set(keys)), "a caller is in the log twice"
        assert not [line for line in store.calls if line.end is QueueEnd.LEFT], "nobody could leave here"
        assert self.stored <= {key[:2] for key in keys}, "a caller is not in the log"
        for line in store.calls:
            assert line.joined <= line.left <= (line.ended or line.left)
        for queue in QUEUES:
            lines = [line for line in store.calls if line.queue == queue]
            changes = [change for change in store.agents if change.queue == queue]
            agents = agent_reports(changes, lines, EPOCH, end)
            check_sums(lines, queue_report(lines, queue, EPOCH, end, service_level_s=20), agents, exact=False)
            for agent in agents:
                first = min(change.at for change in changes if change.extension == agent.extension)
                whole = (end - first).total_seconds()
                assert abs(sum(agent.seconds.values()) - whole) < 0.001


RandomQueueDay.TestCase.settings = settings(
    max_examples=50,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestRandomQueueDay = RandomQueueDay.TestCase
