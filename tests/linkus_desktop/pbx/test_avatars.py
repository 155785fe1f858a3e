"""Pictures are fetched once, when first painted, a few at a time."""

import asyncio

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QColor, QImage

from linkus_desktop.pbx.avatars import AT_ONCE, SIDE, Avatars
from linkus_desktop.pbx.errors import NotConnected
from linkus_desktop.pbx.tasks import running
from tests.linkus_desktop.qt_loop import emitted


def png(side: int = 8) -> bytes:
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(QColor("teal"))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data().data())


async def test_a_picture_is_fetched_once_and_then_there() -> None:
    asked: list[str] = []

    async def fetch(number: str) -> bytes:
        asked.append(number)
        return png(2 * SIDE)

    avatars = Avatars(fetch)
    loaded = asyncio.ensure_future(emitted(avatars.loaded))
    assert avatars.of("1002", "abc") is None
    assert avatars.of("1002", "abc") is None
    assert await loaded == ("1002",)
    picture = avatars.of("1002", "abc")
    assert picture is not None
    assert picture.width() == SIDE
    assert asked == ["1002"]
    assert avatars.of("1003", None) is None


async def test_few_are_fetched_at_a_time() -> None:
    at_once, most = 0, 0
    go_on = asyncio.Event()
    all_in = asyncio.Event()

    async def fetch(_: str) -> bytes:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        if at_once == AT_ONCE:
            all_in.set()
        await go_on.wait()
        at_once -= 1
        return png()

    avatars = Avatars(fetch)
    for n in range(20):
        avatars.of(str(n), f"hash {n}")
    last = asyncio.ensure_future(emitted(avatars.loaded, lambda number: number == "19"))
    await all_in.wait()
    go_on.set()
    await last
    assert most == AT_ONCE


async def test_what_failed_is_asked_for_again_once_there_is_a_line() -> None:
    tries = 0

    async def fetch(_: str) -> bytes:
        nonlocal tries
        tries += 1
        if tries == 1:
            failed.set()
            raise NotConnected("No line.")
        return png()

    failed = asyncio.Event()
    avatars = Avatars(fetch)
    avatars.of("1002", "abc")
    await failed.wait()
    avatars.retry()
    loaded = asyncio.ensure_future(emitted(avatars.loaded))
    avatars.of("1002", "abc")
    await loaded


async def test_when_the_session_ends_nothing_is_fetched_any_more() -> None:
    asked: list[str] = []
    begun = asyncio.Event()

    async def fetch(number: str) -> bytes:
        asked.append(number)
        begun.set()
        await asyncio.Event().wait()
        return png()

    avatars = Avatars(fetch)
    avatars.of("1002", "abc")
    await begun.wait()
    (task,) = running()
    avatars.close()
    await asyncio.wait([task])
    assert task.cancelled()
    assert avatars.of("1003", "def") is None
    assert not running()
    assert asked == ["1002"]
