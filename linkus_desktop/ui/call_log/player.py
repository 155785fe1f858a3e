"""The player of a recording, below the call log: play, seek, save, delete (LOG-1)."""

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QFrame, QSizePolicy, QSlider

from linkus_desktop.pbx.recordings import OwnRecordings
from linkus_desktop.pbx.tasks import spawn
from linkus_desktop.ui.texts import absolute, duration, plain_tip
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.frames import columns, rows
from linkus_desktop.ui.widgets.labels import ElidedLabel, label
from linkus_desktop.ui.widgets.message import Message
from server.contract.calls import CallLogEntry
from server.contract.recording import Recording, RecordingState

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from linkus_desktop.sip.audio.listening import Listening

SHORTCUT = "Ctrl+L"
ENDED_EARLY = {
    RecordingState.DISK_FULL: "Not all of it: the server's disk was full",
    RecordingState.INTERRUPTED: "Not all of it: the server was interrupted",
}
"""What is said of a recording that ended before its call."""
STEP_S = 5.0
"""How far an arrow key moves."""


class RecordingPlayer(QFrame):
    """Of the recording of the call that is selected; hidden without one. The sound is fetched when needed.

    Signals: delete_requested(object Recording).
    """

    delete_requested = Signal(object)

    def __init__(self, recordings: OwnRecordings, listening: "Listening") -> None:
        super().__init__()
        self.setProperty("role", "player")
        self._recordings, self._listening = recordings, listening
        self._recording: Recording | None = None
        self._title = ""
        self._sound: bytes | None = None
        self._fetching: asyncio.Task[bytes] | None = None
        self.who = ElidedLabel()
        self.note = ElidedLabel("", muted=True)
        self.play_button = WordButton("Play", icon_name="play", shortcut=SHORTCUT)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Position in the recording")
        self.slider.setMinimumWidth(96)
        self.time = label("", muted=True)
        self.save = WordButton("Save as…", icon_name="save", tip="Save the recording as a WAV file")
        self.delete = WordButton("Delete recording", icon_name="delete", tip="Delete the recording only")
        self.message = Message(closable=True)
        self._build()
        self.play_button.clicked.connect(self.toggle)
        self.slider.sliderMoved.connect(self._on_slider)
        self.slider.actionTriggered.connect(self._on_step)
        self.save.clicked.connect(self._ask_where)
        self.delete.clicked.connect(self._on_delete)
        listening.moved.connect(self._on_moved)
        listening.playing_changed.connect(self._on_playing)
        QShortcut(QKeySequence(SHORTCUT), self, self.toggle, context=Qt.ShortcutContext.WindowShortcut)
        self.hide()

    @property
    def recording(self) -> Recording | None:
        """The one it is about."""
        return self._recording

    def show_recording(self, recording: Recording | None, entry: CallLogEntry | None = None) -> None:
        """Be about this recording, of this call; None: about none."""
        if recording != self._recording:
            self._stop()
            self._recording = recording
            self.note.setText("")
            self.message.clear()
        if recording is not None and entry is not None:
            self._title = entry.name or entry.number or "Unknown caller"
            self.who.setText(f"Recording of the call with {self._title}")
            self.who.setToolTip(plain_tip(f"{self.who.text()}, {absolute(recording.started_at)}"))
            early = ENDED_EARLY.get(recording.state, "")
            self.note.setText(self.note.text() or early)
            self.setAccessibleName(". ".join(filter(None, [self.who.text(), early])))
            self.delete.setVisible(self._recordings.may_delete)
            self.slider.setRange(0, max(1, round(recording.seconds * 1000)))
            self._on_moved(self._listening.position)
        self.setVisible(recording is not None)

    def toggle(self) -> None:
        """Play, or pause."""
        if self._recording is None:
            return
        if self._listening.playing:
            self._listening.pause()
        elif self._sound is not None:
            self._listening.play()
        else:
            self._fetch(self._play)

    def play(self) -> None:
        """Play, unless it does."""
        if not self._listening.playing:
            self.toggle()

    def pause(self) -> None:
        """Be silent: a call comes, or the room is left."""
        self._listening.pause()

    def save_as(self, path: Path) -> None:
        """Write the file; what goes wrong is told here."""
        self._fetch(lambda sound: self._write(path, sound))

    def _build(self) -> None:
        layout = rows(self, gap=8)
        layout.setContentsMargins(16, 8, 16, 8)
        first = columns(gap=8)
        self.who.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        first.addWidget(self.who)
        first.addWidget(self.note, 1)
        first.addWidget(self.save)
        first.addWidget(self.delete)
        second = columns(gap=12)
        second.addWidget(self.play_button)
        second.addWidget(self.slider, 1)
        second.addWidget(self.time)
        widest = WordButton("Loading…", icon_name="play").sizeHint().width()
        self.play_button.setMinimumWidth(widest)
        self.time.setMinimumWidth(self.time.fontMetrics().horizontalAdvance("0:00:00 / 0:00:00") + 8)
        self.time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        layout.addLayout(first)
        layout.addLayout(second)
        layout.addWidget(self.message)

    def _stop(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            self._fetching = None
        self._sound = None
        self._listening.clear()
        self._on_playing(False)

    def _fetch(self, then: "Callable[[bytes], None]") -> None:
        """Have the sound, fetching it once, and do this with it."""
        recording = self._recording
        if self._sound is not None:
            then(self._sound)
            return
        if recording is None or self._fetching is not None:
            return
        self.message.clear()
        self.play_button.become("Loading…", "play", shortcut=SHORTCUT)

        def done(sound: bytes) -> None:
            self._fetching = None
            self._on_playing(self._listening.playing)
            self._sound = sound
            then(sound)

        def failed(error: Exception) -> None:
            self._fetching = None
            self._on_playing(False)
            self.message.say(f"The recording could not be fetched. {error}", ("Try again", again))

        def again() -> None:
            self._fetch(then)

        self._fetching = spawn(self._all(recording), on_done=done, on_error=failed, name="fetch a recording")

    async def _all(self, recording: Recording) -> bytes:
        return b"".join([part async for part in self._recordings.parts(recording)])

    def _play(self, sound: bytes) -> None:
        at = self.slider.value() / 1000
        try:
            self._listening.load(sound)
        except ValueError as error:
            self._sound = None
            self.message.say(str(error))
            return
        self._listening.seek(at)
        self._listening.play()

    def _on_slider(self, ms: int) -> None:
        if self._sound is not None:
            self._listening.seek(ms / 1000)
        else:
            self._show_time(ms / 1000)

    def _on_step(self, _action: int) -> None:
        """Keys and clicks beside the handle; a drag comes by `sliderMoved`."""
        if not self.slider.isSliderDown():
            self._on_slider(self.slider.sliderPosition())

    def _on_moved(self, seconds: float) -> None:
        if not self.slider.isSliderDown():
            self.slider.setValue(round(seconds * 1000))
        self._show_time(seconds)

    def _show_time(self, seconds: float) -> None:
        whole = self._recording.seconds if self._recording is not None else 0.0
        self.time.setText(f"{duration(seconds)} / {duration(whole)}")

    def _on_playing(self, playing: bool) -> None:
        self.play_button.become(*(("Pause", "pause") if playing else ("Play", "play")), shortcut=SHORTCUT)

    def _on_delete(self) -> None:
        if self._recording is not None:
            self.delete_requested.emit(self._recording)

    def _ask_where(self) -> None:
        if self._recording is None:
            return
        dialog = QFileDialog(self, "Save the recording", "", "Sound (*.wav)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("wav")
        dialog.selectFile(file_name(self._recording, self._title))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._on_file)
        dialog.open()

    def _on_file(self, chosen: str) -> None:
        self.save_as(Path(chosen))

    def _write(self, path: Path, sound: bytes) -> None:
        try:
            write_whole(path, sound)
        except OSError as error:
            text = f"{path.name} was not saved: {error.strerror or error}."
            self.message.say(text, ("Choose another place", self._ask_where))
        else:
            self.note.setText(f"Saved as {path}")


def file_name(recording: Recording, who: str) -> str:
    """What a file of it is called at first."""
    plain = re.sub(r"[^\w .+-]", "_", who).strip(" .")[:60]
    return f"{recording.started_at.astimezone():%Y-%m-%d %H-%M} {plain}.wav"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, all of it or nothing, readable by its owner only. Raises `OSError`."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
