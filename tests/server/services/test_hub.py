"""A.6: topics, snapshots, contiguous deltas, and subscribers that do not keep up."""

import asyncio
import json

import pytest

from server.contract.events import CloseCode, Topic
from server.contract.extensions import Role
from server.contract.presence import Presence, PresenceStatus
from server.services.accounts import Who
from server.services.hub import Hub, TooManySubscribers
from server.services.subscriber import Closed
from tests.virtual_time import EPOCH, in_virtual_time


def who(number: str = "1001", *, session: str = "s1") -> Who:
    return Who(account_id=int(number), user=number, number=number, role=Role.USER, session_id=session)


def item(note: str) -> Presence:
    return Presence(status=PresenceStatus.AVAILABLE, note=note, since=EPOCH)


class Wire:
    """A connection that takes messages only as far as it is let."""

    def __init__(self, hub: Hub, user: Who) -> None:
        self.subscriber = hub.connect(user)
        self.messages: list[dict] = []
        self.frames = 0
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.task = asyncio.ensure_future(self.subscriber.run(self._send))

    async def _send(self, text: str) -> None:
        await self.flowing.wait()
        self.frames += 1
        self.messages += [json.loads(line) for line in text.split("\n")]

    async def closed(self) -> CloseCode:
        with pytest.raises(Closed) as closed:
            await self.task
        return closed.value.code

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])


def hub_with(items: dict, **options) -> Hub:
    hub = Hub(**options)

    async def snapshot(_who):
        await asyncio.sleep(0.01)
        return dict(items)

    hub.topic(Topic.EXTENSIONS, snapshot)
    hub.topic(Topic.CALL_LOG, snapshot, allowed=lambda user: user.number != "1009")
    return hub


@in_virtual_time
async def test_what_changes_while_the_snapshot_is_read_is_sent_after_it():
    items = {"a": item("old")}
    hub = hub_with(items)
    wire = Wire(hub, who())
    wire.subscriber.subscribe([Topic.EXTENSIONS])
    await asyncio.sleep(0.005)
    hub.publish(Topic.EXTENSIONS, "a", item("new"))
    await asyncio.sleep(0.1)
    assert [(m["type"], m["seq"]) for m in wire.messages] == [("snapshot", 1), ("delta", 2)]
    assert wire.messages[1]["item"]["note"] == "new"
    await wire.end()


@in_virtual_time
async def test_nothing_is_sent_of_what_was_not_subscribed_to():
    hub = hub_with({})
    wire = Wire(hub, who())
    hub.publish(Topic.EXTENSIONS, "a", item("x"))
    wire.subscriber.subscribe([Topic.EXTENSIONS])
    await asyncio.sleep(0.1)
    hub.publish(Topic.CALL_LOG, "c", item("x"))
    await asyncio.sleep(0.1)
    assert [m["type"] for m in wire.messages] == ["snapshot"]
    await wire.end()


@in_virtual_time
async def test_a_topic_that_may_not_be_seen_is_not_answered():
    hub = hub_with({})
    wire = Wire(hub, who("1009"))
    wire.subscriber.subscribe([Topic.CALL_LOG, Topic.ME])
    hub.publish(Topic.CALL_LOG, "c", item("x"))
    await asyncio.sleep(0.1)
    assert wire.messages == []
    await wire.end()


@in_virtual_time
async def test_an_item_for_one_extension_or_account_reaches_nobody_else():
    hub = hub_with({})
    anna, boris = Wire(hub, who("1001")), Wire(hub, who("1002"))
    for wire in (anna, boris):
        wire.subscriber.subscribe([Topic.CALL_LOG])
    await asyncio.sleep(0.1)
    hub.publish(Topic.CALL_LOG, "a", item("x"), to="1001")
    hub.publish(Topic.CALL_LOG, "b", None, to=1002)
    await asyncio.sleep(0.1)
    assert [m.get("key") for m in anna.messages] == [None, "a"]
    assert [(m.get("key"), m.get("item")) for m in boris.messages][1:] == [("b", None)]
    await anna.end()
    await boris.end()


@in_virtual_time
async def test_a_slow_reader_gets_the_newest_of_each_key_with_contiguous_numbers():
    hub = hub_with({})
    wire = Wire(hub, who())
    wire.subscriber.subscribe([Topic.EXTENSIONS])
    await asyncio.sleep(0.1)
    wire.flowing.clear()
    for count in range(1000):
        hub.publish(Topic.EXTENSIONS, f"k{count % 3}", item(str(count)))
        await asyncio.sleep(0)
    wire.flowing.set()
    await asyncio.sleep(0.2)
    deltas = wire.messages[1:]
    assert [m["seq"] for m in deltas] == list(range(2, 2 + len(deltas)))
    assert len(deltas) <= 4
    assert {m["key"]: m["item"]["note"] for m in deltas} == {"k0": "999", "k1": "997", "k2": "998"}
    await wire.end()


@in_virtual_time
async def test_one_that_does_not_keep_up_is_cut_before_it_takes_memory():
    hub = hub_with({}, max_pending=10)
    wire = Wire(hub, who())
    wire.subscriber.subscribe([Topic.EXTENSIONS])
    await asyncio.sleep(0.1)
    wire.flowing.clear()
    for count in range(12):
        hub.publish(Topic.EXTENSIONS, f"k{count}", item("x"))
    wire.flowing.set()
    assert await wire.closed() is CloseCode.TOO_SLOW


@in_virtual_time
async def test_one_that_takes_nothing_for_too_long_is_cut():
    hub = hub_with({}, max_stall_s=20)
    wire = Wire(hub, who())
    wire.flowing.clear()
    wire.subscriber.subscribe([Topic.EXTENSIONS])
    began = asyncio.get_running_loop().time()
    assert await wire.closed() is CloseCode.TOO_SLOW
    assert asyncio.get_running_loop().time() - began == pytest.approx(20, abs=0.1)


@in_virtual_time
async def test_the_end_of_a_session_closes_its_connections_only_AUTH_7():
    hub = hub_with({})
    ended, other = Wire(hub, who(session="s1")), Wire(hub, who(session="s2"))
    hub.end_session("s1")
    assert await ended.closed() is CloseCode.UNAUTHENTICATED
    await asyncio.sleep(0.1)
    assert not other.task.done()
    await other.end()


@in_virtual_time
async def test_a_new_snapshot_replaces_what_was_pending():
    items = {"a": item("1")}
    hub = hub_with(items)
    wire = Wire(hub, who())
    wire.subscriber.subscribe([Topic.EXTENSIONS])
    await asyncio.sleep(0.1)
    hub.publish(Topic.EXTENSIONS, "a", item("2"))
    items["a"] = item("2")
    wire.subscriber.subscribe([Topic.EXTENSIONS])
    await asyncio.sleep(0.1)
    assert [(m["type"], m["seq"]) for m in wire.messages] == [("snapshot", 1), ("snapshot", 2)]
    await wire.end()


@in_virtual_time
async def test_an_account_has_a_limited_number_of_connections():
    hub = hub_with({})
    subscribers = [hub.connect(who()) for _ in range(16)]
    with pytest.raises(TooManySubscribers):
        hub.connect(who())
    hub.connect(who("1002"))
    hub.disconnect(subscribers[0])
    hub.disconnect(subscribers[0])
    assert hub.connect(who()) is not None


async def test_an_item_is_encoded_once_for_500_subscribers(monkeypatch):
    hub = hub_with({})
    encodings = 0
    encode = Presence.model_dump_json

    def counted(self, **kwargs):
        nonlocal encodings
        encodings += 1
        return encode(self, **kwargs)

    monkeypatch.setattr(Presence, "model_dump_json", counted)
    wires = [Wire(hub, who(str(1000 + n))) for n in range(500)]
    for wire in wires:
        wire.subscriber.subscribe([Topic.EXTENSIONS])
    async with asyncio.timeout(60):
        while not all(wire.messages for wire in wires):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    encodings = 0
    hub.publish(Topic.EXTENSIONS, "a", item("x"))
    async with asyncio.timeout(60):
        while not all(len(wire.messages) == 2 for wire in wires):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert encodings == 1
    for wire in wires:
        await wire.end()


@in_virtual_time
async def test_two_hundred_changes_a_second_reach_500_clients_in_bundles_KEY_3():
    hub = hub_with({})
    wires = [Wire(hub, who(str(1000 + at))) for at in range(500)]
    for wire in wires:
        wire.subscriber.subscribe([Topic.EXTENSIONS])
    await asyncio.sleep(0.1)
    late = []
    loop = asyncio.get_running_loop()
    for count in range(200):
        hub.publish(Topic.EXTENSIONS, str(count), item(str(loop.time())))
        await asyncio.sleep(0.005)
        newest = wires[0].messages[-1]
        late.append(loop.time() - float(newest["item"]["note"]) if newest["type"] == "delta" else 0.0)
    await asyncio.sleep(0.2)
    assert max(late) < 0.15, "nobody waits long for it"
    for wire in wires:
        assert [m["seq"] for m in wire.messages] == [*range(1, 202)], "none is missing, all are in order"
        assert wire.frames < 20
        await wire.end()


@in_virtual_time
async def test_a_change_now_and_then_is_told_at_once_and_alone_KEY_3():
    hub = hub_with({})
    wires = [Wire(hub, who(str(1000 + at))) for at in range(500)]
    for wire in wires:
        wire.subscriber.subscribe([Topic.EXTENSIONS])
    await asyncio.sleep(0.1)
    for count in range(5):
        hub.publish(Topic.EXTENSIONS, "a", item(str(count)))
        await asyncio.sleep(0.001)
        assert wires[499].messages[-1]["item"]["note"] == str(count)
        await asyncio.sleep(0.2)
    assert wires[0].frames == 6
    for wire in wires:
        await wire.end()


@in_virtual_time
async def test_what_concerns_one_besides_makes_nobody_wait_for_the_next_change_KEY_3():
    """A phone that registers is told to all, and to its own extension once more: that is no storm."""
    hub = hub_with({})
    wires = [Wire(hub, who(str(1000 + at))) for at in range(500)]
    for wire in wires:
        wire.subscriber.subscribe([Topic.EXTENSIONS, Topic.CALL_LOG])
    await asyncio.sleep(0.1)
    for count in range(10):
        hub.publish(Topic.EXTENSIONS, str(count), item("x"))
        hub.publish(Topic.CALL_LOG, str(count), item("x"), to="1001")
        await asyncio.sleep(0.001)
        assert all(wire.messages[-1]["key"] == str(count) for wire in wires)
        await asyncio.sleep(0.11)
    for wire in wires:
        await wire.end()


@in_virtual_time
async def test_subscribers_take_turns_while_much_changes_and_then_nobody_waits_KEY_3():
    hub = hub_with({})
    told: dict[float, int] = {}
    loop = asyncio.get_running_loop()

    class Timed(Wire):
        async def _send(self, text: str) -> None:
            await super()._send(text)
            told[round(loop.time(), 3)] = told.get(round(loop.time(), 3), 0) + 1

    wires = [Timed(hub, who(str(1000 + at))) for at in range(200)]
    for wire in wires:
        wire.subscriber.subscribe([Topic.EXTENSIONS])
    await asyncio.sleep(0.1)
    for count in range(100):
        hub.publish(Topic.EXTENSIONS, str(count), item("x"))
        if count == 10:
            told.clear()  # before it was known that much will change
        await asyncio.sleep(0.005)
    assert sum(told.values()) > 700
    assert max(told.values()) <= 20, "nothing else has to wait long"
    await asyncio.sleep(0.1)
    assert all(len(wire.messages) == 101 for wire in wires)
    await asyncio.sleep(0.3)
    hub.publish(Topic.EXTENSIONS, "later", item("x"))
    await asyncio.sleep(0.001)
    assert all(wire.messages[-1]["key"] == "later" for wire in wires)
    for wire in wires:
        await wire.end()


@in_virtual_time
async def test_who_subscribes_or_is_shut_out_while_much_changes_does_not_wait_AUTH_7():
    hub = hub_with({})
    wires = [Wire(hub, who(str(1000 + at), session=f"s{at}")) for at in range(100)]
    for wire in wires:
        wire.subscriber.subscribe([Topic.EXTENSIONS])
    await asyncio.sleep(0.1)
    for count in range(4):
        hub.publish(Topic.EXTENSIONS, f"k{count}", item("x"))
    await asyncio.sleep(0.001)
    hub.publish(Topic.EXTENSIONS, "last", item("x"))
    await asyncio.sleep(0.001)
    hub.end_session("s0")
    await asyncio.sleep(0.001)
    assert wires[0].task.done()
    assert await wires[0].closed() is CloseCode.UNAUTHENTICATED
    wires[1].subscriber.subscribe([Topic.CALL_LOG])
    await asyncio.sleep(0.02)
    assert [m["topic"] for m in wires[1].messages if m["type"] == "snapshot"] == ["extensions", "call_log"]
    for wire in wires[1:]:
        await wire.end()


@in_virtual_time
async def test_nobody_gets_a_snapshot_before_its_owner_knows_what_there_is_KEY_5():
    items, known = {}, []
    hub = hub_with({"x": item("other")})

    async def snapshot(_who):
        return dict(items)

    hub.topic(Topic.CALLS, snapshot, known=lambda: bool(known))
    wire, gone = Wire(hub, who()), Wire(hub, who())
    for one in (wire, gone):
        one.subscriber.subscribe([Topic.CALLS, Topic.EXTENSIONS])
    gone.subscriber.unsubscribe([Topic.CALLS])
    hub.publish(Topic.CALLS, "a", item("early"))
    await asyncio.sleep(0.1)
    assert [message["topic"] for message in wire.messages] == ["extensions"], "the others do not wait for it"
    items["a"] = item("there")
    known.append(True)
    hub.renew(Topic.CALLS)
    await asyncio.sleep(0.1)
    hub.publish(Topic.CALLS, "a", None)
    await asyncio.sleep(0.1)
    told = [(message["type"], message["seq"]) for message in wire.messages if message["topic"] == "calls"]
    assert told == [("snapshot", 1), ("delta", 2)]
    assert wire.messages[1]["items"]["a"]["note"] == "there"
    assert [message["topic"] for message in gone.messages] == ["extensions"]
    await wire.end()
    await gone.end()
