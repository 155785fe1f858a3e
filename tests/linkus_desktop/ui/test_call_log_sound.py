"""SIP-8, LOG-1: how a call sounded, in the log's window."""

from datetime import timedelta

import fakes
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QToolTip

from linkus_desktop.pbx.call_log import CallLogColumn
from linkus_desktop.ui.call_log.sound import sound_facts
from linkus_desktop.ui.call_log.workspace import CallLogWorkspace
from server.contract.calls import CallQuality, Outcome

WHOLE = CallQuality(
    codec="PCMA",
    encrypted=True,
    measured_s=91,
    mos=4.21,
    mos_worst=2.96,
    loss_received=0.44,
    loss_sent=1.26,
    jitter_ms=3.6,
    jitter_worst_ms=11.2,
    round_trip_ms=24.4,
)
FACTS = [
    ("Sound", "Good, 4.2 of 4.4, at worst 3.0"),
    ("What you heard", "0.4 % lost"),
    ("What they heard", "1.3 % lost"),
    ("Jitter", "4 ms, at most 11 ms"),
    ("Round trip", "24 ms"),
    ("Codec", "PCMA, encrypted"),
    ("Measured", "0:01:31"),
]


@pytest.fixture
def calls():
    return (
        fakes.logged_call("1002", "Ben Carter", ago=timedelta(minutes=5), quality=WHOLE),
        fakes.logged_call("1004", "David Kim", outcome=Outcome.MISSED, ago=timedelta(minutes=9)),
    )


@pytest.fixture
def world(calls):
    return fakes.World(calls=calls)


@pytest.fixture
def room(world, theme, qtbot):
    shown = CallLogWorkspace(world.call_log, world.settings, clock=fakes.clock)
    qtbot.addWidget(shown)
    shown.resize(1100, 500)
    shown.show()
    return shown


def tip(room, row, column, monkeypatch):
    """What the mouse is told over a cell."""
    said = []
    monkeypatch.setattr(QToolTip, "showText", lambda _where, text, _widget: said.append(text))
    where = room.table.visualRect(room.rows.index(row, column)).center()
    room.table.viewportEvent(QHelpEvent(QHelpEvent.Type.ToolTip, where, QPoint()))
    (text,) = said
    return text


def test_the_selected_calls_sound_stands_below_in_words_and_figures_SIP_8(room, qtbot):
    assert not room.sound.isVisible(), "none is selected"
    room.table.selectRow(0)
    assert room.sound.isVisible()
    assert room.sound.text() == " · ".join(f"{name}: {value}" for name, value in FACTS)
    assert "What they heard: 1.3 % lost" in room.sound.accessibleDescription()
    qtbot.keyClick(room.table, Qt.Key.Key_Down)
    assert not room.sound.isVisible(), "of a call without figures nothing is shown"
    room.table.selectAll()
    assert not room.sound.isVisible(), "several are selected"


def test_figures_that_come_after_the_call_are_shown_at_once_SIP_8(room, world, calls):
    room.table.selectRow(0)
    changed = calls[0].model_copy(update={"quality": CallQuality(mos=2.0)})
    world.session.live.call_log.take_delta(changed.id, changed)
    world.session.live.call_log.flush()
    assert room.sound.text() == "Sound: Bad, 2.0 of 4.4"


def test_the_tooltip_of_any_cell_tells_it_SIP_8(room, monkeypatch):
    lines = [f"{name}: {value}" for name, value in FACTS]
    for column, first in (
        (CallLogColumn.NAME, "Ben Carter"),
        (CallLogColumn.TIME, "Thursday, 12 March 2026"),
    ):
        said = tip(room, 0, column, monkeypatch)
        assert said.startswith(first)
        assert said.split("\n\n")[1].split("\n") == lines
    assert tip(room, 1, CallLogColumn.NAME, monkeypatch) == "David Kim"


def test_a_screen_reader_hears_the_word_SIP_8(room):
    def spoken(row):
        return room.rows.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole)

    assert spoken(0).endswith(", sound good")
    assert "sound" not in spoken(1)


@pytest.mark.parametrize(
    ("told", "facts"),
    [
        ({"loss_received": 100}, [("What you heard", "nothing arrived")]),
        ({"encrypted": False}, [("Codec", "not encrypted")]),
        ({"codec": "G722"}, [("Codec", "G722")]),
        ({"jitter_ms": 2, "round_trip_ms": 0}, [("Jitter", "2 ms"), ("Round trip", "0 ms")]),
        ({"mos": 3.3, "loss_sent": 0}, [("Sound", "Poor, 3.3 of 4.4"), ("What they heard", "0.0 % lost")]),
    ],
)
def test_only_what_was_told_is_shown_SIP_8(told, facts):
    assert sound_facts(CallQuality(**told)) == facts
