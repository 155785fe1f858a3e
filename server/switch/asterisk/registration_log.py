"""Why a registration at a carrier failed: Asterisk tells that in its log and nowhere else.

Each failure is one warning line of the module, written before the event or a moment after it.
"""

import asyncio
import re
from pathlib import Path

from server.switch.asterisk.config import LOG_FILE

LOOKS = 10
LOOK_EVERY_S = 0.05
LONGEST_READ = 256 * 1024

_FAILURE = re.compile(
    r"(?:'(?P<fatal>\d+)' fatal response|(?P<forbidden>403) Forbidden fatal response"
    r"|Fatal response '(?P<last>\d+)'|Temporal response '(?P<temporal>\d+)'|(?P<none>No response)) "
    r"received from '(?P<server>[^']*)' on registration attempt to '(?P<client>[^']*)'"
)

Registration = tuple[str, str]
"""The URIs of the server and of the client, as they were configured."""


class RegistrationLog:
    """Reads on in the engine's log; what was in it at first is old."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOG_FILE
        self._position = self._size()
        self._news: dict[Registration, int] = {}

    async def status(self, registration: Registration) -> int | None:
        """SIP status by which it failed just now; 0 if nothing came; None if the log does not say."""
        for look in range(LOOKS):
            if look:
                await asyncio.sleep(LOOK_EVERY_S)
            self._read()
            if registration in self._news:
                return self._news.pop(registration)
        return None

    def _read(self) -> None:
        size = self._size()
        if size < self._position:  # rotated
            self._position = 0
        start = max(self._position, size - LONGEST_READ)
        try:
            with self._path.open("rb") as file:
                file.seek(start)
                text = file.read()
        except OSError:
            return
        complete = text.rfind(b"\n") + 1
        self._position = start + complete
        for found in _FAILURE.finditer(text[:complete].decode(errors="replace")):
            code = found["fatal"] or found["forbidden"] or found["last"] or found["temporal"] or "0"
            self._news[found["server"], found["client"]] = int(code)

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return 0
