"""Line icons, tinted with a colour of the palette when they are asked for, and kept."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap

from linkus_desktop.ui.icon_files import ICONS

_RATIOS = (1, 2)
"""Pixels per logical pixel for which a picture is made; Qt scales down from the larger for those between."""


@lru_cache(maxsize=256)
def pixmap(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """One icon in one colour (`#RRGGBB`) and size (logical pixels), at that many pixels per logical one.

    Raises FileNotFoundError if there is no icon of that name.
    """
    from PySide6.QtSvg import QSvgRenderer  # noqa: PLC0415  not needed before the first icon is shown

    source = (ICONS / f"{name}.svg").read_text().replace("currentColor", colour)
    image = QImage(round(size * ratio), round(size * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(source.encode())).render(painter, QRectF(0, 0, image.width(), image.height()))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return QPixmap.fromImage(image)


@lru_cache(maxsize=256)
def icon(name: str, colour: str, disabled: str | None = None, size: int = 20, gap: int = 0) -> QIcon:
    """An icon for a button or an action, with its disabled colour; `gap`: empty pixels before a word."""
    made = QIcon()
    for ratio in _RATIOS:
        made.addPixmap(_with_gap(pixmap(name, colour, size, ratio), gap))
        if disabled:
            made.addPixmap(_with_gap(pixmap(name, disabled, size, ratio), gap), QIcon.Mode.Disabled)
    return made


def _with_gap(picture: QPixmap, gap: int) -> QPixmap:
    if not gap:
        return picture
    ratio = picture.devicePixelRatio()
    wider = QPixmap(picture.width() + round(gap * ratio), picture.height())
    wider.setDevicePixelRatio(ratio)
    wider.fill(Qt.GlobalColor.transparent)
    painter = QPainter(wider)
    painter.drawPixmap(0, 0, picture)
    painter.end()
    return wider


def product_icon() -> QIcon:
    """The product's own mark, for windows and the tray."""
    made = QIcon()
    for size in (16, 32, 64, 128):
        made.addPixmap(pixmap("linkus-desktop", "#000000", size))
    return made
