"""The main window with calls: talking, transferring, in conference, parked."""

from collections.abc import Callable
from datetime import timedelta

import fakes

from linkus_desktop.sip.headers import Party
from linkus_desktop.sip.values import CallState, TransferState
from linkus_desktop.ui.window_size import WHOLE_LEAST
from server.contract.parking import ParkedCall
from tools.scenes.desk import GOOD, LONG, Desk, Scene


def talking() -> tuple[Desk, fakes.FakeCall]:
    """One call."""
    desk = Desk()
    return desk, desk.call()


def one_call(desk: Desk) -> Scene:
    """The same, as it is."""
    desk.call()
    return desk.scene()


def two() -> Desk:
    """One active, one held."""
    desk = Desk()
    desk.call(state=CallState.HELD)
    desk.call("1004", "David Kim", seconds=32)
    return desk


def incoming() -> Scene:
    """A third one rings."""
    desk = two()
    desk.call("1007", "Grace Okafor", CallState.INCOMING, seconds=None)
    return desk.scene()


def ignored() -> Scene:
    """It rings elsewhere, no longer here."""
    desk = Desk()
    desk.call("1007", "Grace Okafor", CallState.INCOMING, seconds=None).ignore()
    return desk.scene()


def auto_answered() -> Scene:
    """An intercom call that was answered by itself."""
    desk, call = talking()
    call.answered_by_itself = True
    call.changed.emit()
    return desk.scene()


def transfer(desk: Desk) -> Scene:
    """Whom to transfer to."""
    call = desk.call()

    def choose() -> None:
        desk.window.transfers.choose(desk.card(call))
        desk.window.transfers.panel.field.setText("o")

    return desk.scene(choose)


def add(desk: Desk, typed: str = "o") -> Scene:
    """Whom to add to a call."""
    call = desk.call()

    def choose() -> None:
        desk.window.transfers.choose_addition(desk.card(call))
        desk.window.transfers.panel.field.setText(typed)

    return desk.scene(choose)


def for_boss(name: str = "Bob Boss") -> Scene:
    """A secretary's calls: one for the boss rings, another one is held for the boss."""
    desk = Desk()
    held = desk.call("1004", "David Kim", CallState.HELD, seconds=95)
    held.called_for = Party("1099", name)
    held.changed.emit()
    rings = desk.call("00420777000111", "Emily Stone", CallState.INCOMING, seconds=None)
    rings.called_for = Party("1099", name)
    rings.changed.emit()
    return desk.scene(part=lambda: desk.window.calls) if name == LONG else desk.scene()


def narrow(scene: Scene) -> Scene:
    """The same in the smallest window."""
    scene.window.resize(WHOLE_LEAST)
    return scene


def transferring() -> Scene:
    """The target rings."""
    desk, call = talking()
    call.hold()
    call.progress(TransferState.RINGING, "1007")
    return desk.scene()


def transfer_failed() -> Scene:
    """The target was busy."""
    desk, call = talking()
    call.progress(TransferState.FAILED, "1006", "Busy")
    return desk.scene()


def transferred() -> Scene:
    """It worked."""
    desk, call = talking()
    call.progress(TransferState.DONE, "1007")
    return desk.scene()


def consultation(desk: Desk) -> Scene:
    """Asked first."""
    consultation = desk.world.phone.consult(desk.call(), "1003")
    consultation.measured = GOOD
    consultation.turn(CallState.ACTIVE)
    return desk.scene()


def conference(desk: Desk, recording: str | None = None) -> Scene:
    """Three people and us."""
    desk.call(recording=recording, actions=["pause"])
    desk.call("1004", "David Kim", seconds=60)
    desk.call("12345678", LONG, seconds=60)
    desk.world.phone.merge()
    return desk.scene()


def parked() -> Scene:
    """Two parked calls beside one's own, and a colleague whose call can be picked up."""
    desk = Desk("extensions")
    now, before = fakes.NOW, fakes.NOW - timedelta(minutes=3)
    calls = (
        ParkedCall(slot="6900", number="1007", name="", by="1002", since=now - timedelta(seconds=45)),
        ParkedCall(slot="6903", number="+420530335533", name=LONG, by="1003", since=before),
    )
    desk.world.session.live.parked.take_snapshot({call.slot: call for call in calls})
    desk.call(seconds=75)
    desk.window.rooms.room("extensions").table.choose("1004")  # type: ignore[attr-defined]
    return desk.scene()


def failed() -> Scene:
    """A call that failed."""
    desk = Desk()
    desk.call("1006", "Frank Müller", CallState.RINGING_OUT, seconds=None).finish("Busy", 486)
    return desk.scene()


def keypad() -> Scene:
    """Tones in a call."""
    desk, call = talking()
    card = desk.card(call)
    card.keypad_button.setChecked(True)
    for digit in "1234#":
        card.keypad.pad.keys[digit].click()
    return desk.scene()


def long_names() -> Scene:
    """Long names, other scripts."""
    away = fakes.PresenceStatus.AWAY
    people = [
        fakes.colleague("1001", LONG),
        fakes.colleague("12345678", LONG, "Regional customer care, north-western branch offices"),
        fakes.colleague("1003", "أحمد عبد الرحمن", "Support", status=away, note="ذهب إلى الغداء"),
        fakes.colleague("1004", "", "Support"),
        fakes.colleague(
            "1005", "李小龍", "Support", note="Only for emergencies, otherwise please write to me " * 3
        ),
    ]
    desk = Desk(world=fakes.World(people, [fakes.logged_call("12345678", LONG)], name=(LONG, "")))
    desk.call("12345678", LONG, seconds=11 * 3600)
    return desk.scene()


SCENES: dict[str, Callable[[], Scene]] = {
    "main-call": lambda: one_call(Desk()),
    "main-two-calls": lambda: two().scene(),
    "main-incoming": incoming,
    "main-ignored": ignored,
    "main-auto-answered": auto_answered,
    "main-transfer": lambda: transfer(Desk()),
    "main-add": lambda: add(Desk()),
    "main-add-nobody": lambda: add(Desk(), "zx"),
    "main-compact-add": lambda: add(Desk().compact()),
    "main-for-boss": for_boss,
    "main-for-boss-long": lambda: for_boss(name=LONG),
    "main-narrow": lambda: narrow(one_call(Desk())),
    "main-narrow-keypad": lambda: narrow(keypad()),
    "main-narrow-extensions": lambda: narrow(Desk("extensions").scene()),
    "main-narrow-call-log": lambda: narrow(Desk("call_log").scene()),
    "main-parked": parked,
    "main-transferring": transferring,
    "main-transfer-failed": transfer_failed,
    "main-transferred": transferred,
    "main-consultation": lambda: consultation(Desk()),
    "main-conference": lambda: conference(Desk()),
    "main-failed": failed,
    "main-keypad": keypad,
    "main-long-names": long_names,
    "main-compact-call": lambda: one_call(Desk().compact()),
    "main-compact-transfer": lambda: transfer(Desk().compact()),
    "main-compact-consultation": lambda: consultation(Desk().compact()),
    "main-compact-conference": lambda: conference(Desk().compact(), "recording"),
}
DOUBLED = {"main-two-calls", "main-transfer", "main-add", "main-for-boss", "main-conference", "main-parked"}
