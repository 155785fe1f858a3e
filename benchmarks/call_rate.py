"""Calls per second until the first one fails: through our server, and through a two-line dialplan.

sipp calls sipp: INVITE, challenge, INVITE, 200, ACK, perhaps some talk, BYE. The rate doubles until a call
fails, then the gap is halved twice; each step lasts `STEP_S` seconds. As long as no call failed, none may be
left over after a step.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.report import Result
from tests.phones.phone import Line
from tests.phones.ports import LOOPBACK, free_ports, udp_port_is_taken
from tests.phones.program import Program, ProgramError
from tests.phones.script_phone import ScriptPhone
from tests.phones.waiting import until

STEP_S = 3
MEDIA_PORTS = 4
"""Of the sipp that answers: another one on this machine may have those that it takes by itself."""
_FIRST = 20
_HIGHEST = 640
_HALVINGS = 2
_RECOVERY_S = 6
_AIM = 0.5

_HEADERS = """\
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:{user}@[remote_ip]>;tag=[pid]t[call_number]
      To: <sip:{number}@[remote_ip]>{tag}
      Call-ID: [call_id]
      CSeq: {sequence}
      Contact: <sip:{user}@[local_ip]:[local_port]>
      Max-Forwards: 70
{extra}\
"""

_SDP = """\
      Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=- 1 1 IN IP4 [local_ip]
      s=-
      c=IN IP4 [local_ip]
      t=0 0
      m=audio {port} RTP/AVP 8 0
      a=rtpmap:8 PCMA/8000
      a=rtpmap:0 PCMU/8000
"""

Settled = Callable[[], Awaitable[object]]
"""Waits until nothing is left of the calls before."""
Whole = Callable[[int, datetime], Awaitable[bool]]
"""Whether so many calls, which have begun since then, have left behind what they should."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What happens between ACK and BYE: `actions` of the scenario, for `seconds`.

    `port`: that of the caller's media, as the scenario names it.
    """

    seconds: float = 0.0
    actions: str = ""
    port: str = "9"


NO_TALK = Talk()


def _message(first: str, line: Line, number: str, sequence: str, *, tag: str = "", extra: str = "") -> str:
    headers = _HEADERS.format(user=line.number, number=number, sequence=sequence, tag=tag, extra=extra)
    end = "" if "m=audio" in extra else "      Content-Length: 0\n\n"
    return f"<![CDATA[\n\n      {first}\n{headers}{end}\n]]>"


def scenario(line: Line, number: str, talk: Talk = NO_TALK) -> str:
    """What the calling sipp does; the secret is in this file only, never on a command line."""
    sdp = _SDP.format(port=talk.port)
    uri = f"sip:{number}@[remote_ip]:[remote_port]"
    credentials = f"      [authentication username={line.number} password={line.secret}]\n"
    invite = _message(f"INVITE {uri} SIP/2.0", line, number, "1 INVITE", extra=sdp)
    refused = _message(f"ACK {uri} SIP/2.0", line, number, "1 ACK", tag="[peer_tag_param]")
    again = _message(f"INVITE {uri} SIP/2.0", line, number, "2 INVITE", extra=credentials + sdp)
    acknowledged = _message("ACK [next_url] SIP/2.0", line, number, "2 ACK", tag="[peer_tag_param]")
    bye = _message("BYE [next_url] SIP/2.0", line, number, "3 BYE", tag="[peer_tag_param]")
    provisional = "".join(f'<recv response="{code}" optional="true"/>' for code in (100, 180, 183))
    return f"""<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="caller">
<send retrans="500">{invite}</send>
<recv response="100" optional="true"/>
<recv response="401" auth="true"/>
<send>{refused}</send>
<send retrans="500">{again}</send>
{provisional}
<recv response="200" rrs="true"/>
<send>{acknowledged}</send>
{talk.actions}
<send retrans="500">{bye}</send>
<recv response="200"/>
</scenario>
"""


async def _callee(line: Line, folder: Path) -> Program:
    """A sipp that answers every call, on a port that was registered just before."""
    phone = ScriptPhone(line, expires_s=3600)
    await phone.start()
    await phone.register()
    port = phone.wire.port
    await phone.crash()  # without unregistering: sipp takes over
    await until(lambda: not udp_port_is_taken(port), "the port of the phone is free")
    return await Program.start(
        "sipp callee",
        [
            "sipp", "-sn", "uas", "-i", LOOPBACK, "-p", str(port), "-mp", str(free_ports(MEDIA_PORTS)),
            "-aa", "-nostdin", "-rtp_echo",
        ],
        folder=folder,
    )  # fmt: skip


async def _holds(line: Line, number: str, rate: int, folder: Path, talk: Talk) -> bool:
    """Whether every call of a step at this rate works."""
    path = folder / "caller.xml"
    path.touch(mode=0o600)
    path.write_text(scenario(line, number, talk))
    program = await Program.start(
        "sipp caller",
        [
            "sipp", f"{line.host}:{line.port}", "-sf", str(path), "-i", LOOPBACK, "-p", str(free_ports(1)),
            "-r", str(rate),
            "-m", str(rate * STEP_S), "-nostdin", "-recv_timeout", "4000",
            "-timeout", f"{STEP_S + 12 + talk.seconds:.0f}s", "-timeout_error",
        ],
        folder=folder,
    )  # fmt: skip
    try:
        worked = await program.finished(STEP_S + 20 + talk.seconds) == 0
    except ProgramError:
        worked = False
    finally:
        await program.stop(kill=True)
    if not worked and rate <= _FIRST:
        print(f"Not even {rate} calls a second worked. sipp's last words:\n{program.output[-2000:]}")
    return worked


async def highest_rate(
    caller: Line,
    callee: Line,
    settled: Settled,
    *,
    talk: Talk = NO_TALK,
    first: int = _FIRST,
    whole: Whole | None = None,
) -> float:
    """The highest rate at which no call failed, in calls per second; 0 if none. `first` is tried first.

    With `whole`, a rate at which that is not so has failed, too.
    """
    with tempfile.TemporaryDirectory(prefix="call-rate-") as name:
        folder = Path(name)
        answering = await _callee(callee, folder)

        async def holds(rate: int) -> bool:
            since = datetime.now(UTC)
            worked = await _holds(caller, callee.number, rate, folder, talk)
            if not answering.running:
                raise AssertionError(f"The answering sipp has ended. Its words:\n{answering.output[:2000]}")
            return worked and (whole is None or await whole(rate * STEP_S, since))

        try:
            good, bad, rate = 0, 0, first
            while not bad and rate <= _HIGHEST:
                if await holds(rate):
                    good, rate = rate, rate * 2
                    await settled()
                else:
                    bad = rate
            for _ in range(_HALVINGS if bad else 0):
                await _recovered(settled)
                middle = (good + bad) // 2
                if await holds(middle):
                    good = middle
                else:
                    bad = middle
            return float(good)
        finally:
            await answering.stop(kill=True)


async def _recovered(settled: Settled) -> None:
    """Wait a moment after an overload. Callers that were ended in a call leave it behind: no error."""
    with contextlib.suppress(AssertionError, TimeoutError):
        async with asyncio.timeout(_RECOVERY_S):
            await settled()


async def run(ours: tuple[Line, Line], plain: tuple[Line, Line], settled: Settled) -> list[Result]:
    """One after the other: they share the machine's two or more processors."""
    theirs = await highest_rate(*plain, settled=lambda: asyncio.sleep(1))
    mine = await highest_rate(*ours, settled=settled)
    return [
        Result("calls per second before the first failure", mine, theirs, "Asterisk, two-line dialplan",
               theirs * _AIM, more_is_better=True)
    ]  # fmt: skip
