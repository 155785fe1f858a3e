"""A client with function keys for some extensions, of which is known when it paints their lamps."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.phones.ports import LOOPBACK
from tests.phones.waiting import until
from tests.real.pbx import ROOT, Pbx

Painted = tuple[str, bool, float]
"""An extension, whether its lamp says that it is registered, and when that was painted."""
_REGISTERED, _NOT_REGISTERED = "IDLE", "UNREGISTERED"
_GOODBYE_S = 20


class Painting:
    """The process of `benchmarks.lamp_painter`, logged in as `number`, with keys for `watched`."""

    def __init__(self, pbx: Pbx, number: str, watched: list[str], folder: Path) -> None:
        self._pbx = pbx
        self._number = number
        self._watched = watched
        self._file = folder / "painted"
        self._data = folder / "client"
        self._log = folder / "client.log"
        self._read = 0
        self._process: Process | None = None
        self._taken: dict[str, float] = {}
        self.shown: dict[str, bool] = {}
        self.in_window_ms: list[float] = []
        """From each change being read from the line to its lamp being painted."""

    @property
    def pid(self) -> int:
        """Of the process."""
        if self._process is None:
            raise AssertionError("the client does not run")
        return self._process.pid

    async def __aenter__(self) -> Self:
        keys = [{"type": "blf", "value": number} for number in self._watched]
        await self._pbx.api("PUT", f"/extensions/{self._number}/keys", body={"keys": keys})
        login = {
            "server": f"{LOOPBACK}:{self._pbx.http_port}",
            "user": self._number,
            "password": self._pbx.accounts[self._number].password,
            "fingerprint": self._pbx.fingerprint,
        }
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "benchmarks.lamp_painter", str(self._file), str(self._data)),
                cwd=ROOT, stdin=PIPE, stdout=log, stderr=log,
                env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
            )  # fmt: skip
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(login).encode() + b"\n")
        try:
            await until(self._shows_all, "all lamps of the client are painted")
        except AssertionError as error:
            await self.__aexit__()
            raise AssertionError(f"{error}; its last words:\n{self._log.read_text()[-2000:]}") from None
        return self

    def _shows_all(self) -> bool:
        self.taken()
        return len(self.shown) == len(self._watched)

    async def __aexit__(self, *_: object) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _GOODBYE_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    def taken(self) -> list[Painted]:
        """What was painted since this was asked last."""
        if not self._file.exists():
            return []
        text = self._file.read_text()[self._read :]
        whole = text[: text.rfind("\n") + 1]
        self._read += len(whole)
        painted = []
        for line in whole.splitlines():
            what, lamp, at = json.loads(line)
            if not lamp:
                self._taken.setdefault(what, at)
            elif lamp in (_REGISTERED, _NOT_REGISTERED):
                number = self._watched[what]
                painted.append((number, lamp == _REGISTERED, at))
                self.shown[number] = lamp == _REGISTERED
                if number in self._taken:
                    self.in_window_ms.append((at - self._taken.pop(number)) * 1000)
        return painted

    async def caught_up(self, registered: Mapping[str, bool]) -> list[Painted]:
        """Wait until all lamps show what is true; what was painted meanwhile, too."""
        painted: list[Painted] = []

        def look() -> bool:
            painted.extend(self.taken())
            return all(registered[number] == self.shown.get(number) for number in self._watched)

        await until(look, "no lamp of the client is stale", timeout_s=60)
        return painted
