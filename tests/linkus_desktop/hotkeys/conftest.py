"""Hot keys run on the client's own loop."""

import asyncio
from collections.abc import Callable, Mapping

from tests.linkus_desktop.qt_loop import new_qt_loop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"qt": new_qt_loop}
