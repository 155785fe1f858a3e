"""Tests of the client run on the loop it runs on: asyncio driven by Qt."""

import asyncio
from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QApplication
from qasync import QEventLoop


class PatientLoop(QEventLoop):  # type: ignore[misc]
    """The client's loop, which also counts as running while pytest-qt processes events around a test.

    Else a task whose turn comes at such a moment would fail: asyncio asks for the running loop.
    """

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any, context: Any = None) -> Any:
        return super().call_later(delay, self._inside, callback, *args, context=context)

    def _inside(self, callback: Callable[..., Any], *args: Any) -> None:
        before = asyncio.events._get_running_loop()
        asyncio.events._set_running_loop(self)
        try:
            callback(*args)
        finally:
            asyncio.events._set_running_loop(before)


def new_qt_loop() -> asyncio.AbstractEventLoop:
    """A loop on the application that all tests share."""
    return PatientLoop(QApplication.instance() or QApplication([]))


async def emitted(
    signal: Any, check: Callable[..., bool] = lambda *_: True, *, timeout_s: float = 90.0
) -> tuple[Any, ...]:
    """Wait for a signal whose arguments pass `check`; returns them."""
    future: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()

    def slot(*arguments: Any) -> None:
        if not future.done() and check(*arguments):
            future.set_result(arguments)

    signal.connect(slot)
    try:
        async with asyncio.timeout(timeout_s):
            return await future
    finally:
        signal.disconnect(slot)


async def until(condition: Callable[[], bool], *signals: Any, timeout_s: float = 90.0) -> None:
    """Wait until `condition()`, which is looked at whenever one of `signals` is emitted."""
    if not condition():
        woken = asyncio.Event()

        def wake(*_: Any) -> None:
            if condition():
                woken.set()

        for signal in signals:
            signal.connect(wake)
        try:
            async with asyncio.timeout(timeout_s):
                await woken.wait()
        finally:
            for signal in signals:
                signal.disconnect(wake)


__all__ = ["emitted", "new_qt_loop", "until"]
