"""SIP-11: what is shown of own calls is what working all of them out anew would show, whatever happens.

All tests on an `Office` compare that after everything that `OwnCalls` is told; here much happens at once.
"""

import asyncio
import contextlib
from random import Random

import pytest

from server.flows.own_calls import OwnCalls
from server.services.errors import ServiceError
from server.switch.port import LegState, SwitchError
from server.switch.simulated import Behaviour
from tests.server.flows.checked_own_calls import CheckedOwnCalls
from tests.server.flows.office import NAMES, Office, office
from tests.virtual_time import in_virtual_time

NUMBERS = sorted(NAMES)
STEPS = 150
PAUSES = (0.0, 0.001, 0.003, 0.02, 0.5, 2.0)


class Crowd:
    """Phones that have many calls at once, and do anything with them."""

    def __init__(self, place: Office, random: Random) -> None:
        self.place, self.random = place, random
        self.asked: list[asyncio.Task[None]] = []
        place.calls.per_extension = 50
        for number in NUMBERS * 2:
            after_s = random.choice([0.0, 1.0, 2.0])
            place.engine.phone(number, random.choice([Behaviour.answers(after_s), Behaviour.rings()]))

    def step(self) -> None:
        """One of them does something."""
        self.random.choice(
            [self.call, self.call, self.press, self.press, self.transfer, self.ask, self.lose]
        )()

    def call(self) -> None:
        phone = self.random.choice(self.place.engine.phones)
        phone.call(self.random.choice([*NUMBERS, *NUMBERS, "*031", "*04" + self.random.choice(NUMBERS)]))

    def press(self) -> None:
        if dialogs := self._dialogs():
            dialog = self.random.choice(dialogs)
            getattr(dialog.phone, self.random.choice(["answer", "hang_up", "hold", "resume"]))(dialog)

    def transfer(self) -> None:
        if dialogs := [dialog for dialog in self._dialogs() if dialog.state is LegState.UP]:
            dialog = self.random.choice(dialogs)
            others = [one for one in dialogs if one.phone is dialog.phone and one is not dialog]
            consultation = self.random.choice([*others, None])
            number = "" if consultation is not None else self.random.choice(NUMBERS)
            dialog.phone.transfer(dialog, number, consultation=consultation)

    def ask(self) -> None:
        """Over the API: order a call, or hold, or hang up."""
        control, number = self.place.control, self.random.choice(NUMBERS)
        own = self.place.own_calls.of(number)
        what = self.random.choice(["make", "hold", "hang_up"] if own else ["make"])

        async def ask() -> None:
            with contextlib.suppress(ServiceError, SwitchError):
                if what == "make":
                    await control.make(number, self.random.choice(NUMBERS))
                elif what == "hold":
                    await control.hold(self.random.choice(own).id, number, on=self.random.random() < 0.5)
                else:
                    await control.hang_up(self.random.choice(own).id, number)

        self.asked.append(asyncio.ensure_future(ask()))

    def lose(self) -> None:
        """Seldom: the engine for a while, or a phone, instead of which another one comes."""
        switch, engine = self.place.switch, self.place.engine
        if not switch.status.up:
            switch.connect(restarted=False)
        elif self.random.random() < 0.2:
            switch.disconnect()
        elif self.random.random() < 0.4:
            phone = self.random.choice(engine.phones)
            phone.unregister()
            engine.phone(phone.number, Behaviour.answers(1.0))

    async def go_home(self) -> None:
        """Everybody hangs up."""
        if not self.place.switch.status.up:
            self.place.switch.connect(restarted=False)
        await asyncio.sleep(40)
        for dialog in self._dialogs():
            dialog.phone.hang_up(dialog)
        await asyncio.sleep(40)
        for dialog in self._dialogs():
            dialog.phone.hang_up(dialog)
        for asked in self.asked:
            asked.cancel()
        await asyncio.gather(*self.asked, return_exceptions=True)

    def _dialogs(self) -> list:
        return [dialog for dialog in self.place.engine.dialogs.values() if dialog.phone is not None]


@pytest.mark.parametrize("seed", range(6))
@in_virtual_time
async def test_what_is_shown_is_what_working_it_all_out_anew_would_show_SIP_11(seed):
    async with office() as place:
        random = Random(seed)
        crowd = Crowd(place, random)
        for _ in range(STEPS):
            crowd.step()
            await asyncio.sleep(random.choice(PAUSES))
        await crowd.go_home()
        assert isinstance(place.own_calls, CheckedOwnCalls)
        assert place.own_calls.wrong == [], place.own_calls.wrong[0]
        assert place.own_calls.compared > STEPS, "there were hardly any calls"


@in_virtual_time
async def test_a_call_costs_the_same_however_many_others_the_extension_has_SIP_11():
    async with office(own_calls=Counting) as place:
        place.calls.per_extension = 100
        anna = place.engine.phone("1001", Behaviour.rings())
        place.engine.phone("1002", Behaviour.answers(1.0))
        worked_out = []
        for _ in range(4):
            before = place.own_calls.count
            call = anna.call("1002")
            await asyncio.sleep(2)
            anna.hold(call)
            await asyncio.sleep(1)
            worked_out.append(place.own_calls.count - before)
            for _ in range(8):
                anna.call("1002")
            await asyncio.sleep(5)
        assert len(set(worked_out)) == 1, worked_out
        for dialog in list(place.engine.dialogs.values()):
            if dialog.number == "1001":
                anna.hang_up(dialog)


class Counting(OwnCalls):
    """Counts how often a call is worked out."""

    count = 0

    def _call_of(self, number, call_id):
        self.count += 1
        return super()._call_of(number, call_id)
