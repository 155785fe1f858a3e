"""The stage of `tests.queue_table` with phones: a scene, and what its people do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from server.contract.agents import AgentReport, QueueCall, QueueReport
from tests.phones.baresip import Baresip
from tests.phones.hearing import Listener, hears_tone
from tests.phones.own_phone import OwnPhone
from tests.phones.phone import RealPhone
from tests.phones.script_phone import ScriptPhone
from tests.phones.sipp import Sipp
from tests.phones.sipscript import Wire
from tests.queue_table.stage import Row, Stage, judge
from tests.real.outside import MAIN_HZ
from tests.real.pbx import Pbx
from tests.real.scenes import TONES, Scene, hear, hears_music
from tests.server.sounds import tone

NOTICE_HZ, NOTICE_S = 1250.0, 6.0
"""Long enough for people to hang up in it."""
QUEUES, MENUS, GROUPS = 6400, 6500, 6200
"""Each row has numbers of its own from here on."""
_KINDS: dict[str, type[RealPhone]] = {"own": OwnPhone, "baresip": Baresip}
_SINGLE = {"queue-options"}


async def upload_notice(pbx: Pbx, folder: Path) -> None:
    """The prompt of the table."""
    file = folder / "notice.flac"
    file.write_bytes(tone(NOTICE_HZ, seconds=NOTICE_S, form="FLAC"))
    await pbx.cli("prompt", "upload", "notice", str(file))


async def play(scene: Scene, row: Row) -> None:
    """Play a row, and see what is left."""
    stage = RealStage(scene)
    await stage.enter(row)
    await row.play(stage)
    await judge(stage, row)


class RealStage(Stage):
    """A scene with two queues."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        first = 2 * scene.position
        scene.names |= {"Q": str(QUEUES + first), "R": str(QUEUES + first + 1)}
        scene.names |= {"menu": str(MENUS + first), "group": str(GROUPS + first)}
        self.names = scene.names
        self._phones: dict[str, RealPhone] = {}
        self._made: set[str] = set()
        self._sipp: dict[str, Sipp] = {}

    async def enter(self, row: Row) -> None:
        """The people of a row have their phones."""
        for who in row.phones.split():
            kind = row.kinds.get(who, "")
            if kind == "sipp":
                self._sipp[who] = await self.scene.enter(Sipp(self.scene.pbx.line(self.names[who])))
                self._sipp[who].rtp.says(TONES[who[0]])
            elif kind:
                self._phones[who] = await self.scene.borrow(_KINDS[kind], who[0])
            else:
                self._phones[who] = await self.scene.phone(who[0])

    async def make(self, kind: str, key: str, body: dict[str, Any]) -> None:
        path = f"/{kind}" if kind in _SINGLE else f"/{kind}/{key}"
        if path in self._made:
            await self.scene.pbx.api("PUT", path, body=body)
        elif kind in _SINGLE:
            await self.scene.put(path, body)
        else:
            await self.scene.make(path, body)
        self._made.add(path)

    def to(self, text: str) -> dict[str, str]:
        if text == "external:M":
            self.scene.number_outside()
        return super().to(text)

    # What people do

    async def dial(self, who: str, number: str) -> None:
        if who in self._sipp:
            await self._sipp[who].call_until_hung_up(number)
            await self._sipp[who].media()
            return
        await self._phones[who].dial(number)
        answering = next((one for one in self._phones if self.names.get(one) == number), None)
        if answering is not None:
            await self.next_ring(answering)
            await self.answer(answering)
        await self._phones[who].connected()

    async def next_ring(self, who: str) -> str:
        return (await self._phones[who].incoming()).number

    def is_ringing(self, who: str) -> bool:
        dialog = self._script(who).dialog
        return (
            dialog is not None
            and not dialog.outgoing
            and not dialog.decided.is_set()
            and not dialog.gone.is_set()
        )

    async def answer(self, who: str) -> None:
        await self._phones[who].answer()

    async def refuse(self, who: str) -> None:
        await self._phones[who].reject()

    async def hang_up(self, who: str) -> None:
        await self._phones[who].hangup()

    async def over(self, who: str) -> None:
        if who in self._sipp:
            assert await self._sipp[who].finished(60) == 0
        else:
            await self._phones[who].ended()

    async def press(self, who: str, keys: str) -> None:
        await self._phones[who].dtmf(keys)

    async def refer(self, who: str, to: str) -> None:
        phone = self._phones[who]
        if isinstance(phone, OwnPhone):
            await phone.transfer(self.names[to])
        else:
            assert await self._script(who).refer(self.names[to]) == 202

    async def unregister(self, who: str) -> None:
        phone = self._script(who)
        await phone.unregister()
        self.scene.phones.remove(phone)

    async def vanish(self, who: str) -> None:
        phone = self._script(who)
        await phone.crash()
        await self.scene.enter(_is_forgotten(phone))

    async def presence(self, who: str, status: str) -> None:
        path = f"/extensions/{self.names[who]}/presence"
        await self.scene.put(path, {"status": status}, reset={"status": "available"})

    async def switch(self, who: str, queue: str = "Q", **change: Any) -> None:
        path = f"/queues/{self.names[queue]}/agents/{self.names[who]}"
        await self.scene.pbx.api("PUT", path, body=change)

    # What is heard and seen

    async def talk(self, one: str, other: str) -> None:
        await hear(self._listener(one), TONES[one[0]], self._listener(other), TONES[other[0]])

    async def music(self, who: str) -> None:
        await hears_music(self._listener(who), instead_of=NOTICE_HZ)

    async def hears(self, who: str) -> None:
        await hears_tone(self._listener(who), NOTICE_HZ)

    async def talks_outside(self, who: str) -> None:
        call = await self.scene.rings_outside()
        await hear(self._listener(who), TONES[who[0]], call, MAIN_HZ)
        await call.hangup()

    async def log_of(self, who: str) -> list[tuple[str, str, str]]:
        return await self.scene.logged(who)

    async def since(self, who: str) -> str:
        calls = await self.scene.pbx.active()
        return next((str(call["since"]) for call in calls if call["caller"] == self.names[who]), "")

    async def agents(self, queue: str) -> dict[str, str]:
        return {one["extension"]: one["state"] for one in await self._ask(queue, "agents")}

    async def lines(self, queue: str) -> list[QueueCall]:
        found = await self._ask(queue, "calls")
        return [QueueCall.model_validate({name: one[name] for name in _OF_A_CALL}) for one in found]

    async def report(self, queue: str) -> QueueReport:
        (found,) = await self._ask(queue, "report")
        return QueueReport.model_validate(found)

    async def agent_report(self, queue: str) -> list[AgentReport]:
        return [AgentReport.model_validate(one) for one in await self._ask(queue, "agent-report")]

    async def nothing_left(self) -> None:
        await self.scene.gone()

    async def _ask(self, queue: str, what: str) -> Any:
        return await self.scene.pbx.api("GET", f"/queues/{self.names[queue]}/{what}")

    def _script(self, who: str) -> ScriptPhone:
        phone = self._phones[who]
        assert isinstance(phone, ScriptPhone), f"the table wants too much of the phone of {who}"
        return phone

    def _listener(self, who: str) -> Listener:
        return self._sipp[who].rtp if who in self._sipp else self._phones[who]


@asynccontextmanager
async def _is_forgotten(gone: ScriptPhone) -> AsyncIterator[None]:
    """In the end take the contact away that a phone has left behind, which else stays for minutes."""
    yield
    phone = ScriptPhone(gone.line)
    phone.wire = Wire(gone.line.host, gone.line.port, gone.line.transport, own_port=gone.wire.port)
    await phone.start()
    await phone.unregister()
    await phone.crash()


_OF_A_CALL = tuple(QueueCall.model_fields)
