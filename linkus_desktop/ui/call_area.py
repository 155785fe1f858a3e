"""Where the calls are in the window: as high as they need, and scrolling where there are too many."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy

from linkus_desktop.ui.call_panel import CallPanel

LEAST = 160
"""So much of the calls is always seen, logical pixels: who it is, and the first actions."""


class CallArea(QScrollArea):
    """Holds the panel of calls; hidden without calls. No card is squeezed, the active one is in sight."""

    def __init__(self, panel: CallPanel) -> None:
        super().__init__()
        self._panel = panel
        self._needed = 0
        self._current: object = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        hidden = panel.isHidden()
        self.setWidget(panel)
        panel.setHidden(hidden)
        self.setHidden(hidden)
        panel.installEventFilter(self)
        panel.arranged.connect(self._on_arranged)

    def sizeHint(self) -> QSize:
        """As high as all cards."""
        return QSize(super().sizeHint().width(), self._needed)

    def minimumSizeHint(self) -> QSize:
        """What remains where the window is low."""
        return QSize(0, min(self._needed, LEAST))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Texts that wrap need another height now."""
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the panel: its size, and whether it is there."""
        if watched is self._panel:
            if event.type() is QEvent.Type.LayoutRequest:
                self._fit()
            elif event.type() in {QEvent.Type.ShowToParent, QEvent.Type.HideToParent}:
                self.setHidden(self._panel.isHidden())
                self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        panel = self._panel
        width = self.viewport().width()
        needed = panel.heightForWidth(width) if panel.hasHeightForWidth() else panel.sizeHint().height()
        if needed != self._needed:
            self._needed = needed
            self.setMaximumHeight(needed)
            self.updateGeometry()

    def _on_arranged(self) -> None:
        """The active call stands first: it is looked at when another one becomes it."""
        current = self._panel.current()
        if current is not self._current:
            self._current = current
            self.verticalScrollBar().setValue(0)
