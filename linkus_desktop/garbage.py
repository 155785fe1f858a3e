"""Cyclic garbage is collected on the main thread only.

Python collects in whichever thread happens to allocate. If that is a worker (the store's writer, a look-up in
the keyring), Qt objects that are part of a cycle end there, which Qt does not allow: timers complain, and the
program may crash.
"""

import gc

from PySide6.QtCore import QObject, Qt, QTimer

PERIOD_MS = 1000
"""How often the counts are looked at: that takes a microsecond, collecting the youngest a millisecond."""


class MainThreadCollector(QObject):
    """Takes the collecting over from Python until `stop`; make it on the main thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
        self._timer.timeout.connect(self.look)
        self._timer.start(PERIOD_MS)

    def look(self) -> None:
        """Collect the oldest generation whose turn it is, by Python's own thresholds."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > thresholds[generation]:
                gc.collect(generation)
                return

    def stop(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        gc.enable()
