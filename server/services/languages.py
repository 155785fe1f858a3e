"""Sound packages: languages in which the PBX itself speaks, beside English (Q-5, ADMIN-2)."""

import asyncio
import json
import logging
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select

from server.clock import Clock
from server.contract.errors import ErrorCode
from server.contract.languages import MAX_PACKAGE_BYTES, LanguageInstalled, SpokenLanguage
from server.contract.prompts import Language
from server.db.base import Database
from server.db.models import LanguageRow
from server.rules.spoken_numbers import number_words
from server.rules.system_sounds import system_sounds
from server.services.apart import read_apart
from server.services.audit import Audit
from server.services.errors import ServiceError, invalid, not_found
from server.switch.speech import ENGLISH, Voice

INSTALLED_WITHIN_S = 80.0
"""All sounds that Asterisk has take three seconds on a small machine."""

_log = logging.getLogger(__name__)


class Languages:
    """Installs and removes sound packages, and knows what the engine says of them.

    A package is a row and a folder below `folder`. The folder gets its name when it is whole, then the row is
    written. The folder of a package that was replaced stays until `sweep`: the engine may still read it.
    """

    def __init__(self, *, db: Database, clock: Clock, audit: Audit, folder: Path) -> None:
        self._db = db
        self._clock = clock
        self._audit = audit
        self._folder = folder
        self._voices: dict[str, Voice] = {}
        self._observers: list[Callable[[], None]] = []
        self._changing = asyncio.Lock()

    async def start(self) -> None:
        """Read what is installed, and remove what a killed server left half-made."""
        async with self._db.reading() as session:
            rows = list(await session.scalars(select(LanguageRow)))
        await asyncio.to_thread(_remove_unfinished, self._folder)
        for row in rows:
            folder = self._folder / row.folder
            names = await asyncio.to_thread(_names, folder)
            if not names:
                _log.warning("The sounds of language %s are lost: install it again", row.language)
            self._voices[row.language] = _voice(row.language, folder, names)

    def observe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when something else is to be heard; the returned function ends that."""
        self._observers.append(callback)
        return lambda: self._observers.remove(callback)

    @property
    def voices(self) -> dict[str, Voice]:
        """What can be spoken now, by language."""
        return dict(self._voices)

    async def list(self) -> list[SpokenLanguage]:
        """All that is installed, by language."""
        async with self._db.reading() as session:
            rows = list(await session.scalars(select(LanguageRow).order_by(LanguageRow.language)))
        return [await asyncio.to_thread(_told, row, self._folder / row.folder) for row in rows]

    async def install(self, language: str, packed: bytes, *, by: str, address: str = "") -> LanguageInstalled:
        """Install a sound package in place of the one of this language, whole or not at all.

        Raises:
            ServiceError: `TOO_LARGE`; `INVALID`: it cannot be used, and why; `UNAVAILABLE`: the disk is full.
        """
        _check(language)
        if len(packed) > MAX_PACKAGE_BYTES:
            raise ServiceError(
                ErrorCode.TOO_LARGE,
                f"The sound package has {len(packed)} bytes; {MAX_PACKAGE_BYTES} are allowed.",
            )
        token = secrets.token_hex(8)
        fresh = self._folder / f".{token}"
        folder = self._folder / f"{language}-{token}"
        try:
            await asyncio.to_thread(fresh.mkdir, mode=0o700, parents=True)
            ignored = await _unpack(packed, fresh)
            names = await asyncio.to_thread(_names, fresh)
            await asyncio.to_thread(fresh.rename, folder)
            row = LanguageRow(language=language, folder=folder.name, installed_at=self._clock.now())
            async with self._changing:
                async with self._db.session() as session:
                    stored = await session.merge(row)
                    self._audit.record(
                        session, "language.install", actor=by, subject=language, address=address
                    )
                self._voices[language] = _voice(language, folder, names)
            told = await asyncio.to_thread(_told, stored, folder)
        except OSError as error:
            raise ServiceError(
                ErrorCode.UNAVAILABLE, f"The sound package cannot be stored: {error.strerror}."
            ) from error
        finally:
            unused = self._voices.get(language, Voice(fresh, says_numbers=False)).folder != folder
            await asyncio.to_thread(_remove_all, [fresh, *([folder] if unused else [])])
        self._changed()
        return LanguageInstalled(**dict(told), ignored=ignored)

    async def remove(self, language: str, *, by: str, address: str = "") -> None:
        """The PBX does not speak this language any more; who is to hear it hears English.

        Raises:
            ServiceError: `NOT_FOUND`.
        """
        async with self._changing:
            async with self._db.session() as session:
                row = await session.get(LanguageRow, language)
                if row is None:
                    raise not_found(f"sound package of language {language}")
                await session.delete(row)
                self._audit.record(session, "language.remove", actor=by, subject=language, address=address)
            self._voices.pop(language, None)
        self._changed()

    async def sweep(self) -> None:
        """Remove the folders of what is installed no more. What is being heard is heard to its end."""
        async with self._changing:
            used = {voice.folder.name for voice in self._voices.values()}
            await asyncio.to_thread(_remove_others, self._folder, used)

    def _changed(self) -> None:
        for callback in tuple(self._observers):
            callback()


def _check(language: str) -> None:
    try:
        TypeAdapter(Language).validate_python(language)
    except ValidationError:
        raise invalid("language", f"{language!r} is none: give a code such as cs or pt-BR") from None
    if language == ENGLISH:
        raise invalid("language", "English is what the PBX speaks by itself; en-GB, say, can be installed")


async def _unpack(packed: bytes, folder: Path) -> int:
    """Write the sounds of a package into a folder; how many files of it are none."""
    result = await read_apart(
        "server.services.sound_package",
        str(folder),
        given=packed,
        what="the sound package",
        within_s=INSTALLED_WITHIN_S,
        work="unpacked",
    )
    return int(json.loads(result)["ignored"])


def _voice(language: str, folder: Path, names: frozenset[str]) -> Voice:
    return Voice(folder, says_numbers=number_words(language) <= names)


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()] if folder.is_dir() else []


def _names(folder: Path) -> frozenset[str]:
    return frozenset(file.relative_to(folder).with_suffix("").as_posix() for file in _files(folder))


def _told(row: LanguageRow, folder: Path) -> SpokenLanguage:
    files, names, needed = _files(folder), _names(folder), system_sounds(row.language)
    return SpokenLanguage(
        language=row.language,
        sounds=len(files),
        size=sum(file.stat().st_size for file in files),
        needed=len(needed),
        missing=sorted(needed - names),
        says_numbers=number_words(row.language) <= names,
        installed_at=row.installed_at,
    )


def _remove_unfinished(folder: Path) -> None:
    with suppress(FileNotFoundError):
        _remove_all([entry for entry in folder.iterdir() if entry.name.startswith(".")])


def _remove_others(folder: Path, used: set[str]) -> None:
    with suppress(FileNotFoundError):
        others = [entry for entry in folder.iterdir() if entry.name not in used]
        _remove_all([entry for entry in others if not entry.name.startswith(".")])


def _remove_all(folders: list[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
