"""From a change of an extension to every client that shows it, and to a desk phone (KEY-3).

Phones of `EXTENSIONS` extensions register and unregister, so many a second, while as many clients follow all
of them over the WebSocket; a few are cut off and reconnect in the middle. One more is the whole program with
its window, which has function keys for some of them: there the change ends with the painted lamp. Beside
that, Asterisk alone tells a phone of the same change by its own hint. All moments are of one clock.
"""

import asyncio
import itertools
import json
import os
import secrets
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from benchmarks.lamp_painting import Painting
from benchmarks.plain_asterisk import PlainAsterisk
from benchmarks.report import Result
from tests.phones.phone import Line
from tests.phones.ports import LOOPBACK
from tests.phones.script_phone import ScriptPhone
from tests.phones.sipscript import Message, Wire, digest
from tests.phones.waiting import until
from tests.real.pbx import ROOT, Pbx

EXTENSIONS = 500
RATE = 200
"""Changes a second under load."""
IDLE_RATE = 5
LOAD_S = 15
IDLE_S = 24
READERS = 5
"""Clients whose every delta is timed; the others only receive."""
KEYS = 12
"""Function keys of the client with a window: as many as it shows without scrolling."""
ALONE = 60
"""Changes that one phone is told of."""
_AIM_LOADED_MS = 200.0
_AIM_IDLE_MS = 50.0
_AT_ONCE = 8
_AT_REST_S = 0.05
"""Processor time within a second."""
_FIRST = 2000
Change = tuple[str, bool, float]
"""An extension, whether it is registered now, and when that came about."""
_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class Registrar:
    """One socket that registers and unregisters many accounts, and knows when it did."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.changes: list[Change] = []
        self.registered = dict.fromkeys((line.number for line in lines), False)
        self._wire = Wire(lines[0].host, lines[0].port)
        self._sequence = itertools.count(1)
        self._calls = {line.number: secrets.token_hex(8) for line in lines}
        self._busy = {line.number: asyncio.Lock() for line in lines}

    async def __aenter__(self) -> Self:
        await self._wire.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._wire.close()

    async def toggle(self, line: Line) -> None:
        """Register a phone that is not, unregister one that is; the moment is that of the request."""
        async with self._busy[line.number]:
            await self._toggle(line)

    async def _toggle(self, line: Line) -> None:
        on = not self.registered[line.number]
        self.registered[line.number] = on
        request = self._request(line, 3600 if on else 0)
        challenge = await self._wire.ask(request)
        uri = request.first.split()[1]
        credentials = digest(
            challenge.get("WWW-Authenticate"),
            method="REGISTER",
            uri=uri,
            user=line.number,
            secret=line.secret,
        )
        again = self._request(line, 3600 if on else 0).with_header("Authorization", credentials)
        self.changes.append((line.number, on, time.monotonic()))
        answer = await self._wire.ask(again)
        if answer.status != 200:
            raise AssertionError(f"REGISTER of {line.number}: {answer.first}")

    async def run(self, rate: float, seconds: float, lines: Sequence[Line] = ()) -> None:
        """Toggle one after the other of `lines`, else of all, at this rate, whatever the answers take."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as group:
            for at, line in zip(
                range(int(rate * seconds)), itertools.cycle(lines or self.lines), strict=False
            ):
                await asyncio.sleep(began + at / rate - loop.time())
                group.create_task(self.toggle(line))

    def _request(self, line: Line, expires: int) -> Message:
        address = f"<sip:{line.number}@{line.host}>"
        return Message(
            f"REGISTER sip:{line.host}:{line.port} SIP/2.0",
            [
                ("Via", self._wire.via), ("Max-Forwards", "70"), ("To", address),
                ("From", f"{address};tag={secrets.token_hex(4)}"), ("Call-ID", self._calls[line.number]),
                ("CSeq", f"{next(self._sequence)} REGISTER"),
                ("Contact", f"<sip:{line.number}@{LOOPBACK}:{self._wire.port}>"), ("Expires", str(expires)),
            ],
        )  # fmt: skip


class Watchers:
    """The process of `benchmarks.lamp_watchers`."""

    def __init__(self, pbx: Pbx, tokens: list[str]) -> None:
        self._pbx = pbx
        self.seen: list[Change] = []
        self.arrived: list[Change] = []
        """The same, as of when the kernel had it."""
        self._tokens = tokens
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.lamp_watchers",
            cwd=ROOT, stdin=PIPE, stdout=PIPE, limit=1 << 28,
        )  # fmt: skip
        await self._ask(
            url=f"https://{LOOPBACK}:{self._pbx.http_port}/api/v1/events",
            fingerprint=self._pbx.fingerprint,
            tokens=self._tokens,
            readers=READERS,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None:
            if self._process.stdin is not None:
                self._process.stdin.close()
            try:
                await asyncio.wait_for(self._process.wait(), 10)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()

    async def report(self) -> dict[str, Any]:
        """See `Clients.report`; what the readers saw is added to `seen`."""
        report = await self._ask(do="report")
        for seen in report["seen"]:
            self.seen += [(number, on, at) for number, on, at, _ in seen]
            self.arrived += [(number, on, at) for number, on, _, at in seen]
        return report

    async def caught_up(self, registrar: Registrar) -> tuple[dict[str, Any], float]:
        """Wait until every reader shows what is true: the last report, and the seconds that took."""
        began = time.monotonic()

        report: dict[str, Any] = {}

        async def look() -> bool:
            report.update(await self.report())
            return all(registrar.registered.items() <= mirror.items() for mirror in report["mirrors"])

        try:
            await until(look, "no client shows anything stale", timeout_s=60)
        except AssertionError as error:
            stale = [
                sum(mirror.get(number) != on for number, on in registrar.registered.items())
                for mirror in report["mirrors"]
            ]
            raise AssertionError(f"{error}; stale: {stale}, connected: {report['connected']}") from None
        return report, time.monotonic() - began

    async def reconnect(self, count: int) -> None:
        """Cut so many readers off, and let them come back."""
        await self._ask(do="reconnect", count=count)

    async def _ask(self, **order: object) -> dict[str, Any]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise AssertionError("the watchers are not running")
        process.stdin.write(json.dumps(order).encode() + b"\n")
        return dict(json.loads(await process.stdout.readline()))


def delays_ms(changes: list[Change], seen: list[Change]) -> list[float]:
    """From each delta back to the change it tells of: the newest of that kind that came before it."""
    of: dict[tuple[str, bool], list[float]] = {}
    for number, on, at in changes:
        of.setdefault((number, on), []).append(at)
    delays = []
    for number, on, at in seen:
        before = [moment for moment in of.get((number, on), ()) if moment <= at]
        if before:
            delays.append((at - max(before)) * 1000)
    return delays


async def run(pbx: Pbx, plain: PlainAsterisk) -> list[Result]:
    """All of it."""
    numbers = [str(_FIRST + at) for at in range(EXTENSIONS)]
    for at in range(0, EXTENSIONS, _AT_ONCE):
        await asyncio.gather(*(pbx.add(number, "Bench", number) for number in numbers[at : at + _AT_ONCE]))
    tokens = [await pbx.token_of(number) for number in numbers]
    theirs = await _alone(plain.line("1001"), plain.line("1002"))
    ours = await _alone(pbx.line("1001"), pbx.line("1002"))
    beside = "NOTIFY by Asterisk alone"
    results = _compare("change to NOTIFY at a desk phone", ours, theirs, beside, _AIM_IDLE_MS)
    lines = [pbx.line(number) for number in numbers]
    with tempfile.TemporaryDirectory(prefix="lamps-") as folder:
        async with (
            Watchers(pbx, tokens) as watchers,
            Registrar(lines) as registrar,
            Painting(pbx, "1001", numbers[:KEYS], Path(folder)) as painting,
        ):
            results += await _under_load(pbx, watchers, registrar, painting, theirs)
            for line in lines:
                if registrar.registered[line.number]:
                    await registrar.toggle(line)
    return results


async def _under_load(
    pbx: Pbx, watchers: Watchers, registrar: Registrar, painting: Painting, theirs: list[float]
) -> list[Result]:
    """Few changes, then many."""
    beside = "NOTIFY by Asterisk alone"
    delta, paint = f"change to delta, {EXTENSIONS} clients", "change to painted lamp"
    processes = (pbx.program.pid, painting.pid)
    await _at_rest(processes)
    await registrar.run(IDLE_RATE, IDLE_S, registrar.lines[:KEYS])
    before, _ = await watchers.caught_up(registrar)
    idle = delays_ms(registrar.changes, watchers.seen)
    in_kernel = delays_ms(registrar.changes, watchers.arrived)
    painted = delays_ms(registrar.changes, await painting.caught_up(registrar.registered))
    results = _compare(f"{delta}, idle", idle, theirs, beside, _AIM_IDLE_MS)
    results += _alone_ms("of that until the receiver's kernel had it", in_kernel)
    results += _compare(f"{paint}, idle", painted, theirs, beside, _AIM_IDLE_MS)
    results += _alone_ms("of that in the client, from the line on", painting.in_window_ms)
    registrar.changes.clear()
    watchers.seen.clear()
    watchers.arrived.clear()
    painting.in_window_ms.clear()
    cpu, began = [_cpu_s(pid) for pid in processes], time.monotonic()
    load = asyncio.create_task(registrar.run(RATE, LOAD_S))
    await asyncio.sleep(LOAD_S / 2)
    await watchers.reconnect(READERS // 2)
    await load
    took_s = time.monotonic() - began
    server, client = (
        (_cpu_s(pid) - before_s) / took_s * 100 for pid, before_s in zip(processes, cpu, strict=True)
    )
    after, stale_s = await watchers.caught_up(registrar)
    loaded = delays_ms(registrar.changes, watchers.seen)
    in_kernel = delays_ms(registrar.changes, watchers.arrived)
    painted = delays_ms(registrar.changes, await painting.caught_up(registrar.registered))
    clients = (after["cpu_s"] - before["cpu_s"]) / took_s * 100
    results += _compare(f"{delta}, {RATE} changes/s", loaded, theirs, beside, _AIM_LOADED_MS)
    results += _alone_ms("of that until the receiver's kernel had it", in_kernel)
    results += _compare(f"{paint}, {RATE} changes/s", painted, theirs, beside, _AIM_LOADED_MS)
    results += _alone_ms("of that in the client, from the line on", painting.in_window_ms)
    return [
        *results,
        Result("CPU of the server, %", server, clients, f"all {EXTENSIONS} that only receive"),
        Result("CPU of the client with a window, %", client, 0.0, ""),
        Result("until nothing is stale after the load, s", stale_s, 0.0, "", aim=1.0),
        Result(
            "clients cut off", EXTENSIONS - after["connected"], after["gaps"], "gaps in sequences", aim=0.0
        ),
    ]


async def _alone(watched: Line, desk: Line) -> list[float]:
    """Milliseconds from each change of one phone to the NOTIFY at another one; nobody else does anything."""
    delays = []
    async with ScriptPhone(desk) as phone, Registrar([watched]) as registrar:
        await phone.register()
        key = await phone.watch(watched.number)
        await until(lambda: bool(key.notices), "the first NOTIFY")
        for _ in range(ALONE):
            before = len(key.notices)
            await registrar.toggle(watched)
            await until(lambda before=before: len(key.notices) > before, "a NOTIFY", every_s=0.005)  # type: ignore[misc]
            delays.append((key.notices[before].at - registrar.changes[-1][2]) * 1000)
        await key.end()
    return delays


def _compare(what: str, ours: list[float], theirs: list[float], beside: str, aim: float) -> list[Result]:
    """Median and 99th percentile, in milliseconds."""
    return [
        Result(f"{what}, ms: p{share}", np.percentile(ours, share), np.percentile(theirs, share), beside,
               aim if share == 99 else None)
        for share in (50, 99)
    ]  # fmt: skip


def _alone_ms(what: str, ours: list[float]) -> list[Result]:
    """The same of something that there is nothing beside."""
    return [Result(f"  {what}, ms: p{share}", np.percentile(ours, share), None, "") for share in (50, 99)]


async def _at_rest(processes: Sequence[int]) -> None:
    """Wait until what has just been started, or connected, has nothing more to do."""

    async def idle() -> bool:
        before = sum(map(_cpu_s, processes))
        await asyncio.sleep(1.0)
        return sum(map(_cpu_s, processes)) - before < _AT_REST_S

    await until(idle, "server and client are at rest", timeout_s=30)


def _cpu_s(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS
