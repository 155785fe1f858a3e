"""The function keys beside the calls."""

from collections.abc import Callable
from datetime import timedelta

import fakes
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from linkus_desktop.pbx.states import ConnectionState
from linkus_desktop.ui.keys.dialog import KeyDialog
from linkus_desktop.ui.keys.panel import KeysPanel
from server.contract.pairs import Pair, PairCall, PairState
from server.contract.parking import ParkedCall
from server.contract.reaching import OwnForwarding
from server.contract.voicemail import MailboxState
from tools.scenes.desk import LONG, Desk, Scene

EVERY_TYPE = (
    ("boss_secretary", "*591003"),
    ("boss_secretary", "*591002"),
    ("boss_secretary", "*591007"),
    ("blf", "1002"),
    ("blf", "1004"),
    ("blf", "1005"),
    ("blf", "1006"),
    ("blf", "1008"),
    ("blf", "1999", "Somebody who left"),
    ("park", "6900"),
    ("park", "6901"),
    ("voicemail", ""),
    ("presence", "lunch_break"),
    ("forward", "busy:1003"),
    ("forward", "always:1002"),
    ("recording", ""),
    ("speed_dial", "00420530335533", "Key customer"),
    ("intercom", "1003"),
    ("pickup", "6200", "Pick up Sales"),
    ("dtmf", "1234#", "Open the door"),
    ("prefix", "00", "International"),
    ("url", "https://crm.example.com/find?phone={number}", "Customer records"),
)


def pair(secretary: str, name: str, state: str, *callers: tuple[str, str]) -> Pair:
    """A secretary of Anna's, with the calls that are for Anna."""
    calls = [
        PairCall(
            id=f"p{place}", number=number, name=who, since=fakes.NOW - timedelta(seconds=95 - 20 * place)
        )
        for place, (number, who) in enumerate(callers)
    ]
    return Pair(
        boss="1001",
        secretary=secretary,
        secretary_name=name,
        boss_name="Anna Novak",
        value=f"*59{secretary}",
        state=PairState(state),
        since=fakes.NOW - timedelta(minutes=2),
        calls=tuple(calls),
    )


def told(desk: Desk) -> Desk:
    """The server has told everything that keys show."""
    live = desk.world.session.live
    held = pair("1003", "Chiara Rossi", "held", ("00420777000111", "Emily Stone"), ("1007", "Grace Okafor"))
    pairs = (
        held,
        pair("1002", "Ben Carter", "answering", ("1007", "Grace Okafor")),
        pair("1007", "Grace Okafor", "idle"),
    )
    live.pairs.take_snapshot({f"{one.boss}/{one.secretary}": one for one in pairs})
    since = fakes.NOW - timedelta(seconds=40)
    parked = ParkedCall(slot="6900", number="00420777000222", name="Hotel Adria", by="1004", since=since)
    live.parked.take_snapshot({"6900": parked})
    box = MailboxState(box="1001", name="Anna Novak", group=False, new=3, heard=2)
    live.voicemail.take_snapshot({"1001": box})
    busy = {"condition": "busy", "destination": {"kind": "extension", "value": "1003"}}
    live.forwarding.take_snapshot({"busy": OwnForwarding.model_validate(busy)})
    live.calls.take_snapshot({})
    return desk


def with_keys(*keys: tuple[str, ...], columns: int = 1, may: bool = True, room: str = "phone") -> Desk:
    """A desk with these keys."""
    desk = told(Desk(room))
    if may:
        desk.world.permit_keys()
    desk.world.tell_keys(*keys)
    panel(desk).set_columns(columns)
    return desk


def panel(desk: Desk) -> KeysPanel:
    """The panel of a desk."""
    found: KeysPanel = desk.window.keys.panel
    return found


def beside(desk: Desk, then: Callable[[], object] | None = None) -> Scene:
    """Picture the keys only."""
    return desk.scene(then, lambda: desk.window.keys)


def keys() -> Scene:
    """Every type, in two columns, in a call."""
    desk = with_keys(*EVERY_TYPE, columns=2)
    desk.call("1003", "Chiara Rossi", recording="recording", actions=("pause",))
    return desk.scene()


def keys_one_column() -> Scene:
    """One column beside the colleagues."""
    return with_keys(*EVERY_TYPE, room="extensions").scene()


def keys_long() -> Scene:
    """Long names, three columns, and no right to change them."""
    keys = [("blf", "1002", LONG), ("speed_dial", "00420530335533", "x" * 63), *EVERY_TYPE * 4]
    desk = with_keys(*keys, may=False)
    desk.window.resize(1440, 760)

    def widen() -> None:
        panel(desk).set_columns(3)
        QTest.qWait(100)  # columns, then the height of all, then the scroll bar

    return desk.scene(widen)


def keys_empty() -> Scene:
    """None yet, and the user may make some."""
    desk = with_keys()
    desk.window.keys.toggle()
    return beside(desk)


def keys_loading() -> Scene:
    """The server has not told them yet."""
    desk = Desk()
    desk.window.keys.toggle()
    scene = beside(desk)
    scene.settle_ms = 220
    return scene


def keys_unknown() -> Scene:
    """The connection is lost."""
    desk = with_keys(*EVERY_TYPE, columns=2)

    def lose() -> None:
        desk.world.session.live.forget()
        text = "The network is down. Trying again in 8 seconds."
        desk.world.session.connection_changed.emit(ConnectionState.OFFLINE, text)

    return desk.scene(lose)


def keys_question() -> Scene:
    """The green key asks first."""
    desk = with_keys(*EVERY_TYPE)
    return beside(desk, lambda: panel(desk).press(2))


def keys_failed() -> Scene:
    """A change that was not stored."""
    desk = with_keys(*EVERY_TYPE)
    why = "There is no connection to the server now. It does not answer. Try again when it is back."
    return beside(desk, lambda: panel(desk).own.failed.emit(why, True))


def keys_menu() -> Scene:
    """What can be done with a colleague's key in a call: a click asks."""
    desk = with_keys(*EVERY_TYPE)
    desk.call("1007", "Grace Okafor")

    def press() -> None:
        own = panel(desk)
        own.press(3)
        key, menu = own.grid.buttons[3], own.findChild(QMenu)
        right = desk.window.rect().right() - menu.width() - 8
        menu.move(desk.window.mapToGlobal(QPoint(right, key.mapTo(desk.window, key.rect().bottomLeft()).y())))

    return desk.scene(press)  # whatever size the screen has


def keys_removed() -> Scene:
    """Can be taken back."""
    desk = with_keys(*EVERY_TYPE)
    return beside(desk, lambda: panel(desk).remove(4))


def key_dialog() -> Scene:
    """A key is changed."""
    return Scene(opened(13))


def key_dialog_new() -> Scene:
    """A key is made, for a web address."""
    desk = with_keys(*EVERY_TYPE)
    panel(desk).new_key()
    dialog = panel(desk).dialog
    if dialog is None:
        raise LookupError("it did not open")
    dialog.kind.setCurrentIndex(dialog.kind.findData("url"))
    return Scene(dialog)


def key_dialog_wrong() -> Scene:
    """A value that cannot be."""
    dialog = opened(0)
    dialog.value.setText("*592999")
    dialog.tell("1001 is no boss: the administrator sets up boss and secretary first.")
    return Scene(dialog)


def opened(row: int) -> KeyDialog:
    """The window that changes a key."""
    desk = with_keys(*EVERY_TYPE)
    panel(desk).edit(row)
    dialog = panel(desk).dialog
    if dialog is None:
        raise LookupError("it did not open")
    return dialog


SCENES: dict[str, Callable[[], Scene]] = {
    scene.__name__.replace("_", "-"): scene
    for scene in (
        keys,
        keys_one_column,
        keys_long,
        keys_empty,
        keys_loading,
        keys_unknown,
        keys_question,
        keys_failed,
        keys_menu,
        keys_removed,
        key_dialog,
        key_dialog_new,
        key_dialog_wrong,
    )
}
DOUBLED = {"keys", "key-dialog"}
