"""SIP-6: distinctive ring tones, by caller, by what the PBX says, and by where the call comes from."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from linkus_desktop.calls.ringing import Ringing, same_number
from linkus_desktop.sip.alert import Alert
from linkus_desktop.sip.audio.backend import Sound
from linkus_desktop.sip.audio.tones import RATE, Ring, Tone, ring
from linkus_desktop.sip.call import Call
from linkus_desktop.sip.headers import Party
from linkus_desktop.store.settings import Settings
from linkus_desktop.ui.preferences.ringing import WORDS
from server.contract.queues import RingTone

SALES = Party("6400", "Sales")


@pytest.fixture
def settings() -> Settings:
    made = Settings()
    made.ring_colleagues, made.ring_others = "soft", "digital"
    return made


def tone(
    settings: Settings,
    number: str,
    *infos: str,
    queue: Party | None = None,
    asked: str = "",
    uploaded: dict[str, bytes] | None = None,
) -> Tone | Sound:
    call = cast(
        "Call",
        SimpleNamespace(
            number=number,
            alert=Alert(infos, ring_tone=asked),
            called_for=queue,
            waiting_since=datetime.now(UTC) if queue is not None else None,
        ),
    )
    return Ringing(settings, {"1002"}.__contains__, (uploaded or {}).get).tone_of(call)


def test_colleagues_ring_otherwise_than_others_SIP_6(settings: Settings) -> None:
    assert tone(settings, "1002") is Tone.SOFT
    assert tone(settings, "+420530335533") is Tone.DIGITAL
    assert tone(settings, "") is Tone.DIGITAL, "anonymous"


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ("<http://127.0.0.1/Bellcore-dr3>", Tone.MARIMBA),
        ("Bellcore-dr1", Tone.CHIME),
        ("<urn:alert:source:internal>", Tone.SOFT),
        ("<http://pbx>;info=alert-internal", Tone.SOFT),
        ("<urn:alert:source:external>", Tone.DIGITAL),
        ("<urn:alert:priority:high>", Tone.URGENT),
        ("<http://pbx>;info=unheard-of", Tone.DIGITAL),
    ],
)
def test_what_the_pbx_says_is_understood_SIP_6(settings: Settings, info: str, expected: Tone) -> None:
    assert tone(settings, "+420530335533", info) is expected


def test_a_queue_can_have_its_own_tone_SIP_6(settings: Settings) -> None:
    settings.ring_alerts = (("Support", "marimba"), ("sales", "pulse"))
    assert tone(settings, "1002", "<http://pbx>;info=sales-queue") is Tone.PULSE
    assert tone(settings, "1002", "x", "<http://pbx>;info=SUPPORT") is Tone.MARIMBA
    assert tone(settings, "1002", "<urn:alert:source:external>;info=support") is Tone.MARIMBA


def test_the_caller_wins_over_what_the_pbx_says_SIP_6(settings: Settings) -> None:
    settings.ring_callers = (("+420 530 335 533", "urgent"), ("1002", "silent"))
    settings.ring_alerts = (("support", "marimba"),)
    for number in ("+420530335533", "530335533", "00420530335533", "0530335533"):
        assert tone(settings, number, "info=support") is Tone.URGENT
    assert tone(settings, "1002", "info=support") is Tone.SILENT
    assert tone(settings, "", "info=support") is Tone.MARIMBA


def test_the_tone_that_a_queue_asks_for_rings_unless_the_user_has_chosen_one_Q_5(settings: Settings) -> None:
    assert tone(settings, "1002", queue=SALES, asked="pulse") is Tone.PULSE
    assert tone(settings, "1002", "<urn:alert:priority:high>", queue=SALES, asked="pulse") is Tone.PULSE
    settings.ring_alerts = (("support", "bell"),)
    assert tone(settings, "1002", "info=support", queue=SALES, asked="pulse") is Tone.BELL
    settings.ring_queues = (("6400", "marimba"),)
    assert tone(settings, "1002", "info=support", queue=SALES, asked="pulse") is Tone.MARIMBA
    settings.ring_callers = (("1002", "urgent"),)
    assert tone(settings, "1002", "info=support", queue=SALES, asked="pulse") is Tone.URGENT, "contact wins"


def test_the_user_chooses_a_tone_for_a_queue_by_its_number_or_name_SIP_6(settings: Settings) -> None:
    settings.ring_queues = (("sales", "marimba"), ("6401", "silent"))
    assert tone(settings, "1002", queue=SALES) is Tone.MARIMBA
    assert tone(settings, "1002", queue=Party("6401", "Support")) is Tone.SILENT
    assert tone(settings, "1002", queue=Party("6402", "Sales team")) is Tone.SOFT
    settings.ring_queues = (("", "marimba"),)
    assert tone(settings, "1002", queue=Party("6402", "")) is Tone.SOFT


@pytest.mark.parametrize("asked", ["intercom", "harp", ""])
def test_a_tone_that_is_not_to_be_had_is_passed_over_Q_5(settings: Settings, asked: str) -> None:
    assert tone(settings, "1002", queue=SALES, asked=asked) is Tone.SOFT


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1002", "1002", True),
        ("002", "1002", False),
        ("1002", "41002", False),
        ("5303355", "+420 530 5303355", True),
        ("530335533", "530335534", False),
        ("anna", "anna", True),
        ("", "", True),
    ],
)
def test_spellings_of_one_number(one: str, other: str, same: bool) -> None:
    assert same_number(one, other) is same


def test_a_tone_of_an_older_version_is_the_usual_one_SIP_6(settings: Settings) -> None:
    settings.ring_others = "harp"
    assert tone(settings, "5") is Tone.CHIME


@pytest.mark.parametrize("each", [t for t in WORDS if t is not Tone.SILENT])
def test_each_tone_can_be_heard_and_told_from_the_others_SIP_6(each: Tone) -> None:
    """Loud enough, never clipped, begins and ends without a click, and with a pause in it."""
    samples = np.frombuffer(ring(Ring.CALL, each).pcm, "<i2").astype(float)
    assert 0.25 < np.abs(samples).max() / 32768 < 0.9
    assert 1.5 < len(samples) / RATE < 6
    assert abs(samples[0]) < 200
    assert np.abs(np.diff(samples)).max() < 16_000
    assert np.abs(samples[-RATE // 2 :]).max() == 0
    others = [ring(Ring.CALL, other).pcm for other in WORDS if other is not each]
    assert ring(Ring.CALL, each).pcm not in others


def test_every_tone_but_the_intercoms_can_be_chosen_SIP_6() -> None:
    assert set(WORDS) == set(Tone) - {Tone.INTERCOM}
    assert {tone.value for tone in WORDS} == set(RingTone), "queues have the same ones to choose from"


def test_a_ring_tone_of_the_pbx_rings_once_it_is_there_and_the_usual_one_till_then_Q_5(
    settings: Settings,
) -> None:
    asked, samples = "0a" * 32, bytes(range(200))
    for missing in ({}, {asked: b""}, {"ff" * 32: samples}):
        assert tone(settings, "1002", asked=asked, uploaded=missing) is Tone.SOFT, "never silence"
    assert tone(settings, "1002", asked=asked, uploaded={asked: samples}) == Sound(RATE, samples)
    settings.ring_callers = (("1002", "bell"),)
    assert tone(settings, "1002", asked=asked, uploaded={asked: samples}) is Tone.BELL, (
        "the user's choice wins"
    )
