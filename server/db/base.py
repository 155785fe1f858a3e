"""The declarative base and the session factory, for SQLite (WAL) and PostgreSQL alike."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, DateTime, MetaData, TypeDecorator, event
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, stored in UTC; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse naive values, convert to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime does not go into the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """SQLite gives back naive values, which are UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of every model."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012


class Database:
    """Engine and sessions.

    `url` is `sqlite+aiosqlite:///path` or `postgresql+psycopg://…`.

    SQLite has one writer at a time: `session` queues for it inside the process and begins with
    `BEGIN IMMEDIATE`, so that a transaction that reads, then writes, cannot fail half-way. Keep such blocks
    short, and never await anything but the session in them. `reading` takes no part in that queue.
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.engine = create_async_engine(self.url, pool_pre_ping=not self.is_sqlite)
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "do_connect", _make_private)
            event.listen(self.engine.sync_engine, "connect", _configure_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
        self._writers = async_sessionmaker(self.engine, expire_on_commit=False)
        self._readers = async_sessionmaker(
            self.engine.execution_options(**{_READING: True}), expire_on_commit=False
        )
        self._write_lock = asyncio.Lock()
        self._writing: asyncio.Task[Any] | None = None

    @property
    def is_sqlite(self) -> bool:
        """True for the embedded database."""
        return self.url.get_backend_name() == "sqlite"

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends well, else rolled back."""
        if not self.is_sqlite:
            async with self._writers() as session, session.begin():
                yield session
            return
        task = asyncio.current_task()
        if task is not None and self._writing is task:
            raise RuntimeError("a transaction was opened inside another one")
        async with self._write_lock:
            self._writing = task
            try:
                async with self._writers() as session, session.begin():
                    yield session
            finally:
                self._writing = None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """One transaction that only reads: a consistent view, and no waiting for writers."""
        async with self._readers() as session, session.begin():
            yield session

    async def aclose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


_READING = "linkus_reading"


def _make_private(_dialect: Dialect, _record: Any, arguments: Any, _named: Any) -> None:
    """A database that is made now is its owner's alone; `-wal` and `-shm` get the rights of the database."""
    with suppress(OSError):  # connecting says better what is wrong
        os.close(os.open(arguments[0], os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself: `_begin_sqlite` does
    # SQLite's own one knows the letters of ASCII alone, so that a search for "žák" would not find "Žák".
    connection.create_function("lower", 1, _lower, deterministic=True)
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.close()


def _lower(value: object) -> object:
    """In small letters, of any language; numbers are text to it, as they are to SQLite's own function."""
    return None if value is None else str(value).lower()


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
