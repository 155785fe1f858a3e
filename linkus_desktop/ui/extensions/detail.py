"""One colleague in full."""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from linkus_desktop.pbx.colleagues import ColleaguesModel
from linkus_desktop.ui.avatars import paint_avatar
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.extensions.words import PICK_UP, state_words
from linkus_desktop.ui.lamps import PRESENCE_WORDS, Lamp, lamp_of, lit, paint_lamp
from linkus_desktop.ui.pictures import Pictures
from linkus_desktop.ui.texts import absolute, now_utc, since
from linkus_desktop.ui.theme import tokens
from linkus_desktop.ui.widgets.buttons import WordButton, tooltip
from linkus_desktop.ui.widgets.frames import columns, line, rows
from linkus_desktop.ui.widgets.labels import ElidedLabel, label
from server.contract.extensions import ExtensionState


class Portrait(QWidget):
    """A large picture."""

    def __init__(self, pictures: Pictures | None) -> None:
        super().__init__()
        self.setFixedSize(QSize(88, 88))
        self._pictures = pictures
        self._state: ExtensionState | None = None

    def show_person(self, state: ExtensionState) -> None:
        """Show another person."""
        self._state = state
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The disc."""
        if self._state is not None:
            state = self._state
            picture = self._pictures.of(state.number, state.avatar) if self._pictures else None
            paint_avatar(QPainter(self), QRectF(self.rect()), state.name, state.number, picture)


class StateLamp(QWidget):
    """A lamp of its own."""

    def __init__(self, blinker: Blinker) -> None:
        super().__init__()
        self.setFixedSize(QSize(18, 18))
        self._blinker = blinker
        self.lamp = Lamp.UNKNOWN
        blinker.beat.connect(self.update)

    def set_lamp(self, lamp: Lamp) -> None:
        """Show another state."""
        self.lamp = lamp
        self._blinker.want(self, lamp.blinks)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The lamp."""
        paint_lamp(
            QPainter(self), QRectF(self.rect()), self.lamp, tokens(self), on=lit(self.lamp, self._blinker)
        )


class ColleagueDetail(QFrame):
    """Who it is, what they are doing, since when; a button to call, one to take the call that rings there.

    Signals: call_requested(str number), pick_up_requested(str number).
    """

    call_requested = Signal(str)
    pick_up_requested = Signal(str)

    def __init__(
        self,
        colleagues: ColleaguesModel,
        blinker: Blinker,
        pictures: Pictures | None = None,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        super().__init__()
        self.setProperty("role", "surface")
        self.setMinimumWidth(264)
        self._colleagues = colleagues
        self._clock = clock
        self.number = ""
        self.portrait = Portrait(pictures)
        self.name = ElidedLabel("", "display")
        self.name.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.lamp = StateLamp(blinker)
        self.state = label("")
        self.call = WordButton("Call", "go", icon_name="phone", shortcut="Return")
        self.pick_up = WordButton("Pick up", "primary", icon_name="incoming", shortcut=PICK_UP)
        for button in (self.call, self.pick_up):
            button.setProperty("tall", "true")
        self._values: dict[str, ElidedLabel] = {}
        self._hint = label("Choose a colleague to see more.", muted=True, wrap=True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._card = QWidget()
        self._build()
        self.call.clicked.connect(self._on_call)
        self.pick_up.clicked.connect(self._on_pick_up)
        for signal in (colleagues.dataChanged, colleagues.modelReset, colleagues.known_changed):
            signal.connect(self.follow)
        self._minute = QTimer(self, interval=20_000)
        self._minute.timeout.connect(self.follow)
        self._minute.start()
        self.follow()

    def _on_call(self) -> None:
        self.call_requested.emit(self.number)

    def _on_pick_up(self) -> None:
        self.pick_up_requested.emit(self.number)

    def show_number(self, number: str) -> None:
        """Show that colleague."""
        self.number = number
        self.follow()

    def follow(self, *_: object) -> None:
        """Show what is known now."""
        state = self._colleagues.state(self.number) if self.number else None
        self._card.setVisible(state is not None)
        self._hint.setVisible(state is None)
        if state is None:
            self.lamp.set_lamp(Lamp.UNKNOWN)
            return
        lamp, now = lamp_of(state), self._clock()
        self.portrait.show_person(state)
        self.name.setText(state.name or state.number)
        self.lamp.set_lamp(lamp)
        self.state.setText(state_words(state))
        self.call.setToolTip(tooltip(f"Call {state.name or state.number}"))
        self.pick_up.setToolTip(tooltip(f"Take the call that rings at {state.name or state.number}", PICK_UP))
        self.pick_up.setVisible(self._colleagues.can_be_picked_up(self.number))
        in_call = lamp in {Lamp.RINGING, Lamp.TALKING, Lamp.HELD}
        moment = state.call_since if in_call else state.presence.since
        phones = "Unknown" if state.registered is None else _phones(state.phones)
        for key, text in (
            ("Extension", state.number),
            ("Presence", PRESENCE_WORDS[state.presence.status]),
            ("Note", state.presence.note or "None"),
            ("Since", "Unknown" if lamp is Lamp.UNKNOWN else since(moment, now)),
            ("Phones", phones),
            ("Groups", ", ".join(state.groups) or "None"),
        ):
            self._values[key].setText(text)
        if lamp is not Lamp.UNKNOWN:
            self._values["Since"].setToolTip(absolute(moment))

    def _build(self) -> None:
        column = rows(self._card, gap=8)
        column.addWidget(self.portrait, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(8)
        column.addWidget(self.name)
        state = columns(gap=8)
        state.addStretch(1)
        state.addWidget(self.lamp)
        state.addWidget(self.state)
        state.addStretch(1)
        column.addLayout(state)
        column.addSpacing(8)
        column.addWidget(self.pick_up)
        column.addWidget(self.call)
        column.addSpacing(8)
        column.addWidget(line())
        column.addSpacing(4)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(12)
        grid.setColumnStretch(1, 1)
        for i, key in enumerate(("Extension", "Presence", "Note", "Since", "Phones", "Groups")):
            grid.addWidget(label(key, muted=True), i, 0)
            self._values[key] = ElidedLabel()
            grid.addWidget(self._values[key], i, 1)
        column.addLayout(grid)
        layout = rows(self)
        layout.setContentsMargins(24, 32, 24, 24)
        layout.addWidget(self._card)
        layout.addStretch(1)
        layout.addWidget(self._hint)
        layout.addStretch(1)


def _phones(count: int) -> str:
    if not count:
        return "None registered"
    return "1 registered" if count == 1 else f"{count} registered"
