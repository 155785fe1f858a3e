"""Which microphone, loudspeaker and ring device (SIP-6)."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox

from linkus_desktop.ui.preferences.level_meter import LevelMeter
from linkus_desktop.ui.preferences.section import Section
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.elided_box import ElidedBox
from linkus_desktop.ui.widgets.message import Message

if TYPE_CHECKING:
    from linkus_desktop.sip.audio import Audio
    from linkus_desktop.sip.audio.backend import Device
    from linkus_desktop.store.settings import Settings

_USER = "preferences"


class TestButton(WordButton):
    """Starts the test of a device, and ends it."""

    def __init__(self, icon_name: str, name: str, tip: str) -> None:
        super().__init__("Test", icon_name=icon_name, tip=tip)
        self._name = name
        self.setCheckable(True)
        self.set_sounding(False)

    def set_sounding(self, on: bool) -> None:
        """Show whether its device sounds."""
        self.setChecked(on)
        self.setText("Stop" if on else "Test")
        self.setAccessibleName(f"{self._name}: stop" if on else self._name)


class AudioSection(Section):
    """Choices are kept by id, also while the device is away; the level shows that the right one is open."""

    def __init__(self, audio: "Audio", settings: "Settings") -> None:
        super().__init__("Sound", "A device that is unplugged is used again as soon as it is back.")
        self._audio = audio
        self._settings = settings
        self.microphone, self.speaker, self.ringer = ElidedBox(16), ElidedBox(16), ElidedBox(16)
        self.problem = Message()
        self.level = LevelMeter("Microphone level")
        self.test_speaker = TestButton("speaker", "Test the speaker", "Play two notes on this device")
        self.test_ring = TestButton("bell", "Test the ring device", "Ring for a moment on this device")
        self.whole(self.problem)
        tests = {"Speaker": self.test_speaker, "Ring device": self.test_ring}
        for name, box in (
            ("Microphone", self.microphone),
            ("Speaker", self.speaker),
            ("Ring device", self.ringer),
        ):
            box.setAccessibleName(name)
            self.row(name, box, tests.get(name))
            if box is self.microphone:
                self.row("Level", self.level)
        self._fill()
        self.microphone.activated.connect(self._choose_microphone)
        self.speaker.activated.connect(self._choose_speaker)
        self.ringer.activated.connect(self._choose_ringer)
        self.test_speaker.clicked.connect(self._on_test_speaker)
        self.test_ring.clicked.connect(self._on_test_ring)
        audio.test_changed.connect(self._on_test)
        audio.devices_changed.connect(self._fill)
        audio.problem_changed.connect(self._on_problem)
        audio.levels.connect(self._on_levels)
        self._on_problem(audio.problem)

    def showEvent(self, event: QShowEvent) -> None:
        """The microphone is open while its level is on the screen."""
        super().showEvent(event)
        self._audio.open(_USER)

    def hideEvent(self, event: QHideEvent) -> None:
        """And only then."""
        super().hideEvent(event)
        self._audio.close(_USER)
        self._audio.stop_test()

    def _fill(self) -> None:
        inputs, outputs = self._audio.inputs(), self._audio.outputs()
        for box, devices, chosen in (
            (self.microphone, inputs, self._settings.microphone),
            (self.speaker, outputs, self._settings.speaker),
            (self.ringer, outputs, self._settings.ringer),
        ):
            _fill(box, devices, chosen)

    def _choose(self, role: str, box: QComboBox) -> None:
        chosen = box.currentData()
        self._settings.put(role, chosen)
        getattr(self._audio, f"set_{role}")(chosen)

    def _choose_microphone(self) -> None:
        self._choose("microphone", self.microphone)

    def _choose_speaker(self) -> None:
        self._choose("speaker", self.speaker)

    def _choose_ringer(self) -> None:
        self._choose("ringer", self.ringer)

    def _on_test_speaker(self) -> None:
        self._toggle_test("speaker")

    def _on_test_ring(self) -> None:
        self._toggle_test("ringer")

    def _toggle_test(self, role: str) -> None:
        if self._audio.testing == role:
            self._audio.stop_test()
        else:
            self._audio.play_test(role)

    def _on_test(self, role: str) -> None:
        self.test_speaker.set_sounding(role == "speaker")
        self.test_ring.set_sounding(role == "ringer")

    def _on_problem(self, text: str) -> None:
        if text:
            self.problem.say(text, warning=True)
        else:
            self.problem.clear()

    def _on_levels(self, microphone: float, _speaker: float) -> None:
        self.level.set_level(microphone)


def _fill(box: QComboBox, devices: "list[Device]", chosen: bytes | None) -> None:
    """The system's default first; a chosen device that is away stays in the list and says so."""
    box.clear()
    default = f"System default ({devices[0].name})" if devices else "System default"
    box.addItem(default, None)
    for device in devices:
        box.addItem(device.name, device.id)
    ids = [None, *(device.id for device in devices)]
    if chosen not in ids:
        box.addItem("Chosen device (not connected)", chosen)
        ids.append(chosen)
    box.setCurrentIndex(ids.index(chosen))
    for row in range(box.count()):
        box.setItemData(row, box.itemText(row), Qt.ItemDataRole.ToolTipRole)
    box.setToolTip(box.currentText())
