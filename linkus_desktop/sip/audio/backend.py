"""What the phone needs of a sound system; Qt Multimedia is one (`qt_backend`), tests have others.

Sound is signed 16-bit little-endian, mono, at the rate the stream says, in blocks of bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

SILENCE_DB = -96.0
"""What a level meter shows for digital silence (dBFS)."""


@dataclass(frozen=True)
class Device:
    """A microphone or a loudspeaker. `id` is stable over restarts; `name` is for people."""

    id: bytes
    name: str


class InputStream(Protocol):
    """An open microphone. `read_frame` may be called from any one thread, never blocks, never raises."""

    rate: int

    def read_frame(self, samples: int) -> bytes:
        """The next `samples`; silence where there are none."""

    def level(self) -> float:
        """Recent peak in dBFS, -96 to 0."""

    def close(self) -> None:
        """Stop; nothing more is read."""


class OutputStream(Protocol):
    """An open loudspeaker. `write_frame` may be called from any one thread, never blocks, never raises."""

    rate: int

    def write_frame(self, frame: bytes) -> None:
        """Play this next."""

    def level(self) -> float:
        """Recent peak in dBFS, -96 to 0."""

    def close(self) -> None:
        """Stop; what was not yet played is lost."""


class Player(Protocol):
    """A sound that is being played on the ring device."""

    def close(self) -> None:
        """Stop it."""


class Backend(Protocol):
    """A sound system. All methods are for the main thread; callbacks come on it too."""

    def start(self, on_devices: Callable[[], None], on_failure: Callable[[str], None]) -> None:
        """Begin: `on_devices()` when devices came or went, `on_failure(text)` when an open one broke."""

    def inputs(self) -> list[Device]:
        """Microphones there are now, the system's default first."""

    def outputs(self) -> list[Device]:
        """Loudspeakers there are now, the system's default first."""

    def open_input(self, device: Device) -> InputStream:
        """Open a microphone."""

    def open_output(self, device: Device) -> OutputStream:
        """Open a loudspeaker."""

    def play(self, device: Device, sound: "Sound") -> Player:
        """Play a sound over and over until closed."""

    def stop(self) -> None:
        """Close everything and end every thread."""


@dataclass(frozen=True)
class Sound:
    """A sound to repeat: 16-bit mono at `rate`."""

    rate: int
    pcm: bytes


class Silence:
    """Stands in for a device that is not there: gives silence, swallows sound."""

    rate = 16_000

    def read_frame(self, samples: int) -> bytes:
        """Silence."""
        return bytes(2 * samples)

    def write_frame(self, frame: bytes) -> None:
        """Nothing is heard."""

    def level(self) -> float:
        """Always digital silence."""
        return SILENCE_DB

    def close(self) -> None:
        """Nothing to do."""


class NoSound:
    """A sound system without a device."""

    def start(self, on_devices: Callable[[], None], on_failure: Callable[[str], None]) -> None:
        """Nothing ever changes."""

    def inputs(self) -> list[Device]:
        """None."""
        return []

    def outputs(self) -> list[Device]:
        """None."""
        return []

    def open_input(self, device: Device) -> InputStream:  # noqa: ARG002
        """Silence."""
        return Silence()

    def open_output(self, device: Device) -> OutputStream:  # noqa: ARG002
        """Silence."""
        return Silence()

    def play(self, device: Device, sound: Sound) -> Player:  # noqa: ARG002
        """Nothing is heard."""
        return Silence()

    def stop(self) -> None:
        """Nothing to do."""
