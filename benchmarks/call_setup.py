"""From INVITE in to INVITE out: through our server, and through Asterisk with two lines of dialplan.

Caller and callee are in this process, so both moments are read from one clock. The INVITE that counts is the
one with credentials; the challenge before it is not our doing.
"""

import time

import numpy as np

from benchmarks.report import Result
from tests.phones.phone import Line
from tests.phones.script_phone import ScriptPhone
from tests.phones.sipscript import Message, Wire

CALLS = 150
ROUNDS = 3
_AIM_P99_MS = 10.0
_WARM_UP = 10


class TimedWire(Wire):
    """Notes when an INVITE was sent last, when one came in, and when one of ours was accepted."""

    sent = 0.0
    received = 0.0
    accepted = 0.0

    def send_raw(self, data: bytes) -> None:
        if data.startswith(b"INVITE "):
            self.sent = time.perf_counter()
        super().send_raw(data)

    def _deliver(self, message: Message) -> None:
        if message.method == "INVITE" and not message.status:
            self.received = time.perf_counter()
        elif message.method == "INVITE" and message.status == 200:
            self.accepted = time.perf_counter()
        super()._deliver(message)


class TimedPhone(ScriptPhone):
    """A phone with such a socket."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self.timed = TimedWire(line.host, line.port)
        self.wire = self.timed


class SetupTimes:
    """A caller and a callee that stay registered at one PBX."""

    def __init__(self, caller: Line, callee: Line) -> None:
        self.caller, self.callee = TimedPhone(caller), TimedPhone(callee)
        self.ms: list[float] = []

    async def start(self) -> None:
        """Register both."""
        for phone in (self.caller, self.callee):
            await phone.start()
            await phone.register()

    async def stop(self) -> None:
        """Unregister both."""
        for phone in (self.caller, self.callee):
            await phone.stop()

    async def measure(self, calls: int) -> None:
        """Call so many times, one after the other; each is refused at once."""
        for _ in range(calls):
            await self.caller.dial(self.callee.line.number)
            await self.callee.incoming()
            self.ms.append((self.callee.timed.received - self.caller.timed.sent) * 1000)
            self.callee.refuse(486, "Busy Here")
            await self.caller.ended()

    async def warm_up(self) -> None:
        """Calls that do not count."""
        await self.measure(_WARM_UP)
        self.ms.clear()


async def run(ours: tuple[Line, Line], plain: tuple[Line, Line]) -> list[Result]:
    """Both in turn, so that what else the machine does hits both."""
    pairs = [SetupTimes(*ours), SetupTimes(*plain)]
    try:
        for pair in pairs:
            await pair.start()
        for pair in pairs:
            await pair.warm_up()
        for _ in range(ROUNDS):
            for pair in pairs:
                await pair.measure(CALLS // ROUNDS)
    finally:
        for pair in pairs:
            await pair.stop()
    p50 = [float(np.percentile(pair.ms, 50)) for pair in pairs]
    p99 = [float(np.percentile(pair.ms, 99)) for pair in pairs]
    beside = "Asterisk, two-line dialplan"
    return [
        Result("INVITE in to INVITE out, p50, ms", p50[0], p50[1], beside),
        Result("INVITE in to INVITE out, p99, ms", p99[0], p99[1], beside, _AIM_P99_MS),
    ]
