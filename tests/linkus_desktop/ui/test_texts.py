"""Names come from outside: what Qt would read into them is shown as it is."""

from datetime import timedelta

import fakes
import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent, QTextDocument
from PySide6.QtWidgets import QApplication, QToolTip

from linkus_desktop.ui.call_log.workspace import QUEUE
from linkus_desktop.ui.texts import on_button, plain_tip
from linkus_desktop.ui.widgets.labels import ElidedLabel
from server.contract.parking import ParkedCall
from tests.linkus_desktop.ui.fake_queues import queue_line, queue_view

pytestmark = pytest.mark.qt_log_ignore("does not support (raise|grabbing|propagateSizeHints)")

NASTY = '<img src="file:///tmp/x">M & S'


def as_seen(tip):
    """What is read in a tooltip."""
    document = QTextDocument()
    document.setHtml(tip)
    return document.toPlainText()


def test_a_tooltip_shows_a_name_as_it_is_DIR_2():
    assert plain_tip("Müller & Sons (Ctrl+1)") == "Müller & Sons (Ctrl+1)"
    tip = plain_tip(f"{NASTY}\nsince 14:00")
    assert "<img" not in tip
    assert as_seen(tip) == f"{NASTY}\nsince 14:00"


def test_a_button_shows_an_ampersand_DIR_2():
    assert on_button("Müller & Sons\tLtd.") == "Müller && Sons Ltd."


def test_a_label_that_is_elided_has_the_name_as_it_is_in_its_tooltip_DIR_2(qtbot):
    label = ElidedLabel(f"{NASTY} and much more")
    qtbot.addWidget(label)
    label.resize(40, 20)
    label.show()
    assert as_seen(label.toolTip()) == f"{NASTY} and much more"


def test_a_parked_caller_of_any_name_is_shown_as_named_SIP_4(window, world):
    call = ParkedCall(slot="6900", number="+420777", name=NASTY[-5:], by="1002", since=fakes.NOW)
    world.session.live.parked.take_snapshot({"6900": call})
    assert window.parked.buttons["6900"].text().startswith("6900  M && S  ")
    nasty = call.model_copy(update={"name": NASTY})
    world.session.live.parked.take_snapshot({"6900": nasty})
    assert as_seen(window.parked.buttons["6900"].toolTip()).startswith(f"Take the call of {NASTY}, parked")
    assert window.parked.buttons["6900"].accessibleName() == f"Take the call of {NASTY} from slot 6900"


def test_a_caller_of_any_name_is_shown_as_named_in_the_log_of_queues_Q_9(window, world, monkeypatch):
    world.tell_agents(fakes.agent())
    world.tell_queue_log(queue_line(name=NASTY, ago=timedelta(minutes=1)), views=[queue_view()])
    window.open_room("call_log")
    room = window.rooms.room("call_log")
    room.queue_page.log._run = fakes.at_once
    room.tabs.setCurrentIndex(QUEUE)
    table, told = room.queue_page.table, []
    monkeypatch.setattr(QToolTip, "showText", lambda _where, text, *_: told.append(text))
    spot = table.visualRect(table.model().index(0, 1)).center()
    QApplication.sendEvent(table.viewport(), QHelpEvent(QEvent.Type.ToolTip, spot, QPoint(100, 100)))
    assert [as_seen(tip) for tip in told] == [NASTY]
