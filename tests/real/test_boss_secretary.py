"""BOSS-1 to BOSS-5 on real phones: who is held by the secretary, and who hears whom then.

The stories are independent: each has its own extensions, and some go on at the same time.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio

from server.switch.asterisk.config import MEMO_VARIABLE
from tests.phones.baresip import Baresip
from tests.phones.hearing import GONE_DBOV, hears_tone, listen
from tests.phones.own_phone import OwnPhone
from tests.phones.phone import RealPhone, Refused
from tests.phones.script_phone import ScriptPhone
from tests.phones.sound import level_of
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tests.real.test_crashes import _nothing_is_written as nothing_is_written
from tests.real.test_feature_codes import MS, loud_pieces
from tests.real.test_lamps import until_watched
from tests.real.test_parking import hears_music

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

TONES = {"caller": 550.0, "secretary": 700.0, "boss": 1000.0, "other": 1400.0}
HEARD_DBOV = -27.0
AT_ONCE = 3
"""Stories that go on at the same time."""


@dataclass
class Firm:
    """The people of one story, by their roles, at extensions of their own."""

    pbx: Pbx
    numbers: dict[str, str]
    stack: AsyncExitStack

    async def phone(self, role: str, kind: type[RealPhone] = ScriptPhone) -> RealPhone:
        """One more phone of somebody, registered, who speaks in the role's tone."""
        phone = await self.stack.enter_async_context(kind(self.pbx.line(self.numbers[role])))
        await self.pbx.register(phone)
        phone.says(TONES[role])
        return phone

    async def script(self, role: str) -> ScriptPhone:
        """The same, one of which every message can be seen."""
        phone = await self.phone(role)
        assert isinstance(phone, ScriptPhone)
        return phone

    @property
    def code(self) -> str:
        """What the boss dials for this secretary."""
        return f"*59{self.numbers['secretary']}"

    async def configure(self, **boss: object) -> None:
        """Make the boss one."""
        body = {"secretaries": [self.numbers["secretary"]], **boss}
        await self.pbx.api("PUT", f"/bosses/{self.numbers['boss']}", body=body)

    async def is_shown(self, state: str, *callers: str) -> None:
        """Wait until the boss's client shows this of the pair."""
        token = await self.pbx.token_of(self.numbers["boss"])
        key = f"{self.numbers['boss']}/{self.numbers['secretary']}"
        waiting = [self.numbers[caller] for caller in callers]

        async def look() -> bool:
            pair = (await self.pbx.topic("pairs", token))[key]
            return pair["state"] == state and [call["number"] for call in pair["calls"]] == waiting

        await until(look, f"the pair is shown as {state} with {waiting}", every_s=0.2)

    async def reached(self, caller: RealPhone, secretary: RealPhone) -> None:
        """The caller calls the boss, and talks with the secretary."""
        await caller.dial(self.numbers["boss"])
        await secretary.incoming()
        await secretary.answer()
        await caller.connected()
        await asyncio.gather(hears_tone(caller, TONES["secretary"]), hears_tone(secretary, TONES["caller"]))
        await self.is_shown("answering", "caller")

    async def takes(self, boss: RealPhone, caller: RealPhone) -> None:
        """The boss presses the key, and the two hear each other, and nobody else."""
        await boss.dial(self.code)
        await boss.connected()
        await asyncio.gather(hears_tone(caller, TONES["boss"]), hears_tone(boss, TONES["caller"]))


@asynccontextmanager
async def firm(pbx: Pbx, position: int) -> AsyncIterator[Firm]:
    async with AsyncExitStack() as stack:
        numbers = {role: f"22{position}{at}" for at, role in enumerate(TONES)}
        for role, number in numbers.items():
            if number not in pbx.accounts:
                await pbx.add(number, role.capitalize(), f"Number{position}")
        yield Firm(pbx, numbers, stack)


async def taken_from_a_desk_phone(people: Firm) -> None:
    """Held by a re-INVITE with sendonly; the INVITE and the BYE say what they are to say."""
    await people.configure()
    caller, secretary, boss = [await people.script(role) for role in ("caller", "secretary", "boss")]
    await people.reached(caller, secretary)
    assert secretary.dialog is not None
    diverted = secretary.dialog.invite.get("Diversion")
    assert diverted.startswith(f'"Boss Number{people.numbers["boss"][2]}" <sip:{people.numbers["boss"]}@')
    await secretary.hold()
    await hears_music(caller)
    await people.is_shown("held", "caller")
    await people.takes(boss, caller)
    assert "Call completed elsewhere" in (await secretary.ended()).reason
    await people.is_shown("idle")
    await boss.hangup()
    await caller.ended()


async def taken_from_our_client(people: Firm) -> None:
    """Held by the product's own phone; the boss's is a desk phone of another make."""
    await people.configure()
    caller = await people.script("caller")
    secretary, boss = await people.phone("secretary", OwnPhone), await people.phone("boss", Baresip)
    await people.reached(caller, secretary)
    await secretary.hold()
    await people.is_shown("held", "caller")
    await people.takes(boss, caller)
    await secretary.ended()
    await caller.hangup()
    await boss.ended()


async def held_by_the_server(people: Firm) -> None:
    """Held over the API, as a program that controls a phone does it."""
    await people.configure()
    caller, secretary, boss = [await people.script(role) for role in ("caller", "secretary", "boss")]
    await people.reached(caller, secretary)
    token = await people.pbx.token_of(people.numbers["secretary"])
    (call,) = await people.pbx.api("GET", "/me/calls", token=token)
    await people.pbx.api("POST", f"/me/calls/{call['id']}/hold", token=token)
    await hears_music(caller)
    await people.is_shown("held", "caller")
    await people.takes(boss, caller)
    await secretary.ended()
    await caller.hangup()
    await boss.ended()


async def the_caller_has_no_patience(people: Firm) -> None:
    """Gone while held: the boss who presses the key all the same switches nothing by that."""
    await people.configure()
    caller, secretary, boss = [await people.script(role) for role in ("caller", "secretary", "boss")]
    await people.reached(caller, secretary)
    await secretary.hold()
    await people.is_shown("held", "caller")
    await caller.hangup()
    await secretary.ended()
    await people.is_shown("idle")
    await boss.dial(people.code)
    assert (await boss.ended()).code == 404


async def two_are_held(people: Firm) -> None:
    """The first one who was held is the first who is connected."""
    await people.configure()
    caller, other = await people.script("caller"), await people.script("other")
    secretary, second = await people.script("secretary"), None
    boss = await people.script("boss")
    await people.reached(caller, secretary)
    await secretary.hold()
    second = await people.script("secretary")
    await other.dial(people.numbers["boss"])
    await second.incoming()
    await second.answer()
    await hears_tone(second, TONES["other"])
    await second.hold()
    await people.is_shown("held", "caller", "other")
    await people.takes(boss, caller)
    await people.is_shown("held", "other")
    await boss.hangup()
    await caller.ended()
    await boss.dial(people.code)
    await boss.connected()
    await asyncio.gather(hears_tone(other, TONES["boss"]), hears_tone(boss, TONES["other"]))
    await people.is_shown("idle")
    await other.hangup()
    await boss.ended()


async def transferred_instead(people: Firm) -> None:
    """The secretary sends the caller on to the boss, which rings there, and not at the secretary again."""
    await people.configure()
    caller, secretary, boss = [await people.script(role) for role in ("caller", "secretary", "boss")]
    await people.reached(caller, secretary)
    await secretary.hold()
    assert await secretary.refer(people.numbers["boss"]) == 202
    await boss.incoming()
    await boss.answer()
    await asyncio.gather(hears_tone(caller, TONES["boss"]), hears_tone(boss, TONES["caller"]))
    await secretary.ended()
    await people.is_shown("idle")
    await caller.hangup()
    await boss.ended()


async def some_calls_are_others(people: Firm) -> None:
    """Who is on the whitelist reaches the boss; a call to the secretary herself is no call for the boss."""
    await people.configure(whitelist=[people.numbers["other"]])
    caller, secretary = await people.script("caller"), await people.script("secretary")
    boss, other = await people.script("boss"), await people.script("other")
    await caller.dial(people.numbers["secretary"])
    await secretary.incoming()
    await secretary.answer()
    await hears_tone(caller, TONES["secretary"])
    await secretary.hold()
    await hears_music(caller)
    await other.dial(people.numbers["boss"])
    await boss.incoming()
    await boss.answer()
    await asyncio.gather(hears_tone(boss, TONES["other"]), hears_tone(other, TONES["boss"]))
    await people.is_shown("idle")
    await caller.hangup()
    await boss.hangup()
    await asyncio.gather(secretary.ended(), other.ended())


async def switched_off_by_phone(people: Firm) -> None:
    """The boss hears that it is off, and gets the calls; then that it is on again."""
    await people.configure()
    caller, secretary, boss = [await people.script(role) for role in ("caller", "secretary", "boss")]
    await boss.dial(people.code)
    await boss.connected()
    await hears_music(boss)  # words, rather
    await boss.ended()
    await people.is_shown("off")
    await caller.dial(people.numbers["boss"])
    await boss.incoming()
    await boss.answer()
    await asyncio.gather(hears_tone(caller, TONES["boss"]), hears_tone(boss, TONES["caller"]))
    await caller.hangup()
    await boss.ended()
    assert secretary.dialog is None
    await boss.dial(people.code)
    await boss.ended()
    await people.is_shown("idle")


async def the_secretary_is_kept(people: Firm) -> None:
    """She comes back when she resumes: all three hear each other."""
    await people.configure(keep_secretary=True)
    caller, secretary, boss = [await people.script(role) for role in ("caller", "secretary", "boss")]
    await people.reached(caller, secretary)
    await secretary.hold()
    await people.is_shown("held", "caller")
    await people.takes(boss, caller)
    await secretary.resume()
    await asyncio.gather(
        _hears_all(caller, "secretary", "boss"),
        _hears_all(secretary, "caller", "boss"),
        _hears_all(boss, "secretary", "caller"),
    )
    await secretary.hangup()
    await asyncio.gather(hears_tone(caller, TONES["boss"]), hears_tone(boss, TONES["caller"]))
    await boss.hangup()
    await caller.ended()


async def on_the_lamps_of_desk_phones(people: Firm) -> None:
    """Green, red, flashing, red, green for the boss; green all the time for another boss of hers."""
    await people.configure()
    secretary_of = {"secretaries": [people.numbers["secretary"]]}
    await people.pbx.api("PUT", f"/bosses/{people.numbers['other']}", body=secretary_of)
    caller, secretary, boss, other = [await people.script(role) for role in TONES]
    seen, elsewhere = [await until_watched(phone, people.code) for phone in (boss, other)]
    await seen.shows("idle")
    await elsewhere.shows("idle")
    with pytest.raises(Refused, match="404"):
        await secretary.watch(people.code)
    await people.reached(caller, secretary)
    await seen.shows("idle", "talking")
    await secretary.hold()
    await seen.shows("talking", "held")
    await secretary.resume()
    await seen.shows("held", "talking")
    await secretary.hold()
    await seen.shows("talking", "held")
    await people.takes(boss, caller)
    await seen.shows("held", "idle")
    await secretary.ended()
    await boss.hangup()
    await caller.ended()
    assert seen.lamps == ["idle", "talking", "held", "talking", "held", "idle"]
    assert set(elsewhere.lamps) == {"idle"}
    assert all(document.full for document in seen.documents)
    await people.pbx.api("DELETE", f"/bosses/{people.numbers['other']}")


async def _hears_all(phone: RealPhone, *roles: str) -> None:
    async def look() -> bool:
        sound = await listen(phone, 400)
        levels = {role: level_of(sound, hz) for role, hz in TONES.items()}
        return all(
            level > HEARD_DBOV if role in roles else level < GONE_DBOV for role, level in levels.items()
        )

    await until(look, f"{phone.line.number} hears {' and '.join(roles)}", timeout_s=120)


Story = Callable[[Firm], Awaitable[None]]
STORIES: tuple[Story, ...] = (
    taken_from_a_desk_phone,
    taken_from_our_client,
    held_by_the_server,
    the_caller_has_no_patience,
    two_are_held,
    transferred_instead,
    some_calls_are_others,
    switched_off_by_phone,
    the_secretary_is_kept,
    on_the_lamps_of_desk_phones,
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(pbx: Pbx) -> dict[str, BaseException | None]:
    """What has gone wrong in each story."""
    room = asyncio.Semaphore(AT_ONCE)

    async def tell(position: int, story: Story) -> None:
        async with room, firm(pbx, position) as people:
            await story(people)

    work = [tell(position, story) for position, story in enumerate(STORIES)]
    results = await asyncio.gather(*work, return_exceptions=True)
    await pbx.nothing_left()
    return {_name(story): result for story, result in zip(STORIES, results, strict=True)}


def _name(story: Story) -> str:
    return str(getattr(story, "__name__", story))


@pytest.mark.parametrize("story", STORIES, ids=_name)
async def test_the_secretary_and_the_boss_BOSS_4(story: Story, told: dict[str, BaseException | None]) -> None:
    if (problem := told[_name(story)]) is not None:
        raise problem


async def test_a_held_call_is_taken_after_a_kill_of_the_server_BOSS_3(own_pbx: Pbx) -> None:
    async with firm(own_pbx, 0) as people:
        await people.configure()
        caller, secretary, boss = [await people.script(role) for role in ("caller", "secretary", "boss")]
        await people.reached(caller, secretary)
        await secretary.hold()
        await people.is_shown("held", "caller")
        await own_pbx.kill()
        await own_pbx.start()
        await own_pbx.ready()
        await people.is_shown("held", "caller")
        await people.takes(boss, caller)
        await secretary.ended()
        await boss.hangup()
        await caller.ended()
    await own_pbx.nothing_left()


async def test_a_kill_before_and_after_a_pair_is_switched_leaves_it_switched_once_and_said_BOSS_2(
    own_pbx: Pbx,
) -> None:
    """Dialled once each time: first the server dies before it could write it, then while it says so."""
    pbx = own_pbx
    async with firm(pbx, 1) as people:
        await people.configure()
        boss = await people.script("boss")
        boss.says(0)

        async def is_noted() -> bool:
            variables = [one.get("channelvars", {}) for one in await pbx.engine("channels")]
            return any('"goal"' in one.get(MEMO_VARIABLE, "") for one in variables)

        with nothing_is_written(pbx):
            await boss.dial(people.code)
            await until(is_noted, "what the code is to lead to is noted", every_s=0.02)
            await pbx.kill()
        await pbx.start()
        assert await says_ms(boss) > 500
        await people.is_shown("off")
        await boss.dial(people.code)
        await boss.connected()
        await pbx.kill()
        await pbx.start()
        assert await says_ms(boss) > 500
        await people.is_shown("idle")
    await pbx.nothing_left()


async def says_ms(phone: RealPhone) -> float:
    """For how many milliseconds something is said to a phone from now on, until it is hung up."""
    mark = phone.heard().ms
    await phone.connected()
    assert (await phone.ended()).code is None, "it was answered"
    return MS * len(loud_pieces(phone.heard().since(mark)))
