"""SIP-6, AUTH-5: preferences and the change of the password."""

import fakes
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from linkus_desktop.pbx.errors import ApiError
from linkus_desktop.sip.audio.backend import Device
from linkus_desktop.sip.audio.tones import Tone
from linkus_desktop.ui.password_dialog import PasswordDialog
from server.contract.errors import ErrorBody, ErrorCode


@pytest.fixture
def page(window):
    window.open_room("preferences")
    return window.stack.currentWidget()


def test_choosing_a_device_is_kept_and_used_at_once_SIP_6(page, world):
    page.audio.microphone.setCurrentIndex(2)
    page.audio.microphone.activated.emit(2)
    assert world.settings.microphone == b"m2"
    assert world.audio.chosen["microphone"] == b"m2"


def test_a_chosen_device_that_is_away_stays_chosen_and_says_so_SIP_6(page, world):
    world.settings.speaker = b"s2"
    world.audio.speakers = world.audio.speakers[:1]
    world.audio.devices_changed.emit()
    assert page.audio.speaker.currentText() == "Chosen device (not connected)"
    assert world.settings.speaker == b"s2"
    world.audio.speakers = [*world.audio.speakers, Device(b"s2", "USB headset")]
    world.audio.devices_changed.emit()
    assert page.audio.speaker.currentText() == "USB headset"


def test_the_microphone_is_open_only_while_its_level_is_shown_SIP_6(page, window, world):
    assert world.audio.users == {"preferences"}
    world.audio.levels.emit(-20.0, -60.0)
    assert page.audio.level.lit > 10
    window.open_room("phone")
    assert world.audio.users == set()


def test_the_test_ring_rings_and_stops_when_the_room_is_left(page, window, world):
    page.audio.test_ring.click()
    assert world.audio.testing == "ringer"
    window.open_room("phone")
    assert not world.audio.testing
    assert page.audio.test_ring.text() == "Test"


def test_the_speaker_can_be_heard_before_a_call_SIP_6(page, world):
    speaker, ring = page.audio.test_speaker, page.audio.test_ring
    ring.click()
    speaker.click()
    assert world.audio.testing == "speaker"
    assert (speaker.text(), speaker.isChecked()) == ("Stop", True)
    assert (ring.text(), ring.isChecked()) == ("Test", False)
    speaker.click()
    assert world.audio.testing == ""
    world.audio.play_test("speaker")
    world.audio.stop_test()
    assert not speaker.isChecked(), "it ends by itself"


def test_whose_intercom_calls_are_answered_is_chosen_SIP_9(page, world):
    box = page.incoming.auto_answer
    assert box.currentText() == "From colleagues"
    box.setCurrentIndex(box.findData("never"))
    box.activated.emit(box.currentIndex())
    assert world.settings.auto_answer == "never"
    page.incoming.notify.click()
    assert world.settings.notify is False


def choose(picker, tone):
    at = picker.box.findData(tone.value)
    picker.box.setCurrentIndex(at)
    picker.box.activated.emit(at)


def test_ring_tones_are_chosen_and_kept_SIP_6(page, world):
    choose(page.ringing.colleagues, Tone.SOFT)
    choose(page.ringing.others, Tone.URGENT)
    assert (world.settings.ring_colleagues, world.settings.ring_others) == ("soft", "urgent")


def test_a_ring_tone_can_be_heard_before_it_is_chosen_SIP_6(page, window, world):
    one, other = page.ringing.colleagues, page.ringing.others
    one.listen.click()
    assert world.audio.tones == [Tone.CHIME]
    assert (one.listen.text(), other.listen.text()) == ("Stop", "Listen")
    choose(one, Tone.PULSE)
    assert world.audio.tones[-1] is Tone.PULSE, "the new one is heard at once"
    other.listen.click()
    assert (one.listen.text(), other.listen.text()) == ("Listen", "Stop")
    other.listen.click()
    assert world.audio.testing == ""
    one.listen.click()
    page.audio.test_speaker.click()
    assert one.listen.text() == "Listen"
    one.listen.click()
    window.open_room("phone")
    assert world.audio.testing == ""


def test_callers_have_tones_of_their_own_SIP_6(page, world, qtbot):
    form = page.ringing.callers
    form.add.click()
    assert world.settings.ring_callers == (), "a line without a number is not kept"
    qtbot.keyClicks(form.rules[0].text, "+420 530 335 533")
    qtbot.keyClick(form.rules[0].text, Qt.Key.Key_Return)
    choose(form.rules[0].picker, Tone.URGENT)
    assert world.settings.ring_callers == (("+420 530 335 533", "urgent"),)
    form.add.click()
    assert form.rules[1].text.hasFocus()
    qtbot.keyClicks(form.rules[1].text, "1002")
    form.rules[0].remove.click()
    assert world.settings.ring_callers == (("1002", "marimba"),), "what was typed is not lost"
    form.rules[0].remove.click()
    assert world.settings.ring_callers == ()


def test_queues_have_tones_of_their_own_SIP_6(page, world, qtbot):
    form = page.ringing.queues
    form.add.click()
    qtbot.keyClicks(form.rules[0].text, "Sales")
    qtbot.keyClick(form.rules[0].text, Qt.Key.Key_Return)
    choose(form.rules[0].picker, Tone.PULSE)
    assert world.settings.ring_queues == (("Sales", "pulse"),)


def test_texts_of_the_pbx_have_tones_SIP_6(page, world, qtbot):
    form = page.ringing.alerts
    form.add.click()
    qtbot.keyClicks(form.rules[0].text, "support")
    qtbot.keyClick(form.rules[0].text, Qt.Key.Key_Return)
    assert world.settings.ring_alerts == (("support", "marimba"),)


def test_no_sound_is_told_where_the_devices_are(page, world):
    world.audio.problem_changed.emit("No microphone found: calls work, but in silence.")
    assert "No microphone" in page.audio.problem.text


@pytest.fixture
def dialog(theme, qtbot):
    shown = PasswordDialog(fakes.FakeSession())
    qtbot.addWidget(shown)
    shown.show()
    return shown


def fill(dialog, old="old secret", new="new secret 1", again="new secret 1"):
    for field, text in ((dialog.old, old), (dialog.new, new), (dialog.again, again)):
        field.edit.setText(text)


async def test_the_password_is_changed_AUTH_5(dialog, settle):
    fill(dialog)
    dialog.submit()
    await settle()
    assert dialog._session.passwords == [("old secret", "new secret 1")]
    assert "has been changed" in dialog.message.text
    assert dialog.new.edit.text() == ""


async def test_a_password_that_nobody_knows_can_be_changed_later_too_AUTH_2(window, world, settle):
    window.offer_password("from the link")
    window.dial("1002")  # the offer goes with the first call
    assert "choose one of your own" not in window.message.text
    window.change_password()
    (first,) = window.findChildren(PasswordDialog)
    assert not first.old.isVisible()
    world.session.problem = ApiError(422, ErrorBody(code=ErrorCode.BAD_CREDENTIALS, message="Wrong."))
    fill(first, old=first.old.text)
    first.submit()
    await settle()
    assert first.old.problem.isVisible(), "what is wrong is seen"
    world.session.problem = None
    first.submit()
    await settle()
    assert world.session.passwords == [("from the link", "new secret 1")]
    window.change_password()
    first.close()
    (second,) = (one for one in window.findChildren(PasswordDialog) if one is not first)
    assert second.old.isVisible(), "now there is somebody who knows it"
    second.close()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"old": ""}, "old"),
        ({"again": "other"}, "again"),
        ({"new": "old secret", "again": "old secret"}, "new"),
    ],
)
def test_what_can_be_checked_here_is_told_at_its_field(dialog, typed, field):
    fill(dialog, **typed)
    dialog.submit()
    assert getattr(dialog, field).problem.isVisible()
    assert dialog._session.passwords == []


@pytest.mark.parametrize(
    ("code", "field"), [(ErrorCode.BAD_CREDENTIALS, "old"), (ErrorCode.WEAK_PASSWORD, "new")]
)
async def test_what_the_server_refuses_is_told_at_its_field_AUTH_5(dialog, settle, code, field):
    dialog._session.problem = ApiError(422, ErrorBody(code=code, message="Use at least 10 characters."))
    fill(dialog)
    dialog.submit()
    await settle()
    assert getattr(dialog, field).problem.isVisible()
    assert dialog.new.edit.text() == "new secret 1", "nothing typed is lost"


def test_passwords_are_hidden(dialog):
    assert all(
        f.edit.echoMode() is QLineEdit.EchoMode.Password for f in (dialog.old, dialog.new, dialog.again)
    )
    assert dialog.windowModality() is Qt.WindowModality.NonModal
