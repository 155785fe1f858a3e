"""A collection of cyclic garbage does not hold up calls."""

import gc
import time
import weakref

import pytest

from server.garbage import spare_what_is_there

MANY = 300_000


class Thing:
    """Something that may be part of a cycle."""

    itself = None


@pytest.fixture
def _thawed():
    """What a test freezes is thawed again."""
    yield
    gc.unfreeze()


def seconds_of_a_collection():
    """Of the processor, the least of three."""
    took = []
    for _ in range(3):
        begun = time.thread_time()
        gc.collect()
        took.append(time.thread_time() - begun)
    return min(took)


@pytest.mark.usefixtures("_thawed")
def test_what_is_there_when_the_server_is_up_is_not_looked_at_again():
    there = [[number] for number in range(MANY)]
    before = seconds_of_a_collection()
    spare_what_is_there()
    assert seconds_of_a_collection() < before / 5
    assert len(there) == MANY


@pytest.mark.usefixtures("_thawed")
def test_garbage_of_later_is_collected_all_the_same():
    spare_what_is_there()
    thing = Thing()
    thing.itself = thing
    seen = weakref.ref(thing)
    del thing
    gc.collect()
    assert seen() is None
