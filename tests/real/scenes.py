"""Scenarios that are played several at a time on one server, each by extensions and phones of its own.

A table is a list of rows; `play_all` plays those whose tests were asked for, and `Played.judge` is the whole
test of one. What every row must leave behind is looked at here, in the same way for all of them: no channel
or bridge of its calls, every extension idle with the phones that it had, and in each log exactly the entries
that the row names.
"""

import asyncio
import re
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Self, TypeVar

import numpy as np
import pytest

from tests.phones.carrier import Outcome
from tests.phones.carrier_call import CarrierCall
from tests.phones.hearing import GONE_DBOV, Listener, hears_tone, listen
from tests.phones.phone import RealPhone
from tests.phones.script_phone import ScriptPhone
from tests.phones.sound import level_of
from tests.phones.waiting import until
from tests.real.outside import Outside, to
from tests.real.pbx import Pbx

LETTERS = "ABCD"
TONES = {"A": 550.0, "B": 700.0, "C": 1000.0, "D": 1600.0}
"""What the phones of each extension say: no other tone of these tests, nor that of ringing (425)."""
RING_S = 5
"""How long the phones of a row ring: the shortest time that can be set."""
AT_ONCE = 8
ROW_S = 180.0
"""Longer than any row takes on a machine that is not run most of the time: a race has rounds of 20 s."""
FIRST_NUMBER = 2000
LOUD = 500
"""A sample above this is no silence; music reaches some thousands."""

_SENTENCE = re.compile(r"(\S+) (calls|dials|has) (\S+): (\w+)")
_CALLEE = {"no_answer": "missed", "cancelled": "missed"}
"""What the callee's log says where it differs from the caller's."""
T = TypeVar("T")
Entry = tuple[str, str, str]
"""Direction, number of the other party, outcome."""


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """Fail after this time, with the place where it was waited."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise AssertionError(f"the row is not over after {seconds:.0f} s") from error


class Team:
    """Four extensions, A to D, which play one row at a time."""

    def __init__(self, numbers: Sequence[str]) -> None:
        self.numbers = dict(zip(LETTERS, numbers, strict=True))


class Scene:
    """One row on stage.

    Attributes:
        outside: the world outside, if the table has one.
        names: numbers by the words of the table, the extensions A to D among them.
        phones: all that were switched on, in order.
    """

    def __init__(self, pbx: Pbx, team: Team, *, outside: Outside | None, position: int) -> None:
        self.pbx = pbx
        self.names = dict(team.numbers)
        self.phones: list[RealPhone] = []
        self._outside = outside
        self.position = position
        self._team = team
        self._stack = AsyncExitStack()
        self._before: dict[str, set[str]] = {}

    async def __aenter__(self) -> Self:
        for letter, number in self._team.numbers.items():
            self._before[letter] = await self.pbx.ids(number)
        return self

    async def __aexit__(self, *told: Any) -> None:
        await self._stack.aclose()
        self.phones = []

    @property
    def outside(self) -> Outside:
        """The carriers; a mistake of the table where there are none."""
        assert self._outside is not None
        return self._outside

    # Setting the stage

    async def phones_of(self, letters: str) -> list[ScriptPhone]:
        """A phone for each, registered."""
        return [await self.phone(letter) for letter in letters]

    async def phone(self, letter: str, *, agent: str = "") -> ScriptPhone:
        """Another phone of this extension, registered; `agent`: what it calls itself."""
        line = self.pbx.line(self.names[letter])
        made = await self._stack.enter_async_context(
            ScriptPhone(line, agent=agent) if agent else ScriptPhone(line)
        )
        await self.use(made, letter)
        return made

    async def use(self, phone: RealPhone, letter: str) -> None:
        """Register a phone that the row has made by itself."""
        phone.says(TONES[letter])
        await self.pbx.register(phone)
        self.phones.append(phone)

    async def borrow(self, kind: type[RealPhone], letter: str) -> RealPhone:
        """A phone of another kind."""
        made = await self._stack.enter_async_context(kind(self.pbx.line(self.names[letter])))
        await self.use(made, letter)
        return made

    async def enter(self, what: AbstractAsyncContextManager[T]) -> T:
        """Use this until the row is over."""
        return await self._stack.enter_async_context(what)

    async def reached(self, letter: str, available: dict[str, Any] | None = None, **more: object) -> None:
        """How an extension is reached while it is available, and else, until the row is over."""
        statuses = {"available": {"ring_timeout_s": RING_S, **(available or {})}, **_pop(more, "statuses")}
        await self.put(f"/extensions/{self.names[letter]}/presence/settings", {"statuses": statuses, **more})

    async def put(self, path: str, body: dict[str, Any], *, reset: dict[str, Any] | None = None) -> None:
        """Set something, and set it back to `reset` when the row is over."""
        await self.pbx.api("PUT", path, body=body)
        self._stack.push_async_callback(self.pbx.api, "PUT", path, body=reset or {})

    async def make(self, path: str, body: dict[str, Any]) -> None:
        """Make something, which is removed when the row is over."""
        await self.pbx.api("PUT", path, body=body)
        self._stack.push_async_callback(self.pbx.api, "DELETE", path)

    async def token(self, letter: str) -> str:
        """Of the user of this extension."""
        return await self.pbx.token_of(self.names[letter])

    # The world outside

    async def call_in(self, letter: str) -> CarrierCall:
        """A stranger, X in the table, calls this extension."""
        number = self.names[letter]
        self.names["X"] = f"+42077712{number}"
        route = {"did_pattern": f"5390{number}", "destination": to("extension", number)}
        await self.make(f"/inbound-routes/row-{number}", route)
        call = await self.outside.backup.call(f"5390{number}", caller=self.names["X"])
        self._stack.push_async_callback(call.hangup)
        return call

    def number_outside(self, outcome: Outcome | None = None) -> str:
        """A number outside, M in the table, which meets with this outcome; as a colleague dials it."""
        number = f"53038{self.names['A']}"
        self.outside.main.outcomes[number] = outcome or Outcome()
        self.names["M"] = f"00420{number}"
        return self.names["M"]

    async def rings_outside(self) -> CarrierCall:
        """Wait until the number outside rings; the call there."""
        return await self.outside.main.incoming(self.names["M"].removeprefix("00420"))

    # What is left in the end

    async def over(self, *alternatives: str) -> str:
        """Wait until nothing is left of the row's calls, and exactly what sentences say is in the logs.

        Which of the `alternatives` that is, where a race decides.

        `A calls B: answered` is in both logs, `A dials C: answered` in A's alone, `B has A: missed` in B's.
        """
        await self.gone()
        right: list[str] = []

        async def wrong() -> list[str]:
            found = {letter: await self.logged(letter) for letter in LETTERS}
            for sentences in alternatives:
                wanted = self.expected(sentences)
                differences = [
                    f"the log of {letter} has {sorted(found[letter])}, not {sorted(wanted[letter])}"
                    for letter in LETTERS
                    if Counter(found[letter]) != Counter(wanted[letter])
                ]
                if not differences:
                    right.append(sentences)
                    break
            else:
                return differences
            return []

        await _until_empty(wrong, "the logs are right")
        return right[0]

    async def gone(self) -> None:
        """Wait until nothing is left of the row's calls."""
        registered = Counter(phone.line.number for phone in self.phones)
        numbers = set(self._team.numbers.values())

        async def left() -> list[str]:
            states = await self.pbx.states()
            found = [
                f"{number} is shown as {states[number]['call']} with {states[number]['phones']} phones"
                for number in numbers
                if (states[number]["call"], states[number]["phones"]) != ("idle", registered[number])
            ]
            found += [
                f"{call}" for call in await self.pbx.active() if {call["caller"], call["dialled"]} & numbers
            ]
            found += [one for one in await self.pbx.leftovers() if self._is_ours(one, await self._calls())]
            return found

        await _until_empty(left, "nothing is left of the row")

    async def logged(self, letter: str) -> list[Entry]:
        """What the row has left in a log."""
        return [
            (one["direction"], one["number"], one["outcome"])
            for one in await self.pbx.log_of(self.names[letter])
            if one["id"] not in self._before[letter]
        ]

    def expected(self, sentences: str) -> dict[str, list[Entry]]:
        """What these sentences say of the log of each extension."""
        found: dict[str, list[Entry]] = {letter: [] for letter in LETTERS}
        for sentence in filter(None, (one.strip() for one in sentences.split(","))):
            parsed = _SENTENCE.fullmatch(sentence)
            assert parsed, f"the table says {sentence!r}"
            owner, verb, other, outcome = parsed.groups()
            if verb != "has" and owner in found:
                found[owner].append(("outgoing", self.names[other], outcome))
            if verb == "calls" and other in found:
                found[other].append(("incoming", self.names[owner], _CALLEE.get(outcome, outcome)))
            if verb == "has":
                found[owner].append(("incoming", self.names[other], outcome))
        return found

    async def _calls(self) -> set[str]:
        """Ids of the calls in the logs."""
        return {
            one["call_id"]
            for letter, number in self._team.numbers.items()
            for one in await self.pbx.log_of(number)
            if one["id"] not in self._before[letter]
        }

    def _is_ours(self, leftover: str, calls: set[str]) -> bool:
        kind, _, name = leftover.partition(" ")
        if kind == "bridge":
            return name in calls
        return any(f"/{number}-" in name for number in self._team.numbers.values())


class Played:
    """The rows that were played, each with what went wrong."""

    def __init__(self) -> None:
        self._errors: dict[Any, BaseException | None] = {}

    def note(self, row: Any, error: BaseException | None) -> None:
        """How a row ended."""
        self._errors[row] = error

    def judge(self, row: Any) -> None:
        """Fail as the row did."""
        error = self._errors[row]
        if error is not None:
            told = "".join(traceback.format_exception(error))
            raise AssertionError(f"{row}: {error}\n{told}") from None


async def play_all(
    request: pytest.FixtureRequest,
    pbx: Pbx,
    rows: Iterable[Any],
    play: Callable[[Scene, Any], Awaitable[None]],
    *,
    outside: Outside | None = None,
    at_once: int = AT_ONCE,
) -> Played:
    """Play the rows whose tests run, `at_once` at a time; in the end nothing is left in the engine."""
    wanted = _asked_for(request, list(rows))
    played = Played()
    waiting: asyncio.Queue[tuple[int, Any]] = asyncio.Queue()
    for numbered in enumerate(wanted):
        waiting.put_nowait(numbered)

    async def player(place: int) -> None:
        team = None
        while not waiting.empty():
            position, row = waiting.get_nowait()
            team = team or await _team(pbx, place)
            try:
                async with Scene(pbx, team, outside=outside, position=position) as scene, within(ROW_S):
                    await play(scene, row)
                await _all_gone(pbx, team)
            except Exception as error:  # noqa: BLE001 - told by the test of this row
                played.note(row, error)
                team, place = None, place + at_once  # others, of whom nothing may be left
            else:
                played.note(row, None)

    await asyncio.gather(*(player(place) for place in range(min(at_once, len(wanted)))))
    return played


async def nothing_left(pbx: Pbx, outside: Outside | None = None) -> None:
    """After all of them: no leg, bridge, call or lamp in the whole server."""
    if outside is not None:
        await outside.hang_up()
    await pbx.nothing_left()


async def _team(pbx: Pbx, place: int) -> Team:
    first = FIRST_NUMBER + 10 * place
    numbers = [str(first + n) for n in range(len(LETTERS))]
    for letter, number in zip(LETTERS, numbers, strict=True):
        if number not in pbx.accounts:
            await pbx.add(number, letter, number)
    return Team(numbers)


async def _all_gone(pbx: Pbx, team: Team) -> None:
    """Wait until the server knows that the phones were switched off."""

    async def look() -> bool:
        states = await pbx.states()
        return not any(states[number]["phones"] for number in team.numbers.values())

    await until(look, "the phones of the row are gone", every_s=0.2)


def _asked_for(request: pytest.FixtureRequest, rows: list[Any]) -> list[Any]:
    """The rows whose tests were selected for this run."""
    ours = [item for item in request.session.items if getattr(item, "module", None) is request.module]
    chosen = [item.callspec.params.get("row") for item in ours if hasattr(item, "callspec")]
    return [row for row in rows if row in chosen]


async def _until_empty(look: Callable[[], Awaitable[list[str]]], what: str) -> None:
    last: list[str] = []

    async def empty() -> bool:
        last[:] = await look()
        return not last

    try:
        await until(empty, what, every_s=0.3)
    except AssertionError as error:
        raise AssertionError(f"{error}: {'; '.join(last)}") from None


def _pop(found: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(found.pop(name, {}))


class Logbooks:
    """What the logs of some extensions get while this is used, as an async context manager."""

    def __init__(self, pbx: Pbx, *numbers: str) -> None:
        self._pbx = pbx
        self._before: dict[str, set[str]] = {number: set() for number in numbers}

    async def __aenter__(self) -> Self:
        self._before = {number: await self._pbx.ids(number) for number in self._before}
        return self

    async def __aexit__(self, *_: object) -> None:
        """What is wanted is asked for by `have`."""

    async def have(self, **wanted: Sequence[Entry]) -> None:
        """Wait until exactly these entries are new; the keys are `of_1001` and so on."""

        async def wrong() -> list[str]:
            found = {f"of_{number}": await self._new(number) for number in self._before}
            return [f"{key}: {new}" for key, new in found.items() if Counter(new) != Counter(wanted[key])]

        await _until_empty(wrong, "the logs are right")

    async def _new(self, number: str) -> list[Entry]:
        return [
            (one["direction"], one["number"], one["outcome"])
            for one in await self._pbx.log_of(number)
            if one["id"] not in self._before[number]
        ]


# What people do in most rows


async def hear(one: Listener, says: float, other: Listener, answers: float) -> None:
    """Wait until both hear each other: `one` says the first tone, `other` the second."""
    await asyncio.gather(hears_tone(one, answers), hears_tone(other, says))


async def hears_music(phone: Listener, *, instead_of: float) -> None:
    """Wait until something is heard that is not the other one's tone."""

    async def heard() -> bool:
        sound = await listen(phone, 1000)
        return bool(np.abs(sound.samples).max() > LOUD) and level_of(sound, instead_of) < GONE_DBOV

    await until(heard, "music is heard", timeout_s=120)
