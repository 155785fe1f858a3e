"""What happens when a call comes in: notification, calls that answer themselves (SIP-9)."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QComboBox

from linkus_desktop.ui.preferences.section import Section
from linkus_desktop.ui.widgets.labels import label

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings

AUTO_ANSWER = (("colleagues", "From colleagues"), ("anybody", "From anybody"), ("never", "Never"))


class IncomingSection(Section):
    """Saved as it changes."""

    def __init__(self, settings: "Settings") -> None:
        super().__init__("Incoming calls")
        self._settings = settings
        self.auto_answer = QComboBox()
        self.auto_answer.setAccessibleName("Answer intercom calls by themselves")
        for value, words in AUTO_ANSWER:
            self.auto_answer.addItem(words, value)
        self.auto_answer.setCurrentIndex(self.auto_answer.findData(settings.auto_answer))
        self.row("Answer intercom", self.auto_answer)
        note = (
            "A call that asks for it is answered by itself: a tone sounds, then they hear you. "
            "Never during another call."
        )
        self.whole(label(note, muted=True, wrap=True))
        self.notify = QCheckBox("Show a desktop notification while another window is in front")
        self.notify.setChecked(settings.notify)
        self.whole(self.notify)
        self.auto_answer.activated.connect(self._on_auto_answer)
        self.notify.toggled.connect(self._on_notify)

    def _on_auto_answer(self) -> None:
        self._settings.put("auto_answer", self.auto_answer.currentData())

    def _on_notify(self, on: bool) -> None:
        self._settings.notify = on
