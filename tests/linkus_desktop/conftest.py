"""What tests of the client share."""

import gc
from collections.abc import Iterator

import pytest


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
