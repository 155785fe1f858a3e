"""LOG-1: a recording is heard from where it is, and stops at its end."""

import io
import wave

import numpy as np
import pytest

from linkus_desktop.sip.audio import Audio
from linkus_desktop.sip.audio.listening import Listening
from tests.linkus_desktop.sip.sound_cards import BUILT_IN_SPEAKER, HEADSET, SoundCards

RATE = 8000


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def wav(seconds: float, *, channels: int = 1) -> bytes:
    octets = io.BytesIO()
    with wave.open(octets, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.arange(int(RATE * seconds) * channels, dtype="<i2").tobytes())
    return octets.getvalue()


@pytest.fixture
def cards():
    return SoundCards()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def listening(qapp, cards, clock):
    audio = Audio(cards)
    made = Listening(audio, clock=clock)
    made.load(wav(10))
    yield made
    made.clear()
    audio.stop()


def first_sample(cards) -> int:
    (bell,) = cards.bells
    return int(np.frombuffer(bell.ring.pcm, "<i2")[0])


def test_it_plays_pauses_and_goes_on_where_it_was_LOG_1(listening, cards, clock):
    assert (listening.length, listening.position, listening.playing) == (10.0, 0.0, False)
    listening.play()
    assert first_sample(cards) == 0
    clock.now += 2
    assert listening.position == 2.0
    listening.pause()
    assert cards.bells == []
    clock.now += 50
    assert listening.position == 2.0
    listening.play()
    assert first_sample(cards) == 2 * RATE


def test_it_can_be_moved_while_it_plays_and_while_it_does_not_LOG_1(listening, cards):
    listening.seek(1.5)
    assert cards.bells == []
    listening.play()
    listening.seek(3.0)
    assert first_sample(cards) == 3 * RATE
    listening.seek(99)
    assert listening.position == 10.0


def test_it_ends_and_begins_anew_LOG_1(listening, cards, clock, qtbot):
    told = []
    listening.playing_changed.connect(told.append)
    listening.play()
    clock.now += 11
    qtbot.waitUntil(lambda: not listening.playing)
    assert cards.bells == []
    assert listening.position == 10.0
    listening.play()
    assert first_sample(cards) == 0
    assert told == [True, False, True]


def test_it_follows_the_loudspeaker_LOG_1(listening, cards, clock):
    listening._audio.set_speaker(HEADSET.id)
    listening.play()
    assert cards.bells[0].device == BUILT_IN_SPEAKER
    clock.now += 1
    cards.plug(inputs=[], outputs=[BUILT_IN_SPEAKER, HEADSET])
    assert cards.bells[0].device == HEADSET
    assert first_sample(cards) == RATE


@pytest.mark.parametrize("octets", [b"", b"RIFF", wav(1, channels=2)])
def test_what_cannot_be_played_is_refused_in_words_LOG_1(listening, octets):
    with pytest.raises(ValueError, match="recording"):
        listening.load(octets)
    assert listening.length == 0
    listening.play()
    assert not listening.playing
