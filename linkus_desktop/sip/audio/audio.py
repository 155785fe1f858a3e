"""The sound of this machine as the phone and the preferences see it (SIP-6)."""

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from linkus_desktop.sip.audio.backend import (
    SILENCE_DB,
    Backend,
    Device,
    InputStream,
    NoSound,
    OutputStream,
    Player,
    Silence,
    Sound,
)
from linkus_desktop.sip.audio.choice import choose
from linkus_desktop.sip.audio.tones import Ring, Tone, ring, test_sound
from linkus_desktop.sip.threads import main_thread

_log = logging.getLogger(__name__)

METER_MS = 100
TEST_MS = 4_000
"""How long a test of a device sounds."""
LINGER_MS = 1_500
"""Devices stay open this long after the last use: the next call begins without a click or a wait."""


class Audio(QObject):
    """Microphone, loudspeaker and ring device: choice, fall-back, opening, levels. Main thread only.

    A choice is a device's id, or None for the system's default. A chosen device that is away is replaced by
    the default, the choice is kept, and taken up again when the device is back.

    Attributes:
        problem: what is the matter with the sound, for people; empty when all is well.
        testing: `speaker` or `ringer` while that one is tried out, `tone` while a ring tone is, else empty.
        microphone, speaker: the open streams, silent stand-ins while closed.

    Signals:
        devices_changed: devices came or went, or another one is in use now.
        problem_changed(str): `problem` changed.
        levels(float, float): peaks of microphone and loudspeaker in dBFS, ten times a second while open.
        test_changed(str): `testing` changed.
        streams_changed: `microphone` or `speaker` is another object now.
    """

    devices_changed = Signal()
    problem_changed = Signal(str)
    levels = Signal(float, float)
    test_changed = Signal(str)
    streams_changed = Signal()

    def __init__(self, backend: Backend | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.problem = ""
        self.microphone: InputStream = Silence()
        self.speaker: OutputStream = Silence()
        self._backend: Backend = NoSound()
        self._make_backend: Callable[[], Backend] = _qt_backend if backend is None else lambda: backend
        self._started = False
        self._failure = ""
        self._wanted: dict[str, bytes | None] = {"microphone": None, "speaker": None, "ringer": None}
        self._in_use: dict[str, Device | None] = {"microphone": None, "speaker": None, "ringer": None}
        self._users: set[str] = set()
        self._ringing: tuple[Ring, Tone | Sound] | None = None
        self._player: Player | None = None
        self.testing = ""
        self._test_tone = Tone.CHIME
        self._test_player: Player | None = None
        self._test_end = QTimer(self, interval=TEST_MS, singleShot=True)
        self._test_end.timeout.connect(self.stop_test)
        self._meter = QTimer(self, interval=METER_MS)
        self._meter.timeout.connect(self._measure)
        self._linger = QTimer(self, interval=LINGER_MS, singleShot=True)
        self._linger.timeout.connect(self._close_streams)

    @main_thread
    def start(self) -> None:
        """Find the devices. Does nothing if started already; `Phone.start` and every list call it."""
        if self._started:
            return
        self._started = True
        try:
            self._backend = self._make_backend()
        except ImportError as error:
            self._backend = NoSound()
            self._failure = (
                f"Sound is not available: {error}. Install the missing library (on Debian: libpulse0) and "
                "start again."
            )
        self._backend.start(self._devices_moved, self._stream_failed)
        self._judge()

    @main_thread
    def stop(self) -> None:
        """Close all devices and end their threads; `start` may follow."""
        self.stop_ringing()
        self.stop_test()
        self._users.clear()
        self._linger.stop()
        self._close_streams()
        if self._started:
            self._backend.stop()
        self._started = False
        self._failure = ""

    @main_thread
    def inputs(self) -> list[Device]:
        """Microphones there are now, the system's default first."""
        self.start()
        return self._backend.inputs()

    @main_thread
    def outputs(self) -> list[Device]:
        """Loudspeakers there are now, the system's default first."""
        self.start()
        return self._backend.outputs()

    @main_thread
    def set_microphone(self, device: bytes | None) -> None:
        """Choose the microphone; takes effect at once, in a call too."""
        self._choose("microphone", device)

    @main_thread
    def set_speaker(self, device: bytes | None) -> None:
        """Choose the loudspeaker for calls; takes effect at once, in a call too."""
        self._choose("speaker", device)

    @main_thread
    def set_ringer(self, device: bytes | None) -> None:
        """Choose the loudspeaker for ringing."""
        self._choose("ringer", device)

    def in_use(self, role: str) -> Device | None:
        """The device now used as `microphone`, `speaker` or `ringer`; None if there is none."""
        self.start()
        present = self._backend.inputs() if role == "microphone" else self._backend.outputs()
        return choose(self._wanted[role], present).device

    @main_thread
    def open(self, user: str) -> None:
        """Open microphone and loudspeaker for `user` (a name of its own choice); idempotent."""
        self.start()
        self._users.add(user)
        self._linger.stop()
        self._open_streams()

    @main_thread
    def close(self, user: str) -> None:
        """`user` needs them no more; with the last one they close, a moment later."""
        self._users.discard(user)
        if not self._users and self._meter.isActive():
            self._linger.start()

    @main_thread
    def start_ringing(self, kind: Ring = Ring.CALL, tone: Tone | Sound = Tone.CHIME) -> None:
        """Ring on the ring device until `stop_ringing`; `tone` is that of a first call, ours or any."""
        self.start()
        if self._ringing == (kind, tone) and (self._player is not None or tone is Tone.SILENT):
            return
        self.stop_ringing()
        self.stop_test()
        self._ringing = kind, tone
        device = self._select("ringer")
        if device is not None and (kind, tone) != (Ring.CALL, Tone.SILENT):
            sound = _sound_of(kind, tone)
            self._player = self._backend.play(device, sound)

    @main_thread
    def stop_ringing(self) -> None:
        """Stop ringing, if it does."""
        self._ringing = None
        self._in_use["ringer"] = None
        if self._player is not None:
            self._player.close()
            self._player = None

    @main_thread
    def play_test(self, role: str) -> None:
        """Let the user hear which device is chosen as `speaker` or `ringer`, for a few seconds.

        A call that begins to ring ends it; while one rings the ring device is heard anyway.
        """
        self.start()
        self._end_test()
        if self._ringing is None:
            self._start_test(role)
            self._test_end.start()
        self.test_changed.emit(self.testing)

    @main_thread
    def play_tone(self, tone: Tone) -> None:
        """Let the user hear a ring tone on the ring device, for a few seconds, as `play_test` does."""
        self._test_tone = tone
        self.play_test("tone")

    @main_thread
    def stop_test(self) -> None:
        """End the test, if there is one; ringing goes on."""
        if self.testing:
            self._end_test()
            self.test_changed.emit("")

    @main_thread
    def play(self, sound: Sound) -> Player | None:
        """Play a sound over and over on the loudspeaker for calls; None if there is none."""
        self.start()
        device = self.in_use("speaker")
        return self._backend.play(device, sound) if device is not None else None

    def _start_test(self, role: str) -> None:
        self.testing = role
        device = self.in_use("speaker" if role == "speaker" else "ringer")
        if device is not None:
            tone = self._test_tone if role == "tone" else Tone.CHIME
            sound = test_sound() if role == "speaker" else ring(Ring.CALL, tone)
            self._test_player = self._backend.play(device, sound)

    def _end_test(self) -> None:
        self._test_end.stop()
        self.testing = ""
        if self._test_player is not None:
            self._test_player.close()
            self._test_player = None

    def _choose(self, role: str, device: bytes | None) -> None:
        if self._wanted[role] != device:
            self._wanted[role] = device
            if self._started:
                self._devices_moved()

    def _select(self, role: str) -> Device | None:
        self._in_use[role] = self.in_use(role)
        return self._in_use[role]

    def _open_streams(self) -> None:
        """Open what should be open and is not, or is open on another device than it should be."""
        changed = False
        before = self._in_use["microphone"]
        if self._select("microphone") != before or isinstance(self.microphone, Silence):
            self.microphone.close()
            device = self._in_use["microphone"]
            self.microphone = Silence() if device is None else self._backend.open_input(device)
            changed = True
        before = self._in_use["speaker"]
        if self._select("speaker") != before or isinstance(self.speaker, Silence):
            self.speaker.close()
            device = self._in_use["speaker"]
            self.speaker = Silence() if device is None else self._backend.open_output(device)
            changed = True
        self._meter.start()
        if changed:
            self.streams_changed.emit()

    def _close_streams(self) -> None:
        if not self._meter.isActive():
            return
        self._meter.stop()
        old = self.microphone, self.speaker
        self.microphone, self.speaker = Silence(), Silence()
        self._in_use["microphone"] = self._in_use["speaker"] = None
        self.streams_changed.emit()
        for stream in old:
            stream.close()
        self.levels.emit(SILENCE_DB, SILENCE_DB)

    def _devices_moved(self) -> None:
        """Devices came or went, or a choice changed: move to the right ones."""
        self._failure = ""
        if self._meter.isActive():
            self._open_streams()
        if self._ringing is not None and self.in_use("ringer") != self._in_use["ringer"]:
            kind, tone = self._ringing
            self.stop_ringing()
            self.start_ringing(kind, tone)
        if self.testing:
            self._move_test()
        self._judge()
        self.devices_changed.emit()

    def _move_test(self) -> None:
        """On the device that is chosen now; the time goes on."""
        if self._test_player is not None:
            self._test_player.close()
            self._test_player = None
        self._start_test(self.testing)

    def _stream_failed(self, text: str) -> None:
        """An open device broke: forget it, so that it or its stand-in is opened anew when devices move."""
        _log.warning("Sound: %s", text)
        self._failure = text
        self._judge()

    def _judge(self) -> None:
        """Say what is the matter, once per change."""
        missing = [
            what
            for what, present in (
                ("microphone", self._backend.inputs()),
                ("loudspeaker", self._backend.outputs()),
            )
            if not present
        ]
        text = self._failure
        if not text and missing:
            what = " and no ".join(missing)
            text = f"No {what} found: calls work, but in silence. Connect one; it is used at once."
        if text != self.problem:
            self.problem = text
            self.problem_changed.emit(text)

    def _measure(self) -> None:
        self.levels.emit(self.microphone.level(), self.speaker.level())


def _qt_backend() -> Backend:
    """Qt Multimedia, imported only when sound is needed: it takes time, and libpulse0 on Linux."""
    from linkus_desktop.sip.audio.qt_backend import QtBackend  # noqa: PLC0415

    return QtBackend()


def _sound_of(kind: Ring, tone: Tone | Sound) -> Sound:
    if isinstance(tone, Tone):
        return ring(kind, tone)
    return tone if kind is Ring.CALL else ring(kind)
