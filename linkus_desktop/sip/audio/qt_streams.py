"""Open devices of Qt Multimedia, and the worker that moves their bytes."""

import array
import logging
import time
from collections.abc import Callable

from PySide6.QtCore import QIODevice, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtMultimedia import QAudioDevice, QAudioFormat, QAudioSink, QAudioSource, QtAudio

from linkus_desktop.sip.audio.backend import SILENCE_DB, Sound
from linkus_desktop.sip.audio.pcm import Coding, from_mono, peak_db, to_mono
from linkus_desktop.sip.audio.ring import SampleRing

_log = logging.getLogger(__name__)

MOVE_MS = 10
OUTPUT_BUFFER_MS = 80
"""What a loudspeaker is kept ahead by: more than any pause of the worker."""
INPUT_BUFFER_MS = 100
DEAD_AFTER_S = 2.0
"""A microphone that gave nothing for this long is opened anew: its device went and nobody said so."""


class Stream:
    """A device that is, or will be, open. Made on the main thread, then used by the worker only.

    The exceptions are `close`, and the ring and the level, which are safe from any thread.
    """

    def __init__(
        self,
        device: QAudioDevice,
        audio_format: QAudioFormat,
        coding: Coding,
        on_close: Callable[["Stream"], None],
    ) -> None:
        self.device = device
        self.format = audio_format
        self.coding = coding
        self.rate = audio_format.sampleRate()
        self.channels = audio_format.channelCount()
        self.ring = SampleRing(self.rate)
        self._on_close = on_close
        self._level = SILENCE_DB

    def level(self) -> float:
        """The peak since last asked, in dBFS."""
        level, self._level = self._level, SILENCE_DB
        return level

    def close(self) -> None:
        """Close the device, soon."""
        self._on_close(self)

    def begin(self) -> None:
        """Worker: open the device."""

    def move(self) -> None:
        """Worker: move what there is to move."""

    def end(self) -> None:
        """Worker: close the device."""

    def broken(self) -> str:
        """Worker: what is the matter with the device, empty if nothing."""
        return ""

    def _heard(self, data: bytes) -> None:
        self._level = max(self._level, peak_db(data))

    def _bytes(self, ms: int) -> int:
        return self.format.bytesForDuration(ms * 1000)


class Input(Stream):
    """A microphone."""

    _source: QAudioSource | None = None
    _io: QIODevice | None = None
    _rest = b""
    _last = 0.0

    def read_frame(self, samples: int) -> bytes:
        """The next samples."""
        return self.ring.read(samples)

    def begin(self) -> None:
        """Worker: open the device."""
        self._source = QAudioSource(self.device, self.format)
        self._source.setBufferSize(self._bytes(INPUT_BUFFER_MS))
        self._io = self._source.start()
        self._last = time.monotonic()

    def move(self) -> None:
        """Worker: device to ring."""
        if self._io is None:
            return
        data = self._rest + self._io.readAll().data()
        if not data:
            return
        self._last = time.monotonic()
        whole = len(data) - len(data) % (self.channels * self.coding.size)
        self._rest = data[whole:]
        mono = to_mono(data[:whole], self.channels, self.coding)
        self._heard(mono)
        self.ring.write(mono)

    def end(self) -> None:
        """Worker: close the device."""
        if self._source is not None:
            self._source.stop()
        self._source = self._io = None

    def broken(self) -> str:
        """Worker: silent for too long, or stopped with an error."""
        name = self.device.description() or "microphone"
        if self._source is None or self._io is None:
            return f"The microphone {name} could not be opened."
        if time.monotonic() - self._last > DEAD_AFTER_S:
            self._last = time.monotonic()
            return f"The microphone {name} gives no sound."
        return ""


class Output(Stream):
    """A loudspeaker; a full buffer's worth is always ahead of it, silence if need be."""

    _sink: QAudioSink | None = None
    _ahead = False
    _io: QIODevice | None = None

    def write_frame(self, frame: bytes) -> None:
        """Play this next."""
        self.ring.write(frame)

    def begin(self) -> None:
        """Worker: open the device."""
        self._sink = QAudioSink(self.device, self.format)
        self._sink.setBufferSize(self._bytes(OUTPUT_BUFFER_MS))
        self._io = self._sink.start()

    def move(self) -> None:
        """Worker: ring to device."""
        if self._sink is None or self._io is None:
            return
        free = min(self._sink.bytesFree(), self._bytes(OUTPUT_BUFFER_MS))
        samples = free // (self.channels * self.coding.size)
        if samples > 0:
            mono = self._next(samples) if self._ahead else bytes(2 * samples)
            self._ahead = True
            self._heard(mono)
            self._io.write(from_mono(mono, self.channels, self.coding))

    def end(self) -> None:
        """Worker: close the device."""
        if self._sink is not None:
            self._sink.reset()
        self._sink = self._io = None

    def broken(self) -> str:
        """Worker: stopped with an error."""
        if self._sink is None or self._io is None or self._sink.error() in _FATAL:
            return f"The loudspeaker {self.device.description()} could not be used."
        return ""

    def _next(self, samples: int) -> bytes:
        return self.ring.read(samples)


class Playing(Output):
    """A sound played again and again on a loudspeaker."""

    def __init__(
        self,
        device: QAudioDevice,
        audio_format: QAudioFormat,
        coding: Coding,
        on_close: Callable[[Stream], None],
        sound: Sound,
    ) -> None:
        super().__init__(device, audio_format, coding, on_close)
        self._pcm = memoryview(sound.pcm).cast("h")
        self._sound_rate = sound.rate
        self._at = 0

    def _next(self, samples: int) -> bytes:
        """The next ones, at the device's rate: the nearest samples, made when they are needed.

        A recording of an hour must not be converted as a whole before it is heard.
        """
        pcm, length = self._pcm, len(self._pcm)
        if self._sound_rate == self.rate:
            block = b""
            while len(block) < 2 * samples:
                part = bytes(pcm[self._at : self._at + samples - len(block) // 2])
                self._at = (self._at + len(part) // 2) % length
                block += part
            return block
        ours, theirs = self._sound_rate, self.rate
        first, self._at = self._at, self._at + samples
        return array.array("h", [pcm[i * ours // theirs % length] for i in range(first, self._at)]).tobytes()


_FATAL = frozenset({QtAudio.Error.OpenError, QtAudio.Error.FatalError})


class Worker(QObject):
    """Lives in the sound thread; moves bytes every 10 ms while a device is open.

    Signals:
        failed(str): a device broke, with a text for people; told once for each device.
    """

    failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._streams: list[Stream] = []
        self._told: set[int] = set()
        self._timer = QTimer(self, interval=MOVE_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._move)

    @Slot(object)
    def open(self, stream: Stream) -> None:
        """Open a device and keep its bytes moving."""
        stream.begin()
        self._streams.append(stream)
        self._timer.start()

    @Slot(object)
    def close(self, stream: Stream) -> None:
        """Close a device."""
        if stream in self._streams:
            self._streams.remove(stream)
            self._told.discard(id(stream))
            stream.end()
        if not self._streams:
            self._timer.stop()

    @Slot()
    def close_all(self) -> None:
        """Close every device."""
        for stream in list(self._streams):
            self.close(stream)

    @Slot()
    def _move(self) -> None:
        for stream in self._streams:
            stream.move()
            trouble = stream.broken()
            if trouble and id(stream) not in self._told:
                self._told.add(id(stream))
                self.failed.emit(trouble)
