"""KEY-4: a phone that subscribes to ten thousand different numbers costs nobody anything that lasts."""

import asyncio
import logging
import re
import secrets
from collections import Counter
from itertools import count
from pathlib import Path
from typing import cast

import pytest

from tests.phones.phone import Line
from tests.phones.script_phone import ScriptPhone
from tests.phones.sipscript import digest
from tests.phones.subscription import Subscription
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tests.real.test_lamps import watch

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

TRIES = 10_000
AT_ONCE = 50
"""Requests that wait for their answer: as many as a phone has that does not mean well."""
GROWTH_MB = 100
"""Kept subscriptions would be 700 MB: 70 kB each."""
log = logging.getLogger(__name__)


class Flood(asyncio.DatagramProtocol):
    """Subscribes to one number after the other with a true secret, and repeats nothing.

    Attributes:
        answers: how many there were, by status; challenges are answered, and not counted.
    """

    def __init__(self, line: Line) -> None:
        self.answers: Counter[int] = Counter()
        self._line = line
        self._challenge = ""
        self._asked: dict[str, str] = {}
        self._room = asyncio.Semaphore(AT_ONCE)
        self._transport: asyncio.DatagramTransport | None = None
        self._port = 0
        self._sequence = count(1)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self._port = transport.get_extra_info("sockname")[1]

    async def ask(self, number: str) -> None:
        """Subscribe, as soon as there is room for one more."""
        await self._room.acquire()
        call_id = secrets.token_hex(8)
        self._asked[call_id] = number
        self._send(call_id)

    async def over(self) -> None:
        """Until everything is answered."""
        for _ in range(AT_ONCE):
            await self._room.acquire()

    def datagram_received(self, data: bytes, _address: object) -> None:
        text = data.decode()
        status = re.match(r"SIP/2\.0 (\d+)", text)
        call_id = re.search(r"(?im)^(?:Call-ID|i): *(\S+)", text)
        if status is None or call_id is None or call_id.group(1) not in self._asked:
            return
        if status.group(1) == "401":
            challenge = re.search(r"(?im)^WWW-Authenticate: *(.*?)\r$", text)
            self._challenge = challenge.group(1) if challenge else ""
            self._send(call_id.group(1))
            return
        del self._asked[call_id.group(1)]
        self.answers[int(status.group(1))] += 1
        self._room.release()

    def _send(self, call_id: str) -> None:
        line, number = self._line, self._asked[call_id]
        uri = f"sip:{number}@{line.host}:{line.port}"
        head = [
            f"SUBSCRIBE {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {line.host}:{self._port};rport;branch=z9hG4bK{secrets.token_hex(8)}",
            f"From: <sip:{line.number}@{line.host}>;tag={secrets.token_hex(4)}",
            f"To: <{uri}>",
            f"Call-ID: {call_id}",
            f"CSeq: {next(self._sequence)} SUBSCRIBE",
            f"Contact: <sip:{line.number}@{line.host}:{self._port}>",
            "Max-Forwards: 70",
            "Event: dialog",
            "Accept: application/dialog-info+xml",
            "Expires: 3600",
        ]
        if self._challenge:
            credentials = digest(
                self._challenge, method="SUBSCRIBE", uri=uri, user=line.number, secret=line.secret
            )
            head.append(f"Authorization: {credentials}")
        head.append("Content-Length: 0")
        assert self._transport is not None
        self._transport.sendto("\r\n".join([*head, "", ""]).encode())


def resident_mb(pid: int) -> float:
    """Memory of a process that is in RAM."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) / 1024 if found else 0.0


async def test_ten_thousand_numbers_are_refused_and_others_are_served_meanwhile_KEY_4(own_pbx: Pbx) -> None:
    pbx = own_pbx
    loop = asyncio.get_running_loop()
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as desk,
    ):
        await pbx.register(anna, boris, desk)
        (key,) = await watch(desk, "1002")
        engine = pbx.engine_pid or 0
        before = {pid: resident_mb(pid) for pid in (engine, pbx.program.pid)}
        line = pbx.line("1001")
        transport, flood = await loop.create_datagram_endpoint(
            lambda: Flood(line), remote_addr=(line.host, line.port)
        )
        try:
            async with asyncio.timeout(240):
                for at in range(TRIES):
                    await flood.ask(str(20_000_000 + at))
                    if at == TRIES // 2:
                        await boris_is_called(anna, boris, key)
                await flood.over()
        finally:
            transport.close()
        assert key.shown_in_a_storm == ["idle", "ringing", "talking", "idle"]
        assert flood.answers == {404: TRIES}
        grown = {pid: resident_mb(pid) - mb for pid, mb in before.items()}
        log.info("MB more: Asterisk %.1f, server %.1f", *grown.values())
        assert max(grown.values()) < GROWTH_MB
        (again,) = await watch(desk, "1001")
        await again.shows("idle")
    await pbx.nothing_left()


async def boris_is_called(anna: ScriptPhone, boris: ScriptPhone, key: Subscription) -> None:
    """Somebody calls, and the two talk, each time until the key shows it.

    What changes twice before Asterisk comes to tell of it is told once.
    """
    await anna.dial("1002")
    await boris.incoming()
    await shows(key, "ringing")
    await boris.answer()
    await anna.connected()
    await shows(key, "talking")
    await anna.hangup()
    await boris.ended()
    await shows(key, "idle")


async def shows(key: Subscription, lamp: str) -> None:
    """Wait until it does, be a NOTIFY repeated or late."""
    await until(lambda: key.shown_in_a_storm[-1] == lamp, f"the key shows {lamp}")
