"""Where the panel of function keys is: at the right, in a window of its own, or hidden; remembered."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QDockWidget, QFrame, QMainWindow

from linkus_desktop.ui.keys.panel import SHORTCUTS, KeysPanel
from linkus_desktop.ui.widgets.frames import rows

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings

TOGGLE = "Ctrl+Shift+F"
"""Shows and hides the keys."""
LEAST = 216
"""Width below which the panel cannot be read, logical pixels."""
BESIDE = 816
"""Width that the rest of the window keeps beside the keys: all of the phone's room can be used."""
_SEPARATOR = 8
_STATE, _SHOWN = "keys.dock", "keys.shown"


class KeysDock(QDockWidget):
    """Shown from the first key on, unless the user has hidden it; not in the compact window.

    Signals: shown_changed(bool): whether it can be seen.
    """

    shown_changed = Signal(bool)

    def __init__(self, window: QMainWindow, panel: KeysPanel, settings: "Settings") -> None:
        super().__init__("Function keys", window)
        self._window, self._rest = window, window.centralWidget() or window
        self._settings = settings
        self._compact = False
        self.panel = panel
        self.setObjectName("function-keys")
        self.setAllowedAreas(Qt.DockWidgetArea.LeftDockWidgetArea | Qt.DockWidgetArea.RightDockWidgetArea)
        ground = QFrame()
        ground.setProperty("role", "surface")
        rows(ground).addWidget(panel)
        self.setWidget(ground)
        self.setMinimumWidth(LEAST)
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
        window.installEventFilter(self)

    @property
    def has_room(self) -> bool:
        """Whether the window is so wide that the rest of it keeps its least width beside the keys."""
        return not self._compact and self._window.width() >= BESIDE + LEAST + _SEPARATOR

    @property
    def wanted(self) -> bool:
        """Whether the user wants to see the keys; nobody who has none has to."""
        chosen = self._settings.view(_SHOWN)
        return bool(self.panel.own.keys) if chosen is None else chosen == b"1"

    def toggle(self) -> None:
        """Show or hide the keys, also next time; where the window has no room, in a window of their own."""
        shown = not self.isHidden()
        self._settings.set_view(_SHOWN, b"0" if shown else b"1")
        if not shown and not self.has_room:
            self.setFloating(True)
        self._follow()
        if not shown:
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

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The window has another size."""
        if watched is self._window and event.type() is QEvent.Type.Resize:
            self._follow()
        return False

    def changeEvent(self, event: QEvent) -> None:
        """Paint anew with another palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.panel.grid.update()

    def _follow(self) -> None:
        shown = self.wanted and (self.isFloating() or self.has_room)
        if shown == self.isHidden():
            self.setVisible(shown)
        beside = shown and not self.isFloating()
        self._rest.setMinimumWidth(BESIDE if beside else 0)
        self.panel.can_dock = self.has_room
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
