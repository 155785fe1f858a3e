"""The avatars that have been fetched, as pictures to paint."""

from typing import Protocol

from PySide6.QtGui import QPixmap


class Pictures(Protocol):
    """Gives the picture of a person, or None while it is not there (it is fetched then)."""

    def of(self, number: str, digest: str | None) -> QPixmap | None:
        """The picture with this hash; a fetched one makes the view repaint by itself."""
