"""Whether this program controls the desk phone instead of being a phone itself (SIP-11)."""

from PySide6.QtWidgets import QCheckBox

from linkus_desktop.calls.chosen_phone import ChosenPhone
from linkus_desktop.ui.phone.phone_choice import NAME, PhoneChoice
from linkus_desktop.ui.preferences.section import Section
from linkus_desktop.ui.widgets.labels import label

NOTE = (
    "Calls are then made and taken with your desk phone, and this window controls them. This computer does "
    "not ring and is not registered as a phone meanwhile. Mute, volume and the headset stay with the desk "
    "phone; whether it can be told to answer depends on its make."
)


class DeskPhoneSection(Section):
    """Saved as it changes."""

    def __init__(self, phones: ChosenPhone) -> None:
        super().__init__("Desk phone")
        self._phones = phones
        self.control = QCheckBox("Control my desk phone")
        self.whole(self.control)
        self.choice = PhoneChoice(phones)
        self.row(NAME, self.choice)
        self.whole(label(NOTE, muted=True, wrap=True))
        self.control.toggled.connect(self._on_toggled)
        phones.chosen.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        self.control.setChecked(self._phones.is_desk)

    def _on_toggled(self, on: bool) -> None:
        if on != self._phones.is_desk:
            desk = [choice for choice, _ in self._phones.choices if choice is not None]
            self._phones.use(desk[0] if on else None)
