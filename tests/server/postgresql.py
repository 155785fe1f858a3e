"""A private PostgreSQL server of Debian's package, for the tests that must hold on both databases."""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

SETTINGS = (
    "listen_addresses=",
    "max_connections=60",
    "shared_buffers=16MB",
    # Nothing of it outlives the tests: no care for crashes, and no work between the tests.
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "wal_writer_delay=10s",
    "bgwriter_lru_maxpages=0",
    "checkpoint_timeout=1h",
    "autovacuum=off",
)


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    assert on_path, "PostgreSQL is needed for these tests: install the package postgresql"
    return Path(on_path).parent


def _as_ordinary_user(folder: Path) -> list[str]:
    """How to start programs: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    shutil.chown(folder, "nobody", "nogroup")
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]


@contextmanager
def running() -> Iterator[Path]:
    """A server for as long as the block runs; gives the folder of its socket."""
    folder = Path(tempfile.mkdtemp(prefix="linkus-pg-"))
    binaries, prefix = _binaries(), _as_ordinary_user(folder)
    cluster, log = folder / "data", folder / "log"
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}

    def call(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*prefix, str(binaries / program), *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=folder,
            env=environment,
        )
        assert done.returncode == 0, f"{program}: {done.stderr}{log.read_text() if log.exists() else ''}"

    try:
        call("initdb", "-D", str(cluster), "-U", "linkus", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = " ".join((f"-k {folder}", *(f"-c {setting}" for setting in SETTINGS)))
        call("pg_ctl", "-D", str(cluster), "-l", str(log), "-o", options, "-w", "start")
        try:
            yield folder
        finally:
            call("pg_ctl", "-D", str(cluster), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder)


def new_database(socket: Path, *, template: str = "") -> str:
    """The URL of a new database: an empty one, or a copy of the one at the URL `template`."""
    name = f"t{uuid.uuid4().hex}"
    origin = make_url(template).database if template else "template1"
    with _connected(socket, "postgres") as connection:
        # Older versions know no other way; newer ones would write every page to the log as well.
        strategy = " STRATEGY FILE_COPY" if connection.info.server_version >= 150_000 else ""
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{origin}"{strategy}'.encode())
    return f"postgresql+psycopg://linkus@/{name}?host={socket}"


def refill(socket: Path, url: str, *, template: str) -> None:
    """Make a copy of a template, which a test has used, equal to the template again: rows and sequences.

    A new copy is 300 files to write, and to remove in the end: that took a quarter of the time of the tests.
    """
    with (
        _connected(socket, make_url(template).database or "") as origin,
        _connected(socket, make_url(url).database or "") as used,
    ):
        used.execute("SET lock_timeout = '10s'")  # a transaction that the test has left open
        used.execute("SET session_replication_role = 'replica'")  # rows in any order
        found = origin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in found:
            used.execute(f'DELETE FROM "{table}"'.encode())
            with (
                origin.cursor().copy(f'COPY "{table}" TO STDOUT'.encode()) as rows,
                used.cursor().copy(f'COPY "{table}" FROM STDIN'.encode()) as into,
            ):
                for row in rows:
                    into.write(row)
        sequences = origin.execute(
            "SELECT quote_ident(sequencename), coalesce(last_value, start_value), last_value IS NOT NULL"
            " FROM pg_sequences WHERE schemaname = 'public'"
        ).fetchall()
        for sequence in sequences:
            used.execute("SELECT setval(%s::regclass, %s, %s)", sequence)


def _connected(socket: Path, database: str) -> psycopg.Connection:
    return psycopg.connect(host=str(socket), user="linkus", dbname=database, autocommit=True)
