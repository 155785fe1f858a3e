"""A carrier: the SIP peer behind a trunk, whose dialled number picks what happens to a call.

It is a registrar for the PBX (digest, RFC 3261 section 22), takes the calls that the PBX sends it, and calls
in to a DID. Every call says and hears sound of its own. The last three digits of a number tell the outcome:

| ending | outcome |
|---|---|
| 0nn | rings, and answers after nn seconds; 000 at once |
| 1nn | answers at once and hangs up after nn seconds |
| 200 | rings and never answers |
| 300 | does not respond at all |
| 400 to 699 | refuses with this status: 486 busy, 503 congestion, 404 unallocated |

Any other one is answered at once. `outcomes` holds exceptions by number.
"""

import asyncio
import hashlib
import re
import secrets
from collections.abc import Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import unquote

from tests.phones.carrier_call import CarrierCall
from tests.phones.carrier_wire import ListeningWire
from tests.phones.phone import Transport
from tests.phones.ports import free_port
from tests.phones.sipscript import Message, Wire
from tests.phones.waiting import PATIENCE_S, until

REALM = "carrier.example"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happens to a call. Seconds count from the INVITE, for the hang-up from the answer.

    `status`: the final status of a refusal; 200 answers; 0 never decides. `rings`: 180 is sent.
    """

    status: int = 200
    after_s: float = 0.0
    rings: bool = True
    hangs_up_after_s: float | None = None

    @classmethod
    def of(cls, number: str) -> Self:
        """The outcome that a number asks for by its ending."""
        ending = int(number[-3:]) if number[-3:].isdigit() else 1000
        match ending // 100:
            case 0:
                return cls(after_s=float(ending))
            case 1:
                return cls(hangs_up_after_s=float(ending - 100))
            case 2:
                return cls(status=0)
            case 3:
                return cls(status=0, rings=False)
            case 4 | 5 | 6:
                return cls(status=ending, rings=False)
        return cls()


class Carrier:
    """The carrier, as an async context manager. `address` and `port` stay the same when it is lost and back.

    `transport`: how SIP comes to it and goes from it; over TCP and TLS the PBX connects, and a call goes in
    once it has.

    Attributes:
        address, port: where the PBX finds it.
        secrets: secret by user name of those who may register; without any, nobody is asked for one.
        demands_secret: whether calls, too, are challenged (407).
        bindings: contact URI of who is registered, by user name.
        registers: every REGISTER that came, in order; `asked`: how often it was asked if it is there.
        calls: every call, in order.
        outcomes: exceptions from what the number says.
        says: the tone of its calls, in Hz.
    """

    def __init__(
        self,
        pbx: tuple[str, int],
        *,
        address: str = "127.0.7.1",
        port: int = 0,
        transport: Transport = "udp",
    ) -> None:
        self.address = address
        self.port = port or free_port()
        self.secrets: dict[str, str] = {}
        self.demands_secret = False
        self.bindings: dict[str, str] = {}
        self.registers: list[Message] = []
        self.asked = 0
        self.calls: list[CarrierCall] = []
        self.outcomes: dict[str, Outcome] = {}
        self.says = 0.0
        self._pbx = pbx
        self._transport = transport
        self._wire: Wire | None = None
        self._server: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._nonce = secrets.token_hex(8)

    async def __aenter__(self) -> Self:
        await self.back()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._wire is not None:
            for call in self.calls:
                await call.hangup()
        await self.lose()
        for task in self._tasks:
            if task.done() and not task.cancelled() and (failed := task.exception()):
                raise failed

    @property
    def wire(self) -> Wire:
        """Its socket; an error while it is lost."""
        if self._wire is None:
            raise AssertionError("the carrier is lost")
        return self._wire

    async def lose(self) -> None:
        """Be gone without a word, and forget who was registered; calls end unheard."""
        for task in (*self._tasks, *([self._server] if self._server else [])):
            task.cancel()
        await asyncio.gather(*self._tasks, *([self._server] if self._server else []), return_exceptions=True)
        for call in self.calls:
            await call.close()
        self.bindings.clear()
        if self._wire is not None:
            await self._wire.close()
            self._wire = None

    async def back(self) -> None:
        """Be there, at the same address."""
        wire: Wire
        if self._transport == "udp":
            wire = Wire(*self._pbx, address=self.address, own_port=self.port)
        else:
            wire = ListeningWire(self._transport, address=self.address, port=self.port)
        await wire.open()
        self._wire = wire
        self._server = asyncio.create_task(self._serve(wire), name="carrier")

    async def registered(self, user: str) -> str:
        """Wait until this user is registered; its contact URI."""
        return await until(lambda: self.bindings.get(user, ""), f"{user} registers at the carrier")

    async def incoming(self, number: str, *, timeout_s: float = PATIENCE_S) -> CarrierCall:
        """Wait for a call to this number; the newest one that has not ended."""

        def look() -> CarrierCall | None:
            wanted = [call for call in self.calls if call.number == number and not call.gone.is_set()]
            return wanted[-1] if wanted else None

        found = await until(look, f"the carrier gets a call to {number}", timeout_s=timeout_s)
        assert found
        return found

    async def call(
        self,
        number: str,
        *,
        caller: str,
        name: str = "",
        asserted: str = "",
        uri: str = "",
        priority: str = "",
    ) -> CarrierCall:
        """Call in to a DID; returns at once.

        `asserted`: also a P-Asserted-Identity with this number (RFC 3325). `uri`: what is sent to instead of
        the number itself, such as a registered contact; the number is then in `To` alone. `priority`: the
        header of that name.
        """
        target = uri or f"sip:{number}@{self._pbx[0]}:{self._pbx[1]}"
        headers = [("P-Asserted-Identity", f"<sip:{asserted}@{REALM}>")] if asserted else []
        headers += [("Priority", priority)] if priority else []
        call = CarrierCall(self.wire, number, says=self.says)
        self.calls.append(call)
        await call.call(target, caller=caller, name=name, domain=REALM, headers=headers)
        self._spawn(call.until_decided())
        return call

    # What the PBX asks

    async def _serve(self, wire: Wire) -> None:
        while True:
            request = await wire.requests.get()
            known = next((call for call in self.calls if call.id == request.get("Call-ID")), None)
            if request.method == "REGISTER":
                self._register(request)
            elif request.method == "INVITE" and known is None:
                self._take(request)
            elif known is not None:
                await known.handle(request)
            elif request.method != "ACK":
                self.asked += request.method == "OPTIONS"
                wire.send(request.reply(200, "OK"))

    def _register(self, request: Message) -> None:
        self.registers.append(request)
        user = _user(request.get("To"))
        if self.secrets and not request.get("Authorization"):
            challenge = ("WWW-Authenticate", self._challenge())
            self.wire.send(request.reply(401, "Unauthorized").with_header(*challenge))
            return
        if self.secrets and not self._proves(request, "Authorization"):
            self.wire.send(request.reply(403, "Forbidden"))
            return
        contact = request.get("Contact")
        expires = re.search(r"expires=(\d+)", contact)
        seconds = int(expires.group(1) if expires else request.get("Expires") or 3600)
        uri = re.search(r"<([^>]+)>", contact)
        if seconds and uri:
            self.bindings[user] = uri.group(1)
        else:
            self.bindings.pop(user, None)
        answer = request.reply(200, "OK")
        if seconds and uri:
            answer = answer.with_header("Contact", f"<{uri.group(1)}>;expires={seconds}")
        self.wire.send(answer)

    def _take(self, invite: Message) -> None:
        """A call from the PBX: what its number says is what happens."""
        if self.demands_secret and not self._proves(invite, "Proxy-Authorization"):
            answer = invite.reply(407, "Proxy Authentication Required")
            self.wire.send(answer.with_header("Proxy-Authenticate", self._challenge()))
            return
        call = CarrierCall.received(self.wire, invite, says=self.says)
        self.calls.append(call)
        self._spawn(self._conduct(call, self.outcomes.get(call.number, Outcome.of(call.number))))

    async def _conduct(self, call: CarrierCall, outcome: Outcome) -> None:
        if outcome.rings:
            call.ring()
        if outcome.status and not await call.over_within(outcome.after_s):
            if outcome.status != 200:
                call.refuse(outcome.status)
                return
            await call.answer()
            if outcome.hangs_up_after_s is not None:
                await call.over_within(outcome.hangs_up_after_s)
                await call.hangup()

    def _challenge(self) -> str:
        return f'Digest realm="{REALM}", nonce="{self._nonce}", qop="auth", algorithm=MD5'

    def _proves(self, request: Message, header: str) -> bool:
        """Whether the credentials are right (RFC 2617, qop auth)."""
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', request.get(header).partition(" ")[2]))
        secret = self.secrets.get(given.get("username", ""))
        if secret is None or given.get("nonce") != self._nonce:
            return False
        ha1 = _md5(given["username"], REALM, secret)
        ha2 = _md5(request.method, given["uri"])
        expected = _md5(ha1, self._nonce, given["nc"], given["cnonce"], given["qop"], ha2)
        return given["response"] == expected

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)


def _md5(*parts: str) -> str:
    return hashlib.md5(":".join(parts).encode()).hexdigest()


def _user(header: str) -> str:
    found = re.search(r"sips?:([^@;>]*)@", header)
    return unquote(found.group(1)) if found else ""
