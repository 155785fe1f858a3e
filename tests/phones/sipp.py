"""sipp as a phone: a scenario for its signalling, our own RTP end point for its media.

A scenario cannot wait for a test, so what the phone does and when is given beforehand: how long it talks
before it holds, how long it holds, how long it talks again.
"""

import re
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.phones.phone import Line
from tests.phones.ports import LOOPBACK, free_port, udp_port_is_taken
from tests.phones.program import Program
from tests.phones.rtp import RtpPort
from tests.phones.script_phone import ScriptPhone
from tests.phones.sipscript import Wire
from tests.phones.waiting import until

_SDP = """Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 {version} IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio {port} RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a={direction}
"""


class Sipp:
    """One sipp process for one call.

    Attributes:
        rtp: what it says and hears.
    """

    def __init__(self, line: Line) -> None:
        self.line = line
        self.rtp = RtpPort()
        self._folder = Path(tempfile.mkdtemp(prefix="sipp-"))
        self._program: Program | None = None
        self._registered_port = 0

    async def __aenter__(self) -> Self:
        await self.rtp.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._program:
            await self._program.stop(kill=True)
        if self._registered_port:
            await self._unregister()
        await self.rtp.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def call(self, number: str, *, talk_ms: int, hold_ms: int, again_ms: int) -> None:
        """Dial, talk, hold, resume, talk again, hang up; returns at once."""
        offers = f'<pause milliseconds="{talk_ms}"/>' + self._offer(number, 3, 2, "sendonly")
        offers += f'<pause milliseconds="{hold_ms}"/>' + self._offer(number, 4, 3, "sendrecv")
        offers += f'<pause milliseconds="{again_ms}"/>'
        bye = self._ask(number, "BYE", 5) + '<recv response="200"/>\n'
        await self._start(self._caller(number, offers + bye), free_port())

    async def call_until_hung_up(self, number: str) -> None:
        """Dial, and talk until the other end hangs up; returns at once."""
        await self._start(
            self._caller(number, '<recv request="BYE"/>\n' + self._reply("200 OK")), free_port()
        )

    async def call_refused(self, number: str, status: int) -> None:
        """Dial, and be refused with this status; returns at once."""
        refused = f'<recv response="{status}"/>' + self._ask(number, "ACK", 2, first=True)
        await self._start(self._caller(number, refused, answered=False), free_port())

    async def serve(self, *, talk_ms: int | None = None) -> None:
        """Register, and answer the next call; after `talk_ms` hang up, without it when the caller does."""
        # Of the ports that are handed out once: any other may be somebody else's before sipp has it.
        phone = ScriptPhone(self.line)
        phone.wire = Wire(self.line.host, self.line.port, self.line.transport, own_port=free_port())
        await phone.start()
        await phone.register()
        # A new contact is asked whether it is there, and told of its messages; sipp would take either for its
        # one call.
        for method in ("OPTIONS", "NOTIFY"):
            await until(lambda m=method: m in {one.method for one in phone.requests}, f"{method} came")
        port = phone.wire.port
        await phone.crash()  # without unregistering: sipp takes the port over
        await until(lambda: not udp_port_is_taken(port), "the port is given back")
        self._registered_port = port
        await self._start(self._callee(talk_ms), port)

        def listens() -> bool:
            if self._program and not self._program.running:
                raise AssertionError(f"sipp {self.line.number} gave up: {self._program.output[:2000]}")
            return udp_port_is_taken(port)

        await until(listens, f"sipp {self.line.number} listens")

    async def _unregister(self) -> None:
        """Take the contact away: sipp has a script for one call only."""
        phone = ScriptPhone(self.line)
        phone.wire = Wire(self.line.host, self.line.port, self.line.transport, own_port=self._registered_port)
        await phone.start()
        try:
            await phone.unregister()
        finally:
            await phone.crash()

    async def media(self) -> None:
        """Wait until the PBX has said where it wants the sound, and send it there."""

        def look() -> re.Match[str] | None:
            if self._program and not self._program.running:
                raise AssertionError(f"sipp {self.line.number} gave up: {self._told()}")
            path = self._folder / "messages"
            text = path.read_text(errors="replace") if path.exists() else ""
            received = [
                part
                for part in text.split("-----------------------------------------------")
                if "message received" in part and "m=audio" in part
            ]
            return re.search(r"m=audio (\d+)", received[-1]) if received else None

        found = await until(look, f"sipp {self.line.number} is told where to send sound")
        if found:
            await self.rtp.send_to(LOOPBACK, int(found.group(1)))

    def _told(self) -> str:
        """The messages of the call, without credentials, and sipp's own last words."""
        path = self._folder / "messages"
        messages = path.read_text(errors="replace") if path.exists() else ""
        first_lines = re.findall(r"(?m)^(?:SIP/2.0 \d.*|[A-Z]+ sip:.*|CSeq:.*)$", messages)
        return "\n".join([*first_lines, self._program.output[-1500:] if self._program else ""])

    async def finished(self, timeout_s: float) -> int:
        """Wait for the end of the scenario; 0 if every message was as expected."""
        if self._program is None:
            raise AssertionError("sipp was not started")
        return await self._program.finished(timeout_s)

    async def _start(self, scenario: str, port: int) -> None:
        """Run a scenario. Left to itself sipp takes 5060 even from another sipp, which then hears instead."""
        path = self._folder / "scenario.xml"
        path.touch(mode=0o600)
        path.write_text(scenario)
        self._program = await Program.start(
            f"sipp {self.line.number}",
            [
                "sipp", f"{self.line.host}:{self.line.port}", "-sf", str(path), "-i", LOOPBACK, "-m", "1",
                "-p", str(port), "-nostdin", "-aa", "-trace_msg", "-message_file",
                str(self._folder / "messages"), "-recv_timeout", "85000", "-timeout", "90s",
            ],
            folder=self._folder,
        )  # fmt: skip

    def _sdp(self, version: int, direction: str) -> str:
        return _SDP.format(version=version, port=self.rtp.port, direction=direction)

    def _ask(self, number: str, method: str, sequence: int, more: str = "", *, first: bool = False) -> str:
        """A request of the caller; `first`: of the INVITE that makes the call."""
        uri = f"sip:{number}@[remote_ip]:[remote_port]"
        retrans = "" if method == "ACK" else ' retrans="500"'
        return (
            f"<send{retrans}><![CDATA[\n{method} {uri if first else '[next_url]'} SIP/2.0\n"
            "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
            f"From: <sip:{self.line.number}@[remote_ip]>;tag=[pid]t[call_number]\n"
            f"To: <sip:{number}@[remote_ip]>{'' if first and method == 'INVITE' else '[peer_tag_param]'}\n"
            f"Call-ID: [call_id]\nCSeq: {sequence} {method}\n"
            f"Contact: <sip:{self.line.number}@[local_ip]:[local_port]>\nMax-Forwards: 70\n"
            f"{more or 'Content-Length: 0'}\n\n]]></send>\n"
        )

    def _offer(self, number: str, sequence: int, version: int, direction: str) -> str:
        """A re-INVITE and its ACK."""
        return (
            self._ask(number, "INVITE", sequence, self._sdp(version, direction))
            + '<recv response="100" optional="true"/><recv response="200" rrs="true"/>'
            + self._ask(number, "ACK", sequence)
        )

    def _caller(self, number: str, and_then: str, *, answered: bool = True) -> str:
        """`and_then`: what follows the answer; without one, the INVITE."""
        login = f"[authentication username={self.line.number} password={self.line.secret}]\n"
        optional = "".join(f'<recv response="{code}" optional="true"/>' for code in (100, 180, 183))
        answer = '<recv response="200" rrs="true"/>' + self._ask(number, "ACK", 2)
        return (
            '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="caller">\n'
            + self._ask(number, "INVITE", 1, self._sdp(1, "sendrecv"), first=True)
            + '<recv response="100" optional="true"/><recv response="401" auth="true"/>'
            + self._ask(number, "ACK", 1, first=True)
            + self._ask(number, "INVITE", 2, login + self._sdp(1, "sendrecv"), first=True)
            + optional
            + (answer if answered else "")
            + and_then
            + "</scenario>\n"
        )

    def _reply(self, status: str, more: str = "Content-Length: 0\n", *, tag: str = "") -> str:
        return (
            f"<send><![CDATA[\nSIP/2.0 {status}\n[last_Via:]\n[last_From:]\n"
            f"[last_To:]{tag}\n"
            "[last_Call-ID:]\n[last_CSeq:]\n"
            f"Contact: <sip:{self.line.number}@[local_ip]:[local_port]>\n{more}\n]]></send>\n"
        )

    def _callee(self, talk_ms: int | None) -> str:
        tag = ";tag=[call_number]x[pid]"
        known = "".join(
            f'<ereg regexp="{what}" search_in="hdr" header="{header}:" assign_to="{name}"/>'
            for name, header, what in (
                ("from", "From", ".*"), ("to", "To", ".*"), ("contact", "Contact", "sip:[^&gt;]*"),
            )
        )  # fmt: skip
        end = '<recv request="BYE"/>\n' + self._reply("200 OK")
        if talk_ms is not None:
            end = (
                f'<pause milliseconds="{talk_ms}"/><send retrans="500"><![CDATA[\nBYE [$contact] SIP/2.0\n'
                "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
                f"From: [$to]{tag}\nTo: [$from]\nCall-ID: [call_id]\nCSeq: 1 BYE\nMax-Forwards: 70\n"
                "Content-Length: 0\n\n]]></send>\n" + '<recv response="200"/>\n'
            )
        return (
            '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="callee">\n'
            f'<recv request="INVITE"><action>{known}</action></recv>\n'
            '<Reference variables="from,to,contact"/>\n'
            + self._reply("180 Ringing", tag=tag)
            + self._reply("200 OK", self._sdp(1, "sendrecv"), tag=tag)
            + '<recv request="ACK"/>\n'
            + end
            + "</scenario>\n"
        )
