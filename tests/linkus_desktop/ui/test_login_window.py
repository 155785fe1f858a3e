"""AUTH-1, AUTH-4, AUTH-6: the window to log in with."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit

from linkus_desktop.pbx.address import ServerAddress
from linkus_desktop.pbx.errors import (
    BadCredentials,
    CertificateChanged,
    CertificateUnknown,
    Locked,
    Unreachable,
)
from linkus_desktop.store.settings import LastLogin, Settings
from linkus_desktop.ui.login_window import LoginWindow

SERVER = ServerAddress("pbx.example.com")


@pytest.fixture
def login(theme, qtbot):
    window = LoginWindow(Settings())
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    return window


def type_in(qtbot, login, server="pbx.example.com", user="1001", password="secret word"):
    qtbot.keyClicks(login.server.server.edit, server)
    qtbot.keyClicks(login.user.edit, user)
    qtbot.keyClicks(login.password.edit, password)


def test_typing_and_return_is_enough_AUTH_1(login, qtbot):
    type_in(qtbot, login)
    with qtbot.waitSignal(login.submitted) as sent:
        qtbot.keyClick(login.password.edit, Qt.Key.Key_Return)
    form = sent.args[0]
    assert (form.lan, form.wan, form.user, form.password) == (SERVER, None, "1001", "secret word")
    assert "secret word" not in repr(form)


def test_two_addresses_with_ports_AUTH_1(login, qtbot):
    qtbot.mouseClick(login.server.more, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(login.server.wan.edit, "pbx.example.com:9000")
    type_in(qtbot, login, server="192.168.1.5:8111")
    form = login.form()
    assert form.lan == ServerAddress("192.168.1.5", 8111)
    assert form.wan == ServerAddress("pbx.example.com", 9000)


def test_an_empty_or_wrong_field_is_told_at_the_field(login, qtbot):
    type_in(qtbot, login, server="not a server", password="")
    with qtbot.assertNotEmitted(login.submitted):
        login.submit()
    assert "not a server" in login.server.server.problem.text()
    assert login.password.problem.isVisible()
    qtbot.keyClicks(login.password.edit, "x")
    assert not login.password.problem.isVisible()


def test_return_while_busy_does_not_log_in_twice(login, qtbot):
    type_in(qtbot, login)
    login.submit()
    with qtbot.assertNotEmitted(login.submitted):
        login.submit()
    assert login.log_in.text() == "Cancel"
    assert not login.user.isEnabled()
    with qtbot.waitSignal(login.cancelled):
        qtbot.keyClick(login, Qt.Key.Key_Escape)
    assert login.log_in.text() == "Log in"


@pytest.mark.parametrize(
    ("error", "field"),
    [
        (BadCredentials(), "password"),
        (Locked(90), "user"),
        (Unreachable([(SERVER, "no answer.")]), "server"),
    ],
)
def test_an_error_says_what_to_do_and_puts_the_focus_there_AUTH_6(login, qtbot, error, field):
    type_in(qtbot, login)
    login.submit()
    login.show_error(error)
    assert login.message.text == str(error)
    edits = {"password": login.password, "user": login.user, "server": login.server.server}
    assert login.focusWidget() is edits[field].edit
    assert login.password.text == "secret word", "nothing typed is lost"


def test_the_certificate_question_stays_in_the_window_and_the_safe_answer_has_the_focus(login, qtbot):
    type_in(qtbot, login)
    login.submit()
    login.ask_fingerprint(CertificateUnknown(SERVER, "AA:BB:CC:DD"))
    assert login.certificate.isVisible()
    assert "AA  BB  CC  DD" in login.certificate.fingerprint.text()
    assert login.focusWidget() is login.certificate.refuse_button
    with qtbot.waitSignal(login.submitted) as sent:
        login.certificate.accept_button.click()
    assert sent.args[0].fingerprint == "AA:BB:CC:DD"


def test_refusing_the_certificate_goes_back_to_the_form(login, qtbot):
    type_in(qtbot, login)
    login.ask_fingerprint(CertificateUnknown(SERVER, "AA:BB"))
    with qtbot.assertNotEmitted(login.submitted):
        qtbot.keyClick(login.certificate.refuse_button, Qt.Key.Key_Space)
    assert login.user.isVisible()
    assert not login.certificate.isVisible()


def test_a_changed_certificate_offers_to_forget_the_old_one(login, qtbot):
    login.show_error(CertificateChanged(SERVER, "AA", "BB"))
    with qtbot.waitSignal(login.forget_certificate) as sent:
        login.message._buttons.itemAt(0).widget().click()
    assert sent.args == [SERVER]


def test_the_password_is_hidden_until_asked_for(login):
    edit = login.password.edit
    assert edit.echoMode() is QLineEdit.EchoMode.Password
    login.password.reveal(True)
    assert edit.echoMode() is QLineEdit.EchoMode.Normal


def test_logging_in_by_itself_needs_a_remembered_password_AUTH_4(login):
    login.remember.remember.setChecked(False)
    login.remember.auto_login.setChecked(True)
    assert login.remember.remember.isChecked()
    login.remember.remember.setChecked(False)
    assert not login.remember.auto_login.isChecked()


def test_the_last_login_is_filled_in_and_the_focus_is_at_the_password(qtbot):
    settings = Settings()
    settings.last_login = LastLogin("192.168.1.5", "pbx.example.com", "1001")
    window = LoginWindow(settings)
    qtbot.addWidget(window)
    assert (window.server.server.text, window.server.wan.text, window.user.text) == (
        "192.168.1.5",
        "pbx.example.com",
        "1001",
    )
    assert window.focusWidget() is window.password.edit


def test_tab_goes_in_reading_order(login, qtbot):
    login.server.server.edit.setFocus()
    seen = []
    for _ in range(6):
        seen.append(login.focusWidget())
        qtbot.keyClick(login.focusWidget(), Qt.Key.Key_Tab)
    boxes = login.remember
    assert seen == [
        login.server.server.edit,
        login.server.more,
        login.user.edit,
        login.password.edit,
        boxes.remember,
        boxes.auto_login,
    ]


def test_nothing_is_cut_off_at_the_smallest_size(login, qtbot):
    login.resize(login.minimumSize())
    login.show_error(Unreachable([(ServerAddress("192.168.1.5"), "no answer."), (SERVER, "unknown name.")]))
    qtbot.waitUntil(lambda: login.message.height() > 40)
    text = login.message._text
    assert text.height() >= text.heightForWidth(text.width())


def test_a_long_message_pushes_no_button_out_of_sight(login, qtbot):
    type_in(qtbot, login)
    login.server.more.setChecked(True)
    tried = [(ServerAddress("192.168.1.5"), "no answer in 2 seconds."), (SERVER, "the name is not known.")]
    login.show_error(Unreachable(tried * 2))
    button = login.log_in
    qtbot.waitUntil(lambda: button.mapTo(login, button.rect().bottomLeft()).y() < login.height())
    assert login.height() <= login.screen().availableGeometry().height()


def test_the_question_about_a_certificate_says_why_and_what_if_not(login, qtbot):
    login.ask_fingerprint(CertificateUnknown(SERVER, "AA:BB"))
    texts = " ".join(text.text() for text in login.certificate.findChildren(QLabel))
    assert "If they differ, do not connect" in texts
    assert "Nothing has been sent yet" in texts
