"""Qt Multimedia as the sound system. Import it only when sound is needed.

Devices are opened, moved and closed in a thread of their own, so that a busy window is never heard. All that
this thread does is move bytes between devices and rings.
"""

import logging
from collections.abc import Callable

from PySide6.QtCore import QLoggingCategory, QObject, Qt, QThread, QTimer, Signal
from PySide6.QtMultimedia import QAudioDevice, QAudioFormat, QMediaDevices

from linkus_desktop.sip.audio.backend import Device, InputStream, OutputStream, Player, Sound
from linkus_desktop.sip.audio.pcm import Coding
from linkus_desktop.sip.audio.qt_streams import Input, Output, Playing, Worker

_log = logging.getLogger(__name__)

LOOK_MS = 2_000
"""Not every system tells of devices that go (Linux does not always): look this often."""
_RATES = (48_000, 16_000, 44_100, 32_000, 8_000)
"""In order of preference: 48 kHz is what devices run at, and systems hand it over in the shortest blocks."""
_SAMPLE_FORMATS = {
    Coding.INT16: QAudioFormat.SampleFormat.Int16,
    Coding.FLOAT32: QAudioFormat.SampleFormat.Float,
}


class QtBackend(QObject):
    """Devices by Qt Multimedia. Main thread only; the worker thread is inside."""

    _open = Signal(object)
    _close = Signal(object)
    _close_all = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # Which of its own libraries Qt found is no news for a user's terminal.
        QLoggingCategory.setFilterRules("qt.multimedia.symbolsresolver=false\nqt.multimedia.ffmpeg=false")
        self._on_devices: Callable[[], None] = lambda: None
        self._known: list[bytes] = []
        self._media = QMediaDevices(self)
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._look_again)
        self._thread = QThread()
        self._thread.setObjectName("sound")
        self._worker: Worker | None = None

    def start(self, on_devices: Callable[[], None], on_failure: Callable[[str], None]) -> None:
        """Begin; see `Backend`."""
        self._on_devices = on_devices
        self._worker = Worker()
        self._worker.moveToThread(self._thread)
        self._worker.failed.connect(on_failure, Qt.ConnectionType.QueuedConnection)
        self._open.connect(self._worker.open)
        self._close.connect(self._worker.close)
        self._close_all.connect(self._worker.close_all, Qt.ConnectionType.BlockingQueuedConnection)
        self._thread.start(QThread.Priority.TimeCriticalPriority)
        self._known = self._ids()
        self._media.audioInputsChanged.connect(self._look_again)
        self._media.audioOutputsChanged.connect(self._look_again)
        self._look.start()

    def inputs(self) -> list[Device]:
        """Microphones, the default first."""
        return _devices(QMediaDevices.audioInputs(), QMediaDevices.defaultAudioInput())

    def outputs(self) -> list[Device]:
        """Loudspeakers, the default first."""
        return _devices(QMediaDevices.audioOutputs(), QMediaDevices.defaultAudioOutput())

    def open_input(self, device: Device) -> InputStream:
        """Open a microphone; a failure is told later by `on_failure`."""
        qt_device = _find(QMediaDevices.audioInputs(), device)
        audio_format, coding = negotiate(qt_device)
        stream = Input(qt_device, audio_format, coding, self._close.emit)
        self._open.emit(stream)
        return stream

    def open_output(self, device: Device) -> OutputStream:
        """Open a loudspeaker; a failure is told later by `on_failure`."""
        qt_device = _find(QMediaDevices.audioOutputs(), device)
        audio_format, coding = negotiate(qt_device)
        stream = Output(qt_device, audio_format, coding, self._close.emit)
        self._open.emit(stream)
        return stream

    def play(self, device: Device, sound: Sound) -> Player:
        """Play a sound again and again."""
        qt_device = _find(QMediaDevices.audioOutputs(), device)
        audio_format, coding = negotiate(qt_device, first_rate=sound.rate)
        playing = Playing(qt_device, audio_format, coding, self._close.emit, sound)
        self._open.emit(playing)
        return playing

    def stop(self) -> None:
        """Close all devices and end the thread."""
        self._look.stop()
        if self._worker is None:
            return
        self._media.audioInputsChanged.disconnect(self._look_again)
        self._media.audioOutputsChanged.disconnect(self._look_again)
        self._close_all.emit()
        self._thread.quit()
        self._thread.wait()
        self._worker = None

    def _look_again(self) -> None:
        ids = self._ids()
        if ids != self._known:
            self._known = ids
            self._on_devices()

    def _ids(self) -> list[bytes]:
        return [d.id for d in self.inputs()] + [b""] + [d.id for d in self.outputs()]


def negotiate(device: QAudioDevice, first_rate: int = _RATES[0]) -> tuple[QAudioFormat, Coding]:
    """The format to open a device with: as near to ours as it can do."""
    for coding in Coding:
        for channels in (1, 2):
            for rate in (first_rate, *_RATES):
                wanted = QAudioFormat()
                wanted.setSampleRate(rate)
                wanted.setChannelCount(channels)
                wanted.setSampleFormat(_SAMPLE_FORMATS[coding])
                if device.isFormatSupported(wanted):
                    return wanted, coding
    wanted = device.preferredFormat()
    coding = Coding.FLOAT32 if wanted.sampleFormat() is QAudioFormat.SampleFormat.Float else Coding.INT16
    wanted.setSampleFormat(_SAMPLE_FORMATS[coding])
    return wanted, coding


def _devices(present: list[QAudioDevice], default: QAudioDevice) -> list[Device]:
    ordered = sorted(present, key=lambda d: d.id() != default.id())
    return [Device(bytes(d.id().data()), d.description()) for d in ordered]


def _find(present: list[QAudioDevice], device: Device) -> QAudioDevice:
    return next((d for d in present if d.id().data() == device.id), QAudioDevice())
