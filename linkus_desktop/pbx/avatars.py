"""Pictures of colleagues: fetched when a view first wants to paint them, kept by their hash."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage, QPixmap

from linkus_desktop.pbx.errors import PbxError
from linkus_desktop.pbx.tasks import Tasks

logger = logging.getLogger(__name__)

SIDE = 192
"""Larger pictures are scaled down to this many pixels: the largest avatar shown, twice for dense screens."""
AT_ONCE = 4
KEPT = 1000

Fetch = Callable[[str], Coroutine[Any, Any, bytes]]


class Avatars(QObject):
    """The pictures of one session.

    Args:
        fetch: gets the picture of a number; see `Api.avatar`.

    Signals:
        loaded(str): the picture of this number can be painted now.
    """

    loaded = Signal(str)

    def __init__(self, fetch: Fetch, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._fetch = fetch
        self._pictures: dict[str, QPixmap | None] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._fetching = Tasks()

    def of(self, number: str, digest: str | None) -> QPixmap | None:
        """The picture with this hash; None while it is being fetched, or if there is none."""
        if digest is None:
            return None
        if digest not in self._pictures and not self._fetching.closed:
            while len(self._pictures) >= KEPT:
                self._pictures.pop(next(iter(self._pictures)))
            self._pictures[digest] = None
            self._fetching.spawn(self._load(number, digest), name=f"avatar of {number}")
        return self._pictures.get(digest)

    def retry(self) -> None:
        """Ask again for those that could not be fetched, when they are next painted."""
        self._pictures = {
            digest: picture for digest, picture in self._pictures.items() if picture is not None
        }

    def close(self) -> None:
        """Fetch nothing any more: the session ends, and whoever would paint it goes with it."""
        self._fetching.close()

    async def _load(self, number: str, digest: str) -> None:
        async with self._slots:
            try:
                data = await self._fetch(number)
            except PbxError as error:
                logger.info("The picture of %s is not there: %s", number, error)
                return
        image = QImage.fromData(data)
        if image.isNull():
            logger.warning("The picture of %s is not understood", number)
            return
        if max(image.width(), image.height()) > SIDE:
            image = image.scaled(
                SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
        self._pictures[digest] = QPixmap.fromImage(image)
        self.loaded.emit(number)
