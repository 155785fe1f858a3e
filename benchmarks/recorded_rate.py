"""Calls per second of a second's talk, recorded by a rule, and the same calls without.

Both are ours, in the same run: the ratio is what recording costs. The caller sends sound, which the callee
sends back. A rate counts only if every call of it is in the list of recordings, whole.
"""

import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from benchmarks.call_rate import Settled, Talk, highest_rate
from benchmarks.report import Result
from tests.phones import g711
from tests.phones.phone import Line
from tests.phones.sound import tone
from tests.phones.waiting import until
from tests.real.pbx import Pbx

TALK_S = 1.0
_LEAST_S = 0.8 * TALK_S
"""So much of a call must be in its recording: it begins once the two talk."""
_FIRST = 8
_LISTED_S = 20.0
_RULE = "/recording-rules/bench"
_PAGE = 500


def _talk(folder: Path) -> Talk:
    """The caller sends a tone for a second."""
    sound = folder / "tone.alaw"
    sound.write_bytes(g711.encode("PCMA", tone(440, ms=1000).samples))
    return Talk(
        TALK_S,
        f'<nop><action><exec rtp_stream="{sound},-1,8"/></action></nop>'
        f'<pause milliseconds="{TALK_S * 1000:.0f}"/>',
        "[rtpstream_audio_port]",
    )


async def _seconds(pbx: Pbx, since: datetime) -> list[float]:
    """Length of every recording that has begun since then, and has ended."""
    found: list[float] = []
    path = f"/recordings?limit={_PAGE}"
    while page := await pbx.api("GET", path):
        new = [one for one in page if datetime.fromisoformat(one["started_at"]) >= since]
        found += [one["seconds"] for one in new if one["ended_at"]]
        if len(new) < _PAGE:
            break
        path = f"/recordings?limit={_PAGE}&before={page[-1]['id']}"
    return found


async def _all_recorded(pbx: Pbx, calls: int, since: datetime) -> bool:
    """Whether so many calls since then were recorded, each as long as it was."""
    seconds: list[float] = []

    async def listed() -> bool:
        seconds[:] = await _seconds(pbx, since)
        return len(seconds) >= calls

    with suppress(AssertionError):  # of which the next line tells
        await until(listed, "all calls are listed", timeout_s=_LISTED_S, every_s=0.2)
    whole = sum(one >= _LEAST_S for one in seconds)
    if whole < calls:
        print(f"Of {calls} calls {len(seconds)} were recorded, {whole} of them whole.")
    return whole >= calls


async def run(pbx: Pbx, lines: tuple[Line, Line], settled: Settled) -> list[Result]:
    """Without, then with: they share the machine's processors."""
    with tempfile.TemporaryDirectory(prefix="recorded-rate-") as name:
        talk = _talk(Path(name))
        without = await highest_rate(*lines, settled=settled, talk=talk, first=_FIRST)
        await pbx.api("PUT", _RULE, body={"everybody": True})
        try:
            recorded = await highest_rate(
                *lines,
                settled=settled,
                talk=talk,
                first=_FIRST,
                whole=lambda calls, since: _all_recorded(pbx, calls, since),
            )
        finally:
            await pbx.api("DELETE", _RULE)
    return [Result("calls of 1 s per second, all recorded", recorded, without, "ours, not recorded")]
