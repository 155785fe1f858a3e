"""SIP-4 on real phones: parked calls, and what two people do to one call in the same moment.

B parks A. Of two who want the same call one gets it, the other is told, and the logs say who has had it.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.phones.script_phone import ScriptPhone
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tests.real.scenes import RING_S, TONES, Played, Scene, hear, hears_music, nothing_left, play_all

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

PARKED_S = 10
"""The shortest time on a slot that can be set."""
ROUNDS = 3
"""So many times is each race run: who wins is not always the same."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is done, and what is left in the logs; of races, by who wins."""

    what: str
    logs: str = ""
    else_logs: str = ""

    def __str__(self) -> str:
        return self.what


PARKING = [
    Row("time-out: B answers", "A calls B: answered, A calls B: answered"),
    Row(
        "time-out: nobody answers, C takes it",
        "A calls B: answered, A calls C: answered, B has A: answered_elsewhere",
    ),
    Row(
        "time-out: B declines, C takes it",
        "A calls B: answered, A calls C: answered, B has A: answered_elsewhere",
    ),
    Row(
        "time-out: C takes it while B rings",
        "A calls B: answered, A calls C: answered, B has A: answered_elsewhere",
    ),
    Row("time-out: A hangs up while B rings", "A calls B: answered, A calls B: cancelled"),
    Row("A hangs up on the slot", "A calls B: answered, A calls B: cancelled"),
    Row("B takes it back", "A calls B: answered, A calls B: answered"),
]
RACES = [
    Row(
        "C and D pick up",
        "A calls C: answered, B has A: answered_elsewhere, D dials *04B: failed",
        "A calls D: answered, B has A: answered_elsewhere, C dials *04B: failed",
    ),
    Row(
        "C and D pick up in their group",
        "A calls C: answered, B has A: answered_elsewhere, D dials *4: failed",
        "A calls D: answered, B has A: answered_elsewhere, C dials *4: failed",
    ),
    Row(
        "B answers, C picks up",
        "A calls B: answered, C dials *04B: failed",
        "A calls C: answered, B has A: answered_elsewhere",
    ),
    Row(
        "A gives up, C picks up",
        "A calls B: cancelled, C dials *04B: failed",
        "A calls C: answered, B has A: answered_elsewhere",
    ),
    Row("A gives up, B answers", "A calls B: cancelled", "A calls B: answered"),
    Row(
        "C and D take it from the slot",
        "A calls B: answered, A calls C: answered, B has A: answered_elsewhere, D dials slot: failed",
        "A calls B: answered, A calls D: answered, B has A: answered_elsewhere, C dials slot: failed",
    ),
    Row(
        "A hangs up on the slot, C takes it",
        "A calls B: answered, A calls B: cancelled, C dials slot: failed",
        "A calls B: answered, A calls C: answered, B has A: answered_elsewhere",
    ),
]
ROWS = [*PARKING, *RACES]


async def talk(a: ScriptPhone, b: ScriptPhone) -> None:
    await a.dial(b.line.number)
    await b.incoming()
    await b.answer()
    await a.connected()
    await hear(a, TONES["A"], b, TONES["B"])


async def park(scene: Scene, a: ScriptPhone, b: ScriptPhone) -> None:
    """B parks A on a slot of this row."""
    await talk(a, b)
    slot = scene.names["slot"] = str(6900 + scene.position)
    if scene.position % 2:
        await b.dtmf(f"*05{slot}")
    else:
        assert await b.refer(f"*05{slot}") == 202
    await b.ended()
    await hears_music(a, instead_of=TONES["B"])


async def is_parked(scene: Scene, *, there: bool) -> None:
    """Wait until everybody sees the slot as taken, or free."""

    async def look() -> bool:
        slots = await scene.pbx.topic("parked", await scene.token("C"))
        return (scene.names["slot"] in slots) is there

    await until(look, f"the slot is {'taken' if there else 'free'}")


async def comes_back(scene: Scene, b: ScriptPhone) -> None:
    """Wait until the time is up and B's phone rings."""
    assert (await b.incoming()).number == scene.names["A"]


async def parked(scene: Scene, row: Row) -> None:
    await scene.reached("B")
    a, b, c = await scene.phones_of("ABC")
    await park(scene, a, b)
    await is_parked(scene, there=True)
    taker, says = c, TONES["C"]
    match row.what:
        case "time-out: B answers":
            await comes_back(scene, b)
            await b.answer()
            taker, says = b, TONES["B"]
        case "time-out: nobody answers, C takes it" | "time-out: B declines, C takes it":
            await comes_back(scene, b)
            if "declines" in row.what:
                await b.reject()
            else:
                await b.ended()
            await hears_music(a, instead_of=TONES["B"])
            await is_parked(scene, there=True)
            await c.dial(scene.names["slot"])
        case "time-out: C takes it while B rings":
            await comes_back(scene, b)
            await c.dial(scene.names["slot"])
            assert "Call completed elsewhere" in (await b.ended()).reason
        case "time-out: A hangs up while B rings":
            await comes_back(scene, b)
            await a.hangup()
            await b.ended()
        case "A hangs up on the slot":
            await a.hangup()
        case "B takes it back":
            await b.dial(scene.names["slot"])
            await b.connected()
            taker, says = b, TONES["B"]
    if a.dialog is not None and not a.dialog.gone.is_set():
        await hear(a, TONES["A"], taker, says)
        await taker.hangup()
        await a.ended()
    await is_parked(scene, there=False)
    await scene.over(row.logs)


async def raced(scene: Scene, row: Row) -> None:
    """Every round of a race; each has its own share of the logs."""
    logs = ""
    for _ in range(ROUNDS):
        logs = await scene.over(*(f"{logs}, {more}" for more in await race(scene, row)))


async def race(scene: Scene, row: Row) -> list[str]:
    """One round; what it may leave in the logs, as far as the phones can tell."""
    if not scene.phones:
        if "group" in row.what:
            await in_one_group(scene)
        await scene.reached("B", {"ring_timeout_s": 3 * RING_S})
        await scene.phones_of("ABCD")
    a, b, c, d = (phone for phone in scene.phones if isinstance(phone, ScriptPhone))
    scene.names |= {"*04B": f"*04{scene.names['B']}", "*4": "*4"}
    if "slot" in row.what:
        await park(scene, a, b)
    else:
        await a.dial(scene.names["B"])
        await b.incoming()
        await a.ringback()
    match row.what:
        case "C and D pick up" | "C and D pick up in their group":
            code = "*4" if "group" in row.what else scene.names["*04B"]
            return [await two_dial(row, a, c, d, code, b)]
        case "C and D take it from the slot":
            return [await two_dial(row, a, c, d, scene.names["slot"], None)]
        case "B answers, C picks up":
            await asyncio.gather(b.answer(), c.dial(scene.names["*04B"]))
        case "A gives up, C picks up":
            await asyncio.gather(give_up(a), c.dial(scene.names["*04B"]))
        case "A gives up, B answers":
            await asyncio.gather(give_up(a), b.answer())
            await b.ended()
            return [row.logs, row.else_logs]
        case "A hangs up on the slot, C takes it":
            await asyncio.gather(a.hangup(), c.dial(scene.names["slot"]))
    return await who_got_it(row, a, b, c)


async def in_one_group(scene: Scene) -> None:
    """B, C and D are colleagues."""
    for letter in "BCD":
        group = [f"group of {scene.names['A']}"]
        await scene.pbx.api("PATCH", f"/extensions/{scene.names[letter]}", body={"groups": group})


async def give_up(a: ScriptPhone) -> None:
    """A hangs up, whether it has been answered in this moment or not."""
    await a.hangup()
    if was_answered(a):
        await a.hangup()


def was_answered(phone: ScriptPhone) -> bool:
    """Whether the call of this phone was answered."""
    return bool(phone.dialog and phone.dialog.answer and phone.dialog.answer.status == 200)


async def is_refused(phone: ScriptPhone) -> None:
    """Wait until this phone is told that there is nothing for it."""
    assert (await phone.ended()).code == 404


async def two_dial(
    row: Row, a: ScriptPhone, c: ScriptPhone, d: ScriptPhone, code: str, b: ScriptPhone | None
) -> str:
    """C and D dial in the same moment: the winner talks to A."""
    await asyncio.gather(c.dial(code), d.dial(code))
    await asyncio.gather(decided(c), decided(d))
    assert was_answered(c) is not was_answered(d), "one of two wins"
    winner, loser = (c, d) if was_answered(c) else (d, c)
    await is_refused(loser)
    if b is not None:
        assert "Call completed elsewhere" in (await b.ended()).reason
    await hear(a, TONES["A"], winner, TONES["C" if winner is c else "D"])
    await winner.hangup()
    await a.ended()
    return row.logs if winner is c else row.else_logs


async def decided(phone: ScriptPhone) -> None:
    """Wait for the final answer to this phone's call."""
    await until(
        lambda: phone.dialog and phone.dialog.decided.is_set(), f"{phone.line.number} is told something"
    )


async def who_got_it(row: Row, a: ScriptPhone, b: ScriptPhone, c: ScriptPhone) -> list[str]:
    """C has dialled for A's call, which B has answered, or A has given up, in the same moment."""
    await decided(c)
    if was_answered(c):
        if "answers" in row.what:
            await b.ended()
            await hear(a, TONES["A"], c, TONES["C"])
            await c.hangup()
            await a.ended()
            return [row.else_logs]
        await asyncio.gather(b.ended(), c.ended())
        return [row.logs, row.else_logs]
    await is_refused(c)
    if "answers" in row.what:
        await hear(a, TONES["A"], b, TONES["B"])
        await b.hangup()
        await a.ended()
    await (
        b.ended()
    )  # of its CANCEL the phone may hear after everybody else: else it is busy in the next round
    return [row.logs]


async def play(scene: Scene, row: Row) -> None:
    """Play a row, and see what is left."""
    await (parked if row in PARKING else raced)(scene, row)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def played(pbx: Pbx, request: pytest.FixtureRequest) -> AsyncIterator[Played]:
    """The whole table."""
    await pbx.api("PUT", "/parking", body={"timeout_s": PARKED_S})
    yield await play_all(request, pbx, ROWS, play, at_once=7)
    await pbx.api("PUT", "/parking", body={})


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_one_gets_the_call_and_all_are_told_SIP_4_LOG_1(played: Played, row: Row) -> None:
    played.judge(row)


async def test_nothing_is_left_of_all_these_calls_SIP_4(played: Played, pbx: Pbx) -> None:
    del played
    await nothing_left(pbx)
