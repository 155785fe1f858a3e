"""In which language a real Asterisk speaks to a phone (Q-5): sounds, numbers, English for what is missing."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from server.rules.spoken_numbers import number_words
from server.switch.port import Sound, Speech
from server.switch.speech import Voice
from tests.phones.hearing import hears_tone
from tests.phones.script_phone import ScriptPhone
from tests.phones.sound import pitch, tone, write_wav
from tests.phones.waiting import until
from tests.server.switch.asterisk.bench import Bench

pytestmark = pytest.mark.real

THANKS_HZ, NUMBER_HZ, NEW_HZ = 700.0, 1100.0, 1500.0
LOUD = 400
"""A sample above this is speech or a tone."""
LONG_MS = 1500
"""Of each sound; what is heard is judged while it lasts."""


def spoken(folder: Path, hertz: float, names: Sequence[str]) -> Path:
    """A language of tones."""
    for name in names:
        file = folder / f"{name}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        write_wav(file, tone(hertz, ms=LONG_MS))
    return folder


@pytest.fixture
def czech(tmp_path: Path) -> Path:
    """One word, and no numbers."""
    return spoken(tmp_path / "cs", THANKS_HZ, ["queue-thankyou"])


@pytest.fixture
async def silent_again(bench: Bench) -> Iterator[None]:
    """The next test finds English alone."""
    yield
    bench.switch.speech = Speech()
    await bench.switch.take_voices()


async def told(bench: Bench, voices: dict[str, Voice], wanted: str = "cs") -> None:
    bench.switch.speech = Speech(voices, of_extensions={"1001": wanted})
    await bench.switch.take_voices()


async def pitch_while(bench: Bench, phone: ScriptPhone, *sounds: Sound) -> float | None:
    """The frequency of what is heard of these, which must be something; None for speech."""
    (leg,) = bench.switch.legs()
    before = phone.heard().ms
    async with asyncio.timeout(90):
        await leg.play(*sounds)
    await until(lambda: np.abs(phone.heard().since(before).samples).max(initial=0) > LOUD, "it is heard")
    return pitch(phone.heard().since(before))


@pytest.mark.usefixtures("silent_again")
async def test_each_sound_is_in_the_language_of_the_leg_else_in_english_Q_5(
    bench: Bench, czech: Path, tmp_path: Path
) -> None:
    phone = await bench.phone("1001")
    await phone.dial("7777")
    leg = await bench.events.incoming()
    await leg.answer()
    await phone.connected()
    thanks, next_one = Sound.prompt("queue-thankyou"), Sound.prompt("queue-youarenext")

    await told(bench, {"cs": Voice(czech, says_numbers=False)})
    assert leg.language == "cs"
    assert await pitch_while(bench, phone, thanks) == pytest.approx(THANKS_HZ, abs=20)
    for english in (next_one, Sound.number(21), Sound.digits("12")):  # it has none of these
        assert await pitch_while(bench, phone, english) is None

    # Numbers by its own grammar once it has all words: 21 has a word for 1 that English does not have.
    spoken(czech, NUMBER_HZ, sorted(number_words("cs")))
    await told(bench, {"cs": Voice(czech, says_numbers=True)}, wanted="cs-CZ")
    for number in (1, 21, 345):
        assert await pitch_while(bench, phone, Sound.number(number)) == pytest.approx(NUMBER_HZ, abs=20)

    # Replaced at once, also while it speaks; then another language by order, and without any.
    new = spoken(tmp_path / "new", NEW_HZ, ["queue-thankyou"])
    playing = asyncio.create_task(leg.play(thanks, thanks))
    await hears_tone(phone, THANKS_HZ)
    await told(bench, {"cs": Voice(new, says_numbers=False)})
    await hears_tone(phone, NEW_HZ)
    await playing
    leg.speak("de")
    assert await pitch_while(bench, phone, thanks) is None
    leg.speak("cs")
    await told(bench, {})
    assert await pitch_while(bench, phone, thanks) is None
