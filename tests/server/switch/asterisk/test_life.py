"""The engine starts, dies, comes back and is adopted (item 3 of the foundation; OPS-1, AUTH-8)."""

import asyncio
import errno
import itertools
import json
import os
import pickle
import signal
import socket
import sqlite3
import stat
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from server.switch.asterisk import AsteriskSettings, AsteriskSwitch, supervisor
from server.switch.asterisk.ari import Ari
from server.switch.asterisk.process import Identity, command_of
from server.switch.port import (
    Contact,
    Down,
    LegChanged,
    LegState,
    Party,
    Reason,
    SecurityEvent,
    SwitchUnavailable,
    Up,
)
from tests.files import content_of
from tests.phones.ports import free_port, free_ports
from tests.phones.waiting import PATIENCE_S, until
from tests.server.switch.asterisk.bench import Bench, Events
from tools.standstill import witness

pytestmark = pytest.mark.real


def running(pid: int) -> bool:
    """Whether there is such a process (a zombie is none)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def stored_contacts(settings: AsteriskSettings) -> int:
    """How many registrations Asterisk has on disk: it commits up to a second late."""
    with closing(sqlite3.connect(settings.data / "var/astdb.sqlite3")) as database:
        try:
            rows = database.execute("SELECT count(*) FROM astdb WHERE key LIKE '/registrar/contact/%'")
            return int(rows.fetchone()[0])
        except sqlite3.OperationalError:  # locked or not made yet
            return 0


async def test_killed_in_a_call_it_is_back_within_five_seconds_and_phones_work_again(
    own_settings: AsteriskSettings,
) -> None:
    async with Bench(own_settings, stop_engine=True) as bench, witness() as machine:
        caller, callee = await bench.phone("1001"), await bench.phone("1002")
        inbound, outbound = await bench.call(caller, callee)
        await until(lambda: stored_contacts(own_settings) == 2, "Asterisk commits its database")
        bench.events.forget()
        killed = bench.switch.status.pid
        os.kill(killed, signal.SIGKILL)

        down = await bench.events.get(Down)
        assert "signal 9" in down.message
        for leg in (inbound, outbound):
            assert (await leg.gone()).lost
            await bench.events.get(LegChanged, lambda event, leg=leg: event.leg is leg)
        with pytest.raises(SwitchUnavailable):
            await bench.dial(Contact("1002", "sip:1002@127.0.0.1:9"))

        began = time.monotonic()
        up = await bench.events.get(Up)
        now = time.monotonic()
        assert machine.ran_s(began, now) <= 5
        assert up.restarted
        assert bench.switch.status.pid not in (killed, None)
        assert not bench.switch.legs()
        assert not bench.switch.bridges()
        # The registrations outlived it: no phone need do anything, and nobody need push the extensions.
        assert len(bench.switch.contacts("1002")) == 1
        assert await bench.switch.known() == {"1001", "1002"}
        caller.dialog = callee.dialog = None
        await bench.call(caller, callee)


async def test_an_engine_that_keeps_dying_is_retried_ever_more_slowly(
    plain_settings: AsteriskSettings,
) -> None:
    dying = replace(plain_settings, installation=Path("/bin/true"))
    switch = AsteriskSwitch(dying)
    events = Events(switch)
    await switch.start()
    down = await events.get(Down)
    assert "/bin/true" in down.message or "/usr/bin/true" in down.message
    assert not switch.status.up
    assert switch.status.problem == down.message
    await switch.aclose()


async def test_the_next_server_adopts_engine_calls_and_registrations(own_settings: AsteriskSettings) -> None:
    async with Bench(own_settings) as first:
        await first.extension("1001", "Ada Lovelace")
        caller, callee = await first.phone("1001"), await first.phone("1002")
        inbound, outbound = await first.call(caller, callee)
        await caller.reinvite("sendonly")
        await first.events.get(LegChanged, lambda event: event.leg is inbound and event.leg.held)
        await outbound.mark_held(on=True)
        third = await first.phone("1003")
        memo = '{"greeting": "Účtárna ${x}, 100 %; \\"a|b\\""}'
        ringing = await first.dial(
            first.switch.contacts("1003")[0], caller=Party("1002", "Bo"), timeout_s=60, memo=memo
        )
        await ringing.ringing()
        pid = first.switch.status.pid
        await first.switch.aclose(stop_engine=False)
        assert running(pid)

        async with Bench(own_settings) as second:
            assert not (await second.events.up()).restarted
            assert second.switch.status.pid == pid
            legs = {leg.id: leg for leg in second.switch.legs()}
            assert set(legs) == {inbound.id, outbound.id, ringing.id}
            again = legs[inbound.id]
            assert (again.number, again.inbound, again.dialled) == ("1001", True, "1002")
            assert again.source == inbound.source != ""
            assert (again.state, again.held, again.held_by_us) == (LegState.UP, True, False)
            assert again.caller == Party("1001", "Ada Lovelace")
            again = legs[outbound.id]
            assert (again.number, again.inbound, again.dialled) == ("1002", False, "")
            assert (again.state, again.held, again.held_by_us) == (LegState.UP, False, True)
            assert again.contact == outbound.contact
            assert again.caller == Party("1001", "Ada Lovelace")
            again = legs[ringing.id]
            assert (again.number, again.state, again.caller) == (
                "1003",
                LegState.RINGING,
                Party("1002", "Bo"),
            )
            assert again.memo == ringing.memo == memo
            (bridge,) = second.switch.bridges()
            assert bridge.legs == {inbound.id, outbound.id}
            assert len(second.switch.contacts("1003")) == 1

            await third.answer()
            await legs[ringing.id].answered()
            await callee.hangup()
            await legs[outbound.id].gone()
            await legs[inbound.id].hangup()
            await legs[ringing.id].hangup()
            await caller.ended()
            await bridge.close()
            await second.switch.aclose()
        assert not running(pid)


async def test_a_leg_released_while_the_engine_cannot_be_reached_is_released_later(bench: Bench) -> None:
    caller, callee = await bench.phone("1001"), await bench.phone("1002")
    inbound, outbound = await bench.call(caller, callee)
    ari = bench.switch._control.ari
    bench.events.forget()
    await ari.__aexit__()  # the connection drops
    await outbound.hangup()
    assert not (await bench.events.up()).restarted
    await callee.ended()
    assert (await outbound.gone()).by_us
    assert [leg.id for leg in bench.switch.legs()] == [inbound.id]


async def test_changed_settings_make_a_new_engine(plain_settings: AsteriskSettings) -> None:
    async with Bench(plain_settings) as first:
        pid = first.switch.status.pid
        await first.switch.aclose(stop_engine=False)
    async with Bench(replace(plain_settings, external_media_address="192.0.2.1")) as second:
        assert (await second.events.up()).restarted
        assert second.switch.status.pid != pid
        assert not running(pid)
        await second.switch.aclose()


async def test_stopping_hangs_up_and_leaves_no_process(own_settings: AsteriskSettings) -> None:
    async with Bench(own_settings) as bench:
        caller, callee = await bench.phone("1001"), await bench.phone("1002")
        await bench.call(caller, callee)
        pid = bench.switch.status.pid
        await bench.switch.aclose()
        await asyncio.gather(caller.ended(), callee.ended())
        assert not running(pid)
        assert not bench.switch.status.up


async def test_a_taken_port_is_named_and_used_once_it_is_free(plain_settings: AsteriskSettings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        port = free_port()  # which nobody takes between this test and Asterisk
        other.bind(("127.0.0.1", port))
        switch = AsteriskSwitch(replace(plain_settings, sip_port=port))
        events = Events(switch)
        await switch.start()
        down = await events.get(Down)
        assert f"{port}/udp is in use by" in down.message
        assert f"process {os.getpid()}" in down.message
        assert "`sip.port`" in down.message
        assert not switch.status.up
    await events.up()
    assert switch.status.sip_udp == f"127.0.0.1:{port}"
    await switch.aclose()


@pytest.mark.parametrize("which", ["sips_port", "ari_port"])
async def test_other_taken_ports_are_named(own_settings: AsteriskSettings, which: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        switch = AsteriskSwitch(replace(own_settings, **{which: port}))
        events = Events(switch)
        await switch.start()
        assert f"{port}/tcp is in use by" in (await events.get(Down)).message
        await switch.aclose()


async def test_no_free_media_ports_are_told(plain_settings: AsteriskSettings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        port = free_ports(2)
        other.bind(("127.0.0.1", port))
        switch = AsteriskSwitch(replace(plain_settings, rtp_low=port, rtp_high=port + 1))
        events = Events(switch)
        await switch.start()
        assert "`rtp.low`" in (await events.get(Down)).message
        await switch.aclose()


async def test_two_servers_do_not_share_a_folder(bench: Bench, engine_settings: AsteriskSettings) -> None:
    other = AsteriskSwitch(engine_settings)
    events = Events(other)
    await other.start()
    assert "Another server" in (await events.get(Down)).message
    await other.aclose()
    assert bench.switch.status.up


async def test_a_folder_that_cannot_be_written_is_told(plain_settings: AsteriskSettings) -> None:
    plain_settings.data.write_text("a file where the folder should be")
    switch = AsteriskSwitch(plain_settings)
    events = Events(switch)
    await switch.start()
    assert str(plain_settings.data) in (await events.get(Down)).message
    await switch.aclose()


async def test_a_disk_that_fills_while_the_engine_starts_leaves_no_engine_behind(
    plain_settings: AsteriskSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is told, and the next start finds no port taken by an engine that nobody knows of."""
    started: list[int] = []
    remember = supervisor.Supervisor._remember

    def full(self: supervisor.Supervisor, wanted: object, mark: str, process: Identity | None) -> None:
        if process is not None and not started:
            started.append(process.pid)
            raise OSError(errno.ENOSPC, "No space left on device")
        remember(self, wanted, mark, process)

    monkeypatch.setattr(supervisor.Supervisor, "_remember", full)
    switch = AsteriskSwitch(plain_settings)
    events = Events(switch)
    await switch.start()
    assert "is full" in (await events.get(Down)).message
    assert not running(started[0])
    await events.up()
    assert switch.status.pid != started[0]
    await switch.aclose()


async def test_an_engine_without_extensions_says_so(own_settings: AsteriskSettings) -> None:
    """Asterisk answers 404 where there is none: that is an answer, not a problem."""
    async with Bench(own_settings, stop_engine=True) as bench:
        assert await bench.switch.known() == frozenset()
        await bench.extension("1001")
        assert await bench.switch.known() == {"1001"}
        await bench.switch.remove("1001")

        async def is_forgotten() -> bool:
            return await bench.switch.known() == frozenset()

        await until(is_forgotten, "Asterisk lists no extension any more")  # it lists what it heard of itself


async def test_an_engine_survives_servers_that_come_and_go_while_phones_are_busy(
    own_settings: AsteriskSettings,
) -> None:
    """AUTH-8: a device state, of which every call makes some, must not come in between and stop Asterisk."""
    async with Bench(own_settings) as bench:
        version = bench.switch.status.version
    memory = json.loads((own_settings.data / "engine.json").read_text())
    control = (memory["ports"]["ari"], memory["ari_secret"], version)
    gone = asyncio.Event()
    told = 0

    async def change(lamp: int) -> None:
        nonlocal told
        async with Ari(*control) as ari:
            for state in itertools.cycle(("INUSE", "NOT_INUSE")):
                if gone.is_set():
                    break
                await ari.put(f"deviceStates/Stasis%3A{lamp}", deviceState=state)
                told += 1

    async with asyncio.TaskGroup() as phones:
        for lamp in range(3):
            phones.create_task(change(lamp))
        try:
            async with asyncio.timeout(240):
                for _ in range(1000):
                    async with Ari(*control) as ari:
                        await ari.connect()
        finally:
            gone.set()
    assert told > 100
    async with Bench(own_settings, stop_engine=True) as again:
        await again.call(await again.phone("1001"), await again.phone("1002"))


async def test_no_secret_is_readable_by_others_or_on_a_command_line(
    bench: Bench, engine_settings: AsteriskSettings
) -> None:
    endpoint = await bench.extension("1001")
    await (await bench.unregistered("1001")).register()
    folder = engine_settings.data
    memory = json.loads((folder / "engine.json").read_text())
    own = [memory["ari_secret"], memory["ami_secret"]]
    command = " ".join(command_of(bench.switch.status.pid))
    assert not any(secret in command for secret in own)
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        content = content_of(path)
        assert endpoint.secret.encode() not in content, path
        if any(secret.encode() in content for secret in own):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


async def test_an_engine_that_hangs_is_replaced(
    own_settings: AsteriskSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.switch.asterisk.ari.HEARTBEAT_S", 0.4)
    monkeypatch.setattr("server.switch.asterisk.ari.REQUEST_S", 0.5)
    monkeypatch.setattr("server.switch.asterisk.switch.UNRESPONSIVE_S", 1.0)
    monkeypatch.setattr("server.switch.asterisk.process.GRACE_S", 0.5)
    async with Bench(own_settings, stop_engine=True) as bench:
        bench.events.forget()
        pid = bench.switch.status.pid
        os.kill(pid, signal.SIGSTOP)
        await bench.events.get(Down)
        assert (await bench.events.up()).restarted
        assert not running(pid)


SERVER = """
import asyncio, pickle, sys
from server.switch.asterisk import AsteriskSwitch
from server.switch.port import Up

async def main():
    switch = AsteriskSwitch(pickle.load(sys.stdin.buffer))
    switch.listen(lambda event: print(switch.status.pid, flush=True) if isinstance(event, Up) else None)
    await switch.start()
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_killing_the_server_leaves_the_engine_to_the_next_one(plain_settings: AsteriskSettings) -> None:
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVER, stdin=pipe, stdout=pipe)
    assert server.stdin
    assert server.stdout
    server.stdin.write(pickle.dumps(plain_settings))
    server.stdin.write_eof()
    async with asyncio.timeout(PATIENCE_S):
        pid = int(await server.stdout.readline())
    server.kill()
    await server.wait()
    assert running(pid)
    async with Bench(plain_settings) as bench:
        assert bench.switch.status.pid == pid
        assert not (await bench.events.up()).restarted
        await bench.switch.aclose()
    assert not running(pid)


async def test_a_call_that_rang_when_the_server_died_is_found_ringing(own_settings: AsteriskSettings) -> None:
    async with Bench(own_settings) as first:
        caller = await first.phone("1001")
        await caller.dial("1002")
        leg = await first.events.incoming()
        await leg.ring()
        await first.events.get(LegChanged, lambda event: event.leg.state is LegState.RINGING)
        await caller.ringback()
        await first.switch.aclose(stop_engine=False)
        async with Bench(own_settings) as second:
            (again,) = second.switch.legs()
            assert (again.id, again.state, again.dialled) == (leg.id, LegState.RINGING, "1002")
            assert await second.switch.known() == {"1001"}
            await again.hangup(Reason.UNAVAILABLE)
            assert (await caller.ended()).code == 503
            await second.switch.aclose()


async def test_a_call_without_a_server_is_refused_at_once(own_settings: AsteriskSettings) -> None:
    async with Bench(own_settings) as bench:
        caller = await bench.phone("1001")
        await bench.switch.aclose(stop_engine=False)
        await caller.dial("1002")
        assert (await caller.ended()).code == 503
        async with Bench(own_settings) as second:
            await second.switch.aclose()


async def test_phones_are_not_blamed_while_a_new_engine_knows_nobody(
    plain_settings: AsteriskSettings,
) -> None:
    async with Bench(plain_settings, stop_engine=True) as bench:
        early = await bench.unregistered("1001")
        assert (await early.try_register()).status == 401
        await bench.extension("1001")
        await (await bench.unregistered("1002")).try_register()
        event = await bench.events.get(SecurityEvent)
        assert event.account == "1002"


async def test_fetching_gets_none_of_the_servers_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may hold the database's password (AUTH-5); the cache folder it must know."""
    seen = tmp_path / "seen"
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\nenv > {seen}\n")
    program.chmod(0o700)
    monkeypatch.setattr(supervisor.sys, "executable", str(program))
    monkeypatch.setenv("LINKUS_DATABASE__URL", "postgresql+psycopg://me:secret@host/db")
    monkeypatch.setenv("LINKUS_CACHE", "/somewhere")
    await supervisor._fetch()
    assert "secret" not in seen.read_text()
    assert "LINKUS_CACHE=/somewhere" in seen.read_text()
