"""Hot keys where the desktop gives them out: the XDG desktop portal GlobalShortcuts, as on Wayland.

The desktop may ask the user, and may give another key than the one that was wished for.
"""

import asyncio
import logging
import os
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, MessageType, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.asyncio import DBusConnection, open_dbus_connection
from jeepney.wrappers import DBusErrorResponse, unwrap_msg
from PySide6.QtCore import QObject, QTimer

from linkus_desktop.hotkeys.keys import NoHotKey, trigger
from linkus_desktop.hotkeys.port import HotKeys
from linkus_desktop.pbx.tasks import spawn

logger = logging.getLogger(__name__)

SERVICE = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
REQUEST = "org.freedesktop.portal.Request"
REGISTRY = "org.freedesktop.host.portal.Registry"
APPLICATION = "linkus-desktop"
"""Under this name the desktop remembers the keys; it is that of our .desktop file."""
ANSWER_WITHIN_S = 15.0
"""For what the portal does without asking the user."""
NO_PORTAL = (
    "This desktop gives no hot keys to programs. "
    "Its own keyboard settings can bind a key to the command “linkus-desktop answer” or “hangup”."
)
NOT_GIVEN = "The desktop has not given this key. Choose another one, or confirm it when the desktop asks."
NOT_READABLE = (
    "This desktop does not let programs read what is marked in others. "
    "Copy the number there, and paste it here."
)
_PLAIN = (OSError, EOFError, KeyError, ValueError, RuntimeError, TimeoutError, DBusErrorResponse)
"""What may go wrong on a bus, each with the same remedy."""


class PortalHotKeys(HotKeys):
    """Keys by the portal; what is marked in other programs cannot be read there."""

    unavailable = ""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wanted: dict[str, str] = {}
        self._holding: asyncio.Task[None] | None = None
        self._soon = QTimer(self)  # all keys at once: each time the desktop may ask the user
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._renew)

    def bind(self, name: str, keys: str) -> None:
        """See `HotKeys`; whether the desktop gives the key is told later, by `changed`."""
        if self._wanted.get(name, "") == keys and not self.problem(name):
            return
        self._problems.pop(name, None)
        self._wanted.pop(name, None)
        if keys:
            self._wanted[name] = keys
        self._soon.start()
        self.changed.emit(name)

    def read_marked(self) -> None:
        """See `HotKeys`."""
        self.not_marked.emit(NOT_READABLE)

    def close(self) -> None:
        """See `HotKeys`: the portal's session ends with our connection."""
        self._soon.stop()
        self._wanted.clear()
        if self._holding is not None:
            self._holding.cancel()
            self._holding = None

    def _renew(self) -> None:
        if self._holding is not None:
            self._holding.cancel()
            self._holding = None
        triggers = {}
        for name, keys in self._wanted.items():
            try:
                triggers[name] = trigger(keys)
            except NoHotKey as error:
                self._tell(name, str(error))
        if triggers:
            self._holding = spawn(self._hold(triggers), name="hold the hot keys")

    async def _hold(self, triggers: Mapping[str, str]) -> None:
        """Have these keys until it is cancelled."""
        try:
            async with await open_dbus_connection("SESSION") as bus:
                await _Portal(bus).hold(triggers, self._on_given, self._on_activated)
        except _Refused as refusal:
            logger.warning("The desktop gives no hot keys: %s", refusal)
            self._on_given(set())
        except _PLAIN as error:
            logger.warning("The desktop gives no hot keys: %s", error or type(error).__name__)
            for name in triggers:
                self._tell(name, NO_PORTAL)

    def _on_given(self, names: set[str]) -> None:
        for name in self._wanted:
            self._tell(name, "" if name in names else NOT_GIVEN)

    def _on_activated(self, name: str, token: str) -> None:
        if token:
            os.environ["XDG_ACTIVATION_TOKEN"] = token  # by which Qt may bring our window to the front
        self.pressed.emit(name)

    def _tell(self, name: str, problem: str) -> None:
        if self.problem(name) != problem:
            self._problems[name] = problem
            self.changed.emit(name)


class _Refused(Exception):
    """The desktop, or the user whom it asked, said no."""


class _Portal:
    """One conversation with the portal; what it says meanwhile is kept in order."""

    def __init__(self, bus: DBusConnection) -> None:
        self._bus = bus
        self._heard: deque[Message] = deque()
        self._desktop = DBusAddress(PATH, bus_name=SERVICE, interface=SHORTCUTS)

    async def hold(
        self,
        triggers: Mapping[str, str],
        given: Callable[[set[str]], None],
        activated: Callable[[str, str], None],
    ) -> None:
        """Ask for the keys, tell which were given, then of each press, until the bus ends."""
        rule = MatchRule(type="signal", sender=SERVICE)
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await self._reply(message_bus.AddMatch(rule))
            await self._register()
            token = _token()
            options = {"session_handle_token": ("s", token)}
            made = await self._ask("CreateSession", "", (), options)
            session = made["session_handle"][1]
        asked = [
            (name, {"description": ("s", _DESCRIPTIONS.get(name, name)), "preferred_trigger": ("s", keys)})
            for name, keys in triggers.items()
        ]
        # Without a limit: the desktop may ask the user, who may be away.
        bound = await self._ask("BindShortcuts", "oa(sa{sv})s", (session, asked, ""), {})
        given({name for name, _ in bound.get("shortcuts", ("", []))[1]})
        while True:
            message = await self._signal(SHORTCUTS, PATH, "Activated", "ShortcutsChanged")
            if message.body[0] != session:
                continue
            if message.header.fields[HeaderFields.member] == "Activated":
                activated(message.body[1], str(message.body[3].get("activation_token", ("s", ""))[1]))
            else:
                given({name for name, _ in message.body[1]})

    async def _register(self) -> None:
        """Tell who we are: some desktops want to know, older ones have no place for it."""
        registry = DBusAddress(PATH, bus_name=SERVICE, interface=REGISTRY)
        message = new_method_call(registry, "Register", "sa{sv}", (APPLICATION, {}))
        try:
            await self._reply(message)
        except DBusErrorResponse as error:
            logger.debug("The portal does not register programs: %s", error.name)

    async def _ask(
        self, method: str, signature: str, arguments: tuple[Any, ...], options: dict[str, Any]
    ) -> dict[str, Any]:
        """Call a method whose answer comes as the signal of a request; its results.

        Raises `_Refused`.
        """
        token = _token()
        options = {"handle_token": ("s", token), **options}
        call = new_method_call(self._desktop, method, f"{signature}a{{sv}}", (*arguments, options))
        (handle,) = await self._reply(call)
        response = await self._signal(REQUEST, handle, "Response")
        code, results = response.body
        if code:
            raise _Refused(f"{method} was refused with code {code}")
        return dict(results)

    async def _reply(self, message: Message) -> tuple[Any, ...]:
        serial = next(self._bus.outgoing_serial)
        await self._bus.send(message, serial=serial)
        while True:
            heard = await self._bus.receive()
            if heard.header.fields.get(HeaderFields.reply_serial) == serial:
                return tuple(unwrap_msg(heard))
            self._heard.append(heard)

    async def _signal(self, interface: str, path: str, *members: str) -> Message:
        """The next of these signals, also one that came while something else was waited for."""
        while True:
            message = self._heard.popleft() if self._heard else await self._bus.receive()
            fields = message.header.fields
            if (
                message.header.message_type is MessageType.signal
                and fields.get(HeaderFields.interface) == interface
                and fields.get(HeaderFields.path) == path
                and fields.get(HeaderFields.member) in members
            ):
                return message


_DESCRIPTIONS = {
    "hot_key_dial": "Call a number that was copied",
    "hot_key_answer": "Answer or hang up",
}


def _token() -> str:
    return f"linkus_{secrets.token_hex(8)}"
