"""Avatars of the company's people, drawn from a few shapes; no fonts, no display needed."""

from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPainterPath

from demo.company import Person

SIDE = 256
"""Width and height in pixels."""


def draw(person: Person) -> QImage:
    """A head-and-shoulders picture of the person."""
    image = QImage(SIDE, SIDE, QImage.Format.Format_ARGB32_Premultiplied)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    _ground(painter, QColor(person.ground))
    _hair_behind(painter, person)
    _body(painter, person)
    _head(painter, person)
    _hair_before(painter, person)
    painter.end()
    return image


def save(person: Person, path: Path) -> None:
    """Write the person's avatar as a PNG."""
    if not draw(person).save(str(path), "PNG"):  # type: ignore[call-overload]
        raise OSError(f"{path} could not be written")


def _ground(painter: QPainter, colour: QColor) -> None:
    shade = QLinearGradient(0, 0, 0, SIDE)
    shade.setColorAt(0, colour.lighter(106))
    shade.setColorAt(1, colour.darker(112))
    painter.fillRect(0, 0, SIDE, SIDE, shade)


def _body(painter: QPainter, person: Person) -> None:
    cloth = QColor(person.cloth)
    shoulders = QPainterPath(QPointF(22, 256))
    shoulders.cubicTo(QPointF(26, 196), QPointF(72, 186), QPointF(104, 178))
    shoulders.lineTo(152, 178)
    shoulders.cubicTo(QPointF(184, 186), QPointF(230, 196), QPointF(234, 256))
    painter.fillPath(shoulders, cloth)
    skin = QColor(person.skin)
    neck = QPainterPath()
    neck.addRoundedRect(QRectF(106, 140, 44, 62), 22, 22)
    painter.fillPath(neck, skin.darker(112))
    collar = QPainterPath(QPointF(98, 180))
    collar.lineTo(128, 216)
    collar.lineTo(158, 180)
    collar.lineTo(170, 186)
    collar.lineTo(128, 236)
    collar.lineTo(86, 186)
    painter.fillPath(collar, cloth.lighter(128))


def _head(painter: QPainter, person: Person) -> None:
    skin = QColor(person.skin)
    painter.setBrush(skin.darker(106))
    for x in (78, 162):
        painter.drawEllipse(QRectF(x, 106, 16, 26))
    face = QPainterPath(QPointF(84, 96))
    face.cubicTo(QPointF(84, 48), QPointF(172, 48), QPointF(172, 96))
    face.cubicTo(QPointF(172, 140), QPointF(152, 168), QPointF(128, 168))
    face.cubicTo(QPointF(104, 168), QPointF(84, 140), QPointF(84, 96))
    painter.fillPath(face, skin)
    painter.setBrush(QColor("#2b2624"))
    for x in (106, 142):
        painter.drawEllipse(QRectF(x, 108, 8, 9))
    smile = QPainterPath(QPointF(112, 140))
    smile.cubicTo(QPointF(120, 150), QPointF(136, 150), QPointF(144, 140))
    smile.cubicTo(QPointF(136, 146), QPointF(120, 146), QPointF(112, 140))
    painter.fillPath(smile, skin.darker(170))


def _hair_behind(painter: QPainter, person: Person) -> None:
    painter.setBrush(QColor(person.hair).darker(108))
    if person.cut == "long":
        painter.drawRoundedRect(QRectF(68, 52, 120, 142), 56, 56)
    elif person.cut == "bun":
        painter.drawEllipse(QRectF(102, 14, 52, 48))
    elif person.cut == "scarf":
        painter.drawRoundedRect(QRectF(66, 40, 124, 158), 60, 60)


def _hair_before(painter: QPainter, person: Person) -> None:
    hair = QColor(person.hair)
    painter.setBrush(hair)
    if person.cut == "bald":
        beard = QPainterPath(QPointF(85, 110))
        beard.cubicTo(QPointF(86, 186), QPointF(170, 186), QPointF(171, 110))
        beard.cubicTo(QPointF(160, 134), QPointF(146, 130), QPointF(128, 131))
        beard.cubicTo(QPointF(110, 130), QPointF(96, 134), QPointF(85, 110))
        mouth = QPainterPath()
        mouth.addEllipse(QRectF(112, 138, 32, 12))
        painter.fillPath(beard.subtracted(mouth), hair)
    elif person.cut == "curls":
        for x, y in ((70, 66), (80, 42), (104, 30), (128, 30), (148, 42), (158, 66)):
            painter.drawEllipse(QRectF(x, y, 34, 38))
    elif person.cut == "scarf":
        band = QPainterPath()
        band.addRoundedRect(QRectF(74, 42, 108, 140), 54, 54)
        face = QPainterPath()
        face.addEllipse(QRectF(88, 66, 80, 104))
        painter.fillPath(band.subtracted(face), hair.lighter(112))
    else:
        top = QPainterPath(QPointF(80, 106))
        top.cubicTo(QPointF(70, 26), QPointF(186, 26), QPointF(176, 106))
        top.cubicTo(QPointF(170, 78), QPointF(150, 76), QPointF(138, 74))
        top.cubicTo(QPointF(112, 80), QPointF(92, 76), QPointF(80, 106))
        painter.fillPath(top, hair)
