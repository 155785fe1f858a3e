"""Qt objects end on the main thread, whatever thread allocates."""

import gc
import threading
import weakref

from PySide6.QtCore import QObject

from linkus_desktop.garbage import MainThreadCollector


class Cycle(QObject):
    def __init__(self, ended: list[int]) -> None:
        super().__init__()
        self.me = self
        weakref.finalize(self, lambda: ended.append(threading.get_ident()))


def _allocate() -> None:
    kept = [[] for _ in range(5000)]
    assert kept


def test_what_a_worker_allocates_collects_nothing_there_and_the_next_look_does(qapp) -> None:
    collector = MainThreadCollector()
    try:
        gc.collect()
        ended: list[int] = []
        Cycle(ended)
        worker = threading.Thread(target=_allocate)
        worker.start()
        worker.join()
        assert ended == []
        keep = [[] for _ in range(1000)]
        collector.look()
        assert ended == [threading.get_ident()], len(keep)
    finally:
        collector.stop()
    assert gc.isenabled()
