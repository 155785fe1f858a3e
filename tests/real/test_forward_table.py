"""PRES-2 to PRES-4, PRES-7 on real phones: whoever calls B ends up where B's settings say.

What each row leaves in the logs stands beside it, for a colleague A; with a stranger it is the same, but that
nobody but us has a log.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from tests.phones.carrier_call import CarrierCall
from tests.phones.script_phone import ScriptPhone
from tests.real.outside import BACKUP_HZ, MAIN_HZ, Outside, to
from tests.real.pbx import Pbx
from tests.real.scenes import TONES, Played, Scene, hear, hears_music, nothing_left, play_all

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]


@dataclass(frozen=True, slots=True)
class Row:
    """What happens to a call to B, `when`, which leads `to`; `logs`: what is left in them."""

    when: str
    to: str
    logs: str
    inside: bool = True

    def __str__(self) -> str:
        return f"{'internal' if self.inside else 'external'}, {self.when}: {self.to}"


FORWARDS = [
    ("always", "extension", "A calls C: answered"),
    ("always", "voicemail", "A dials B: answered, B has A: missed"),
    ("always", "ring_group", "A calls C: answered"),
    ("always", "external", "A dials B: answered"),
    ("always", "mobile", "A dials B: answered"),
    ("always", "hang_up", "A calls B: declined"),
    ("busy", "extension", "A calls C: answered, B has A: busy"),
    ("busy", "voicemail", "A dials B: answered, B has A: busy"),
    ("busy", "ring_group", "A calls C: answered, B has A: busy"),
    ("busy", "external", "A dials B: answered, B has A: busy"),
    ("busy", "mobile", "A dials B: answered, B has A: busy"),
    ("busy", "hang_up", "A dials B: declined, B has A: busy"),
    ("no_answer", "extension", "A calls C: answered, B has A: missed"),
    ("no_answer", "voicemail", "A dials B: answered, B has A: missed"),
    ("no_answer", "ring_group", "A calls C: answered, B has A: missed"),
    ("no_answer", "external", "A dials B: answered, B has A: missed"),
    ("no_answer", "mobile", "A dials B: answered, B has A: missed"),
    ("no_answer", "hang_up", "A dials B: declined, B has A: missed"),
    ("not registered", "extension", "A calls C: answered, B has A: unregistered"),
    ("not registered", "voicemail", "A dials B: answered, B has A: unregistered"),
    ("not registered", "ring_group", "A calls C: answered, B has A: unregistered"),
    ("not registered", "external", "A dials B: answered, B has A: unregistered"),
    ("not registered", "mobile", "A dials B: answered, B has A: unregistered"),
    ("not registered", "hang_up", "A dials B: declined, B has A: unregistered"),
    ("do not disturb", "nobody", "A calls B: busy"),
    ("do not disturb", "extension", "A calls C: answered"),
    ("do not disturb", "voicemail", "A dials B: answered, B has A: missed"),
    ("do not disturb", "a member of a group", "A calls C: answered"),
]
STAGES = [
    Row("desk phone first, then client", "desk phone answers", "A calls B: answered"),
    Row("desk phone first, then client", "client answers", "A calls B: answered"),
    Row("desk phone first, then client", "nobody answers", "A calls B: no_answer"),
    Row("desk phone first, then client", "desk phone is busy, client answers", "A calls B: answered"),
    Row("desk phone first, then client", "desk phone declines, client answers", "A calls B: answered"),
    Row(
        "desk phone first, then client", "desk phone is not registered, client answers", "A calls B: answered"
    ),
    Row("all reject, desk phone first", "desk phone declines", "A calls B: declined"),
    Row("both at once", "desk phone declines, client answers", "A calls B: answered"),
    Row("all reject, both at once", "desk phone declines", "A calls B: declined"),
    Row("both at once", "desk phone talks, client answers", "D calls B: answered, A calls B: answered"),
    Row("all busy, both at once", "desk phone talks", "D calls B: answered, A calls B: busy"),
    Row(
        "all talk, and busy calls are forwarded",
        "C answers",
        "D calls B: answered, B has A: busy, A calls C: answered",
    ),
]
ROWS = [
    *(Row(*one) for one in FORWARDS),
    *(
        Row(when, where, logs.replace("A ", "X ").replace(" A:", " X:"), inside=False)
        for when, where, logs in FORWARDS
    ),
    *STAGES,
]

CONDITIONS = {"not registered": "no_answer", "do not disturb": "always"}
"""What is set for a row, where it is named otherwise."""
DESK, CLIENT = "script phone", "Linkus Desktop 1.0"


class Caller:
    """Who calls B: A's phone, or a stranger by way of a carrier."""

    def __init__(self, end: ScriptPhone | CarrierCall, says: float, number: str) -> None:
        self.end = end
        self.says = says
        self.number = number

    async def talks_to(self, other: ScriptPhone | CarrierCall, says: float) -> None:
        """Wait until both hear each other, and hang up."""
        await hear(self.end, self.says, other, says)
        await other.hangup()
        await self.end.ended()

    async def is_told(self, status: int) -> None:
        """Wait for the end without an answer."""
        if isinstance(self.end, CarrierCall):
            assert await self.end.status() == status
        else:
            assert (await self.end.ended()).code == status


async def calls(scene: Scene, row: Row, target: str = "B") -> Caller:
    """The call of the row begins."""
    if not row.inside:
        return Caller(await scene.call_in(target), BACKUP_HZ, scene.names["X"])
    a = await scene.phone("A")
    await a.dial(scene.names[target])
    return Caller(a, TONES["A"], scene.names["A"])


async def destination(scene: Scene, row: Row) -> dict[str, Any] | None:
    """Where the row leads to, which is there from now on."""
    number = scene.names["C"]
    match row.to:
        case "extension":
            return to("extension", number)
        case "voicemail":
            return {"kind": "voicemail"}
        case "ring_group":
            await group(scene, "CD")
            return to("ring_group", scene.names["G"])
        case "external":
            return to("external", scene.number_outside())
        case "mobile":
            scene.number_outside()
            mobile = f"/extensions/{scene.names['B']}"
            await scene.pbx.api("PATCH", mobile, body={"mobile": scene.names["M"].removeprefix("00420")})
            return {"kind": "mobile"}
        case "hang_up":
            return {"kind": "hang_up"}
    return None


async def group(scene: Scene, letters: str) -> None:
    """A ring group, G in the table."""
    scene.names["G"] = f"6{scene.names['A']}"
    members = [scene.names[letter] for letter in letters]
    await scene.make(f"/ring-groups/{scene.names['G']}", {"members": members, "ring_timeout_s": 20})


async def forwarded(scene: Scene, row: Row) -> None:
    where = await destination(scene, row)
    own, other = ("internal", "external") if row.inside else ("external", "internal")
    forwarding = {CONDITIONS.get(row.when, row.when): where} if where else {}
    # Calls of the other kind would be hung up: each kind goes by its own settings.
    settings = {own: forwarding, other: {"always": {"kind": "hang_up"}}}
    if row.when == "do not disturb":
        await scene.reached("B", statuses={"do_not_disturb": settings})
        presence = f"/extensions/{scene.names['B']}/presence"
        await scene.put(presence, {"status": "do_not_disturb"}, reset={"status": "available"})
    else:
        await scene.reached("B", settings, mobile_prefix="00420")
    phones = [] if row.when == "not registered" else [await scene.phone("B")]
    if row.to == "a member of a group":
        await to_group_of_one(scene, row, phones[0])
        return
    others = await scene.phones_of({"extension": "C", "ring_group": "CD"}.get(row.to, ""))
    caller = await calls(scene, row)
    for b in phones:
        await refuses(b, row, caller)
    await arrives(scene, row, caller, others)


async def refuses(b: ScriptPhone, row: Row, caller: Caller) -> None:
    """B's phone does what makes the call go on."""
    if row.when in ("busy", "no_answer"):
        assert (await b.incoming()).number == caller.number
    if row.when == "busy":
        await b.reject(busy=True)
    elif row.when == "no_answer":
        await b.ended()


async def arrives(scene: Scene, row: Row, caller: Caller, others: list[ScriptPhone]) -> None:
    """The call comes to where it shall."""
    match row.to:
        case "extension" | "ring_group":
            for phone in others:
                assert (await phone.incoming()).number == caller.number
            await others[0].answer()
            for phone in others[1:]:
                assert "Call completed elsewhere" in (await phone.ended()).reason
            await caller.talks_to(others[0], TONES["C"])
        case "external" | "mobile":
            await caller.talks_to(await scene.rings_outside(), MAIN_HZ)
        case "voicemail":
            await caller.end.connected()
            await hears_music(caller.end, instead_of=TONES["B"])  # the greeting
            await caller.end.hangup()
        case "hang_up":
            await caller.is_told(603)
        case "nobody":
            await caller.is_told(486)
    for phone in scene.phones:
        if phone.line.number == scene.names["B"] and row.when not in ("busy", "no_answer"):
            assert isinstance(phone, ScriptPhone)
            assert phone.dialog is None, "B's phone stays silent"


async def to_group_of_one(scene: Scene, row: Row, b: ScriptPhone) -> None:
    """Of B and C, who are in a group, only C rings."""
    await group(scene, "BC")
    c = await scene.phone("C")
    if row.inside:
        caller = await calls(scene, row, "G")
    else:
        number = scene.names["C"]
        route = {"did_pattern": f"5391{number}", "destination": to("ring_group", scene.names["G"])}
        await scene.make(f"/inbound-routes/group-{number}", route)
        scene.names["X"] = f"+42077713{number}"
        end = await scene.outside.backup.call(f"5391{number}", caller=scene.names["X"])
        caller = Caller(end, BACKUP_HZ, scene.names["X"])
    assert (await c.incoming()).number == caller.number
    await c.answer()
    await caller.talks_to(c, TONES["C"])
    assert b.dialog is None


async def in_stages(scene: Scene, row: Row) -> None:
    if "first" in row.when:
        kinds = {"ring_first": ["extension_endpoint"], "ring_second": ["desktop"]}
    else:
        kinds = {"ring_first": ["extension_endpoint", "desktop"]}
    if "forwarded" in row.when:
        kinds["internal"] = {"busy": to("extension", scene.names["C"])}  # type: ignore[assignment]
    await scene.reached("B", kinds, all_reject="all reject" in row.when, all_busy="all busy" in row.when)
    phones = [("desk", DESK), ("client", CLIENT)]
    if "is not registered" in row.to:
        del phones[0]
    if "all talk" in row.when:
        del phones[1]
    of = {name: await scene.phone("B", agent=agent) for name, agent in phones}
    if "talk" in f"{row.when}{row.to}":
        await desk_talks(scene, of["desk"], of.get("client"))
    c = await scene.phone("C") if "C answers" in row.to else None
    caller = await calls(scene, row)
    if c is not None:
        seen = len(of["desk"].requests)
        await c.incoming()
        await c.answer()
        await caller.talks_to(c, TONES["C"])
        assert "INVITE" not in [one.method for one in of["desk"].requests[seen:]]
    else:
        await ring(row, of, caller)
    if "talk" in f"{row.when}{row.to}":
        await of["desk"].hangup()


async def desk_talks(scene: Scene, desk: ScriptPhone, client: ScriptPhone | None) -> None:
    """D has called B, whose desk phone has answered."""
    d = await scene.phone("D")
    await d.dial(scene.names["B"])
    await desk.incoming()
    if client is not None:
        await client.incoming()
    await desk.answer()
    if client is not None:
        await client.ended()
    await d.connected()
    await hear(d, TONES["D"], desk, TONES["B"])


async def ring(row: Row, of: dict[str, ScriptPhone], caller: Caller) -> None:
    """What B's phones do."""
    client = of["client"]
    before = client.dialog
    if (desk := of.get("desk")) is not None and "talks" not in row.to:
        await desk.incoming()
        if row.to.startswith("desk phone answers"):
            await desk.answer()
            await caller.talks_to(desk, TONES["B"])
        elif "busy" in row.to or "declines" in row.to:
            if "at once" in row.when:
                await client.incoming()
            await desk.reject(busy="busy" in row.to)
        else:
            await desk.ended()
    if "client answers" in row.to:
        if "both at once" not in row.when or "talks" in row.to:
            await client.incoming()
        await client.answer()
        await caller.talks_to(client, TONES["B"])
    elif row.to == "nobody answers":
        await client.incoming()
        await caller.is_told(480)
        await client.ended()
    elif row.to == "desk phone talks":
        await caller.is_told(486)
    elif "all reject" in row.when:
        await caller.is_told(603)
    if row.when in ("all reject, desk phone first", "all busy, both at once") or "phone answers" in row.to:
        assert client.dialog is before, "the client stays silent"


async def play(scene: Scene, row: Row) -> None:
    """Play a row, and see what is left."""
    await (in_stages if row in STAGES else forwarded)(scene, row)
    await scene.over(row.logs)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def played(pbx: Pbx, carriers: Outside, request: pytest.FixtureRequest) -> AsyncIterator[Played]:
    """The whole table."""
    yield await play_all(request, pbx, ROWS, play, outside=carriers)


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_a_call_ends_up_where_the_table_says_PRES_3_PRES_4_PRES_7(played: Played, row: Row) -> None:
    played.judge(row)


async def test_nothing_is_left_of_all_these_calls_PRES_3(played: Played, pbx: Pbx, carriers: Outside) -> None:
    del played
    await nothing_left(pbx, carriers)
