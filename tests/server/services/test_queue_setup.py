"""All queues as one thing: taken over as a whole or not at all, on both databases (issue D)."""

from typing import Any

import pytest

from server.contract.errors import ErrorCode
from server.contract.extensions import ExtensionCreate
from server.contract.prompts import Prompt
from server.contract.queue_setup import MAX_SETUP_BYTES, QueueSetup
from server.contract.queues import Queue, QueueOptions
from server.contract.routing import RingGroup
from server.core import Core, open_core
from server.rules.queues.setup_file import as_toml
from server.services.configuration import ConfigurationChanged
from server.services.errors import ServiceError
from server.services.queue_setup import export_setup, read_setup, take_setup
from tests.server.conftest import SettableClock

SETUP = """
[options]
shared_wrap_up = true
pause_reasons = { 1 = "Coffee" }

[[queues]]
number = "6400"
name = "Sales"
static_agents = [{ extension = "1001", skill_level = 2 }]
dynamic_agents = [{ extension = "1002" }]
failover = { kind = "queue", value = "6401" }
join_announcement = "welcome"

[[queues]]
number = "6401"
failover = { kind = "queue", value = "6400" }
"""


@pytest.fixture
async def office(core: Core) -> Core:
    """Two extensions, a prompt, and a queue that is in no file."""
    for number in ("1001", "1002"):
        await core.extensions.add(ExtensionCreate(number=number), by="test")
    for item in (Prompt(name="welcome"), Queue(number="6450", name="Old")):
        await core.configuration.put(item, by="test")
    return core


async def take(core: Core, text: str, *, dry_run: bool = False) -> dict[str, Any]:
    setup = read_setup(text)
    done = await take_setup(core.configuration, setup, by="test", dry_run=dry_run)
    return done.model_dump(exclude_defaults=True)


async def refused(core: Core, text: str) -> ServiceError:
    """Nothing of it is taken over, and the audit log says nothing."""
    before, audited = core.configuration.snapshot, await core.audit.list()
    with pytest.raises(ServiceError) as caught:
        await take(core, text)
    assert core.configuration.snapshot is before
    assert await core.audit.list() == audited
    return caught.value


async def test_a_set_up_is_taken_over_as_a_whole_and_again_without_a_change(
    office: Core, clock: SettableClock
) -> None:
    told: list[ConfigurationChanged] = []
    office.configuration.observe(told.append)
    assert await take(office, SETUP, dry_run=True) == {
        "dry_run": True,
        "added": ["6400", "6401"],
        "removed": ["6450"],
        "options_changed": True,
    }
    assert told == []
    assert export_setup(office.configuration).queues == (Queue(number="6450", name="Old"),)
    assert (await take(office, SETUP))["removed"] == ["6450"]
    assert {one.key for one in told} == {"6400", "6401", "6450", "queue-options"}
    entries = {(one.action, one.subject) for one in await office.audit.list(limit=4)}
    assert entries == {
        ("queue.add", "6400"),
        ("queue.add", "6401"),
        ("queue.remove", "6450"),
        ("queue-options.add", "queue-options"),
    }
    exported = as_toml(export_setup(office.configuration))
    assert read_setup(exported) == read_setup(SETUP)
    told.clear()
    assert await take(office, exported) == {"dry_run": False}
    assert told == [], "it is all there already"
    assert as_toml(export_setup(office.configuration)) == exported
    async with open_core(office.settings, clock) as again:
        assert as_toml(export_setup(again.configuration)) == exported
    assert await take(office, exported.replace('"Sales"', '"Sale"')) == {
        "dry_run": False,
        "changed": ["6400"],
    }


async def test_an_empty_file_removes_all_queues_and_gives_the_options_back_their_defaults(
    office: Core,
) -> None:
    await take(office, SETUP)
    assert await take(office, "") == {
        "dry_run": False,
        "removed": ["6400", "6401"],
        "options_changed": True,
    }
    assert export_setup(office.configuration) == QueueSetup()
    assert office.configuration.get(QueueOptions, "queue-options") == QueueOptions()


async def test_everything_that_does_not_fit_is_told_with_its_place_and_nothing_is_changed(
    office: Core,
) -> None:
    group = RingGroup(number="6200", members=["1001"], destination={"kind": "queue", "value": "6450"})
    await office.configuration.put(group, by="test")
    bad = """
        [[queues]]
        number = "6400"
        static_agents = [{ extension = "1001" }, { extension = "1009" }]
        managers = ["1008"]
        join_announcement = "hello"
        failover = { kind = "queue", value = "6499" }
        [[queues]]
        number = "6402"
        [[queues]]
        number = "6200"
    """
    error = await refused(office, bad)
    assert error.code is ErrorCode.INVALID
    assert [(one.field, one.problem) for one in error.fields] == [
        ("queues.0.static_agents", "queue 6400: there is no extension 1009"),
        ("queues.0.managers", "queue 6400: there is no extension 1008"),
        ("queues.0.join_announcement", "queue 6400: there is no prompt 'hello'"),
        ("queues.0.failover", "queue 6400: there is no queue 6499"),
        ("queues.2", "queue 6200: 6200 is the number of ring group 6200: choose another."),
        ("queues.2.number", "queue 6200: queues have the numbers from 6400 to 6499"),
        ("queues", "queue 6450: is to be removed, but is used by ring group 6200"),
    ]
    assert error.message.startswith("The set-up of queues has 7 problems, and nothing was changed:\n")
    with pytest.raises(ServiceError) as tried:
        await take(office, bad, dry_run=True)
    assert tried.value.fields == error.fields, "trying tells the same"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("[[queues]]\nnumber = 6400", ["queues.0.number: Input should be a valid string"]),
        (
            '[[queues]]\nnumber = "6400"\nstrategy = "loudest"\nretry_s = 0\ncolour = "red"',
            [
                "queues.0.strategy: queue 6400: Input",
                "queues.0.retry_s: queue 6400:",
                "queues.0.colour: queue",
            ],
        ),
        (
            '[options]\nsync_hours = 0\n[[queues]]\nnumber = "6400"\nmax_wait_s = "long"',
            ["options.sync_hours: Input", "queues.0.max_wait_s: queue 6400: Input"],
        ),
        ('[[queues]]\nname = "x"', ["the set-up: queues.0: the number is missing"]),
        ('[[queues]]\nnumber = "6400"\n[[queues]]\nnumber = "6400"', ["the set-up: there is more than one"]),
        ('[options]\nname = "mine"', ["the set-up: options.name: is queue-options"]),
        ("queues = 5", ["queues: Input should be a valid tuple"]),
        ("[[queues]]\nnumber = ", ["the set-up: is no TOML: Invalid value (at"]),
        ("x = " + "[" * 3000, ["the set-up: is no TOML: "]),
    ],
)
async def test_what_cannot_be_read_says_where(text: str, problems: list[str]) -> None:
    with pytest.raises(ServiceError) as caught:
        read_setup(text)
    said = [f"{one.field}: {one.problem}" for one in caught.value.fields]
    assert len(said) == len(problems), said
    for line, wanted in zip(said, problems, strict=True):
        assert line.startswith(wanted)


async def test_a_text_that_is_too_long_is_not_read() -> None:
    with pytest.raises(ServiceError) as caught:
        read_setup("#" * (MAX_SETUP_BYTES + 1))
    assert caught.value.code is ErrorCode.TOO_LARGE


async def test_more_outbound_queues_than_there_may_be_are_refused_together_Q_1(office: Core) -> None:
    made = "".join(f'[[queues]]\nnumber = "{6400 + place}"\noutbound = true\n' for place in range(33))
    error = await refused(office, made)
    assert len(error.fields) == 33
    assert "There are 32 outbound queues already" in error.message
    assert "and 13 more" in error.message
    text = "".join(f'[[queues]]\nnumber = "{6400 + place}"\noutbound = true\n' for place in range(32))
    assert len((await take(office, text))["added"]) == 32
