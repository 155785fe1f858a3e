"""The sections of the preferences, each in full."""

from collections.abc import Callable

import fakes
from PySide6.QtWidgets import QWidget

from linkus_desktop.hotkeys.actions import ANSWER, DIAL
from linkus_desktop.hotkeys.port import HotKeys
from linkus_desktop.hotkeys.portal import NO_PORTAL
from linkus_desktop.hotkeys.x11 import TAKEN
from linkus_desktop.pbx.errors import NotConnected
from server.contract.presence import PresenceStatus
from server.contract.reaching import ReachingSettings
from tools.scenes.desk import LONG, Desk, Scene

MOBILE = "+420601234567"


def section(name: str, world: fakes.World | None = None, **parts: object) -> tuple[Desk, "QWidget"]:
    """A section of the preferences."""
    desk = Desk("preferences", world, **parts)
    return desk, getattr(desk.room, name)


def pictured(desk: Desk, part: QWidget, then: Callable[[], object] | None = None) -> Scene:
    """That section only."""
    return desk.scene(then, lambda: part)


def reaching(settings: dict[str, object], *, mobile: str | None = MOBILE) -> fakes.World:
    """Somebody whose server has these settings."""
    world = fakes.World()
    own = world.session.me.extension.model_copy(update={"mobile": mobile})
    world.session.me = world.session.me.model_copy(update={"extension": own})
    world.session.api.settings = ReachingSettings.model_validate(settings)
    return world


def to(kind: str, value: str = "") -> dict[str, str]:
    """A destination."""
    return {"kind": kind, "value": value}


RULES = [
    {"pattern": "+420530335533", "destination": to("voicemail")},
    {"pattern": "00420800XXXXXX", "destination": to("ivr", "6500")},
    {"pattern": "1007", "destination": None},
    {"pattern": "0044.", "destination": to("prompt", "closed")},
]
AVAILABLE = {
    "note": "In the office until 17:00",
    "internal": {"no_answer": to("voicemail"), "busy": to("extension", "1002")},
    "external": {"always": None, "no_answer": to("ivr", "6500"), "busy": to("group_voicemail", "6400")},
    "ring_first": ["desktop", "extension_endpoint"],
    "ring_second": ["mobile"],
    "ring_mobile": True,
}


def presence() -> Scene:
    """Destinations of forwarding, phones, rules."""
    return pictured(
        *section("reaching", reaching({"statuses": {"available": AVAILABLE}, "caller_rules": RULES}))
    )


def presence_fresh() -> Scene:
    """As delivered."""
    return pictured(*section("reaching", reaching({}, mobile=None)))


def presence_wrong() -> Scene:
    """What has to be corrected, where it is."""
    world = reaching({"statuses": {"available": AVAILABLE}, "caller_rules": RULES})
    desk, part = section("reaching", world)

    def break_it() -> None:
        draft = part.draft  # type: ignore[attr-defined]
        draft.put(("statuses", "available", "external", "no_answer"), to("ivr", "front desk"))
        draft.put(("statuses", "available", "external", "busy"), to("external"))
        draft.put(("statuses", "available", "ring_first"), [])
        draft.put(("caller_rules", 1, "pattern"), "08oo")
        part._fill()  # type: ignore[attr-defined]
        part.submit()  # type: ignore[attr-defined]

    return pictured(desk, part, break_it)


def presence_not_saved() -> Scene:
    """The server was away; nothing is lost."""
    desk, part = section(
        "reaching", reaching({"statuses": {"do_not_disturb": {"note": "Recording a podcast"}}})
    )
    status = part.status  # type: ignore[attr-defined]
    status.setCurrentIndex(status.findData(PresenceStatus.DO_NOT_DISTURB))
    status.activated.emit(status.currentIndex())

    def fail() -> None:
        part.draft.put(("statuses", "do_not_disturb", "internal", "always"), to("voicemail"))  # type: ignore[attr-defined]
        part._show_status()  # type: ignore[attr-defined]
        desk.world.session.api.problem = NotConnected("It does not answer.")
        part.submit()  # type: ignore[attr-defined]

    return pictured(desk, part, fail)


def presence_long() -> Scene:
    """Long notes and names."""
    prompt = to("prompt", "closed for the holidays, regional customer care north-west")
    available = {
        **AVAILABLE,
        "note": f"For {LONG} I can be reached at any time, all others please write",
        "external": {"no_answer": to("external", "+420530335533530335533530335533")},
    }
    settings = {
        "statuses": {"available": available},
        "caller_rules": [{"pattern": "+42053033[1-5][1-5]XXXXXXXXXX.", "destination": prompt}],
        "mobile_prefix": "000420000420000",
    }
    return pictured(*section("reaching", reaching(settings)))


def ringing(callers: tuple[tuple[str, str], ...], alerts: tuple[tuple[str, str], ...]) -> Scene:
    """Ring tones; one of them is being listened to."""
    world = fakes.World()
    world.settings.ring_callers, world.settings.ring_alerts = callers, alerts
    desk, part = section("ringing", world)
    listen = part.colleagues.listen.click if callers else None  # type: ignore[attr-defined]
    return pictured(desk, part, listen)


def pop_ups(*rows: tuple[str, str, str, str]) -> tuple[Desk, QWidget]:
    """Pop-ups."""
    world = fakes.World()
    world.settings.pop_ups = rows
    return section("pop_ups", world)


def pop_ups_error() -> Scene:
    """One that cannot work, one whose program is missing, and one that worked."""
    desk, part = pop_ups(
        ("ringing", "incoming", "address", "https://crm.example.com/find?phone={nmber}"),
        ("answered", "all", "program", "/opt/crm/find-customer --phone {number}"),
        ("ended", "outgoing", "address", "https://crm.example.com/done?phone={number}"),
    )
    told = part.pop_ups  # type: ignore[attr-defined]
    told[1].tell("There is no program “/opt/crm/find-customer”.", problem=True)
    told[2].tell("That worked, with a made-up caller.")
    return pictured(desk, part)


class MadeUpKeys(HotKeys):
    """Keys that can be had, but for what is told of them."""

    unavailable = ""

    def tell(self, name: str, problem: str) -> None:
        """What is wrong with a key."""
        self._problems[name] = problem
        self.changed.emit(name)


def hot_keys(problem: str = "", *, keys: HotKeys | None = None, which: tuple[str, str] = ("", "")) -> Scene:
    """The keys, and what is wrong with the first."""
    world = fakes.World()
    world.settings.hot_key_dial, world.settings.hot_key_answer = which
    made = keys or MadeUpKeys()
    desk, part = section("hot_keys", world, hot_keys=made)
    made.setParent(part)
    if isinstance(made, MadeUpKeys):
        made.tell(DIAL, problem)
        made.tell(ANSWER, problem if problem == NO_PORTAL else "")
    return pictured(desk, part)


CHOSEN = ("Ctrl+Alt+D", "Meta+F9")
SCENES: dict[str, Callable[[], Scene]] = {
    "main-preferences": lambda: Desk("preferences").scene(),
    "main-preferences-presence": presence,
    "main-preferences-presence-fresh": presence_fresh,
    "main-preferences-presence-wrong": presence_wrong,
    "main-preferences-presence-not-saved": presence_not_saved,
    "main-preferences-presence-long": presence_long,
    "main-preferences-hot-keys": lambda: hot_keys(which=CHOSEN),
    "main-preferences-hot-keys-none": hot_keys,
    "main-preferences-hot-keys-taken": lambda: hot_keys(TAKEN, which=CHOSEN),
    "main-preferences-hot-keys-wayland": lambda: hot_keys(NO_PORTAL, which=CHOSEN),
    "main-preferences-hot-keys-not-here": lambda: hot_keys(keys=HotKeys()),
    "main-preferences-intercom": lambda: pictured(*section("incoming")),
    "main-preferences-ring-tones": lambda: ringing(
        (("+420530335533", "marimba"), ("1007", "urgent")), (("sales-queue", "pulse"),)
    ),
    "main-preferences-ring-tones-none": lambda: ringing((), ()),
    "main-preferences-ring-tones-long": lambda: ringing(
        (("+420530335533530335533530335533", "marimba"),), ((f"queue of {LONG}"[:64], "pulse"),)
    ),
    "main-preferences-pop-ups": lambda: pictured(
        *pop_ups(
            ("ringing", "incoming", "address", "https://crm.example.com/find?phone={number}"),
            ("ended", "all", "program", "/opt/crm/note-call --phone {number} --name {name}"),
        )
    ),
    "main-preferences-pop-ups-none": lambda: pictured(*pop_ups()),
    "main-preferences-pop-ups-error": pop_ups_error,
    "main-preferences-pop-ups-long": lambda: pictured(
        *pop_ups(
            (
                "answered",
                "outgoing",
                "program",
                f"/opt/{'a-long-folder/' * 8}find --phone {{number}} --name {{name}}",
            )
        )
    ),
}
DOUBLED = {
    "main-preferences-presence", "main-preferences-ring-tones", "main-preferences-pop-ups-error",
    "main-preferences-hot-keys-taken",
}  # fmt: skip
