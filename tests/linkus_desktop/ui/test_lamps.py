"""KEY-3, KEY-5: a lamp tells by colour, shape and word."""

import fakes
import pytest
from fakes import LineState, PresenceStatus, colleague
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.extensions.words import described
from linkus_desktop.ui.lamps import Lamp, lamp_of, paint_lamp
from linkus_desktop.ui.tokens import LIGHT


@pytest.mark.parametrize(
    ("state", "lamp"),
    [
        (colleague("1", "A"), Lamp.IDLE),
        (colleague("1", "A", call=LineState.RINGING), Lamp.RINGING),
        (colleague("1", "A", call=LineState.TALKING), Lamp.TALKING),
        (colleague("1", "A", call=LineState.HELD), Lamp.HELD),
        (colleague("1", "A", status=PresenceStatus.DO_NOT_DISTURB), Lamp.DO_NOT_DISTURB),
        (colleague("1", "A", status=PresenceStatus.AWAY), Lamp.AWAY),
        (colleague("1", "A", registered=False), Lamp.UNREGISTERED),
        (colleague("1", "A", registered=None), Lamp.UNKNOWN),
        (colleague("1", "A", call=LineState.UNKNOWN), Lamp.UNKNOWN),
        (colleague("1", "A", call=LineState.TALKING, status=PresenceStatus.AWAY), Lamp.TALKING),
        (None, Lamp.UNKNOWN),
    ],
)
def test_each_state_has_its_lamp_KEY_3(state, lamp):
    assert lamp_of(state) is lamp


def test_of_one_who_may_not_be_monitored_the_word_says_so_ADMIN_1():
    hidden = colleague("1", "A", call=LineState.UNKNOWN, registered=None).model_copy(
        update={"monitored": False}
    )
    assert lamp_of(hidden) is Lamp.UNKNOWN
    assert described("A", "1", hidden) == "A, 1: Not shown"


def _picture(lamp, side):
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    paint_lamp(painter, QRectF(0, 0, side, side), lamp, LIGHT)
    painter.end()
    return image


@pytest.mark.parametrize("side", [14, 28])
def test_no_two_lamps_look_alike_even_without_colour_KEY_3(qapp, side):
    seen = {}
    for lamp in Lamp:
        grey = _picture(lamp, side).convertToFormat(QImage.Format.Format_Mono)
        shape = bytes(grey.constBits())
        assert shape not in seen, f"{lamp} looks like {seen.get(shape)}"
        seen[shape] = lamp


def test_every_lamp_has_a_word_of_its_own():
    assert len({lamp.word for lamp in Lamp}) == len(Lamp)


def test_a_stale_note_is_not_told_as_the_truth_KEY_5():
    text = described("Chiara", "1003", colleague("1003", "Chiara", registered=None, note="Back at 13:30"))
    assert "Unknown" in text
    assert "13:30" not in text


def test_the_heartbeat_runs_only_while_something_blinks(qtbot):
    blinker, view = Blinker(), QWidget()
    qtbot.addWidget(view)
    assert not blinker.running
    blinker.want(view, True)
    with qtbot.waitSignal(blinker.beat):
        assert blinker.running
    blinker.want(view, False)
    assert not blinker.running


def test_a_ringing_colleague_starts_the_heartbeat_and_its_end_stops_it(qtbot):
    world = fakes.World([colleague("1001", "Anna"), colleague("1002", "Ben")])
    window = world.window()
    qtbot.addWidget(window)
    assert not window.blinker.running
    world.tell(colleague("1002", "Ben", call=LineState.RINGING))
    qtbot.waitUntil(lambda: window.blinker.running)
    world.tell(colleague("1002", "Ben"))
    qtbot.waitUntil(lambda: not window.blinker.running)
