"""Server and Asterisk killed again and again, in whatever a call is just doing (OPS-1, LOG-1).

`make soak` runs all of it. `SOAK_KILLS` and `SOAK_SEED` choose how many kills and which; what
happened in the round that failed is in the message, and the same seed does it again.
"""

import asyncio
import contextlib
import logging
import os
import random
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import pytest

from tests.phones.script_phone import ScriptPhone
from tests.phones.waiting import until
from tests.real.pbx import Pbx

pytestmark = [
    pytest.mark.real,
    pytest.mark.soak,
    pytest.mark.timeout(1800),
    pytest.mark.asyncio(loop_scope="session"),
]

log = logging.getLogger(__name__)

KILLS = int(os.environ.get("SOAK_KILLS", "200"))
SEED = int(os.environ.get("SOAK_SEED", "1"))
AT_MOST_S = 1500.0
"""After so long no further round is begun; the test fails if there were not at least half of them."""

BACK_WITHIN_S = 40.0
"""An Asterisk that dies again and again is started with growing pauses (up to 15 s)."""
WRITTEN_AFTER_S = 0.5
"""By then a call is in the database, whatever happens next."""
PAIRS = (("1001", "1002"), ("1003", "1004"))
LOG_PAGE = 500


class Victim(Enum):
    """What is killed."""

    SERVER = "the server"
    ENGINE = "Asterisk"
    BOTH = "both"


class Phase(Enum):
    """How far a call is when that happens."""

    INVITED = "invited"
    RINGING = "ringing"
    REFUSING = "refusing"
    ANSWERING = "answering"
    TALKING = "talking"
    ENDING = "ending"


@dataclass(frozen=True, slots=True)
class Plan:
    """One call of a round. `lag_s` passes between its phase and the kill."""

    caller: str
    callee: str
    phones: int
    phase: Phase
    lag_s: float


class SoakCall:
    """One call with real phones, conducted up to its phase."""

    def __init__(self, pbx: Pbx, plan: Plan) -> None:
        self.plan = plan
        self.rang = False
        self.connected = False
        self._pbx = pbx
        self._began = 0.0
        self._before: dict[str, set[str]] = {}
        self.caller = ScriptPhone(pbx.line(plan.caller))
        self.callees = [ScriptPhone(pbx.line(plan.callee)) for _ in range(plan.phones)]

    @asynccontextmanager
    async def phones(self) -> AsyncIterator[None]:
        """Its phones, registered; they are switched off at the end."""
        phones = [self.caller, *self.callees]
        try:
            for phone in phones:
                await phone.start()
            await self._pbx.register(*phones)
            yield
        finally:
            await asyncio.gather(*(phone.stop() for phone in phones))

    async def begin(self) -> None:
        """Conduct it to its phase; what the phones do last is not waited for."""
        plan, first = self.plan, self.callees[0]
        self._before = {number: await self._pbx.ids(number) for number in (plan.caller, plan.callee)}
        self._began = time.monotonic()
        await self.caller.dial(plan.callee)
        if plan.phase is not Phase.INVITED:
            await asyncio.gather(self.caller.ringback(), *(phone.incoming() for phone in self.callees))
            self.rang = True
        if plan.phase is Phase.REFUSING:
            for phone in self.callees:
                await phone.reject(busy=True)
        if plan.phase in {Phase.ANSWERING, Phase.TALKING, Phase.ENDING}:
            await first.answer()
        if plan.phase in {Phase.TALKING, Phase.ENDING}:
            await self.caller.connected()
            self.connected = True
        if plan.phase is Phase.ENDING:
            await self.caller.hangup()
        await asyncio.sleep(plan.lag_s)

    def must_be_logged(self, victim: Victim) -> bool:
        """Whether the log must have it: asked in the moment of the kill.

        A call that came to its end within milliseconds, before it was ever written, may die with the server.
        """
        if time.monotonic() - self._began > WRITTEN_AFTER_S:
            return self.rang
        if victim is Victim.SERVER:  # what still stands in Asterisk is taken over
            return self.plan.phase in {Phase.RINGING, Phase.ANSWERING, Phase.TALKING}
        return self.rang and victim is Victim.ENGINE

    @property
    def stands(self) -> bool:
        """Whether the caller's phone still has the call."""
        dialog = self.caller.dialog
        return dialog is not None and not dialog.gone.is_set()

    async def finish(self) -> None:
        """End it as a person does who has had enough, if it still stands."""
        if self.stands:
            await self.caller.hangup()

    async def entries(self, *, certain: bool) -> list[int]:
        """How many entries each side's log got by this call."""

        found: list[int] = []

        async def look() -> bool:
            nonlocal found
            plan = self.plan
            found = [
                len(await self._pbx.ids(number) - self._before[number])
                for number in (plan.caller, plan.callee)
            ]
            return found == [1, 1] or (not certain and found == [0, 0])

        try:
            await until(look, f"{self.plan} is in the log of each side, once", timeout_s=3)
        except AssertionError as error:
            raise AssertionError(f"{error}; entries: {found}") from None
        return found


def _plan(chance: random.Random, pair: tuple[str, str]) -> Plan:
    return Plan(
        caller=pair[0],
        callee=pair[1],
        phones=chance.choice((1, 1, 2)),
        phase=chance.choice(list(Phase)),
        lag_s=chance.choice((0.0, 0.0, chance.uniform(0, 0.03), chance.uniform(0, 0.2), 1.0)),
    )


async def _strike(pbx: Pbx, victim: Victim, chance: random.Random) -> None:
    """Kill, and bring back what does not come back by itself."""
    engine = pbx.engine_pid
    assert engine is not None, "there is no Asterisk"
    if victim is Victim.ENGINE:
        os.kill(engine, signal.SIGKILL)
    elif victim is Victim.SERVER:
        await pbx.kill()
        await asyncio.sleep(chance.choice((0.0, 0.5)))
        await pbx.start()
    elif chance.random() < 0.5:
        os.kill(engine, signal.SIGKILL)
        await pbx.kill()
        await pbx.start()
    else:
        await pbx.kill()
        os.kill(engine, signal.SIGKILL)
        await pbx.start()

    async def back() -> bool:
        status, _ = await pbx.ask("GET", "/ready")
        return status == 200 and (victim is Victim.SERVER or pbx.engine_pid not in {None, engine})

    try:
        await until(back, "calls can be made again", timeout_s=BACK_WITHIN_S, every_s=0.1)
    except AssertionError as error:
        raise AssertionError(f"{error}: {await pbx.ask('GET', '/ready')}; {pbx.program.output}") from None


async def _round(pbx: Pbx, chance: random.Random) -> list[list[int]]:
    """Two calls at once, one kill; what each call left in the logs of both sides."""
    victim = chance.choices(list(Victim), weights=(6, 2, 1))[0]
    calls = [SoakCall(pbx, _plan(chance, pair)) for pair in PAIRS]
    log.info("%s is killed in %s", victim.value, [call.plan for call in calls])
    try:
        async with calls[0].phones(), calls[1].phones():
            await asyncio.gather(*(call.begin() for call in calls))
            talked = [call for call in calls if call.connected and call.plan.phase is Phase.TALKING]
            certain = [call for call in calls if call.must_be_logged(victim)]
            await _strike(pbx, victim, chance)
            if victim is Victim.SERVER:
                for call in talked:
                    assert call.stands, f"{call.plan}: the conversation did not survive"
                await asyncio.gather(*(call.finish() for call in calls))
            await pbx.nothing_left(timeout_s=10)
            await until(lambda: _all_written(pbx), "the log is written", timeout_s=5)
            found = [await call.entries(certain=call in certain) for call in calls]
        await _all_left(pbx)
    except AssertionError as error:
        with contextlib.suppress(AssertionError):  # it may just be dead
            log.error("what the server said last:\n%s", pbx.program.output[-20_000:])  # noqa: TRY400
        plans = [call.plan for call in calls]
        raise AssertionError(f"{victim.value} killed (seed {SEED}) in {plans}: {error}") from error
    return found


async def _all_left(pbx: Pbx) -> None:
    """Wait until no phone of this round is there any more.

    Asterisk writes down within a second who registers and leaves. Killed before that, it would start with
    phones that have left, and the next round would count them.
    """

    def written() -> bool:
        path = pbx.data / "asterisk" / "var" / "astdb.sqlite3"
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as astdb:
            query = "SELECT count(*) FROM astdb WHERE key LIKE '/registrar/contact/%'"
            return astdb.execute(query).fetchone() == (0,)

    await pbx.no_phones()
    await until(written, "Asterisk has written down that every phone has left")


async def _all_written(pbx: Pbx) -> bool:
    return (await pbx.metrics())["linkus_call_log_pending"] == 0


async def _logged_calls(pbx: Pbx, number: str) -> list[str]:
    """Ids of the calls in an extension's log."""
    token = await pbx.token_of(number)
    return [entry["call_id"] for entry in await pbx.api("GET", f"/call-log?limit={LOG_PAGE}", token=token)]


async def test_kills_in_every_phase_leave_nothing_over_and_each_call_logged_once_OPS_1(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    chance = random.Random(SEED)
    numbers = [number for pair in PAIRS for number in pair]
    entries = dict.fromkeys(numbers, 0)
    began, kills = time.monotonic(), 0
    async with Pbx(tmp_path) as pbx:
        for number in numbers:
            await pbx.add(number, "Soak", number)
        while kills < KILLS and time.monotonic() - began < AT_MOST_S:
            left = await _round(pbx, chance)
            kills += 1
            for pair, counts in zip(PAIRS, left, strict=True):
                for number, count in zip(pair, counts, strict=True):
                    entries[number] += count
        for caller, callee in PAIRS:
            sides = [await _logged_calls(pbx, number) for number in (caller, callee)]
            assert sorted(sides[0]) == sorted(sides[1]), "a call is in the log of one side only"
            assert len(sides[0]) == len(set(sides[0])) == entries[caller], "an entry came late, or went"
    record_property("soak", f"{kills} kills in {time.monotonic() - began:.0f} s, entries: {entries}")
    assert kills >= KILLS / 2
