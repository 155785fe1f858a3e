"""KEY-3, KEY-5: what lamps show, as one owner tells it."""

import asyncio

from server.contract.events import Topic
from server.contract.extensions import CallState, Role
from server.contract.presence import PresenceChange, PresenceStatus
from server.services.accounts import Who
from server.switch.simulated import Behaviour
from tests.server.flows.office import extension, office
from tests.virtual_time import EPOCH, in_virtual_time


class Watcher:
    """Every published state, in order, with its moment."""

    def __init__(self, place) -> None:
        self.seen = []
        self._publish = place.hub.publish
        place.hub.publish = self.publish

    def publish(self, topic, key, item, *, to=None):
        if topic is Topic.EXTENSIONS:
            self.seen.append((asyncio.get_running_loop().time(), key, item))
        self._publish(topic, key, item, to=to)

    def calls(self, number):
        return [item.call for _, key, item in self.seen if key == number and item is not None]


@in_virtual_time
async def test_registration_is_counted_per_phone():
    async with office() as place:
        watcher = Watcher(place)
        first = place.engine.phone("1002")
        second = place.engine.phone("1002")
        first.unregister()
        second.unregister()
        seen = [(item.registered, item.phones) for _, _, item in watcher.seen]
        assert seen == [(True, 1), (True, 2), (True, 1), (False, 0)]
        assert (place.states.registered, place.states.phones) == (0, 0)


@in_virtual_time
async def test_a_lamp_follows_a_call_at_once_and_in_order_KEY_3():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone(
            "1002",
            Behaviour(answers_after_s=1.0, holds_after_s=1.0, resumes_after_s=2.0, hangs_up_after_s=3.0),
        )
        watcher = Watcher(place)
        anna.call("1002")
        await asyncio.sleep(5)
        assert watcher.calls("1002") == [
            CallState.RINGING,
            CallState.TALKING,
            CallState.HELD,
            CallState.TALKING,
            CallState.IDLE,
        ]
        ringing = next(at for at, key, item in watcher.seen if item.call is CallState.RINGING)
        assert ringing < 0.03


@in_virtual_time
async def test_call_since_is_the_moment_of_the_change_only():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone("1002", Behaviour.answers(1.0, hangs_up_after_s=10))
        anna.call("1002")
        await asyncio.sleep(3)
        since = place.states.get("1002").call_since
        assert (since - EPOCH).total_seconds() < 1.1
        await place.presence.change("1002", PresenceChange(status=PresenceStatus.AWAY))
        assert place.states.get("1002").call_since == since
        assert place.states.get("1002").presence.status is PresenceStatus.AWAY


@in_virtual_time
async def test_without_a_switch_everything_is_unknown_and_afterwards_known_again_KEY_5():
    async with office() as place:
        place.engine.phone("1001")
        watcher = Watcher(place)
        place.switch.disconnect()
        assert {(s.registered, s.phones, s.call) for s in place.states.all().values()} == {
            (None, 0, CallState.UNKNOWN)
        }
        place.extensions.put(extension("1005"))
        assert place.state("1005") is CallState.UNKNOWN
        place.engine.phone("1002")
        place.switch.connect(restarted=False)
        assert place.states.get("1001").registered is True
        assert place.states.get("1002").registered is True
        assert place.states.get("1005").registered is False
        assert {s.call for s in place.states.all().values()} == {CallState.IDLE}
        before = len(watcher.seen)
        place.switch.connect(restarted=False)
        assert len(watcher.seen) == before, "nothing changed, so nothing is published"


@in_virtual_time
async def test_a_disabled_extension_disappears_and_comes_back_AUTH_7():
    async with office() as place:
        place.engine.phone("1002")
        watcher = Watcher(place)
        place.extensions.put(extension("1002", enabled=False))
        assert place.states.get("1002") is None
        assert [(key, item) for _, key, item in watcher.seen] == [("1002", None)]
        place.extensions.put(extension("1002", first_name="Bohdan"))
        assert (place.states.get("1002").name, place.states.get("1002").phones) == ("Bohdan", 1)


@in_virtual_time
async def test_the_snapshot_has_every_enabled_extension():
    async with office() as place:
        subscriber = place.hub.connect(Who(1, "1001", "1001", Role.USER, "s"))
        items = await place.hub.snapshot(subscriber.who, Topic.EXTENSIONS)
        assert sorted(items) == ["1001", "1002", "1003", "1004"]


@in_virtual_time
async def test_of_one_who_may_not_be_monitored_nothing_is_told_but_the_presence_ADMIN_1():
    async with office() as place:
        place.engine.phone("1002", Behaviour.answers(1.0, hangs_up_after_s=3))
        hidden = extension("1002").model_copy(update={"monitored": False})
        watcher = Watcher(place)
        place.extensions.put(hidden)
        (_, _, seen), *more = watcher.seen
        assert more == []
        assert (seen.monitored, seen.call, seen.registered, seen.phones) == (False, "unknown", None, 0)
        await asyncio.sleep(5)
        place.engine.phone("1001").call("1002")
        await asyncio.sleep(2)
        assert place.states.get("1002").call is CallState.TALKING, "its queues must know"
        await asyncio.sleep(3)
        assert [item for _, key, item in watcher.seen if key == "1002"] == [seen], "not even when it called"
        who = Who(3, "1003", "1003", Role.USER, "s")
        assert (await place.hub.snapshot(who, Topic.EXTENSIONS))["1002"] == seen
        await place.presence.change("1002", PresenceChange(status=PresenceStatus.LUNCH_BREAK))
        *_, (_, _, told) = watcher.seen
        assert (told.presence.status, told.call, told.call_since) == (
            "lunch_break",
            "unknown",
            seen.call_since,
        )
        place.extensions.put(extension("1002"))
        *_, (_, _, told) = watcher.seen
        assert (told.monitored, told.call, told.registered, told.phones) == (True, "idle", True, 1)
        place.extensions.put(hidden)
        place.extensions.drop("1002")
        assert "1002" not in await place.hub.snapshot(who, Topic.EXTENSIONS)
