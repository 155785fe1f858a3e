"""Windows over made-up view-models."""

import importlib.util
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from shiboken6 import isValid

_spec = importlib.util.spec_from_file_location("fakes", Path(__file__).with_name("fakes.py"))
if "fakes" not in sys.modules:
    _module = importlib.util.module_from_spec(_spec)
    sys.modules["fakes"] = _module
    _spec.loader.exec_module(_module)

import fakes  # noqa: E402

from linkus_desktop.ui.theme import Theme  # noqa: E402

_dressed = []


@pytest.fixture(autouse=True)
def _windows_live_as_long_as_the_test(qapp):
    """Python must not collect a window that Qt paints."""
    yield
    for _world, window in fakes.KEPT:
        if isValid(window):
            window.close()
            window.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    fakes.KEPT.clear()


@pytest.fixture
def theme(qapp):
    """The application is dressed once; every test begins light."""
    if not _dressed:
        _dressed.append(Theme(qapp, "light"))
    _dressed[0].set_mode("light")
    return _dressed[0]


@pytest.fixture
def world():
    """Eight colleagues and ten calls."""
    return fakes.World()


@pytest.fixture
def window(world, theme, qtbot):
    """The main window, on the screen and active."""
    shown = world.window()
    qtbot.addWidget(shown)
    with qtbot.waitActive(shown):
        shown.show()
        shown.activateWindow()
    return shown


@pytest.fixture
def settle():
    """Let the tasks that a window started run to their end."""

    async def run():
        import asyncio

        from linkus_desktop.pbx.tasks import running

        while tasks := running():
            await asyncio.wait(tasks)
            await asyncio.sleep(0)

    return run


@pytest.fixture
def panel(window, world, qtbot):
    """Function keys of Ben, Chiara, and a prefix; they may be changed."""
    world.permit_keys()
    world.tell_keys(*fakes.THREE_KEYS)
    found = window.keys.panel
    qtbot.waitUntil(lambda: found.isVisible() and found.width() > 100)
    return found
