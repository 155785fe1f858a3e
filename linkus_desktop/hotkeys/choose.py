"""Which way to hot keys this system has."""

import logging

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from linkus_desktop.hotkeys.port import HotKeys

logger = logging.getLogger(__name__)


def hot_keys(parent: QObject) -> HotKeys:
    """Those of this system; where there are none, `HotKeys.unavailable` says so."""
    if QGuiApplication.platformName() == "xcb":
        from linkus_desktop.hotkeys.x11 import X11HotKeys  # noqa: PLC0415  of this system only
        from linkus_desktop.hotkeys.xcb import XcbError  # noqa: PLC0415

        try:
            return X11HotKeys(parent)
        except XcbError as error:
            logger.warning("There are no hot keys: %s", error)
    return HotKeys(parent)
