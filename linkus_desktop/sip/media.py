"""The conference bridge: which call hears the microphone, and what the loudspeaker plays.

PJSIP's clock thread asks the ports here for a frame every 20 ms. What runs in it only moves bytes and never
raises; all the rest is for the main thread.
"""

from collections.abc import Collection, Iterable
from itertools import combinations
from typing import Protocol

import pjsua2 as pj
from PySide6.QtCore import QObject, QTimer

from linkus_desktop.sip.audio.audio import Audio
from linkus_desktop.sip.audio.backend import InputStream, OutputStream
from linkus_desktop.sip.endpoint import CLOCK_RATE, FRAME_MS
from linkus_desktop.sip.frames import frame_bytes
from linkus_desktop.sip.threads import main_thread

_USER = "calls"
_TONE_VOLUME = 6_000
"""Amplitude of call-progress tones, of 32767."""
_BUSY_BEEPS = 6


class Key(Protocol):
    """Whatever has an id: a call."""

    id: str


class _Microphone(pj.AudioMediaPort):  # type: ignore[misc]
    """Gives the bridge the microphone's frames."""

    def __init__(self, stream: InputStream) -> None:
        super().__init__()
        self.stream = stream

    def onFrameRequested(self, frame: pj.MediaFrame) -> None:
        """PJSIP's clock thread: a frame, please."""
        try:
            frame.buf = pj.ByteVector(self.stream.read_frame(frame.size // 2))
            frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        except Exception:  # noqa: BLE001  the caller is C code in its own thread: nothing may pass
            frame.type = pj.PJMEDIA_FRAME_TYPE_NONE


class _Speaker(pj.AudioMediaPort):  # type: ignore[misc]
    """Takes the bridge's frames to the loudspeaker."""

    def __init__(self, stream: OutputStream) -> None:
        super().__init__()
        self.stream = stream

    def onFrameReceived(self, frame: pj.MediaFrame) -> None:
        """PJSIP's clock thread: here is a frame."""
        try:
            if frame.type == pj.PJMEDIA_FRAME_TYPE_AUDIO:
                self.stream.write_frame(frame_bytes(frame))
        except Exception:  # noqa: BLE001  the caller is C code in its own thread: nothing may pass
            return


class Bridge(QObject):
    """Connects calls and tones with the machine's sound. Lives from `start` to `stop` of the endpoint."""

    def __init__(self, audio: Audio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._audio = audio
        self._microphone: _Microphone | None = None
        self._speaker: _Speaker | None = None
        self._microphones: dict[int, _Microphone] = {}
        self._speakers: dict[int, _Speaker] = {}
        self._tones: pj.ToneGenerator | None = None
        self._routes: dict[str, tuple[pj.AudioMedia, bool]] = {}
        self._mixed: frozenset[str] = frozenset()
        self._tone_end = QTimer(self, singleShot=True)
        self._tone_end.timeout.connect(self.silence)
        self._tone_on = False

    @main_thread
    def start(self) -> None:
        """Make the ports; the endpoint must be up."""
        self._plug()
        self._tones = pj.ToneGenerator()
        self._tones.createToneGenerator(CLOCK_RATE, 1)
        self._tones.startTransmit(self._speaker)
        self._audio.streams_changed.connect(self._streams_changed)

    @main_thread
    def stop(self) -> None:
        """Drop every port; the endpoint's clock must be stopped, and be destroyed after this."""
        if self._tones is None:
            return
        self._audio.streams_changed.disconnect(self._streams_changed)
        self._tone_end.stop()
        self._routes.clear()
        self._mixed = frozenset()
        self._tone_on = False
        self._tones = None
        self._microphone = None
        self._speaker = None
        self._microphones.clear()
        self._speakers.clear()
        self._audio.close(_USER)

    @main_thread
    def route(self, call: Key, media: pj.AudioMedia, *, speak: bool) -> None:
        """Let a call be heard, and with `speak` hear the microphone."""
        if self._tones is None:
            return
        self._routes[call.id] = (media, speak)
        self._open_or_close()
        self._link(media, speak)
        for fellow in self._fellows(call.id):
            _join(media, fellow)

    @main_thread
    def cut(self, call: Key) -> None:
        """Cut a call off."""
        route = self._routes.pop(call.id, None)
        if route is None or self._tones is None:
            return
        media, speak = route
        self._unlink(media, speak)
        for fellow in self._fellows(call.id):
            self._part(media, fellow)
        self._open_or_close()

    @main_thread
    def renewed(self, call: Key, ports: Collection[int]) -> None:
        """Media of a call were negotiated: these are its ports now.

        PJSIP has taken one that is none of them out, and the links with it, as at the end of a call.
        """
        route = self._routes.get(call.id)
        if route is not None and route[0].getPortId() not in ports:
            self.forget(call)

    @main_thread
    def forget(self, call: Key) -> None:
        """A call is over: PJSIP takes its port out, and the links with it.

        It must not be cut any more: PJSIP works such requests off later, and one that finds a port gone
        undoes all links of the port at its other end.
        """
        if self._routes.pop(call.id, None) is not None:
            self._open_or_close()

    @main_thread
    def mix(self, calls: Iterable[Key]) -> None:
        """Let exactly these calls hear each other, each while it is routed; further ones hear only us."""
        before, self._mixed = self._mixed, frozenset(call.id for call in calls)
        for one, other in combinations(self._routes, 2):
            pair, (media, _), (fellow, _) = {one, other}, self._routes[one], self._routes[other]
            if pair <= self._mixed:
                _join(media, fellow)
            elif pair <= before:
                self._part(media, fellow)

    @main_thread
    def ring_back(self) -> None:
        """Let the caller hear that the other end rings (425 Hz, 1 s in 5)."""
        self._play([_tone(425, 0, 1_000, 4_000)], loop=True)

    @main_thread
    def busy(self, *, congestion: bool = False) -> None:
        """Busy (0.5 s on, 0.5 s off), or congestion (twice as fast), for a few seconds."""
        ms = 250 if congestion else 500
        self._play([_tone(425, 0, ms, ms)] * _BUSY_BEEPS, loop=False)
        self._tone_end.start(2 * ms * _BUSY_BEEPS)

    @main_thread
    def key_tone(self, digits: str) -> None:
        """Let the user hear the keys being sent; only in a call."""
        if self._tones is None or self._tone_on or not self._routes:
            return
        tones = pj.ToneDigitVector()
        for digit in digits[:16]:
            tone = pj.ToneDigit()
            tone.digit, tone.on_msec, tone.off_msec, tone.volume = digit, 100, 60, _TONE_VOLUME // 2
            tones.append(tone)
        self._tones.stop()
        self._tones.playDigits(tones, False)

    @main_thread
    def silence(self) -> None:
        """Stop the tone."""
        self._tone_end.stop()
        if self._tone_on and self._tones is not None:
            self._tones.stop()
            self._tone_on = False
            self._open_or_close()

    def _play(self, tones: list[pj.ToneDesc], *, loop: bool) -> None:
        if self._tones is None:
            return
        self._tone_end.stop()
        self._tones.stop()
        self._tone_on = True
        self._open_or_close()
        self._tones.play(pj.ToneDescVector(tones), loop)

    def _open_or_close(self) -> None:
        if self._routes or self._tone_on:
            self._audio.open(_USER)
        else:
            self._audio.close(_USER)

    def _plug(self) -> None:
        """Take the ports of the streams' rates; the bridge resamples.

        A port stays until `stop`, even if its rate is not in use: the clock's thread may be in one of its
        methods, or about to be, for some time after it was cut off. Freed then, it takes the program with it.
        """
        microphone, speaker = self._audio.microphone, self._audio.speaker
        if microphone.rate not in self._microphones:
            made = self._microphones[microphone.rate] = _Microphone(microphone)
            made.createPort("microphone", _format(microphone.rate))
        if speaker.rate not in self._speakers:
            new = self._speakers[speaker.rate] = _Speaker(speaker)
            new.createPort("speaker", _format(speaker.rate))
        self._microphone, self._speaker = self._microphones[microphone.rate], self._speakers[speaker.rate]
        self._microphone.stream, self._speaker.stream = microphone, speaker

    def _streams_changed(self) -> None:
        """Another device: hand its stream to the ports, or change ports if its rate is another."""
        if self._microphone is None or self._speaker is None or self._tones is None:
            return
        same = (
            self._microphone.stream.rate == self._audio.microphone.rate
            and self._speaker.stream.rate == self._audio.speaker.rate
        )
        if same:
            self._microphone.stream = self._audio.microphone
            self._speaker.stream = self._audio.speaker
            return
        for media, speak in self._routes.values():
            self._unlink(media, speak)
        self._tones.stopTransmit(self._speaker)
        self._plug()
        self._tones.startTransmit(self._speaker)
        for media, speak in self._routes.values():
            self._link(media, speak)

    def _fellows(self, call_id: str) -> list[pj.AudioMedia]:
        """The other calls that a call is mixed with now."""
        if call_id not in self._mixed:
            return []
        return [media for key, (media, _) in self._routes.items() if key in self._mixed and key != call_id]

    def _part(self, one: pj.AudioMedia, other: pj.AudioMedia) -> None:
        self._quietly_stop(one, other)
        self._quietly_stop(other, one)

    def _link(self, media: pj.AudioMedia, speak: bool) -> None:
        media.startTransmit(self._speaker)
        if self._microphone is not None:
            if speak:
                self._microphone.startTransmit(media)
            else:
                self._quietly_stop(self._microphone, media)

    def _unlink(self, media: pj.AudioMedia, speak: bool) -> None:
        self._quietly_stop(media, self._speaker)
        if speak:
            self._quietly_stop(self._microphone, media)

    @staticmethod
    def _quietly_stop(source: pj.AudioMedia | None, sink: pj.AudioMedia | None) -> None:
        """Undo a link; one that went with its stream is gone already."""
        try:
            if source is not None and sink is not None:
                source.stopTransmit(sink)
        except pj.Error:
            return


def _join(one: pj.AudioMedia, other: pj.AudioMedia) -> None:
    """Let two calls hear each other."""
    one.startTransmit(other)
    other.startTransmit(one)


def _format(rate: int) -> pj.MediaFormatAudio:
    media_format = pj.MediaFormatAudio()
    media_format.init(pj.PJMEDIA_FORMAT_PCM, rate, 1, FRAME_MS * 1000, 16)
    return media_format


def _tone(frequency: int, second: int, on_ms: int, off_ms: int) -> pj.ToneDesc:
    tone = pj.ToneDesc()
    tone.freq1, tone.freq2, tone.on_msec, tone.off_msec = frequency, second, on_ms, off_ms
    tone.volume = _TONE_VOLUME
    return tone
