"""A private virtual display, big enough for two clients side by side."""

import asyncio
import contextlib
import os
import secrets
import struct
from collections.abc import AsyncIterator
from pathlib import Path

from demo.processes import DemoError, Stage

SIZE = "2416x800x24"
READY_WITHIN_S = 60.0
FAMILY_WILD = 0xFFFF


@contextlib.asynccontextmanager
async def virtual_display(stage: Stage, runtime: Path) -> AsyncIterator[dict[str, str]]:
    """Run Xvfb on a number that it picks itself; gives the variables that lead programs to it.

    Only who can read the key file in `runtime` is let in.

    Raises:
        DemoError: Xvfb is missing or does not come up.
    """
    authority = runtime / "Xauthority"
    write_authority(authority, secrets.token_bytes(16))
    read_end, write_end = os.pipe()
    command = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", SIZE, "-dpi", "96"]
    command += ["-nolisten", "tcp", "-noreset", "-auth", str(authority)]
    try:
        async with stage.running("xvfb", command, pass_fds=(write_end,)):
            os.close(write_end)
            write_end = -1
            try:
                number = await asyncio.wait_for(asyncio.to_thread(os.read, read_end, 16), READY_WITHIN_S)
            except TimeoutError as error:
                raise DemoError(f"Xvfb did not come up within {READY_WITHIN_S:.0f} s") from error
            if not number.strip():
                raise DemoError(f"Xvfb ended at once; see {stage.logs / 'xvfb.log'}")
            yield {
                "DISPLAY": f":{number.decode().strip()}",
                "XAUTHORITY": str(authority),
                "QT_QPA_PLATFORM": "xcb",
            }
    finally:
        os.close(read_end)
        if write_end >= 0:
            os.close(write_end)


def write_authority(path: Path, cookie: bytes) -> None:
    """Write an X authority file with one key, good for any display of this machine; only we can read it."""
    name = b"MIT-MAGIC-COOKIE-1"
    record = struct.pack(">H", FAMILY_WILD)
    for part in (b"", b"", name, cookie):  # address, display number, kind, key
        record += struct.pack(">H", len(part)) + part
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(record)
