"""The user's settings on this machine: typed, with defaults, saved as they change."""

import json
import logging
from dataclasses import asdict, dataclass
from typing import Any, Generic, Literal, TypeVar, cast, overload

from PySide6.QtCore import QObject, Signal

from linkus_desktop.store import values
from linkus_desktop.store.database import LocalDatabase
from linkus_desktop.store.values import Kind

logger = logging.getLogger(__name__)

T = TypeVar("T")

Theme = Literal["system", "light", "dark"]
AutoAnswer = Literal["colleagues", "anybody", "never"]
HotKeyDials = Literal["offer", "at_once"]

VIEW = "view."
"""Prefix of what windows remember about themselves."""


@dataclass(frozen=True, slots=True)
class LastLogin:
    """Who logged in last, and where; as typed. `wan` is "" where one address is enough."""

    lan: str = ""
    wan: str = ""
    user: str = ""


class Setting(Generic[T]):
    """One setting, an attribute of `Settings`; assigning what is not allowed raises `ValueError`."""

    def __init__(self, default: T, kind: Kind[T]) -> None:
        self.default = default
        self.kind = kind
        self.name = ""

    def __set_name__(self, _owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, settings: None, _owner: type) -> "Setting[T]": ...
    @overload
    def __get__(self, settings: "Settings", _owner: type) -> T: ...
    def __get__(self, settings: "Settings | None", _owner: type) -> "Setting[T] | T":
        return self if settings is None else cast("T", settings.value(self.name))

    def __set__(self, settings: "Settings", value: T) -> None:
        settings.put(self.name, self.kind.check(value))


def _last_login() -> Kind[LastLogin]:
    part = values.text()

    def decode(value: Any) -> LastLogin:
        if not isinstance(value, dict):
            raise ValueError(f"{value!r} is not a login")  # noqa: TRY004  one error for every bad value
        return LastLogin(**{name: part.check(value.get(name, "")) for name in ("lan", "wan", "user")})

    def check(value: Any) -> LastLogin:
        if not isinstance(value, LastLogin):
            raise ValueError(f"{value!r} is not a login")  # noqa: TRY004
        return decode(asdict(value))

    return Kind(check, asdict, decode)


class Settings(QObject):
    """All settings; each is an attribute, read from memory and saved in the background.

    A saved value that is not allowed (any more) counts as not set.

    Attributes:
        theme: `system`, `light` or `dark`.
        microphone, speaker, ringer: id of the chosen device, None: the system's default. Kept while the
            device is away.
        remember: keep the password in the keyring (AUTH-4).
        auto_login: log in at the start with the remembered password (AUTH-4).
        last_login: see `LastLogin`.
        logged_out: the user logged out last time, so the next start does not log in by itself.
        auto_answer: whose intercom calls are answered by themselves.
        notify: calls are told by notifications of the desktop.
        pop_ups: what is opened by calls, see `calls.popup.PopUp.to_row`; empty: nothing.
        hot_key_dial, hot_key_answer: combinations that work in every program, as `QKeySequence` writes them,
            "" none: for the marked number, and to answer or hang up (SIP-2).
        hot_key_dials: whether the marked number goes into the dial field, or is called at once.
        ring_colleagues, ring_others: names of ring tones.
        ring_callers, ring_queues, ring_alerts: numbers, numbers or names of queues, and texts in Alert-Info,
            with the names of their ring tones.

    Signals:
        changed(str): the setting of this name has a new value.
    """

    changed = Signal(str)

    theme: Setting[Theme] = Setting("system", cast("Kind[Theme]", values.one_of("system", "light", "dark")))
    microphone = Setting[bytes | None](None, values.octets())
    speaker = Setting[bytes | None](None, values.octets())
    ringer = Setting[bytes | None](None, values.octets())
    remember = Setting(True, values.flag())
    auto_login = Setting(False, values.flag())
    last_login = Setting(LastLogin(), _last_login())
    logged_out = Setting(False, values.flag())
    auto_answer: Setting[AutoAnswer] = Setting(
        "colleagues", cast("Kind[AutoAnswer]", values.one_of("colleagues", "anybody", "never"))
    )
    pop_ups = Setting[values.Table]((), values.table(4, 1000, 20))
    control_desk_phone = Setting(False, values.flag())
    desk_phone = Setting("", values.text(64))
    notify = Setting(True, values.flag())
    hot_key_dial = Setting("", values.text(64))
    hot_key_answer = Setting("", values.text(64))
    hot_key_dials: Setting[HotKeyDials] = Setting(
        "offer", cast("Kind[HotKeyDials]", values.one_of("offer", "at_once"))
    )
    ring_colleagues = Setting("chime", values.text(32))
    ring_others = Setting("bell", values.text(32))
    ring_callers = Setting[values.Pairs]((), values.pairs(64))
    ring_queues = Setting[values.Pairs]((), values.pairs(64))
    ring_alerts = Setting[values.Pairs]((), values.pairs(64))

    def __init__(self, database: LocalDatabase | None = None, parent: QObject | None = None) -> None:
        """`database` None: nothing is saved (for tests of windows)."""
        super().__init__(parent)
        self._database = database
        self._values: dict[str, Any] = {}
        self._views: dict[str, bytes] = {}
        for name, text in database.read("SELECT name, value FROM setting") if database else []:
            self._load(name, text)

    def value(self, name: str) -> Any:
        """The value of a setting by its name."""
        return self._values.get(name, _setting(name).default)

    def put(self, name: str, value: Any) -> None:
        """Change a setting by its name; the value must have been checked."""
        if value == self.value(name):
            return
        self._values[name] = value
        self._save(name, json.dumps(_setting(name).kind.encode(value)))
        self.changed.emit(name)

    def view(self, key: str) -> bytes | None:
        """What a window or table saved about itself (`saveGeometry`, `saveState`), None if nothing."""
        return self._views.get(key)

    def set_view(self, key: str, state: bytes) -> None:
        """Remember the geometry of a window, the columns of a table, the place of a splitter."""
        state = bytes(state)
        if self._views.get(key) != state:
            self._views[key] = state
            self._save(VIEW + key, json.dumps(state.hex()))

    def _save(self, name: str, text: str) -> None:
        if self._database is not None:
            self._database.write(
                "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (name, text),
            )

    def _load(self, name: str, text: str) -> None:
        try:
            if name.startswith(VIEW):
                self._views[name.removeprefix(VIEW)] = bytes.fromhex(json.loads(text))
                return
            setting = getattr(Settings, name, None)
            if not isinstance(setting, Setting):
                return  # of a newer version: leave it alone
            self._values[name] = setting.kind.check(setting.kind.decode(json.loads(text)))
        except (ValueError, TypeError) as error:
            logger.warning("The setting %s is not usable (%s); its default is used.", name, error)


def _setting(name: str) -> Setting[Any]:
    setting = getattr(Settings, name, None)
    if not isinstance(setting, Setting):
        raise AttributeError(f"there is no setting {name!r}")  # noqa: TRY004
    return setting
