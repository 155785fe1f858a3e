"""The client's SIP layer as a process: commands in, events out, as JSON lines.

Commands (stdin): `{"do": "register", "account": {...}, "host": "…"}`, `says`, `record`, `dial`, `answer`,
`reject`, `hold`, `resume`, `dtmf`, `hangup`, `quit`. Events (stdout): `registration`, `call`, `error`.
Its microphone is a tone, its loudspeaker a file; everything between is the client's own.
"""

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QCoreApplication, QSocketNotifier

from linkus_desktop.sip.audio.audio import Audio
from linkus_desktop.sip.audio.backend import Device, InputStream, NoSound, OutputStream
from linkus_desktop.sip.call import Call
from linkus_desktop.sip.phone import Phone
from linkus_desktop.sip.values import PhoneError, Registration
from server.contract.auth import SipAccount

_RATE = 16000
_LEAD_S = 0.06
"""What a sound card keeps in store: sound that comes later than this is a gap for the listener."""
_AMPLITUDE = 5800


class ToneMicrophone:
    """Hears a steady tone."""

    rate = _RATE

    def __init__(self) -> None:
        self.hz = 0.0
        self._spoken = 0

    def read_frame(self, samples: int) -> bytes:
        moments = (self._spoken + np.arange(samples)) / _RATE
        self._spoken += samples
        return (_AMPLITUDE * np.sin(2 * np.pi * self.hz * moments)).astype("<i2").tobytes()

    def level(self) -> float:
        return -15.0

    def close(self) -> None:
        """It is used again in the next call."""


class FileSpeaker:
    """Writes what a listener would hear into a headerless file: where nothing comes in time, silence."""

    rate = _RATE

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file: Any = None
        self._written = 0
        self._began: float | None = None

    def record(self, path: Path) -> None:
        """Begin a new file."""
        with self._lock:
            self._shut()
            self._file = path.open("wb", buffering=0)
            self._written, self._began = 0, None

    def write_frame(self, frame: bytes) -> None:
        now = time.monotonic()
        with self._lock:
            if self._file is None:
                return
            if self._began is None:
                self._began = now
            played = int((now - self._began - _LEAD_S) * _RATE)
            if played > self._written:
                self._file.write(bytes(2 * (played - self._written)))
                self._written = played
            self._file.write(frame)
            self._written += len(frame) // 2

    def level(self) -> float:
        return -15.0

    def close(self) -> None:
        """The recording goes on until the next one begins: a held call opens and closes devices."""

    def shut(self) -> None:
        """The end."""
        with self._lock:
            self._shut()

    def _shut(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class TestSound(NoSound):
    """A sound system of one microphone and one loudspeaker."""

    def __init__(self) -> None:
        self.microphone = ToneMicrophone()
        self.speaker = FileSpeaker()

    def inputs(self) -> list[Device]:
        return [Device(b"tone", "Tone")]

    def outputs(self) -> list[Device]:
        return [Device(b"file", "File")]

    def open_input(self, device: Device) -> InputStream:
        return self.microphone

    def open_output(self, device: Device) -> OutputStream:
        return self.speaker


class Remote:
    """Does what it is told and tells what happens."""

    def __init__(self, app: QCoreApplication) -> None:
        self._app = app
        self._sound = TestSound()
        self._audio = Audio(self._sound)
        self._phone = Phone(self._audio)
        self._call: Call | None = None
        self._calls: list[Call] = []
        self._buffer = b""
        self._phone.registration_changed.connect(self._registered)
        self._phone.call_added.connect(self._added)
        self._phone.error.connect(lambda text: self._tell("error", text=text))
        self._stdin = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
        self._stdin.activated.connect(self._read)
        self._tell("ready")

    def _read(self) -> None:
        data = os.read(sys.stdin.fileno(), 65536)
        if not data:
            self._quit()
            return
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            told = json.loads(line)
            try:
                self._do(told.pop("do"), told)
            except PhoneError as error:
                self._tell("error", text=str(error))

    def _do(self, what: str, told: dict[str, Any]) -> None:
        # The newest that is not over: after a consultation, the call that it was made for.
        call = next((one for one in reversed(self._calls) if one.end is None), self._call)
        doings: dict[str, Callable[[], object]] = {
            "register": lambda: self._phone.start(SipAccount(**told["account"]), told["host"]),
            "says": lambda: setattr(self._sound.microphone, "hz", told["hz"]),
            "record": lambda: self._sound.speaker.record(Path(told["path"])),
            "dial": lambda: self._phone.dial(told["number"]),
            "pick_up": lambda: self._phone.pick_up(told["number"], told["shown"]),
            "answer": lambda: call and call.answer(),
            "reject": lambda: call and call.reject(told["busy"]),
            "hold": lambda: call and call.hold(),
            "resume": lambda: call and call.resume(),
            "dtmf": lambda: call and call.send_dtmf(told["digits"]),
            "hangup": lambda: call and call.hangup(),
            "transfer": lambda: call and call.transfer(told["number"]),
            "complete": lambda: call and self._calls[0].transfer_to(call),
            "quit": self._quit,
        }
        doings[what]()

    def _quit(self) -> None:
        self._stdin.setEnabled(False)
        asyncio.run(self._phone.stop())
        self._sound.speaker.shut()
        self._app.quit()

    def _registered(self, state: Registration, text: str) -> None:
        self._tell("registration", state=state.name, text=text)

    def _added(self, call: Call) -> None:
        self._call = call
        self._calls = [one for one in self._calls if one.end is None] + [call]
        call.changed.connect(lambda: self._changed(call))
        self._changed(call)

    def _changed(self, call: Call) -> None:
        end = call.end
        self._tell(
            "call",
            id=call.id,
            incoming=call.incoming,
            number=call.number,
            name=call.name,
            sip_call_id=call.sip_call_id,
            state=call.state.name,
            remote_held=call.remote_held,
            code=end.sip_code if end else None,
            text=end.text if end else "",
        )

    def _tell(self, event: str, **what: object) -> None:
        print(json.dumps({"event": event, **what}), flush=True)  # noqa: T201


def main() -> None:
    """Run until `quit` or the end of stdin."""
    app = QCoreApplication(sys.argv[:1])
    remote = Remote(app)
    app.exec()
    del remote


if __name__ == "__main__":
    main()
