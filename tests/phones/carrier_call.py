"""One call of the carrier, in either direction, with sound of its own."""

import asyncio
import contextlib
import re
import secrets
from collections.abc import Sequence
from typing import Self
from urllib.parse import unquote

from tests.phones.phone import ANSWERS_WITHIN_S
from tests.phones.ports import LOOPBACK
from tests.phones.rtp import PAYLOAD_TYPES, TELEPHONE_EVENT, RtpPort
from tests.phones.sipscript import Message, Wire
from tests.phones.sound import Sound
from tests.phones.waiting import until

_PHRASES = {404: "Not Found", 480: "Unavailable", 486: "Busy Here", 503: "Service Unavailable"}
CODECS = ("PCMA", "PCMU")


class CarrierCall:
    """A dialog of the carrier (RFC 3261, section 12). G.711, no encryption of media.

    Attributes:
        id: its Call-ID.
        number: what was dialled.
        invite: the INVITE, sent or received.
        final: the final answer to an INVITE that the carrier sent.
        provisional: statuses below 200 that it got, in order.
        up: set once it is answered; `gone`: set once it is over.
        rtp: its media.
    """

    def __init__(self, wire: Wire, number: str, *, says: float = 0.0) -> None:
        self.id = f"{secrets.token_hex(8)}@carrier"
        self.number = number
        self.invite = Message("")
        self.final: Message | None = None
        self.provisional: list[int] = []
        self.up = asyncio.Event()
        self.decided = asyncio.Event()
        self.gone = asyncio.Event()
        self.rtp = RtpPort()
        self.rtp.says(says)
        self._wire = wire
        self._local = self._remote = self._target = ""
        self._sequence = 1
        self._sent = False
        self._closed = False

    @classmethod
    def received(cls, wire: Wire, invite: Message, *, says: float) -> Self:
        """A call from the PBX."""
        user = re.search(r"sips?:([^@;>]*)@", invite.first)
        call = cls(wire, unquote(user.group(1)) if user else "", says=says)
        call.id, call.invite = invite.get("Call-ID"), invite
        call._local = f"{invite.get('To')};tag={secrets.token_hex(4)}"
        call._remote, call._target = invite.get("From"), _uri(invite.get("Contact"))
        return call

    @property
    def caller(self) -> str:
        """Number in the `From` of the INVITE."""
        return _number(self.invite.get("From"))

    @property
    def asserted(self) -> str:
        """Number in its P-Asserted-Identity; "" if there is none."""
        return _number(self.invite.get("P-Asserted-Identity"))

    # A call that the carrier makes

    async def call(
        self, target: str, *, caller: str, name: str, domain: str, headers: list[tuple[str, str]]
    ) -> None:
        """Send the INVITE; `until_decided` sees to the rest."""
        await self.rtp.open()
        own = f"<sip:{caller}@{domain}>;tag={secrets.token_hex(4)}"
        self._local = f'"{name}" {own}' if name else own
        self._remote = f"<sip:{self.number}@{domain}>"
        self._target, self._sent = target, True
        body = [("Content-Type", "application/sdp"), *headers]
        self.invite = self._request("INVITE", headers=body, body=self._sdp(CODECS))

    async def until_decided(self) -> None:
        """The INVITE transaction, to its final answer."""
        answers = self._wire.answers_to(self.invite)
        self._wire.send(self.invite)
        while (answer := await answers.get()).status < 200:
            self.provisional.append(answer.status)
        self.final, self._remote = answer, answer.get("To")
        if answer.status == 200:
            self._target = _uri(answer.get("Contact"))
            self._wire.send(self._request("ACK", sequence=1))
            await self._media(answer.body)
            self.up.set()
        else:
            self._wire.send(self._in_transaction("ACK", to=answer.get("To")))
            self.gone.set()
        self.decided.set()

    async def connected(self) -> None:
        """Wait for the answer; fail if it is a refusal."""
        status = await self.status()
        if status != 200:
            raise AssertionError(f"{self.number} was not answered but refused with {status}")

    async def status(self) -> int:
        """Wait for the final answer."""
        await self._wait(self.decided, "a final answer")
        return self.final.status if self.final else 0

    # A call that it gets

    def ring(self) -> None:
        """180."""
        self._wire.send(self._answer(180, "Ringing"))

    def refuse(self, status: int) -> None:
        """A final status above 299."""
        self._wire.send(self._answer(status, _PHRASES.get(status, "Refused")))
        self.gone.set()

    async def answer(self) -> None:
        """200, with the first of our codecs that is offered."""
        await self.rtp.open()
        body = self._sdp(self._offered(self.invite.body)[:1])
        self._wire.send(self._answer(200, "OK", body=body))
        self.up.set()
        await self._media(self.invite.body)

    # Both

    async def handle(self, request: Message) -> None:
        """A request of the PBX in this dialog."""
        match request.method:
            case "ACK":
                return
            case "CANCEL":
                self._wire.send(request.reply(200, "OK", to=self._local))
                self._wire.send(self._answer(487, "Request Terminated"))
                await self.close()
            case "BYE":
                self._wire.send(request.reply(200, "OK"))
                await self.close()
            case "INVITE":
                body = self._sdp(self._offered(request.body)[:1])
                self._wire.send(self._with_body(request.reply(200, "OK", body=body)))
                await self._media(request.body)
            case _:
                self._wire.send(request.reply(200, "OK"))

    async def hangup(self) -> None:
        """BYE if it is answered, CANCEL of an own call that is not; nothing if it is over."""
        if self.gone.is_set():
            return
        if self.up.is_set():
            self.gone.set()
            self._wire.send(self._request("BYE"))
        elif self._sent:
            self._wire.send(self._in_transaction("CANCEL"))
            await self._wait(self.decided, "487 after CANCEL")
        else:
            self.refuse(480)
        await self.close()

    async def close(self) -> None:
        """It is over: give its port back."""
        self.gone.set()
        await self.rtp.close()

    async def ended(self) -> None:
        """Wait for the end."""
        await self._wait(self.gone, "the end of the call")

    async def over_within(self, seconds: float) -> bool:
        """Whether it ends within this time, which is waited for otherwise."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.gone.wait()
        return self.gone.is_set()

    def heard(self) -> Sound:
        """Everything it heard, up to now."""
        return self.rtp.heard()

    async def hears_for(self, ms: float) -> Sound:
        """Listen for `ms` more, and return what was heard in that time."""
        before = self.rtp.heard().ms
        limit = ANSWERS_WITHIN_S + ms / 1000
        await until(
            lambda: self.rtp.heard().ms >= before + ms, f"the carrier records {ms} ms", timeout_s=limit
        )
        return self.rtp.heard().since(before)

    # Inside

    async def _wait(self, event: asyncio.Event, what: str) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                await event.wait()
        if not event.is_set():
            raise AssertionError(f"the carrier's call {self.number} waited {ANSWERS_WITHIN_S} s for {what}")

    def _request(
        self,
        method: str,
        *,
        sequence: int = 0,
        headers: list[tuple[str, str]] | None = None,
        body: str = "",
    ) -> Message:
        if not sequence:
            sequence, self._sequence = self._sequence, self._sequence + 1
        return Message(
            f"{method} {self._target} SIP/2.0",
            [
                ("Via", self._wire.via), ("Max-Forwards", "70"), ("From", self._local), ("To", self._remote),
                ("Call-ID", self.id), ("CSeq", f"{sequence} {method}"), self._contact, *(headers or []),
            ],
            body,
        )  # fmt: skip

    def _in_transaction(self, method: str, *, to: str = "") -> Message:
        """CANCEL, or the ACK of a refusal: with the Via of the INVITE (RFC 3261, 9.1 and 17.1.1.3)."""
        kept = {"Via", "Max-Forwards", "From", "To", "Call-ID"}
        headers = [(name, value) for name, value in self.invite.headers if name in kept]
        headers = [(name, to if name == "To" and to else value) for name, value in headers]
        target = self.invite.first.split()[1]
        return Message(f"{method} {target} SIP/2.0", [*headers, ("CSeq", f"1 {method}")])

    def _answer(self, status: int, phrase: str, *, body: str = "") -> Message:
        return self._with_body(self.invite.reply(status, phrase, to=self._local, body=body))

    def _with_body(self, answer: Message) -> Message:
        answer = answer.with_header(*self._contact)
        return answer.with_header("Content-Type", "application/sdp") if answer.body else answer

    @property
    def _contact(self) -> tuple[str, str]:
        transport = "" if self._wire.transport == "udp" else f";transport={self._wire.transport}"
        return ("Contact", f"<sip:carrier@{self._wire.address}:{self._wire.port}{transport}>")

    def _sdp(self, codecs: Sequence[str]) -> str:
        kinds = [PAYLOAD_TYPES[name] for name in codecs]
        lines = [
            "v=0", f"o=- 1 {self._sequence} IN IP4 {LOOPBACK}", "s=-", f"c=IN IP4 {LOOPBACK}", "t=0 0",
            f"m=audio {self.rtp.port} RTP/AVP {' '.join(map(str, kinds))} {TELEPHONE_EVENT}",
            *(f"a=rtpmap:{kind} {name}/8000" for kind, name in zip(kinds, codecs, strict=True)),
            f"a=rtpmap:{TELEPHONE_EVENT} telephone-event/8000", f"a=fmtp:{TELEPHONE_EVENT} 0-16",
            "a=ptime:20", "a=sendrecv",
        ]  # fmt: skip
        return "\r\n".join(lines) + "\r\n"

    @staticmethod
    def _offered(sdp: str) -> list[str]:
        found = re.search(r"m=audio \d+ \S+ ([\d ]+)", sdp)
        kinds = found.group(1).split() if found else []
        return [name for name in CODECS if str(PAYLOAD_TYPES[name]) in kinds]

    async def _media(self, sdp: str) -> None:
        host, port = re.search(r"c=IN IP4 (\S+)", sdp), re.search(r"m=audio (\d+)", sdp)
        if host and port and (codecs := self._offered(sdp)):
            self.rtp.codec = codecs[0]
            await self.rtp.send_to(host.group(1), int(port.group(1)))


def _uri(contact: str) -> str:
    found = re.search(r"<([^>]+)>", contact)
    return found.group(1) if found else contact


def _number(header: str) -> str:
    found = re.search(r"sips?:([^@;>]*)@", header)
    return unquote(found.group(1)) if found else ""
