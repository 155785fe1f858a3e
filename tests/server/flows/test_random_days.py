"""A day of random calls, failures and restarts: whatever happens, nothing is left over."""

import asyncio
import contextlib

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from server.contract.boss import Boss
from server.contract.conference import Conference
from server.contract.extensions import CallState
from server.contract.ivr import Choice, Ivr
from server.contract.monitoring import MonitoringRight
from server.contract.presence import PresenceChange, PresenceStatus
from server.contract.prompts import Prompt
from server.contract.queues import Queue
from server.contract.routing import RingGroup
from server.services.errors import ServiceError
from server.switch.port import LegState, SwitchError
from server.switch.simulated import Behaviour
from tests.server.flows.office import NAMES, Office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_ways import forwards
from tests.virtual_time import VirtualLoop

NUMBERS = sorted(NAMES)
BEHAVIOURS = st.sampled_from(
    [
        Behaviour.answers(0.0),
        Behaviour.answers(1.0),
        Behaviour.answers(2.0, hangs_up_after_s=3.0),
        Behaviour(answers_after_s=1.0, holds_after_s=1.0, resumes_after_s=3.0),
        Behaviour.refuses(486),
        Behaviour.refuses(603, 2.0),
        Behaviour.refuses(480, 1.0),
        Behaviour.rings(),
        Behaviour.is_dead(),
    ]
)
TARGETS = st.sampled_from(
    [*NUMBERS, "9999", "6400", "*5", "*056901", "*121003", "6500", "6600", None, None, None]
)
CODES = ["*4", "6900", "6901", *(f"{code}{number}" for code in ("*04", "*6", "*31") for number in NUMBERS)]
CODES += ["*031", "*33", "*81", "*081", "*825", "*991", "*2", "*21003", "*121002", "6500", "6600", "6600"]
CODES += ["6700", "6700", "*511002", "*531003", "6400", "6400", "6400", "6401"]
KEYS = ["*5", "*056901", "*0", "5#", "*01", "##", "**", "*1", "1", "2", "31", "7"]
KEYS += [f"{code}{number}#" for code in ("*03", "*3") for number in [*NUMBERS, "9999"]]
CODES += ["*591003", "*591003", "*591004"]
SETTINGS = [
    Boss(name="1002", secretaries=("1003", "1004")),
    Boss(name="1004", secretaries=("1003",), calls="internal", keep_secretary=True),
    Prompt(name="welcome"),
    Ivr(
        number="6500",
        prompt="welcome",
        dial_extensions=True,
        choices=(
            Choice(key="1", destination={"kind": "conference", "value": "6600"}),
            Choice(key="2", destination={"kind": "voicemail", "value": "1002"}),
            Choice(key="7", destination={"kind": "ivr", "value": "6500"}),
        ),
    ),
    Queue(
        number="6400",
        static_agents=({"extension": "1002"}, {"extension": "1003"}),
        agent_timeout_s=5,
        max_wait_s=40,
        wrap_up_s=5,
        join_announcement="welcome",
        position={"position": True, "hold_time": True, "every_s": 15},
        failover={"kind": "queue", "value": "6401"},
    ),
    Queue(
        number="6401",
        static_agents=({"extension": "1003"}, {"extension": "1004"}),
        strategy="rrmemory",
        weight=5,
        agent_announcement="welcome",
        max_wait_s=20,
        failover={"kind": "ivr", "value": "6500"},
    ),
    Conference(number="6600", max_members=3),
    RingGroup(
        number="6700",
        members=("1002", "1003"),
        strategy="sequential",
        ring_timeout_s=5,
        destination={"kind": "ivr", "value": "6500"},
    ),
    MonitoringRight(name="all", supervisors=("1004",), everybody=True),
]
BUTTONS = st.sampled_from(["answer", "hang_up", "hold", "resume"])
PAUSES = st.sampled_from([0.0, 0.0005, 0.001, 0.0015, 0.003, 0.02, 0.5, 1.0, 7.0, 31.0])


class RandomDay(RuleBasedStateMachine):
    """Steps of a day; `teardown` lets every call come to its end and looks at what is left."""

    @initialize(behaviours=st.lists(BEHAVIOURS, min_size=4, max_size=8))
    def open_office(self, behaviours):
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.unseen = []
        self.inbound = []
        self.asked = []
        self.runner.get_loop().set_exception_handler(lambda _loop, context: self.unseen.append(context))

        async def begin():
            self.place = Office()
            await self.place.start()
            for item in SETTINGS:
                self.place.configured.put(item)
            for position, behaviour in enumerate(behaviours):
                self.place.engine.phone(NUMBERS[position % len(NUMBERS)], behaviour)

        self.runner.run(begin())

    def do(self, action, pause=0.0):
        async def step():
            action()
            await asyncio.sleep(pause)

        self.runner.run(step())

    @rule(caller=st.integers(0, 20), callee=st.sampled_from([*NUMBERS, "9999", *CODES]), pause=PAUSES)
    def call(self, caller, callee, pause):
        phones = self.place.engine.phones
        if phones:
            phone = phones[caller % len(phones)]
            self.do(lambda: self.inbound.append(phone.call(callee)), pause)

    @precondition(lambda self: self.place.switch.status.up)
    @rule(caller=st.sampled_from(NUMBERS), callee=st.sampled_from(NUMBERS), pause=PAUSES)
    def begin_to_talk(self, caller, callee, pause):
        """Two who certainly have phones, one of which answers at once: else most calls end unanswered."""
        engine = self.place.engine
        self.do(lambda: engine.phone(callee, Behaviour.answers(0.0)))
        self.do(lambda: self.inbound.append(engine.phone(caller, Behaviour.answers(0.0)).call(callee)), 0.2)
        self.do(lambda: None, pause)

    @rule(
        which=st.integers(0, 20), what=st.sampled_from(["answer", "hang_up", "hold", "resume"]), pause=PAUSES
    )
    def press(self, which, what, pause):
        dialogs = [d for d in self.place.engine.dialogs.values() if d.phone is not None]
        if dialogs:
            dialog = dialogs[which % len(dialogs)]
            self.do(lambda: getattr(dialog.phone, what)(dialog), pause)

    @rule(which=st.integers(0, 20), other=st.integers(0, 20), number=TARGETS, pause=PAUSES)
    def transfer(self, which, other, number, pause):
        """Blind, or with any other call of the same phone as the consultation (SIP-4)."""
        dialogs = [d for d in self.place.engine.dialogs.values() if d.phone is not None]
        if not dialogs:
            return
        dialog = dialogs[which % len(dialogs)]
        others = [d for d in dialogs if d.phone is dialog.phone and d is not dialog]
        consultation = others[other % len(others)] if others and number is None else None
        self.do(lambda: dialog.phone.transfer(dialog, number or "", consultation=consultation), pause)

    @rule(which=st.integers(0, 20), side=st.integers(0, 1), on=st.booleans(), pause=PAUSES)
    def hold_over_the_api(self, which, side, on, pause):
        """Hold or resume any call for either side, whatever its state (SIP-4)."""
        calls = self.place.calls.live()
        if not calls:
            return
        calls = [live for live in calls if live.is_answered and not live.is_over] or calls
        call = calls[which % len(calls)].call
        number = (call.caller.number, call.callee or call.dialled)[side]

        async def ask():
            with contextlib.suppress(ServiceError, SwitchError):
                await self.place.control.hold(call.id, number, on=on)

        async def step():
            self.asked.append(asyncio.ensure_future(ask()))
            await asyncio.sleep(pause)

        self.runner.run(step())

    @rule(which=st.integers(0, 20), keys=st.sampled_from(KEYS), pause=PAUSES)
    def dial_keys(self, which, keys, pause):
        dialogs = [d for d in self.place.engine.dialogs.values() if d.phone is not None]
        if dialogs:
            dialog = dialogs[which % len(dialogs)]
            self.do(lambda: dialog.phone.press(dialog, keys), pause)

    @rule(which=st.integers(0, 20), how=st.sampled_from(["unregister", "vanish"]), pause=PAUSES)
    def lose_a_phone(self, which, how, pause):
        phones = self.place.engine.phones
        if phones:
            self.do(getattr(phones[which % len(phones)], how), pause)

    @rule(number=st.sampled_from(NUMBERS), behaviour=BEHAVIOURS)
    def register(self, number, behaviour):
        self.do(lambda: self.place.engine.phone(number, behaviour))

    @rule(number=st.sampled_from(NUMBERS), condition=st.sampled_from(["always", "no_answer", "busy"]))
    def forward_to_voicemail(self, number, condition):
        self.place.reaching.settings[number] = forwards(**{condition: "voicemail"})

    @rule(number=st.sampled_from(NUMBERS), status=st.sampled_from(PresenceStatus))
    def choose_presence(self, number, status):
        self.runner.run(self.place.presence.change(number, PresenceChange(status=status)))

    @precondition(lambda self: self.place.switch.status.up)
    @rule(pause=PAUSES)
    def crash_engine(self, pause):
        self.do(self.place.switch.crash, pause)

    @precondition(lambda self: self.place.switch.status.up)
    @rule(pause=PAUSES)
    def break_connection(self, pause):
        self.do(self.place.switch.disconnect, pause)

    @precondition(lambda self: not self.place.switch.status.up)
    @rule(pause=PAUSES)
    def come_back(self, pause):
        restarted = not self.place.engine.up
        self.do(lambda: self.place.switch.connect(restarted=restarted), pause)

    @rule(pause=PAUSES, down=PAUSES)
    def kill_server(self, pause, down):
        async def successor():
            self.place = await after_a_kill(self.place, down_s=down)
            await asyncio.sleep(pause)

        self.runner.run(successor())

    @invariant()
    def states_are_what_the_engine_has(self):
        if not hasattr(self, "place"):
            return
        place = self.place
        for number, state in place.states.all().items():
            legs = [d for d in place.engine.dialogs.values() if d.number == number]
            if not place.switch.status.up:
                assert state.call is CallState.UNKNOWN
                assert state.registered is None
            elif state.call is CallState.IDLE:
                assert all(d.state is LegState.NEW and not d.inbound for d in legs)
            elif state.call is CallState.HELD:
                assert any(d.held or d.held_by_us for d in legs)
            else:
                assert legs

    @invariant()
    def own_calls_are_shown_as_they_are(self):
        if hasattr(self, "place"):
            assert self.place.own_calls.wrong == [], self.place.own_calls.wrong[0]

    def teardown(self):
        if not hasattr(self, "place"):
            return
        place = self.place

        async def close_down():
            if not place.switch.status.up:
                place.switch.connect(restarted=not place.engine.up)
            await asyncio.sleep(0.1)
            for dialog in list(place.engine.dialogs.values()):
                if dialog.phone is not None and dialog.state is LegState.UP:
                    dialog.phone.hang_up(dialog)
            await asyncio.sleep(60)
            for dialog in list(place.engine.dialogs.values()):
                dialog.phone.hang_up(dialog)
            await place.idle()
            place.assert_nothing_left()
            for asked in self.asked:  # a server that was killed answers nobody
                asked.cancel()
            await asyncio.gather(*self.asked, return_exceptions=True)
            await place.stop()
            assert asyncio.all_tasks() == {asyncio.current_task()}

        try:
            self.runner.run(close_down())
            assert self.unseen == []
        finally:
            self.runner.close()


RandomDay.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
TestRandomDay = RandomDay.TestCase
