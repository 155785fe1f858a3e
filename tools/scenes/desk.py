"""A main window with its world, and what a picture is made of."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

import fakes
from PySide6.QtWidgets import QWidget

from linkus_desktop.pbx.states import ConnectionState
from linkus_desktop.sip.values import CallState, Quality, Registration
from linkus_desktop.ui.call_card import CallCard

LONG = "Maximiliane Alexandra von Hohenstein-Wittgenstein-Berleburg"
GOOD = Quality("G722", True, 0.1, 0.0, 3.0, 24.0, 4.3, 4.2)
BAD = Quality("PCMA", False, 14.2, 6.1, 47.0, 512.0, 2.2, 3.3)


@dataclass
class Scene:
    """A window, what happens once it is on the screen, and which part of it is pictured (None: all)."""

    window: QWidget
    then: Callable[[], object] | None = None
    part: Callable[[], QWidget] | None = None
    settle_ms: int = 60


class Desk:
    """The main window of somebody at work."""

    def __init__(
        self, room: str = "phone", world: fakes.World | None = None, *, online: bool = True, **parts: object
    ) -> None:
        """`parts`: further ones of `MainWindow`."""
        self.world = world or fakes.World()
        self.window = self.world.window(**parts)
        if online:
            self.world.session.connection_changed.emit(ConnectionState.ONLINE, "")
            self.world.phone.registration_changed.emit(Registration.REGISTERED, "")
        if room != "phone":
            self.window.open_room(room)

    def scene(
        self, then: Callable[[], object] | None = None, part: Callable[[], QWidget] | None = None
    ) -> Scene:
        """Picture it."""
        return Scene(self.window, then, part)

    def compact(self) -> "Desk":
        """In the compact window."""
        self.window.size_of.set_compact(True)
        return self

    def call(
        self,
        number: str = "1002",
        name: str = "Ben Carter",
        state: CallState = CallState.ACTIVE,
        *,
        seconds: int | None = 754,
        quality: Quality = GOOD,
        recording: str | None = None,
        actions: Iterable[str] = ("start",),
        refusal: str = "",
    ) -> fakes.FakeCall:
        """A call, of which the server tells how it is recorded."""
        talked = None if seconds is None else timedelta(seconds=seconds)
        call = fakes.FakeCall(number, name, state, talked=talked)
        call.measured = quality
        self.world.phone.add(call)
        if call.talking:
            self.world.tell_recording(call, recording, actions=() if refusal else actions, refusal=refusal)
        return call

    def card(self, call: fakes.FakeCall) -> CallCard:
        """The card of a call."""
        found = self.window.calls.card_of(call)
        if found is None:
            raise LookupError("this call has no card")
        return found

    @property
    def room(self) -> QWidget:
        """The room that is open."""
        return self.window.stack.currentWidget()
