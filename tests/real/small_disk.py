"""A disk that a test can fill: a small file system in memory, seen only by who enters its mount namespace.

No right of root is needed: an ordinary user makes the mount in a user namespace of their own.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.phones.program import Program

_READY = "the disk is there"


class SmallDisk:
    """Of `megabytes`, at `folder` (which is made); as an async context manager."""

    def __init__(self, folder: Path, *, megabytes: int) -> None:
        self.folder = folder
        self._megabytes = megabytes
        self._holder: Program | None = None

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True)
        own_user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        mount = f'mount -t tmpfs -o size={self._megabytes}m,mode=700 none "$0" && echo {_READY} && exec cat'
        self._holder = await Program.start(
            "small disk",
            ["unshare", *own_user, "--mount", "sh", "-c", mount, str(self.folder)],
            folder=self.folder.parent,
        )
        try:
            await self._holder.expect(_READY)
        except BaseException:
            await self._holder.stop(kill=True)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._holder:
            await self._holder.stop(kill=True)

    def enter(self, folder: Path) -> list[str]:
        """What to put before a command so that it sees the disk; it runs in `folder`."""
        own_user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        return ["nsenter", "--target", str(self._pid), *own_user, "--mount", "env", "-C", str(folder)]

    def seen(self, path: Path) -> Path:
        """A path on the disk, as seen from outside."""
        return Path(f"/proc/{self._pid}/root{path}")

    def fill(self) -> None:
        """Write until nothing more fits."""
        with (self.seen(self.folder) / "filler").open("wb") as file:
            try:
                while True:
                    file.write(bytes(1 << 20))
                    file.flush()
            except OSError:
                return

    def make_room(self) -> None:
        """Take away what `fill` wrote."""
        (self.seen(self.folder) / "filler").unlink()

    @property
    def _pid(self) -> int:
        if self._holder is None:
            raise AssertionError("the small disk is not there")
        return self._holder.pid
