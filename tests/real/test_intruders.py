"""Whoever guesses secrets or numbers learns nothing and is slowed down (A.7, AUTH-6, AUTH-7)."""

import asyncio
import secrets
from dataclasses import replace
from pathlib import Path

import pytest

from tests.files import content_of
from tests.phones.own_phone import OwnPhone
from tests.phones.phone import Refused
from tests.phones.ports import LOOPBACK
from tests.phones.script_phone import ScriptPhone
from tests.phones.sipscript import Message, Wire
from tests.phones.waiting import until
from tests.real.pbx import Pbx

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

GUESSES = 10
"""As many are allowed in a while."""


def _shape(answer: Message) -> tuple[str, list[str]]:
    """Status line and names of the headers: what an intruder could tell answers apart by."""
    return answer.first, [name for name, _ in answer.headers]


async def _refusal(pbx: Pbx, number: str, secret: str, address: str) -> tuple[list[object], int]:
    """All that one who tries to register sees: both answers, and challenges:  how often."""
    line = replace(pbx.line("1001"), number=number, secret=secret)
    async with ScriptPhone(line, address=address) as phone:
        first: list[object] = []
        ask = phone.wire.ask

        async def watched(request: Message, *, timeout_s: float = 5.0) -> Message:
            answer = await ask(request, timeout_s=timeout_s)
            first.append(_shape(answer))
            return answer

        phone.wire.ask = watched  # type: ignore[method-assign]
        await phone.try_register()
        return first, phone.challenges


async def test_wrong_secret_and_unknown_user_are_refused_alike_AUTH_6(pbx: Pbx) -> None:
    wrong = await _refusal(pbx, "1001", "not-the-secret-at-all", "127.0.1.1")
    unknown = await _refusal(pbx, "6666", "not-the-secret-at-all", "127.0.1.2")
    assert wrong == unknown
    assert len(wrong[0]) == 2, "challenged once, then refused"


async def test_a_refused_invite_does_not_tell_which_numbers_exist_AUTH_6(pbx: Pbx) -> None:
    seen = []
    for number, address in (("1001", "127.0.1.3"), ("6666", "127.0.1.4")):
        line = replace(pbx.line("1001"), number=number, secret="not-the-secret-at-all")
        async with ScriptPhone(line, address=address) as phone:
            await phone.dial("1002")
            await phone.ended()
            assert phone.dialog
            assert phone.dialog.answer
            seen.append((_shape(phone.dialog.answer), phone.dialog.provisional))
    assert seen[0] == seen[1]
    assert str(seen[0][0][0]).split()[1] in {"401", "403"}


async def test_a_scan_is_counted_and_slowed_down_and_leaves_others_alone_AUTH_6(tmp_path: Path) -> None:
    scanner = "127.0.9.9"
    async with Pbx(tmp_path, spare_loopback=False) as pbx:
        await pbx.add("1001", "Alice", "Archer")

        async def silenced() -> bool:
            """Whether the PBX has stopped to answer the scanner."""
            number = str(secrets.randbelow(9000) + 20000)
            line = replace(pbx.line("1001"), number=number, secret="guess-" * 4)
            async with ScriptPhone(line, address=scanner) as phone:
                try:
                    answer = await phone.try_register(timeout_s=1.5)
                except TimeoutError:
                    return await refused() >= GUESSES  # before that the machine stood still
                return answer.status == 403 and phone.challenges == 0

        async def refused() -> float:
            """How often the PBX has counted a refusal."""
            metrics = await pbx.metrics()
            return sum(value for name, value in metrics.items() if "sip_refused_total" in name)

        await until(silenced, "the scanner is shut out")
        assert await refused() >= GUESSES
        assert scanner in pbx.program.output, "the log names the address"
        async with ScriptPhone(pbx.line("1001")) as honest:
            await honest.register()


async def test_no_secret_is_in_a_log_or_readable_by_others_AUTH_5(pbx: Pbx) -> None:
    async with OwnPhone(replace(pbx.line("1001"), secret="a-wrong-secret-for-the-log")) as phone:
        with pytest.raises(Refused):
            await phone.register()
    known = {"a-wrong-secret-for-the-log", *(account.secret for account in pbx.accounts.values())}
    known |= {account.password for account in pbx.accounts.values()}
    for path in (path for path in pbx.data.rglob("*") if path.is_file()):
        content = content_of(path)
        assert not [secret for secret in known if secret.encode() in content], f"a secret in {path.name}"
    assert not [secret for secret in known if secret in pbx.program.output]
    for path in (pbx.data, pbx.data / "cli.token", pbx.data / "secrets.key"):
        assert path.stat().st_mode & 0o077 == 0, f"{path.name} can be read by others"


@pytest.mark.parametrize(
    "data",
    [
        b"REGISTER sip:x SIP/2.0\r\n\r\n",
        b"INVITE sip:1001@x SIP/2.0\r\nVia: SIP/2.0/UDP 1.2.3.4\r\nContent-Length: 99999999\r\n\r\n",
        b"\r\n\r\n",
        b"\x00" * 600,
        b"OPTIONS sip:" + b"9" * 4000 + b" SIP/2.0\r\n\r\n",
        b"SIP/2.0 200 OK\r\nCSeq: -1 INVITE\r\n\r\n",
        (
            b"INVITE sip:1001@x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5;branch=z9\r\n"
            b"From: <sip:%00@x>;tag=1\r\nTo: <sip:1001@x>\r\nCall-ID: 1\r\nCall-ID: 2\r\n"
            b"CSeq: 99999999999 INVITE\r\nMax-Forwards: -5\r\n\r\n"
        ),
    ],
)
async def test_malformed_messages_do_no_harm_SIP_1(pbx: Pbx, data: bytes) -> None:
    engine = pbx.engine_pid
    async with Wire(LOOPBACK, pbx.sip_port, address="127.0.3.1") as wire:
        for _ in range(5):
            wire.send_raw(data)
    async with ScriptPhone(pbx.line("1001")) as phone:
        await phone.register()
    assert pbx.engine_pid == engine


async def test_half_open_connections_keep_nobody_out_SIP_1(pbx: Pbx) -> None:
    silent = []
    try:
        for port in (pbx.sip_port, pbx.sips_port):
            for _ in range(30):
                _, writer = await asyncio.open_connection(LOOPBACK, port, local_addr=("127.0.3.2", 0))
                writer.write(b"REGISTER sip:x SIP/2.0\r\nVia: ")
                silent.append(writer)
        for transport in ("tcp", "tls"):
            async with ScriptPhone(pbx.line("1001", transport=transport)) as phone:  # type: ignore[arg-type]
                await phone.register()
    finally:
        for writer in silent:
            writer.transport.abort()


async def test_a_revoked_extension_is_out_at_once_on_sip_too_AUTH_7(own_pbx: Pbx) -> None:
    pbx = own_pbx
    async with ScriptPhone(pbx.line("1001")) as caller, ScriptPhone(pbx.line("1002")) as callee:
        await pbx.register(caller, callee)
        token = await pbx.token_of("1002")
        await caller.dial("1002")
        await callee.incoming()
        await callee.answer()
        await caller.connected()
        await pbx.api("PATCH", "/extensions/1002", body={"enabled": False})
        await callee.ended()
        await caller.ended()
        assert (await callee.try_register()).status in {401, 403}
        assert (await pbx.ask("GET", "/me", token=token))[0] == 401
        await caller.dial("1002")
        assert (await caller.ended()).code in {404, 480}
        await callee.dial("1001")
        assert (await callee.ended()).code in {401, 403}
        await pbx.nothing_left()


async def test_a_new_secret_shuts_the_old_one_out_AUTH_7(own_pbx: Pbx) -> None:
    pbx = own_pbx
    old = pbx.line("1003")
    changed = await pbx.api("PATCH", "/extensions/1003", body={"sip_secret": None})
    async with ScriptPhone(replace(old, secret=changed["sip_secret"])) as phone:

        async def accepted() -> bool:
            return (await phone.try_register()).status == 200

        await until(accepted, "the new secret is accepted", timeout_s=1)
    async with ScriptPhone(old) as phone:
        assert (await phone.try_register()).status in {401, 403}
