"""Pictures of people: their avatar, or their initials on a quiet colour of their own."""

from zlib import crc32

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPixmap

from linkus_desktop.ui.theme import tabular

_GROUNDS = ("#2F6DB5", "#8A4FA8", "#227A6B", "#A34A3C", "#5661B0", "#7A6A1E", "#33788F", "#A13E72")
"""White initials have 4.5:1 on each of these, in both themes."""


def initials(name: str, number: str) -> str:
    """Two letters for a person; the last two digits for one without a name, "?" for one without either."""
    words = [w for w in name.replace("-", " ").split() if w[0].isalpha()]
    if not words:
        return number[-2:] or "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def ground(number: str) -> str:
    """The colour behind the initials: the same for the same number, on every machine."""
    return _GROUNDS[crc32(number.encode()) % len(_GROUNDS)]


def paint_avatar(
    painter: QPainter, rect: QRectF, name: str, number: str, picture: QPixmap | None = None
) -> None:
    """Paint a person as a disc."""
    painter.save()
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    disc = QPainterPath()
    disc.addEllipse(rect)
    if picture is not None and not picture.isNull():
        painter.setClipPath(disc)
        side = min(picture.width(), picture.height())
        source = QRectF((picture.width() - side) / 2, (picture.height() - side) / 2, side, side)
        painter.drawPixmap(rect, picture, source)
    else:
        painter.fillPath(disc, QColor(ground(number)))
        font = QFont(painter.font())
        font.setPixelSize(max(8, round(rect.height() * 0.38)))
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(tabular(font))
        painter.setPen(QColor("#FFFFFF"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, initials(name, number))
    painter.restore()
