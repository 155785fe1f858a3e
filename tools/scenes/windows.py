"""The windows beside the main one: login, incoming call, dialogs."""

from collections.abc import Callable

import fakes

from linkus_desktop.pbx.address import ServerAddress
from linkus_desktop.pbx.errors import BadCredentials, CertificateUnknown, Unreachable
from linkus_desktop.sip.headers import Party
from linkus_desktop.sip.values import CallState
from linkus_desktop.store.settings import Settings
from linkus_desktop.ui.incoming_window import IncomingWindow
from linkus_desktop.ui.login_window import LoginWindow
from linkus_desktop.ui.password_dialog import PasswordDialog
from linkus_desktop.ui.temporary_status_dialog import TemporaryStatusDialog
from tools.scenes.desk import LONG, Scene

FINGERPRINT = ":".join(f"{(i * 37 + 11) % 256:02X}" for i in range(32))
SERVER = ServerAddress("pbx.example.com")


def login(*, fill: bool = True) -> LoginWindow:
    """The login window."""
    window = LoginWindow(Settings())
    if fill:
        window.fill(lan="pbx.example.com", user="1001", password="correct horse")
    return window


def login_error() -> Scene:
    """A wrong password."""
    window = login()
    window.show_error(BadCredentials())
    return Scene(window)


def login_unreachable() -> Scene:
    """Neither address answers."""
    window = login()
    window.fill(lan="192.168.1.5:8111", wan="pbx.example.com", user="1001", password="correct horse")
    lan = ServerAddress("192.168.1.5")
    window.show_error(Unreachable([(lan, "no answer in 2 seconds."), (SERVER, "the name is not known.")]))
    return Scene(window)


def login_certificate() -> Scene:
    """The question about a certificate."""
    window = login()
    window.ask_fingerprint(CertificateUnknown(SERVER, FINGERPRINT))
    return Scene(window)


def login_busy() -> Scene:
    """While it tries."""
    window = login()
    window.show_busy()
    return Scene(window)


def incoming(number: str = "1004", name: str = "David Kim", boss: str = "") -> Scene:
    """The window of an incoming call, for the boss if wanted."""
    call = fakes.FakeCall(number, name, CallState.INCOMING)
    call.called_for = Party("1099", boss) if boss else None
    return Scene(IncomingWindow(call))  # type: ignore[arg-type]


SCENES: dict[str, Callable[[], Scene]] = {
    "login-empty": lambda: Scene(login(fill=False)),
    "login-error": login_error,
    "login-unreachable": login_unreachable,
    "login-certificate": login_certificate,
    "login-busy": login_busy,
    "incoming": incoming,
    "incoming-long-names": lambda: incoming("+420530335533", LONG),
    "incoming-for-boss": lambda: incoming("00420777000111", "Emily Stone", "Bob Boss"),
    "incoming-for-boss-long": lambda: incoming("+420530335533", LONG, LONG),
    "incoming-unknown": lambda: incoming("", ""),
    "password": lambda: Scene(PasswordDialog(fakes.FakeSession())),  # type: ignore[arg-type]
    "temporary-status": lambda: Scene(TemporaryStatusDialog(fakes.FakeSession())),  # type: ignore[arg-type]
}
DOUBLED = {"login-empty", "incoming", "incoming-for-boss"}
