"""The parked calls, each a button that takes it; the strip is there only while a call is parked (SIP-4)."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from linkus_desktop.pbx.live import LiveTopic
from linkus_desktop.ui.callers import Callers
from linkus_desktop.ui.texts import absolute, duration, now_utc, on_button
from linkus_desktop.ui.widgets.buttons import WordButton, tooltip
from linkus_desktop.ui.widgets.frames import columns
from linkus_desktop.ui.widgets.labels import label
from server.contract.parking import ParkedCall

LONGEST_NAME = 28
"""Characters of a name that a button shows; the tooltip has all of it."""
_NOT_KNOWN = "Not connected: whether the call still waits is not known now."


class ParkedStrip(QFrame):
    """Slot, name and waiting time of each parked call, by slot.

    While nothing is known they cannot be taken, and no time goes on as if it were (KEY-5).

    Signals: take_requested(str slot, str number): the call on this slot, and who waits there.
    """

    take_requested = Signal(str, str)

    def __init__(
        self,
        parked: LiveTopic[ParkedCall],
        callers: Callers,
        *,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self.setAccessibleName("Parked calls")
        self.buttons: dict[str, WordButton] = {}
        self._parked, self._callers, self._clock = parked, callers, clock
        inner = QWidget()
        self._row = columns(inner, gap=8)
        self._row.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        for ground in (scroll.viewport(), inner):
            ground.setAutoFillBackground(False)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        scroll.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        scroll.setFixedHeight(WordButton("6900").sizeHint().height() + 4)
        layout = columns(self, gap=12)
        layout.setContentsMargins(16, 8, 16, 8)
        layout.addWidget(label("Parked", muted=True))
        layout.addWidget(scroll, 1)
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._tell_times)
        for signal in (parked.reset, parked.changed, parked.became_unknown, callers.changed):
            signal.connect(self._follow)
        self._follow()

    def _follow(self, *_: object) -> None:
        for slot in [slot for slot in self.buttons if slot not in self._parked.items]:
            button = self.buttons.pop(slot)
            self._row.removeWidget(button)
            button.deleteLater()
        for slot in sorted(self._parked.items):
            if slot not in self.buttons:
                button = WordButton("", icon_name="pause")
                button.clicked.connect(partial(self._take, slot))
                self.buttons[slot] = button
                self._row.insertWidget(sorted(self.buttons).index(slot), button)
        self.setVisible(bool(self.buttons))
        (self._second.start if self.buttons and self._parked.known else self._second.stop)()
        for button in self.buttons.values():
            button.forbid("" if self._parked.known else _NOT_KNOWN)
        self._tell_times()

    def _take(self, slot: str) -> None:
        call = self._parked.get(slot)
        if call is not None:
            self.take_requested.emit(slot, call.number)

    def _tell_times(self) -> None:
        now = self._clock()
        for slot, button in self.buttons.items():
            call = self._parked.get(slot)
            if call is None:
                continue
            name = self._callers.name_of(call.number) or call.name or call.number or "Anonymous"
            time = f"  {duration((now - call.since).total_seconds())}" if self._parked.known else ""
            button.setText(f"{slot}  {on_button(_elided(name))}{time}")
            by = self._callers.name_of(call.by) or call.by
            button.setAccessibleName(f"Take the call of {name} from slot {slot}")
            if self._parked.known:
                button.setToolTip(
                    tooltip(f"Take the call of {name}, parked by {by} on {absolute(call.since)}")
                )


def _elided(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    half = (LONGEST_NAME - 1) // 2
    return f"{name[:half]}…{name[-half:]}"
