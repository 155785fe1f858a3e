"""When the machine does not play along (A.3): a clear message, and an API that answers."""

import socket
import sys
from pathlib import Path

import pytest

from tests.phones.ports import LOOPBACK, free_port
from tests.phones.script_phone import ScriptPhone
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tests.real.small_disk import SmallDisk

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]


async def _problem(pbx: Pbx, *words: str) -> str:
    """Wait until the server says that it is not ready, and why, in a message with these words."""

    async def look() -> str | None:
        status, body = await pbx.ask("GET", "/ready")
        if status != 503 or body["ready"]:
            return None
        told = " ".join(check["message"] for check in body["checks"] if not check["ok"])
        return told if all(word in told for word in words) else None

    message = await until(look, f"not ready, with a message that has {words}")
    assert (await pbx.ask("GET", "/health"))[0] == 200
    assert (await pbx.ask("GET", "/extensions"))[0] == 200
    return message or ""


async def test_a_taken_sip_port_is_named_and_taken_again_when_free_OPS_1(tmp_path: Path) -> None:
    pbx = Pbx(tmp_path)
    port = free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((LOOPBACK, port))
        try:
            await pbx.start(sip=port)
            await _problem(pbx, str(port))
            taken.close()
            await pbx.ready()
        finally:
            await pbx.stop()


async def test_without_an_asterisk_the_api_answers_and_says_what_to_do_OPS_1(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    pbx = Pbx(tmp_path, env={"LINKUS_SWITCH__ASTERISK": str(empty)})
    try:
        await pbx.start()
        message = await _problem(pbx, str(empty))
        assert message.endswith(".")
        await pbx.add("1001", "Alice", "Archer")
        code, out, err = await pbx.try_cli("status")
        assert code in {0, 1}, out + err
    finally:
        await pbx.stop()


async def test_without_a_mirror_the_message_says_so_OPS_1(tmp_path: Path) -> None:
    """Nothing on PATH, nothing in the cache, and a package source that nobody answers for."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python").symlink_to(sys.executable)
    cache = tmp_path / "cache"
    cache.mkdir()
    pbx = Pbx(tmp_path, env={"LINKUS_CACHE": str(cache), "PATH": str(programs)})
    try:
        await pbx.start()
        message = await _problem(pbx, "Asterisk")
        assert len(message) > 40
    finally:
        await pbx.stop()


async def test_a_taken_api_port_ends_the_server_with_a_clear_message_OPS_1(tmp_path: Path) -> None:
    pbx = Pbx(tmp_path)
    await pbx.cli("init")
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = await pbx.try_cli(
            "serve", "--http", f"{LOOPBACK}:{port}", "--sip", f"{LOOPBACK}:0", "--sips", f"{LOOPBACK}:0",
            "--rtp", "0-0",
        )  # fmt: skip
    assert code != 0
    assert str(port) in out + err
    assert "Traceback" not in out + err


async def test_a_full_disk_is_told_and_calls_go_on_OPS_1(tmp_path: Path) -> None:
    """The data folder is on a small disk of its own."""
    async with SmallDisk(tmp_path / "small", megabytes=90) as disk, Pbx(tmp_path, disk=disk) as pbx:
        for number in ("1001", "1002"):
            await pbx.add(number, "Alice", "Archer")
        async with ScriptPhone(pbx.line("1001")) as caller, ScriptPhone(pbx.line("1002")) as callee:
            await pbx.register(caller, callee)
            disk.fill()
            await _problem(pbx, "MB are free on the disk of")
            await caller.dial("1002")
            await callee.incoming()
            await callee.answer()
            await caller.connected()
            await caller.hangup()
            await callee.ended()
            disk.make_room()
            await pbx.ready()
        await pbx.nothing_left()
