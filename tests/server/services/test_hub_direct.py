"""KEY-3, A.6: connections that can be written to without waiting, and whose clients are told first."""

import asyncio
import itertools
import json
from collections.abc import Iterable

import pytest

from server.contract.events import CloseCode, Topic
from server.services.hub import AT_ONCE, Hub
from server.services.subscriber import Closed
from tests.server.services.test_hub import hub_with, item, who
from tests.virtual_time import in_virtual_time


class DirectWire:
    """A connection that is written to directly while it is `open`; `log` gets who was told, in that order."""

    def __init__(self, hub: Hub, number: str, log: list[str] | None = None) -> None:
        self.subscriber = hub.connect(who(number))
        self.number = number
        self.messages: list[dict] = []
        self.writes = self.sends = 0
        self.open = True
        self.flows = asyncio.Event()
        self.flows.set()
        self._log = log if log is not None else []
        self.task = asyncio.ensure_future(self.subscriber.run(self._send, self))

    def ready(self) -> bool:
        return self.open

    def send_now(self, texts: Iterable[str]) -> None:
        assert self.open
        self.writes += 1
        self._log.append(self.number)
        self._take(texts)

    async def _send(self, text: str) -> None:
        await self.flows.wait()
        self.sends += 1
        self._take([text])

    def _take(self, texts: Iterable[str]) -> None:
        self.messages += [json.loads(line) for text in texts for line in text.split("\n")]

    @property
    def notes(self) -> list[str]:
        """What was told by deltas, whose numbers have no gap."""
        assert [message["seq"] for message in self.messages] == [*range(1, len(self.messages) + 1)]
        return [message["item"]["note"] for message in self.messages if message["type"] == "delta"]

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])


async def connected(hub: Hub, numbers: Iterable[object], log: list[str] | None = None) -> list[DirectWire]:
    wires = [DirectWire(hub, str(number), log) for number in numbers]
    for wire in wires:
        wire.subscriber.subscribe([Topic.EXTENSIONS])
    await asyncio.sleep(0.1)
    return wires


async def ended(wires: list[DirectWire]) -> None:
    for wire in wires:
        await wire.end()


@in_virtual_time
async def test_a_change_is_written_to_500_clients_without_waking_a_task_of_each_KEY_3():
    hub = hub_with({})
    wires = await connected(hub, range(1000, 1500))
    hub.publish(Topic.EXTENSIONS, "a", item("new"))
    await asyncio.sleep(0.001)
    assert all(wire.notes == ["new"] for wire in wires)
    assert {(wire.writes, wire.sends) for wire in wires} == {(1, 1)}, (
        "the snapshot was sent, the change written"
    )
    await ended(wires)


@in_virtual_time
async def test_while_many_are_told_other_things_have_their_turn_KEY_3():
    hub, log = hub_with({}), []
    wires = await connected(hub, range(1000, 1500), log)
    told_before = []
    hub.publish(Topic.EXTENSIONS, "a", item("new"))
    assert log == [], "whoever publishes goes on at once"
    while len(log) < len(wires):
        told_before.append(len(log))
        await asyncio.sleep(0)
    assert max(later - sooner for sooner, later in itertools.pairwise(told_before)) <= AT_ONCE
    await ended(wires)


@in_virtual_time
async def test_who_has_a_key_for_it_is_told_before_others_KEY_3():
    hub, log = hub_with({}), []
    wires = await connected(hub, range(1000, 1100), log)
    hub.watch("1099", Topic.EXTENSIONS, ["1001", "1002"])
    hub.watch("1050", Topic.EXTENSIONS, ["1002"])
    hub.publish(Topic.EXTENSIONS, "1002", item("x"))
    hub.publish(Topic.EXTENSIONS, "1001", item("y"))
    await asyncio.sleep(0.001)
    assert sorted(log[:2]) == ["1050", "1099"]
    assert len(log) == 100, "each was told of both at once"
    assert all(wire.notes == ["x", "y"] for wire in wires)
    await ended(wires)


@in_virtual_time
async def test_who_watches_comes_before_those_whom_an_earlier_change_still_has_to_reach_KEY_3():
    hub, log = hub_with({}), []
    wires = await connected(hub, range(1000, 1100), log)
    hub.watch("1099", Topic.EXTENSIONS, ["1002"])
    hub.publish(Topic.EXTENSIONS, "1001", item("x"))
    while not log:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert len(log) <= AT_ONCE
    hub.publish(Topic.EXTENSIONS, "1002", item("y"))
    await asyncio.sleep(0.001)
    assert log.index("1099") <= AT_ONCE
    assert all(wire.notes == ["x", "y"] for wire in wires)
    await ended(wires)


@in_virtual_time
async def test_other_keys_replace_those_before_and_all_end_with_the_last_connection_KEY_1():
    hub, log = hub_with({}), []
    wires = await connected(hub, [1001, 1002, 1002], log)

    async def first_of(key: str) -> str:
        log.clear()
        hub.publish(Topic.EXTENSIONS, key, item("x"))
        await asyncio.sleep(0.001)
        return log[0]

    hub.watch("1002", Topic.EXTENSIONS, ["a"])
    assert await first_of("a") == "1002"
    hub.watch("1002", Topic.EXTENSIONS, ["b"])
    assert [await first_of("a"), await first_of("b")] == ["1001", "1002"]
    hub.disconnect(wires[1].subscriber)
    assert await first_of("b") == "1002"
    hub.disconnect(wires[2].subscriber)
    hub.watch("1002", Topic.EXTENSIONS, ["b"])
    await wires[1].end()
    again = DirectWire(hub, "1002", log)
    again.subscriber.subscribe([Topic.EXTENSIONS])
    await asyncio.sleep(0.1)
    assert await first_of("b") == "1001"
    await ended([wires[0], wires[2], again])


@in_virtual_time
async def test_what_came_together_is_written_together_one_message_each():
    hub = hub_with({})
    (wire,) = await connected(hub, [1001])
    for key in "abc":
        hub.publish(Topic.EXTENSIONS, key, item(key))
    hub.publish(Topic.EXTENSIONS, "a", item("newer"))
    await asyncio.sleep(0.001)
    assert (wire.notes, wire.writes) == (["newer", "b", "c"], 1)
    await wire.end()


@in_virtual_time
async def test_one_that_cannot_be_written_to_gets_the_newest_when_it_can_KEY_5():
    hub = hub_with({})
    (wire,) = await connected(hub, [1001])
    wire.open = False
    wire.flows.clear()
    for count in range(100):
        hub.publish(Topic.EXTENSIONS, f"k{count % 2}", item(str(count)))
        await asyncio.sleep(0.001)
    wire.open = True
    hub.publish(Topic.EXTENSIONS, "k2", item("100"))
    await asyncio.sleep(0.1)
    assert wire.writes == 0, "nothing overtakes what is being sent"
    wire.flows.set()
    await asyncio.sleep(0.3)
    assert (wire.notes[0], set(wire.notes[1:])) == ("0", {"98", "99", "100"})
    hub.publish(Topic.EXTENSIONS, "k0", item("later"))
    await asyncio.sleep(0.001)
    assert (wire.notes[-1], wire.writes) == ("later", 1)
    await wire.end()


@in_virtual_time
async def test_one_that_cannot_be_written_to_for_too_long_is_cut():
    hub = hub_with({}, max_stall_s=20)
    (wire,) = await connected(hub, [1001])
    wire.open = False
    wire.flows.clear()
    hub.publish(Topic.EXTENSIONS, "a", item("x"))
    began = asyncio.get_running_loop().time()
    with pytest.raises(Closed) as closed:
        await wire.task
    assert closed.value.code is CloseCode.TOO_SLOW
    assert asyncio.get_running_loop().time() - began == pytest.approx(20, abs=0.1)


@in_virtual_time
async def test_a_change_while_a_snapshot_is_read_is_written_after_it():
    items = {"a": item("old")}
    hub = hub_with(items)
    (wire,) = await connected(hub, [1001])
    wire.subscriber.subscribe([Topic.EXTENSIONS])
    hub.publish(Topic.EXTENSIONS, "b", item("in the snapshot, if it were read now"))
    await asyncio.sleep(0.005)
    hub.publish(Topic.EXTENSIONS, "a", item("new"))
    await asyncio.sleep(0.1)
    assert [message["type"] for message in wire.messages] == ["snapshot", "snapshot", "delta"]
    assert wire.notes == ["new"]
    await wire.end()


@in_virtual_time
async def test_who_has_gone_or_was_shut_out_is_not_written_to_AUTH_7():
    hub, log = hub_with({}), []
    gone, shut, stays = await connected(hub, [1001, 1002, 1003], log)
    hub.publish(Topic.EXTENSIONS, "a", item("x"))
    hub.disconnect(gone.subscriber)
    shut.subscriber.close(CloseCode.UNAUTHENTICATED, "over")
    await asyncio.sleep(0.001)
    assert log == ["1003"]
    await ended([gone, stays])
    with pytest.raises(Closed):
        await shut.task


@in_virtual_time
async def test_in_a_storm_bundles_are_written_in_turns_and_nothing_is_missing_KEY_3():
    hub, log = hub_with({}), []
    wires = await connected(hub, range(1000, 1200), log)
    most = 0
    for count in range(200):
        before = len(log)
        hub.publish(Topic.EXTENSIONS, str(count), item(str(count)))
        await asyncio.sleep(0.005)
        most = max(most, len(log) - before) if count > 10 else 0
    assert most <= 20, "nothing else has to wait long"
    await asyncio.sleep(0.3)
    for wire in wires:
        assert wire.notes == [str(count) for count in range(200)]
        assert wire.writes < 20
    await ended(wires)
