"""The data folder: its lock, and what a server remembers there between runs."""

import fcntl
import json
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from server.services.vault import write_private

LOCK_NAME = "server.lock"
STATE_NAME = "server.json"
RESERVE_NAME = "reserve"

RESERVE_BYTES = 1 << 20
"""Room set aside: what a start needs before it can answer that the disk is full."""

PLENTY_BYTES = 64 << 20
"""Free space from which on the reserve is made anew."""

_log = logging.getLogger(__name__)


class DataFolderError(Exception):
    """The folder is missing, not usable, or not initialised; the message says what to do."""


class DataFolderBusy(DataFolderError):
    """A server, or a command that changes the data, is using the folder now."""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """How to reach the server that uses a folder: written once it listens."""

    pid: int
    http_host: str
    http_port: int


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Hold the folder for oneself. The lock goes with the process, however that ends.

    Raises:
        DataFolderBusy: another process holds it.
        DataFolderError: the folder cannot be used.
    """
    try:
        descriptor = os.open(data / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DataFolderError(
            f"The data folder {data} cannot be used: {error.strerror}. "
            f"Run `linkus-pbx init --data {data}` first."
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataFolderBusy(
                f"The data folder {data} is in use by another linkus-pbx: stop that one first, "
                "or choose another folder with --data."
            ) from error
        yield
    finally:
        os.close(descriptor)


def make(data: Path) -> None:
    """Make the folder, for its owner only.

    Raises:
        DataFolderError: it cannot be made.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        data.chmod(0o700)
    except OSError as error:
        raise DataFolderError(f"The data folder {data} cannot be made: {error.strerror}.") from error


def write_running(data: Path, running: RunningServer) -> None:
    """Tell the command line where the server listens."""
    write_private(data / STATE_NAME, json.dumps(asdict(running)).encode())


def read_running(data: Path) -> RunningServer | None:
    """Where the server listens, as last told; None if never told."""
    try:
        told = json.loads((data / STATE_NAME).read_bytes())
        return RunningServer(**told)
    except (OSError, ValueError, TypeError):
        return None


def forget_running(data: Path) -> None:
    """The server listens no longer."""
    (data / STATE_NAME).unlink(missing_ok=True)


def is_full(data: Path) -> bool:
    """Whether the disk of the folder has less room than a start needs."""
    try:
        return shutil.disk_usage(data).free < RESERVE_BYTES
    except OSError:
        return False


def keep_reserve(data: Path) -> None:
    """Set room aside while there is plenty of it, for `spend_reserve`. Not being able to is no failure."""
    with suppress(OSError):
        if shutil.disk_usage(data).free < PLENTY_BYTES or (data / RESERVE_NAME).exists():
            return
        descriptor = os.open(data / RESERVE_NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
        finally:
            os.close(descriptor)


def spend_reserve(data: Path) -> None:
    """Give the reserve up if the disk is full: else not even the database could be opened."""
    if is_full(data) and (data / RESERVE_NAME).exists():
        with suppress(OSError):
            (data / RESERVE_NAME).unlink()
            _log.error(
                "The disk of %s is full: the server starts with what it had set aside. Make room.", data
            )
