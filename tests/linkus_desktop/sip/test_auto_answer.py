"""SIP-9: intercom calls answer themselves, in a real phone; SIP-3: a call that is ignored here."""

from collections.abc import Callable, Iterator

import pytest

from linkus_desktop.calls import auto_answer
from linkus_desktop.calls.auto_answer import AutoAnswer
from linkus_desktop.sip.audio import Ring, Tone
from linkus_desktop.sip.audio.backend import Sound
from linkus_desktop.sip.audio.tones import ring
from linkus_desktop.sip.call import Call
from linkus_desktop.sip.phone import Phone
from linkus_desktop.sip.values import CallState
from linkus_desktop.store.settings import Settings
from tests.linkus_desktop.sip.conftest import Until
from tests.linkus_desktop.sip.small_pbx import SmallPbx
from tests.linkus_desktop.sip.sound_cards import SoundCards
from tests.phones.hearing import hears_tone

INTERCOM = ("Call-Info", "<sip:pbx>;answer-after=0")
COLLEAGUE = '"Otto Dorn" <sip:1002@pbx>'
STRANGER = '"Somebody" <sip:+420530335533@pbx>'


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def answers(registered: Phone, settings: Settings) -> Iterator[AutoAnswer]:
    """As the workplace puts it together; 1002 is a colleague."""
    made = AutoAnswer(registered, settings, {"1002"}.__contains__)
    registered.tone_of = lambda call: made.tone_of(call) or Tone.BELL
    yield made
    made.deleteLater()


def rings(cards: SoundCards, tone: Tone) -> bool:
    return [bell.ring for bell in cards.bells] == [ring(Ring.CALL, tone)]


def answered(pbx: SmallPbx) -> bool:
    return any(answer.status == 200 and answer.method == "INVITE" for answer in pbx.answers)


async def test_an_intercom_call_is_answered_after_a_tone_and_heard_SIP_9(
    answers: AutoAnswer, registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    told: list[Call] = []
    answers.answered.connect(told.append)
    cards.hz = 700.0
    pbx.rtp.says(440.0)
    pbx.call(from_=COLLEAGUE, headers=[INTERCOM])
    before: list[Sound] = []
    answers.answered.connect(lambda _: before.extend(cards.rung))
    await until(lambda: bool(registered.calls), "it is there")
    call = registered.calls[0]
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    assert before == [ring(Ring.CALL, Tone.INTERCOM)], "the tone sounds before, and nothing else rang"
    assert told == [call]
    assert call.answered_by_itself
    assert cards.bells == []
    await hears_tone(pbx.rtp, 700.0, wait=until)
    await hears_tone(cards.speakers[-1], 440.0, wait=until)


async def test_it_is_answered_after_the_time_it_asks_for_SIP_9(
    answers: AutoAnswer, registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    pbx.call(from_=COLLEAGUE, headers=[("Call-Info", "<sip:pbx>;answer-after=1")])
    await until(lambda: answered(pbx), "answered")
    in_turn = [ring(Ring.CALL, Tone.BELL), ring(Ring.CALL, Tone.INTERCOM)]
    assert cards.rung == in_turn, "it rings as any call, then the tone sounds"


@pytest.mark.parametrize(
    ("choice", "caller", "by_itself"),
    [
        ("colleagues", COLLEAGUE, True),
        ("colleagues", STRANGER, False),
        ("anybody", STRANGER, True),
        ("never", COLLEAGUE, False),
        ("colleagues", "<sip:anonymous@anonymous.invalid>", False),
    ],
)
async def test_the_user_says_whose_calls_SIP_9(
    answers: AutoAnswer, registered: Phone, settings: Settings, pbx: SmallPbx, cards: SoundCards,
    until: Until, choice: str, caller: str, by_itself: bool, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(auto_answer, "ANNOUNCED_MS", 60_000)
    settings.put("auto_answer", choice)
    pbx.call(from_=caller, headers=[INTERCOM])
    await until(lambda: bool(cards.bells), "it rings")
    assert rings(cards, Tone.INTERCOM if by_itself else Tone.BELL)
    assert answers._timer.isActive() is by_itself
    pbx.cancel()
    await until(lambda: not registered.calls, "given up")
    assert not answers._timer.isActive()


async def test_never_during_another_call_SIP_9(
    answers: AutoAnswer, registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    talk = registered.dial("2001")
    await until(lambda: talk.state is CallState.ACTIVE, "a talk")
    talk.hold()
    await until(lambda: talk.held, "also while it is held")
    pbx.call(from_=COLLEAGUE, headers=[INTERCOM])
    await until(lambda: len(registered.calls) == 2, "the intercom rings")
    assert [bell.ring for bell in cards.bells] == [ring(Ring.WAITING)]
    assert not answers._timer.isActive()
    assert talk.held


async def test_another_call_that_comes_before_the_answer_stops_it_SIP_9(
    answers: AutoAnswer, registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(auto_answer, "ANNOUNCED_MS", 60_000)
    pbx.call(from_=COLLEAGUE, headers=[INTERCOM])
    await until(lambda: rings(cards, Tone.INTERCOM), "the tone")
    pbx.call(from_=STRANGER)
    await until(lambda: len(registered.calls) == 2, "another call")
    assert rings(cards, Tone.BELL)
    assert not answers._timer.isActive()


@pytest.mark.parametrize("does", [Call.reject, Call.ignore, Call.answer])
async def test_what_the_user_does_first_counts_SIP_9(
    answers: AutoAnswer, registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until,
    does: Callable[[Call], None], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(auto_answer, "ANNOUNCED_MS", 60_000)
    pbx.call(from_=COLLEAGUE, headers=[INTERCOM])
    await until(lambda: bool(registered.calls), "it is there")
    call = registered.calls[0]
    does(call)
    answers._timer.setInterval(0)  # its time has come, if it still runs
    await until(lambda: not answers._timer.isActive(), "nothing is left to happen")
    assert not call.answered_by_itself


async def test_an_ignored_call_is_silent_here_and_goes_on_ringing_SIP_3(
    registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    pbx.call()
    await until(lambda: bool(cards.bells), "it rings")
    call = registered.calls[0]
    call.ignore()
    assert cards.bells == []
    assert call.state is CallState.INCOMING
    assert all(answer.status < 200 for answer in pbx.answers if answer.method == "INVITE")
    call.answer()
    await until(lambda: call.talking, "it can still be taken")


async def test_another_call_rings_while_one_is_ignored_and_the_ignored_is_missed_SIP_3(
    registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    pbx.call()
    await until(lambda: bool(cards.bells), "it rings")
    first = registered.calls[0]
    first.ignore()
    pbx.cancel()
    await until(lambda: first.end is not None, "the caller gives up")
    assert first.end is not None
    assert first.end.text == "Missed"
    pbx.call(from_=STRANGER)
    await until(lambda: len(cards.bells) == 1, "the next one rings")
