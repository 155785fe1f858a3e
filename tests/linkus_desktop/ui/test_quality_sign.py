"""SIP-8: how the call sounds, in the call panel."""

from datetime import timedelta

import pytest
from fakes import NOW, FakeCall
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from linkus_desktop.sip.values import CallState, Quality
from linkus_desktop.ui.tokens import LIGHT

pytestmark = pytest.mark.qt_log_ignore("does not support (raise|grabbing)")


def quality(mos, *, sent=None, loss=0.0, loss_sent=0.0, trip=24.0):
    return Quality("G722", True, loss, loss_sent, 3.0, trip, mos, sent)


@pytest.fixture
def call(world):
    return world.phone.add(FakeCall("1002", "Ben", CallState.ACTIVE))


def card_of(window, call):
    return window.calls.card_of(call)


def lasts(card, call, seconds, begin=0):
    for second in range(begin, begin + seconds):
        card.quality.follow(call, NOW + timedelta(seconds=second))


def test_the_sign_says_it_in_a_word_and_goes_with_the_sound_SIP_8(window, call):
    sign = card_of(window, call).quality.sign
    assert not sign.isVisible(), "nothing is measured yet"
    call.measured = quality(4.3)
    window.calls._on_second()
    assert sign.isVisible()
    assert "good" in sign.accessibleName()
    assert "Codec: G722, encrypted" in sign.toolTip()
    call.measured = quality(4.3, sent=2.0)
    window.calls._on_second()
    assert "bad" in sign.accessibleName(), "what they hear counts too"
    call.hold()
    window.calls._on_second()
    assert not sign.isVisible()


def test_the_figures_come_by_keyboard_and_go_with_escape_SIP_8(window, call, qtbot):
    call.measured = quality(3.4, loss=3.0, trip=None)
    window.calls._on_second()
    sign = card_of(window, call).quality.sign
    sign.setFocus()
    qtbot.keyClick(sign, Qt.Key.Key_Space)
    assert sign.details.isVisible()
    assert QApplication.activeModalWidget() is None
    told = sign.details.accessibleDescription()
    assert "What you hear: 3.0 % lost" in told
    assert "Round trip: not told yet" in told
    qtbot.keyClick(sign.details, Qt.Key.Key_Escape)
    assert not sign.details.isVisible()


def test_a_bad_line_is_told_after_some_seconds_with_the_reason_SIP_8(window, call):
    card = card_of(window, call)
    call.measured = quality(2.0, loss=18.0, trip=620.0)
    lasts(card, call, 3)
    assert card.quality.warning.text == "", "a dip is no warning"
    lasts(card, call, 4, begin=3)
    text = card.quality.warning.text.replace("\u00a0", " ")
    assert "18 % of what they say is lost" in text
    assert "0.6 s" in text
    colour = card.quality.warning._text.palette().color(QPalette.ColorRole.WindowText).name().upper()
    assert colour == LIGHT.warning_text
    call.measured = quality(4.2)
    lasts(card, call, 8, begin=7)
    assert card.quality.warning.text == ""


def test_a_warning_that_was_closed_stays_closed_SIP_8(window, call):
    card = card_of(window, call)
    call.measured = quality(2.0, loss=18.0)
    lasts(card, call, 6)
    card.quality.warning.clear()
    lasts(card, call, 20, begin=6)
    assert card.quality.warning.text == ""


def test_in_a_conference_each_line_has_its_sign_SIP_8(window, world, call):
    other = world.phone.add(FakeCall("1003", "Chiara", CallState.ACTIVE))
    call.measured, other.measured = quality(4.3), quality(2.0)
    world.phone.merge()
    window.calls._on_second()
    words = [row.quality.accessibleName() for row in window.calls.conference.members]
    assert ["good" in word for word in words] == [True, False]
    assert all(row.quality.isVisible() for row in window.calls.conference.members)


def test_nothing_heard_at_all_says_so_SIP_8(window, call):
    card = card_of(window, call)
    call.measured = quality(1.0, loss=100.0)
    lasts(card, call, 6)
    assert "Nothing is heard" in card.quality.warning.text
