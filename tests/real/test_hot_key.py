"""The whole client on a real display: mark a number elsewhere, press a key, and a phone rings (SIP-2)."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from demo.cast import Actor, acting
from demo.company import PEOPLE
from demo.processes import Stage
from linkus_desktop.app import STORE
from linkus_desktop.store.database import LocalDatabase
from linkus_desktop.store.settings import Settings
from tests.linkus_desktop.hotkeys.other_program import ALT, CONTROL, OtherProgram, display
from tests.phones.phone import Caller
from tests.phones.script_phone import ScriptPhone
from tests.real.pbx import LOOPBACK, Pbx

pytestmark = [
    pytest.mark.real,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(shutil.which("Xvfb") is None, reason="there is no virtual display"),
]
D, E = ord("d"), ord("e")
KEY_WITHIN_S = 15.0
"""How long somebody waits for what a key does before pressing it again."""


@pytest.fixture
def screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with display(tmp_path) as (name, authority):
        monkeypatch.setenv("XAUTHORITY", str(authority))
        yield name


@asynccontextmanager
async def at_work(pbx: Pbx, screen: str, folder: Path) -> AsyncIterator[Actor]:
    """The client of 1001 on this display, with its hot keys."""
    data = folder / "client"
    data.mkdir(mode=0o700)
    database = LocalDatabase(data / STORE)
    settings = Settings(database)
    settings.hot_key_dial, settings.hot_key_dials = "Ctrl+Alt+D", "at_once"
    settings.hot_key_answer = "Ctrl+Alt+E"
    database.close()
    env = {"QT_QPA_PLATFORM": "xcb", "DISPLAY": screen}
    async with acting(Stage(folder / "stage"), PEOPLE[0], env, data=data) as client:
        await client.type("Server", f"{LOOPBACK}:{pbx.http_port}")
        await client.type("User", "1001")
        await client.type("Password", pbx.accounts["1001"].password, secret=True)
        await client.click("Log in")
        await client.click("It is the same, go on")
        await client.see("Connected. Server: connected")
        yield client


def _press(other: OtherProgram, *keys: int) -> None:
    other.press(*keys)
    other.answer_all()  # what was asked while it waited for the display: of that the loop is not told


def _mark(other: OtherProgram, text: str) -> None:
    other.mark(text)
    other.answer_all()


async def _pressed_until_it_rings(other: OtherProgram, phone: ScriptPhone) -> Caller:
    """As people do who are quicker with the key than the client, which has just come up."""
    rings = asyncio.create_task(phone.incoming())
    while not rings.done():
        _press(other, CONTROL, ALT, D)
        await asyncio.wait({rings}, timeout=KEY_WITHIN_S)
    return await rings


async def test_a_marked_number_is_called_and_a_call_answered_by_keys_SIP_2(
    pbx: Pbx, screen: str, tmp_path: Path
) -> None:
    other = OtherProgram(screen)
    asyncio.get_running_loop().add_reader(other.descriptor, other.answer_all)
    try:
        async with at_work(pbx, screen, tmp_path) as client, ScriptPhone(pbx.line("1002")) as bob:
            await pbx.register(bob)
            _mark(other, "Bob Baker, tel. 100-2 (office)")
            assert (await _pressed_until_it_rings(other, bob)).number == "1001"
            await bob.answer()
            await client.see("Hang up")
            _press(other, CONTROL, ALT, E)
            await bob.ended()

            await bob.dial("1001")
            await client.see("Decline")
            _press(other, CONTROL, ALT, E)
            await bob.connected()
            await bob.hangup()
            await bob.ended()

            _mark(other, "112")
            _press(other, CONTROL, ALT, D)
            await client.see("This is an emergency number")
    finally:
        asyncio.get_running_loop().remove_reader(other.descriptor)
        other.close()
    await pbx.nothing_left()
