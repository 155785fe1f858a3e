"""SIP by hand: messages that a test composes and reads itself (RFC 3261), over UDP, TCP and TLS.

For what no ordinary phone would send, and for what must be seen on the wire: the status and headers of every
answer, the `Reason` of a CANCEL, a message that is malformed on purpose.
"""

import asyncio
import hashlib
import re
import secrets
import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.phones.phone import ANSWERS_WITHIN_S, Transport
from tests.phones.ports import LOOPBACK

_T1_S = 0.5
_COMPACT = {
    "v": "Via",
    "f": "From",
    "t": "To",
    "i": "Call-ID",
    "m": "Contact",
    "l": "Content-Length",
    "c": "Content-Type",
}


@dataclass(slots=True)
class Message:
    """A request or an answer. Header names are compared without regard to case; order is kept."""

    first: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""

    @property
    def status(self) -> int:
        """Status of an answer; 0 for a request."""
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0 ") else 0

    @property
    def method(self) -> str:
        """Method of a request; of an answer, the method it answers."""
        return self.get("CSeq").split()[-1] if self.status else self.first.split()[0]

    def get(self, name: str) -> str:
        """First header of this name; "" if there is none."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> list[str]:
        """All headers of this name."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def with_header(self, name: str, value: str) -> "Message":
        """The same with one more header."""
        return Message(self.first, [*self.headers, (name, value)], self.body)

    def reply(self, status: int, phrase: str, *, to: str = "", body: str = "") -> "Message":
        """An answer to this request (RFC 3261, section 8.2.6); `to` where it shall have a tag."""
        headers = [(name, value) for name, value in self.headers if name in {"Via", "Record-Route"}]
        headers += [(name, self.get(name)) for name in ("From", "Call-ID", "CSeq")]
        return Message(f"SIP/2.0 {status} {phrase}", [*headers, ("To", to or self.get("To"))], body)

    def encode(self) -> bytes:
        """As it goes over the wire."""
        body = self.body.encode()
        lines = [self.first, *(f"{name}: {value}" for name, value in self.headers)]
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body

    @classmethod
    def parse(cls, data: bytes) -> "Message":
        """Read a message; `ValueError` if it is none."""
        head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
        first, *lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
        headers = []
        for line in lines:
            name, separator, value = line.partition(":")
            if not separator:
                raise ValueError(f"not a header: {line!r}")
            headers.append((_COMPACT.get(name.strip(), name.strip()), value.strip()))
        return cls(first, headers, body)


def digest(challenge: str, *, method: str, uri: str, user: str, secret: str) -> str:
    """The value of `Authorization` for a challenge (RFC 2617 and RFC 8760, qop auth or none)."""
    given = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.partition(" ")[2]))
    algorithm = given.get("algorithm", "MD5")
    hasher = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[algorithm.upper()]

    def hashed(*parts: str) -> str:
        return hasher(":".join(parts).encode()).hexdigest()

    ha1, ha2 = hashed(user, given["realm"], secret), hashed(method, uri)
    value = f'Digest username="{user}", realm="{given["realm"]}", nonce="{given["nonce"]}", uri="{uri}"'
    value += f", algorithm={algorithm}"
    if "opaque" in given:
        value += f', opaque="{given["opaque"]}"'
    if "qop" not in given:
        return f'{value}, response="{hashed(ha1, given["nonce"], ha2)}"'
    cnonce, count = secrets.token_hex(8), "00000001"
    response = hashed(ha1, given["nonce"], count, cnonce, "auth", ha2)
    return f'{value}, qop=auth, nc={count}, cnonce="{cnonce}", response="{response}"'


class Wire(asyncio.DatagramProtocol):
    """One SIP socket on the loopback address.

    Attributes:
        requests: what the other side asks of us, in order.
        port: ours; `address` is the one we come from (any 127.x.y.z is on the loopback device).
        closed: set once a TCP or TLS connection has ended.
    """

    def __init__(
        self,
        host: str,
        port: int,
        transport: Transport = "udp",
        *,
        address: str = LOOPBACK,
        own_port: int = 0,
    ) -> None:
        self.requests: asyncio.Queue[Message] = asyncio.Queue()
        self.port = 0
        self.closed = asyncio.Event()
        self.transport = transport
        self.address = address
        self._server = (host, port)
        self._own_port = own_port
        self._answers: dict[tuple[str, str], asyncio.Queue[Message]] = {}
        self._socket: asyncio.DatagramTransport | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reader: asyncio.Task[None] | None = None
        self._seen: set[tuple[str, str]] = set()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Connect, or take the own UDP port, any free one by default."""
        if self.transport == "udp":
            loop = asyncio.get_running_loop()
            self._socket, _ = await loop.create_datagram_endpoint(
                lambda: self, (self.address, self._own_port)
            )
            self.port = self._socket.get_extra_info("sockname")[1]
            return
        context: ssl.SSLContext | None = None
        if self.transport == "tls":
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        reader, self._writer = await asyncio.open_connection(
            *self._server, ssl=context, local_addr=(self.address, 0)
        )
        self.port = self._writer.get_extra_info("sockname")[1]
        self._reader = asyncio.create_task(self._read(reader), name="SIP stream")

    async def close(self) -> None:
        """Give the socket back."""
        if self._socket:
            self._socket.close()
        if self._writer:
            self._writer.transport.abort()
        if self._reader:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)

    @property
    def via(self) -> str:
        """A `Via` with a fresh branch."""
        branch = f"z9hG4bK{secrets.token_hex(8)}"
        return f"SIP/2.0/{self.transport.upper()} {self.address}:{self.port};rport;branch={branch}"

    def send_raw(self, data: bytes) -> None:
        """Send whatever this is."""
        if self._socket:
            self._socket.sendto(data, self._server)
        elif self._writer:
            self._writer.write(data)

    def send(self, message: Message) -> None:
        """Send a message and expect nothing."""
        self.send_raw(message.encode())

    def answers_to(self, request: Message) -> asyncio.Queue[Message]:
        """Where the answers to a request arrive, provisional ones too."""
        return self._answers.setdefault((_branch(request), request.method), asyncio.Queue())

    async def ask(self, request: Message, *, timeout_s: float = ANSWERS_WITHIN_S) -> Message:
        """Send a request, again while nothing comes (UDP); its final answer, or `TimeoutError`."""
        answers = self.answers_to(request)
        wait = _T1_S
        async with asyncio.timeout(timeout_s):
            while True:
                self.send(request)
                try:
                    async with asyncio.timeout(wait if self.transport == "udp" else None):
                        answer = await answers.get()
                except TimeoutError:
                    wait *= 2
                    continue
                while answer.status < 200:
                    answer = await answers.get()
                return answer

    # asyncio.DatagramProtocol

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data.strip():
            self._deliver(Message.parse(data))

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there (now); the wait for an answer will tell."""

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lstrip()
                if not head:
                    continue
                length = re.search(rb"(?im)^(?:content-length|l)\s*:\s*(\d+)", head)
                body = await reader.readexactly(int(length.group(1))) if length else b""
                self._deliver(Message.parse(head + body))
        except (asyncio.IncompleteReadError, OSError):
            pass  # the other side closed, which `closed` tells
        finally:
            self.closed.set()

    def _deliver(self, message: Message) -> None:
        if message.status:
            waiting = self._answers.get((_branch(message), message.method))
            if waiting:
                waiting.put_nowait(message)
            return
        once = (_branch(message), message.method)
        if once not in self._seen:  # a retransmission is not asked twice
            self._seen.add(once)
            self.requests.put_nowait(message)


def _branch(message: Message) -> str:
    found = re.search(r"branch=([^;,\s]+)", message.get("Via"))
    return found.group(1) if found else ""
