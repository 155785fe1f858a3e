"""Ring tones: of colleagues and others, of single callers, of queues, by what the PBX says (SIP-6)."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from linkus_desktop.sip.audio.tones import Tone
from linkus_desktop.ui.preferences.section import Section
from linkus_desktop.ui.widgets.buttons import IconButton, WordButton
from linkus_desktop.ui.widgets.frames import clear, columns, rows
from linkus_desktop.ui.widgets.labels import label
from linkus_desktop.ui.widgets.plain_paste import PlainPaste

if TYPE_CHECKING:
    from linkus_desktop.sip.audio import Audio
    from linkus_desktop.store.settings import Settings

MOST_RULES = 50
WORDS = {
    Tone.CHIME: "Chime",
    Tone.BELL: "Classic bell",
    Tone.MARIMBA: "Marimba",
    Tone.PULSE: "Pulse",
    Tone.DIGITAL: "Digital",
    Tone.SOFT: "Soft",
    Tone.URGENT: "Urgent",
    Tone.SILENT: "Silent",
}
"""The tones that can be chosen, in their order."""
_REMOVE = 40
"""What the button that removes a line takes, with the gap before it (logical pixels)."""


class Listening(QObject):
    """Lets one of several pickers be heard at a time."""

    def __init__(self, audio: "Audio", parent: QObject) -> None:
        super().__init__(parent)
        self._audio = audio
        self._picker: TonePicker | None = None
        audio.test_changed.connect(self._on_test)

    def toggle(self, picker: "TonePicker") -> None:
        """Let its tone be heard, or stop that."""
        sounding = self._picker is picker
        self.stop()
        if not sounding:
            self._picker = picker
            self._audio.play_tone(picker.tone())

    def follow(self, picker: "TonePicker") -> None:
        """Another tone was chosen: if it is being heard, hear the new one."""
        if self._picker is picker:
            self._audio.play_tone(picker.tone())

    def stop(self) -> None:
        """Be quiet."""
        if self._audio.testing == "tone":
            self._audio.stop_test()

    def forget(self, picker: "TonePicker") -> None:
        """It goes away."""
        if self._picker is picker:
            self.stop()
            self._picker = None

    def _on_test(self, what: str) -> None:
        picker = self._picker
        if picker is not None:
            picker.set_sounding(what == "tone")
            if what != "tone":
                self._picker = None


class TonePicker(QWidget):
    """A list of tones, and a button to hear the chosen one.

    Signals: chosen(str): the name of another tone.
    """

    chosen = Signal(str)

    def __init__(self, listening: Listening, name: str, tone: Tone, *, tail: int = 0) -> None:
        """`tail`: pixels that stay free behind the button, where others have something."""
        super().__init__()
        self._listening = listening
        self._name = name
        self.box = QComboBox()
        self.box.setAccessibleName(name)
        for each, words in WORDS.items():
            self.box.addItem(words, each.value)
        self.box.setCurrentIndex(max(0, self.box.findData(tone.value)))
        self.listen = WordButton("Listen", icon_name="bell", tip="Hear this ring tone on the ring device")
        self.listen.setMinimumWidth(self.listen.sizeHint().width())
        self.set_sounding(False)
        layout = columns(self, gap=8)
        layout.addWidget(self.box, 1)
        layout.addWidget(self.listen)
        layout.addSpacing(tail)
        self.box.activated.connect(self._on_activated)
        self.listen.clicked.connect(self._on_listen)

    def tone(self) -> Tone:
        """The chosen one."""
        return Tone.named(str(self.box.currentData()))

    def set_sounding(self, on: bool) -> None:
        """Show whether it is heard."""
        self.listen.setText("Stop" if on else "Listen")
        self.listen.setAccessibleName(f"{self._name}: {'stop' if on else 'listen'}")

    def forget(self) -> None:
        """It goes away: it is heard no more."""
        self._listening.forget(self)

    def _on_activated(self) -> None:
        self.chosen.emit(self.tone().value)
        self._listening.follow(self)

    def _on_listen(self) -> None:
        self._listening.toggle(self)


class RuleRow(QWidget):
    """A text and its tone.

    Signals: changed(), remove_requested(object RuleRow).
    """

    changed = Signal()
    remove_requested = Signal(object)

    def __init__(self, listening: Listening, name: str, hint: str, rule: tuple[str, str], *, numbers: bool):
        super().__init__()
        self.text = QLineEdit(rule[0])
        self.text.setPlaceholderText(hint)
        self.text.setAccessibleName(name)
        if numbers:
            self._paste = PlainPaste(self.text)
        self.text.setMaxLength(64)
        self.text.setCursorPosition(0)
        self.picker = TonePicker(listening, f"{name}: ring tone", Tone.named(rule[1]))
        self.remove = IconButton("delete", f"{name}: remove", tip="Remove this line")
        layout = columns(self, gap=8)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.picker, 1)
        layout.addWidget(self.remove)
        self.text.editingFinished.connect(self.changed)
        self.picker.chosen.connect(self.changed)
        self.remove.clicked.connect(self._on_remove)

    def rule(self) -> tuple[str, str]:
        """As it is kept."""
        return self.text.text().strip(), self.picker.tone().value

    def _on_remove(self) -> None:
        self.remove_requested.emit(self)


class RulesForm(QWidget):
    """A list of texts and tones, saved as it changes; lines without a text are not kept."""

    def __init__(
        self, settings: "Settings", listening: Listening, setting: str, *, one: str, hint: str, numbers: bool
    ) -> None:
        super().__init__()
        self._settings, self._listening, self._setting = settings, listening, setting
        self._one, self._hint, self._numbers = one, hint, numbers
        self.rules: list[RuleRow] = []
        self.add = WordButton(f"Add a {one}")
        self.add.clicked.connect(self._on_add)
        self._list = rows(gap=8)
        layout = rows(self, gap=8)
        layout.addLayout(self._list)
        button = columns()
        button.addWidget(self.add)
        button.addStretch(1)
        layout.addLayout(button)
        self._fill(settings.value(setting))

    def _fill(self, rules: tuple[tuple[str, str], ...]) -> None:
        for row in self.rules:
            row.picker.forget()
        clear(self._list)
        self.rules = []
        for number, rule in enumerate(rules, 1):
            name = f"{self._one.capitalize()} {number}"
            row = RuleRow(self._listening, name, self._hint, rule, numbers=self._numbers)
            row.changed.connect(self._save)
            row.remove_requested.connect(self._on_remove)
            self._list.addWidget(row)
            row.show()  # now, so that it can take the focus
            self.rules.append(row)
        self.add.setEnabled(len(self.rules) < MOST_RULES)

    def _save(self) -> None:
        kept = tuple(rule for rule in (row.rule() for row in self.rules) if rule[0])
        setattr(self._settings, self._setting, kept)

    def _on_add(self) -> None:
        self._fill((*(row.rule() for row in self.rules), ("", Tone.MARIMBA.value)))
        self.rules[-1].text.setFocus()

    def _on_remove(self, gone: RuleRow) -> None:
        with QSignalBlocker(gone.text):  # it loses the focus, which would save it once more
            self._fill(tuple(row.rule() for row in self.rules if row is not gone))
        self._save()
        self.add.setFocus()


class RingingSection(Section):
    """Saved as it changes."""

    def __init__(self, audio: "Audio", settings: "Settings") -> None:
        super().__init__(
            "Ring tones",
            "A caller's own tone comes first, then the queue's, what the PBX says, and who calls.",
        )
        self._settings = settings
        self._listening = Listening(audio, self)
        self.colleagues = self._picker("Colleagues", settings.ring_colleagues)
        self.others = self._picker("Other callers", settings.ring_others)
        self.row("Colleagues", self.colleagues)
        self.row("Other callers", self.others)
        self.colleagues.chosen.connect(self._on_colleagues)
        self.others.chosen.connect(self._on_others)
        self.heading("Callers with a tone of their own")
        self.callers = RulesForm(
            settings, self._listening, "ring_callers", one="caller", hint="Number", numbers=True
        )
        self.whole(self.callers)
        self.heading("Queues with a tone of their own")
        self.queues = RulesForm(
            settings, self._listening, "ring_queues", one="queue", hint="Number or name", numbers=False
        )
        self.whole(self.queues)
        self.heading("By what the PBX says")
        note = "A text of the call's Alert-Info, such as the one an administrator gives a queue."
        self.whole(label(note, muted=True, wrap=True))
        self.alerts = RulesForm(
            settings, self._listening, "ring_alerts", one="text", hint="Text in Alert-Info", numbers=False
        )
        self.whole(self.alerts)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing sounds that cannot be seen."""
        super().hideEvent(event)
        self._listening.stop()

    def _picker(self, name: str, tone: str) -> TonePicker:
        return TonePicker(self._listening, f"{name}: ring tone", Tone.named(tone), tail=_REMOVE)

    def _on_colleagues(self, tone: str) -> None:
        self._settings.ring_colleagues = tone

    def _on_others(self, tone: str) -> None:
        self._settings.ring_others = tone
