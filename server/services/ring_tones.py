"""Ring tones that were uploaded: queues name them, clients fetch them by the hash of what is heard (Q-5)."""

import array
from collections.abc import Callable
from hashlib import sha256

from sqlalchemy import select

from server.clock import Clock
from server.contract.ring_tones import LONGEST_S, SHORTEST_S, RingToneSound, UploadedRingTone
from server.db.base import Database
from server.db.models import RingToneRow
from server.services.audit import Audit
from server.services.configuration import Configuration, ConfigurationChanged
from server.services.errors import invalid, not_found
from server.services.sound_files import convert

QUIETEST = 300
"""The loudest sample of a ring tone, of 32,767, at the least: nobody hears less than that ring."""

_HEADER_BYTES = 44


class RingToneStore:
    """Keeps what was uploaded. A sound that is replaced has another hash, so no client rings an old one."""

    def __init__(self, *, db: Database, clock: Clock, audit: Audit, configuration: Configuration) -> None:
        self._db = db
        self._clock = clock
        self._audit = audit
        self._configuration = configuration
        self._hashes: dict[str, str] = {}
        self._stop_observing: Callable[[], None] | None = None

    async def start(self) -> None:
        """Read which there are."""
        self._stop_observing = self._configuration.observe(self._on_change)
        async with self._db.reading() as session:
            rows = await session.execute(select(RingToneRow.name, RingToneRow.hash))
            self._hashes = {row.name: row.hash for row in rows}

    async def stop(self) -> None:
        """Follow the configuration no longer."""
        if self._stop_observing is not None:
            self._stop_observing()
            self._stop_observing = None

    def hash_of(self, name: str) -> str:
        """The hash of what is heard of a ring tone; "" if nothing was uploaded."""
        return self._hashes.get(name, "")

    def hashes(self) -> list[str]:
        """Those of all ring tones, each once."""
        return sorted(set(self._hashes.values()))

    async def sound(self, name: str) -> RingToneSound:
        """What there is of a ring tone.

        Raises:
            ServiceError: `NOT_FOUND`: there is no such ring tone, or nothing was uploaded.
        """
        async with self._db.reading() as session:
            row = await session.get(RingToneRow, name)
        if row is None:
            raise not_found(f"sound of ring tone {name}")
        return _sound(row)

    async def content(self, *, name: str = "", hashed: str = "") -> bytes:
        """What is heard, as WAV, of a ring tone by its name or by its hash.

        Raises:
            ServiceError: `NOT_FOUND`.
        """
        wanted = RingToneRow.name == name if name else RingToneRow.hash == hashed
        async with self._db.reading() as session:
            content = await session.scalar(select(RingToneRow.content).where(wanted).limit(1))
        if content is None:
            raise not_found(f"sound of ring tone {name or hashed}")
        return content

    async def upload(self, name: str, given: bytes, *, by: str, address: str = "") -> RingToneSound:
        """Replace what is heard of a ring tone by a sound file of any usual format.

        Raises:
            ServiceError: `NOT_FOUND`; `INVALID`: it cannot be read, has another length, or is too quiet to be
                heard; `TOO_LARGE`.
        """
        self._configuration.get(UploadedRingTone, name)
        sound = await convert(given)
        if not SHORTEST_S <= sound.duration_s <= LONGEST_S:
            problem = f"lasts {sound.duration_s:.1f} s; it may be {SHORTEST_S} to {LONGEST_S:.0f} s"
            raise invalid("the sound file", problem)
        samples = array.array("h", sound.content[_HEADER_BYTES:])
        if max(map(abs, samples)) < QUIETEST:
            raise invalid("the sound file", "is too quiet to be heard as a ring tone")
        row = RingToneRow(
            name=name,
            hash=sha256(sound.content).hexdigest(),
            duration_ms=round(sound.duration_s * 1000),
            size=len(sound.content),
            uploaded_at=self._clock.now(),
            content=sound.content,
        )
        async with self._db.session() as session:
            stored = await session.merge(row)
            self._audit.record(session, "ring_tone.upload", actor=by, subject=name, address=address)
            told = _sound(stored)
        self._hashes[name] = told.hash
        return told

    def _on_change(self, change: ConfigurationChanged) -> None:
        if change.model is UploadedRingTone and change.item is None:
            self._hashes.pop(change.key, None)


def _sound(row: RingToneRow) -> RingToneSound:
    return RingToneSound(
        hash=row.hash, duration_s=row.duration_ms / 1000, size=row.size, uploaded_at=row.uploaded_at
    )
