"""Where the panel of function keys is: at the right, in a window of its own, or hidden; remembered."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QDockWidget, QFrame, QMainWindow

from linkus_desktop.ui.keys.panel import SHORTCUTS, KeysPanel
from linkus_desktop.ui.widgets.frames import rows

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings

TOGGLE = "Ctrl+Shift+F"
"""Shows and hides the keys."""
_STATE, _SHOWN = "keys.dock", "keys.shown"


class KeysDock(QDockWidget):
    """Shown from the first key on, unless the user has hidden it; not in the compact window.

    Signals: shown_changed(bool): whether it can be seen.
    """

    shown_changed = Signal(bool)

    def __init__(self, window: QMainWindow, panel: KeysPanel, settings: "Settings") -> None:
        super().__init__("Function keys", window)
        self._window = window
        self._settings = settings
        self._compact = False
        self.panel = panel
        self.setObjectName("function-keys")
        self.setAllowedAreas(Qt.DockWidgetArea.LeftDockWidgetArea | Qt.DockWidgetArea.RightDockWidgetArea)
        ground = QFrame()
        ground.setProperty("role", "surface")
        rows(ground).addWidget(panel)
        self.setWidget(ground)
        self.setMinimumWidth(216)
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self)
        self._bare = QFrame()
        self._bare.setFixedHeight(0)
        for row, sequence in enumerate(SHORTCUTS):
            shortcut = QShortcut(
                QKeySequence(sequence), window, context=Qt.ShortcutContext.ApplicationShortcut
            )
            shortcut.setObjectName(str(row))
            shortcut.activated.connect(self._on_shortcut)
        QShortcut(QKeySequence(TOGGLE), window, self.toggle, context=Qt.ShortcutContext.ApplicationShortcut)
        panel.own.changed.connect(self._follow)
        panel.own.state_changed.connect(self._follow)
        panel.float_requested.connect(self._on_float)
        panel.columns_changed.connect(self._make_room)
        panel.hide_requested.connect(self.toggle)
        self.topLevelChanged.connect(self._on_floating)
        if (state := settings.view(_STATE)) is not None:
            window.restoreState(state)
        self._on_floating(self.isFloating())
        self._follow()

    @property
    def wanted(self) -> bool:
        """Whether the user wants to see the keys; nobody who has none has to."""
        chosen = self._settings.view(_SHOWN)
        return bool(self.panel.own.keys) if chosen is None else chosen == b"1"

    def toggle(self) -> None:
        """Show or hide the keys, also next time."""
        self._settings.set_view(_SHOWN, b"0" if self.wanted else b"1")
        self._follow()
        if not self.isHidden():
            self.panel.grid.focus(self.panel.grid.current)

    def set_compact(self, compact: bool) -> None:
        """In the compact window there is no room for them; a window of their own stays."""
        self._compact = compact
        self._follow()

    def remember(self) -> None:
        """Keep the place; what waits is done."""
        self.panel.leave()
        self._settings.set_view(_STATE, bytes(self._window.saveState().data()))

    def closeEvent(self, event: QCloseEvent) -> None:
        """The window of its own was closed: the keys are hidden."""
        super().closeEvent(event)
        self._settings.set_view(_SHOWN, b"0")
        self._follow()

    def changeEvent(self, event: QEvent) -> None:
        """Paint anew with another palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.panel.grid.update()

    def _follow(self) -> None:
        shown = self.wanted and not (self._compact and not self.isFloating())
        if shown == self.isHidden():
            self.setVisible(shown)
        self.shown_changed.emit(shown)

    def _make_room(self) -> None:
        width = self.panel.sizeHint().width()
        if self.isFloating():
            self.resize(width, self.height())
        else:
            self._window.resizeDocks([self], [width], Qt.Orientation.Horizontal)

    def _on_float(self) -> None:
        self.setFloating(not self.isFloating())
        self.show()

    def _on_floating(self, floating: bool) -> None:
        """A window of its own has the system's frame; docked, the panel's own heading is enough."""
        self.setTitleBarWidget(None if floating else self._bare)  # type: ignore[arg-type]  # None: Qt's own
        self._follow()

    def _on_shortcut(self) -> None:
        shortcut = self.sender()
        if isinstance(shortcut, QShortcut):
            self.panel.press(int(shortcut.objectName()))
