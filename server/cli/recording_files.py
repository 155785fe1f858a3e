"""Writing a recording to a file that the user names: never over one that exists, for the user alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

CHUNK = 1 << 16


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A new file to be written; it is removed if that fails.

    Raises:
        FileExistsError: there is such a file.
        OSError: it cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise
