"""Choice of devices, hot plug, ringing, levels (SIP-6)."""

import threading

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from linkus_desktop.sip.audio import Audio, NoSound, Ring, Sound, Tone
from linkus_desktop.sip.audio.choice import choose
from linkus_desktop.sip.audio.tones import ring
from linkus_desktop.sip.threads import WrongThread
from tests.linkus_desktop.sip.sound_cards import (
    BUILT_IN_MIC,
    BUILT_IN_SPEAKER,
    HEADSET,
    HEADSET_MIC,
    SoundCards,
)


@pytest.fixture
def audio(qapp: QCoreApplication, cards: SoundCards) -> Audio:
    return Audio(cards)


def plug_headset(cards: SoundCards) -> None:
    cards.plug(inputs=[BUILT_IN_MIC, HEADSET_MIC], outputs=[BUILT_IN_SPEAKER, HEADSET])


def unplug_headset(cards: SoundCards) -> None:
    cards.plug(inputs=[BUILT_IN_MIC], outputs=[BUILT_IN_SPEAKER])


def test_a_lost_headset_falls_back_and_is_taken_again(audio: Audio, cards: SoundCards, qtbot: QtBot) -> None:
    """SIP-6: the choice outlives the headset, in a call too."""
    audio.start()
    plug_headset(cards)
    audio.set_microphone(HEADSET_MIC.id)
    audio.set_speaker(HEADSET.id)
    audio.open("call")
    assert cards.open == {HEADSET_MIC, HEADSET}
    with qtbot.waitSignal(audio.streams_changed):
        unplug_headset(cards)
    assert cards.open == {BUILT_IN_MIC, BUILT_IN_SPEAKER}
    assert audio.problem == ""
    plug_headset(cards)
    assert cards.open == {HEADSET_MIC, HEADSET}
    audio.stop()
    assert cards.open == set()


def test_a_choice_made_in_a_call_takes_effect_at_once(audio: Audio, cards: SoundCards) -> None:
    audio.start()
    plug_headset(cards)
    audio.open("call")
    assert cards.open == {BUILT_IN_MIC, BUILT_IN_SPEAKER}
    audio.set_speaker(HEADSET.id)
    assert cards.open == {BUILT_IN_MIC, HEADSET}
    audio.set_speaker(None)
    assert cards.open == {BUILT_IN_MIC, BUILT_IN_SPEAKER}
    audio.stop()


def test_the_ring_device_is_its_own(audio: Audio, cards: SoundCards) -> None:
    """SIP-6: the headset for talking, the loudspeaker for ringing; it moves when the device goes."""
    audio.start()
    plug_headset(cards)
    audio.set_speaker(HEADSET.id)
    audio.set_ringer(HEADSET.id)
    audio.start_ringing(Ring.CALL)
    assert [bell.device for bell in cards.bells] == [HEADSET]
    unplug_headset(cards)
    assert [bell.device for bell in cards.bells] == [BUILT_IN_SPEAKER]
    audio.start_ringing(Ring.CALL)
    assert len(cards.bells) == 1
    audio.stop_ringing()
    assert cards.bells == []
    audio.stop()


def test_any_sound_rings_and_further_calls_sound_as_ever_Q_5(audio: Audio, cards: SoundCards) -> None:
    audio.start()
    own = Sound(16_000, b"\x00\x10" * 100)
    for kind, tone, heard in (
        (Ring.CALL, own, own),
        (Ring.CALL, Tone.BELL, ring(Ring.CALL, Tone.BELL)),
        (Ring.WAITING, own, ring(Ring.WAITING)),
    ):
        audio.start_ringing(kind, tone)
        assert [bell.ring for bell in cards.bells] == [heard]
    audio.stop()


def test_the_chosen_speaker_and_ring_device_can_be_tried_out_SIP_6(
    audio: Audio, cards: SoundCards, qtbot: QtBot
) -> None:
    """Each on its own device; the test follows a choice, and ends by itself."""
    audio.start()
    plug_headset(cards)
    audio.set_speaker(HEADSET.id)
    audio.play_test("ringer")
    assert [bell.device for bell in cards.bells] == [BUILT_IN_SPEAKER]
    audio.play_test("speaker")
    assert [bell.device for bell in cards.bells] == [HEADSET]
    unplug_headset(cards)
    assert [bell.device for bell in cards.bells] == [BUILT_IN_SPEAKER]
    audio._test_end.setInterval(0)
    with qtbot.waitSignal(audio.test_changed) as ended:
        audio.play_test("speaker")
        assert audio.testing == "speaker"
    assert ended.args == ["speaker"]
    qtbot.waitUntil(lambda: not audio.testing)
    assert cards.bells == []
    audio.stop()


def test_a_call_that_rings_ends_the_test_and_no_test_ends_the_ringing_SIP_6(
    audio: Audio, cards: SoundCards
) -> None:
    audio.start()
    audio.play_test("speaker")
    audio.start_ringing(Ring.CALL)
    assert audio.testing == ""
    assert len(cards.bells) == 1
    audio.play_test("ringer")
    audio.stop_test()
    assert len(cards.bells) == 1, "the call still rings"
    audio.stop()
    assert cards.bells == []


def test_without_any_device_the_window_is_told(qapp: QCoreApplication) -> None:
    """SIP-6: calls work in silence."""
    audio = Audio(NoSound())
    told: list[str] = []
    audio.problem_changed.connect(told.append)
    audio.start()
    assert "No microphone and no loudspeaker" in audio.problem
    assert told == [audio.problem]
    audio.open("call")
    audio.start_ringing()
    assert audio.microphone.read_frame(10) == bytes(20)
    audio.stop()


def test_a_first_device_ends_the_problem(audio: Audio, cards: SoundCards) -> None:
    audio.start()
    cards.plug(inputs=[], outputs=[BUILT_IN_SPEAKER])
    assert "microphone" in audio.problem
    assert "loudspeaker" not in audio.problem
    unplug_headset(cards)
    assert audio.problem == ""
    cards.fail("The microphone broke.")
    assert audio.problem == "The microphone broke."
    audio.stop()


def test_levels_are_told_while_open(audio: Audio, qtbot: QtBot) -> None:
    """SIP-6: meters."""
    audio.open("preferences")
    with qtbot.waitSignal(audio.levels) as told:
        pass
    assert told.args == [-15.0, -20.0]
    audio.stop()


def test_devices_close_a_moment_after_the_last_use(
    audio: Audio, cards: SoundCards, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    audio.open("call")
    audio.open("preferences")
    audio.close("call")
    assert cards.open
    audio._linger.setInterval(20)
    audio.close("preferences")
    qtbot.waitUntil(lambda: not cards.open)
    audio.stop()


def test_only_the_main_thread_may(audio: Audio) -> None:
    """A phone object used from a thread is an error at once, not a crash later."""
    raised: list[BaseException] = []

    def use() -> None:
        try:
            audio.start_ringing()
        except WrongThread as error:
            raised.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert len(raised) == 1


def test_choose() -> None:
    present = [BUILT_IN_SPEAKER, HEADSET]
    assert choose(None, present).device == BUILT_IN_SPEAKER
    assert choose(HEADSET.id, present).device == HEADSET
    away = choose(b"gone", present)
    assert (away.device, away.missing) == (BUILT_IN_SPEAKER, True)
    assert choose(b"gone", []).device is None
