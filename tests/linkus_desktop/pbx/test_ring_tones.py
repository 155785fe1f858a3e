"""Ring tones of the PBX are fetched before they are needed, once each, and never awaited (Q-5)."""

import asyncio
import io
import wave

import pytest

from linkus_desktop.pbx.errors import NotConnected
from linkus_desktop.pbx.ring_tones import RATE_HZ, RingTones
from linkus_desktop.pbx.tasks import running
from tests.linkus_desktop.qt_loop import emitted
from tests.phones.waiting import until

DIGEST, OTHER = "0a" * 32, "0b" * 32
LOUD = b"\x00\x10" * 1600


def wav(pcm: bytes, *, rate: int = RATE_HZ, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(pcm)
    return file.getvalue()


class Server:
    """What the PBX has."""

    def __init__(self, tones: dict[str, bytes | None]) -> None:
        self.tones = tones
        self.asked: list[str] = []
        self.was_asked = asyncio.Event()
        self.away = False

    async def hashes(self) -> list[str]:
        if self.away:
            raise NotConnected
        return sorted(self.tones)

    async def fetch(self, digest: str) -> bytes:
        self.asked.append(digest)
        self.was_asked.set()
        content = self.tones.get(digest)
        if self.away or content is None:
            raise NotConnected
        return content


async def test_tones_are_fetched_once_before_a_call_asks_for_them_Q_5() -> None:
    server = Server({DIGEST: wav(LOUD), OTHER: wav(LOUD * 2)})
    tones = RingTones(server.hashes, server.fetch)
    tones.refresh()
    await until(lambda: all(tones._tones.get(digest) for digest in (DIGEST, OTHER)), "both are there")
    assert tones.samples(DIGEST) == LOUD
    assert tones.samples(OTHER) == LOUD * 2
    assert sorted(server.asked) == [DIGEST, OTHER]


async def test_one_that_is_new_is_fetched_when_a_call_asks_for_it_and_told_Q_5() -> None:
    server = Server({DIGEST: wav(LOUD)})
    tones = RingTones(server.hashes, server.fetch)
    loaded = asyncio.ensure_future(emitted(tones.loaded))
    assert tones.samples(DIGEST) is None, "what rings does not wait for it"
    assert tones.samples(DIGEST) is None
    assert await loaded == (DIGEST,)
    assert tones.samples(DIGEST) == LOUD
    assert server.asked == [DIGEST]


@pytest.mark.parametrize(
    "content",
    [None, b"", b"words", wav(b""), wav(bytes(3200)), wav(LOUD, rate=8000), wav(LOUD, channels=2)],
)
async def test_what_is_gone_broken_or_silent_is_no_tone_Q_5(content: bytes | None) -> None:
    server = Server({DIGEST: content, OTHER: wav(LOUD)})
    tones = RingTones(server.hashes, server.fetch)
    loaded = asyncio.ensure_future(emitted(tones.loaded))
    tones.samples(DIGEST)
    tones.samples(OTHER)
    assert await loaded == (OTHER,), "fetched one after the other"
    assert tones.samples(DIGEST) is None


async def test_what_could_not_be_fetched_is_asked_for_again_with_the_next_connection_Q_5() -> None:
    server = Server({DIGEST: wav(LOUD)})
    server.away = True
    tones = RingTones(server.hashes, server.fetch)
    assert tones.samples(DIGEST) is None
    await server.was_asked.wait()
    server.away = False
    loaded = asyncio.ensure_future(emitted(tones.loaded))
    tones.refresh()
    assert await loaded == (DIGEST,)
    assert tones.samples(DIGEST) == LOUD


async def test_what_is_on_its_way_when_the_session_ends_is_given_up_Q_5() -> None:
    begun = asyncio.Event()

    async def fetch(digest: str) -> bytes:
        begun.set()
        await asyncio.Event().wait()
        return b""

    tones = RingTones(Server({}).hashes, fetch)
    tones.samples(DIGEST)
    await begun.wait()
    (task,) = running()
    tones.close()
    await asyncio.wait([task])
    assert task.cancelled()
    assert tones.samples(OTHER) is None
    tones.refresh()
    assert not running()
