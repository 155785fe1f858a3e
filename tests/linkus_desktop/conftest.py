"""What tests of the client share."""

import gc
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

for _wait in (QtBot.waitSignal, QtBot.waitSignals, QtBot.waitUntil, QtBot.waitExposed, QtBot.waitActive):
    _wait.__kwdefaults__["timeout"] = 60_000  # not 5 s: a machine may stand still for as long


@pytest.fixture(autouse=True, scope="module")
def _old_garbage_is_collected_here() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def _garbage_is_collected_on_the_main_thread() -> Iterator[None]:
    """As `linkus_desktop.garbage` does for the program: a Qt object must not end in a worker thread."""
    gc.disable()
    yield
    gc.collect(1)
    gc.enable()
