"""From "an agent is free" to the INVITE at that agent's phone: our queues, and Asterisk's own (app_queue).

Both serve the same load: callers who call again as soon as their call is over, so that some always wait, and
agents who answer at once, talk for a while, and hang up. An agent is free when its phone sends the BYE. Then,
with one agent who is free and one caller: from the caller's INVITE, and from the 200 that the caller gets, to
the INVITE at the agent. All phones are in this process, so all moments are read from one clock.
"""

import asyncio
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np

from benchmarks.call_setup import TimedPhone
from benchmarks.plain_asterisk import PlainAsterisk
from benchmarks.report import Result
from tests.phones.phone import Line
from tests.phones.ports import LOOPBACK, free_ports
from tests.phones.rtp import RtpPort
from tests.real.pbx import Pbx

QUEUE = "6400"
AGENTS = tuple(str(1101 + number) for number in range(6))
CALLERS = tuple(str(1201 + number) for number in range(12))
"""Twice as many as agents, so that one waits for each who talks."""
TALK_S = (0.5, 1.5)
RINGS = 200
"""How many rings of agents who became free are measured."""
JOINS = 120
"""How many callers meet an agent who is free."""
_WARM_UP_S = 3.0
_BESIDE = "app_queue"
_FREE_P50_MS, _FREE_P99_MS, _JOIN_P99_MS = 10.0, 20.0, 20.0


_WORD = struct.pack("!BBHII", 0x80, 8, 1, 160, 0x4C696E6B) + b"\xd5" * 160
"""20 ms of silence in A-law, as one packet of RTP (RFC 3550, 5.1)."""


class _Deaf(RtpPort):
    """A socket that nobody reads: what a phone costs here must not disturb what is measured."""

    async def open(self) -> None:
        self.port = free_ports(2)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((LOOPBACK, self.port))

    async def send_to(self, host: str, port: int) -> None:
        """Say one word: Asterisk's `Answer` waits for that, or for half a second."""
        self._socket.sendto(_WORD, (host, port))

    async def close(self) -> None:
        self._socket.close()


class _Phone(TimedPhone):
    """A phone without sound."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self.rtp = _Deaf()


@dataclass(slots=True)
class Times:
    """What was measured at one of the two, in milliseconds."""

    free: list[float] = field(default_factory=list)
    join: list[float] = field(default_factory=list)
    answer: list[float] = field(default_factory=list)


class Centre:
    """The phones at one PBX, as an async context manager."""

    def __init__(self, line: Callable[[str], Line]) -> None:
        self.agents = [_Phone(line(number)) for number in AGENTS]
        self.callers = [_Phone(line(number)) for number in CALLERS]
        self.times = Times()

    async def __aenter__(self) -> "Centre":
        for phone in (*self.agents, *self.callers):
            await phone.start()
            await phone.register()
        return self

    async def __aexit__(self, *_: object) -> None:
        for phone in (*self.agents, *self.callers):
            await phone.stop()

    # Agents who become free while callers wait

    async def busy(self, rings: int) -> None:
        """Callers wait, agents talk, until so many rings were measured."""
        self.times.free.clear()
        callers = [asyncio.ensure_future(self._call(phone)) for phone in self.callers]
        agents = [
            asyncio.ensure_future(self._serve(phone, Random(place)))
            for place, phone in enumerate(self.agents)
        ]
        try:
            while len(self.times.free) < rings:
                over, _ = await asyncio.wait([*callers, *agents], timeout=0.2)
                for task in over:
                    task.result()
        finally:
            await _cancel([*callers, *agents])
            await asyncio.gather(*(_hang_up(phone) for phone in (*self.agents, *self.callers)))

    async def _call(self, phone: _Phone) -> None:
        while True:
            await phone.dial(QUEUE)
            await phone.connected()
            await phone.ended()

    async def _serve(self, phone: _Phone, random: Random) -> None:
        begun, freed = time.perf_counter(), 0.0
        while True:
            await phone.incoming()
            if freed and freed > begun + _WARM_UP_S:
                self.times.free.append((phone.timed.received - freed) * 1000)
            await phone.answer()
            await asyncio.sleep(random.uniform(*TALK_S))
            freed = time.perf_counter()
            await phone.hangup()

    # A caller who meets an agent who is free

    async def join(self, calls: int) -> None:
        """One caller calls so many times, and hangs up once the agent rings."""
        caller, agent = self.callers[0], self.agents[0]
        for call in range(-3, calls):
            await caller.dial(QUEUE)
            await asyncio.gather(caller.connected(), agent.incoming())
            rang = agent.timed.received
            if call >= 0:
                self.times.join.append((rang - caller.timed.sent) * 1000)
                self.times.answer.append((rang - caller.timed.accepted) * 1000)
            await caller.hangup()
            await agent.ended()
            await asyncio.sleep(0.1)  # whoever asks in turns may have to see that the agent is free again


async def _cancel(tasks: Sequence["asyncio.Future[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _hang_up(phone: _Phone) -> None:
    """End what the phone is in, whatever that is."""
    dialog = phone.dialog
    if dialog is None or dialog.gone.is_set():
        return
    if not dialog.outgoing and not dialog.decided.is_set():
        await phone.ended()  # its caller is about to hang up
    else:
        await phone.hangup()


async def run(pbx: Pbx, plain: PlainAsterisk, settled: Callable[[], Awaitable[object]]) -> list[Result]:
    """One after the other; the extensions and the queue of ours are made here."""
    for number in (*AGENTS, *CALLERS):
        await pbx.add(number, "Bench", number)
    times = []
    for line, left in ((pbx.line, settled), (plain.line, lambda: asyncio.sleep(2))):
        async with Centre(line) as centre:
            await _staff(pbx, AGENTS)
            await centre.busy(RINGS)
            await left()
        await _staff(pbx, AGENTS[:1])
        async with Centre(line) as one:
            # Only the first agent is there: app_queue rings nobody else who is not registered.
            for phone in one.agents[1:]:
                await phone.unregister()
            await one.join(JOINS)
            await left()
        times.append(Times(centre.times.free, one.times.join, one.times.answer))
    return _results(*times)


async def _staff(pbx: Pbx, agents: Sequence[str]) -> None:
    body = {
        "name": "Bench",
        "strategy": "least_recent",
        "static_agents": [{"extension": agent} for agent in agents],
        "retry_s": 1,
    }
    await pbx.api("PUT", f"/queues/{QUEUE}", body=body)


def _results(ours: Times, theirs: Times) -> list[Result]:
    rows: list[tuple[str, list[float], list[float], float | None, float | None]] = [
        ("agent free to INVITE at the phone", ours.free, theirs.free, _FREE_P50_MS, _FREE_P99_MS),
        ("caller's INVITE to agent's INVITE", ours.join, theirs.join, None, _JOIN_P99_MS),
        ("200 to the caller to agent's INVITE", ours.answer, theirs.answer, None, None),
    ]
    return [
        Result(f"{what}, p{share}, ms", _percentile(mine, share), _percentile(others, share), _BESIDE, aim)
        for what, mine, others, *aims in rows
        for share, aim in zip((50, 99), aims, strict=True)
    ]


def _percentile(found: list[float], share: int) -> float:
    return float(np.percentile(found, share))
