"""Which way to hot keys this system has."""

import logging
import os

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from linkus_desktop.hotkeys.port import HotKeys

logger = logging.getLogger(__name__)


def hot_keys(parent: QObject) -> HotKeys:
    """Those of this system; where there are none, `HotKeys.unavailable` says so."""
    platform = QGuiApplication.platformName()
    if platform == "wayland" or (platform == "xcb" and os.environ.get("WAYLAND_DISPLAY")):
        from linkus_desktop.hotkeys.portal import PortalHotKeys  # noqa: PLC0415  of this system only

        return PortalHotKeys(
            parent
        )  # X11 inside Wayland hears of keys only while one of its windows has them
    if platform == "xcb":
        from linkus_desktop.hotkeys.x11 import X11HotKeys  # noqa: PLC0415  of this system only
        from linkus_desktop.hotkeys.xcb import XcbError  # noqa: PLC0415

        try:
            return X11HotKeys(parent)
        except XcbError as error:
            logger.warning("There are no hot keys: %s", error)
    if platform == "windows":
        from linkus_desktop.hotkeys.windows import WindowsHotKeys  # noqa: PLC0415  of this system only

        return WindowsHotKeys(parent)
    return HotKeys(parent)
