"""KEY-1, KEY-2, BOSS-2: the window in which a function key is changed."""

import asyncio

import fakes
import pytest
from fakes import agent
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from linkus_desktop.pbx.errors import NotConnected
from linkus_desktop.ui.keys.dialog import CHECK_AFTER_MS, KeyDialog
from server.contract.keys import KeyType
from tests.linkus_desktop.ui.test_keys import names, values

pytestmark = pytest.mark.qt_log_ignore("does not support (raise|grabbing|propagateSizeHints)")


async def saved(dialog: KeyDialog, settle):
    dialog.submit()
    await settle()


async def test_an_agents_key_is_made_from_the_own_queues_by_name_KEY_2(world, panel, settle, qtbot):
    world.tell_agents(agent(), agent("6401", "Sales", dynamic=False))
    panel.new_key()
    dialog = panel.dialog
    offered = {}
    for kind in (KeyType.AGENT_LOGIN, KeyType.AGENT_PAUSE):
        dialog.kind.setCurrentIndex(dialog.kind.findData(kind.value))
        model = dialog.value.completer().model()
        offered[kind] = [model.index(row, 0).data() for row in range(model.rowCount())]
    assert offered[KeyType.AGENT_LOGIN] == ["All queues", "Support, 6400"], "nobody logs in to Sales"
    assert offered[KeyType.AGENT_PAUSE] == ["All queues", "Sales, 6401", "Support, 6400"]
    dialog.value.setText("All queues")
    dialog.value.completer().activated.emit("All queues")
    qtbot.waitUntil(lambda: dialog.value.text() == "all")
    await saved(dialog, settle)
    assert world.session.api.key_changes[0].keys[-1].value == "all"


async def test_a_new_key_is_chosen_by_name_and_stored_KEY_1(panel, world, qtbot, settle):
    panel.new_key()
    dialog = panel.dialog
    qtbot.keyClicks(dialog.value, "frank")
    completer = dialog.value.completer()
    assert [completer.completionModel().index(0, 0).data()] == ["Frank Müller, 1006"]
    dialog.value.setText("Frank Müller, 1006")
    completer.activated.emit("Frank Müller, 1006")
    qtbot.waitUntil(lambda: dialog.value.text() == "1006")
    dialog.text.setText("The workshop")
    await saved(dialog, settle)
    assert names(panel)[-1] == "The workshop"
    assert values(world.session.api.key_changes[0]) == ["1002", "1003", "00", "1006"]
    assert panel.dialog is None


async def test_a_code_without_a_valid_secretary_is_refused_while_it_is_typed_BOSS_2(
    panel, world, qtbot, settle
):
    panel.new_key()
    dialog = panel.dialog
    dialog.kind.setCurrentIndex(dialog.kind.findData(KeyType.BOSS_SECRETARY.value))
    qtbot.keyClicks(dialog.value, "2007")
    QTest.qWait(CHECK_AFTER_MS + 50)
    assert "feature code" in dialog.problem.text()
    world.session.api.wrong_key = "2007 is no secretary of yours."
    dialog.value.clear()
    qtbot.keyClicks(dialog.value, "*592007")
    QTest.qWait(CHECK_AFTER_MS + 50)
    await settle()
    assert dialog.problem.text() == "2007 is no secretary of yours."
    assert dialog.value.accessibleDescription() == dialog.problem.text()
    await saved(dialog, settle)
    assert dialog.isVisible()
    assert world.session.api.key_changes == []
    world.session.api.wrong_key = ""
    await saved(dialog, settle)
    assert values(world.session.api.key_changes[0])[-1] == "*592007"


async def test_a_key_is_edited_in_its_place_and_nothing_typed_is_lost_KEY_1(panel, world, qtbot, settle):
    panel.grid.focus(2)
    qtbot.keyClick(panel.grid.buttons[2], Qt.Key.Key_F2)
    dialog = panel.dialog
    assert (dialog.value.text(), dialog.text.text()) == ("00", "International")
    dialog.value.setText("000")
    world.session.api.problem = NotConnected("It does not answer.")
    await saved(dialog, settle)
    assert "It does not answer" in dialog.message.text
    assert dialog.value.text() == "000"
    world.session.api.problem = None
    await saved(dialog, settle)
    assert values(world.session.api.key_changes[0]) == ["1002", "1003", "000"]


@pytest.fixture
def slow(world):
    """The server answers what keys are good for when a test says so: the event is set."""
    answers = asyncio.Event()
    check = world.session.api.check_key

    async def check_later(key):
        await answers.wait()
        await check(key)

    world.session.api.check_key = check_later
    return answers


async def test_return_right_after_typing_saves_however_slow_the_server_is_KEY_1(
    panel, world, qtbot, settle, slow
):
    panel.new_key()
    dialog = panel.dialog
    qtbot.keyClicks(dialog.value, "1006")
    qtbot.keyClick(dialog.value, Qt.Key.Key_Return)
    assert dialog.save.text() == "Checking…"
    qtbot.waitUntil(lambda: not dialog._pause.isActive())  # what is typed is checked by itself after a while
    slow.set()
    await settle()
    assert values(world.session.api.key_changes[0])[-1] == "1006"
    assert panel.dialog is None


async def test_what_is_typed_while_it_is_checked_is_not_lost_and_can_be_saved_KEY_1(
    panel, world, qtbot, settle, slow
):
    panel.new_key()
    dialog = panel.dialog
    qtbot.keyClicks(dialog.value, "100")
    dialog.submit()
    qtbot.keyClicks(dialog.value, "6")
    assert (dialog.save.isEnabled(), dialog.save.text()) == (True, "Save")
    slow.set()
    await settle()
    assert world.session.api.key_changes == [], "100 is not wanted any more"
    await saved(dialog, settle)
    assert values(world.session.api.key_changes[0])[-1] == "1006"


async def test_a_key_that_is_told_anew_meanwhile_is_changed_in_its_place_KEY_1(panel, world, settle):
    panel.edit(2)
    dialog = panel.dialog
    world.tell_keys(*fakes.THREE_KEYS)  # as after a lost connection
    dialog.value.setText("000")
    await saved(dialog, settle)
    assert values(world.session.api.key_changes[0]) == ["1002", "1003", "000"]


async def test_types_have_the_fields_they_need_KEY_2(panel, world, qtbot, settle):
    panel.new_key()
    dialog = panel.dialog
    for kind, seen in (
        (KeyType.RECORDING, []),
        (KeyType.PRESENCE, [dialog.status]),
        (KeyType.FORWARD, [dialog.condition, dialog.value]),
        (KeyType.URL, [dialog.value]),
    ):
        dialog.kind.setCurrentIndex(dialog.kind.findData(kind.value))
        fields = [dialog.condition, dialog.status, dialog.value]
        assert [field for field in fields if field.isVisible()] == seen
    dialog.kind.setCurrentIndex(dialog.kind.findData(KeyType.FORWARD.value))
    dialog.condition.setCurrentIndex(1)
    dialog.value.setText("1003")
    assert dialog.key().value == "busy:1003"
    dialog.kind.setCurrentIndex(dialog.kind.findData(KeyType.PRESENCE.value))
    dialog.status.setCurrentIndex(4)
    await saved(dialog, settle)
    assert values(world.session.api.key_changes[0])[-1] == "lunch_break"
