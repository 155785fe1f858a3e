"""Two phones and a line between them that loses packets: a registrar and stateless proxy, and RTP relays."""

import asyncio
import random
import re
import secrets
from typing import cast

from tests.linkus_desktop.sip.small_pbx import dialled_user
from tests.phones.ports import LOOPBACK, free_ports
from tests.phones.sipscript import Message

Address = tuple[str, int]
_MEDIA = re.compile(r"(?m)^(m=audio )(\d+)( )")


class _Socket(asyncio.DatagramProtocol):
    """Gives what comes to `receive`, if there is one."""

    def __init__(self, receive: object) -> None:
        self._receive = receive
        self.transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._receive(data, addr)  # type: ignore[operator]

    def error_received(self, exc: Exception) -> None:
        """A phone has closed its port: the call is over."""


async def _socket(receive: object, port: int = 0) -> _Socket:
    loop = asyncio.get_running_loop()
    _, made = await loop.create_datagram_endpoint(lambda: _Socket(receive), (LOOPBACK, port))
    return made


class Side:
    """One phone's end of the line: where it sends to, for sound and for reports.

    Attributes:
        loss: the part of sound packets towards this phone that is lost, 0 to 1. Reports come through.
    """

    def __init__(self) -> None:
        self.loss = 0.0
        self.lost = 0
        self.real_port = 0
        self.port = 0
        self.other: Side
        self._random = random.Random(8)
        self._rtp: _Socket
        self._rtcp: _Socket

    async def open(self) -> None:
        self.port = free_ports(2)
        self._rtp = await _socket(self._sound, self.port)
        self._rtcp = await _socket(self._report, self.port + 1)

    def close(self) -> None:
        self._rtp.transport.close()
        self._rtcp.transport.close()

    # This socket stands for the phone: what comes in is for it, and goes out by the other's socket, which is
    # where this phone thinks that the other one is.

    def _sound(self, data: bytes, _from: Address) -> None:
        if self._random.random() < self.loss:
            self.lost += 1
        elif self.real_port:
            self.other._rtp.transport.sendto(data, (LOOPBACK, self.real_port))

    def _report(self, data: bytes, _from: Address) -> None:
        if self.real_port:
            self.other._rtcp.transport.sendto(data, (LOOPBACK, self.real_port + 1))


class Exchange:
    """Takes every registration, and passes calls between those who are registered.

    Attributes:
        caller, callee: the ends of the line of a call.
    """

    transport = "udp"

    def __init__(self) -> None:
        self.port = 0
        self.caller, self.callee = Side(), Side()
        self.caller.other, self.callee.other = self.callee, self.caller
        self._contacts: dict[str, tuple[str, Address]] = {}
        self._sip: _Socket

    async def start(self) -> None:
        self._sip = await _socket(self._received)
        self.port = self._sip.transport.get_extra_info("sockname")[1]
        await self.caller.open()
        await self.callee.open()

    async def stop(self) -> None:
        self._sip.transport.close()
        self.caller.close()
        self.callee.close()

    def _received(self, data: bytes, source: Address) -> None:
        if not data.strip():
            return
        message = Message.parse(data)
        if message.status:
            self._pass_back(message)
        elif message.method == "REGISTER":
            self._register(message, source)
        else:
            self._pass_on(message)

    def _register(self, message: Message, source: Address) -> None:
        user = re.search(r"sip:([^@;>]+)@", message.get("To"))
        contact = re.search(r"<([^>]+)>", message.get("Contact"))
        if user and contact:
            self._contacts[user[1]] = (contact[1], source)
        answer = message.reply(200, "OK", to=f"{message.get('To')};tag={secrets.token_hex(4)}")
        answer.headers += [("Contact", message.get("Contact")), ("Expires", message.get("Expires") or "60")]
        self._sip.transport.sendto(answer.encode(), source)

    def _pass_on(self, message: Message) -> None:
        number = dialled_user(Message(re.sub(r"^[A-Z]+", "INVITE", message.first)))
        if number not in self._contacts:
            return
        contact, address = self._contacts[number]
        method = message.first.split()[0]
        via = f"SIP/2.0/UDP {LOOPBACK}:{self.port};branch=z9hG4bK{abs(hash(message.get('Via')))}"
        headers = [("Via", via), *message.headers]
        body = self._through(message.body, self.caller)
        self._sip.transport.sendto(Message(f"{method} {contact} SIP/2.0", headers, body).encode(), address)

    def _pass_back(self, message: Message) -> None:
        at = next(i for i, (name, _) in enumerate(message.headers) if name == "Via")
        headers = message.headers[:at] + message.headers[at + 1 :]
        back = Message(message.first, headers, self._through(message.body, self.callee))
        found = re.search(r"UDP ([\d.]+):(\d+)", back.get("Via"))
        assert found is not None
        self._sip.transport.sendto(back.encode(), (found[1], int(found[2])))

    def _through(self, body: str, side: Side) -> str:
        """The description of a phone's media, with its end of the line in place of the phone."""
        found = _MEDIA.search(body)
        if found is None:
            return body
        side.real_port = int(found[2])
        kept = re.sub(r"(?m)^a=rtcp:.*\r?\n", "", body)
        return _MEDIA.sub(rf"\g<1>{side.port}\g<3>", kept)
