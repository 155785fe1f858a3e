"""What comes from strangers is read by a process of its own, which has limits and may fail."""

import asyncio
import sys

from server.contract.errors import ErrorCode
from server.services.errors import ServiceError, invalid

DISK_FULL = 2
"""The exit code that says so; 1 says that what was given is no good, and the last line why."""


async def read_apart(
    module: str, *arguments: str, given: bytes, what: str, within_s: float, work: str
) -> bytes:
    """What `python -m module` makes of `given`, which it gets on standard input.

    `what` is read, and `work` what is done with it, for whoever is told that it failed.

    Raises:
        ServiceError: `INVALID`: it is no good, damaged, or takes too much; `UNAVAILABLE`: there is no room.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(within_s):
            made, said = await process.communicate(given)
    except TimeoutError:
        raise invalid(what, f"takes too long to be {work}") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = said.decode(errors="replace").strip().splitlines()
    if process.returncode == 1 and lines:
        # Its last line: a decoder may have said something of its own before.
        raise invalid(what, lines[-1])
    if process.returncode == DISK_FULL:
        raise ServiceError(ErrorCode.UNAVAILABLE, f"{what.capitalize()} cannot be stored: the disk is full.")
    if process.returncode:
        raise invalid(what, "is damaged, or takes too much to be unpacked")
    return made
