"""Emergency calls are known to the next server (PRES-8)."""

from datetime import timedelta

from server.core import Core
from server.services.emergencies import Emergencies, EmergencyStore


async def begin(core: Core, call_id: str, extension: str = "1000") -> Emergencies:
    made = Emergencies(store=EmergencyStore(core.db), clock=core.clock)
    await made.load()
    made.begun(call_id, extension=extension, number="112", trunk="main", shown="+420530000112")
    await made.stop()
    return made


async def after(core: Core) -> Emergencies:
    """What the next server knows."""
    later = Emergencies(store=EmergencyStore(core.db), clock=core.clock)
    await later.load()
    return later


async def test_the_next_server_knows_the_last_call_of_each_PRES_8(core: Core) -> None:
    await begin(core, "first")
    core.clock.advance(60)
    await begin(core, "second")
    first = await begin(core, "third", "1001")
    known = await after(core)
    assert sorted(known.recent(), key=str) == sorted(first.recent(), key=str)
    assert {(one.extension, one.at) for one in known.recent()} == {
        ("1000", core.clock.now()),
        ("1001", core.clock.now()),
    }
    assert (known.knows("second"), known.knows("first")) == (True, False)


async def test_what_is_older_than_a_day_is_removed_PRES_8(core: Core) -> None:
    await begin(core, "first")
    core.clock.advance(timedelta(days=1).total_seconds() - 1)
    known = await begin(core, "second", "1001")
    await known.sweep()
    assert len((await after(core)).recent()) == 2
    core.clock.advance(1)
    assert [one.extension for one in known.recent()] == ["1001"]
    await known.sweep()
    core.clock.advance(-60)
    assert [one.extension for one in (await after(core)).recent()] == ["1001"]
