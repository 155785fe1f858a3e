"""Lamps: what an extension is doing, told by colour, shape and word together (KEY-3, KEY-5)."""

from enum import Enum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPainterPathStroker, QPen

from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.tokens import Tokens
from server.contract.extensions import CallState, ExtensionState
from server.contract.presence import PresenceStatus


class Lamp(Enum):
    """The states a lamp can show; the value is its word."""

    IDLE = "Available"
    RINGING = "Ringing"
    TALKING = "In a call"
    HELD = "On hold"
    DO_NOT_DISTURB = "Do not disturb"
    AWAY = "Away"
    LUNCH_BREAK = "Lunch break"
    BUSINESS_TRIP = "Business trip"
    OFF_WORK = "Off work"
    ON = "On"
    OFF = "Off"
    MESSAGES = "New messages"
    RECORDING = "Recording"
    PAUSED = "Paused"
    WRAP_UP = "Wrap-up"
    BUSY_ELSEWHERE = "Busy elsewhere"
    UNREGISTERED = "Not registered"
    UNKNOWN = "Unknown"

    @property
    def word(self) -> str:
        """The state in words."""
        return self.value

    @property
    def blinks(self) -> bool:
        """Whether it blinks or flashes."""
        return self in {Lamp.RINGING, Lamp.HELD}


PRESENCE_WORDS = {
    PresenceStatus.AVAILABLE: "Available",
    PresenceStatus.AWAY: "Away",
    PresenceStatus.BUSINESS_TRIP: "Business trip",
    PresenceStatus.DO_NOT_DISTURB: "Do not disturb",
    PresenceStatus.LUNCH_BREAK: "Lunch break",
    PresenceStatus.OFF_WORK: "Off work",
}
_OF_PRESENCE = {
    PresenceStatus.AVAILABLE: Lamp.IDLE,
    PresenceStatus.AWAY: Lamp.AWAY,
    PresenceStatus.BUSINESS_TRIP: Lamp.BUSINESS_TRIP,
    PresenceStatus.DO_NOT_DISTURB: Lamp.DO_NOT_DISTURB,
    PresenceStatus.LUNCH_BREAK: Lamp.LUNCH_BREAK,
    PresenceStatus.OFF_WORK: Lamp.OFF_WORK,
}
_OF_CALL = {CallState.RINGING: Lamp.RINGING, CallState.TALKING: Lamp.TALKING, CallState.HELD: Lamp.HELD}


def lamp_of_presence(status: PresenceStatus) -> Lamp:
    """The lamp of a presence status alone."""
    return _OF_PRESENCE[status]


def lamp_of(state: ExtensionState | None) -> Lamp:
    """The one lamp that tells most: not known, in a call, cannot be reached, then presence (KEY-3, KEY-5)."""
    if state is None or state.call is CallState.UNKNOWN:
        return Lamp.UNKNOWN
    if state.call in _OF_CALL:
        return _OF_CALL[state.call]
    if state.registered is None:
        return Lamp.UNKNOWN
    if not state.registered:
        return Lamp.UNREGISTERED
    return _OF_PRESENCE[state.presence.status]


def lamp_colour(lamp: Lamp, t: Tokens) -> str:
    """Its colour in a palette."""
    return {
        Lamp.IDLE: t.lamp_idle,
        Lamp.RINGING: t.lamp_ringing,
        Lamp.TALKING: t.lamp_talking,
        Lamp.HELD: t.lamp_talking,
        Lamp.DO_NOT_DISTURB: t.lamp_dnd,
        Lamp.AWAY: t.lamp_away,
        Lamp.LUNCH_BREAK: t.lamp_away,
        Lamp.BUSINESS_TRIP: t.lamp_trip,
        Lamp.ON: t.lamp_trip,
        Lamp.MESSAGES: t.lamp_ringing,
        Lamp.RECORDING: t.lamp_talking,
        Lamp.PAUSED: t.lamp_away,
        Lamp.WRAP_UP: t.lamp_trip,
        Lamp.BUSY_ELSEWHERE: t.lamp_talking,
    }.get(lamp, t.lamp_grey)


def lit(lamp: Lamp, blinker: Blinker | None) -> bool:
    """Whether a lamp is in the bright half of its blink (always, if it does not blink)."""
    if blinker is None or not lamp.blinks:
        return True
    return blinker.slow_on if lamp is Lamp.RINGING else blinker.fast_on


def paint_lamp(painter: QPainter, rect: QRectF, lamp: Lamp, t: Tokens, *, on: bool = True) -> None:
    """Paint a lamp into a square. All shapes are drawn on a 16 × 16 grid; `on` False is the dim half."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.topLeft())
    painter.scale(rect.width() / 16, rect.height() / 16)
    colour = QColor(lamp_colour(lamp, t))
    if not on:
        colour.setAlphaF(0.35)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    _SHAPES[lamp](painter, colour)
    painter.restore()


def _line(
    painter: QPainter, colour: QColor, width: float = 1.7, style: Qt.PenStyle = Qt.PenStyle.SolidLine
) -> None:
    painter.setPen(QPen(colour, width, style, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _disc(painter: QPainter, _colour: QColor) -> None:
    painter.drawEllipse(QPointF(8, 8), 5, 5)


def _ring(painter: QPainter, colour: QColor) -> None:
    _line(painter, colour)
    painter.drawEllipse(QPointF(8, 8), 4.6, 4.6)


def _bell(painter: QPainter, _colour: QColor) -> None:
    path = QPainterPath(QPointF(8, 1.5))
    path.cubicTo(5, 1.5, 4, 4, 4, 6.5)
    path.cubicTo(4, 9.5, 3.2, 10.5, 2, 12)
    path.lineTo(14, 12)
    path.cubicTo(12.8, 10.5, 12, 9.5, 12, 6.5)
    path.cubicTo(12, 4, 11, 1.5, 8, 1.5)
    painter.drawPath(path)
    painter.drawChord(QRectF(6, 11.2, 4, 4), 180 * 16, 180 * 16)


def _handset(painter: QPainter, _colour: QColor) -> None:
    painter.drawPath(_handset_path())


def _outlined_handset(painter: QPainter, colour: QColor) -> None:
    _line(painter, colour, 1.3)
    painter.drawPath(_handset_path())


def _handset_path() -> QPainterPath:
    path = QPainterPath(QPointF(2.6, 2.4))
    path.lineTo(5.2, 1.7)
    path.lineTo(6.9, 5.3)
    path.lineTo(5.3, 6.8)
    path.cubicTo(6, 8.5, 7.5, 10, 9.2, 10.7)
    path.lineTo(10.7, 9.1)
    path.lineTo(14.3, 10.8)
    path.lineTo(13.6, 13.4)
    path.cubicTo(13.4, 14.1, 12.9, 14.4, 12.2, 14.4)
    path.cubicTo(6.5, 14.1, 1.9, 9.5, 1.6, 3.8)
    path.cubicTo(1.6, 3.1, 1.9, 2.6, 2.6, 2.4)
    return path


def _bars(painter: QPainter, _colour: QColor) -> None:
    painter.drawRoundedRect(QRectF(3.5, 3, 3.5, 10), 1, 1)
    painter.drawRoundedRect(QRectF(9, 3, 3.5, 10), 1, 1)


def _bar_in_circle(painter: QPainter, _colour: QColor) -> None:
    whole, bar = QPainterPath(), QPainterPath()
    whole.addEllipse(QPointF(8, 8), 6, 6)
    bar.addRoundedRect(QRectF(4.5, 7, 7, 2), 1, 1)
    painter.drawPath(whole.subtracted(bar))


def _clock(painter: QPainter, colour: QColor) -> None:
    _line(painter, colour)
    painter.drawEllipse(QPointF(8, 8), 5.5, 5.5)
    painter.drawPolyline([QPointF(8, 5), QPointF(8, 8.2), QPointF(10.2, 9.6)])


def _bars_in_ring(painter: QPainter, colour: QColor) -> None:
    painter.drawRect(QRectF(5.6, 5.2, 1.7, 5.6))
    painter.drawRect(QRectF(8.7, 5.2, 1.7, 5.6))
    _line(painter, colour, 1.5)
    painter.drawEllipse(QPointF(8, 8), 6, 6)


def _pen(painter: QPainter, _colour: QColor) -> None:
    path = QPainterPath(QPointF(2, 14))
    for x, y in ((3, 10.2), (10.4, 2.8), (13.2, 5.6), (5.8, 13)):
        path.lineTo(x, y)
    path.closeSubpath()
    painter.drawPath(path)


def _cup(painter: QPainter, colour: QColor) -> None:
    path = QPainterPath(QPointF(2.5, 5))
    path.lineTo(11, 5)
    path.lineTo(11, 9)
    path.cubicTo(11, 14.5, 2.5, 14.5, 2.5, 9)
    path.closeSubpath()
    painter.drawPath(path)
    _line(painter, colour, 1.5)
    painter.drawArc(QRectF(9, 6, 5, 4), -90 * 16, 180 * 16)


def _plane(painter: QPainter, _colour: QColor) -> None:
    path = QPainterPath(QPointF(8, 1))
    for x, y in ((9.3, 3), (9.3, 6), (15, 9.5), (15, 11), (9.3, 9.5), (9.3, 12.3), (11, 13.6)):
        path.lineTo(x, y)
    for x, y in ((11, 14.8), (8, 14), (5, 14.8), (5, 13.6), (6.7, 12.3), (6.7, 9.5), (1, 11)):
        path.lineTo(x, y)
    for x, y in ((1, 9.5), (6.7, 6), (6.7, 3)):
        path.lineTo(x, y)
    path.closeSubpath()
    painter.drawPath(path)


def _moon(painter: QPainter, _colour: QColor) -> None:
    whole, bite = QPainterPath(), QPainterPath()
    whole.addEllipse(QPointF(7.5, 8.5), 6, 6)
    bite.addEllipse(QPointF(10.8, 5.8), 5.2, 5.2)
    painter.drawPath(whole.subtracted(bite))


def _tick(painter: QPainter, _colour: QColor) -> None:
    whole, mark = QPainterPath(), QPainterPath(QPointF(5, 8.2))
    whole.addEllipse(QPointF(8, 8), 6, 6)
    mark.lineTo(7.2, 10.4)
    mark.lineTo(11, 6)
    stroker = QPainterPathStroker()
    stroker.setWidth(1.8)
    painter.drawPath(whole.subtracted(stroker.createStroke(mark)))


def _unlit(painter: QPainter, colour: QColor) -> None:
    _line(painter, colour, 1.5)
    painter.drawEllipse(QPointF(8, 8), 3, 3)


def _envelope(painter: QPainter, colour: QColor) -> None:
    _line(painter, colour)
    painter.drawRoundedRect(QRectF(2, 3.5, 12, 9), 1.5, 1.5)
    painter.drawPolyline([QPointF(2.5, 4.5), QPointF(8, 9), QPointF(13.5, 4.5)])


def _record(painter: QPainter, colour: QColor) -> None:
    painter.drawEllipse(QPointF(8, 8), 3.2, 3.2)
    _line(painter, colour)
    painter.drawEllipse(QPointF(8, 8), 6, 6)


def _question(painter: QPainter, colour: QColor) -> None:
    _line(painter, colour, 1.3, Qt.PenStyle.DotLine)
    painter.drawEllipse(QPointF(8, 8), 6.5, 6.5)
    font = QFont(painter.font())
    font.setPixelSize(10)
    font.setWeight(QFont.Weight.Bold)
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(QRectF(0, 0, 16, 16), Qt.AlignmentFlag.AlignCenter, "?")


_SHAPES = {
    Lamp.IDLE: _disc,
    Lamp.RINGING: _bell,
    Lamp.TALKING: _handset,
    Lamp.HELD: _bars,
    Lamp.DO_NOT_DISTURB: _bar_in_circle,
    Lamp.AWAY: _clock,
    Lamp.LUNCH_BREAK: _cup,
    Lamp.BUSINESS_TRIP: _plane,
    Lamp.OFF_WORK: _moon,
    Lamp.ON: _tick,
    Lamp.OFF: _unlit,
    Lamp.MESSAGES: _envelope,
    Lamp.RECORDING: _record,
    Lamp.PAUSED: _bars_in_ring,
    Lamp.WRAP_UP: _pen,
    Lamp.BUSY_ELSEWHERE: _outlined_handset,
    Lamp.UNREGISTERED: _ring,
    Lamp.UNKNOWN: _question,
}
