"""BOSS-3, BOSS-5: whatever three bosses, their secretaries and their callers do, each pair shows what a plain
model of it says; in virtual time."""

import asyncio
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from server.contract.boss import Boss
from server.switch.port import LegState
from server.switch.simulated import Behaviour
from server.switch.simulated.phones import Dialog
from tests.server.flows.office import MemoryExtensions, Office
from tests.virtual_time import VirtualLoop

BOSSES = ("1001", "1002", "1003")
SECRETARIES = ("2001", "2002", "2003")
CALLERS = ("3001", "3002", "3003", "3004")
SERVES = {"1001": ("2001",), "1002": ("2001", "2002"), "1003": ("2002", "2003", "2001")}
"""Which secretaries each boss has: some serve several, some bosses have several."""

SOON_S = 0.3
CALMED_S = 4.0
"""Longer than a boss who is late for a call is spared a switch."""

MOST = 4
"""Calls of one caller at once."""

boss = st.sampled_from(BOSSES)
which = st.integers(0, 50)


@dataclass
class Talk:
    """Somebody talks to a secretary: for a boss, or (None) for herself."""

    caller: Dialog
    at_secretary: Dialog
    boss: str | None
    held: bool = False


@dataclass
class Model:
    """What the people know of it."""

    talks: list[Talk] = field(default_factory=list)
    off: set[tuple[str, str]] = field(default_factory=set)

    def of(self, number: str, secretary: str) -> list[Talk]:
        """The calls for this boss at this secretary; those held first, the longest held of them first."""
        found = [one for one in self.talks if (one.boss, one.at_secretary.number) == (number, secretary)]
        return [one for one in found if one.held] + [one for one in found if not one.held]

    def state(self, number: str, secretary: str) -> str:
        if (number, secretary) in self.off:
            return "off"
        calls = self.of(number, secretary)
        if not calls:
            return "idle"
        return "held" if calls[0].held else "answering"


class Pairs(RuleBasedStateMachine):
    """Steps of a day at three secretaries' desks."""

    @initialize()
    def open_office(self):
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.unseen = []
        self.runner.get_loop().set_exception_handler(lambda _loop, context: self.unseen.append(context))
        self.model = Model()
        self.answering = ""

        async def begin():
            people = MemoryExtensions([*BOSSES, *SECRETARIES, *CALLERS])
            self.place = place = Office(extensions=people)
            await place.start()
            for number, secretaries in SERVES.items():
                place.configured.put(Boss(name=number, secretaries=secretaries))
            engine = place.engine
            self.phones = {number: engine.phone(number, Behaviour.rings()) for number in people.known}

        self.runner.run(begin())

    def wait(self, action=lambda: None, seconds=SOON_S):
        async def step():
            made = action()
            await asyncio.sleep(seconds)
            return made

        return self.runner.run(step())

    def someone_free(self, position: int):
        busy = [one.caller.number for one in self.model.talks]
        free = [number for number in CALLERS if busy.count(number) < MOST]
        return self.phones[free[position % len(free)]]

    def some_talk(self, position: int, *, held: bool | None = None) -> Talk | None:
        found = [one for one in self.model.talks if held is None or one.held == held]
        return found[position % len(found)] if found else None

    @precondition(lambda self: len(self.model.talks) < MOST * len(CALLERS))
    @rule(position=which, number=boss, who=which, tells=st.booleans(), held=st.booleans())
    def call_a_boss(self, position, number, who, tells, held):
        """One of the secretaries whose pair is on answers; with none of them it rings at the boss."""
        there = [one for one in SERVES[number] if (number, one) not in self.model.off]
        answers = there[who % len(there)] if there else number
        call = self.wait(lambda: self.someone_free(position).call(number))
        rung = self.phones[answers].calls[-1]
        assert rung.state is LegState.RINGING
        assert rung.headers.get("Diversion", "").count(f"sip:{number}@") == bool(there)
        if tells:  # while it only rings nothing has changed
            self.states_are_those_of_the_model()
        if there:
            self.wait(lambda: self.phones[answers].answer(rung))
            self.model.talks.append(Talk(call, rung, number, held))
            if held:
                self.wait(lambda: self.phones[answers].hold(rung))
        else:
            self.wait(lambda: self.someone_free(position).hang_up(call))

    @precondition(lambda self: len(self.model.talks) < MOST * len(CALLERS))
    @rule(position=which, secretary=st.sampled_from(SECRETARIES))
    def call_a_secretary(self, position, secretary):
        """A call of her own, which is held and transferred as others are."""
        call = self.wait(lambda: self.someone_free(position).call(secretary))
        rung = self.phones[secretary].calls[-1]
        self.wait(lambda: self.phones[secretary].answer(rung))
        self.model.talks.append(Talk(call, rung, None))

    @rule(position=which)
    def hold(self, position):
        if talk := self.some_talk(position, held=False):
            self.wait(lambda: talk.at_secretary.phone.hold(talk.at_secretary))
            talk.held = True
            self.model.talks.remove(talk)
            self.model.talks.append(talk)  # of those held the last one

    @rule(position=which)
    def hold_over_the_api(self, position):
        if talk := self.some_talk(position, held=False):
            self._order(talk, on=True)
            self.wait()
            talk.held = True
            self.model.talks.remove(talk)
            self.model.talks.append(talk)

    @rule(position=which)
    def resume(self, position):
        if talk := self.some_talk(position, held=True):
            self.wait(lambda: talk.at_secretary.phone.resume(talk.at_secretary))
            if talk.at_secretary.held_by_us:
                self._order(talk, on=False)
                self.wait()
            talk.held = False

    def _order(self, talk: Talk, *, on: bool):
        place = self.place

        async def order():
            leg = next(leg for leg in place.switch.legs() if leg.id == talk.at_secretary.id)
            await place.calls.talk_of(leg).hold(leg, on=on)

        self.runner.run(order())

    @rule(position=which, by_caller=st.booleans())
    def hang_up(self, position, by_caller):
        if talk := self.some_talk(position):
            dialog = talk.caller if by_caller else talk.at_secretary
            self.wait(lambda: dialog.phone.hang_up(dialog), CALMED_S)
            self.model.talks.remove(talk)

    @rule(position=which, to_boss=st.booleans())
    def transfer(self, position, to_boss):
        """Instead of being held the caller goes to the boss, or to a colleague; both talk a little."""
        if talk := self.some_talk(position):
            target = talk.boss if to_boss and talk.boss else self._nobody_in(talk)
            self.wait(lambda: talk.at_secretary.phone.transfer(talk.at_secretary, target))
            rung = self.phones[target].calls[-1]
            talk.held = talk.at_secretary.held  # what the server held is held no more
            self.states_are_those_of_the_model()  # else it is as it was, as long as nobody answers there
            self.wait(lambda: self.phones[target].answer(rung))
            assert {talk.caller.id, rung.id} in self.place.engine.bridges.values()
            self.model.talks.remove(talk)
            self.wait(lambda: self.phones[target].hang_up(rung), CALMED_S)

    def _nobody_in(self, talk: Talk) -> str:
        return next(number for number in CALLERS if number != talk.caller.number)

    @rule(number=boss, position=which, wanted=st.booleans())
    def press_the_key(self, number, position, wanted):
        """The boss gets who is held longest; without anybody the pair is switched."""
        secretary = SERVES[number][position % len(SERVES[number])]
        if wanted and (talk := self.some_talk(position, held=True)) and talk.boss:
            number, secretary = talk.boss, talk.at_secretary.number
        calls = self.model.of(number, secretary)
        pressed = self.wait(lambda: self.phones[number].call(f"*59{secretary}"), 0.5)
        if calls and calls[0].held:
            taken = calls[0]
            assert {taken.caller.id, pressed.id} in self.place.engine.bridges.values()
            assert taken.at_secretary.state is LegState.GONE
            self.model.talks.remove(taken)
            self.wait(lambda: self.phones[number].hang_up(pressed), CALMED_S)
        else:
            self.model.off ^= {(number, secretary)}
            self.wait(seconds=10)
            assert pressed.state is LegState.GONE
            assert len(pressed.sounds) > 2

    @invariant()
    def states_are_those_of_the_model(self):
        if not hasattr(self, "place"):
            return
        shown = {key: str(pair.state) for key, pair in self.place.pairs.all().items()}
        keys = [(number, secretary) for number in BOSSES for secretary in SERVES[number]]
        assert shown == {key: self.model.state(*key) for key in keys}
        for key in keys:
            waiting = [call.number for call in self.place.pairs.get(*key).calls]
            held = [one.caller.number for one in self.model.of(*key) if one.held]
            assert waiting[: len(held)] == held, "those who are held, the oldest first"
            assert sorted(waiting) == sorted(one.caller.number for one in self.model.of(*key))

    def teardown(self):
        async def close_down():
            for talk in self.model.talks:
                talk.caller.phone.hang_up(talk.caller)
            await self.place.idle()
            self.place.assert_nothing_left()
            await self.place.stop()

        try:
            self.runner.run(close_down())
            assert self.unseen == []
        finally:
            self.runner.close()


Pairs.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
TestPairs = Pairs.TestCase
