"""Pictures with a palette: what is flat stays as it is, shades come close."""

import numpy as np
import pytest
from PySide6.QtGui import QImage

from tools.scenes.small_png import save


def pixels(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    return (
        np.frombuffer(image.constBits(), np.uint8)
        .reshape(image.height(), image.width(), 4)[..., :3]
        .astype(int)
    )


@pytest.fixture
def picture():
    """A dark ground, another one that looks alike, and thousands of shades between text and ground."""
    image = QImage(300, 200, QImage.Format.Format_RGB32)
    image.fill(0x14171D)
    for y in range(200):
        for x in range(64):
            image.setPixel(x, y, 0xFF101318)
    for y in range(40, 80):
        for x in range(100, 200):
            image.setPixel(x, y, 0xFF000000 | (x << 16) | (3 * y << 8) | (x + y) // 2)
    return image


def test_grounds_are_exact_and_shades_come_close(picture, tmp_path):
    save(picture, tmp_path / "small.png")
    made = QImage(str(tmp_path / "small.png"))
    assert made.format() is QImage.Format.Format_Indexed8
    before, after = pixels(picture), pixels(made)
    assert (before[:40] == after[:40]).all()
    assert abs(before - after).max() <= 24


def test_few_colours_are_all_kept(picture, tmp_path):
    few = picture.copy(0, 100, 300, 100)
    save(few, tmp_path / "small.png")
    assert (pixels(few) == pixels(QImage(str(tmp_path / "small.png")))).all()


def test_what_cannot_be_written_is_told(picture, tmp_path):
    with pytest.raises(OSError, match="could not be written"):
        save(picture, tmp_path / "no such folder" / "small.png")
