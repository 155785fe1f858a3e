"""SIP-10: pop-ups in the preferences."""

import pytest
from PySide6.QtCore import Qt

from linkus_desktop.calls.popup import Opens
from linkus_desktop.calls.popup_runner import PopUpRunner
from linkus_desktop.ui.preferences.popups import PopUpsSection


@pytest.fixture
def opened():
    return []


@pytest.fixture
def section(world, theme, qtbot, opened):
    runner = PopUpRunner(open_address=lambda address: opened.append(address) is None)
    made = PopUpsSection(world.settings, runner)
    runner.setParent(made)
    qtbot.addWidget(made)
    made.show()
    return made


def add(section, qtbot, template, opens=Opens.ADDRESS):
    section.add.click()
    row = section.pop_ups[-1]
    row.opens.setCurrentIndex(row.opens.findData(opens.value))
    row.opens.activated.emit(row.opens.currentIndex())
    qtbot.keyClicks(row.template, template)
    qtbot.keyClick(row.template, Qt.Key.Key_Return)
    return row


def test_there_are_none_at_first_and_the_page_says_so_SIP_10(section, world):
    assert section.none.isVisible()
    section.add.click()
    assert not section.none.isVisible()
    assert section.pop_ups[0].template.hasFocus()
    assert not section.pop_ups[0].test.isEnabled()
    assert world.settings.pop_ups == (), "an empty line is not kept"


def test_it_is_kept_and_tried_out_SIP_10(section, world, qtbot, opened):
    row = add(section, qtbot, "https://crm.example.com/?n={number}")
    assert world.settings.pop_ups == (
        ("ringing", "incoming", "address", "https://crm.example.com/?n={number}"),
    )
    row.test.click()
    assert opened == ["https://crm.example.com/?n=%2B420530335533"]
    assert "worked" in row.told.text()


def test_what_is_wrong_is_told_at_its_line_SIP_10(section, qtbot):
    row = add(section, qtbot, "https://crm.example.com/?n={nmber}")
    assert "{nmber} is not known" in row.told.text()
    assert "{nmber} is not known" in row.template.accessibleDescription()
    row.template.clear()
    qtbot.keyClicks(row.template, "find")
    assert not row.told.isVisible(), "while it is being mended nothing is said"


def test_a_program_that_is_not_there_is_told_by_the_test_SIP_10(section, qtbot):
    row = add(section, qtbot, "no-such-program {number}", Opens.PROGRAM)
    assert not row.told.isVisible()
    row.test.click()
    assert "no program “no-such-program”" in row.told.text()
    assert row.told.property("tone") == "danger"


def test_a_removed_one_is_gone_and_others_stay_SIP_10(section, world, qtbot):
    add(section, qtbot, "https://a.example.com/")
    add(section, qtbot, "https://b.example.com/")
    section.pop_ups[0].remove.click()
    assert [row[3] for row in world.settings.pop_ups] == ["https://b.example.com/"]
    assert section.add.hasFocus()


def test_what_was_kept_is_shown_with_its_mistakes_SIP_10(world, theme, qtbot):
    world.settings.pop_ups = (
        ("ended", "all", "program", "find {number}"),
        ("ringing", "incoming", "address", "crm"),
    )
    made = PopUpsSection(world.settings)
    qtbot.addWidget(made)
    first, second = made.pop_ups
    assert (first.when.currentText(), first.which.currentText()) == ("ends", "Any call")
    assert first.told.text() == ""
    assert "begins with" in second.told.text()
