"""Keeps the engine's log from filling the disk: Asterisk itself never looks at its size."""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

from server.switch.asterisk.ari import Ari, AriError, segment
from server.switch.asterisk.config import LOG_FILE

log = logging.getLogger(__name__)

LOOK_EVERY_S = 60.0
LARGEST = 8 * 1024 * 1024
"""Bytes at which the log is set aside."""
KEPT = 3
"""How many old ones are kept."""


async def tend(ari: Ari, folder: Path) -> None:
    """Rotate the log in `folder` when it has grown large, for ever."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        await rotate_if_large(ari, folder)


async def rotate_if_large(ari: Ari, folder: Path) -> None:
    """Set the log aside if it is larger than `LARGEST`, and delete the oldest beyond `KEPT`."""
    if not _is_large(folder / LOG_FILE):
        return
    try:
        await ari.put(f"asterisk/logging/{segment(LOG_FILE)}/rotate")
    except AriError as error:
        log.warning("The log of Asterisk could not be rotated: %s", error)
    _delete_oldest(folder)


def _is_large(file: Path) -> bool:
    with suppress(OSError):
        return file.stat().st_size >= LARGEST
    return False


def _delete_oldest(folder: Path) -> None:
    # Numbered by age: `.0` is the newest.
    for old in folder.glob(f"{LOG_FILE}.*"):
        if old.suffix[1:].isdigit() and int(old.suffix[1:]) >= KEPT:
            old.unlink(missing_ok=True)
