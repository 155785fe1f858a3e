"""The sound of voicemail: one WAV file for each message and greeting, named by its id.

A file gets its name only when it is whole and on the disk: what a crash or a full disk cuts off has none.
"""

import asyncio
import logging
import os
import shutil
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from server.services.voicemail_audio import Speech

PREFIX = "voicemail"
"""First part of the names of recordings that are to become messages or greetings."""

_log = logging.getLogger(__name__)


class VoicemailFiles:
    """Files below `folder`; `spool` is where the engine puts what it records."""

    def __init__(self, folder: Path, *, spool: Path) -> None:
        self._folder = folder
        self._spool = spool

    def path(self, file_id: str) -> Path:
        """The file of a message or greeting."""
        return self._folder / f"{file_id}.wav"

    async def keep(self, file_id: str, recorded: Path) -> None:
        """Take a finished recording in; it is moved. Raises `OSError`, and then nothing is kept."""
        await asyncio.to_thread(self._keep, file_id, recorded)

    async def write(self, file_id: str, speech: Speech) -> None:
        """Keep this. Raises `OSError`, and then nothing is kept."""
        await asyncio.to_thread(self._write, file_id, speech.wav())

    async def remove(self, file_ids: Iterable[str]) -> None:
        """Remove files; those that are not there are fine."""
        await asyncio.to_thread(_unlink, [self.path(file_id) for file_id in file_ids])

    async def discard(self, recorded: Path) -> None:
        """Remove a recording that is not wanted."""
        await asyncio.to_thread(_unlink, [recorded])

    async def discard_failed(self, name: str) -> None:
        """Remove what there may be of a recording with this name, which the engine could not finish."""
        await asyncio.to_thread(_unlink, [self._spool / f"{name}.wav"])

    async def sweep(self, known: Collection[str]) -> None:
        """Remove what a killed server left: files that no row knows, and recordings that nobody took in.

        Where no row is known at all, whole files stay: the database may be the wrong one.
        """
        await asyncio.to_thread(self._sweep, frozenset(known))

    def _keep(self, file_id: str, recorded: Path) -> None:
        self._make_folder()
        partial = self._folder / f"{file_id}.part"
        try:
            shutil.move(recorded, partial)  # on one disk it is renamed, which needs no room
            self._finish(partial, file_id)
        except OSError:
            _unlink([partial, recorded])
            raise

    def _write(self, file_id: str, content: bytes) -> None:
        self._make_folder()
        partial = self._folder / f"{file_id}.part"
        try:
            partial.write_bytes(content)
            self._finish(partial, file_id)
        except OSError:
            _unlink([partial])
            raise

    def _finish(self, partial: Path, file_id: str) -> None:
        partial.chmod(0o600)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(self.path(file_id))

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _sweep(self, known: frozenset[str]) -> None:
        lost = [*self._folder.glob("*.part")]
        if known:
            lost += [path for path in self._folder.glob("*.wav") if path.stem not in known]
        lost += [path for path in (self._spool / PREFIX).glob("**/*") if path.is_file()]
        if lost:
            _log.info("Removing %d voicemail files that a former server left unfinished", len(lost))
        _unlink(lost)


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink(missing_ok=True)
