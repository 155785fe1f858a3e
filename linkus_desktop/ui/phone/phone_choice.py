"""Which phone calls are made with: this computer's, or the one on the desk (SIP-11)."""

from PySide6.QtWidgets import QSizePolicy, QWidget

from linkus_desktop.calls.chosen_phone import ChosenPhone
from linkus_desktop.sip.values import Registration
from linkus_desktop.ui.widgets.elided_box import ElidedBox
from linkus_desktop.ui.widgets.frames import rows
from linkus_desktop.ui.widgets.labels import label

NAME = "Call with"


class PhoneChoice(QWidget):
    """The choice, and below it what is the matter with the chosen phone, if anything is."""

    def __init__(self, phones: ChosenPhone) -> None:
        super().__init__()
        self._phones = phones
        self.box = ElidedBox(12)
        self.box.setAccessibleName(NAME)
        self.setFocusProxy(self.box)
        self.box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.problem = label("", "small", muted=True, wrap=True)
        self.problem.setProperty("tone", "danger")
        layout = rows(self, gap=4)
        layout.addWidget(self.box)
        layout.addWidget(self.problem)
        self.box.activated.connect(self._on_chosen)
        phones.chosen.connect(self.follow)
        phones.registration_changed.connect(self.follow)
        self.follow()

    def follow(self, *_: object) -> None:
        """Offer the phones that there are now."""
        choices = self._phones.choices
        if choices != [(self.box.itemData(i), self.box.itemText(i)) for i in range(self.box.count())]:
            self.box.clear()
            for choice, words in choices:
                self.box.addItem(words, choice)
        chosen = [choice for choice, _ in choices].index(self._phones.choice)
        self.box.setCurrentIndex(chosen)
        self.box.setToolTip(
            f"{self.box.currentText()}\nWhich phone rings and calls: this computer, or yours on the desk"
        )
        state, text = self._phones.registration, self._phones.registration_text
        is_wrong = self._phones.is_desk and state is not Registration.REGISTERED
        self.problem.setText(text if is_wrong else "")
        self.problem.setVisible(is_wrong)

    def _on_chosen(self) -> None:
        self._phones.use(self.box.currentData())
