"""Q-5 on real phones: what a caller of a queue hears while waiting, and while the agent holds the call."""

import asyncio
from pathlib import Path

import pytest

from tests.phones.hearing import hears_tone
from tests.real.pbx import Pbx
from tests.real.prompts import upload
from tests.real.test_parking import hears_music
from tests.real.test_queue import QUEUE, TONES, configure, phones

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

MUSIC_HZ = 2100.0


async def test_a_queue_has_music_of_its_own_for_who_waits_and_who_is_held_Q_5(
    pbx: Pbx, tmp_path: Path
) -> None:
    await upload(pbx, tmp_path, "queue music", MUSIC_HZ)
    async with phones(pbx, "1001", "1002", "1003") as (anna, bob, cyril):
        after = {"failover": {"kind": "extension", "value": "1003"}, "max_wait_s": 5}
        await configure(pbx, "1002", agent_timeout_s=60, music=["queue music"], ring_tone="pulse")
        await anna.dial(QUEUE)
        await anna.connected()
        await bob.incoming()
        assert bob.dialog is not None
        assert bob.dialog.invite.get("Alert-Info") == "<http://queue>;ring-tone=pulse"
        await hears_tone(anna, MUSIC_HZ)
        await bob.answer()
        await asyncio.gather(hears_tone(anna, TONES["1002"]), hears_tone(bob, TONES["1001"]))
        await bob.hold()
        await hears_tone(anna, MUSIC_HZ)
        await bob.resume()
        await asyncio.gather(hears_tone(anna, TONES["1002"]), hears_tone(bob, TONES["1001"]))
        await anna.hangup()
        await bob.ended()
        # Who has gone on from the queue hears the music of everybody.
        await configure(pbx, music=["queue music"], **after)
        await anna.dial(QUEUE)
        await anna.connected()
        await hears_tone(anna, MUSIC_HZ)
        await cyril.incoming()
        await cyril.answer()
        await hears_tone(anna, TONES["1003"])
        await cyril.hold()
        await hears_music(anna, instead_of=MUSIC_HZ)
        await anna.hangup()
        await cyril.ended()
        await pbx.cli("queue", "remove", QUEUE)
    await pbx.nothing_left()
