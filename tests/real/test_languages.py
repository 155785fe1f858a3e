"""Q-5 on real phones: a queue speaks the language of a package, and English where that lacks a sound."""

from pathlib import Path

import pytest

from server.rules.spoken_numbers import number_words
from tests.phones.hearing import hears_tone, tone_gone
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tests.real.test_queue import QUEUE, configure, phones
from tests.server.sounds import package, tones

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

NUMBER_HZ, WORDS_HZ = 1200.0, 2000.0


async def test_a_queue_tells_the_position_in_its_language_and_in_english_what_is_missing_Q_5(
    pbx: Pbx, tmp_path: Path
) -> None:
    # Czech has its numbers, as one tone, and the last words, as another; those between are missing.
    file = tmp_path / "cs.tar.gz"
    numbers = tones(number_words("cs"), NUMBER_HZ, seconds=4)
    file.write_bytes(package(numbers | tones(["queue-thankyou"], WORDS_HZ, seconds=4)))
    done = await pbx.cli("language", "install", "cs", str(file))
    assert done["says_numbers"]
    assert "queue-callswaiting" in done["missing"]
    waiting = {"position": True, "thank_you": True, "every_s": 15}
    await configure(pbx, agent_timeout_s=60, language="cs", position=waiting)
    async with phones(pbx, "1001", "1002") as (anna, bob):
        await anna.dial(QUEUE)
        await anna.connected()
        # The first one hears no number: "you are next" in English, then the Czech thanks.
        await hears_tone(anna, WORDS_HZ)
        await bob.dial(QUEUE)
        await bob.connected()
        await hears_tone(bob, NUMBER_HZ)
        await tone_gone(bob, NUMBER_HZ)
        await hears_tone(bob, WORDS_HZ)
        # Removed while they wait: the next announcement is English, and nobody is cut off.
        await pbx.cli("language", "remove", "cs")
        assert await pbx.cli("language", "list") == []
        await until(lambda: not list((pbx.data / "languages").iterdir()), "its sounds are gone")
        for phone in (anna, bob):
            await phone.hangup()
    await pbx.cli("queue", "remove", QUEUE)
    await pbx.nothing_left()
