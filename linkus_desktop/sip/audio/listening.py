"""Listening to a recording: play, pause, seek, on the loudspeaker for calls (LOG-1)."""

import io
import time
import wave
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from linkus_desktop.sip.audio.audio import Audio
from linkus_desktop.sip.audio.backend import Player, Sound
from linkus_desktop.sip.threads import main_thread

TICK_MS = 100
_TAIL_S = 1.0
"""Silence behind the end: a player begins anew where a sound ends, and is stopped before that is heard."""


class Listening(QObject):
    """One recording at a time. Times are seconds.

    Attributes:
        length: of the recording; 0 without one.
        playing: whether it is heard now.

    Signals:
        moved(float): the position, a few times a second while it plays, and after each change.
        playing_changed(bool)
    """

    moved = Signal(float)
    playing_changed = Signal(bool)

    def __init__(
        self, audio: Audio, parent: QObject | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(parent)
        self.length = 0.0
        self.playing = False
        self._audio = audio
        self._clock = clock
        self._sound = Sound(8_000, b"")
        self._at = 0.0
        self._since = 0.0
        self._player: Player | None = None
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self._on_tick)
        audio.devices_changed.connect(self._on_devices)

    @property
    def position(self) -> float:
        """Where it is."""
        heard = self._clock() - self._since if self.playing else 0.0
        return min(self._at + heard, self.length)

    @main_thread
    def load(self, wav: bytes) -> None:
        """Take a recording, from its beginning. Raises `ValueError` if it is no WAV file of ours."""
        self.clear()
        try:
            with wave.open(io.BytesIO(wav)) as file:
                if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                    raise ValueError("This recording is in a form that cannot be played here.")
                self._sound = Sound(file.getframerate(), file.readframes(file.getnframes()))
        except (EOFError, wave.Error) as error:
            raise ValueError("This recording is damaged.") from error
        self.length = len(self._sound.pcm) / 2 / self._sound.rate
        self.moved.emit(0.0)

    @main_thread
    def clear(self) -> None:
        """Have none any more."""
        self.pause()
        self._sound, self._at, self.length = Sound(8_000, b""), 0.0, 0.0
        self.moved.emit(0.0)

    @main_thread
    def play(self) -> None:
        """Go on; from the beginning, if it was heard to its end. Nothing happens without a recording."""
        if self.playing or not self.length:
            return
        if self._at >= self.length:
            self._at = 0.0
        self.playing = True
        self._begin()
        self._tick.start()
        self.playing_changed.emit(True)

    @main_thread
    def pause(self) -> None:
        """Stop here."""
        if not self.playing:
            return
        self._at = self.position
        self.playing = False
        self._tick.stop()
        self._end()
        self.playing_changed.emit(False)
        self.moved.emit(self._at)

    @main_thread
    def seek(self, seconds: float) -> None:
        """Go there; it plays on if it does."""
        self._at = min(max(seconds, 0.0), self.length)
        if self.playing:
            self._begin()
        self.moved.emit(self._at)

    def _begin(self) -> None:
        self._end()
        self._since = self._clock()
        first = 2 * int(self._at * self._sound.rate)
        tail = bytes(2 * int(_TAIL_S * self._sound.rate))
        self._player = self._audio.play(Sound(self._sound.rate, self._sound.pcm[first:] + tail))

    def _end(self) -> None:
        if self._player is not None:
            self._player.close()
            self._player = None

    def _on_tick(self) -> None:
        if self.position >= self.length:
            self.pause()
        else:
            self.moved.emit(self.position)

    def _on_devices(self) -> None:
        """On the device that is there now."""
        if self.playing:
            self.seek(self.position)
