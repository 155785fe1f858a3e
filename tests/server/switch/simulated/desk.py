"""A connected simulated switch with legs on it, and what it told."""

import itertools

from server.switch.port import Event, Incoming, Leg
from server.switch.simulated import Dialog, Phone, SimulatedEngine, SimulatedSwitch


class Desk:
    """Phones call, and the legs are the test's."""

    def __init__(self) -> None:
        self.engine = SimulatedEngine()
        self.switch = SimulatedSwitch(self.engine)
        self.told: list[Event] = []
        self.switch.listen(self.told.append)
        self._numbers = itertools.count(1001)

    async def up(self) -> "Desk":
        await self.switch.start()
        return self

    def calls(self) -> tuple[Phone, Dialog, Leg]:
        """A phone calls in and is not answered yet."""
        phone = self.engine.phone(str(next(self._numbers)))
        dialog = phone.call("7777")
        leg = next(event.leg for event in reversed(self.told) if isinstance(event, Incoming))
        return phone, dialog, leg

    async def answered(self) -> tuple[Phone, Dialog, Leg]:
        """A phone calls in and is answered."""
        phone, dialog, leg = self.calls()
        await leg.answer()
        return phone, dialog, leg
