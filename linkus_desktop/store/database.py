"""The local SQLite file.

The standard library's `sqlite3`, not SQLAlchemy: two flat tables need no mapper, and importing one costs
160 ms and 27 MiB before the first window can be painted.

Everything is read once, at the start; every later write is handed to one thread, in order, each a transaction
of its own, so the window never waits for a disk and a crash loses at most the last change.
"""

import logging
import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

SCHEMA: tuple[str, ...] = (
    """
    CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE known_server (
        host TEXT NOT NULL, port INTEGER NOT NULL, fingerprint TEXT NOT NULL, since TEXT NOT NULL,
        PRIMARY KEY (host, port)
    ) WITHOUT ROWID;
    """,
)
"""The steps from an empty file to the present schema; `PRAGMA user_version` counts those taken."""

_BUSY_S = 5.0


class LocalDatabase:
    """The file, its schema, and the thread that writes to it.

    A file that cannot be read is moved aside and a new one begun; a folder that cannot be written to gives a
    store in memory. Either way the program starts, and `problem` says what happened.

    Attributes:
        path: the file.
        problem: "" or a text for people.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""
        self._lock = threading.Lock()
        self._connection = self._open_or_replace()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._closed = False

    def read(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query; for the start, when nothing is being written."""
        with self._lock:
            return self._connection.execute(query, parameters).fetchall()

    def write(self, statement: str, parameters: Sequence[Any] = ()) -> "Future[None]":
        """Have a statement executed soon, after those before it; a failure is logged, once a kind."""
        if self._closed:
            raise RuntimeError("the store is closed")
        return self._writer.submit(self._write, statement, parameters)

    def flush(self) -> None:
        """Wait until everything written so far is in the file."""
        self._writer.submit(lambda: None).result()

    def close(self) -> None:
        """Finish writing and close the file. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._writer.shutdown(wait=True)
        self._connection.close()

    def _write(self, statement: str, parameters: Sequence[Any]) -> None:
        try:
            with self._lock, self._connection:
                self._connection.execute(statement, parameters)
        except sqlite3.Error as error:
            self.problem = (
                f"Settings cannot be saved to {self.path}: {error}. They are kept until you quit. "
                "Check the free space and the permissions of that folder."
            )
            logger.warning("%s", self.problem)

    def _open_or_replace(self) -> sqlite3.Connection:
        try:
            return _open(self.path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and not _unreadable(error):
                return self._in_memory(error)
            return self._replace(error)

    def _replace(self, error: sqlite3.DatabaseError) -> sqlite3.Connection:
        aside = self.path.with_name(f"{self.path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
        try:
            self.path.rename(aside)
            for extra in ("-wal", "-shm"):
                self.path.with_name(self.path.name + extra).unlink(missing_ok=True)
            connection = _open(self.path)
        except (OSError, sqlite3.Error) as again:
            return self._in_memory(again)
        self.problem = (
            f"The settings in {self.path} could not be read ({error}), so they start anew. "
            f"The old file was kept as {aside.name}."
        )
        logger.warning("%s", self.problem)
        return connection

    def _in_memory(self, error: Exception) -> sqlite3.Connection:
        self.problem = (
            f"The settings in {self.path} cannot be opened ({error}). They are kept until you quit. "
            "Check the permissions of that folder, and that no other program holds the file."
        )
        logger.warning("%s", self.problem)
        connection = sqlite3.connect(":memory:", check_same_thread=False)
        _migrate(connection)
        return connection


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_S, check_same_thread=False)
    try:
        path.chmod(0o600)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        _migrate(connection)
        for table in ("setting", "known_server"):  # damage further in shows only when the rows are read
            connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
    except (sqlite3.Error, OSError) as error:
        connection.close()
        if isinstance(error, OSError):
            raise sqlite3.OperationalError(str(error)) from error
        raise
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(SCHEMA):
        raise sqlite3.DatabaseError(f"it was written by a newer version of this program (schema {version})")
    for number, step in enumerate(SCHEMA[version:], start=version + 1):
        connection.executescript(f"BEGIN;{step};PRAGMA user_version={number};COMMIT;")


def _unreadable(error: sqlite3.OperationalError) -> bool:
    """Whether the file's contents are at fault, and not the disk or the permissions."""
    return "no such column" in str(error) or "no such table" in str(error) or "already exists" in str(error)
