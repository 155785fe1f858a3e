"""Pictures of extensions (DIR-4): JPEG or PNG up to 1 MB, kept by their hash."""

from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import Clock
from server.contract.errors import ErrorCode
from server.db.base import Database
from server.db.models import AvatarRow, ExtensionRow
from server.db.upsert import insert_missing
from server.services.audit import Audit
from server.services.errors import ServiceError, not_found
from server.services.extensions import Extensions

MAX_BYTES = 1_000_000
MAX_SIDE = 4096
"""Pixels: a small file can hold a picture that fills the memory of every client."""

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class Picture:
    """A stored picture. `hash` never changes for the same bytes: a good ETag."""

    hash: str
    media_type: str
    content: bytes


class Avatars:
    """Stores pictures and tells the observers of `Extensions`."""

    def __init__(self, *, db: Database, clock: Clock, audit: Audit, extensions: Extensions) -> None:
        self._db = db
        self._clock = clock
        self._audit = audit
        self._extensions = extensions

    async def get(self, number: str) -> Picture:
        """The picture of an extension.

        Raises:
            ServiceError: `NOT_FOUND`: no such extension, or it has none.
        """
        query = (
            select(AvatarRow)
            .join(ExtensionRow, ExtensionRow.avatar == AvatarRow.hash)
            .where(ExtensionRow.number == number)
        )
        async with self._db.reading() as session:
            row = await session.scalar(query)
        if row is None:
            raise not_found(f"picture of extension {number}")
        return Picture(row.hash, row.media_type, row.content)

    async def set(self, number: str, content: bytes, *, by: str, address: str = "") -> str:
        """Store a picture; returns its hash.

        Raises:
            ServiceError: `INVALID`: not a JPEG or PNG, or too many pixels; `TOO_LARGE`; `NOT_FOUND`.
        """
        media_type = check(content)
        hashed = sha256(content).hexdigest()
        async with self._db.session() as session:
            await insert_missing(
                session,
                AvatarRow,
                hash=hashed,
                media_type=media_type,
                content=content,
                created_at=self._clock.now(),
            )
            await self._put(session, number, hashed)
            self._audit.record(session, "avatar.set", actor=by, subject=number, address=address)
        await self._extensions.announce(number)
        return hashed

    async def remove(self, number: str, *, by: str, address: str = "") -> None:
        """No picture any more; fine if there was none.

        Raises:
            ServiceError: `NOT_FOUND`: no such extension.
        """
        async with self._db.session() as session:
            await self._put(session, number, None)
            self._audit.record(session, "avatar.remove", actor=by, subject=number, address=address)
        await self._extensions.announce(number)

    @staticmethod
    async def _put(session: AsyncSession, number: str, hashed: str | None) -> None:
        row = await session.scalar(select(ExtensionRow).where(ExtensionRow.number == number))
        if row is None:
            raise not_found(f"extension {number}")
        row.avatar = hashed
        await session.flush()
        unused = ~exists().where(ExtensionRow.avatar == AvatarRow.hash)
        await session.execute(delete(AvatarRow).where(unused))


def check(content: bytes) -> str:
    """The media type of an acceptable picture.

    Raises:
        ServiceError: `INVALID` or `TOO_LARGE`.
    """
    if len(content) > MAX_BYTES:
        raise ServiceError(
            ErrorCode.TOO_LARGE, f"The picture has {len(content)} bytes; {MAX_BYTES} are allowed."
        )
    if content.startswith(_PNG):
        media_type, size = "image/png", _png_size(content)
    elif content.startswith(_JPEG):
        media_type, size = "image/jpeg", _jpeg_size(content)
    else:
        raise ServiceError(ErrorCode.INVALID, "The picture is neither JPEG nor PNG: convert it first.")
    if size is None or min(size) < 1:
        raise ServiceError(ErrorCode.INVALID, "The picture is damaged: its size cannot be read.")
    if max(size) > MAX_SIDE:
        raise ServiceError(
            ErrorCode.INVALID, f"The picture has {size[0]}x{size[1]} pixels; {MAX_SIDE} a side are allowed."
        )
    return media_type


def _png_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of the IHDR chunk, which always comes first (ISO/IEC 15948, 11.2.2)."""
    if content[12:16] != b"IHDR" or len(content) < 24:
        return None
    return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of the first frame header (ISO/IEC 10918-1, B.2.2)."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in _JPEG_FRAMES:
            return int.from_bytes(content[at + 7 : at + 9]), int.from_bytes(content[at + 5 : at + 7])
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return None
