"""Sound devices that tests can plug, unplug, speak into and listen to; driven by PJSIP's own clock."""

from collections.abc import Callable

import numpy as np

from linkus_desktop.sip.audio.backend import Device, InputStream, OutputStream, Player, Sound
from tests.phones import sound

BUILT_IN_MIC = Device(b"mic", "Built-in microphone")
BUILT_IN_SPEAKER = Device(b"speaker", "Built-in speaker")
HEADSET_MIC = Device(b"headset-mic", "Headset microphone")
HEADSET = Device(b"headset", "Headset")


class Microphone:
    """Hears a steady tone of `hz`, silence for 0."""

    def __init__(self, card: "SoundCards", device: Device, rate: int) -> None:
        self.card, self.device, self.rate = card, device, rate
        self._at = 0

    def read_frame(self, samples: int) -> bytes:
        moments = (self._at + np.arange(samples)) / self.rate
        self._at += samples
        return (6000 * np.sin(2 * np.pi * self.card.hz * moments)).astype("<i2").tobytes()

    def level(self) -> float:
        return -15.0

    def close(self) -> None:
        self.card.open.discard(self.device)


class Speaker:
    """Keeps all that it is given."""

    def __init__(self, card: "SoundCards", device: Device, rate: int) -> None:
        self.card, self.device, self.rate = card, device, rate
        self.frames: list[bytes] = []

    def write_frame(self, frame: bytes) -> None:
        self.frames.append(frame)

    def level(self) -> float:
        return -20.0

    def close(self) -> None:
        self.card.open.discard(self.device)

    def heard(self) -> sound.Sound:
        return sound.Sound(np.frombuffer(b"".join(self.frames), "<i2"), self.rate)


class Bell:
    """A ringing ring device."""

    def __init__(self, card: "SoundCards", device: Device, ring: Sound) -> None:
        self.card, self.device, self.ring = card, device, ring

    def close(self) -> None:
        self.card.bells.remove(self)


class SoundCards:
    """A `Backend`. `open`: devices now open; `bells`: what rings now; `rung`: all that has rung, in order."""

    def __init__(self, rate: int = 16_000) -> None:
        self.rate = rate
        self.hz = 0.0
        self.open: set[Device] = set()
        self.bells: list[Bell] = []
        self.rung: list[Sound] = []
        self.speakers: list[Speaker] = []
        self.running = False
        self._inputs = [BUILT_IN_MIC]
        self._outputs = [BUILT_IN_SPEAKER]
        self._on_devices: Callable[[], None] = lambda: None
        self.fail: Callable[[str], None] = lambda text: None

    def start(self, on_devices: Callable[[], None], on_failure: Callable[[str], None]) -> None:
        self._on_devices, self.fail, self.running = on_devices, on_failure, True

    def inputs(self) -> list[Device]:
        return list(self._inputs)

    def outputs(self) -> list[Device]:
        return list(self._outputs)

    def plug(self, *, inputs: list[Device], outputs: list[Device]) -> None:
        self._inputs, self._outputs = inputs, outputs
        self._on_devices()

    def open_input(self, device: Device) -> InputStream:
        self.open.add(device)
        return Microphone(self, device, self.rate)

    def open_output(self, device: Device) -> OutputStream:
        self.open.add(device)
        self.speakers.append(Speaker(self, device, self.rate))
        return self.speakers[-1]

    def play(self, device: Device, sound: Sound) -> Player:
        self.bells.append(Bell(self, device, sound))
        self.rung.append(sound)
        return self.bells[-1]

    def stop(self) -> None:
        self.running = False
