"""KEY-3, A.6: changes are written to WebSockets past ASGI, and what the hub promises holds there too."""

import asyncio
import json

import pytest

from server.api.direct import DirectWebSocket
from server.contract.events import Topic
from server.contract.keys import FunctionKey, FunctionKeysChange
from server.contract.presence import Presence, PresenceStatus
from server.services.subscriber import Subscriber
from tests.server.api.live_office import live_office
from tests.virtual_time import EPOCH

MUCH = 400_000
"""Characters of a change; some of them fill all buffers between server and client."""


@pytest.fixture
async def office(initialised):
    async with live_office(initialised) as running:
        yield running


def item(note: str) -> Presence:
    return Presence.model_construct(status=PresenceStatus.AVAILABLE, note=note, since=EPOCH)


async def test_changes_are_written_without_asgi_and_follow_the_snapshot_KEY_3(office, monkeypatch):
    written, send_now = [], DirectWebSocket.send_now

    def noticed(self, texts):
        texts = list(texts)
        written.extend(texts)
        send_now(self, texts)

    monkeypatch.setattr(DirectWebSocket, "send_now", noticed)
    anna = await office.login("1001")
    async with anna.events("extensions") as socket:
        assert (await socket.receive_json(timeout=60))["type"] == "snapshot"
        assert written == []
        for number in ("short", "é" * 40_000, "x" * 100_000):  # each length of a frame's header
            office.app.services.hub.publish(Topic.EXTENSIONS, "1002", item(number))
            delta = await socket.receive_json(timeout=60)
            assert delta["item"]["note"] == number
            assert json.loads(written[-1]) == delta
        assert [json.loads(text)["seq"] for text in written] == [2, 3, 4]


async def test_one_that_takes_nothing_costs_no_memory_is_cut_and_others_go_on(office, monkeypatch):
    buffered, send_now = [], DirectWebSocket.send_now

    def noticed(self, texts):
        send_now(self, texts)
        buffered.append(self.transport.get_write_buffer_size())

    monkeypatch.setattr(DirectWebSocket, "send_now", noticed)
    hub = office.app.services.hub
    hub.max_stall_s = 0.2
    anna, boris = await office.login("1001"), await office.login("1002")
    async with boris.events("extensions") as reads, anna.events("extensions") as idle:
        for socket in (reads, idle):
            assert (await socket.receive_json(timeout=60))["type"] == "snapshot"
        transport = idle._response.connection.transport
        transport.pause_reading()
        async with asyncio.timeout(60):
            while hub.subscribers == 2:
                hub.publish(Topic.EXTENSIONS, "1001", item("x" * MUCH))
                assert (await reads.receive_json())["type"] == "delta"
                assert max(buffered) < 4 * MUCH, "it gets only what the network takes"
        hub.publish(Topic.EXTENSIONS, "1001", item("still there"))
        assert (await reads.receive_json(timeout=60))["item"]["note"] == "still there"
        transport.resume_reading()  # or it would wait ten seconds for the other end's goodbye


async def test_who_has_a_key_for_a_colleague_is_told_first_KEY_3(office, monkeypatch):
    order, tell = [], Subscriber.tell

    def noticed(self, now):
        order.append(self.who.number)
        tell(self, now)

    monkeypatch.setattr(Subscriber, "tell", noticed)
    services = office.app.services
    key = FunctionKeysChange(keys=[FunctionKey(type="blf", value="1002")])
    await services.keys.change("1001", key, by="test")
    boris, anna = await office.login("1002"), await office.login("1001")

    async with boris.events("extensions") as his, anna.events("extensions", "keys") as hers:
        assert (await his.receive_json(timeout=60))["type"] == "snapshot"
        for _ in range(2):
            assert (await hers.receive_json(timeout=60))["type"] == "snapshot"

        async def told() -> list[str]:
            order.clear()
            services.hub.publish(Topic.EXTENSIONS, "1002", item("x"))
            for socket in (his, hers):
                assert (await socket.receive_json(timeout=60))["key"] == "1002"
            return order[:2]

        assert await told() == ["1001", "1002"]
        await services.keys.change("1001", FunctionKeysChange(keys=[]), by="test")
        assert (await hers.receive_json(timeout=60))["topic"] == "keys"
        assert await told() == ["1002", "1001"], "as they connected"
