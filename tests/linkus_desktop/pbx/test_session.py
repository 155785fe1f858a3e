"""AUTH-7, AUTH-8, A.6: a session's tokens, its live line, and what happens when the line is lost."""

import asyncio
import json
import random
import ssl

import pytest
from aiohttp import web

from linkus_desktop.pbx import connection
from linkus_desktop.pbx.backoff import Backoff
from linkus_desktop.pbx.errors import ApiError, NotConnected, SessionEnded
from linkus_desktop.pbx.login import login
from linkus_desktop.pbx.session import Session
from linkus_desktop.pbx.states import ConnectionState
from linkus_desktop.store.known_servers import KnownServers
from server.contract.events import CloseCode
from server.contract.presence import PresenceChange, PresenceStatus
from server.contract.reaching import ReachingSettings
from tests.linkus_desktop.pbx.fake_pbx import FakePbx, error, extension_state, me
from tests.linkus_desktop.qt_loop import emitted, until

ONLINE, OFFLINE, ENDED = ConnectionState.ONLINE, ConnectionState.OFFLINE, ConnectionState.ENDED


@pytest.fixture
async def online(session: Session) -> Session:
    """Connected, with everything known."""
    session.start()
    live = session.live
    await until(
        lambda: live.extensions.known and live.me.known and live.call_log.known,
        live.extensions.reset,
        live.me.reset,
        live.call_log.reset,
    )
    return session


def paths(pbx: FakePbx, wanted: str) -> int:
    return sum(path == wanted for _, path, _ in pbx.requests)


async def test_the_states_are_there_after_the_snapshot_A_6(online: Session) -> None:
    assert online.state is ONLINE
    assert {state.number for state in online.live.extensions} == {"1001", "1002"}


async def test_a_change_arrives_as_one_row_A_6(online: Session, pbx: FakePbx) -> None:
    changed = asyncio.ensure_future(emitted(online.live.extensions.changed))
    await pbx.change("extensions", "1002", extension_state("1002", "Otto Dorn", call="ringing"))
    assert (await changed)[0] == frozenset({"1002"})
    state = online.live.extensions.get("1002")
    assert state is not None
    assert state.call == "ringing"


async def test_a_gap_makes_it_unknown_and_asks_again_A_6(online: Session, pbx: FakePbx) -> None:
    while not pbx.subscriptions.empty():
        pbx.subscriptions.get_nowait()
    pbx.snapshots = False
    unknown = asyncio.ensure_future(emitted(online.live.extensions.became_unknown))
    await pbx.change("extensions", "1002", extension_state("1002", call="talking"), skip=1)
    await unknown
    assert not online.live.extensions.known
    assert await pbx.subscriptions.get() == ["extensions"]
    assert online.live.call_log.known  # the other topics missed nothing
    await pbx.say({"type": "snapshot", "topic": "extensions", "seq": 9, "items": pbx.topics["extensions"]})
    await until(lambda: online.live.extensions.known, online.live.extensions.reset)
    state = online.live.extensions.get("1002")
    assert state is not None
    assert state.call == "talking"


async def test_an_item_that_is_not_understood_hides_no_other(online: Session, pbx: FakePbx) -> None:
    changed = asyncio.ensure_future(emitted(online.live.extensions.changed, lambda keys: "1002" in keys))
    await pbx.change("extensions", "1001", {"number": 5})
    await pbx.change("extensions", "1002", extension_state("1002", call="held"))
    await changed
    assert online.state is ONLINE


async def test_changes_that_come_in_one_message_are_all_taken_KEY_3(online: Session, pbx: FakePbx) -> None:
    changed = asyncio.ensure_future(emitted(online.live.extensions.changed, lambda keys: "1002" in keys))
    seq = pbx.seq_of("extensions")
    states = [extension_state("1001", call="ringing"), extension_state("1002", call="held")]
    deltas = [
        {"type": "delta", "topic": "extensions", "seq": seq + at, "key": state["number"], "item": state}
        for at, state in enumerate(states, start=1)
    ]
    await pbx.say("\n".join(map(json.dumps, deltas)))
    await changed
    assert online.state is ONLINE
    shown = [online.live.extensions.get(number) for number in ("1001", "1002")]
    assert [state.call for state in shown if state is not None] == ["ringing", "held"]


@pytest.mark.parametrize("garbage", ["{", '{"type":"party"}', '{"type":"delta","topic":"extensions"}'])
async def test_garbage_makes_a_new_line(online: Session, pbx: FakePbx, garbage: str) -> None:
    await pbx.opened.get()
    await pbx.say(garbage)
    await pbx.opened.get()
    await until(lambda: online.live.extensions.known, online.live.extensions.reset)


async def test_a_lost_line_shows_and_everything_is_unknown_then_comes_back_AUTH_8_KEY_5(
    online: Session, pbx: FakePbx
) -> None:
    lost = asyncio.ensure_future(emitted(online.connection_changed, lambda state, _: state is OFFLINE))
    await pbx.stop()
    _, text = await lost
    assert "lost" in text
    assert not online.live.extensions.known
    pbx.topics["extensions"]["1002"] = extension_state("1002", call="talking")
    back = asyncio.ensure_future(emitted(online.live.extensions.reset))
    await pbx.start()
    await back
    assert online.state is ONLINE
    assert online.state_text == ""
    state = online.live.extensions.get("1002")
    assert state is not None
    assert state.call == "talking"


async def test_a_half_open_line_is_noticed_AUTH_8(
    session: Session, pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEARTBEAT_S", 0.1)

    async def deaf(request: web.Request) -> web.WebSocketResponse:
        line = web.WebSocketResponse(autoping=False)  # as if its answers were lost on the way
        await line.prepare(request)
        pbx.lines.append(line)
        pbx.opened.put_nowait(line)
        async for _ in line:
            pass
        return line

    pbx.instead["/events"] = deaf
    lost = asyncio.ensure_future(emitted(session.connection_changed, lambda state, _: state is OFFLINE))
    session.start()
    await pbx.opened.get()
    await lost
    pbx.lines.clear()


@pytest.mark.parametrize("code", [CloseCode.TOO_SLOW, 1001, 1012, 1011])
async def test_a_closed_line_is_opened_again(online: Session, pbx: FakePbx, code: int) -> None:
    line = await pbx.opened.get()
    await line.close(code=code)
    await pbx.opened.get()
    await until(lambda: online.state is ONLINE, online.connection_changed)


async def test_a_server_that_answers_500_is_tried_again_with_rising_waits(
    session: Session, pbx: FakePbx
) -> None:
    tries = 0

    async def broken(_: web.Request) -> web.StreamResponse:
        nonlocal tries
        tries += 1
        if tries == 3:
            del pbx.instead["/events"]
        return web.Response(status=500)

    pbx.instead["/events"] = broken
    session.start()
    await until(lambda: session.state is ONLINE, session.connection_changed)
    assert tries == 3


async def test_a_revoked_session_is_over_at_once_AUTH_7(online: Session, pbx: FakePbx) -> None:
    ended = asyncio.ensure_future(emitted(online.ended))
    line = await pbx.opened.get()
    pbx.valid.clear()
    pbx.refresh_tokens.clear()
    await line.close(code=CloseCode.UNAUTHENTICATED)
    assert "Log in again" in (await ended)[0]
    assert online.state is ENDED
    assert not online.live.extensions.known
    with pytest.raises(SessionEnded):
        await online.api.me()


async def test_an_expired_token_is_renewed_and_nobody_notices_AUTH_7(online: Session, pbx: FakePbx) -> None:
    pbx.valid.clear()
    assert (await online.api.me()).user == "1001"
    assert online.state is ONLINE


async def test_many_requests_share_one_renewal_AUTH_7(online: Session, pbx: FakePbx) -> None:
    """A refresh token works once: two renewals at a time would end the session."""
    pbx.valid.clear()
    await asyncio.gather(*(online.api.me() for _ in range(10)))
    assert paths(pbx, "/auth/refresh") == 1


async def test_a_renewal_survives_the_request_that_asked_for_it(online: Session, pbx: FakePbx) -> None:
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        arrived.set()
        await go_on.wait()
        return pbx._refresh(await request.json())

    pbx.instead["/auth/refresh"] = slow
    pbx.valid.clear()
    impatient = asyncio.ensure_future(online.api.me())
    await arrived.wait()
    impatient.cancel()
    await asyncio.wait([impatient])
    go_on.set()
    assert (await online.api.me()).user == "1001"
    assert paths(pbx, "/auth/refresh") == 1


async def test_tokens_are_renewed_before_they_expire_AUTH_7(pbx: FakePbx, trust: KnownServers) -> None:
    pbx.lifetime_s = 2.0
    session = await login(pbx.address, None, "1001", "right", trust=trust)
    renewed = asyncio.Event()

    async def refresh(request: web.Request) -> web.StreamResponse:
        renewed.set()
        return pbx._refresh(await request.json())

    pbx.instead["/auth/refresh"] = refresh
    session.start()
    async with asyncio.timeout(60):
        await renewed.wait()
    await session.close()


async def test_a_refused_handshake_renews_first(session: Session, pbx: FakePbx) -> None:
    pbx.valid.clear()
    session.start()
    await until(lambda: session.state is ONLINE, session.connection_changed)
    assert paths(pbx, "/auth/refresh") == 1


async def test_a_changed_network_makes_a_new_line_at_once_AUTH_8(online: Session, pbx: FakePbx) -> None:
    first = await pbx.opened.get()
    online.network_changed()
    assert await pbx.opened.get() is not first
    await until(lambda: online.state is ONLINE, online.connection_changed)


async def test_away_from_the_office_the_wan_takes_over_AUTH_8(
    pbx: FakePbx, trust: KnownServers, tls: ssl.SSLContext
) -> None:
    async with FakePbx(tls) as wan:
        session = await login(pbx.address, wan.address, "1001", "right", trust=trust)
        wan.valid |= pbx.valid
        session.start()
        await pbx.opened.get()
        moved = asyncio.ensure_future(emitted(session.moved))
        await pbx.stop()
        assert (await moved)[0] == wan.address
        await wan.opened.get()
        await session.close()


async def test_log_out_forgets_the_session_on_both_sides_AUTH_4(online: Session, pbx: FakePbx) -> None:
    ended: list[str] = []
    online.ended.connect(ended.append)
    await online.logout()
    assert paths(pbx, "/auth/logout") == 1
    assert ended == []  # the user knows
    with pytest.raises(SessionEnded):
        await online.api.me()


async def test_log_out_works_without_a_server(online: Session, pbx: FakePbx) -> None:
    await pbx.stop()
    await online.logout()
    with pytest.raises(SessionEnded):
        await online.api.me()


async def test_a_refused_change_of_password_says_why_AUTH_5(online: Session, pbx: FakePbx) -> None:
    async def weak(_: web.Request) -> web.StreamResponse:
        return error(422, "weak_password")

    pbx.instead["/auth/password"] = weak
    with pytest.raises(ApiError, match="weak_password"):
        await online.change_password("right", "1234")
    del pbx.instead["/auth/password"]
    await online.change_password("right", "a better one")
    assert pbx.requests[-1][2] == {"old_password": "right", "new_password": "a better one"}


async def test_presence_is_set_PRES_1(online: Session, pbx: FakePbx) -> None:
    answer = await online.set_presence(PresenceChange(status=PresenceStatus.AWAY, note="back at two"))
    assert (answer.status, answer.note) == (PresenceStatus.AWAY, "back at two")


async def test_a_request_without_a_server_says_so(online: Session, pbx: FakePbx) -> None:
    await pbx.stop()
    with pytest.raises(NotConnected, match="no connection to the server"):
        await online.api.me()


async def test_the_own_account_follows_the_server(online: Session, pbx: FakePbx) -> None:
    changed = asyncio.ensure_future(emitted(online.me_changed))
    mine = me()
    mine["extension"]["first_name"] = "Anne"
    await pbx.change("me", "me", mine)
    await changed
    assert online.me.extension is not None
    assert online.me.extension.first_name == "Anne"


def test_waits_double_with_jitter_and_stay_short_in_the_first_minute_AUTH_8() -> None:
    now = 0.0
    backoff = Backoff(random.Random(7), lambda: now)
    waits = [backoff.wait_s() for _ in range(6)]
    steps = (0.25, 0.5, 1, 1.5, 1.5, 1.5)
    assert all(step / 2 <= wait <= step for step, wait in zip(steps, waits, strict=True))
    now = 61.0
    assert 3.0 < max(backoff.wait_s() for _ in range(4)) <= 20.0
    backoff.reset()
    assert backoff.wait_s() <= 0.25
    assert Backoff(random.Random(1)).wait_s() != Backoff(random.Random(2)).wait_s()


async def test_settings_of_reaching_are_read_edited_and_sent_whole_PRES_2(
    session: Session, pbx: FakePbx
) -> None:
    has = ReachingSettings(all_busy=True)

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal has
        if request.method == "PUT":
            has = ReachingSettings.model_validate(await request.json())
        return web.json_response(has.model_dump(mode="json"))

    pbx.instead["/me/presence/settings"] = answer
    draft = session.reaching
    loaded = asyncio.ensure_future(emitted(draft.loaded))
    draft.load()
    await loaded
    assert draft.value(("all_busy",)) is True
    draft.put(("statuses", "away", "ring_timeout_s"), 12)
    saved = asyncio.ensure_future(emitted(draft.saved))
    assert draft.save()
    draft.put(("mobile_prefix",), "9")
    await saved
    assert (has.all_busy, has.statuses.away.ring_timeout_s, has.mobile_prefix) == (True, 12, "")
    assert draft.dirty, "what was edited while it was being saved is not lost"
    assert draft.value(("mobile_prefix",)) == "9"
    pbx.instead["/me/presence/settings"] = lambda _: _refusal()
    failed = asyncio.ensure_future(emitted(draft.failed))
    draft.save()
    await failed
    assert draft.problem(("mobile_prefix",)) == "No such prefix."
    assert draft.value(("mobile_prefix",)) == "9"


async def _refusal() -> web.StreamResponse:
    return error(422, "invalid", fields=[{"field": "mobile_prefix", "problem": "no such prefix"}])
