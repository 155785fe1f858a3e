"""The local conference in the panel: who is in it, and what can be done with all or one of them (SIP-4)."""

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.call_face import Face
from linkus_desktop.ui.call_quality import QualitySign
from linkus_desktop.ui.call_words import lamp_of_call, state_words
from linkus_desktop.ui.card_actions import CardActions
from linkus_desktop.ui.card_recording import CardRecording
from linkus_desktop.ui.texts import duration
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.frames import columns, rows
from linkus_desktop.ui.widgets.labels import ElidedLabel, label

if TYPE_CHECKING:
    from linkus_desktop.pbx.recordings import OwnCalls
    from linkus_desktop.sip.call import Call
    from linkus_desktop.sip.conference import Conference
    from linkus_desktop.ui.callers import Callers


_DROP = "Hang up on this person only"


class MemberRow(QWidget):
    """One of them. Signals: split_requested(object Call)."""

    split_requested = Signal(object)

    def __init__(
        self, call: "Call", blinker: Blinker, callers: "Callers | None", own_calls: "OwnCalls | None"
    ) -> None:
        super().__init__()
        self.call = call
        self._callers = callers
        self.face = Face(blinker, 30)
        self.name = ElidedLabel()
        self.state = label("", "small", muted=True)
        self.recording = CardRecording(call, own_calls, self)
        self.quality = QualitySign()
        self.split = WordButton("Split off", tip="Talk with this person alone")
        self.drop = WordButton("Drop", icon_name="hang-up", tip=_DROP)
        layout = columns(self, gap=8)
        self._layout, self._who = layout, rows(gap=0)
        self._who.addWidget(self.name)
        layout.addWidget(self.face)
        layout.addLayout(self._who, 1)
        layout.addWidget(self.recording.light)
        layout.addWidget(self.state)
        layout.addWidget(self.quality)
        layout.addWidget(self.split)
        layout.addWidget(self.drop)
        self.split.clicked.connect(self._on_split)
        self.drop.clicked.connect(call.hangup)
        call.changed.connect(self.follow)
        self.recording.arranged.connect(self.follow)
        self.follow()

    def follow(self) -> None:
        """Show who it is, and the state."""
        call = self.call
        name = (self._callers.name(call) if self._callers else call.name) or call.number or "Unknown caller"
        picture = self._callers.picture(call) if self._callers else None
        self.name.setText(name)
        self.state.setText(state_words(call, self._callers))
        self.face.show_call(name, call.number, lamp_of_call(call), picture)
        self.split.setAccessibleName(f"Split off {name}")
        self.drop.setAccessibleName(f"Drop {name}")
        self.recording.follow()
        states = filter(None, [self.state.text(), self.recording.words])
        self.setAccessibleName(f"{name}: {', '.join(states)}")

    def set_narrow(self, narrow: bool) -> None:
        """Where there is little room the light is below the name, and the lamp says the state."""
        self.state.setVisible(not narrow)
        self.drop.become("Drop", "" if narrow else "hang-up", tip=_DROP)
        self.drop.setAccessibleName(f"Drop {self.name.text()}")
        self.recording.light.set_short(narrow)
        self._layout.removeWidget(self.recording.light)
        self._who.removeWidget(self.recording.light)
        if narrow:
            self._who.addWidget(self.recording.light, 0, Qt.AlignmentFlag.AlignLeft)
        else:
            self._layout.insertWidget(2, self.recording.light)

    def _on_split(self) -> None:
        self.split_requested.emit(self.call)


class ConferenceCard(QFrame):
    """All of the conference's calls in one card; hidden while there is none.

    Signals: add_requested(object ConferenceCard): choose whom to add.
    """

    add_requested = Signal(object)

    def __init__(
        self,
        conference: "Conference",
        blinker: Blinker,
        callers: "Callers | None" = None,
        own_calls: "OwnCalls | None" = None,
    ) -> None:
        super().__init__()
        self._own_calls = own_calls
        self._conference = conference
        self._blinker = blinker
        self._callers = callers
        self._narrow: bool | None = None
        self.members: list[MemberRow] = []
        self.setProperty("role", "card")
        self.setProperty("current", "true")
        self.title = label("Conference", "title")
        self.state = label("", muted=True)
        self.timer = label("", "title")
        self.timer.setAccessibleName("Duration")
        self.timer.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.hold = WordButton("Hold", icon_name="pause", shortcut="Ctrl+H")
        self.mute = WordButton("Mute", icon_name="microphone", shortcut="Ctrl+M")
        self.mute.setCheckable(True)
        self.hang_up = WordButton(
            "Hang up", "stop", icon_name="hang-up", tip="Hang up on everybody", shortcut="Ctrl+D"
        )
        self.add = WordButton(
            "Add",
            icon_name="add-person",
            tip="Call somebody else into the conference",
            shortcut="Ctrl+Shift+J",
        )
        self._actions = CardActions([self.hold, self.mute, self.add, self.hang_up])
        self._build()
        self.hold.clicked.connect(self.toggle_hold)
        self.mute.clicked.connect(self.toggle_mute)
        self.add.clicked.connect(self.press_add)
        self.hang_up.clicked.connect(conference.hangup)
        conference.changed.connect(self.follow)
        if callers is not None:
            callers.changed.connect(self._follow_parties)
        self.hide()
        self.follow()

    def follow(self) -> None:
        """Show who is in it now."""
        conference = self._conference
        if [row.call for row in self.members] != conference.calls:
            self._fill()
        count = len(conference.calls)
        held, muted = conference.held, conference.muted
        who = f"{count} people and you"
        self.state.setText(f"{who}, on hold" if held else (f"{who}, you are muted" if muted else who))
        self.hold.become(*(("Resume", "play") if held else ("Hold", "pause")), shortcut="Ctrl+H")
        self.mute.setChecked(muted)
        self.mute.become(
            *(("Unmute", "microphone-off") if muted else ("Mute", "microphone")), shortcut="Ctrl+M"
        )
        self.setAccessibleName(f"Conference: {self.state.text()}")
        self.setVisible(bool(count))

    def tick(self, now: datetime) -> None:
        """Show how long it lasts."""
        since = self._conference.since
        self.timer.setText(duration((now - since).total_seconds()) if since else "")
        for row in self.members:
            row.quality.follow(None if self._narrow else row.call.quality())  # names need the room

    def set_narrow(self, narrow: bool) -> None:
        """Whether there is no room for the actions beside the title."""
        if narrow is self._narrow:
            return
        self._narrow = narrow
        self._top.removeWidget(self._actions)
        self._layout.removeWidget(self._actions)
        if narrow:
            self._layout.insertWidget(1, self._actions)
        else:
            self._top.addWidget(self._actions)
        self._actions.offer([self.hold, self.mute, self.add, self.hang_up], two_columns=narrow)
        for row in self.members:
            row.set_narrow(narrow)

    def toggle_hold(self) -> None:
        """Hold all, or take all back."""
        if self._conference.held:
            self._conference.resume()
        else:
            self._conference.hold()

    def toggle_mute(self) -> None:
        """Cut the microphone off from all, or put it back."""
        self._conference.set_muted(not self._conference.muted)

    def end_call(self) -> None:
        """Hang up on everybody."""
        self._conference.hangup()

    def press_add(self) -> None:
        """Choose whom to add."""
        self.add_requested.emit(self)

    def press_record(self) -> None:
        """A conference is not recorded as one; each call of it is, or is not."""

    def press_transfer(self) -> None:
        """A conference is not transferred; one of it may be, once it is split off."""

    def _build(self) -> None:
        who = rows(gap=2)
        who.addWidget(self.title)
        who.addWidget(self.state)
        self.timer.setMinimumWidth(self.timer.fontMetrics().horizontalAdvance("0:00:00") + 24)
        self._top = columns(gap=12)
        self._top.addLayout(who, 1)
        self._top.addWidget(self.timer)
        self._rows = rows(gap=4)
        self._layout = rows(self, gap=8)
        self._layout.setContentsMargins(12, 12, 12, 12)
        self._layout.addLayout(self._top)
        self._layout.addLayout(self._rows)
        self.set_narrow(False)

    def _fill(self) -> None:
        for row in [row for row in self.members if row.call not in self._conference.calls]:
            self.members.remove(row)
            self._rows.removeWidget(row)
            row.hide()
            row.deleteLater()
        known = [row.call for row in self.members]
        for call in self._conference.calls:
            if call not in known:
                row = MemberRow(call, self._blinker, self._callers, self._own_calls)
                row.split_requested.connect(self._conference.split)
                row.set_narrow(bool(self._narrow))
                self.members.append(row)
                self._rows.addWidget(row)

    def _follow_parties(self) -> None:
        for row in self.members:
            row.follow()
