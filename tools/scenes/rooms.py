"""The rooms of the main window, without calls."""

from collections.abc import Callable

import fakes
from PySide6.QtCore import QPoint

from linkus_desktop.pbx.states import ConnectionState
from linkus_desktop.sip.values import Registration
from tools.scenes.desk import Desk, Scene


def extensions() -> Scene:
    """A colleague in full."""
    desk = Desk("extensions")
    desk.room.table.choose("1003")  # type: ignore[attr-defined]
    return desk.scene()


def search() -> Scene:
    """People found while typing."""
    desk = Desk()
    return desk.scene(lambda: (desk.window.search.setFocus(), desk.window.search.setText("a")))


def offline() -> Scene:
    """No line to the server."""
    desk = Desk()
    session = desk.world.session
    session.live.extensions.forget()
    session.connection_changed.emit(
        ConnectionState.OFFLINE, "The network is down. Trying again in 8 seconds."
    )
    desk.world.phone.registration_changed.emit(Registration.FAILED, "No answer from the PBX")
    return desk.scene()


def undo() -> Scene:
    """Three calls just deleted."""
    desk = Desk("call_log")
    room = desk.room
    room.rows.hide(room.rows.ids()[1:4])  # type: ignore[attr-defined]
    room.undo_bar.offer("3 calls deleted.", lambda: None, lambda: None)  # type: ignore[attr-defined]
    return desk.scene()


def loading() -> Scene:
    """Nothing told yet."""
    scene = Desk(world=fakes.World(None, None), online=False).scene()
    scene.settle_ms = 220
    return scene


def presence_menu() -> Scene:
    """What the own picture offers."""
    desk = Desk()
    button = desk.window.toolbar.presence

    def open_it() -> None:
        menu = button.menu()
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))
        right = button.rect().bottomRight().x() - menu.width()
        menu.move(button.mapToGlobal(QPoint(right, button.height() + 4)))  # whatever size the screen has

    return desk.scene(open_it)


SCENES: dict[str, Callable[[], Scene]] = {
    "main-phone": lambda: Desk().scene(),
    "main-call-log": lambda: Desk("call_log").scene(),
    "main-undo": undo,
    "main-extensions": extensions,
    "main-search": search,
    "main-presence-menu": presence_menu,
    "main-offline": offline,
    "main-empty": lambda: Desk(world=fakes.World(fakes.COMPANY[:1], ())).scene(),
    "main-loading": loading,
    "main-compact": lambda: Desk().compact().scene(),
}
DOUBLED = {"main-phone", "main-extensions", "main-compact"}
