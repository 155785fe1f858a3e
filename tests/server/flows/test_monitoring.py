"""WALL-3, CODE-1: a supervisor listens to a call, whispers, and barges in; in virtual time."""

import asyncio

import pytest
from sqlalchemy.exc import OperationalError

from server.contract.extensions import CallState
from server.contract.monitoring import MonitoringRight
from server.switch.port import LegState
from server.switch.simulated import Behaviour
from server.switch.simulated.spying import heard_by
from tests.server.flows.office import Office, extension, office
from tests.server.flows.test_adoption import after_a_kill
from tests.virtual_time import in_virtual_time

RIGHT = MonitoringRight(name="all", supervisors=("1003",), everybody=True)


class Two:
    """Anna (1001), who is outside for all that matters, talks to the agent Boris (1002)."""

    def __init__(self, place: Office) -> None:
        self.place = place
        self.anna = place.engine.phone("1001")
        self.boris = place.engine.phone("1002", Behaviour.answers(0.5))
        self.cyril = place.engine.phone("1003")
        self.call = self.anna.call("1002")

    async def talk(self) -> "Two":
        await asyncio.sleep(1)
        self.callee = self.boris.calls[0]
        return self

    def hears(self, who, whom) -> bool:
        return whom.id in heard_by(self.place.engine, who.id)


@pytest.mark.parametrize(
    ("code", "mode", "agent", "customer"),
    [("*51", "listen", False, False), ("*52", "whisper", True, False), ("*53", "barge", True, True)],
)
@in_virtual_time
async def test_the_supervisor_hears_both_and_is_heard_by_those_who_shall_WALL_3(code, mode, agent, customer):
    async with office() as place:
        place.configuration.append(RIGHT)
        people = await Two(place).talk()
        spy = people.cyril.call(f"{code}1002")
        await asyncio.sleep(0.1)
        assert spy.state is LegState.UP
        assert people.hears(spy, people.call)
        assert people.hears(spy, people.callee)
        assert (people.hears(people.callee, spy), people.hears(people.call, spy)) == (agent, customer)
        assert place.audit.entries == [(f"monitor.{mode}", "1003", "1002")]
        assert place.state("1003") is CallState.TALKING
        people.cyril.hang_up(spy)
        await asyncio.sleep(0.1)
        assert people.hears(people.call, people.callee), "they talk on"
        assert place.engine.spies == []
        people.anna.hang_up(people.call)
        await place.idle()
    assert place.log("1003") == [("outgoing", f"{code}1002", "answered", None)]
    assert place.log("1002") == [("incoming", "1001", "answered", None)], "and nothing of the supervisor"


@in_virtual_time
async def test_listening_ends_with_the_call_WALL_3():
    async with office() as place:
        place.configuration.append(RIGHT)
        people = await Two(place).talk()
        spy = people.cyril.call("*511002")
        await asyncio.sleep(0.1)
        people.anna.hang_up(people.call)
        await asyncio.sleep(0.1)
        assert spy.state is LegState.GONE
        assert place.engine.spies == []


@pytest.mark.parametrize(
    "right",
    [
        None,
        RIGHT.model_copy(update={"supervisors": ("1004",)}),
        RIGHT.model_copy(update={"modes": ("whisper", "barge")}),
        RIGHT.model_copy(update={"everybody": False, "extensions": ("1001",)}),
        RIGHT.model_copy(update={"everybody": False, "groups": ("warehouse",)}),
    ],
    ids=["none", "of somebody else", "other modes", "other extensions", "other groups"],
)
@in_virtual_time
async def test_who_may_not_listen_is_refused_and_hears_nothing_WALL_3(right):
    async with office() as place:
        if right is not None:
            place.configuration.append(right)
        people = await Two(place).talk()
        spy = people.cyril.call("*511002")
        await asyncio.sleep(0.1)
        assert spy.told == 403
        assert place.audit.entries == []
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_nobody_listens_to_who_may_not_be_monitored_whatever_the_rights_ADMIN_1():
    async with office() as place:
        place.configuration.append(RIGHT)
        place.extensions.put(extension("1002").model_copy(update={"monitored": False}))
        people = await Two(place).talk()
        spies = [people.cyril.call("*511002"), place.engine.phone("1003").call("*511001")]
        await asyncio.sleep(0.1)
        assert spies[0].told == 403
        assert spies[1].state is LegState.UP, "the other side may be"
        for dialog in (spies[1], people.call):
            dialog.phone.hang_up(dialog)


@in_virtual_time
async def test_rights_may_be_about_groups_and_extensions_WALL_3():
    async with office() as place:
        place.extensions.put(extension("1002").model_copy(update={"groups": ["support"]}))
        for more in ({"groups": ("support",)}, {"extensions": ("1002",)}):
            place.configuration[:] = [RIGHT.model_copy(update={"everybody": False, **more})]
            people = await Two(place).talk()
            spy = people.cyril.call("*511002")
            await asyncio.sleep(0.1)
            assert spy.state is LegState.UP
            people.anna.hang_up(people.call)
            await place.idle()


@pytest.mark.parametrize(
    ("dialled", "told"), [("*511004", 404), ("*511003", 403), ("*519999", 403), ("*51", 404)]
)
@in_virtual_time
async def test_there_is_nothing_to_listen_to_WALL_3(dialled, told):
    async with office() as place:
        place.configuration.append(RIGHT)
        people = await Two(place).talk()
        spy = people.cyril.call(dialled)
        await asyncio.sleep(0.1)
        assert spy.told == told
        people.anna.hang_up(people.call)


@in_virtual_time
async def test_without_an_entry_in_the_audit_log_nobody_listens_WALL_3():
    async with office() as place:
        place.configuration.append(RIGHT)
        place.audit.fail = OperationalError("INSERT", {}, OSError("disk full"))
        people = await Two(place).talk()
        spy = people.cyril.call("*511002")
        await asyncio.sleep(0.1)
        assert spy.told == 503
        assert place.engine.spies == []
        people.anna.hang_up(people.call)


@pytest.mark.parametrize(
    ("code", "mode", "agent", "customer"),
    [("*51", "listen", False, False), ("*52", "whisper", True, False), ("*53", "barge", True, True)],
)
@in_virtual_time
async def test_after_a_kill_the_supervisor_goes_on_as_before_WALL_3(code, mode, agent, customer):
    first = Office()
    await first.start()
    first.configuration.append(RIGHT)
    people = await Two(first).talk()
    spy = people.cyril.call(f"{code}1002")
    await asyncio.sleep(2)
    second = await after_a_kill(first)
    await asyncio.sleep(1)
    assert len(second.engine.spies) == 1, "what the killed server began is over, and begun anew"
    assert people.hears(spy, people.call)
    assert people.hears(spy, people.callee)
    assert (people.hears(people.callee, spy), people.hears(people.call, spy)) == (agent, customer)
    assert second.audit.entries == [(f"monitor.{mode}", "1003", "1002")]
    people.cyril.hang_up(spy)
    await asyncio.sleep(0.1)
    assert second.engine.spies == []
    assert people.hears(people.call, people.callee)
    people.anna.hang_up(people.call)
    await second.idle()
    second.assert_nothing_left()
    assert second.log("1003") == [("outgoing", f"{code}1002", "answered", None)]
    await second.stop()


@pytest.mark.parametrize("why", ["no right", "no call", "no audit log"])
@in_virtual_time
async def test_after_a_kill_a_supervisor_who_may_not_go_on_is_out_WALL_3(why):
    first = Office()
    await first.start()
    first.configuration.append(RIGHT)
    people = await Two(first).talk()
    spy = people.cyril.call("*531002")
    await asyncio.sleep(2)
    engine, store = first.engine, first.store
    await first.killed()
    if why == "no call":
        people.anna.hang_up(people.call)
        people.boris.hang_up(people.callee)
    second = Office(engine=engine, store=store, extensions=first.extensions)
    if why != "no right":
        second.configuration.append(RIGHT)
    if why == "no audit log":
        second.audit.fail = OperationalError("INSERT", {}, OSError("disk full"))
    await second.start(restarted=False)
    await asyncio.sleep(1)
    assert spy.state is LegState.GONE
    assert second.engine.spies == []
    assert second.audit.entries == []
    assert people.hears(people.call, people.callee) == (why != "no call")
    people.anna.hang_up(people.call)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()
