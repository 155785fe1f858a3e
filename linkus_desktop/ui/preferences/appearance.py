"""Light, dark, or as the system has it."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QButtonGroup, QRadioButton, QWidget

from linkus_desktop.ui.preferences.section import Section
from linkus_desktop.ui.theme import Mode, Theme
from linkus_desktop.ui.widgets.frames import columns

if TYPE_CHECKING:
    from linkus_desktop.store.settings import Settings

MODES: tuple[tuple[Mode, str], ...] = (("system", "As the system"), ("light", "Light"), ("dark", "Dark"))


class AppearanceSection(Section):
    """The choice takes effect at once."""

    def __init__(self, settings: "Settings", theme: Theme | None) -> None:
        super().__init__("Appearance")
        self._settings = settings
        self._theme = theme
        self.modes: dict[Mode, QRadioButton] = {}
        group = QButtonGroup(self)
        choice = QWidget()
        layout = columns(choice, gap=24)
        for mode, name in MODES:
            button = QRadioButton(name)
            button.setChecked(settings.theme == mode)
            button.setToolTip(f"Colours: {name.lower()}")
            button.clicked.connect(self._on_button)
            group.addButton(button)
            self.modes[mode] = button
            layout.addWidget(button)
        layout.addStretch(1)
        self.row("Colours", choice)

    def _on_button(self) -> None:
        for mode, button in self.modes.items():
            if button.isChecked():
                self._choose(mode)

    def _choose(self, mode: Mode) -> None:
        self._settings.theme = mode
        if self._theme is not None:
            self._theme.set_mode(mode)
