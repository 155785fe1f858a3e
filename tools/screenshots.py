"""Pictures of every window and state, offscreen, with made-up people, a fixed clock and fixed sizes.

    python -m tools.screenshots [--out docs/screenshots] [--only PART-OF-A-NAME]

Each picture is named by window, state, theme and scale. The 200 % ones are made by a second process,
because Qt reads its scale factor once.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "linkus_desktop" / "ui")]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("TZ", "UTC")

import fakes  # noqa: E402
from PySide6.QtCore import QElapsedTimer, QEventLoop, QLocale, QTimer  # noqa: E402
from PySide6.QtGui import QCursor  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from linkus_desktop.pbx.address import ServerAddress  # noqa: E402
from linkus_desktop.pbx.errors import BadCredentials, CertificateUnknown, Unreachable  # noqa: E402
from linkus_desktop.pbx.states import ConnectionState  # noqa: E402
from linkus_desktop.sip.values import CallState, Registration, TransferState  # noqa: E402
from linkus_desktop.store.settings import Settings  # noqa: E402
from linkus_desktop.ui.incoming_window import IncomingWindow  # noqa: E402
from linkus_desktop.ui.login_window import LoginWindow  # noqa: E402
from linkus_desktop.ui.main_window import MainWindow  # noqa: E402
from linkus_desktop.ui.password_dialog import PasswordDialog  # noqa: E402
from linkus_desktop.ui.theme import Theme  # noqa: E402
from server.contract.parking import ParkedCall  # noqa: E402

FINGERPRINT = ":".join(f"{(i * 37 + 11) % 256:02X}" for i in range(32))
SERVER = ServerAddress("pbx.example.com")
LONG = "Maximiliane Alexandra von Hohenstein-Wittgenstein-Berleburg"
SMALL_SCALE = {
    "login-empty", "main-phone", "main-two-calls", "main-extensions", "incoming", "main-compact",
    "main-transfer", "main-conference", "main-parked",
}  # fmt: skip
"""Also shown at 200 %."""


def login(fill: bool = True) -> LoginWindow:
    """The login window."""
    window = LoginWindow(Settings())
    if fill:
        window.fill(lan="pbx.example.com", user="1001", password="correct horse")
    return window


def login_error() -> QWidget:
    """A wrong password."""
    window = login()
    window.show_error(BadCredentials())
    return window


def login_unreachable() -> QWidget:
    """Neither address answers."""
    window = login()
    window.fill(lan="192.168.1.5:8111", wan="pbx.example.com", user="1001", password="correct horse")
    lan = ServerAddress("192.168.1.5")
    window.show_error(Unreachable([(lan, "no answer in 2 seconds."), (SERVER, "the name is not known.")]))
    return window


def login_certificate() -> QWidget:
    """The question about a certificate."""
    window = login()
    window.ask_fingerprint(CertificateUnknown(SERVER, FINGERPRINT))
    return window


def login_busy() -> QWidget:
    """While it tries."""
    window = login()
    window.show_busy()
    return window


def main(room: str = "phone", world: fakes.World | None = None, *, online: bool = True) -> MainWindow:
    """The main window in a room."""
    world = world or fakes.World()
    window = world.window()
    window.world = world  # type: ignore[attr-defined]  # keeps it alive
    if online:
        world.session.connection_changed.emit(ConnectionState.ONLINE, "")
        world.phone.registration_changed.emit(Registration.REGISTERED, "")
    if room != "phone":
        window.open_room(room)
    return window


def main_selected() -> QWidget:
    """A colleague in full."""
    window = main("extensions")
    window.stack.currentWidget().table.choose("1003")  # type: ignore[attr-defined]
    return window


def main_call() -> QWidget:
    """One call."""
    window = main()
    window.phone.add(fakes.FakeCall("1002", "Ben Carter", CallState.ACTIVE, talked=timedelta(seconds=754)))
    return window


def main_two_calls() -> QWidget:
    """One active, one held."""
    window = main()
    window.phone.add(fakes.FakeCall("1002", "Ben Carter", CallState.HELD, talked=timedelta(seconds=754)))
    window.phone.add(fakes.FakeCall("1004", "David Kim", CallState.ACTIVE, talked=timedelta(seconds=32)))
    return window


def main_transfer() -> QWidget:
    """Whom to transfer to."""
    window = main_call()

    def choose() -> None:
        window.transfers.choose(window.calls.cards[0])  # type: ignore[attr-defined]
        window.transfers.panel.field.setText("o")  # type: ignore[attr-defined]

    window.then = choose  # type: ignore[attr-defined]
    return window


def main_parked() -> QWidget:
    """Two parked calls beside one's own, and a colleague whose call can be picked up."""
    window = main("extensions")
    now, before = fakes.NOW, fakes.NOW - timedelta(minutes=3)
    calls = (
        ParkedCall(slot="6900", number="1007", name="", by="1002", since=now - timedelta(seconds=45)),
        ParkedCall(slot="6903", number="+420530335533", name=LONG, by="1003", since=before),
    )
    window.session.live.parked.take_snapshot({call.slot: call for call in calls})
    window.phone.add(fakes.FakeCall("1002", "", CallState.ACTIVE, talked=timedelta(seconds=75)))  # type: ignore[attr-defined]
    window.rooms.room("extensions").table.choose("1004")  # type: ignore[attr-defined]
    return window


def main_transferring() -> QWidget:
    """The target rings."""
    window = main_call()
    window.phone.calls[0].hold()  # type: ignore[attr-defined]
    window.phone.calls[0].progress(TransferState.RINGING, "1007")  # type: ignore[attr-defined]
    return window


def main_transfer_failed() -> QWidget:
    """The target was busy."""
    window = main_call()
    window.phone.calls[0].progress(TransferState.FAILED, "1006", "Busy")  # type: ignore[attr-defined]
    return window


def main_transferred() -> QWidget:
    """It worked."""
    window = main_call()
    window.phone.calls[0].progress(TransferState.DONE, "1007")  # type: ignore[attr-defined]
    return window


def main_consultation() -> QWidget:
    """Asked first."""
    window = main_call()
    phone = window.phone  # type: ignore[attr-defined]
    phone.consult(phone.calls[0], "1003").turn(CallState.ACTIVE)
    return window


def main_conference() -> QWidget:
    """Three people and us."""
    window = main_call()
    phone = window.phone  # type: ignore[attr-defined]
    for number in ("1004", "12345678"):
        name = LONG if len(number) > 4 else ""
        phone.add(fakes.FakeCall(number, name, CallState.ACTIVE, talked=timedelta(seconds=60)))
    phone.merge()
    return window


def compact(scene: Callable[[], QWidget]) -> Callable[[], QWidget]:
    """The same in the compact window."""

    def folded() -> QWidget:
        window = scene()
        window.size_of.set_compact(True)  # type: ignore[attr-defined]
        return window

    return folded


def main_incoming() -> QWidget:
    """A third one rings."""
    window = main_two_calls()
    window.phone.add(fakes.FakeCall("1007", "Grace Okafor", CallState.INCOMING))
    return window


def main_failed() -> QWidget:
    """A call that failed."""
    window = main()
    call = window.phone.add(fakes.FakeCall("1006", "Frank Müller", CallState.RINGING_OUT))
    call.finish("Busy", 486)
    return window


def main_keypad() -> QWidget:
    """Tones in a call."""
    window = main_call()
    window.calls.cards[0].keypad_button.setChecked(True)
    for digit in "1234#":
        window.calls.cards[0].keypad.pad.keys[digit].click()
    return window


def main_search() -> QWidget:
    """People found while typing."""
    window = main()
    window.then = lambda: (window.search.setFocus(), window.search.setText("a"))  # type: ignore[attr-defined]
    return window


def main_offline() -> QWidget:
    """No line to the server."""
    window = main()
    world: fakes.World = window.world  # type: ignore[attr-defined]
    world.session.live.extensions.forget()
    world.session.connection_changed.emit(
        ConnectionState.OFFLINE, "The network is down. Trying again in 8 seconds."
    )
    world.phone.registration_changed.emit(Registration.FAILED, "No answer from the PBX")
    return window


def main_undo() -> QWidget:
    """Three calls just deleted."""
    window = main("call_log")
    room = window.stack.currentWidget()
    room.rows.hide(room.rows.ids()[1:4])  # type: ignore[attr-defined]
    room.undo_bar.offer("3 calls deleted.", lambda: None, lambda: None)  # type: ignore[attr-defined]
    return window


def main_long() -> QWidget:
    """Long names, other scripts."""
    people = [
        fakes.colleague("1001", LONG),
        fakes.colleague("12345678", LONG, "Regional customer care, north-western branch offices"),
        fakes.colleague(
            "1003", "أحمد عبد الرحمن", "Support", status=fakes.PresenceStatus.AWAY, note="ذهب إلى الغداء"
        ),
        fakes.colleague("1004", "", "Support"),
        fakes.colleague(
            "1005", "李小龍", "Support", note="Only for emergencies, otherwise please write to me " * 3
        ),
    ]
    window = main(world=fakes.World(people, [fakes.logged_call("12345678", LONG)], name=(LONG, "")))
    window.phone.add(fakes.FakeCall("12345678", LONG, CallState.ACTIVE, talked=timedelta(hours=11)))
    return window


def main_compact() -> QWidget:
    """The compact window."""
    window = main()
    window.size_of.set_compact(True)
    return window


def main_compact_call() -> QWidget:
    """The compact window in a call."""
    window = main_call()
    window.size_of.set_compact(True)
    return window


def incoming() -> QWidget:
    """The window of an incoming call."""
    return IncomingWindow(fakes.FakeCall("1004", "David Kim", CallState.INCOMING))  # type: ignore[arg-type]


SCENES: dict[str, Callable[[], QWidget]] = {
    "login-empty": lambda: login(fill=False),
    "login-error": login_error,
    "login-unreachable": login_unreachable,
    "login-certificate": login_certificate,
    "login-busy": login_busy,
    "main-phone": main,
    "main-call-log": lambda: main("call_log"),
    "main-undo": main_undo,
    "main-extensions": main_selected,
    "main-preferences": lambda: main("preferences"),
    "main-search": main_search,
    "main-call": main_call,
    "main-two-calls": main_two_calls,
    "main-incoming": main_incoming,
    "main-transfer": main_transfer,
    "main-parked": main_parked,
    "main-transferring": main_transferring,
    "main-transfer-failed": main_transfer_failed,
    "main-transferred": main_transferred,
    "main-consultation": main_consultation,
    "main-conference": main_conference,
    "main-failed": main_failed,
    "main-keypad": main_keypad,
    "main-offline": main_offline,
    "main-empty": lambda: main(world=fakes.World(fakes.COMPANY[:1], ())),
    "main-loading": lambda: main(world=fakes.World(None, None), online=False),
    "main-long-names": main_long,
    "main-compact": main_compact,
    "main-compact-call": main_compact_call,
    "main-compact-transfer": compact(main_transfer),
    "main-compact-consultation": compact(main_consultation),
    "main-compact-conference": compact(main_conference),
    "incoming": incoming,
    "password": lambda: PasswordDialog(fakes.FakeSession()),  # type: ignore[arg-type]
}


def settle(ms: int) -> None:
    """Let the window paint and its timers run for `ms`."""
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


def picture(scene: str, theme: str, out: Path, scale: int) -> None:
    """Make one picture."""
    window = SCENES[scene]()
    window.show()
    settle(220 if "loading" in scene else 60)
    if then := getattr(window, "then", None):
        then()
        settle(60)
    path = out / f"{scene}-{theme}{'' if scale == 1 else '@2x'}.png"
    window.grab().save(str(path), "PNG", 0)
    window.close()
    window.deleteLater()


def run() -> None:
    """Make all pictures of this process's scale, and of the other in a second one."""
    parser = argparse.ArgumentParser(description="Pictures of every window and state.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--only", default="", help="only scenes whose name has this in it")
    parser.add_argument("--theme", choices=["light", "dark"], action="append")
    args = parser.parse_args()
    scale = 2 if os.environ.get("QT_SCALE_FACTOR") == "2" else 1
    args.out.mkdir(parents=True, exist_ok=True)
    if scale == 1:
        command = [sys.executable, "-m", "tools.screenshots", *sys.argv[1:]]
        subprocess.run(command, env={**os.environ, "QT_SCALE_FACTOR": "2"}, cwd=ROOT, check=True)
    timer = QElapsedTimer()
    timer.start()
    app = QApplication([])
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom))
    theme = Theme(app, "light")
    QCursor.setPos(app.primaryScreen().geometry().bottomRight())
    made = 0
    for mode in args.theme or ["light", "dark"]:
        theme.set_mode(mode)
        for scene in SCENES:
            if args.only in scene and (scale == 1 or scene in SMALL_SCALE):
                picture(scene, mode, args.out, scale)
                made += 1
    print(f"{made} pictures at {scale}00 % in {timer.elapsed() / 1000:.1f} s: {args.out}")


if __name__ == "__main__":
    run()
