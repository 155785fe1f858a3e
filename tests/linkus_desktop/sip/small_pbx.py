"""Just enough of a PBX for one phone: a registrar, its calls, transfers, each answer chosen by the test."""

import asyncio
import re
import secrets
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import cast

from tests.phones.rtp import RtpPort
from tests.phones.sipscript import Message

LOOPBACK = "127.0.0.1"
Send = Callable[[bytes], None]
_RTPMAPS = {0: "a=rtpmap:0 PCMU/8000", 8: "a=rtpmap:8 PCMA/8000", 9: "a=rtpmap:9 G722/8000"}


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, pbx: "SmallPbx") -> None:
        self.pbx = pbx
        self.transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data.strip():
            self.pbx.received(Message.parse(data), lambda reply: self.transport.sendto(reply, addr))


class SmallPbx:
    """Listens on a free port of the loopback.

    Attributes:
        register_status: what a REGISTER gets; 0 leaves it unanswered. 200 asks for the digest first.
        invite_answers: statuses an INVITE gets, in order; the last may be final or not.
        reinvite_answers: statuses that the next offers within a call get, in order; then `reinvite_status`.
        patient: methods whose offers within a call wait for `agree`.
        codecs: payload types of the PBX's answers; more than one makes PJSIP lock one of them by an UPDATE.
        requests: all that came, in order.
        refer_status: what a REFER gets; 0 leaves it unanswered, 401 asks for the digest once.
        refer_notices: status lines that are notified at once when a REFER was accepted.
        invites: what the phone dialled, by number; the other end of requests within these calls.
        lines: RTP of calls to some numbers, where each is to be told apart; others share `rtp`.
        reason: a `Reason` header for refusals and CANCELs, empty for none.
    """

    def __init__(self, transport: str = "udp") -> None:
        self.transport = transport
        self.port = 0
        self.register_status = 200
        self.challenge = True
        self.invite_answers = [180, 200]
        self.answer_headers: list[tuple[str, str]] = []
        self.reinvite_status = 200
        self.reinvite_answers: list[int] = []
        self.patient: set[str] = set()
        self.codecs = (8,)
        self.telephone_event = True
        self.refer_status = 202
        self.refer_notices: list[str] = []
        self.invites: dict[str, Message] = {}
        self.lines: dict[str, RtpPort] = {}
        self.reason = ""
        self.requests: list[Message] = []
        self.answers: list[Message] = []
        self.rtp = RtpPort()
        self.invite: Message | None = None
        self.contact = ""
        self._waiting: list[Message] = []
        self._came: set[tuple[str, str]] = set()
        self._sequence = 1000
        self._to_phone: Send = lambda data: None
        self._streams: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self._datagrams: asyncio.DatagramTransport | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._outgoing = False

    async def start(self, certificate: Path | None = None, port: int = 0) -> None:
        await self.rtp.open()
        if self.transport == "udp":
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), (LOOPBACK, port))
            self._datagrams = transport
            self.port = transport.get_extra_info("sockname")[1]
            return
        context = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
        self._server = await asyncio.start_server(self._serve, LOOPBACK, port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        for rtp in (self.rtp, *self.lines.values()):
            await rtp.close()
        if self._datagrams is not None:
            self._datagrams.close()
        if self._server is not None:
            self._server.close()
        self.drop_connections()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def drop_connections(self) -> None:
        """Break every TCP connection."""
        for writer in self._streams:
            writer.transport.abort()
        self._streams.clear()

    def offers(self) -> list[Message]:
        """The offers that came within calls, in order."""
        return [
            request
            for request in self.requests
            if request.method in {"INVITE", "UPDATE"} and request.body and "tag=" in request.get("To")
        ]

    def agree(self) -> None:
        """Answer the oldest offer that waits."""
        self._answer_offer(self._waiting.pop(0))

    def methods(self) -> list[str]:
        return [request.method for request in self.requests]

    def refers(self) -> list[Message]:
        """What was asked for by REFER, in order."""
        return [request for request in self.requests if request.method == "REFER"]

    async def add_line(self, number: str, hz: float) -> RtpPort:
        """Who is called `number` has RTP of its own, and says a tone."""
        rtp = self.lines[number] = RtpPort()
        await rtp.open()
        rtp.says(hz)
        return rtp

    # What the PBX does by itself

    def received(self, message: Message, send: Send) -> None:
        self._to_phone = send
        if message.status:
            self.answers.append(message)
            if message.method == "INVITE" and message.status >= 200:
                self._ack(message)
            return
        if self._came_before(message):
            return
        self.requests.append(message)
        match message.method:
            case "REGISTER":
                self._register(message)
            case "INVITE" | "UPDATE" if "tag=" in message.get("To"):
                if message.method in self.patient:
                    self._waiting.append(message)
                else:
                    self._answer_offer(message)
            case "INVITE":
                self.invite, self._outgoing = message, False
                self.invites[dialled_user(message)] = message
                for status in self.invite_answers:
                    self.respond(status)
            case "CANCEL":
                self._reply(message, 200)
                self.respond(487)
            case "REFER":
                self._refer(message)
            case "ACK":
                pass
            case _:
                self._reply(message, 200)

    def _came_before(self, message: Message) -> bool:
        """Whether the phone sends this again: its answer takes time, or neither of us was run for a while.

        A REGISTER may be left unanswered at first, and is answered when it comes again.
        """
        if message.method == "REGISTER":
            return False
        key = (message.method, message.get("Via"))
        again = key in self._came
        self._came.add(key)
        return again

    def respond(self, status: int) -> None:
        """Answer the phone's INVITE."""
        assert self.invite is not None
        media = status in (183, 200)
        if media:
            self._talk(self.invite)
        headers = [*self.answer_headers, *([("Reason", self.reason)] if self.reason else [])]
        body = self._sdp("sendrecv", self._rtp_of(self.invite)) if media else ""
        self._reply(self.invite, status, headers=headers, body=body)

    def call(
        self, *, from_: str = '"Zoë Ångström" <sip:2001@pbx>', headers: list[tuple[str, str]] | None = None
    ) -> None:
        """Ring the phone."""
        self._outgoing = True
        self.invite = Message(
            f"INVITE {self.contact} SIP/2.0",
            [*self._dialog_headers(1, "INVITE", from_, f"<{self.contact}>"), *(headers or []),
             ("Content-Type", "application/sdp")],
            self._sdp("sendrecv"),
        )  # fmt: skip
        self._to_phone(self.invite.encode())

    def cancel(self) -> None:
        """Give the ringing call up, with `reason`."""
        assert self.invite is not None
        kept = [
            (k, v) for k, v in self.invite.headers if k in {"Via", "From", "To", "Call-ID", "Max-Forwards"}
        ]
        extra = [("Reason", self.reason)] if self.reason else []
        self._to_phone(
            Message(f"CANCEL {self.contact} SIP/2.0", [*kept, ("CSeq", "1 CANCEL"), *extra]).encode()
        )

    def bye(self, number: str = "") -> None:
        """Hang up an answered call: the newest, or the one to `number`."""
        self._to_phone(self.within("BYE", number).encode())

    def offer(self, direction: str, *, headers: list[tuple[str, str]] | None = None) -> None:
        """Offer an answered call's media anew, as in `sendonly` for hold."""
        request = self.within("INVITE").with_header("Content-Type", "application/sdp")
        request.headers += headers or []
        request.body = self._sdp(direction)
        self._to_phone(request.encode())

    def update(self, headers: list[tuple[str, str]]) -> None:
        """Tell of a change by UPDATE without an offer (RFC 3311)."""
        request = self.within("UPDATE")
        request.headers += headers
        self._to_phone(request.encode())

    def notify(self, body: str, number: str = "", *, state: str = "", event: str = "refer") -> None:
        """Tell how a transfer goes (RFC 3515); a final status ends the subscription, or `state`."""
        final = not body.startswith("SIP/2.0 1")
        request = self.within("NOTIFY", number)
        request.headers += [
            ("Event", event),
            (
                "Subscription-State",
                state or ("terminated;reason=noresource" if final else "active;expires=60"),
            ),
            ("Content-Type", "message/sipfrag;version=2.0"),
        ]
        request.body = body
        self._to_phone(request.encode())

    def send(self, request: Message) -> None:
        """Send whatever this is."""
        self._to_phone(request.encode())

    def within(self, method: str, number: str = "") -> Message:
        """A request of ours in the newest dialog, or in that of the call to `number`."""
        invite = self.invites[number] if number else self.invite
        assert invite is not None
        if self._outgoing and not number:
            to = next(a.get("To") for a in self.answers if a.method == "INVITE" and a.status == 200)
            from_ = invite.get("From")
        else:
            from_, to = self._tagged(invite.get("To")), invite.get("From")
        self._sequence += 1
        headers = self._dialog_headers(self._sequence, method, from_, to, call_id=invite.get("Call-ID"))
        return Message(f"{method} {self.contact} SIP/2.0", headers)

    def _refer(self, message: Message) -> None:
        if self.refer_status == 401 and not message.get("Authorization"):
            self._reply(message, 401, headers=[("WWW-Authenticate", self._challenge)])
        elif self.refer_status:
            self._reply(message, 202 if self.refer_status == 401 else self.refer_status)
            number = next(
                (n for n, invite in self.invites.items() if invite.get("Call-ID") == message.get("Call-ID")),
                "",
            )
            for line in self.refer_notices:
                self.notify(f"SIP/2.0 {line}\r\n", number)

    def _rtp_of(self, message: Message) -> RtpPort:
        """Where the sound of a call is."""
        number = next(
            (n for n, invite in self.invites.items() if invite.get("Call-ID") == message.get("Call-ID")), ""
        )
        return self.lines.get(number, self.rtp)

    def _register(self, message: Message) -> None:
        if self.register_status == 0:
            return
        self.contact = (re.search(r"<([^>]+)>", message.get("Contact")) or ["", ""])[1]
        if self.register_status == 200 and self.challenge and not message.get("Authorization"):
            self._reply(message, 401, headers=[("WWW-Authenticate", self._challenge)])
            return
        extra = [("Contact", message.get("Contact")), ("Expires", message.get("Expires") or "60")]
        self._reply(message, self.register_status, headers=extra)

    def _answer_offer(self, message: Message) -> None:
        status = self.reinvite_answers.pop(0) if self.reinvite_answers else self.reinvite_status
        wanted = next((d for d in ("sendonly", "inactive") if f"a={d}" in message.body), "sendrecv")
        mirrored = {"sendonly": "recvonly"}.get(wanted, wanted)
        asked = [("WWW-Authenticate", self._challenge)] if status == 401 else []
        agreed = status == 200 and message.body
        body = self._sdp(mirrored, self._rtp_of(message)) if agreed else ""
        self._reply(message, status, headers=asked, body=body)

    def _talk(self, message: Message) -> None:
        port = re.search(r"m=audio (\d+)", message.body)
        if port is not None:
            task = asyncio.ensure_future(self._rtp_of(message).send_to(LOOPBACK, int(port[1])))
            self._tasks.add(task)

    def _ack(self, answer: Message) -> None:
        assert self.invite is not None
        if answer.status == 200 and answer.body:
            self._talk(answer)
        headers = [
            ("Via", answer.get("Via") if answer.status != 200 else self._via()),
            ("From", answer.get("From")), ("To", answer.get("To")), ("Call-ID", answer.get("Call-ID")),
            ("CSeq", f"{answer.get('CSeq').split()[0]} ACK"), ("Max-Forwards", "70"),
        ]  # fmt: skip
        self._to_phone(Message(f"ACK {self.contact} SIP/2.0", headers).encode())

    def _reply(
        self, request: Message, status: int, *, headers: list[tuple[str, str]] | None = None, body: str = ""
    ) -> None:
        copied = [(k, v) for k, v in request.headers if k in {"Via", "From", "Call-ID", "CSeq"}]
        to = self._tagged(request.get("To")) if status > 100 else request.get("To")
        lines = [
            *copied,
            ("To", to),
            ("Contact", f"<sip:pbx@{LOOPBACK}:{self.port};transport={self.transport}>"),
            ("Allow", "INVITE, ACK, CANCEL, BYE, UPDATE, INFO, REFER, NOTIFY"),
        ]
        lines += headers or []
        if body:
            lines.append(("Content-Type", "application/sdp"))
        self._to_phone(Message(f"SIP/2.0 {status} Whatever", lines, body).encode())

    @property
    def _challenge(self) -> str:
        """A nonce nobody has used yet."""
        return f'Digest realm="asterisk", nonce="{secrets.token_hex(8)}", algorithm=MD5, qop="auth"'

    def _tagged(self, to: str) -> str:
        return to if "tag=" in to else f"{to};tag=pbx"

    def _via(self) -> str:
        return f"SIP/2.0/{self.transport.upper()} {LOOPBACK}:{self.port};branch=z9hG4bK{secrets.token_hex(6)}"

    def _dialog_headers(
        self, sequence: int, method: str, from_: str, to: str, call_id: str = ""
    ) -> list[tuple[str, str]]:
        return [
            ("Via", self._via()), ("Max-Forwards", "70"),
            ("From", from_ if "tag=" in from_ else f"{from_};tag=far"), ("To", to),
            ("Call-ID", call_id or secrets.token_hex(8)), ("CSeq", f"{sequence} {method}"),
            ("Contact", f"<sip:pbx@{LOOPBACK}:{self.port};transport={self.transport}>"),
        ]  # fmt: skip

    def _sdp(self, direction: str, rtp: RtpPort | None = None) -> str:
        events = ["a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16"] if self.telephone_event else []
        types = " ".join(str(codec) for codec in (*self.codecs, *([101] if self.telephone_event else [])))
        lines = [
            "v=0", f"o=- 1 {secrets.randbelow(1 << 30)} IN IP4 {LOOPBACK}", "s=-",
            f"c=IN IP4 {LOOPBACK}", "t=0 0",
            f"m=audio {(rtp or self.rtp).port} RTP/AVP {types}",
            *(_RTPMAPS[codec] for codec in self.codecs),
            *events, f"a={direction}",
        ]  # fmt: skip
        return "\r\n".join(lines) + "\r\n"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._streams.append(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lstrip(b"\r\n")
                if not head:
                    continue
                length = re.search(rb"(?im)^(?:content-length|l)\s*:\s*(\d+)", head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                self.received(Message.parse(head + body), writer.write)
        except (asyncio.IncompleteReadError, OSError):
            return
        finally:
            if writer in self._streams:
                self._streams.remove(writer)
            writer.close()


def dialled_user(invite: Message) -> str:
    """Whom an INVITE is for."""
    return (re.match(r"INVITE sips?:([^@;]*)@", invite.first) or ["", ""])[1]
