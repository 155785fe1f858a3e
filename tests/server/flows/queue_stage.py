"""The stage of `tests.queue_table` on the simulated switch, in virtual time."""

import asyncio
import functools
from pathlib import Path
from typing import Any

from server.contract.agents import AgentReport, AgentSwitch, QueueCall, QueueReport
from server.contract.ivr import Ivr
from server.contract.presence import PresenceChange, PresenceStatus
from server.contract.prompts import Prompt
from server.contract.queues import Queue, QueueOptions
from server.contract.routing import RingGroup
from server.rules.queues.reports import agent_reports, queue_report
from server.switch.port import Ended, LegState, Sound
from server.switch.simulated import Behaviour
from server.switch.simulated.phones import Dialog, Phone
from tests.phones.waiting import until
from tests.queue_table.stage import SOON_S, Stage
from tests.server.flows.office import Office
from tests.server.flows.test_outside import OUTSIDE, calls_of, with_trunks
from tests.virtual_time import EPOCH

MODELS = {"queues": Queue, "queue-options": QueueOptions, "ivrs": Ivr, "ring-groups": RingGroup}
NOTICE = Sound.file(Path("/prompts/en-notice"))
NOTICED_S = 20.0
"""When a phone that has vanished is missed, and..."""
SOUNDLESS_S = 30.0
"""...when its call is ended, as in `server/switch/asterisk`."""
_ANSWERS_S = 0.05


class SimulatedStage(Stage):
    """One office, which is there for one row."""

    def __init__(self, place: Office) -> None:
        self.place = place
        self.names = {
            **dict(zip("ABCD", ("1001", "1002", "1003", "1004"), strict=True)),
            "Q": "6400", "R": "6401", "menu": "6500", "group": "6200", "M": OUTSIDE,
        }  # fmt: skip
        self._phones: dict[str, Phone] = {}
        self._dialogs: dict[str, Dialog] = {}
        self._rung: dict[str, int] = {}

    async def enter(self, phones: str) -> None:
        """These people have a phone."""
        self.place.engine.files[Path(NOTICE.value)] = 3.0
        self.place.configuration.append(Prompt(name="notice"))
        await with_trunks(self.place)
        for who in phones.split():
            self._phones[who] = self.place.engine.phone(self.names[who[0]], Behaviour.rings())
            self._rung[who] = 0

    async def make(self, kind: str, key: str, body: dict[str, Any]) -> None:
        model = MODELS[kind]
        self.place.configured.put(model.model_validate({model.key_field: key, **body}))

    # What people do

    async def dial(self, who: str, number: str) -> None:
        self._dialogs[who] = dialog = self._phones[who].call(number)
        answering = next((one for one, phone in self._phones.items() if phone.number == number), None)
        if answering is not None:
            await self.next_ring(answering)
            await self.answer(answering)
        await self._until(lambda: dialog.state is LegState.UP, f"{number} answers {who}")

    async def next_ring(self, who: str) -> str:
        await self._until(lambda: self.is_ringing(who), f"{who} rings")
        dialog = self._dialogs[who] = self._newest(who)[-1]
        self._rung[who] = len(self._phones[who].calls)
        return dialog.caller.number

    def is_ringing(self, who: str) -> bool:
        return bool(self._newest(who))

    def _newest(self, who: str) -> list[Dialog]:
        """What rings there, and was not waited for yet."""
        calls = self._phones[who].calls[self._rung[who] :]
        return [dialog for dialog in calls if dialog.state is LegState.RINGING]

    async def answer(self, who: str) -> None:
        await asyncio.sleep(_ANSWERS_S)
        self._phones[who].answer(self._dialogs[who])

    async def refuse(self, who: str) -> None:
        await asyncio.sleep(_ANSWERS_S)
        self._phones[who].refuse(self._dialogs[who], 603)

    async def hang_up(self, who: str) -> None:
        await asyncio.sleep(_ANSWERS_S)
        self._phones[who].hang_up(self._dialogs[who])

    async def over(self, who: str) -> None:
        dialog = self._dialogs[who]
        await self._until(lambda: dialog.state is LegState.GONE, f"the call of {who} is over")

    async def press(self, who: str, keys: str) -> None:
        self._phones[who].press(self._dialogs[who], keys)

    async def refer(self, who: str, to: str) -> None:
        self._phones[who].transfer(self._dialogs[who], self.names[to])

    async def unregister(self, who: str) -> None:
        self._phones[who].unregister()

    async def vanish(self, who: str) -> None:
        phone, dialog = self._phones[who], self._dialogs[who]
        phone.behaviour = Behaviour.is_dead()
        later = asyncio.get_running_loop().call_later
        later(NOTICED_S, phone.unregister)
        if dialog.state is LegState.UP:
            later(SOUNDLESS_S, functools.partial(self.place.engine.end, dialog, Ended(q850=44)))

    async def presence(self, who: str, status: str) -> None:
        await self.place.presence.change(self.names[who], PresenceChange(status=PresenceStatus(status)))

    async def switch(self, who: str, queue: str = "Q", **change: Any) -> None:
        self.place.agents.switch_own(self.names[who], AgentSwitch(**change), [self.names[queue]])

    # What is heard and seen

    async def talk(self, one: str, other: str) -> None:
        ends = {self._dialogs[who].id for who in (one, other)}
        await self._until(lambda: ends in self.place.engine.bridges.values(), f"{one} and {other} talk")

    async def music(self, who: str) -> None:
        await self._until(lambda: self._dialogs[who].music != "", f"{who} hears music")

    async def hears(self, who: str) -> None:
        dialog = self._dialogs[who]
        await self._until(
            lambda: dialog.playback is not None and dialog.sounds[-1] == NOTICE, f"{who} hears the prompt"
        )

    async def talks_outside(self, who: str) -> None:
        await self._until(lambda: calls_of(self.place, "one"), "it rings outside")
        (out,) = calls_of(self.place, "one")
        ends = {self._dialogs[who].id, out.id}
        await self._until(lambda: ends in self.place.engine.bridges.values(), f"{who} talks outside")
        self.place.engine.carriers["one"].hang_up(out)

    async def log_of(self, who: str) -> list[tuple[str, str, str]]:
        return [entry[:3] for entry in self.place.log(self.names[who])]

    async def since(self, who: str) -> str:
        number = self.names[who]
        return next((str(call.since) for call in self.place.calls.active() if call.caller == number), "")

    async def agents(self, queue: str) -> dict[str, str]:
        number = self.names[queue]
        found = self.place.queues.acd.agents()
        return {one.extension: str(one.state) for one in found if one.queue == number}

    async def lines(self, queue: str) -> list[QueueCall]:
        return [call for call in self.place.queue_store.calls if call.queue == self.names[queue]]

    async def report(self, queue: str) -> QueueReport:
        calls, now = self.place.queue_store.calls, self.place.clock.now()
        return queue_report(calls, self.names[queue], EPOCH, now, service_level_s=20)

    async def agent_report(self, queue: str) -> list[AgentReport]:
        number, now = self.names[queue], self.place.clock.now()
        changes = [change for change in self.place.queue_store.agents if change.queue == number]
        return agent_reports(changes, await self.lines(queue), EPOCH, now)

    async def nothing_left(self) -> None:
        await self.place.idle()
        await self.place.calls.sort_out_recordings()
        await self.place.idle()
        self.place.assert_nothing_left()

    async def _until(self, look: Any, what: str) -> None:
        await until(look, what, timeout_s=SOON_S, every_s=0.01)
