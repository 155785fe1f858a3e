"""Server or Asterisk killed: the truth is back within 5 s and nothing is left over (A.3, KEY-5)."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.phones.hearing import hears_tone
from tests.phones.own_phone import OwnPhone
from tests.phones.script_phone import ScriptPhone
from tests.phones.sound import longest_gap_ms, read_wav
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tests.real.prompts import upload
from tests.real.test_voicemail import a_message
from tools.standstill import witness

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

BACK_WITHIN_S = 5.0
"""Of time in which the machine runs: it may stand still now and then (see `tools.standstill`)."""
STARTING_GAP_S = 0.25
"""The longest gap while a server starts on the same two cores, on which the tests' phones keep time as well.
The 60 ms of a quiet call are held in test_media."""


async def _back(look: Callable[[], Awaitable[bool]], what: str, within_s: float = BACK_WITHIN_S) -> None:
    """Wait until something is back, and see that it was in time."""
    async with witness() as machine:
        began = time.monotonic()
        await until(look, what, every_s=0.1)
        now = time.monotonic()
        took_s = machine.ran_s(began, now)
    assert took_s <= within_s, f"{what}, but only after {took_s:.1f} s"


async def _truth(pbx: Pbx, **calls: str) -> None:
    """Wait until these extensions show these call states and all of them are registered."""

    async def look() -> bool:
        try:
            states = await pbx.states()
        except OSError:
            return False
        return all(
            states[number.strip("_")]["call"] == call and states[number.strip("_")]["registered"]
            for number, call in calls.items()
        )

    await _back(look, f"the lamps show {calls}")


async def test_the_server_is_killed_in_a_call_and_takes_it_over_again_OPS_1(own_pbx: Pbx) -> None:
    pbx = own_pbx
    before = {number: await pbx.ids(number) for number in ("1001", "1002")}
    async with OwnPhone(pbx.line("1001")) as caller, ScriptPhone(pbx.line("1002")) as callee:
        await pbx.register(caller, callee)
        caller.says(440)
        callee.says(1000)
        await caller.dial("1002")
        await callee.incoming()
        await callee.answer()
        await caller.connected()
        await hears_tone(caller, 1000)
        engine = pbx.engine_pid

        async def restart() -> None:
            await pbx.kill()
            await pbx.start()
            await _truth(pbx, _1001="talking", _1002="talking")

        mark = caller.heard().ms
        async with witness() as machine:
            began = time.monotonic()
            await restart()
            await asyncio.gather(hears_tone(caller, 1000), hears_tone(callee, 440))
            gap_s = longest_gap_ms(caller.heard().since(mark), 1000, edges=True) / 1000
            most_s = machine.longest_gap_s(began, time.monotonic(), gap_s=gap_s, limit_s=STARTING_GAP_S)
        assert pbx.engine_pid == engine, "Asterisk was restarted"
        assert gap_s <= most_s
        assert [(one["caller"], one["dialled"], one["state"]) for one in await pbx.active()] == [
            ("1001", "1002", "talking")
        ]
        await callee.hold()
        await _truth(pbx, _1001="talking", _1002="held")
        await callee.resume()
        await caller.hangup()
        await callee.ended()
        await pbx.nothing_left()
        entries = [await pbx.newest(number, after=before[number]) for number in ("1001", "1002")]
        assert [entry["outcome"] for entry in entries] == ["answered", "answered"]
        assert all(entry["answered_at"] for entry in entries)


@contextlib.contextmanager
def _nothing_is_written(pbx: Pbx) -> Iterator[None]:
    """Keep the server from writing to its database."""
    with contextlib.closing(sqlite3.connect(pbx.data / "linkus.db", isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


async def test_the_server_is_killed_before_it_wrote_the_call_and_takes_it_over_OPS_1(own_pbx: Pbx) -> None:
    pbx = own_pbx
    before = {number: await pbx.ids(number) for number in ("1001", "1002")}
    async with ScriptPhone(pbx.line("1001")) as caller, ScriptPhone(pbx.line("1002")) as callee:
        await pbx.register(caller, callee)
        caller.says(440)
        callee.says(1000)
        with _nothing_is_written(pbx):
            await caller.dial("1002")
            await callee.incoming()
            await callee.answer()
            await caller.connected()
            await hears_tone(caller, 1000)
            await pbx.kill()
        await pbx.start()
        await _truth(pbx, _1001="talking", _1002="talking")
        await asyncio.gather(hears_tone(caller, 1000), hears_tone(callee, 440))
        await caller.hangup()
        await callee.ended()
        await pbx.nothing_left()
        entries = [await pbx.newest(number, after=before[number]) for number in ("1001", "1002")]
        assert [(entry["number"], entry["outcome"]) for entry in entries] == [
            ("1002", "answered"),
            ("1001", "answered"),
        ]


async def test_the_server_is_killed_before_it_wrote_the_ringing_call_and_it_can_be_answered_OPS_1(
    own_pbx: Pbx,
) -> None:
    pbx = own_pbx
    before = {number: await pbx.ids(number) for number in ("1001", "1002")}
    settings = {"statuses": {"available": {"ring_timeout_s": 120}}}  # a server starts meanwhile
    await pbx.api("PUT", "/extensions/1002/presence/settings", body=settings)
    async with ScriptPhone(pbx.line("1001")) as caller, ScriptPhone(pbx.line("1002")) as callee:
        await pbx.register(caller, callee)
        with _nothing_is_written(pbx):
            await caller.dial("1002")
            await callee.incoming()
            await caller.ringback()
            await pbx.kill()
        await pbx.start()
        await _truth(pbx, _1002="ringing")
        await callee.answer()
        await caller.connected()
        await callee.hangup()
        await caller.ended()
        await pbx.nothing_left()
        entries = [await pbx.newest(number, after=before[number]) for number in ("1001", "1002")]
        assert [entry["outcome"] for entry in entries] == ["answered", "answered"]


async def test_a_call_that_ended_while_the_server_was_dead_is_closed_in_the_log_LOG_1(own_pbx: Pbx) -> None:
    pbx = own_pbx
    before = await pbx.ids("1001")
    async with ScriptPhone(pbx.line("1001")) as caller, ScriptPhone(pbx.line("1002")) as callee:
        await pbx.register(caller, callee)
        await caller.dial("1002")
        await callee.incoming()
        await callee.answer()
        await caller.connected()

        async def answer_is_written() -> bool:
            calls = await pbx.api("GET", "/calls")
            return bool(calls and calls[0]["answered_at"])

        await until(answer_is_written, "the log has the call and its answer")
        await pbx.kill()
        await caller.hangup()
        await callee.hangup()
        await pbx.start()
        await _back(pbx.is_quiet, "no call, leg, bridge or lamp is left over")
        assert (await pbx.newest("1001", after=before))["outcome"] == "answered"


async def test_the_server_is_killed_while_it_rings_and_the_call_still_works_OPS_1(own_pbx: Pbx) -> None:
    """Nobody may ring for ever: the call is either taken over or ended, and the phones work on."""
    pbx = own_pbx
    async with ScriptPhone(pbx.line("1001")) as caller, ScriptPhone(pbx.line("1002")) as callee:
        await pbx.register(caller, callee)
        await caller.dial("1002")
        await callee.incoming()
        await caller.ringback()
        await pbx.kill()
        await pbx.start()
        await caller.ended()
        await callee.ended()
        await _back(pbx.is_quiet, "no call, leg, bridge or lamp is left over")
        await caller.dial("1002")
        await callee.incoming()
        await callee.answer()
        await caller.connected()
        await caller.hangup()
        await callee.ended()


async def _restart(pbx: Pbx) -> None:
    """Kill the server, start it again, and wait until it conducts calls; Asterisk runs on."""
    engine = pbx.engine_pid
    await pbx.kill()
    await pbx.start()
    await pbx.ready()
    assert pbx.engine_pid == engine, "Asterisk was restarted"


async def test_the_server_is_killed_while_callers_are_at_machines_and_on_their_way_OPS_1(
    own_pbx: Pbx, tmp_path: Path
) -> None:
    """One in a menu, one who leaves a message, and one for whom a ring group rings: one kill for all."""
    pbx = own_pbx
    await upload(pbx, tmp_path, "menu", 1400)
    menu = {"prompt": "menu", "choices": [{"key": "1", "destination": _to("1002")}]}
    await pbx.api("PUT", "/ivrs/6510", body=menu)
    group = {"members": ["1002", "1003"], "strategy": "sequential", "ring_timeout_s": 60}
    group |= {"destination": _to("1001")}
    await pbx.api("PUT", "/ring-groups/620", body=group)
    for number in ("1004", "1005", "1006"):
        await pbx.add(number, "Person", number)
    before = {number: await pbx.ids(number) for number in ("1004", "1005")}
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as cyril,
        ScriptPhone(pbx.line("1004")) as dana,
        ScriptPhone(pbx.line("1005")) as emil,
        ScriptPhone(pbx.line("1006")) as speaker,
    ):
        await pbx.register(anna, boris, cyril, dana, emil, speaker)
        speaker.says(700)
        await speaker.dial("*121002")
        await speaker.connected()
        await until(lambda: _recorded_ms(pbx) > 1500, "a message is being left", timeout_s=60)
        await dana.dial("6510")
        await dana.connected()
        await hears_tone(dana, 1400)
        await emil.dial("620")
        await boris.incoming()
        await emil.ringback()
        await _restart(pbx)
        recorded_ms = _recorded_ms(pbx)
        # The second member rings after the first.
        await boris.reject()
        await cyril.incoming()
        # The menu begins anew, and its keys work.
        await hears_tone(dana, 1400)
        await dana.dtmf("1")
        await boris.incoming()
        await boris.answer()
        # Whoever comes after both members rings.
        await cyril.reject()
        await anna.incoming()
        await anna.answer()
        await emil.connected()
        emil.says(550)
        dana.says(1000)
        await asyncio.gather(hears_tone(anna, 550), hears_tone(boris, 1000))
        # Who speaks was not interrupted.
        await until(lambda: _recorded_ms(pbx) > recorded_ms + 500, "the message goes on", timeout_s=60)
        await asyncio.gather(speaker.hangup(), emil.hangup(), dana.hangup())
        await asyncio.gather(anna.ended(), boris.ended())
        await pbx.nothing_left()
        message = await a_message(pbx, "1002")
        assert message["caller"] == "1006"
        assert message["seconds"] * 1000 > recorded_ms
        entries = [await pbx.newest(number, after=before[number]) for number in ("1004", "1005")]
        assert [(entry["number"], entry["outcome"]) for entry in entries] == [
            ("1002", "answered"),
            ("1001", "answered"),
        ]


def _to(number: str) -> dict[str, str]:
    return {"kind": "extension", "value": number}


def _recorded_ms(pbx: Pbx) -> float:
    """How much of a message has been recorded."""
    folder = pbx.data / "asterisk/spool/recording/messages"
    return max((read_wav(path).ms for path in folder.glob("*.wav")), default=0.0)


async def test_the_server_is_killed_while_a_supervisor_listens_and_nothing_stays_WALL_3(
    own_pbx: Pbx,
) -> None:
    pbx = own_pbx
    await pbx.api("PUT", "/monitoring-rights/all", body={"supervisors": ["1003"], "everybody": True})
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as cyril,
    ):
        await pbx.register(anna, boris, cyril)
        anna.says(550)
        cyril.says(1000)
        await anna.dial("1002")
        await boris.incoming()
        await boris.answer()
        await anna.connected()
        await hears_tone(boris, 550)
        await cyril.dial("*511002")
        await cyril.connected()
        await hears_tone(cyril, 550)
        (old,) = await _snoops(pbx)
        await _restart(pbx)
        await hears_tone(cyril, 550)
        (new,) = await _snoops(pbx)
        assert new != old, "it is the new server's"
        await hears_tone(boris, 550)
        await cyril.hangup()
        await until(lambda: _no_snoops(pbx), "no snoop channel is left")
        await hears_tone(boris, 550)
        await anna.hangup()
        await boris.ended()
        await pbx.nothing_left()
    entries = [entry for entry in await pbx.api("GET", "/audit") if entry["action"] == "monitor.listen"]
    assert [entry["detail"].get("resumed", False) for entry in entries] == [True, False]


async def _snoops(pbx: Pbx) -> list[str]:
    return [one["id"] for one in await pbx.engine("channels") if one["name"].startswith("Snoop/")]


async def _no_snoops(pbx: Pbx) -> bool:
    return not await _snoops(pbx)


async def test_asterisk_is_killed_and_phones_work_again_within_5_s_OPS_1(own_pbx: Pbx) -> None:
    pbx = own_pbx
    before = {number: await pbx.ids(number) for number in ("1001", "1002")}
    async with OwnPhone(pbx.line("1001")) as caller, ScriptPhone(pbx.line("1002")) as callee:
        await pbx.register(caller, callee)
        await caller.dial("1002")
        await callee.incoming()
        await callee.answer()
        await caller.connected()
        old = pbx.engine_pid
        assert old is not None
        os.kill(old, signal.SIGKILL)

        async def back() -> bool:
            status, _ = await pbx.ask("GET", "/ready")
            return status == 200 and pbx.engine_pid not in {None, old}

        await _back(back, "Asterisk is back")
        await _back(pbx.is_quiet, "no call, leg, bridge or lamp is left over")
        entries = [await pbx.newest(number, after=before[number]) for number in ("1001", "1002")]
        assert [entry["outcome"] for entry in entries] == ["answered", "answered"]
        await callee.hangup()  # its user sees that the line is dead
        async with ScriptPhone(pbx.line("1003")) as other:
            await asyncio.gather(other.register(), callee.register())
            await _truth(pbx, _1003="idle", _1002="idle")
            await other.dial("1002")
            await callee.incoming()
            await callee.answer()
            await other.connected()
            await other.hangup()
            await callee.ended()
        await pbx.nothing_left()


async def test_asterisk_killed_again_and_again_always_comes_back_OPS_1(own_pbx: Pbx) -> None:
    pbx = own_pbx
    for _ in range(3):
        old = pbx.engine_pid
        assert old is not None
        os.kill(old, signal.SIGKILL)

        async def back(dead: int = old) -> bool:
            status, _ = await pbx.ask("GET", "/ready")
            return status == 200 and pbx.engine_pid not in {None, dead}

        await _back(back, "Asterisk is back", 2 * BACK_WITHIN_S)
    async with ScriptPhone(pbx.line("1001")) as phone:
        await phone.register()


async def test_a_phone_that_vanishes_in_a_call_leaves_nothing_behind_when_the_other_hangs_up_OPS_1(
    own_pbx: Pbx,
) -> None:
    pbx = own_pbx
    async with ScriptPhone(pbx.line("1001")) as caller:
        callee = ScriptPhone(pbx.line("1002"))
        await callee.start()
        await pbx.register(caller, callee)
        await caller.dial("1002")
        await callee.incoming()
        await callee.answer()
        await caller.connected()
        await callee.crash()
        await caller.hangup()
        await pbx.nothing_left()
