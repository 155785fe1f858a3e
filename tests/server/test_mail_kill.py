"""A server that is killed loses no mail; one that is sent twice is recognised by its Message-ID."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from pathlib import Path

from server.clock import SystemClock
from server.contract.mail import MailKind, MailState
from server.core import open_core
from server.settings import Settings
from tests.phones.waiting import until
from tests.server.cli.conftest import CHEAP
from tests.server.mail_server import MailServer, mail_server

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def running(data: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.server.idle_server", str(data),
        stdout=asyncio.subprocess.PIPE, cwd=ROOT, env=os.environ | CHEAP,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def prepare(settings: Settings, server: MailServer, *recipients: str) -> None:
    async with open_core(settings, SystemClock()) as core:
        await core.configuration.put(server.settings(), by="test")
        async with core.db.session() as session:
            for to in recipients:
                assert await core.outbox.add(session, MailKind.TEST, to, {})


async def test_a_server_killed_between_mail_and_answer_sends_it_again_with_the_same_id(
    initialised: Settings, tls_folder: Path
) -> None:
    """The mail server has all of it, and has not answered yet: nobody knows whether it was taken."""
    async with mail_server(tls_folder) as server:
        await prepare(initialised, server, "anna@example.org", "boris@example.org")
        server.hold.clear()
        async with running(initialised.data) as process:
            async with asyncio.timeout(120):
                await server.arrived.wait()
            process.kill()
            await process.wait()
        server.hold.set()
        async with running(initialised.data):
            await until(lambda: len(server.got) >= 2, "both are sent", timeout_s=120)
            ids = [str(message_from_bytes(content)["Message-ID"]) for content in server.raw]
        assert (len(ids), ids[0], len(set(ids))) == (3, ids[1], 2)
        async with open_core(initialised, SystemClock()) as core:
            mails = await core.outbox.list()
        assert {mail.message_id for mail in mails} == set(ids)
        assert mails[1].state is MailState.SENT
