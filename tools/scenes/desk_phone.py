"""The client controls a desk phone."""

from collections.abc import Callable
from datetime import timedelta

import fakes

from linkus_desktop.calls.chosen_phone import ChosenPhone
from linkus_desktop.calls.desk_phone import DeskPhone
from linkus_desktop.pbx.errors import PbxError
from linkus_desktop.pbx.states import ConnectionState
from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.incoming_window import IncomingWindow
from server.contract.calls import Direction
from server.contract.own_calls import OwnCall, OwnCallState, OwnPhone
from server.contract.reaching import EndpointKind
from server.contract.recording import CallRecording
from tools.scenes.desk import LONG, Desk, Scene

YEALINK = "Yealink SIP-T54W 96.86.0.70"
LONG_PHONE = "Grandstream-HT813-with-DECT-base-of-the-regional-office 1.0.13.9"
AGAIN = "The phone of 1001 itself holds this call: resume it there."


class Server:
    """Does what it is asked, or says `problem`."""

    problem = ""

    async def make_call(self, _number: str, *, phone: str | None) -> str:
        """The id of a call that `phone` makes."""
        return f"made by {phone}"

    async def hold(self, _call_id: str, *, on: bool) -> None:  # noqa: ARG002  as the real one
        """Hold, or take back."""
        if self.problem:
            raise PbxError(self.problem)


class Control(Desk):
    """Somebody whose calls are the desk phone's."""

    def __init__(self, *phones: str, room: str = "phone", use: str | None = "") -> None:
        world = fakes.World()
        live = world.session.live
        self.live = live
        self.server = Server()
        live.phones.take_snapshot({name: _phone(name) for name in phones})
        live.calls.take_snapshot({})
        desk = DeskPhone(
            live.calls,
            live.phones,
            self.server,
            lambda: "1001",
            is_elsewhere=lambda call: call.id.startswith("server-"),
            run=fakes.at_once,
        )
        self.computer = world.phone
        self.phones = world.phone = ChosenPhone(world.phone, desk, world.settings)
        super().__init__(room, world, phones=self.phones)
        self.phones.use(use)

    def tell(self, call_id: str, state: str, number: str = "1002", **more: object) -> None:
        """The server tells of a call."""
        facts = {
            "name": "",
            "since": fakes.NOW - timedelta(seconds=754 if state == "talking" else 5),
            "sip_call_ids": [],
            "recording": CallRecording(state=None, actions=["start"], refusal=None),
            "direction": Direction.OUTGOING,
            **more,
        }
        self.live.calls.take_delta(
            call_id,
            OwnCall.model_validate({"id": call_id, "number": number, "state": OwnCallState(state), **facts}),
        )
        self.live.calls.flush()


def _phone(name: str) -> OwnPhone:
    return OwnPhone(id=name, name=name, kind=EndpointKind.EXTENSION_ENDPOINT, can_answer=True, reachable=True)


def chosen() -> Scene:
    """The choice below the dial pad, and a call."""
    desk = Control(YEALINK)
    desk.tell("x", "talking")
    return desk.scene()


def two_calls() -> Scene:
    """One that the desk phone holds, and one that it was told to make."""
    desk = Control(YEALINK)
    desk.tell("x", "talking", held_by=["1001"])
    desk.window.dial("1003")
    return desk.scene(part=lambda: desk.window.calls)


def rings() -> Scene:
    """It cannot be told to answer; the caller's name is long."""
    desk = Control(YEALINK)
    desk.tell("x", "ringing", "12345678", name=LONG, direction=Direction.INCOMING)
    return desk.scene(part=lambda: desk.window.calls)


def nobody() -> Scene:
    """None is registered."""
    desk = Control()
    return desk.scene()


def unknown() -> Scene:
    """What the call does is not known while the server is away."""
    desk = Control(YEALINK)
    desk.tell("x", "talking")
    desk.live.forget()
    text = "The network is down. Trying again in 8 seconds."
    desk.world.session.connection_changed.emit(ConnectionState.OFFLINE, text)
    return desk.scene()


def refused() -> Scene:
    """The server says why it was not done."""
    desk = Control(YEALINK)
    desk.tell("x", "talking")
    desk.server.problem = AGAIN
    return desk.scene(desk.window.calls.cards[0].hold.click)


def compact() -> Scene:
    """In the compact window, with a long name."""
    desk = Control(LONG_PHONE)
    desk.compact()
    desk.tell("x", "talking")
    return desk.scene()


def window(**more: object) -> Scene:
    """The window of a call that has to be answered on the phone."""
    desk = Control(YEALINK)
    desk.tell("x", "ringing", "1004", name="David Kim", direction=Direction.INCOMING, **more)
    call = desk.phones.calls[0]
    return Scene(IncomingWindow(call, callers=desk.window.callers))


def preferences(*phones: str, use: str | None = "") -> Scene:
    """The section of the preferences."""
    desk = Control(*phones, room="preferences", use=use)
    return desk.scene(part=lambda: desk.room.desk_phone)  # type: ignore[attr-defined]


def mixed() -> Scene:
    """A call of this computer goes on beside the desk phone's."""
    desk = Control(YEALINK)
    computer = fakes.FakeCall("1003", "Chiara Rossi", CallState.HELD, talked=timedelta(seconds=32))
    desk.computer.add(computer)
    desk.world.tell_recording(computer, actions=["start"])
    desk.tell("x", "talking")
    return desk.scene(part=lambda: desk.window.calls)


SCENES: dict[str, Callable[[], Scene]] = {
    "main-desk-phone": chosen,
    "main-desk-phone-two-calls": two_calls,
    "main-desk-phone-and-computer": mixed,
    "main-desk-phone-rings": rings,
    "main-desk-phone-none": nobody,
    "main-desk-phone-unknown": unknown,
    "main-desk-phone-refused": refused,
    "main-compact-desk-phone": compact,
    "incoming-desk-phone": window,
    "incoming-desk-phone-for-boss": lambda: window(for_number="1007"),
    "main-preferences-desk-phone": lambda: preferences(YEALINK, LONG_PHONE, use="Yealink SIP-T54W"),
    "main-preferences-desk-phone-off": lambda: preferences(YEALINK, use=None),
    "main-preferences-desk-phone-none": preferences,
    "main-preferences-desk-phone-long": lambda: preferences(LONG_PHONE),
}
DOUBLED = {"main-desk-phone", "main-preferences-desk-phone"}
