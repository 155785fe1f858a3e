"""SIP-4 on real phones: every way to transfer a call, and everything that can become of it.

B talks to A and sends A to C. What each row leaves in the logs stands beside it.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.phones.baresip import Baresip
from tests.phones.carrier import Outcome
from tests.phones.carrier_call import CarrierCall
from tests.phones.own_phone import OwnPhone
from tests.phones.phone import RealPhone
from tests.phones.script_phone import ScriptPhone
from tests.real.outside import BACKUP_HZ, MAIN_HZ, Outside
from tests.real.pbx import Pbx
from tests.real.scenes import TONES, Played, Scene, hear, hears_music, nothing_left, play_all

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

REFUSALS = {"busy": 486, "declined": 603}


@dataclass(frozen=True, slots=True)
class Row:
    """`how` B sends A on, what happens `then`, and what stands in the logs beside the call of A and B.

    `phone`: what C has; or B, where it is B's phone that knows how to ask.
    """

    how: str
    then: str
    logs: str = ""
    phone: type[RealPhone] = ScriptPhone

    def __str__(self) -> str:
        other = "" if self.phone is ScriptPhone else f", {self.phone.__name__}"
        return f"{self.how}: {self.then}{other}"


def blind(how: str) -> list[Row]:
    """What can become of a transfer of which B hears no more than whether somebody has answered."""
    return [
        Row(how, "answered", "A calls C: answered"),
        Row(how, "busy", "A calls C: busy"),
        Row(how, "declined", "A calls C: declined"),
        Row(how, "no answer", "A calls C: no_answer"),
        Row(how, "A gone", "A calls C: cancelled"),
        Row(how, "B gone, answered", "A calls C: answered"),
        Row(how, "B gone, busy", "A calls C: busy, A calls B: answered"),
    ]


ROWS = [
    *blind("REFER"),
    *blind("keys"),
    *blind("API"),
    Row("REFER", "answered", "A calls C: answered", Baresip),
    Row("keys", "busy", "A calls C: busy", Baresip),
    Row("REFER", "answered", "A calls C: answered", OwnPhone),
    Row("REFER", "declined", "A calls C: declined", OwnPhone),
    Row("API", "A gone", "A calls C: cancelled", OwnPhone),
    Row("keys", "B gone, answered", "A calls C: answered", OwnPhone),
    # A second phone of B asks C first, and B's first phone puts the two together.
    Row("asked", "answered", "B calls C: answered, A calls C: answered"),
    Row("asked", "busy", "B calls C: busy"),
    Row("asked", "declined", "B calls C: declined"),
    Row("asked", "no answer", "B calls C: no_answer"),
    Row("asked", "A gone", "B calls C: answered"),
    Row("asked", "C gone", "B calls C: answered"),
    Row("asked", "B gone", "B calls C: answered"),
    # The same, while C still rings.
    Row("asked, ringing", "answered", "B calls C: cancelled, A calls C: answered"),
    Row("asked, ringing", "busy", "B calls C: cancelled, A calls C: busy"),
    Row("asked, ringing", "declined", "B calls C: cancelled, A calls C: declined"),
    Row("asked, ringing", "no answer", "B calls C: cancelled, A calls C: no_answer"),
    Row("asked, ringing", "A gone", "B calls C: cancelled, A calls C: cancelled"),
    Row("asked, ringing", "B gone, answered", "B calls C: cancelled, A calls C: answered"),
    Row("asked, ringing", "answered", "B calls C: cancelled, A calls C: answered", OwnPhone),
    Row("asked, ringing", "busy", "B calls C: cancelled, A calls C: busy", OwnPhone),
    # By keys on one phone; A hears music.
    Row("asked by keys", "answered", "B calls C: answered, A calls C: answered"),
    Row("asked by keys", "busy", "B calls C: busy"),
    Row("asked by keys", "declined", "B calls C: declined"),
    Row("asked by keys", "no answer", "B calls C: no_answer"),
    Row("asked by keys", "A gone", "B calls C: answered"),
    Row("asked by keys", "A gone, ringing", "B calls C: cancelled"),
    Row("asked by keys", "C gone", "B calls C: answered"),
    Row("asked by keys", "B gone, answered", "B calls C: cancelled, A calls C: answered"),
    Row("asked by keys", "B gone, busy", "B calls C: cancelled, A calls C: busy, A calls B: answered"),
    # To the mailbox of C.
    Row("REFER to voicemail", "answered", "A dials *12C: answered, C has A: missed"),
    Row("REFER to voicemail", "switched off", "A dials *12C: failed"),
    Row("keys to voicemail", "answered", "A dials *12C: answered, C has A: missed"),
    Row("API to voicemail", "answered", "A dials *12C: answered, C has A: missed"),
    Row("API to voicemail", "switched off", "A dials *12C: failed"),
]
OUTSIDE = [
    # A is a caller outside, X.
    Row("REFER of X", "answered", "X calls C: answered"),
    Row("REFER of X", "busy", "X calls C: busy"),
    Row("REFER of X", "declined", "X calls C: declined"),
    Row("REFER of X", "no answer", "X calls C: no_answer"),
    Row("REFER of X", "A gone", "X calls C: cancelled"),
    Row("REFER of X", "B gone, answered", "X calls C: answered"),
    Row("REFER of X", "B gone, busy", "X calls C: busy, X calls B: answered"),
    # C is somebody outside, M.
    Row("REFER to M", "answered", "A dials M: answered"),
    Row("REFER to M", "busy", "A dials M: busy"),
    Row("REFER to M", "declined", "A dials M: declined"),
    Row("REFER to M", "no answer", "A dials M: no_answer"),
    Row("REFER to M", "A gone", "A dials M: cancelled"),
    Row("REFER to M", "B gone, answered", "A dials M: answered"),
    Row("REFER to M", "B gone, busy", "A dials M: busy, A calls B: answered"),
]


async def send(scene: Scene, how: str, b: ScriptPhone, to: str) -> None:
    """B sends whom it talks to on."""
    if how == "REFER":
        assert await b.refer(to) == 202
    elif how == "keys":
        await press(b, f"*03{to}#")
    else:
        token = await scene.token("B")
        (call,) = await scene.pbx.api("GET", "/me/calls", token=token)
        await scene.pbx.api("POST", f"/me/calls/{call['id']}/transfer", body={"to": to}, token=token)


async def press(phone: ScriptPhone, keys: str) -> None:
    """Press keys; the call may be over with the last of them."""
    pressing = asyncio.ensure_future(phone.dtmf(keys))
    assert phone.dialog
    over = asyncio.ensure_future(phone.dialog.gone.wait())
    await asyncio.wait((pressing, over), return_when=asyncio.FIRST_COMPLETED)
    for task in (pressing, over):
        task.cancel()
    await asyncio.gather(pressing, over, return_exceptions=True)


async def talk(a: ScriptPhone, b: RealPhone) -> None:
    await a.dial(b.line.number)
    await b.incoming()
    await b.answer()
    await a.connected()
    await hear(a, TONES["A"], b, TONES["B"])


async def leaves(scene: Scene, b: ScriptPhone) -> None:
    """B hangs up, and the server knows that: whoever refuses the call after that is later."""
    await b.hangup()
    await scene.pbx.shows("idle", scene.names["B"])


async def told(how: str, b: ScriptPhone, *statuses: int) -> None:
    """A phone that has asked by REFER is told what has become of it."""
    if how == "REFER":
        await b.is_told(*statuses)


async def sent_blind(scene: Scene, how: str, then: str, phone: type[RealPhone]) -> None:
    await scene.reached("C")
    a, b = await scene.phones_of("AB")
    c = await scene.borrow(phone, "C")
    await talk(a, b)
    await send(scene, how, b, scene.names["C"])
    assert (await c.incoming()).number == scene.names["A"]
    match then:
        case "answered" | "B gone, answered":
            if then != "answered":
                await leaves(scene, b)
            await c.answer()
            await hear(a, TONES["A"], c, TONES["C"])
            await b.ended()
            if then == "answered":
                assert how != "REFER" or b.told[-1] == 200
            await c.hangup()
            await a.ended()
        case "busy" | "declined" | "no answer":
            if then == "no answer":
                await c.ended()
            else:
                await c.reject(busy=then == "busy")
            await hear(a, TONES["A"], b, TONES["B"])
            await told(how, b, 100, 503)
            await b.hangup()
            await a.ended()
        case "A gone":
            await a.hangup()
            await c.ended()
            await b.ended()
        case "B gone, busy":
            await leaves(scene, b)
            await c.reject(busy=True)
            assert (await b.incoming()).number == scene.names["A"]
            await b.answer()
            await hear(a, TONES["A"], b, TONES["B"])
            await b.hangup()
            await a.ended()


async def asked(scene: Scene, then: str) -> None:
    await scene.reached("C")
    a, b, second, c = await scene.phones_of("ABBC")
    await talk(a, b)
    await b.hold()
    await second.dial(scene.names["C"])
    assert (await c.incoming()).number == scene.names["B"]
    if then in ("busy", "declined", "no answer"):
        if then != "no answer":
            await c.reject(busy=then == "busy")
        assert (await second.ended()).code == {**REFUSALS, "no answer": 480}[then]
        await b.resume()
        await hear(a, TONES["A"], b, TONES["B"])
        await b.hangup()
        await a.ended()
        return
    await c.answer()
    await hear(second, TONES["B"], c, TONES["C"])
    match then:
        case "answered":
            assert await b.refer(scene.names["C"], replaces=second) == 202
            await asyncio.gather(b.ended(), second.ended())
            await hear(a, TONES["A"], c, TONES["C"])
            await a.hangup()
            await c.ended()
        case "A gone" | "B gone":
            first = (a, b) if then == "A gone" else (b, a)
            await first[0].hangup()
            await first[1].ended()
            await hear(second, TONES["B"], c, TONES["C"])
            await second.hangup()
            await c.ended()
        case "C gone":
            await c.hangup()
            await second.ended()
            await b.resume()
            await hear(a, TONES["A"], b, TONES["B"])
            await b.hangup()
            await a.ended()


async def asked_ringing(scene: Scene, then: str) -> None:
    """B's phone gives its own call to C up when it completes the transfer, as phones do."""
    await scene.reached("C")
    a, b, second, c = await scene.phones_of("ABBC")
    await talk(a, b)
    await b.hold()
    await second.dial(scene.names["C"])
    assert (await c.incoming()).number == scene.names["B"]
    await second.ringback()  # before that there is no dialog that could be named
    assert await b.refer(scene.names["C"], replaces=second) == 202
    await second.hangup()
    assert (await c.incoming()).number == scene.names["A"]
    match then:
        case "answered" | "B gone, answered":
            if then != "answered":
                await leaves(scene, b)
            await c.answer()
            await hear(a, TONES["A"], c, TONES["C"])
            await b.ended()
            await c.hangup()
            await a.ended()
        case "busy" | "declined" | "no answer":
            if then == "no answer":
                await c.ended()
            else:
                await c.reject(busy=then == "busy")
            await b.is_told(100, 503)
            await b.resume()
            await hear(a, TONES["A"], b, TONES["B"])
            await b.hangup()
            await a.ended()
        case "A gone":
            await a.hangup()
            await asyncio.gather(b.ended(), c.ended())


async def asked_by_the_client(scene: Scene, then: str) -> None:
    """B's own client leaves its call to C to the server, which ends it."""
    await scene.reached("C")
    a, c = await scene.phones_of("AC")
    b = await scene.borrow(OwnPhone, "B")
    assert isinstance(b, OwnPhone)
    await talk(a, b)
    await b.dial(scene.names["C"])
    assert (await c.incoming()).number == scene.names["B"]
    await b.ringback()
    await b.complete()
    assert (await c.incoming()).number == scene.names["A"]
    if then == "answered":
        await c.answer()
        await hear(a, TONES["A"], c, TONES["C"])
        await c.hangup()
    else:
        await c.reject(busy=True)
        await b.resume()
        await hear(a, TONES["A"], b, TONES["B"])
        await b.hangup()
    await a.ended()


async def asked_by_keys(scene: Scene, then: str) -> None:
    await scene.reached("C")
    a, b, c = await scene.phones_of("ABC")
    await talk(a, b)
    await b.dtmf(f"*3{scene.names['C']}#")
    assert (await c.incoming()).number == scene.names["B"]
    await hears_music(a, instead_of=TONES["B"])
    if then in ("answered", "A gone", "C gone"):
        await c.answer()
        await hear(b, TONES["B"], c, TONES["C"])
    match then:
        case "answered" | "B gone, answered":
            await b.hangup()
            if then != "answered":
                assert (await c.incoming()).number == scene.names["A"]
                await c.answer()
            await hear(a, TONES["A"], c, TONES["C"])
            await c.hangup()
            await a.ended()
        case "busy" | "declined" | "no answer" | "C gone":
            if then == "C gone":
                await c.hangup()
            elif then == "no answer":
                await c.ended()
            else:
                await c.reject(busy=then == "busy")
            await hear(a, TONES["A"], b, TONES["B"])
            await b.hangup()
            await a.ended()
        case "A gone":
            await a.hangup()
            await hear(b, TONES["B"], c, TONES["C"])
            await b.hangup()
            await c.ended()
        case "A gone, ringing":
            await a.hangup()
            await asyncio.gather(b.ended(), c.ended())
        case "B gone, busy":
            await b.hangup()
            assert (await c.incoming()).number == scene.names["A"]
            await c.reject(busy=True)
            assert (await b.incoming()).number == scene.names["A"]
            await b.answer()
            await hear(a, TONES["A"], b, TONES["B"])
            await b.hangup()
            await a.ended()


async def to_voicemail(scene: Scene, how: str, then: str) -> None:
    off = then == "switched off"
    box = f"/voicemail/{scene.names['C']}/settings"
    await scene.put(box, {"enabled": not off})
    scene.names["*12C"] = f"*12{scene.names['C']}"
    a, b = await scene.phones_of("AB")
    await talk(a, b)
    await send(scene, how, b, scene.names["*12C"])
    if off:
        await told(how, b, 100, 503)
        await hear(a, TONES["A"], b, TONES["B"])
        await b.hangup()
        await a.ended()
        return
    await b.ended()
    await hears_music(a, instead_of=TONES["B"])  # the greeting
    await a.hangup()


async def of_stranger(scene: Scene, then: str) -> None:
    await scene.reached("C")
    b, c = await scene.phones_of("BC")
    x = await scene.call_in("B")
    await b.incoming()
    await b.answer()
    await x.connected()
    await hear(x, BACKUP_HZ, b, TONES["B"])
    await send(scene, "REFER", b, scene.names["C"])
    assert (await c.incoming()).number == scene.names["X"]
    match then:
        case "answered" | "B gone, answered":
            if then != "answered":
                await leaves(scene, b)
            await c.answer()
            await hear(x, BACKUP_HZ, c, TONES["C"])
            await b.ended()
            await c.hangup()
            await x.ended()
        case "busy" | "declined" | "no answer":
            if then == "no answer":
                await c.ended()
            else:
                await c.reject(busy=then == "busy")
            await b.is_told(100, 503)
            await hear(x, BACKUP_HZ, b, TONES["B"])
            await b.hangup()
            await x.ended()
        case "A gone":
            await x.hangup()
            await asyncio.gather(b.ended(), c.ended())
        case "B gone, busy":
            await leaves(scene, b)
            await c.reject(busy=True)
            assert (await b.incoming()).number == scene.names["X"]
            await b.answer()
            await hear(x, BACKUP_HZ, b, TONES["B"])
            await b.hangup()
            await x.ended()


AT_THE_CARRIER = {
    "busy": Outcome(status=486, after_s=0.5),
    "declined": Outcome(status=603, after_s=0.5),
    "no answer": Outcome(status=480, after_s=1.0),
    "A gone": Outcome(status=0),
    "B gone, answered": Outcome(after_s=1.0),
    "B gone, busy": Outcome(status=0),
}


async def to_stranger(scene: Scene, then: str) -> None:
    a, b = await scene.phones_of("AB")
    await talk(a, b)
    await send(scene, "REFER", b, scene.number_outside(AT_THE_CARRIER.get(then)))
    m: CarrierCall = await scene.rings_outside()
    match then:
        case "answered" | "B gone, answered":
            if then != "answered":
                await leaves(scene, b)
            await hear(a, TONES["A"], m, MAIN_HZ)
            await b.ended()
            await m.hangup()
            await a.ended()
        case "busy" | "declined" | "no answer":
            await b.is_told(100, 503)
            await hear(a, TONES["A"], b, TONES["B"])
            await b.hangup()
            await a.ended()
        case "A gone":
            await a.hangup()
            await asyncio.gather(b.ended(), m.ended())
        case "B gone, busy":
            await leaves(scene, b)
            m.refuse(486)
            assert (await b.incoming()).number == scene.names["A"]
            await b.answer()
            await hear(a, TONES["A"], b, TONES["B"])
            await b.hangup()
            await a.ended()


async def play(scene: Scene, row: Row) -> None:
    """Play a row, and see what is left."""
    how, _, target = row.how.partition(" to ")
    first = "A calls B: answered"
    if row.how == "REFER of X":
        await of_stranger(scene, row.then)
        first = "X calls B: answered"
    elif target == "M":
        await to_stranger(scene, row.then)
    elif target == "voicemail":
        await to_voicemail(scene, how, row.then)
    elif row.how == "asked":
        await asked(scene, row.then)
    elif row.how == "asked, ringing" and row.phone is OwnPhone:
        await asked_by_the_client(scene, row.then)
    elif row.how == "asked, ringing":
        await asked_ringing(scene, row.then)
    elif row.how == "asked by keys":
        await asked_by_keys(scene, row.then)
    else:
        await sent_blind(scene, how, row.then, row.phone)
    await scene.over(f"{first}, {row.logs}")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def played(pbx: Pbx, carriers: Outside, request: pytest.FixtureRequest) -> AsyncIterator[Played]:
    """The whole table."""
    yield await play_all(request, pbx, [*ROWS, *OUTSIDE], play, outside=carriers)


@pytest.mark.parametrize("row", [*ROWS, *OUTSIDE], ids=str)
async def test_a_transfer_ends_as_the_table_says_SIP_4_LOG_1(played: Played, row: Row) -> None:
    played.judge(row)


async def test_nothing_is_left_of_all_these_transfers_SIP_4(
    played: Played, pbx: Pbx, carriers: Outside
) -> None:
    del played
    await nothing_left(pbx, carriers)
