"""Writing a recording to a file that the user names: never over one that exists, for the user alone."""

import os
from collections.abc import AsyncIterable
from pathlib import Path

CHUNK = 1 << 16


async def write_new(path: Path, content: AsyncIterable[bytes]) -> int:
    """Write all of it to a new file; how many bytes. What was written is removed if it is not all.

    Raises:
        FileExistsError: there is such a file.
        OSError: it cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    size = 0
    try:
        with os.fdopen(descriptor, "wb") as file:
            async for part in content:
                size += file.write(part)
    except BaseException:
        path.unlink(missing_ok=True)  # noqa: ASYNC240 - a command, which does nothing else
        raise
    return size


async def read_parts(path: Path) -> AsyncIterable[bytes]:
    """A file in parts."""
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            yield part
