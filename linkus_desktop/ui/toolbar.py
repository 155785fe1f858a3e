"""The bar on top: search and dial, the connection, the own place in queues, the own presence."""

from PySide6.QtWidgets import QFrame, QSizePolicy

from linkus_desktop.ui.agents.button import AgentButton
from linkus_desktop.ui.connection_dot import ConnectionDot
from linkus_desktop.ui.keys.dock import TOGGLE
from linkus_desktop.ui.presence_button import PresenceButton
from linkus_desktop.ui.search_field import SearchField
from linkus_desktop.ui.widgets.buttons import IconButton
from linkus_desktop.ui.widgets.frames import columns

HEIGHT = 48


class Toolbar(QFrame):
    """Lays out its parts; in the compact window only what is needed there stays."""

    def __init__(self, search: SearchField, agent: AgentButton) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self.setFixedHeight(HEIGHT)
        self.search, self.agent = search, agent
        self.search.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.search.setMaximumWidth(440)
        self.connection = ConnectionDot()
        self.keys = IconButton("keys", "Function keys", tip="Show or hide the function keys", shortcut=TOGGLE)
        self.keys.setCheckable(True)
        self.compact = IconButton("compact", "Compact window", shortcut="Ctrl+Shift+M")
        self.presence = PresenceButton()
        layout = columns(self, gap=12)
        layout.setContentsMargins(16, 0, 12, 0)
        layout.addWidget(self.search, 3)
        layout.addStretch(1)
        layout.addWidget(self.connection)
        layout.addWidget(self.keys)
        layout.addWidget(self.compact)
        layout.addWidget(self.agent)
        layout.addWidget(self.presence)
        self._layout = layout

    def set_compact(self, compact: bool) -> None:
        """Fit 340 pixels, or the whole window."""
        self.presence.set_wide(not compact)
        self.agent.set_wide(not compact)
        self.connection.set_wide(not compact)
        self.search.set_short(compact)
        self.keys.setVisible(not compact)
        self._layout.setContentsMargins(*((8, 0, 8, 0) if compact else (16, 0, 12, 0)))
        self._layout.setSpacing(4 if compact else 12)
        if compact:
            self.compact.become("expand", "Whole window", shortcut="Ctrl+Shift+M")
        else:
            self.compact.become("compact", "Compact window", shortcut="Ctrl+Shift+M")
