"""The program `linkus-desktop` against the real server: what the windows need is really there."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.phones.waiting import until
from tests.real.pbx import LOOPBACK, Pbx

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]


@contextlib.asynccontextmanager
async def client(pbx: Pbx, number: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The client, logged in as that extension."""
    login = {
        "server": f"{LOOPBACK}:{pbx.http_port}",
        "user": number,
        "password": pbx.accounts[number].password,
        "fingerprint": pbx.fingerprint,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "linkus_desktop", "--data", str(folder), "--login-stdin"),
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(login).encode() + b"\n")
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


@pytest.mark.parametrize("number", ["1001", "1011"])
async def test_the_client_registers_in_clear_and_encrypted_SIP_1(
    pbx: Pbx, number: str, tmp_path: Path
) -> None:
    """1011 must encrypt, so its client uses TLS: Asterisk shows the certificate that the API showed."""
    async with client(pbx, number, tmp_path) as program:

        async def registered() -> bool:
            assert program.returncode is None
            return (await pbx.states())[number]["phones"] == 1

        await until(registered, f"the client of {number} is registered")

    async def gone() -> bool:
        return (await pbx.states())[number]["phones"] == 0

    await until(gone, "it unregisters when it ends")
