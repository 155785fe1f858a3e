"""AUTH-1: finding the server, recognising it, logging in; and what a person is told when it fails."""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from linkus_desktop.pbx import reach
from linkus_desktop.pbx.address import ServerAddress
from linkus_desktop.pbx.errors import (
    BadCredentials,
    CertificateChanged,
    CertificateUnknown,
    ClientDisabled,
    Locked,
    LoginError,
    RateLimited,
    ServerProblem,
    Unreachable,
)
from linkus_desktop.pbx.login import login
from linkus_desktop.store.known_servers import KnownServers
from server.services import certificate
from tests.linkus_desktop.pbx.fake_pbx import FakePbx, error
from tools.standstill import witness


def answers(response: web.Response) -> Any:
    async def handler(_: web.Request) -> web.Response:
        return response

    return handler


@pytest.fixture
async def silent() -> AsyncIterator[ServerAddress]:
    """A port that takes connections and never says a word."""
    open_ones: list[asyncio.StreamWriter] = []

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.append(writer)

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    yield ServerAddress("127.0.0.1", server.sockets[0].getsockname()[1])
    for writer in open_ones:
        writer.transport.abort()
    server.close()
    await server.wait_closed()


@pytest.fixture
async def nobody() -> ServerAddress:
    """A port on which nothing listens."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return ServerAddress("127.0.0.1", port)


async def test_the_login_brings_the_phones_account_AUTH_3(pbx: FakePbx, trust: KnownServers) -> None:
    session = await login(pbx.address, None, "1001", "right", trust=trust)
    assert session.sip is not None
    assert session.sip.username == "1001"
    assert session.me.user == "1001"
    assert session.address == pbx.address
    await session.close()


REFUSALS = [
    (error(401, "bad_credentials"), BadCredentials, "password is wrong"),
    (error(423, "locked", retry_after_s=600), Locked, "in 10 minutes"),
    (error(429, "rate_limited", retry_after_s=20), RateLimited, "in 20 seconds"),
    (error(403, "client_disabled"), ClientDisabled, "administrator"),
    (web.Response(status=500, text="<html>oh"), ServerProblem, "HTTP 500"),
    (web.Response(text="[]"), Unreachable, "not understood"),
]


@pytest.mark.parametrize(
    ("response", "kind", "text"), REFUSALS, ids=[kind.__name__ for _, kind, _ in REFUSALS]
)
async def test_each_refusal_says_what_happened_and_what_to_do_AUTH_6(
    pbx: FakePbx, trust: KnownServers, response: web.Response, kind: type[LoginError], text: str
) -> None:
    copy = web.Response(status=response.status, body=response.body, content_type=response.content_type)
    pbx.instead["/auth/login"] = answers(copy)
    with pytest.raises(kind, match=text):
        await login(pbx.address, None, "1001", "wrong", trust=trust)


async def test_an_impossible_password_is_not_quoted_anywhere_AUTH_4(
    pbx: FakePbx, trust: KnownServers, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "very-secret-" * 20
    with caplog.at_level(logging.DEBUG), pytest.raises(BadCredentials) as caught:
        await login(pbx.address, None, "1001", secret, trust=trust)
    assert secret not in caplog.text
    assert secret not in repr(caught.value.__cause__)
    assert caught.value.__suppress_context__


async def test_no_password_in_url_or_log_AUTH_4(
    pbx: FakePbx, trust: KnownServers, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        session = await login(pbx.address, None, "1001", "right", trust=trust)
        await session.api.me()
        await session.close()
    assert "right" not in caplog.text
    assert "access-1" not in caplog.text
    assert not any("right" in path or "access-" in path for _, path, _ in pbx.requests)


async def test_an_unknown_certificate_is_asked_about_once_then_remembered(pbx: FakePbx) -> None:
    trust = KnownServers()
    with pytest.raises(CertificateUnknown) as asked:
        await login(pbx.address, None, "1001", "right", trust=trust)
    assert asked.value.fingerprint == pbx.fingerprint
    assert pbx.requests == []  # nothing was sent before the user agreed
    session = await login(
        pbx.address, None, "1001", "right", trust=trust, accept_fingerprint=asked.value.fingerprint
    )
    await session.close()
    session = await login(pbx.address, None, "1001", "right", trust=trust)
    await session.close()


async def test_a_fingerprint_as_the_server_prints_it_is_accepted(pbx: FakePbx) -> None:
    plain = pbx.fingerprint.replace(":", "").lower()
    trust = KnownServers()
    session = await login(pbx.address, None, "1001", "right", trust=trust, accept_fingerprint=plain)
    await session.close()
    assert [path for _, path, _ in pbx.requests].count("/auth/login") == 1
    session = await login(pbx.address, None, "1001", "right", trust=trust)  # remembered as any other
    await session.close()


async def test_a_changed_certificate_is_refused_and_gets_no_password(
    pbx: FakePbx, trust: KnownServers, certificates: list[tuple[Path, Path]]
) -> None:
    old = pbx.fingerprint
    await pbx.stop()
    pbx.change_certificate(certificate.server_context(*certificates[1]))
    await pbx.start()
    with pytest.raises(CertificateChanged, match="pretending") as refused:
        await login(pbx.address, None, "1001", "right", trust=trust)
    assert (refused.value.known, refused.value.seen) == (old, pbx.fingerprint)
    assert pbx.requests == []


async def test_a_certificate_of_a_known_authority_is_accepted_without_asking(
    pbx: FakePbx, certificates: list[tuple[Path, Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.create_default_context(cafile=str(certificates[0][0]))
    monkeypatch.setattr("linkus_desktop.pbx.certificate.system_context", lambda: context)
    session = await login(pbx.address, None, "1001", "right", trust=KnownServers())
    assert (await session.api.me()).user == "1001"
    await session.close()


async def test_nothing_listening_is_said_so(nobody: ServerAddress) -> None:
    with pytest.raises(Unreachable, match=f"nothing listens on port {nobody.port}"):
        await login(nobody, None, "1001", "right", trust=KnownServers())


async def test_an_unknown_name_is_said_so() -> None:
    with pytest.raises(Unreachable, match="no computer of that name"):
        await login(ServerAddress("pbx.invalid"), None, "1001", "right", trust=KnownServers())


async def test_silence_is_a_time_out_and_not_for_ever(
    silent: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linkus_desktop.pbx.reach.REACH_TIMEOUT_S", 0.2)
    with pytest.raises(Unreachable, match="did not answer in time"):
        await login(silent, None, "1001", "right", trust=KnownServers())


async def test_a_server_without_tls_is_not_ours() -> None:
    async with FakePbx(None) as plain:
        with pytest.raises(Unreachable, match="Something else than a Linkus server"):
            await login(plain.address, None, "1001", "right", trust=KnownServers())
        assert plain.requests == []


async def test_another_web_server_is_not_ours_and_gets_no_password(pbx: FakePbx, trust: KnownServers) -> None:
    pbx.instead["/health"] = answers(web.Response(text="<html>Welcome to my printer"))
    with pytest.raises(Unreachable, match="Something else than a Linkus server"):
        await login(pbx.address, None, "1001", "right", trust=trust)
    assert [path for _, path, _ in pbx.requests] == ["/health"]


async def test_the_lan_is_preferred_AUTH_1(
    pbx: FakePbx, trust: KnownServers, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "HEAD_START_S", 30.0)  # no loaded machine answers in a third of a second
    async with FakePbx(tls) as wan:
        session = await login(pbx.address, wan.address, "1001", "right", trust=trust)
        await session.close()
        assert session.address == pbx.address
        assert wan.requests == []


async def test_a_dead_lan_and_a_living_wan_take_two_seconds_at_most_AUTH_1(
    pbx: FakePbx, trust: KnownServers, silent: ServerAddress
) -> None:
    took_s = []
    async with witness() as machine:
        for _ in range(3):  # the machine may have other work, too, or stand still
            began = time.monotonic()
            session = await login(silent, pbx.address, "1001", "right", trust=trust)
            took_s.append(machine.ran_s(began, time.monotonic()))
            assert session.address == pbx.address
            await session.close()
    assert min(took_s) < 2.0


async def test_a_lan_that_refuses_does_not_delay_the_wan_AUTH_1(
    pbx: FakePbx, trust: KnownServers, nobody: ServerAddress
) -> None:
    session = await login(nobody, pbx.address, "1001", "right", trust=trust)
    assert session.address == pbx.address
    await session.close()


async def test_a_certificate_known_on_the_lan_is_good_on_the_wan(
    pbx: FakePbx, tls: ssl.SSLContext, nobody: ServerAddress
) -> None:
    trust = KnownServers()
    trust.remember(nobody.host, nobody.port, pbx.fingerprint)
    session = await login(nobody, pbx.address, "1001", "right", trust=trust)
    await session.close()
    assert trust.fingerprint(pbx.address.host, pbx.address.port) == pbx.fingerprint


async def test_both_dead_names_both(nobody: ServerAddress) -> None:
    with pytest.raises(Unreachable) as failed:
        await login(nobody, ServerAddress("pbx.invalid"), "1001", "right", trust=KnownServers())
    assert [address for address, _ in failed.value.tried] == [nobody, ServerAddress("pbx.invalid")]
    assert "Check the address" in str(failed.value)
