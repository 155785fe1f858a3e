"""Prompts: what is heard of them, by language, in the database and as files for the engine (ADMIN-2)."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from sqlalchemy import select

from server.clock import Clock
from server.contract.prompts import DEFAULT_LANGUAGE, Prompt, PromptRecording
from server.db.base import Database
from server.db.models import PromptRow
from server.services.audit import Audit
from server.services.configuration import Configuration, ConfigurationChanged
from server.services.errors import not_found
from server.services.sound_files import SUFFIX, convert
from server.services.tasks import Background
from server.services.vault import write_private
from server.switch.port import Sound

_log = logging.getLogger(__name__)


class Prompts:
    """Keeps what was uploaded, and knows as what the engine plays it.

    The database is the truth; files in `folder`, by their hash, are what the engine reads. From `start` on
    the files are there, and `sound` answers without waiting.
    """

    def __init__(
        self, *, db: Database, clock: Clock, audit: Audit, configuration: Configuration, folder: Path
    ) -> None:
        self._db = db
        self._clock = clock
        self._audit = audit
        self._configuration = configuration
        self._folder = folder
        self._hashes: dict[tuple[str, str], str] = {}
        self._observers: list[Callable[[], None]] = []
        self._background = Background("prompts")
        self._stop_observing: Callable[[], None] | None = None

    async def start(self) -> None:
        """Make the files that are missing, and remove what belongs to nothing any more."""
        self._stop_observing = self._configuration.observe(self._on_change)
        async with self._db.reading() as session:
            rows = list(await session.scalars(select(PromptRow)))
        self._hashes = {(row.prompt, row.language): row.hash for row in rows}
        await asyncio.to_thread(self._folder.mkdir, mode=0o700, exist_ok=True)
        for row in rows:
            if not await asyncio.to_thread(self._file(row.hash).exists):
                await self._make_file(row)
        await self._remove_unused()

    async def stop(self) -> None:
        """Follow the configuration no longer."""
        if self._stop_observing is not None:
            self._stop_observing()
            self._stop_observing = None
        await self._background.cancel()

    def observe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when something else is to be heard; the returned function ends that."""
        self._observers.append(callback)
        return lambda: self._observers.remove(callback)

    def sound(self, name: str, language: str = DEFAULT_LANGUAGE) -> Sound | None:
        """What the engine plays for a prompt: in this language, else in the usual one, else in any."""
        file = self.file(name, language)
        return Sound.file(file.with_suffix("")) if file is not None else None

    def file(self, name: str, language: str = DEFAULT_LANGUAGE) -> Path | None:
        """The file of what is heard, chosen as by `sound`; None if nothing was uploaded."""
        known = {spoken: hashed for (prompt, spoken), hashed in self._hashes.items() if prompt == name}
        for spoken in (language, language.partition("-")[0], DEFAULT_LANGUAGE, *sorted(known)):
            if spoken in known:
                return self._file(known[spoken])
        return None

    async def recordings(self, name: str) -> list[PromptRecording]:
        """What there is of a prompt, by language.

        Raises:
            ServiceError: `NOT_FOUND`.
        """
        self._configuration.get(Prompt, name)
        query = select(PromptRow).where(PromptRow.prompt == name).order_by(PromptRow.language)
        async with self._db.reading() as session:
            return [_recording(row) for row in await session.scalars(query)]

    async def content(self, name: str, language: str) -> bytes:
        """What is heard, as WAV.

        Raises:
            ServiceError: `NOT_FOUND`.
        """
        query = select(PromptRow.content).where(PromptRow.prompt == name, PromptRow.language == language)
        async with self._db.reading() as session:
            content = await session.scalar(query)
        if content is None:
            raise not_found(f"prompt {name} in {language}")
        return content

    async def upload(
        self, name: str, language: str, given: bytes, *, by: str, address: str = ""
    ) -> PromptRecording:
        """Replace what is heard of a prompt in one language by a sound file of any usual format.

        Who hears the old one at this moment hears it to its end.

        Raises:
            ServiceError: `NOT_FOUND`; `INVALID`: it cannot be read; `TOO_LARGE`.
        """
        self._configuration.get(Prompt, name)
        sound = await convert(given)
        row = PromptRow(
            prompt=name,
            language=language,
            hash=sha256(sound.content).hexdigest(),
            duration_ms=round(sound.duration_s * 1000),
            size=len(sound.content),
            uploaded_at=self._clock.now(),
            content=sound.content,
        )
        # The file first: what the database names must be there for the next call.
        await self._write(row.hash, sound.content)
        async with self._db.session() as session:
            stored = await session.merge(row)
            self._audit.record(
                session, "prompt.upload", actor=by, subject=name, address=address, language=language
            )
            told = _recording(stored)
        self._hashes[name, language] = row.hash
        await self._changed()
        return told

    async def remove(self, name: str, language: str, *, by: str, address: str = "") -> None:
        """The prompt is not there in this language any more.

        Raises:
            ServiceError: `NOT_FOUND`.
        """
        async with self._db.session() as session:
            row = await session.get(PromptRow, (name, language))
            if row is None:
                raise not_found(f"prompt {name} in {language}")
            await session.delete(row)
            self._audit.record(
                session, "prompt.remove_recording", actor=by, subject=name, address=address, language=language
            )
        self._hashes.pop((name, language), None)
        await self._changed()

    def _on_change(self, change: ConfigurationChanged) -> None:
        if change.model is Prompt and change.item is None:
            for key in [key for key in self._hashes if key[0] == change.key]:
                del self._hashes[key]
            self._background.spawn(self._changed())

    async def _changed(self) -> None:
        """Something else is to be heard from now on."""
        for callback in tuple(self._observers):
            callback()
        await self._remove_unused()

    def _file(self, hashed: str) -> Path:
        return self._folder / (hashed + SUFFIX)

    async def _write(self, hashed: str, content: bytes) -> None:
        await asyncio.to_thread(self._folder.mkdir, mode=0o700, exist_ok=True)
        await asyncio.to_thread(write_private, self._file(hashed), content)

    async def _make_file(self, row: PromptRow) -> None:
        try:
            await self._write(row.hash, await self.content(row.prompt, row.language))
        except OSError as error:  # such as a full disk: the rest of the server starts all the same
            _log.warning("Prompt %s cannot be heard: %s", row.prompt, error)

    async def _remove_unused(self) -> None:
        """Remove the files of nothing. One that is being heard is heard to its end."""
        used = {self._file(hashed).name for hashed in self._hashes.values()}
        await asyncio.to_thread(_remove_others, self._folder, used)


def _remove_others(folder: Path, used: set[str]) -> None:
    with suppress(OSError):
        for file in list(folder.glob("*" + SUFFIX)):
            if file.name not in used:
                file.unlink()


def _recording(row: PromptRow) -> PromptRecording:
    return PromptRecording(
        language=row.language, duration_s=row.duration_ms / 1000, size=row.size, uploaded_at=row.uploaded_at
    )
