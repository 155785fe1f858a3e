"""Buttons: with a word, or with an icon and a name for those who do not see it."""

from typing import Literal

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QIcon, QKeySequence
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from linkus_desktop.ui.icons import icon
from linkus_desktop.ui.texts import plain_tip
from linkus_desktop.ui.theme import tokens

Kind = Literal["plain", "primary", "go", "stop", "link"]


_GAP = 4
"""Between icon and word, besides what the style leaves (logical pixels)."""


def tooltip(text: str, shortcut: str = "") -> str:
    """A tooltip with its shortcut as this system writes it."""
    if not shortcut:
        return plain_tip(text)
    return plain_tip(f"{text} ({QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)})")


class WordButton(QPushButton):
    """A button with a word and, if wanted, an icon in the colour of its text.

    `kind` colours it: primary (the way on), go (call, answer), stop (hang up, delete), link.
    """

    def __init__(
        self,
        text: str,
        kind: Kind = "plain",
        *,
        icon_name: str = "",
        tip: str = "",
        shortcut: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self.kind = kind
        self._icon_name = icon_name
        self.setProperty("kind", kind)
        self.setAccessibleName(text)
        self.setToolTip(tooltip(tip or text, shortcut))
        self._tip = self.toolTip()
        self.setAutoDefault(False)
        self.setIconSize(QSize(18 + _GAP, 18))
        self._tint()

    def become(self, text: str, icon_name: str = "", *, tip: str = "", shortcut: str = "") -> None:
        """Turn into another action (Hold into Resume)."""
        self._icon_name = icon_name
        self.setText(text)
        self.setAccessibleName(text)
        self._tip = tooltip(tip or text, shortcut)
        self.setToolTip(self._tip)
        self._tint()

    def forbid(self, why: str) -> None:
        """Disable it and say why, where the eye and the screen reader are; "": it can be pressed."""
        self.setEnabled(not why)
        self.setToolTip(plain_tip(why) or self._tip)
        self.setAccessibleDescription(why)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._tint()

    def _tint(self) -> None:
        if not self._icon_name:
            self.setIcon(QIcon())
            return
        t = tokens(self)
        colour = {"primary": t.on_accent, "go": t.on_success, "stop": t.on_danger, "link": t.accent}
        self.setIcon(icon(self._icon_name, colour.get(self.kind, t.text), t.muted, 18, _GAP))


class IconButton(QToolButton):
    """A button with an icon only: its name is in the tooltip and for screen readers."""

    def __init__(
        self, icon_name: str, name: str, *, tip: str = "", shortcut: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._icon_name = icon_name
        self.setIconSize(QSize(20, 20))
        self.setFixedSize(32, 32)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(name)
        self.setToolTip(tooltip(tip or name, shortcut))
        self._tint()

    def become(self, icon_name: str, name: str, *, shortcut: str = "") -> None:
        """Turn into another action."""
        self._icon_name = icon_name
        self.setAccessibleName(name)
        self.setToolTip(tooltip(name, shortcut))
        self._tint()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._tint()

    def _tint(self) -> None:
        t = tokens(self)
        self.setIcon(icon(self._icon_name, t.muted, t.control))
