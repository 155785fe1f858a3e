"""SIP-6, SIP-9: how the PBX wants a call to ring, and whether it is to be answered by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkus_desktop.sip.alert import LATEST_S, LONGEST, MOST, alert_of
from linkus_desktop.sip.audio import Ring, Tone
from linkus_desktop.sip.audio.tones import ring
from linkus_desktop.sip.call import Call
from linkus_desktop.sip.phone import Phone
from tests.linkus_desktop.sip.conftest import Until
from tests.linkus_desktop.sip.small_pbx import SmallPbx
from tests.linkus_desktop.sip.sound_cards import SoundCards


def invite(*headers: str) -> str:
    return "\r\n".join(["INVITE sip:2000@pbx SIP/2.0", *headers, "", "Alert-Info: not a header", ""])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Call-Info: <sip:pbx>;answer-after=0", 0),
        ("Call-Info: <sip:pbx>; Answer-After = 5", 5),
        ("call-info: <http://pbx/a.png>;purpose=icon, <sip:pbx>;answer-after=2", 2),
        ("Alert-Info: <http://pbx>;info=alert-autoanswer", 0),
        ("Alert-Info: info=alert-autoanswer;delay=0", 0),
        ("Alert-Info: <http://pbx>;info=Auto Answer", 0),
        ('Alert-Info: <http://pbx>;info="Auto Answer"', 0),
        ("Alert-Info: Ring Answer", 0),
        ("Alert-Info: <http://pbx/Auto-Answer>", 0),
        ("Alert-Info: <http://pbx>;answer-after=3", 3),
        ("Answer-Mode: Auto", 0),
        ("Priv-Answer-Mode: auto;require", 0),
        ("Answer-Mode: Manual", None),
        ("Call-Info: <sip:pbx>;answer-after=soon", None),
        (f"Call-Info: <sip:pbx>;answer-after={LATEST_S + 1}", None),
        ("Call-Info: <sip:pbx>;answer-after=-1", None),
        ("Alert-Info: <http://pbx>;info=Manual Answering", None),
        ("Alert-Info: <http://pbx>;info=nonauto-answer", None),
        ("Subject: answer-after=0", None),
        ("From: \"Auto Answer\" <sip:1@pbx>", None),
        ("Via: SIP/2.0/UDP x", None),
    ],
)  # fmt: skip
def test_when_a_call_is_to_be_answered_by_itself_SIP_9(header: str, seconds: int | None) -> None:
    assert alert_of(invite(header)).answer_after_s == seconds


def test_what_is_said_about_the_ringing_is_kept_short_and_clean_SIP_6() -> None:
    alert = alert_of(invite("Alert-Info: <http://pbx>;info=\x07\u202esales", "Alert-Info: " + "x" * 5000))
    assert alert.infos[0] == "<http://pbx>;info=sales"
    assert len(alert.infos[1]) == LONGEST
    assert len(alert_of(invite(*["Alert-Info: a"] * 99)).infos) == MOST


@given(st.text(max_size=300))
def test_no_message_does_harm_SIP_6(text: str) -> None:
    for header in ("Alert-Info", "Call-Info", "Answer-Mode"):
        alert = alert_of(invite(f"{header}: {text}"))
        assert alert.answer_after_s is None or 0 <= alert.answer_after_s <= LATEST_S
        assert all(len(info) <= LONGEST for info in alert.infos)


async def test_a_call_rings_with_the_tone_that_is_chosen_for_it_SIP_6(
    registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    def tone_of(call: Call) -> Tone:
        return Tone.MARIMBA if "sales" in call.alert.infos[0] else Tone.BELL

    registered.tone_of = tone_of
    pbx.call(headers=[("Alert-Info", "<http://pbx>;info=sales")])
    await until(lambda: bool(cards.bells), "rings")
    assert cards.bells[0].ring == ring(Ring.CALL, Tone.MARIMBA)
    pbx.cancel()
    await until(lambda: not cards.bells, "given up")


async def test_a_silent_call_makes_no_sound_and_can_be_answered_SIP_6(
    registered: Phone, pbx: SmallPbx, cards: SoundCards, until: Until
) -> None:
    registered.tone_of = lambda _call: Tone.SILENT
    pbx.call()
    await until(lambda: bool(registered.calls), "it is there")
    call = registered.calls[0]
    assert cards.bells == []
    call.answer()
    await until(lambda: call.talking, "answered")


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        ("<http://queue>;ring-tone=pulse", "pulse"),
        ("<http://queue>;ring-tone=pulse;info=sales", "pulse"),
        ("<http://queue>;info=a;ring-tone=soft", "soft"),
        ("<http://queue>;ring-tone=" + "0a" * 32 + ";info=sales", "0a" * 32),
        ("<http://queue>;ring-tone=" + "0A" * 32, ""),
        ("<http://queue>;ring-tone=" + "0a" * 31, ""),
        ("<http://queue>;info=sales", ""),
        ("<http://queue>;ring-tone=", ""),
        ("<http://queue>;ring-tone=../../etc", ""),
        ("<http://queue>;ring-tone=" + "x" * 60, ""),
        ("ring-tone=pulse", ""),
    ],
)
def test_the_ring_tone_that_the_pbx_asks_for_is_read_Q_5(header: str, asked: str) -> None:
    assert alert_of(invite(f"Alert-Info: {header}")).ring_tone == asked
