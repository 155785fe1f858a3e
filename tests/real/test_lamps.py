"""KEY-3, KEY-4, VM-4 on the wire: what desk phones are told by NOTIFY, by RFC 4235 and RFC 3842."""

import asyncio
import logging
import os
import signal
import time
from itertools import pairwise

import pytest

from tests.phones.baresip import Baresip
from tests.phones.phone import Refused
from tests.phones.script_phone import ScriptPhone
from tests.phones.subscription import Subscription
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tools.standstill import witness

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

SHOWN_WITHIN_S = 0.2
"""KEY-3, of time in which the machine runs."""
log = logging.getLogger(__name__)

HOLDS = 25
"""Times a call is held and resumed, as fast as the phone can."""


async def watch(phone: ScriptPhone, *values: str) -> list[Subscription]:
    """Keys for these, each of which shows something."""
    keys = [await phone.watch(value) for value in values]
    for key in keys:
        await until(lambda key=key: bool(key.notices), "the first NOTIFY")  # type: ignore[misc]
    return keys


async def test_a_key_shows_ringing_talking_and_hold_in_order_and_in_time_KEY_3(pbx: Pbx) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as desk,
    ):
        await pbx.register(anna, boris, desk)
        caller, callee = await watch(desk, "1001", "1002")
        await callee.shows("idle")
        moments: list[float] = []
        async with witness() as machine:
            moments.append(time.monotonic())
            await anna.dial("1002")
            await boris.incoming()
            await callee.shows("idle", "ringing")
            assert callee.documents[-1].direction == "recipient", "or nobody could pick it up"
            moments.append(time.monotonic())
            await boris.answer()
            await callee.shows("ringing", "talking")
            moments.append(time.monotonic())
            await boris.hold()
            await callee.shows("talking", "held")
            moments.append(time.monotonic())
            await boris.resume()
            await callee.shows("held", "talking")
            moments.append(time.monotonic())
            await boris.hangup()
            await callee.shows("talking", "idle")
        await anna.ended()
        await caller.shows("idle", "talking", "idle")
        shown = [notice.at for notice in callee.notices[1:]]
        assert callee.lamps == ["idle", "ringing", "talking", "held", "talking", "idle"]
        took = [machine.ran_s(done, seen) for done, seen in zip(moments, shown, strict=True)]
        log.info("from the phone's doing to the key: %s ms", [f"{1000 * one:.1f}" for one in took])
        assert max(took) <= SHOWN_WITHIN_S, took
        for key in (caller, callee):
            assert all(document.full for document in key.documents)
            assert [one.version for one in key.documents] == [*range(len(key.documents))]
            await key.end()
    await pbx.nothing_left()


async def test_no_state_comes_after_its_successor_however_fast_they_change_KEY_3(pbx: Pbx) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as desk,
    ):
        await pbx.register(anna, boris, desk)
        (key,) = await watch(desk, "1002")
        await anna.dial("1002")
        await boris.incoming()
        await boris.answer()
        await anna.connected()
        await key.shows("talking")
        began = time.monotonic()
        for _ in range(HOLDS):
            await boris.reinvite("sendonly")
            await boris.reinvite("sendrecv")
        took_s = time.monotonic() - began
        await anna.hangup()
        await boris.ended()
        await key.shows("idle")
        log.info("%.0f changes a second, %d told", 2 * HOLDS / took_s, len(key.notices))
        *talk, last = key.lamps[key.lamps.index("talking") :]
        assert last == "idle"
        assert set(talk) <= {"talking", "held"}, (
            "states that were over before they could be told may be left out"
        )
        assert all(one != other for one, other in pairwise(talk)), talk
    await pbx.nothing_left()


async def test_what_is_nothing_is_refused_and_so_is_who_nobody_knows_KEY_4(pbx: Pbx) -> None:
    async with ScriptPhone(pbx.line("1003")) as desk:
        await pbx.register(desk)
        for nothing in ("1999", "*59", "abc", "6999"):
            with pytest.raises(Refused, match="404"):
                await desk.watch(nothing)
        with pytest.raises(Refused, match="489"):
            await desk.watch("1001", event="presence")
        await pbx.add("1021", "New", "Colleague")
        key = await until_watched(desk, "1021")
        await key.shows("idle")
        assert await key.renew() == 200
        await pbx.api("DELETE", "/extensions/1021")
        await until(lambda: key.ended, "the key of a removed extension is told so")
        with pytest.raises(Refused, match="404"):
            await desk.watch("1021")
    async with ScriptPhone(pbx.line("1003", secret="a-wrong-secret-16")) as stranger:
        with pytest.raises(Refused, match="401"):
            await stranger.watch("1001")


async def until_watched(phone: ScriptPhone, value: str) -> Subscription:
    """Subscribe as soon as it is accepted."""

    async def look() -> Subscription | None:
        try:
            return await phone.watch(value)
        except Refused:
            return None

    found = await until(look, f"{value} can be watched")
    assert found is not None
    return found


async def test_keys_of_slots_and_of_the_own_status_follow_KEY_4(pbx: Pbx) -> None:
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as desk,
    ):
        await pbx.register(anna, boris, desk)
        slot, colleague, not_hers = await watch(desk, "6905", "1001", "*81")
        (own,) = await watch(anna, "*81")
        await anna.dial("*81")
        await anna.connected()
        await anna.ended()
        await own.shows("idle", "talking")
        await colleague.shows("talking")
        assert not_hers.lamps == ["idle"], "another's status is not one's own"
        await pbx.api("PUT", "/me/presence", body={"status": "available"}, token=await pbx.token_of("1001"))
        await asyncio.gather(own.shows("talking", "idle"), colleague.shows("talking", "idle"))
        await anna.dial("1002")
        await boris.incoming()
        await boris.answer()
        await anna.connected()
        assert await boris.refer("*056905") == 202
        await slot.shows("idle", "talking")
        await anna.hangup()
        await slot.shows("talking", "idle")
        await boris.ended()
    await pbx.nothing_left()


async def leave_message(pbx: Pbx, caller: ScriptPhone, number: str) -> None:
    """Say something to a mailbox for a while."""
    folder = pbx.data / "asterisk/spool/recording/messages"
    before = set(folder.glob("*.wav"))
    caller.says(700)
    await caller.dial(f"*12{number}")
    await caller.connected()

    def spoken() -> bool:
        return any(path.stat().st_size > 50_000 for path in set(folder.glob("*.wav")) - before)

    await until(spoken, "three seconds are recorded")
    await caller.hangup()
    await caller.ended()


async def test_phones_are_told_of_messages_asked_or_not_also_after_crashes_VM_4(own_pbx: Pbx) -> None:
    pbx = own_pbx
    await pbx.api("PUT", "/voicemail/1002/settings", body={"announce_time": False})
    async with (
        ScriptPhone(pbx.line("1001")) as caller,
        ScriptPhone(pbx.line("1002")) as silent,
        Baresip(pbx.line("1002"), mwi=True) as asks,
    ):
        await pbx.register(caller, silent, asks)
        await leave_message(pbx, caller, "1002")
        await until(lambda: silent.unasked_messages[-1:] == [(1, 0)], "the owner's phone is told")
        await until(lambda: asks.messages[-1:] == [(1, 0)], "baresip, which has subscribed, is told")
        await pbx.kill()
        await pbx.start()
        await pbx.ready()
        token = await pbx.token_of("1002")
        await pbx.api("POST", "/me/voicemail/heard", body={"all": True}, token=token)
        await until(lambda: silent.unasked_messages[-1] == (0, 1), "it is told that they were heard")
        await until(lambda: asks.messages[-1] == (0, 1), "and so is baresip, in the subscription it had")
        engine = pbx.engine_pid
        os.kill(engine or 0, signal.SIGKILL)
        await until(lambda: pbx.engine_pid != engine, "Asterisk is started again")
        await pbx.ready()
        async with ScriptPhone(pbx.line("1002")) as later:
            await until_registered(later)
            await until(lambda: later.unasked_messages[-1:] == [(0, 1)], "a phone is told of what is there")


async def until_registered(phone: ScriptPhone) -> None:
    """Register as soon as Asterisk takes it."""

    async def look() -> bool:
        return (await phone.try_register()).status == 200

    await until(look, "the phone is registered")


async def test_keys_are_true_after_server_and_asterisk_were_killed_KEY_4(own_pbx: Pbx) -> None:
    pbx = own_pbx
    async with (
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as desk,
    ):
        await pbx.register(anna, boris, desk)
        (key,) = await watch(desk, "1002")
        await anna.dial("1002")
        await boris.incoming()
        await key.shows("ringing")
        await boris.answer()
        await key.shows("ringing", "talking")
        await pbx.kill()
        await boris.hangup()
        await pbx.start()
        await key.shows("talking", "idle")
        await anna.ended()
        await pbx.ready()
        assert await key.renew() == 200, "the same subscription goes on"
        await anna.dial("1002")
        await boris.incoming()
        await key.shows("idle", "ringing")
        await boris.answer()
        await key.shows("ringing", "talking")
        engine = pbx.engine_pid
        os.kill(engine or 0, signal.SIGKILL)
        await until(lambda: pbx.engine_pid != engine, "Asterisk is started again")
        await pbx.ready()
        again = await until_watched(desk, "1002")
        await again.shows("idle")
