"""SIP-4, PRES-3 with sipp: a phone that takes every message literally is forwarded, transferred and refused.

The other phones are those of the other tables. sipp ends with 0 only if every message was one that its
scenario expects, in that order.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.phones.script_phone import ScriptPhone
from tests.phones.sipp import Sipp
from tests.real.outside import to
from tests.real.pbx import Pbx
from tests.real.scenes import TONES, Played, Scene, hear, nothing_left, play_all

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

AT_ONCE = 4
"""Each row has a process of its own."""
FINISHED_S = 60.0


@dataclass(frozen=True, slots=True)
class Row:
    """What B does with the call of A, which is sipp, and what is in the logs."""

    b: str
    logs: str

    def __str__(self) -> str:
        return f"B {self.b}"


ROWS = [
    Row("forwards always", "A calls C: answered"),
    Row("forwards when busy", "A calls C: answered, B has A: busy"),
    Row("forwards when nobody answers", "A calls C: answered, B has A: missed"),
    Row("is not to be disturbed", "A calls B: busy"),
    Row("declines", "A calls B: declined"),
    Row("transfers blind", "A calls B: answered, A calls C: answered"),
    Row("transfers blind, C is busy", "A calls B: answered, A calls C: busy"),
]
FORWARDS = {
    "forwards always": "always",
    "forwards when busy": "busy",
    "forwards when nobody answers": "no_answer",
}
REFUSALS = {"is not to be disturbed": 486, "declines": 603}


async def set_up(scene: Scene, row: Row) -> None:
    """How B is reached."""
    condition = FORWARDS.get(row.b)
    forwarding = {condition: to("extension", scene.names["C"])} if condition else {}
    await scene.reached("B", {"internal": forwarding})
    if row.b == "is not to be disturbed":
        presence = f"/extensions/{scene.names['B']}/presence"
        await scene.put(presence, {"status": "do_not_disturb"}, reset={"status": "available"})


async def b_does(scene: Scene, row: Row, b: ScriptPhone, a: Sipp) -> None:
    """What B does with the call of A, until it is C's turn."""
    if row.b in ("forwards always", "is not to be disturbed"):
        return
    await b.incoming()
    if row.b == "forwards when nobody answers":
        await b.ended()
    elif "transfers" not in row.b:
        await b.reject(busy=row.b == "forwards when busy")
    else:
        await b.answer()
        await hears(a, b)
        assert await b.refer(scene.names["C"]) == 202


async def hears(a: Sipp, b: ScriptPhone, answers: float = TONES["B"]) -> None:
    """Wait until A and this phone hear each other."""
    await a.media()
    await hear(a.rtp, TONES["A"], b, answers)


async def sipp_calls(scene: Scene, row: Row) -> None:
    """sipp calls."""
    async with Sipp(scene.pbx.line(scene.names["A"])) as a:
        a.rtp.says(TONES["A"])
        b = await scene.phone("B")
        if (status := REFUSALS.get(row.b)) is not None:
            await a.call_refused(scene.names["B"], status)
            await b_does(scene, row, b, a)
        else:
            c = await scene.phone("C")
            await a.call_until_hung_up(scene.names["B"])
            await b_does(scene, row, b, a)
            await c.incoming()
            if "C is busy" in row.b:
                await c.reject(busy=True)
                await b.is_told(100, 503)
                await hears(a, b)
                await b.hangup()
            else:
                await c.answer()
                await hears(a, c, TONES["C"])
                await c.hangup()
        assert await a.finished(FINISHED_S) == 0


async def play(scene: Scene, row: Row) -> None:
    """Play a row, and see what is left."""
    await set_up(scene, row)
    await sipp_calls(scene, row)
    await scene.over(row.logs)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def played(pbx: Pbx, request: pytest.FixtureRequest) -> AsyncIterator[Played]:
    """The whole table."""
    yield await play_all(request, pbx, ROWS, play, at_once=AT_ONCE)


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_sipp_gets_every_message_in_order_wherever_the_call_goes_SIP_4_PRES_3(
    played: Played, row: Row
) -> None:
    played.judge(row)


async def test_nothing_is_left_of_all_these_calls_SIP_4(played: Played, pbx: Pbx) -> None:
    del played
    await nothing_left(pbx)
