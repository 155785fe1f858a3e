"""Recording on a card: the button, the light, and what went wrong (SIP-5)."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from linkus_desktop.pbx.tasks import spawn
from linkus_desktop.ui.recording_light import RecordingLight
from linkus_desktop.ui.recording_words import light_words, offer
from linkus_desktop.ui.widgets.buttons import WordButton, tooltip
from linkus_desktop.ui.widgets.message import Message

if TYPE_CHECKING:
    from linkus_desktop.calls.telephone import Call
    from linkus_desktop.pbx.recordings import OwnCalls
    from server.contract.own_calls import OwnCall
    from server.contract.recording import RecordingAction

SHORTCUT = "Ctrl+R"


class CardRecording(QObject):
    """Follows what the server tells of a call, and asks it for what is pressed.

    Attributes:
        button: records, pauses, goes on; it says why where it cannot.
        light: whether the call is recorded now.
        message: why the last press came to nothing.

    Signals:
        arranged(): the light or the button takes another room now.
    """

    arranged = Signal()

    def __init__(self, call: "Call", own_calls: "OwnCalls | None", parent: QObject) -> None:
        """`parent`: the card; with it goes what follows the server."""
        super().__init__(parent)
        self._call = call
        self._own_calls = own_calls
        self._asking: RecordingAction | None = None
        self.button = WordButton("Record", icon_name="record", shortcut=SHORTCUT)
        self.light = RecordingLight()
        self.message = Message(closable=True)
        self.button.clicked.connect(self.press)
        call.changed.connect(self.follow)
        if own_calls is not None:
            own_calls.changed.connect(self.follow)

    @property
    def words(self) -> str:
        """What the light says."""
        known = self._known()
        return light_words(known.recording if known else None)

    @property
    def is_there(self) -> bool:
        """Whether there is a server that could record."""
        return self._own_calls is not None

    def follow(self) -> None:
        """Show what may be done now."""
        known = self._known()
        recording = known.recording if known is not None else None
        offered = offer(recording)
        word = offered.word
        if self._asking is not None:
            word = offered.busy if offered.action is self._asking else word
            if offered.action is not self._asking:
                self._asking = None  # it is done
        before = self.button.text(), self.light.isHidden()
        self.button.become(word, offered.icon, tip=offered.tip, shortcut=SHORTCUT)
        self.button.setAccessibleName(offered.name)
        self.button.setEnabled(offered.action is not None)
        self.button.setAccessibleDescription("" if offered.action is not None else offered.tip)
        if offered.action is None:
            self.button.setToolTip(tooltip(offered.tip))
        self.light.show_recording(recording)
        if before != (self.button.text(), self.light.isHidden()):
            self.arranged.emit()

    def press(self) -> None:
        """Do what the button offers; nothing while the server is being asked."""
        known = self._known()
        action = offer(known.recording).action if known is not None else None
        if known is None or action is None or self._asking is not None or self._own_calls is None:
            return
        self._asking = action
        self.message.clear()
        self.follow()
        spawn(self._own_calls.record(known, action), on_done=self._on_done, on_error=self._on_error)

    def _on_done(self, _: object) -> None:
        self._asking = None
        self.follow()

    def _on_error(self, error: Exception) -> None:
        self._asking = None
        self.message.say(str(error), ("Try again", self.press))
        self.follow()

    def _known(self) -> "OwnCall | None":
        if self._own_calls is None or not self._call.talking:
            return None
        return self._own_calls.find(self._call.sip_call_id, self._call.number)
