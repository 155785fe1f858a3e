"""Ring tones of the PBX (Q-5): fetched before they are needed, kept by the hash of what is heard."""

import asyncio
import io
import logging
import wave
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import QObject, Signal

from linkus_desktop.pbx.errors import PbxError
from linkus_desktop.pbx.tasks import Tasks

logger = logging.getLogger(__name__)

RATE_HZ = 16_000
"""Of all ring tones of the PBX."""
LONGEST_S = 60.0
"""More of a tone than this is not kept."""
KEPT = 50

List = Callable[[], Coroutine[Any, Any, list[str]]]
Fetch = Callable[[str], Coroutine[Any, Any, bytes]]


class RingTones(QObject):
    """The ring tones of one session.

    Args:
        hashes: asks which there are; see `Api.ring_tones`.
        fetch: gets one by its hash; see `Api.ring_tone`.

    Signals:
        loaded(str): the tone with this hash can be heard now.
    """

    loaded = Signal(str)

    def __init__(self, hashes: List, fetch: Fetch, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._hashes = hashes
        self._fetch = fetch
        self._tones: dict[str, bytes | None] = {}
        self._one_at_a_time = asyncio.Semaphore(1)
        self._fetching = Tasks()

    def samples(self, digest: str) -> bytes | None:
        """What is heard of it: 16-bit mono at `RATE_HZ`. None while it is being fetched, or cannot be."""
        if digest not in self._tones:
            while len(self._tones) >= KEPT:
                self._tones.pop(next(iter(self._tones)))
            self._tones[digest] = None
            self._fetching.spawn(self._load(digest), name="ring tone")
        return self._tones[digest]

    def refresh(self) -> None:
        """Fetch those that are not there yet, also what could not be fetched before."""
        self._tones = {digest: tone for digest, tone in self._tones.items() if tone is not None}
        self._fetching.spawn(self._load_all(), name="ring tones")

    def close(self) -> None:
        """Fetch nothing any more: the session ends, and the phone that would ring with it."""
        self._fetching.close()

    async def _load_all(self) -> None:
        try:
            wanted = await self._hashes()
        except PbxError as error:
            logger.info("The ring tones of the PBX are not known: %s", error)
            return
        for digest in wanted[:KEPT]:
            self.samples(digest)

    async def _load(self, digest: str) -> None:
        async with self._one_at_a_time:
            try:
                content = await self._fetch(digest)
            except PbxError as error:
                logger.info("A ring tone of the PBX is not there: %s", error)
                return
        samples = _samples(content)
        if samples is None:
            logger.warning("A ring tone of the PBX is not understood, or silent")
            return
        self._tones[digest] = samples
        self.loaded.emit(digest)


def _samples(content: bytes) -> bytes | None:
    """The samples of a WAV file; None if it is none of ours, or nothing would be heard."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            form = file.getnchannels(), file.getsampwidth(), file.getframerate()
            samples = file.readframes(int(LONGEST_S * RATE_HZ))
    except (wave.Error, EOFError, ValueError):
        return None
    return samples if form == (1, 2, RATE_HZ) and any(samples) else None
