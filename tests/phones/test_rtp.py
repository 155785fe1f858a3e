"""The RTP end point of the tests itself: what it says arrives, and keys keep their time on a slow machine."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tests.phones.hearing import hears_tone
from tests.phones.ports import LOOPBACK
from tests.phones.rtp import RtpPort
from tests.phones.sound import longest_gap_ms
from tests.phones.waiting import until


@pytest.fixture
async def ends() -> AsyncIterator[tuple[RtpPort, RtpPort]]:
    """One that says 440 Hz to the other."""
    one, other = RtpPort(), RtpPort()
    await one.open()
    await other.open()
    one.says(440)
    await one.send_to(LOOPBACK, other.port)
    yield one, other
    await one.close()
    await other.close()


async def test_what_is_said_is_heard_whole_and_another_call_begins_with_nothing(
    ends: tuple[RtpPort, RtpPort],
) -> None:
    one, other = ends
    await until(lambda: other.heard().ms > 1500, "more than a second is heard")
    sound = other.heard()
    assert longest_gap_ms(sound.since(100), 440) < 1000
    one.says(900)
    await hears_tone(other, 900)
    assert sound.ms < other.heard().ms
    other.forget()
    assert other.heard().ms == 0


async def test_keys_follow_each_other_in_time_where_each_frame_comes_late(
    ends: tuple[RtpPort, RtpPort],
) -> None:
    one, other = ends
    turns = 0
    one.press("*0")
    while one._to_send:
        time.sleep(0.08)  # noqa: ASYNC251 - nobody else is run meanwhile
        await asyncio.sleep(0)
        turns += 1
    await until(lambda: other.digits == "*0", "the keys arrive")
    assert turns < 40, "a key took as many turns as it has frames"
