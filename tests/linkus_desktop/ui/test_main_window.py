"""A.8: the main window."""

import fakes
import pytest
from fakes import FakeCall, LineState, PresenceStatus, World, colleague
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit

from linkus_desktop.pbx.errors import NotConnected
from linkus_desktop.pbx.states import ConnectionState
from linkus_desktop.sip.values import CallState, Registration

CTRL = Qt.KeyboardModifier.ControlModifier


def test_only_rooms_that_work_are_shown(window):
    assert list(window.rail.rooms) == ["phone", "call_log", "extensions", "queues", "preferences"]


def test_ctrl_k_then_a_name_then_enter_calls_SIP_2(window, world, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window.focusWidget() is window.search
    qtbot.keyClicks(window.search, "okafor")
    qtbot.keyClick(window.search, Qt.Key.Key_Return)
    assert world.phone.dialled == ["1007"]
    assert window.search.text() == ""


def test_a_pasted_number_is_dialled_plain_SIP_2(window, world, qtbot):
    window.search.setText("+420 530-335 533")
    qtbot.keyClick(window.search, Qt.Key.Key_Return)
    assert world.phone.dialled == ["+420530335533"]


def test_arrow_keys_choose_among_the_matches_with_live_lamps(window, world, qtbot):
    window.search.setFocus()
    qtbot.keyClicks(window.search, "100")
    assert window.search.matches.isVisible()
    assert window.focusWidget() is window.search
    qtbot.keyClick(window.search, Qt.Key.Key_Down)
    qtbot.keyClick(window.search, Qt.Key.Key_Down)
    chosen = window.search.matches.current_number()
    qtbot.keyClick(window.search, Qt.Key.Key_Return)
    assert world.phone.dialled == [chosen]


def test_a_name_that_nobody_has_says_so(window, world, qtbot):
    window.search.setText("zebra")
    qtbot.keyClick(window.search, Qt.Key.Key_Return)
    assert world.phone.dialled == []
    assert "zebra" in window.message.text


def test_a_refused_dial_is_told_in_the_window_not_in_a_dialog(window, world):
    world.phone.problem = "The phone is not registered. Wait until it is."
    window.dial("1002")
    assert window.message.text == "The phone is not registered. Wait until it is."
    assert QApplication.activeModalWidget() is None


def test_digits_typed_in_the_phone_room_and_enter_dial(window, world, qtbot):
    dialler = window.rooms.phone().dialler
    qtbot.keyClicks(dialler.number, "1002")
    qtbot.keyClick(dialler.number, Qt.Key.Key_Return)
    assert world.phone.dialled == ["1002"]


@pytest.mark.parametrize(
    ("pasted", "shown"),
    [
        ("+420 530-335 533", "+420530335533"),
        ("(0)20 7946 0958", "02079460958"),
        ("tel:+420-530-335-533", "+420530335533"),
        ("Call Emily\non +420 530 335 533 please", "+420530335533"),
        ("Grace Okafor", "Grace Okafor"),
    ],
)
def test_a_pasted_number_is_plain_in_the_dial_field_SIP_2(window, qtbot, pasted, shown):
    field = window.rooms.phone().dialler.number
    QApplication.clipboard().setText(pasted)
    qtbot.keyClick(field, Qt.Key.Key_V, CTRL)
    assert field.text() == shown


def test_a_paste_keeps_what_was_typed_around_it_and_can_be_undone_SIP_2(window, world, qtbot):
    field = window.rooms.phone().dialler.number
    qtbot.keyClicks(field, "09")
    qtbot.keyClick(field, Qt.Key.Key_Left)
    QApplication.clipboard().setText("tel. 530 335 533")
    qtbot.keyClick(field, Qt.Key.Key_V, CTRL)
    assert field.text() == "05303355339"
    qtbot.keyClick(field, Qt.Key.Key_Z, CTRL)
    assert "530 335 533" in field.text()
    field.clear()
    qtbot.keyClicks(field, "+420 530-335 533")
    assert field.text() == "+420 530-335 533", "what is typed is left as it is"
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert world.phone.dialled == ["+420530335533"]


def test_a_name_in_the_dial_field_is_searched_SIP_2(window, world, qtbot):
    field = window.rooms.phone().dialler.number
    qtbot.keyClicks(field, "okafor")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert world.phone.dialled == []
    assert window.search.text() == "okafor"
    assert window.search.matches.isVisible()
    assert field.text() == ""
    qtbot.keyClick(window.search, Qt.Key.Key_Return)
    assert world.phone.dialled == ["1007"]


def test_a_name_in_the_dial_field_that_nobody_has_is_kept_there_SIP_2(window, world, qtbot):
    field = window.rooms.phone().dialler.number
    qtbot.keyClicks(field, "zebra")
    window.rooms.phone().dialler.call.click()
    assert world.phone.dialled == []
    assert field.text() == "zebra"
    assert "zebra" in window.message.text
    assert window.search.text() == ""


def test_keys_of_the_pad_write_the_number(window):
    dialler = window.rooms.phone().dialler
    for digit in "10*#":
        dialler.pad.keys[digit].click()
    assert dialler.number.text() == "10*#"
    dialler.delete.click()
    assert dialler.number.text() == "10*"


def test_the_badge_counts_missed_calls_that_were_not_seen(window, world):
    room = window.rail.rooms["call_log"]
    assert room.badge == "2"
    assert "2 missed" in room.accessibleName()
    missed = fakes.logged_call(outcome=fakes.Outcome.MISSED, seen=False)
    world.session.live.call_log.take_delta(missed.id, missed)
    world.session.live.call_log.flush()
    assert room.badge == "3"


@pytest.mark.parametrize(
    ("server", "phone", "words"),
    [
        (ConnectionState.ONLINE, Registration.REGISTERED, "Connected"),
        (ConnectionState.ONLINE, Registration.FAILED, "Phone not registered"),
        (ConnectionState.OFFLINE, Registration.REGISTERED, "Server not connected"),
        (ConnectionState.OFFLINE, Registration.FAILED, "No connection"),
        (ConnectionState.CONNECTING, Registration.OFF, "Connecting…"),
    ],
)
def test_the_dot_tells_server_and_phone_in_words_AUTH_8(window, world, server, phone, words):
    world.session.connection_changed.emit(server, "")
    world.phone.registration_changed.emit(phone, "wrong password")
    dot = window.toolbar.connection
    assert dot.words == words
    assert "wrong password" in dot.toolTip()


def test_a_lost_connection_leaves_no_stale_lamp_KEY_5(window, world):
    world.session.live.extensions.forget()
    view = window.rooms.phone().colleagues
    states = {
        view.people.index(row, 0).data(fakes_state_role()).call for row in range(view.people.rowCount())
    }
    assert states == {LineState.UNKNOWN}
    assert window.toolbar.presence.status_words == "Status unknown"


def fakes_state_role():
    from linkus_desktop.pbx.colleagues import ColleagueRole

    return ColleagueRole.STATE


async def test_choosing_a_status_tells_the_server_and_the_server_decides_PRES_1(window, world, settle):
    button = window.toolbar.presence
    button.note.setText("Back soon")
    button._statuses[PresenceStatus.AWAY].trigger()
    await settle()
    assert [(p.status, p.note) for p in world.session.presences] == [(PresenceStatus.AWAY, "Back soon")]
    world.tell(colleague("1001", "Anna Novak", status=PresenceStatus.AWAY, note="Back soon"))
    assert button.status_words == "Away"


async def test_a_status_that_was_not_taken_says_so_and_can_be_tried_again(window, world, settle):
    world.session.problem = NotConnected("The network is down.")
    window.toolbar.presence._statuses[PresenceStatus.AWAY].trigger()
    await settle()
    assert "network is down" in window.message.text
    world.session.problem = None
    window.message._buttons.itemAt(0).widget().click()
    await settle()
    assert [p.status for p in world.session.presences] == [PresenceStatus.AWAY]


def test_colleagues_stand_under_their_groups_and_without_oneself_DIR_1(window):
    view = window.rooms.phone().colleagues
    rows = [
        view.grouped.index(row).data(Qt.ItemDataRole.DisplayRole) for row in range(view.grouped.rowCount())
    ]
    assert rows[:3] == ["Management", "Grace Okafor", "Hugo Lindqvist"]
    assert "Anna Novak" not in rows


def test_those_not_registered_can_be_hidden_DIR_1(window):
    view = window.rooms.phone().colleagues
    view.unregistered.setChecked(False)
    names = [view.people.index(row, 0).data() for row in range(view.people.rowCount())]
    assert "Hugo Lindqvist" not in names
    assert "Grace Okafor" in names


def test_enter_on_a_colleague_calls(window, world, qtbot):
    view = window.rooms.phone().colleagues
    view.search.setFocus()
    qtbot.keyClick(view.search, Qt.Key.Key_Down)
    qtbot.keyClick(view.view, Qt.Key.Key_Return)
    assert world.phone.dialled == ["1007"]


def test_a_ringing_colleagues_call_is_picked_up_by_keyboard_and_menu_SIP_4_DIR_1(window, world, qtbot):
    view = window.rooms.phone().colleagues
    view.search.setFocus()
    qtbot.keyClick(view.search, Qt.Key.Key_Down)
    number = view.view.current_number()
    qtbot.keyClick(view.view, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert world.phone.dialled == [], "nothing rings there"
    assert not [a for a in view.view.menu(view.view.currentIndex()).actions() if "Pick up" in a.text()]
    world.tell(colleague(number, "Grace Okafor", call=LineState.RINGING))
    qtbot.waitUntil(lambda: world.colleagues.can_be_picked_up(number))
    qtbot.keyClick(view.view, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    menu = view.view.menu(view.view.currentIndex())
    (action,) = [a for a in menu.actions() if "Pick up" in a.text()]
    action.trigger()
    assert world.phone.dialled == [f"*04{number}"] * 2
    assert "Picking up…" in [card.state.text() for card in window.calls.cards]


def test_the_detail_offers_to_pick_up_while_it_rings_there_SIP_4(window, world, qtbot):
    window.open_room("extensions")
    room = window.stack.currentWidget()
    room.table.choose("1007")
    assert not room.detail.pick_up.isVisible()
    world.tell(colleague("1007", "Ada", call=LineState.RINGING))
    qtbot.waitUntil(room.detail.pick_up.isVisible)
    room.detail.pick_up.click()
    assert world.phone.dialled == ["*041007"]
    world.tell(colleague("1007", "Ada", call=LineState.TALKING))
    qtbot.waitUntil(lambda: not room.detail.pick_up.isVisible())


def test_without_a_code_nothing_can_be_picked_up_CODE_1(window, world, qtbot):
    world.session.me = world.session.me.model_copy(update={"feature_codes": {}})
    world.session.me_changed.emit()
    world.tell(colleague("1007", "Ada", call=LineState.RINGING))
    qtbot.waitUntil(lambda: world.colleagues.state("1007").call is LineState.RINGING)
    assert not world.colleagues.can_be_picked_up("1007")


def test_a_search_without_result_says_how_to_get_everybody_back(window, qtbot):
    view = window.rooms.phone().colleagues
    view.search.setText("zzz")
    assert view.states.isVisible()
    view.states._button.click()
    assert view.people.rowCount() == 7


def test_loading_shows_rows_only_after_a_moment(qtbot):
    window = World(None, None).window()
    qtbot.addWidget(window)
    window.show()
    states = window.rooms.phone().colleagues.states
    assert states.showing.name == "NOTHING_YET"
    qtbot.waitUntil(lambda: states.showing.name == "LOADING")


def test_one_key_folds_the_window_and_both_sizes_are_remembered(window, world, qtbot):
    window.resize(880, 640)
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window, Qt.Key.Key_M, modifiers)
    assert (window.width(), window.height()) == (340, 600)
    assert not window.rail.isVisible()
    window.close()
    again = world.window()
    qtbot.addWidget(again)
    again.show()
    assert (again.width(), again.height()) == (340, 600)
    again.size_of.set_compact(False)
    assert (again.width(), again.height()) == (880, 640)
    assert again.rail.isVisible()


def test_every_button_has_a_name_and_a_tooltip(window):
    for room in window.rail.rooms:
        window.open_room(room)
    for button in window.findChildren(QAbstractButton):
        if button.objectName().startswith("qt_") or type(button).__name__ in {
            "QAbstractButton",
            "QToolButton",
        }:
            continue
        if isinstance(button.parent(), QLineEdit) or button.isHidden():
            continue
        assert button.accessibleName() or button.text(), button
        named = type(button).__name__ in {"Key", "QCheckBox", "QRadioButton"}
        assert button.toolTip() or named, button.text()


def test_long_names_do_not_widen_the_window_and_are_whole_in_the_tooltip(qtbot):
    name = "Maximiliane Alexandra von Hohenstein-Wittgenstein-Berleburg " * 2
    world = World([colleague("1001", name), colleague("12345678", name)], [], name=(name[:60], ""))
    window = world.window()
    qtbot.addWidget(window)
    window.show()
    window.resize(880, 560)
    world.phone.add(FakeCall("12345678", name, CallState.ACTIVE))
    assert window.width() == 880
    card = window.calls.cards[0]
    assert "…" in card.name.shown_text()
    assert card.name.toolTip() == name
    assert card.hang_up.geometry().right() <= card.width()


def test_right_to_left_layout_shows_every_room(qtbot, qapp):
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        window = World([colleague("1001", "أنا"), colleague("1002", "أحمد عبد الرحمن")]).window()
        qtbot.addWidget(window)
        window.show()
        for room in window.rail.rooms:
            window.open_room(room)
            assert not window.grab().isNull()
        assert window.rail.mapTo(window, window.rail.rect().topLeft()).x() > window.width() / 2
    finally:
        qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def test_dark_and_light_change_at_once_and_are_remembered(world, theme, qtbot):
    window = world.window(theme=theme)
    qtbot.addWidget(window)
    window.show()
    window.open_room("preferences")
    window.stack.currentWidget().appearance.modes["dark"].click()
    assert world.settings.theme == "dark"
    assert window.palette().window().color().lightness() < 60


def test_the_own_picture_is_shown_as_soon_as_it_is_there_DIR_4(world, qtbot):
    me = world.session.me
    world.session.me = me.model_copy(update={"extension": me.extension.model_copy(update={"avatar": "abc"})})
    red = QPixmap(32, 32)
    red.fill(Qt.GlobalColor.red)
    fetched = {}

    class Fetched:
        def of(self, number, digest):
            return fetched.get((number, digest))

    button = world.window(pictures=Fetched()).toolbar.presence

    def shows_it() -> bool:
        return button.grab().toImage().pixelColor(20, 14) == QColor(Qt.GlobalColor.red)

    assert not shows_it()
    fetched["1001", "abc"] = red
    world.colleagues.repaint("1001")
    qtbot.waitUntil(shows_it)
