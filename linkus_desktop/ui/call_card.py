"""One call in the panel: who, how long, its state, and what can be done with it, in words."""

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QSizePolicy

from linkus_desktop.sip.values import Ability, CallState
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.call_face import Face
from linkus_desktop.ui.call_keypad import CallKeypad
from linkus_desktop.ui.call_quality import CallQuality
from linkus_desktop.ui.call_words import failure_words, lamp_of_call, state_words, wait_words
from linkus_desktop.ui.card_actions import CardActions
from linkus_desktop.ui.card_recording import CardRecording
from linkus_desktop.ui.emergency_notice import EmergencyNotice
from linkus_desktop.ui.texts import duration
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.frames import columns, restyle, rows
from linkus_desktop.ui.widgets.labels import ElidedLabel, label
from linkus_desktop.ui.widgets.message import Message

if TYPE_CHECKING:
    from linkus_desktop.calls.telephone import Call
    from linkus_desktop.pbx.recordings import OwnCalls
    from linkus_desktop.ui.callers import Callers

WHO_WIDTH = 320
"""What face, name and timer need beside the buttons (logical pixels); with less, the buttons go below."""
_MARGIN = 12
_GAP = 12
"""Between face, words, timer and buttons (logical pixels)."""


class CallCard(QFrame):
    """A call's card. It only asks for things; the panel and the phone do them.

    Signals: switch_requested(object Call), again_requested(object CallCard), closed(object CallCard),
    finished(object CallCard): the call ended; transfer_requested(object CallCard), add_requested(object
    CallCard): choose whom to transfer to, or to add; complete_requested(object Call),
    back_requested(object Call): a consultation, to be completed or given up; merge_requested().
    """

    switch_requested = Signal(object)
    again_requested = Signal(object)
    closed = Signal(object)
    finished = Signal(object)
    transfer_requested = Signal(object)
    add_requested = Signal(object)
    complete_requested = Signal(object)
    back_requested = Signal(object)
    merge_requested = Signal()

    def __init__(
        self,
        call: "Call",
        blinker: Blinker,
        callers: "Callers | None" = None,
        own_calls: "OwnCalls | None" = None,
    ) -> None:
        super().__init__()
        self.call = call
        self._callers = callers
        self.narrow = False
        self.setProperty("role", "card")
        self.face = Face(blinker, 40)
        self.name = ElidedLabel()
        self.name.setProperty("strong", "true")
        self.number = ElidedLabel("", muted=True)
        self.state = ElidedLabel("", muted=True, gives_up=Qt.TextElideMode.ElideRight)
        self.state.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.timer = label("", "title")
        self.timer.setAccessibleName("Duration")
        self.quality = CallQuality(self)
        self.answer = WordButton("Answer", "go", icon_name="phone", shortcut="Ctrl+Return")
        self.ignore = WordButton(
            "Ignore", tip="Stop ringing here; it goes on ringing elsewhere", shortcut="Ctrl+I"
        )
        self.hold = WordButton("Hold", icon_name="pause")
        self.mute = WordButton("Mute", icon_name="microphone", shortcut="Ctrl+M")
        self.keypad_button = WordButton("Keypad", icon_name="keypad", tip="Send tones")
        self.switch = WordButton("Switch", icon_name="switch", tip="Hold the other call and talk here")
        self.transfer = WordButton(
            "Transfer", icon_name="transfer", tip="Connect this person with somebody else", shortcut="Ctrl+T"
        )
        self.merge = WordButton(
            "Merge", icon_name="conference", tip="Talk with all of them together", shortcut="Ctrl+J"
        )
        self.add = WordButton(
            "Add",
            icon_name="add-person",
            tip="Call somebody else into this conversation",
            shortcut="Ctrl+Shift+J",
        )
        self.complete = WordButton(
            "Complete transfer",
            "primary",
            icon_name="transfer",
            tip="Connect the two and leave",
            shortcut="Ctrl+T",
        )
        self.go_back = WordButton("Cancel and go back", tip="End this call and talk with the one on hold")
        self.decline = WordButton(
            "Decline", "stop", icon_name="hang-up", tip="Send the caller away", shortcut="Ctrl+Shift+D"
        )
        self.hang_up = WordButton("Hang up", "stop", icon_name="hang-up", shortcut="Ctrl+D")
        self.again = WordButton("Call again", icon_name="phone")
        self.close_button = WordButton("Close", tip="Close this card")
        self.mute.setCheckable(True)
        self.keypad_button.setCheckable(True)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self.keypad = CallKeypad()
        self.keypad.hide()
        self.emergency = EmergencyNotice()
        self.message = Message(closable=True)
        self.recording = CardRecording(call, own_calls, self)
        self._said = self._words = self._wait = ""
        self._build()
        self._connect()
        self.follow()

    def buttons(self) -> list[WordButton]:
        """The actions of the call's state, in reading order."""
        if not self.call.known:
            return []
        if self._being_transferred():
            return [self.hang_up]
        if self.call.state is CallState.ENDED:
            end = self.call.end
            handed_over = end is not None and (end.answered_elsewhere or end.transferred)
            callable_again = self.call.number and not handed_over and not self.call.picks_up
            return [*([self.again] if callable_again else []), self.close_button]
        if self.call.consultation_for is not None:
            return self._buttons_of_consultation()
        if self.call.state is CallState.INCOMING:
            return [self.answer, *([] if self.call.ignored else [self.ignore]), self.decline]
        return [*self._buttons_of_talk(), self.hang_up]

    def _buttons_of_talk(self) -> list[WordButton]:
        if self.call.state is CallState.ACTIVE:
            first = [self.hold, *([self.mute] if self._can(Ability.MUTE) else []), self.keypad_button]
            together = self.merge if self._others_talk else self.add
            mixes = [together] if self._can(Ability.MERGE) else []
            return [*first, *self._record(), self.transfer, *mixes]
        if self.call.state is CallState.HELD:
            return [self.switch if self._others_talk else self.hold, *self._record(), self.transfer]
        return []

    def _record(self) -> list[WordButton]:
        return [self.recording.button] if self.recording.is_there else []

    def _buttons_of_consultation(self) -> list[WordButton]:
        match self.call.state:
            case CallState.DIALLING:
                return [self.go_back]
            case CallState.RINGING_OUT:
                return [self.complete, self.go_back]
            case CallState.HELD:
                return [self.switch, self.complete, self.go_back]
            case _:
                more = ((Ability.MERGE, self.merge), (Ability.MUTE, self.mute))
                return [self.complete, self.go_back, *(button for what, button in more if self._can(what))]

    def _can(self, ability: Ability) -> bool:
        return not self.call.why_not(ability)

    def _say_what_cannot_be_done(self) -> None:
        """Disable what this call cannot, but another could, and say why."""
        early = self.call.consultation_for is not None and self.call.state is CallState.RINGING_OUT
        answer = "" if self.call.state is not CallState.INCOMING else self.call.why_not(Ability.ANSWER)
        self.answer.forbid(answer)
        self.complete.forbid(self.call.why_not(Ability.EARLY_TRANSFER) if early else "")

    def follow(self) -> None:
        """Show what the call is now."""
        call = self.call
        self._words = state_words(call, self._callers)
        failed = call.end is not None and not call.end.transferred
        self._write_state()
        self.state.setProperty("tone", "danger" if failed else "muted")
        restyle(self.state)
        self.follow_party()
        held = call.state is CallState.HELD
        self.hold.become(*(("Resume", "play") if held else ("Hold", "pause")), shortcut="Ctrl+H")
        self.mute.setChecked(call.muted)
        self.mute.become(
            *(("Unmute", "microphone-off") if call.muted else ("Mute", "microphone")), shortcut="Ctrl+M"
        )
        if call.state is not CallState.ACTIVE:
            self.keypad_button.setChecked(False)
        self._tell_failure()
        self._say_what_cannot_be_done()
        self.recording.follow()
        self._show_buttons()

    def _write_state(self) -> None:
        self.state.setText(", ".join(filter(None, (self._words, self._wait))))

    def follow_party(self) -> None:
        """Show who is at the other end, as far as it is known now."""
        call = self.call
        name = self._callers.name(call) if self._callers else call.name
        picture = self._callers.picture(call) if self._callers else None
        self.name.setText(name or call.number or "Unknown caller")
        self.number.setText(call.number if name and name != call.number else "")
        states = [state_words(call, self._callers), self.recording.words]
        self.emergency.follow(call, self._callers)
        self.setAccessibleDescription(self.emergency.text)
        self.setAccessibleName(f"Call with {self.name.text()}: {', '.join(filter(None, states))}")
        self.face.show_call(name, call.number, lamp_of_call(call), picture)

    def tick(self, now: datetime) -> None:
        """Show how long it lasts."""
        call = self.call
        wait = wait_words(call, now)
        if wait != self._wait:
            self._wait = wait
            self._write_state()
        start = call.answered_at or (call.started_at if call.state is not CallState.ENDED else None)
        shown = start is not None and call.known
        self.timer.setText(duration((now - start).total_seconds()) if start and shown else "")
        self.quality.follow(call, now)

    def set_place(self, *, current: bool, others_talk: bool, narrow: bool) -> None:
        """Whether it is the active call, whether another one is, and whether there is little room."""
        self._others_talk = others_talk
        self.narrow = narrow
        if self.property("current") != str(current).lower():
            self.setProperty("current", str(current).lower())
            self.name.setProperty("type", "title" if current else "body")
            self._follow_margins()
            for widget in (self, self.name):
                restyle(widget)
        self._show_buttons()

    def _build(self) -> None:
        self._others_talk = False
        self._form: tuple[bool, bool] | None = None
        who = rows(gap=2)
        who.addStretch(1)
        who.addWidget(self.name)
        second = columns(gap=8)
        second.addWidget(self.state)
        second.addWidget(self.recording.light)
        second.addWidget(self.number, 1)
        self._who, self._second = who, second
        who.addLayout(second)
        who.addStretch(1)
        self.timer.setMinimumWidth(self.timer.fontMetrics().horizontalAdvance("0:00:00") + 24)
        self.timer.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._actions = CardActions(self._all_buttons())
        top = columns(gap=_GAP)
        top.addWidget(self.face)
        top.addLayout(who, 1)
        clock = rows()
        clock.addStretch(1)
        clock.addWidget(self.timer)
        clock.addWidget(self.quality.sign, 0, Qt.AlignmentFlag.AlignRight)
        clock.addStretch(1)
        top.addLayout(clock)
        self._top = top
        layout = rows(self, gap=8)
        layout.setContentsMargins(_MARGIN, 8, _MARGIN, 8)
        layout.addLayout(top)
        layout.addWidget(self.emergency)
        layout.addWidget(self.message)
        layout.addWidget(self.recording.message)
        layout.addWidget(self.quality.warning)
        layout.addWidget(self.keypad)
        self._layout = layout

    def _connect(self) -> None:
        call = self.call
        call.changed.connect(self.follow)
        call.ended.connect(self._on_ended)
        self.answer.clicked.connect(call.answer)
        self.ignore.clicked.connect(call.ignore)
        self.decline.clicked.connect(self._decline)
        self.hang_up.clicked.connect(call.hangup)
        self.hold.clicked.connect(self.toggle_hold)
        self.mute.clicked.connect(self.toggle_mute)
        self.switch.clicked.connect(self._on_switch)
        self.keypad_button.toggled.connect(self._on_keypad)
        self.keypad.digit.connect(call.send_dtmf)
        self.keypad.left.connect(self._on_keypad_left)
        self.again.clicked.connect(self._on_again)
        self.close_button.clicked.connect(self._on_close)
        self.transfer.clicked.connect(self._on_transfer)
        self.add.clicked.connect(self._on_add)
        self.merge.clicked.connect(self.merge_requested)
        self.complete.clicked.connect(self._on_complete)
        self.go_back.clicked.connect(self._on_back)
        self._patience.timeout.connect(self._on_close)
        self.recording.arranged.connect(self._on_recording)

    def close_after(self, ms: int) -> None:
        """Ask to be closed after a while."""
        self._patience.start(ms)

    def toggle_mute(self) -> None:
        """Cut the microphone off, or put it back, where that can be done."""
        if self._can(Ability.MUTE):
            self.call.set_muted(not self.call.muted)

    def end_call(self) -> None:
        """Hang up."""
        self.call.hangup()

    def press_transfer(self) -> None:
        """Complete the consultation, or choose whom to transfer to; nothing where neither is offered."""
        for button in self.buttons():
            if button in {self.complete, self.transfer}:
                button.click()

    def press_add(self) -> None:
        """Choose whom to add, where that is offered."""
        if self.add in self.buttons():
            self.add.click()

    def press_record(self) -> None:
        """Record, pause or go on, where that is offered."""
        if self.recording.button in self.buttons():
            self.recording.press()

    def _on_recording(self) -> None:
        self.follow_party()
        self._show_buttons()

    def _on_transfer(self) -> None:
        self.transfer_requested.emit(self)

    def _on_add(self) -> None:
        self.add_requested.emit(self)

    def _on_complete(self) -> None:
        self.complete_requested.emit(self.call)

    def _on_back(self) -> None:
        self.back_requested.emit(self.call)

    def _being_transferred(self) -> bool:
        first = self.call.consultation_for
        return self.call.transfer_progress.under_way or (
            first is not None and first.transfer_progress.under_way
        )

    def _tell_failure(self) -> None:
        """Say why the transfer failed, once, and offer the next try."""
        words = failure_words(self.call, self._callers)
        if words and words != self._said:
            self.message.say(words, ("Transfer to somebody else", self._on_transfer))
        elif not words:
            self.message.clear()
        self._said = words

    def _on_switch(self) -> None:
        self.switch_requested.emit(self.call)

    def _on_again(self) -> None:
        self.again_requested.emit(self)

    def _on_close(self) -> None:
        self.closed.emit(self)

    def _on_ended(self, _end: object) -> None:
        self.finished.emit(self)

    def _decline(self) -> None:
        self.call.reject()  # the signal's own argument is not "busy"

    def toggle_hold(self) -> None:
        """Hold the call, or take it back."""
        if self.call.state is CallState.HELD:
            self.call.resume()
        elif self.call.state is CallState.ACTIVE:
            self.call.hold()

    def _on_keypad(self, shown: bool) -> None:
        self.keypad.setVisible(shown)
        if shown:
            self.keypad.setFocus()

    def _on_keypad_left(self) -> None:
        self.keypad_button.setChecked(False)
        self.keypad_button.setFocus()

    def _all_buttons(self) -> list[WordButton]:
        return [
            self.answer,
            self.ignore,
            self.hold,
            self.mute,
            self.keypad_button,
            self.recording.button,
            self.switch,
            self.complete,
            self.go_back,
            self.transfer,
            self.add,
            self.merge,
            self.decline,
            self.hang_up,
            self.again,
            self.close_button,
        ]

    def _show_buttons(self) -> None:
        wanted = self.buttons()
        # Before it is shown its width means nothing.
        fits = not self.isVisible() or self._actions.line_width(wanted) <= self.width() - 2 * _MARGIN
        per_line = 0 if fits else (len(wanted) + 1) // 2
        self._actions.offer(wanted, two_columns=self.narrow, per_line=per_line)
        below = self.narrow or self.width() - self._actions.line_width(wanted) < WHO_WIDTH
        beside = 0 if below else self._actions.line_width(wanted) + _GAP
        self.number.setVisible(not self.isVisible() or self._number_fits(beside))
        if (below, self.narrow) == self._form:
            return
        self._form = (below, self.narrow)
        self._top.setSpacing(8 if self.narrow else _GAP)
        self._follow_margins()
        self._layout.removeWidget(self._actions)
        self._place_light()
        if below:
            self._top.removeWidget(self._actions)
            self._layout.insertWidget(
                2, self._actions, 0, *(() if self.narrow else (Qt.AlignmentFlag.AlignRight,))
            )
        else:
            self._layout.removeWidget(self._actions)
            self._top.addWidget(self._actions)

    def _number_fits(self, beside: int) -> bool:
        """Whether the whole number has room behind the other words, with so many pixels of buttons beside."""
        words = [
            self.state,
            self.number,
            *([] if self.narrow or self.recording.light.isHidden() else [self.recording.light]),
        ]
        clock = max(widget.sizeHint().width() for widget in (self.timer, self.quality.sign))
        clock = max(clock, self.timer.minimumWidth())
        room = self.width() - 2 * _MARGIN - self.face.width() - clock - 2 * self._top.spacing() - beside
        return sum(widget.sizeHint().width() + self._second.spacing() for widget in words) <= room

    def _place_light(self) -> None:
        """Beside the state; in the compact window it has a line of its own."""
        light = self.recording.light
        self._second.removeWidget(light)
        self._who.removeWidget(light)
        if self.narrow:
            self._who.insertWidget(self._who.count() - 1, light, 0, Qt.AlignmentFlag.AlignLeft)
        else:
            self._second.insertWidget(1, light)

    def _follow_margins(self) -> None:
        """The active card is larger, where that takes no room from what is below."""
        roomy = self.property("current") == "true" and self._form == (False, False)
        self._layout.setContentsMargins(_MARGIN, 14 if roomy else 8, _MARGIN, 14 if roomy else 8)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The buttons go where there is room."""
        super().resizeEvent(event)
        self._show_buttons()

    def showEvent(self, event: QShowEvent) -> None:
        """It was given its width before it was on the screen."""
        super().showEvent(event)
        self._show_buttons()

    def minimumSizeHint(self) -> QSize:
        """Buttons go where there is room: the window can be narrower than all of them in a line."""
        return QSize(0, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        """Fits a narrow window."""
        hint = super().sizeHint()
        return QSize(300, hint.height())
