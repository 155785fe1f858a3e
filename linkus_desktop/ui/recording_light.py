"""The recording light: a shape, a colour and words; everybody in a recorded call sees it (SIP-5)."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from linkus_desktop.ui.icons import pixmap
from linkus_desktop.ui.recording_words import light_words
from linkus_desktop.ui.theme import tokens
from linkus_desktop.ui.widgets.frames import columns, restyle
from linkus_desktop.ui.widgets.labels import ElidedLabel
from server.contract.recording import CallRecording, RecordingState

SIZE = 16


class RecordingLight(QWidget):
    """Hidden while there is nothing to tell."""

    def __init__(self) -> None:
        super().__init__()
        self._icon = QLabel()
        self._icon.setFixedSize(QSize(SIZE, SIZE))
        self.words = ElidedLabel()
        self.words.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._recording: CallRecording | None = None
        self._short = False
        layout = columns(self, gap=4)
        layout.addWidget(self._icon)
        layout.addWidget(self.words)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_recording(self, recording: CallRecording | None) -> None:
        """Tell how a call is recorded now."""
        self._recording = recording
        words = light_words(recording)
        self.words.setText(light_words(recording, short=self._short))
        self.words.setProperty("tone", "danger" if self._is_lit() else "muted")
        restyle(self.words)
        self.setAccessibleName(words)
        self.setToolTip(words)
        self._tint()
        self.setVisible(bool(words))

    def set_short(self, short: bool) -> None:
        """Whether there is hardly any room; the tooltip has all of it."""
        self._short = short
        self.show_recording(self._recording)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._tint()

    def _is_lit(self) -> bool:
        recording = self._recording
        return recording is not None and recording.state in {
            RecordingState.RECORDING, RecordingState.DISK_FULL
        }  # fmt: skip

    def _tint(self) -> None:
        recording = self._recording
        if recording is None or recording.state is None:
            return
        t = tokens(self)
        names = {RecordingState.RECORDING: "record", RecordingState.PAUSED: "pause"}
        colour = t.danger_text if self._is_lit() else t.muted
        name = names.get(recording.state, "warning")
        self._icon.setPixmap(pixmap(name, colour, SIZE, self.devicePixelRatioF()))
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
