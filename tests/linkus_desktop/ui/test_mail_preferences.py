"""LOG-3: which mails one gets is chosen in the preferences, and a choice that did not work is taken back."""

import pytest

from linkus_desktop.pbx.errors import NotConnected
from linkus_desktop.ui.preferences.mail import NO_ADDRESS, NO_SERVER
from server.contract.mail import MailPreferences


@pytest.fixture
def section(window):
    window.open_room("preferences")
    return window.stack.currentWidget().mail


def test_mails_are_switched_each_for_itself_and_it_is_said_where_they_go_LOG_3(section, world):
    missed, password = section.boxes["missed_calls"], section.boxes["password_changed"]
    assert (missed.isChecked(), password.isChecked()) == (False, True)
    assert section.note.text() == "They go to anna.novak@example.com."
    missed.click()
    assert world.session.api.mails == MailPreferences(missed_calls=True, mail_server=True)
    password.click()
    assert world.session.api.mails.password_changed is False
    assert (missed.isChecked(), password.isChecked()) == (True, False)


def test_a_choice_that_does_not_work_is_taken_back_and_said_LOG_3(section, world):
    missed = section.boxes["missed_calls"]
    world.session.api.problem = NotConnected("The PBX cannot be reached.")
    missed.click()
    assert not missed.isChecked()
    assert not section.message.isHidden()
    world.session.api.problem = None
    missed.click()
    assert missed.isChecked()
    assert section.message.isHidden()
    assert world.session.api.mails.missed_calls


def test_why_no_mails_come_is_said_LOG_3(section, world):
    world.session.api.mails = MailPreferences()
    world.session.mail.load()
    assert section.note.text() == NO_SERVER
    me = world.session.me
    own = me.extension.model_copy(update={"email": None})
    world.session.me = me.model_copy(update={"extension": own})
    world.session.me_changed.emit()
    assert section.note.text() == NO_ADDRESS
