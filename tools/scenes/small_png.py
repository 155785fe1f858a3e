"""Pictures as PNG files with a palette: half as large, and nobody sees the difference."""

from pathlib import Path

import numpy as np
from PySide6.QtGui import QImage

COLOURS, GROUNDS = 256, 96


def save(picture: QImage, path: Path) -> None:
    """Write a picture. Raises `OSError` if that does not work."""
    image = picture.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)[:, : image.width()]
    colours, places, counts = np.unique(pixels, return_inverse=True, return_counts=True)
    palette, nearest = _palette(colours, counts)
    indexes = np.ascontiguousarray(nearest[places.reshape(pixels.shape)])
    small = QImage(indexes.data, image.width(), image.height(), image.width(), QImage.Format.Format_Indexed8)
    small.setColorTable([int(colour) for colour in palette])
    if not small.save(str(path), "PNG", 0):
        raise OSError(f"{path} could not be written.")


def _palette(colours: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The colours that are kept, and for each colour the index of the one nearest to it.

    Kept are the grounds, as they are; of the others, which are shades at the edges of text, one of those that
    look alike, and so many count as alike that there is room for all.
    """
    frequent = np.argsort(-counts, kind="stable")
    if len(colours) > COLOURS:
        grounds, others = frequent[:GROUNDS], frequent[GROUNDS:]
        for bits in range(1, 8):
            alike = (colours[others] & 0xFFFFFF) >> bits & (0x10101 * (0xFF >> bits))
            _, first = np.unique(alike, return_index=True)
            if len(first) <= COLOURS - GROUNDS:
                break
        frequent = np.concatenate([grounds, others[np.sort(first)]])
    palette = colours[frequent]
    distances = ((_channels(colours)[:, None] - _channels(palette)[None]) ** 2).sum(axis=2)
    return palette, distances.argmin(axis=1).astype(np.uint8)


def _channels(colours: np.ndarray) -> np.ndarray:
    return np.stack([(colours >> shift) & 0xFF for shift in (16, 8, 0)], axis=1).astype(np.int32)
