"""SIP-2: a link of another program, from the command line to the dial field, on a real server."""

import asyncio

import pytest

from linkus_desktop.app import Client
from linkus_desktop.ui.phone.dialler import Dialler
from linkus_desktop.workplace import Workplace
from tests.linkus_desktop.app.conftest import Server
from tests.linkus_desktop.app.test_client import log_in, log_out
from tests.linkus_desktop.app.test_main import Program, connected, login_line, program

__all__ = ["connected", "program"]
pytestmark = [pytest.mark.window, pytest.mark.qt_log_ignore("does not support raise")]


def dialler(workplace: Workplace) -> Dialler:
    return workplace.window.rooms.phone().dialler


async def test_a_link_fills_the_dial_field_and_dials_nothing_SIP_2(client: Client, server: Server) -> None:
    client.start()
    workplace = await log_in(client, server)
    workplace.window.open_room("preferences")
    client.open_link("sip:1002@pbx.example.com")
    assert dialler(workplace).number.text() == "1002"
    assert dialler(workplace).isVisible()
    assert workplace.phone.calls == []


async def test_a_link_before_the_login_is_kept_until_there_is_a_dial_field_SIP_2(
    client: Client, server: Server
) -> None:
    client.start()
    client.open_link("tel:+420-530-335-533")
    assert client.login_window.isVisible()
    assert "Log in to call +420530335533" in client.login_window.message.text
    workplace = await log_in(client, server)
    assert dialler(workplace).number.text() == "+420530335533"
    await log_out(client)
    workplace = await log_in(client, server)
    assert dialler(workplace).number.text() == "", "it is offered once"


async def test_what_the_link_says_besides_is_told_SIP_2(client: Client, server: Server) -> None:
    client.start()
    workplace = await log_in(client, server)
    client.open_link("tel:+420-530-335-533;ext=5")
    assert "extension 5" in workplace.window.message.text


@pytest.mark.parametrize("link", ["sip:anna@example.com", "tel:%00", "linkus://login?token=x", "x" * 9000])
async def test_a_link_of_no_use_is_told_in_the_window_that_is_there_SIP_2(
    client: Client, server: Server, link: str
) -> None:
    client.start()
    client.open_link(link)
    assert client.login_window.message.text
    workplace = await log_in(client, server)
    assert dialler(workplace).number.text() == ""
    client.open_link(link)
    assert workplace.window.message.text


async def test_a_second_start_hands_its_link_to_the_running_program_SIP_2(
    program: Program, server: Server, connected: asyncio.Event
) -> None:
    """Another program's click starts `linkus-desktop LINK`: the running one says that it took it."""
    first = await program.start("--login-stdin", line=login_line(server))
    await connected.wait()
    code, errors = await program.ended(await program.start("tel:1002"))
    assert code == 0
    assert "running already" in errors
    first.terminate()
    code, errors = await program.ended(first)
    assert code == 0
    assert "Traceback" not in errors


async def test_a_start_with_a_link_logs_in_as_well_SIP_2(
    program: Program, server: Server, connected: asyncio.Event
) -> None:
    process = await program.start("--login-stdin", "sip:1002@pbx", line=login_line(server))
    await connected.wait()
    process.terminate()
    assert (await program.ended(process))[0] == 0


async def test_the_window_comes_to_the_front_for_a_link_SIP_2(client: Client, server: Server) -> None:
    client.start()
    workplace = await log_in(client, server)
    workplace.window.showMinimized()
    client.open_link("tel:1002")
    assert not workplace.window.isMinimized()
