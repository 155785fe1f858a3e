"""Fusion with our palette and one small style sheet; light, dark, or as the system has it."""

from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from linkus_desktop.ui.style_sheet import style_sheet
from linkus_desktop.ui.tokens import DARK, LIGHT, TYPE_BODY, Tokens

Mode = Literal["system", "light", "dark"]

_FAMILIES = ("Inter", "Segoe UI", "Noto Sans", "Open Sans", "Cantarell", "Roboto", "DejaVu Sans")
"""Tried in this order where the system names no font of its own for user interfaces."""
_GENERIC = {"", "sans", "sans serif", "sans-serif", "helvetica"}


def tokens(_widget: QWidget) -> Tokens:
    """The palette of the application now; a widget's own may have been changed by the style sheet."""
    return LIGHT if QApplication.palette().color(QPalette.ColorRole.Window).lightness() > 127 else DARK


def sized(base: QFont, pixels: int, *, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """`base` at one of the four sizes, with figures of equal width where the font has them."""
    font = QFont(base)
    font.setPixelSize(pixels)
    font.setWeight(weight)
    return tabular(font)


def tabular(font: QFont) -> QFont:
    """The font with tabular figures, so that a running timer does not shift anything."""
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


class Theme(QObject):
    """Dresses the application, and dresses it anew when the choice or the system's scheme changes.

    Signals: changed: the palette is another one now.
    """

    changed = Signal()

    def __init__(self, app: QApplication, mode: Mode = "system") -> None:
        super().__init__(app)
        self._app = app
        self._mode: Mode = mode
        self._shown: Tokens | None = None
        app.setStyle("Fusion")
        app.setFont(_ui_font(app.font()))
        app.styleHints().colorSchemeChanged.connect(self._apply)
        self._apply()

    @property
    def mode(self) -> Mode:
        """What the user chose."""
        return self._mode

    def set_mode(self, mode: Mode) -> None:
        """Choose light, dark or the system's scheme; takes effect at once."""
        self._mode = mode
        self._apply()

    def _apply(self) -> None:
        wanted = self._wanted()
        if wanted is self._shown:
            return
        self._shown = wanted
        self._app.setPalette(_palette(wanted))
        self._app.setStyleSheet(style_sheet(wanted))
        self.changed.emit()

    def _wanted(self) -> Tokens:
        if self._mode == "system":
            return DARK if self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT
        return DARK if self._mode == "dark" else LIGHT


def _ui_font(system: QFont) -> QFont:
    font = QFont(system)
    if system.family().lower() in _GENERIC:
        known = set(QFontDatabase.families())
        family = next((name for name in _FAMILIES if name in known), None)
        if family:
            font.setFamily(family)
    font.setPixelSize(TYPE_BODY)
    return tabular(font)


def _palette(t: Tokens) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette(QColor(t.window))
    for which, colour in (
        (role.Window, t.window),
        (role.WindowText, t.text),
        (role.Base, t.surface),
        (role.AlternateBase, t.window),
        (role.ToolTipBase, t.surface),
        (role.ToolTipText, t.text),
        (role.PlaceholderText, t.muted),
        (role.Text, t.text),
        (role.Button, t.surface),
        (role.ButtonText, t.text),
        (role.BrightText, t.danger_text),
        (role.Highlight, t.accent),
        (role.HighlightedText, t.on_accent),
        (role.Link, t.accent),
        (role.Mid, t.border),
        (role.Midlight, t.hover),
        (role.Dark, t.control),
        (role.Accent, t.accent),
    ):
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(t.control))
    return palette
