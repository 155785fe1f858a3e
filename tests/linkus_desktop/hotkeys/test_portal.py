"""SIP-2: hot keys by the desktop portal, against a portal of ours on a private bus."""

import asyncio
import contextlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.asyncio import DBusConnection, open_dbus_connection

from linkus_desktop.hotkeys import portal
from linkus_desktop.hotkeys.keys import trigger
from linkus_desktop.hotkeys.portal import PortalHotKeys
from linkus_desktop.pbx.tasks import running
from tests.linkus_desktop.qt_loop import emitted, until

pytestmark = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="there is no D-Bus")
SESSION = "/org/freedesktop/portal/desktop/session/1_1/linkus"


@contextlib.contextmanager
def own_bus(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A bus that nobody else is on: its address, and its process."""
    address = f"unix:path={folder / 'bus'}"
    command = [
        "dbus-daemon",
        "--session",
        "--nofork",
        "--nopidfile",
        f"--address={address}",
        "--print-address",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as daemon:
        assert daemon.stdout is not None
        assert daemon.stdout.readline(), "the bus ended at once"
        yield address, daemon
        daemon.terminate()


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with own_bus(tmp_path_factory.mktemp("bus")) as (address, _):
        yield address


@pytest.fixture(autouse=True)
def on_the_bus(bus: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus)
    monkeypatch.delenv("XDG_ACTIVATION_TOKEN", raising=False)


class Portal:
    """Gives the keys in `gives` (None: all); `answer` 1: the user says no."""

    def __init__(self, connection: DBusConnection) -> None:
        self._bus = connection
        self.gives: set[str] | None = None
        self.answer = 0
        self.asked: list[dict[str, dict[str, Any]]] = []
        self.bound = asyncio.Event()

    async def serve(self) -> None:
        while True:
            call = await self._bus.receive()
            if call.header.message_type is MessageType.method_call:
                await self._on_call(call)

    async def press(self, name: str, token: str = "", session: str = SESSION) -> None:
        options = {"activation_token": ("s", token)} if token else {}
        await self.tell("Activated", "osta{sv}", (session, name, 12345, options))

    async def tell(self, member: str, signature: str, body: tuple[Any, ...]) -> None:
        emitter = DBusAddress(portal.PATH, interface=portal.SHORTCUTS)
        await self._bus.send(new_signal(emitter, member, signature, body))

    async def _on_call(self, call: Message) -> None:
        fields = call.header.fields
        if fields[HeaderFields.interface] == portal.REGISTRY:
            unknown = "org.freedesktop.DBus.Error.UnknownInterface"
            await self._bus.send(new_error(call, unknown, "s", ("an older portal",)))
            return
        options = call.body[-1]
        sender = fields[HeaderFields.sender][1:].replace(".", "_")
        handle = f"/org/freedesktop/portal/desktop/request/{sender}/{options['handle_token'][1]}"
        await self._bus.send(new_method_return(call, "o", (handle,)))
        results: dict[str, Any] = {"session_handle": ("s", SESSION)}
        code = 0
        if fields[HeaderFields.member] == "BindShortcuts":
            assert call.body[0] == SESSION
            self.asked.append(dict(call.body[1]))
            given = [(name, what) for name, what in call.body[1] if self.gives is None or name in self.gives]
            results, code = {"shortcuts": ("a(sa{sv})", given)}, self.answer
        request = DBusAddress(handle, interface=portal.REQUEST)
        await self._bus.send(new_signal(request, "Response", "ua{sv}", (code, results)))
        if self.asked:
            self.bound.set()


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[Portal]:
    """A portal on the bus of the environment."""
    connection = await open_dbus_connection("SESSION")
    made = Portal(connection)
    await connection.send(message_bus.RequestName(portal.SERVICE))
    task = asyncio.ensure_future(made.serve())
    yield made
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        assert isinstance(task.exception(), EOFError), "the bus has ended"
    await connection.close()


@pytest_asyncio.fixture
async def desktop(on_the_bus: None) -> AsyncIterator[Portal]:
    async with serving() as made:
        yield made


@pytest_asyncio.fixture
async def keys() -> AsyncIterator[PortalHotKeys]:
    made = PortalHotKeys()
    yield made
    made.close()
    while tasks := running():
        await asyncio.wait(tasks)


async def test_keys_are_asked_for_together_and_each_press_is_told_SIP_2(
    desktop: Portal, keys: PortalHotKeys
) -> None:
    keys.bind("hot_key_dial", "Ctrl+Alt+D")
    keys.bind("hot_key_answer", "Meta+F9")
    waiting = asyncio.ensure_future(emitted(keys.pressed))
    await desktop.bound.wait()
    await desktop.press("hot_key_dial", session="/somebody/else")
    await desktop.press("hot_key_answer", token="go-ahead")
    assert await waiting == ("hot_key_answer",)
    assert os.environ["XDG_ACTIVATION_TOKEN"] == "go-ahead"
    (asked,) = desktop.asked
    assert {name: what["preferred_trigger"][1] for name, what in asked.items()} == {
        "hot_key_dial": "CTRL+ALT+d",
        "hot_key_answer": "LOGO+F9",
    }
    assert keys.problem("hot_key_dial") == ""


async def test_a_key_that_the_desktop_keeps_is_told_SIP_2(desktop: Portal, keys: PortalHotKeys) -> None:
    desktop.gives = {"hot_key_answer"}
    keys.bind("hot_key_dial", "Ctrl+Alt+D")
    keys.bind("hot_key_answer", "Ctrl+Alt+E")
    await until(lambda: bool(keys.problem("hot_key_dial")), keys.changed)
    assert "has not given this key" in keys.problem("hot_key_dial")
    assert keys.problem("hot_key_answer") == ""
    await desktop.tell("ShortcutsChanged", "oa(sa{sv})", (SESSION, [("hot_key_dial", {})]))
    await until(lambda: bool(keys.problem("hot_key_answer")), keys.changed)
    assert keys.problem("hot_key_dial") == "", "the user has changed it in the desktop's settings"


async def test_a_user_who_says_no_to_the_desktop_is_believed_SIP_2(
    desktop: Portal, keys: PortalHotKeys
) -> None:
    desktop.answer = 1
    keys.bind("hot_key_dial", "Ctrl+Alt+D")
    await until(lambda: bool(keys.problem("hot_key_dial")), keys.changed)
    assert "has not given this key" in keys.problem("hot_key_dial")


async def test_a_desktop_without_a_portal_or_a_bus_is_told_with_what_to_do_SIP_2(
    keys: PortalHotKeys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for address in (None, f"unix:path={tmp_path / 'nobody'}", "tcp:host=127.0.0.1", ""):
        if address is not None:
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        keys.bind("hot_key_dial", "")
        keys.bind("hot_key_dial", "Ctrl+Alt+D")
        await until(lambda: bool(keys.problem("hot_key_dial")), keys.changed)
        assert "gives no hot keys" in keys.problem("hot_key_dial")
        assert "linkus-desktop answer" in keys.problem("hot_key_dial")


async def test_a_desktop_that_ends_is_told_SIP_2(
    keys: PortalHotKeys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with own_bus(tmp_path) as (address, daemon):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        async with serving() as desktop:
            keys.bind("hot_key_dial", "Ctrl+Alt+D")
            await desktop.bound.wait()
            daemon.terminate()
            await until(lambda: bool(keys.problem("hot_key_dial")), keys.changed)
    assert "gives no hot keys" in keys.problem("hot_key_dial")


async def test_what_is_marked_cannot_be_read_there_SIP_2(keys: PortalHotKeys) -> None:
    told = asyncio.ensure_future(emitted(keys.not_marked))
    await asyncio.sleep(0)
    keys.read_marked()
    assert "paste it here" in (await told)[0]


@pytest.mark.parametrize(
    ("keys", "written"),
    [
        ("Ctrl+Alt+D", "CTRL+ALT+d"),
        ("Shift+F10", "SHIFT+F10"),
        ("Meta+Space", "LOGO+space"),
        ("Ctrl+PgUp", "CTRL+Prior"),
        ("Ctrl+Ö", "CTRL+U00D6"),
    ],
)
def test_keys_are_named_as_desktops_name_them_SIP_2(keys: str, written: str) -> None:
    assert trigger(keys) == written
