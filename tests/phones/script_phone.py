"""A phone whose every message a test can see: SIP by `sipscript`, media by `rtp`."""

import asyncio
import contextlib
import re
import secrets
from collections.abc import Coroutine, Sequence
from urllib.parse import quote

from tests.phones.phone import ANSWERS_WITHIN_S, Caller, Ending, Line, RealPhone, Refused
from tests.phones.ports import LOOPBACK, udp_port_is_taken
from tests.phones.rtp import PAYLOAD_TYPES, TELEPHONE_EVENT, RtpPort
from tests.phones.sip_dialog import Dialog
from tests.phones.sipscript import Message, Wire, digest
from tests.phones.sound import Sound
from tests.phones.subscription import Subscription, summary
from tests.phones.waiting import until


class ScriptPhone(RealPhone):
    """One call at a time, G.711, no encryption of media.

    Attributes:
        dialog: the latest call.
        rtp: its media.
        requests: every request that came in, in order.
        challenges: how often it was asked for its secret.
        subscriptions: those to lamps and mailboxes, by Call-ID.
        unasked_messages: new and heard messages that it was told of without having subscribed, in order.
        told: statuses that came by NOTIFY about a transfer (sipfrag), in order.
    """

    def __init__(
        self, line: Line, *, expires_s: int = 300, address: str = LOOPBACK, agent: str = "script phone"
    ) -> None:
        """`agent`: what it calls itself, by which the PBX tells its kind."""
        super().__init__(line)
        self._agent = agent
        self.dialog: Dialog | None = None
        self.rtp = RtpPort()
        self.requests: list[Message] = []
        self.challenges = 0
        self.told: list[int] = []
        self.subscriptions: dict[str, Subscription] = {}
        self.unasked_messages: list[tuple[int, int]] = []
        self.expires_s = expires_s
        self.wire = Wire(line.host, line.port, line.transport, address=address)
        self._tasks: set[asyncio.Task[None]] = set()
        self._arrived = asyncio.Event()
        self._sdp_version = 1
        self._register_call = f"{secrets.token_hex(8)}@{LOOPBACK}"
        self._register_sequence = 0
        self._registered = False

    # What a phone does

    async def start(self) -> None:
        await self.wire.open()
        await self.rtp.open()
        self._spawn(self._serve())

    async def stop(self) -> None:
        there = self.line.transport != "udp" or udp_port_is_taken(self.line.port)
        if self._registered and there and not self.wire.closed.is_set():
            # A phone that is switched off says so; one that vanishes is `crash`.
            with contextlib.suppress(TimeoutError):
                await self.try_register(expires_s=0, timeout_s=20)
        await self.crash()

    async def crash(self) -> None:
        """Be gone without a word: the registration and the call stay with the PBX."""
        self._registered = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.rtp.close()
        await self.wire.close()
        for subscription in self.subscriptions.values():
            subscription.bodies()  # those that no test has looked at are judged, too

    async def register(self) -> None:
        answer = await self.try_register()
        if answer.status != 200:
            raise Refused(answer.status)
        self._registered = True

    async def unregister(self) -> None:
        """Take this phone's contact away."""
        await self.try_register(expires_s=0)
        self._registered = False

    async def try_register(
        self, *, expires_s: int | None = None, timeout_s: float = ANSWERS_WITHIN_S
    ) -> Message:
        """Register, with the secret once asked for it; the final answer."""
        expires = self.expires_s if expires_s is None else expires_s
        headers = [("Contact", f"<{self._contact}>"), ("Expires", str(expires))]
        self._register_sequence += 1
        request = self._request(
            "REGISTER", f"sip:{self.line.host}:{self.line.port}", call_id=self._register_call,
            sequence=self._register_sequence, to=self._address,
            from_=f"{self._address};tag={secrets.token_hex(4)}",
            headers=headers,
        )  # fmt: skip
        answer = await self._ask(request, timeout_s=timeout_s)
        self._register_sequence = int(answer.get("CSeq").split()[0])
        return answer

    def says(self, hz: float) -> None:
        self.rtp.says(hz)

    async def dial(self, number: str) -> None:
        uri = f"sip:{number}@{self.line.host}:{self.line.port}"
        tag, call_id = secrets.token_hex(4), f"{secrets.token_hex(8)}@{LOOPBACK}"
        from_ = (
            f'"{self.line.name}" {self._address};tag={tag}'
            if self.line.name
            else f"{self._address};tag={tag}"
        )
        invite = self._request(
            "INVITE", uri, call_id=call_id, sequence=1, to=f"<{uri}>", from_=from_,
            headers=[("Contact", f"<{self._contact}>"), ("Content-Type", "application/sdp")],
            body=self._sdp(),
        )  # fmt: skip
        self.rtp.forget()
        self.dialog = Dialog(call_id, from_, f"<{uri}>", uri, invite, outgoing=True)
        self._spawn(self._call(self.dialog))

    async def ringback(self) -> None:
        await self._wait(self._current.rings, "the other side to ring")

    async def connected(self) -> None:
        dialog = self._current
        await self._wait(dialog.decided, "an answer")
        if not dialog.answer or dialog.answer.status != 200:
            raise AssertionError(
                f"not answered but refused: {dialog.answer.first if dialog.answer else None}"
            )

    async def incoming(self) -> Caller:
        await self._wait(self._arrived, "a call")
        self._arrived.clear()
        from_ = self._current.invite.get("From")
        number = re.search(r"sips?:([^@;>]*)@", from_)
        name = re.match(r'\s*"((?:[^"\\]|\\.)*)"|\s*([^<"]*?)\s*<', from_)
        return Caller(
            number.group(1) if number else "", (name.group(1) or name.group(2) or "") if name else ""
        )

    async def answer(self) -> None:
        dialog = self._current
        body = self._sdp(answering=dialog.invite.body)
        self._reply(dialog.invite, 200, "OK", body=body)
        dialog.decided.set()
        await self._media(dialog.invite.body)

    async def reject(self, *, busy: bool = False) -> None:
        self.refuse(486 if busy else 603, "Busy Here" if busy else "Decline")

    def refuse(self, status: int, phrase: str) -> None:
        """Answer the ringing call with any final status."""
        self._reply(self._current.invite, status, phrase)
        self._current.gone.set()

    async def hold(self) -> None:
        await self.reinvite("sendonly")
        await self.rtp.stop_sending()

    async def resume(self) -> None:
        answer = await self.reinvite("sendrecv")
        await self._media(answer.body)

    async def reinvite(self, direction: str) -> Message:
        """Offer the media again in another direction; the answer, which has been acknowledged."""
        dialog = self._current
        request = self._in_dialog("INVITE", body=self._sdp(direction=direction))
        answer = await self._ask(request)
        self._acknowledge(dialog, int(answer.get("CSeq").split()[0]))
        if answer.status != 200:
            raise AssertionError(f"the new offer ({direction}) was refused: {answer.first}")
        return answer

    async def dtmf(self, digits: str) -> None:
        self.rtp.press(digits)
        await self.rtp.pressed()

    async def refer(self, number: str, *, replaces: "ScriptPhone | None" = None) -> int:
        """Ask for a transfer (RFC 3515) to a number; the status of the answer.

        `replaces`: to the far end of that phone's call instead (RFC 3891); `number` is whom it has called.
        """
        uri = f"sip:{number}@{self.line.host}:{self.line.port}"
        if replaces is not None:
            uri += f"?Replaces={replaces.replaced()}"
        return (await self._ask(self._in_dialog("REFER", headers=[("Refer-To", f"<{uri}>")]))).status

    @property
    def sip_call_id(self) -> str:
        """The Call-ID of the call."""
        return self._current.call_id

    def replaced(self) -> str:
        """The Replaces header for this phone's dialog, as part of a URI; tags as the PBX sees them."""
        dialog = self._current
        local, remote = dialog.local, dialog.remote if ";tag=" in dialog.remote else dialog.early
        tags = [tag.partition(";tag=")[2].partition(";")[0] for tag in (remote, local)]
        return quote(f"{dialog.call_id};to-tag={tags[0]};from-tag={tags[1]}", safe="")

    async def is_told(self, *statuses: int) -> None:
        """Wait until the PBX has told these statuses of the transfer, in this order, and no others."""
        await until(lambda: self.told == [*statuses], f"phone {self.line.number} is told {statuses}")

    async def watch(self, value: str, *, event: str = "dialog") -> Subscription:
        """Subscribe to a lamp, or to a mailbox with another event; `Refused` unless it is accepted."""
        subscription = Subscription(self, value, event=event)
        if (status := await subscription.begin()) != 200:
            raise Refused(status)
        return subscription

    async def hangup(self) -> None:
        dialog = self._current
        if dialog.outgoing and not dialog.decided.is_set():
            cancel = Message(f"CANCEL {dialog.target} SIP/2.0", [
                (name, value) for name, value in dialog.invite.headers
                if name in {"Via", "From", "To", "Call-ID", "Max-Forwards"}
            ] + [("CSeq", f"{dialog.invite.get('CSeq').split()[0]} CANCEL")])  # fmt: skip
            await self.wire.ask(cancel)
            await self._wait(dialog.decided, "487 after CANCEL")
            return
        await self.rtp.stop_sending()
        await self._ask(self._in_dialog("BYE"))
        dialog.gone.set()

    async def ended(self) -> Ending:
        dialog = self._current
        await self._wait(dialog.gone, "the end of the call")
        code = dialog.answer.status if dialog.answer and dialog.answer.status >= 300 else None
        return Ending(code, ", ".join(dialog.reasons))

    def heard(self) -> Sound:
        return self.rtp.heard()

    def digits(self) -> str:
        return self.rtp.digits

    # Inside

    @property
    def _current(self) -> Dialog:
        if self.dialog is None:
            raise AssertionError(f"phone {self.line.number} has no call")
        return self.dialog

    @property
    def _address(self) -> str:
        return f"<sip:{self.line.number}@{self.line.host}>"

    @property
    def _contact(self) -> str:
        transport = "" if self.line.transport == "udp" else f";transport={self.line.transport}"
        return f"sip:{self.line.number}@{self.wire.address}:{self.wire.port}{transport}"

    def _request(
        self, method: str, uri: str, *, call_id: str, sequence: int, to: str, from_: str,
        headers: list[tuple[str, str]] | None = None, body: str = "",
    ) -> Message:  # fmt: skip
        return Message(
            f"{method} {uri} SIP/2.0",
            [
                ("Via", self.wire.via), ("Max-Forwards", "70"), ("From", from_), ("To", to),
                ("Call-ID", call_id), ("CSeq", f"{sequence} {method}"), ("User-Agent", self._agent),
                *(headers or []),
            ],
            body,
        )  # fmt: skip

    def _in_dialog(self, method: str, *, body: str = "", headers: Sequence[tuple[str, str]] = ()) -> Message:
        dialog = self._current
        dialog.sequence += 1
        headers = [("Route", route) for route in dialog.route] + [("Contact", f"<{self._contact}>"), *headers]
        if body:
            headers.append(("Content-Type", "application/sdp"))
        return self._request(
            method, dialog.target, call_id=dialog.call_id, sequence=dialog.sequence, to=dialog.remote,
            from_=dialog.local, headers=headers, body=body,
        )  # fmt: skip

    async def _ask(self, request: Message, *, timeout_s: float = ANSWERS_WITHIN_S) -> Message:
        """Ask, and once more with the secret when that is wanted."""
        answer = await self.wire.ask(request, timeout_s=timeout_s)
        return await self.wire.ask(self._authorised(request, answer), timeout_s=timeout_s) if (
            answer.status in {401, 407}
        ) else answer  # fmt: skip

    def _authorised(self, request: Message, challenge: Message) -> Message:
        """The request again, with the next CSeq and our credentials."""
        self.challenges += 1
        name, asked = ("Authorization", "WWW-Authenticate")
        if challenge.status == 407:
            name, asked = ("Proxy-Authorization", "Proxy-Authenticate")
        method, uri, _ = request.first.split()
        sequence = int(request.get("CSeq").split()[0]) + 1
        credentials = digest(
            challenge.get(asked), method=method, uri=uri, user=self.line.number, secret=self.line.secret
        )
        changed = {"via": self.wire.via, "cseq": f"{sequence} {method}"}
        headers = [(key, changed.get(key.lower(), value)) for key, value in request.headers]
        if self.dialog and self.dialog.call_id == request.get("Call-ID"):
            self.dialog.sequence = sequence
        return Message(request.first, [*headers, (name, credentials)], request.body)

    async def _call(self, dialog: Dialog) -> None:
        """The caller's INVITE transaction, to its final answer."""
        answer = await self._invite(dialog)
        if answer.status in {401, 407}:
            self._acknowledge(dialog, int(dialog.invite.get("CSeq").split()[0]), answer)
            dialog.invite = self._authorised(dialog.invite, answer)
            answer = await self._invite(dialog)
        dialog.answer = answer
        dialog.remote = answer.get("To")
        if answer.status == 200:
            target = re.search(r"<([^>]+)>", answer.get("Contact"))
            dialog.target = target.group(1) if target else dialog.target
            dialog.route = list(reversed(answer.all("Record-Route")))
            self._acknowledge(dialog, dialog.sequence)
            await self._media(answer.body)
        else:
            self._acknowledge(dialog, dialog.sequence, answer)
            dialog.gone.set()
        dialog.decided.set()

    async def _invite(self, dialog: Dialog) -> Message:
        answers = self.wire.answers_to(dialog.invite)
        self.wire.send(dialog.invite)
        while (answer := await answers.get()).status < 200:
            dialog.provisional.append(answer.status)
            dialog.asserted = answer.get("P-Asserted-Identity")
            if answer.status in {180, 183}:
                dialog.early = answer.get("To")
                dialog.rings.set()
        return answer

    def _acknowledge(self, dialog: Dialog, sequence: int, refused: Message | None = None) -> None:
        """ACK: of its own after a 2xx, of the same transaction after a refusal (RFC 3261, 17.1.1.3)."""
        ack = self._request(
            "ACK",
            dialog.target,
            call_id=dialog.call_id,
            sequence=sequence,
            to=dialog.remote,
            from_=dialog.local,
        )
        if refused:
            ack = Message(ack.first, [
                (name, {"Via": dialog.invite.get("Via"), "To": refused.get("To")}.get(name, value))
                for name, value in ack.headers
            ])  # fmt: skip
        self.wire.send(ack)

    async def _serve(self) -> None:
        """Answer what the PBX asks."""
        while True:
            request = await self.wire.requests.get()
            self.requests.append(request)
            await self._handle(request)

    async def _handle(self, request: Message) -> None:
        ours = self.dialog is not None and self.dialog.call_id == request.get("Call-ID")
        match request.method:
            case "INVITE" if ours:
                self._reply(request, 200, "OK", body=self._sdp(answering=request.body))
                await self._media(request.body)
            case "INVITE" if self.dialog and not self.dialog.gone.is_set():
                self._reply(request, 486, "Busy Here")
            case "INVITE":
                self._ring(request)
            case "CANCEL" if ours and self._current.decided.is_set():
                self._reply(request, 200, "OK")  # too late: it is answered (RFC 3261, 9.2)
            case "CANCEL" if ours:
                self._reply(request, 200, "OK")
                self._reply(self._current.invite, 487, "Request Terminated")
                await self._over(request)
            case "BYE" if ours:
                self._reply(request, 200, "OK")
                await self._over(request)
            case "ACK":
                pass
            case "NOTIFY" if ours and (fragment := re.match(r"SIP/2\.0 (\d{3})", request.body)):
                self.told.append(int(fragment.group(1)))
                self._reply(request, 200, "OK")
            case "NOTIFY" if watched := self.subscriptions.get(request.get("Call-ID")):
                watched.notified(request)
                self._reply(request, 200, "OK")
            case "NOTIFY" if waiting := summary(request.body):
                self.unasked_messages.append(waiting)
                self._reply(request, 200, "OK")
            case "OPTIONS" | "NOTIFY" | "INFO" | "UPDATE":
                self._reply(request, 200, "OK")
            case _:
                self._reply(request, 481, "Call/Transaction Does Not Exist")

    def _ring(self, invite: Message) -> None:
        tag = f"{invite.get('To')};tag={secrets.token_hex(4)}"
        target = re.search(r"<([^>]+)>", invite.get("Contact"))
        self.rtp.forget()
        self.dialog = Dialog(
            invite.get("Call-ID"), tag, invite.get("From"), target.group(1) if target else "", invite,
            outgoing=False, route=invite.all("Record-Route"),
        )  # fmt: skip
        self._reply(invite, 180, "Ringing")
        self._arrived.set()

    async def _over(self, request: Message) -> None:
        await self.rtp.stop_sending()
        self._current.reasons += request.all("Reason")
        self._arrived.clear()
        self._current.gone.set()

    def _reply(self, request: Message, status: int, phrase: str, *, body: str = "") -> None:
        dialog = self.dialog
        to = request.get("To")
        if dialog and not dialog.outgoing and dialog.call_id == request.get("Call-ID") and "tag=" not in to:
            to = dialog.local
        headers = [(name, value) for name, value in request.headers if name in {"Via", "Record-Route"}]
        headers += [(name, request.get(name)) for name in ("From", "Call-ID", "CSeq")]
        headers += [("To", to), ("Contact", f"<{self._contact}>")]
        if body:
            headers.append(("Content-Type", "application/sdp"))
        self.wire.send(Message(f"SIP/2.0 {status} {phrase}", headers, body))

    def _sdp(self, *, direction: str = "sendrecv", answering: str = "") -> str:
        """An offer of our codecs, or an answer with the first of them that is offered."""
        names = list(self.line.codecs)
        if answering:
            offered = (re.search(r"m=audio \d+ \S+ ([\d ]+)", answering) or [None, ""])[1].split()
            names = [name for name in names if str(PAYLOAD_TYPES[name]) in offered][:1]
            mirrored = {"sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
            direction = next((mirrored[word] for word in mirrored if f"a={word}" in answering), "sendrecv")
        self._sdp_version += 1
        kinds = [PAYLOAD_TYPES[name] for name in names]
        lines = [
            "v=0", f"o=- 1 {self._sdp_version} IN IP4 {LOOPBACK}", "s=-", f"c=IN IP4 {LOOPBACK}", "t=0 0",
            f"m=audio {self.rtp.port} RTP/AVP {' '.join(map(str, kinds))} {TELEPHONE_EVENT}",
            *(f"a=rtpmap:{kind} {name}/8000" for kind, name in zip(kinds, names, strict=True)),
            f"a=rtpmap:{TELEPHONE_EVENT} telephone-event/8000", f"a=fmtp:{TELEPHONE_EVENT} 0-16",
            "a=ptime:20", f"a={direction}",
        ]  # fmt: skip
        return "\r\n".join(lines) + "\r\n"

    async def _media(self, sdp: str) -> None:
        """Send where the other side listens, with its first codec that we have."""
        host = re.search(r"c=IN IP4 (\S+)", sdp)
        port = re.search(r"m=audio (\d+) \S+ ([\d ]+)", sdp)
        if not host or not port:
            return
        offered = port.group(2).split()
        self.rtp.codec = next(
            (name for name in self.line.codecs if str(PAYLOAD_TYPES[name]) in offered), self.line.codecs[0]
        )
        if "a=sendonly" in sdp or "a=inactive" in sdp or self.rtp.codec == "G722":
            await self.rtp.stop_sending()
        else:
            await self.rtp.send_to(host.group(1), int(port.group(1)))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)

    async def _wait(self, event: asyncio.Event, what: str) -> None:
        came = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                # Not asked afterwards: a phone that was not run for a while gets a call and its end together.
                came = await event.wait()
        self._raise_failed()
        if not came:
            raise AssertionError(f"phone {self.line.number} waited {ANSWERS_WITHIN_S} s for {what}")

    def _raise_failed(self) -> None:
        """A task of ours that broke must break the test, not just be silent."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()):
                raise error
