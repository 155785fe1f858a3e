"""PRES-2, PRES-3, PRES-4, PRES-5, DIR-5: how one is reached, in the preferences and in the presence menu."""

from datetime import timedelta

import fakes
import pytest

from linkus_desktop.pbx.errors import ApiError, NotConnected
from linkus_desktop.ui.temporary_status_dialog import TemporaryStatusDialog
from server.contract.destinations import DestinationKind
from server.contract.errors import ErrorBody, ErrorCode, FieldProblem
from server.contract.presence import Presence, PresenceStatus
from server.contract.reaching import EndpointKind, ReachingSettings

DND = PresenceStatus.DO_NOT_DISTURB


@pytest.fixture
def section(window):
    window.open_room("preferences")
    return window.stack.currentWidget().reaching


@pytest.fixture
def kept(world):
    """What the server has."""
    return lambda: world.session.api.settings


def choose(box, data):
    box.setCurrentIndex(box.findData(data))
    box.activated.emit(box.currentIndex())


def type_into(edit, text):
    edit.setText(text)
    edit.textEdited.emit(text)


def test_a_status_is_changed_and_saved_and_says_so_PRES_2(section, kept):
    assert not section.save.isEnabled()
    choose(section.status, PresenceStatus.AWAY)
    type_into(section.form.note, "Back soon")
    field = section.form.destinations["external", "no_answer"]
    choose(field.kind, DestinationKind.EXTERNAL)
    type_into(field.number, "+420 530-335 533")
    section.form.timeout.setValue(12)
    choose(section.form.stages[EndpointKind.WEB], "ring_second")
    choose(section.form.stages[EndpointKind.MOBILE], "")
    assert section.done.text() == "Not saved yet"
    section.save.click()
    away = kept().statuses.away
    assert (away.note, away.ring_timeout_s) == ("Back soon", 12)
    assert away.external.no_answer.value == "+420530335533"
    assert away.ring_first == [EndpointKind.EXTENSION_ENDPOINT, EndpointKind.DESKTOP]
    assert away.ring_second == [EndpointKind.WEB]
    assert kept().statuses.available == ReachingSettings().statuses.available
    assert (section.done.text(), section.save.isEnabled()) == ("Saved", False)


def test_calls_are_forwarded_to_the_own_mailbox_or_to_another_PRES_3(section, kept):
    own = section.form.destinations["internal", "no_answer"]
    choose(own.kind, DestinationKind.VOICEMAIL)
    assert "My own" in own.number.placeholderText()
    assert not own.problem.isVisible(), "the own mailbox needs no number"
    colleague = section.form.destinations["external", "busy"]
    choose(colleague.kind, DestinationKind.VOICEMAIL)
    type_into(colleague.number, "10x2")
    assert "or nothing for the own mailbox" in colleague.problem.text()
    type_into(colleague.number, "1002")
    group = section.form.destinations["external", "always"]
    choose(group.kind, DestinationKind.GROUP_VOICEMAIL)
    section.save.click()
    assert group.problem.isVisible(), "a group's mailbox has a number"
    type_into(group.number, "6500")
    section.save.click()
    available = kept().statuses.available
    assert str(available.internal.no_answer) == "voicemail"
    assert str(available.external.busy) == "voicemail:1002"
    assert str(available.external.always) == "group_voicemail:6500"


def test_do_not_disturb_offers_what_it_has_PRES_3(section):
    choose(section.status, DND)
    assert set(section.form.destinations) == {("internal", "always"), ("external", "always")}
    assert section.form.stages == {}


def test_what_is_wrong_stands_at_its_field_while_typing_PRES_3(section, kept):
    field = section.form.destinations["internal", "busy"]
    choose(field.kind, DestinationKind.EXTENSION)
    assert not field.problem.isVisible(), "nothing is typed yet"
    type_into(field.number, "1x")
    assert "number of an extension" in field.problem.text()
    assert field.problem.isVisible()
    assert field.number.accessibleDescription() == field.problem.text()
    type_into(field.number, "1002")
    assert not field.problem.isVisible()
    type_into(field.number, "")
    section.save.click()
    assert field.problem.isVisible()
    assert "Nothing was saved" in section.message.text
    assert kept() == ReachingSettings()


def test_a_mistake_in_another_status_is_told_and_shown_PRES_2(section):
    choose(section.form.destinations["internal", "busy"].kind, DestinationKind.EXTENSION)
    choose(section.status, PresenceStatus.AWAY)
    assert section.elsewhere.text() == "Something has to be corrected for: Available."
    section.save.click()
    assert section.status.currentText() == "Available"
    assert section.form.destinations["internal", "busy"].problem.isVisible()


def test_no_phone_that_rings_first_is_a_mistake_PRES_4(section):
    for box in section.form.stages.values():
        choose(box, "ring_second")
    assert section.form.no_first.isVisible()
    assert "rings first" in section.form.no_first.text()


def test_what_the_server_refuses_is_marked_and_nothing_is_lost_PRES_3(section, world):
    field = section.form.destinations["internal", "busy"]
    choose(field.kind, DestinationKind.EXTENSION)
    type_into(field.number, "1999")
    where = FieldProblem(field="statuses.available.internal.busy", problem="there is no extension 1999")
    body = ErrorBody(code=ErrorCode.INVALID, message="Nothing was changed.", fields=[where])
    world.session.api.problem = ApiError(422, body)
    section.save.click()
    assert field.problem.text() == "There is no extension 1999."
    assert field.number.text() == "1999"
    world.session.api.problem = None
    type_into(field.number, "1002")
    assert not field.problem.isVisible()
    section.save.click()
    assert section.done.text() == "Saved"


def test_a_lost_connection_says_so_and_saving_can_be_tried_again(section, world, kept):
    section.all_busy.setChecked(True)
    world.session.api.problem = NotConnected("The network is down.")
    section.save.click()
    assert "network is down" in section.message.text
    world.session.api.problem = None
    section.message._buttons.itemAt(0).widget().click()
    assert kept().all_busy


def test_settings_that_do_not_load_can_be_asked_for_again(window, world):
    world.session.api.problem = NotConnected("The network is down.")
    window.open_room("preferences")
    section = window.stack.currentWidget().reaching
    assert not section.status.isEnabled()
    world.session.api.problem = None
    section.message._buttons.itemAt(0).widget().click()
    assert section.form is not None
    assert section.status.isEnabled()
    assert section.message.text == ""


def test_changes_survive_leaving_the_room_and_can_be_discarded(section, window):
    type_into(section.form.note, "Draft")
    window.open_room("phone")
    window.open_room("preferences")
    assert section.form.note.text() == "Draft"
    section.discard.click()
    assert section.form.note.text() == ""
    assert not section.discard.isEnabled()


def test_rules_are_added_moved_and_removed_DIR_5(section, kept):
    for pattern in ("100xx", "10086"):
        section.rules.add.click()
        type_into(section.rules.rules[-1].pattern, pattern)
    choose(section.rules.rules[1].action.kind, None)
    section.rules.rules[1].up.click()
    section.save.click()
    assert [str(rule.destination or "accept") for rule in kept().caller_rules] == ["accept", "hang_up"]
    assert section.rules.rules[1].pattern.text() == "100XX", "as the server took it"
    section.rules.rules[0].remove.click()
    section.save.click()
    assert [rule.pattern for rule in kept().caller_rules] == ["100XX"]


def test_a_pattern_that_is_none_is_told_at_its_rule_DIR_5(section):
    section.rules.add.click()
    rule = section.rules.rules[0]
    assert not rule.problem.isVisible()
    type_into(rule.pattern, "1.2")
    assert "pattern" in rule.problem.text()
    assert rule.problem.isVisible()


def test_without_a_mobile_number_it_cannot_ring_and_says_why_PRES_2(section):
    assert not section.form.mobile.isEnabled()
    assert "no mobile number" in section.form.mobile.toolTip()


def test_the_tooltip_tells_until_when_a_temporary_status_lasts_PRES_5(window, world):
    now = fakes.NOW
    presence = Presence(status=PresenceStatus.AWAY, note="", since=now, until=now + timedelta(minutes=90))
    own = fakes.colleague("1001", "Anna Novak").model_copy(update={"presence": presence})
    world.tell(own)
    clock = f"{presence.until.astimezone():%H:%M}"
    assert f"Away until {clock}" in window.toolbar.presence.toolTip()
    assert f"Away until {clock}" in window.toolbar.presence.accessibleName()


async def test_a_status_from_the_menu_brings_its_own_note_PRES_2(window, world, settle):
    window.toolbar.presence._statuses[PresenceStatus.AWAY].trigger()
    await settle()
    assert [(p.status, p.note) for p in world.session.presences] == [(PresenceStatus.AWAY, None)]


def test_the_menu_opens_the_window_of_temporary_statuses_PRES_5(window):
    window.toolbar.presence._temporary.trigger()
    dialogs = window.findChildren(TemporaryStatusDialog)
    assert [dialog.isVisible() and not dialog.isModal() for dialog in dialogs] == [True]


@pytest.fixture
def dialog(theme, qtbot):
    shown = TemporaryStatusDialog(fakes.FakeSession())
    qtbot.addWidget(shown)
    shown.show()
    return shown


async def test_a_temporary_status_is_asked_for_with_its_time_and_message_PRES_5(dialog, settle):
    choose(dialog.status, PresenceStatus.LUNCH_BREAK)
    dialog.minutes.setValue(30)
    dialog.note.edit.setText("Soup")
    dialog.submit()
    await settle()
    (change,) = dialog._session.presences
    assert (change.status, change.note, change.for_minutes) == (PresenceStatus.LUNCH_BREAK, "Soup", 90)
    assert not dialog.isVisible()


@pytest.mark.parametrize(("hours", "minutes"), [(0, 0), (24, 1)])
def test_a_time_that_cannot_be_is_told_below_it_PRES_5(dialog, hours, minutes):
    dialog.hours.setValue(hours)
    dialog.minutes.setValue(minutes)
    assert dialog.problem.isVisible()
    dialog.submit()
    assert dialog._session.presences == []
    dialog.hours.setValue(1)
    assert not dialog.problem.isVisible()


async def test_a_temporary_status_that_was_not_taken_loses_nothing_PRES_5(dialog, settle):
    dialog._session.problem = NotConnected("The network is down.")
    dialog.note.edit.setText("Soup")
    dialog.submit()
    await settle()
    assert "network is down" in dialog.message.text
    assert dialog.isVisible()
    assert dialog.note.text == "Soup"


def test_of_a_long_value_the_beginning_is_seen_PRES_3(world, section):
    number = "+420530335533530335533530335533"
    type_into(section.prefix, "1")
    section.draft.put(("statuses", "available", "external", "always"), {"kind": "external", "value": number})
    section.draft.put(("caller_rules",), [{"pattern": number, "destination": None}])
    section._fill()
    assert section.form.destinations["external", "always"].number.cursorPosition() == 0
    assert section.rules.rules[0].pattern.cursorPosition() == 0


def test_one_hour_is_no_plural_PRES_5(world, theme, qtbot):
    dialog = TemporaryStatusDialog(world.session)
    qtbot.addWidget(dialog)
    assert dialog.hours.text() == "1 hour"
    dialog.hours.setValue(2)
    assert dialog.hours.text() == "2 hours"


def test_the_menu_marks_the_status_one_has_PRES_1(window, world):
    marked = {s: a.text() for s, a in window.toolbar.presence._statuses.items() if "✓" in a.text()}
    assert marked == {PresenceStatus.AVAILABLE: "Available\t✓"}


def test_every_kind_of_destination_can_be_chosen_and_shown_PRES_3(section, kept):
    """Those too that only an administrator would set: the page must open whatever there is."""
    field = section.form.destinations["internal", "busy"]
    shown = {field.kind.itemData(row) for row in range(field.kind.count())}
    assert shown == {None, *DestinationKind}
    choose(field.kind, DestinationKind.CALL_FLOW)
    type_into(field.number, "after hours")
    section.save.click()
    assert str(kept().statuses.available.internal.busy) == "call_flow:after hours"
