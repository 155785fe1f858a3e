"""The configuration: its one owner, what it checks, and what it keeps (ADMIN-2), on both databases."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import update

from server.contract.boss import Boss
from server.contract.call_flows import CallFlow
from server.contract.conference import Conference
from server.contract.configuration import ConfigObject
from server.contract.errors import ErrorCode
from server.contract.extensions import ExtensionCreate
from server.contract.features import FeatureCodes
from server.contract.hours import ByHand, Holidays, TimeCondition
from server.contract.ivr import Ivr
from server.contract.keys import KeyRight
from server.contract.kinds import KINDS
from server.contract.mail import MailSettings
from server.contract.monitoring import MonitoringRight
from server.contract.parking import Parking
from server.contract.prompts import Prompt
from server.contract.queues import Queue, QueueOptions
from server.contract.recording import RecordingRight, RecordingRule
from server.contract.ring_tones import UploadedRingTone
from server.contract.routing import EmergencyNumber, InboundRoute, OutboundRoute, RingGroup, SystemSettings
from server.contract.time_switches import TimeSwitch
from server.contract.trunks import Trunk
from server.contract.voicemail import GroupMailbox
from server.core import Core, open_core
from server.db.models import ConfigurationRow
from server.services.configuration import ConfigurationChanged
from server.services.configuration_checks import check_change
from server.services.errors import ServiceError
from server.services.vault import VaultError, make_keys
from tests.server.conftest import SettableClock

TRUNK = Trunk(name="main", kind="peer", host="192.0.2.1")
PERIOD = {"days": ["monday"], "start": "09:00", "end": "17:00"}
TO_1001 = {"kind": "extension", "value": "1001"}


async def put(core: Core, *items: ConfigObject) -> None:
    for item in items:
        await core.configuration.put(item, by="test")


async def refused(core: Core, item: ConfigObject, code: ErrorCode, why: str) -> ServiceError:
    with pytest.raises(ServiceError, match=why) as caught:
        await core.configuration.put(item, by="test")
    assert caught.value.code is code
    assert core.configuration.snapshot.get(type(item), item.key) != item
    return caught.value


@pytest.fixture
async def office(core: Core) -> Core:
    """Two extensions, a trunk, hours, a ring group and routes."""
    for number in ("1001", "1002"):
        await core.extensions.add(ExtensionCreate(number=number), by="test")
    await put(
        core,
        TRUNK,
        Holidays(name="feasts", dates=[{"first": "2026-12-24", "yearly": True}]),
        TimeCondition(name="office", periods=[PERIOD], except_holidays=["feasts"]),
        RingGroup(number="6200", members=["1001"]),
        EmergencyNumber(number="112", trunks=["main"]),
        InboundRoute(
            name="in",
            trunks=["main"],
            timed=[{"time_condition": "office", "destination": {"kind": "ring_group", "value": "6200"}}],
            destination=TO_1001,
        ),
        OutboundRoute(
            name="out",
            patterns=[{"pattern": "0."}],
            extensions=["1002"],
            trunks=["main"],
            time_condition="office",
        ),
    )
    return core


async def test_every_kind_is_kept_over_a_restart_in_its_order(office: Core, clock: SettableClock) -> None:
    for only in (SystemSettings(time_zone="Europe/Prague"), FeatureCodes(park="#5"), Parking(timeout_s=90)):
        await put(office, only)
    await put(office, MailSettings(host="mail.example.com", sender="pbx@example.com"))
    await put(office, MonitoringRight(name="team", supervisors=("1001",), everybody=True))
    await put(office, Prompt(name="welcome"), UploadedRingTone(name="anthem"))
    await put(office, Queue(number="6400", static_agents=({"extension": "1001"},)))
    await put(office, QueueOptions(shared_wrap_up=True, pause_reasons={"7": "Coffee"}))
    await put(office, Conference(number="6600"), GroupMailbox(number="6700", members=("1001",)))
    choice = {"key": "1", "destination": TO_1001}
    await put(office, Ivr(number="6500", prompt="welcome", choices=[choice]))
    await put(office, TimeSwitch(digits="1", time_condition="office", extensions=("1001",)))
    step = {"time_condition": "office", "callers": ["777."], "destination": TO_1001}
    await put(office, CallFlow(name="by day", steps=[step]))
    await put(office, Boss(name="1001", ring_group="6200"))
    await put(office, RecordingRule(name="all", everybody=True))
    await put(office, RecordingRight(name="team", extensions=("1001",)))
    await put(office, KeyRight(name="team", extensions=("1001",)))
    await put(office, InboundRoute(name="a", position=5, destination=TO_1001))
    before = office.configuration.snapshot
    async with open_core(office.settings, clock) as again:
        after = again.configuration.snapshot
    for kind in KINDS:
        assert list(before.all(kind.model).items()) == list(after.all(kind.model).items())
        assert after.all(kind.model), kind.word
    assert list(after.all(InboundRoute)) == ["in", "a"]
    assert after.zone is not None


async def test_a_snapshot_does_not_change(office: Core) -> None:
    """A call is routed by what was so when it came."""
    before = office.configuration.snapshot
    await office.configuration.remove(InboundRoute, "in", by="test")
    assert "in" in before.all(InboundRoute)
    assert "in" not in office.configuration.snapshot.all(InboundRoute)
    with pytest.raises(TypeError):
        before.all(InboundRoute)["x"] = before.all(InboundRoute)["in"]  # type: ignore[index]


async def test_an_object_is_replaced_as_a_whole_and_the_audit_names_what_changed(core: Core) -> None:
    await put(core, TRUNK)
    await core.configuration.put(
        TRUNK.model_copy(update={"port": 5080, "secret": "hush-hush"}), by="admin", address="192.0.2.9"
    )
    assert core.configuration.get(Trunk, "main").port == 5080
    changed, added = await core.audit.list(limit=2)
    assert (added.action, changed.action, changed.actor) == ("trunk.add", "trunk.change", "admin")
    assert (changed.subject, changed.address) == ("main", "192.0.2.9")
    assert changed.detail == {"fields": ["port", "secret"]}
    await core.configuration.remove(Trunk, "main", by="admin")
    assert (await core.audit.list(limit=1))[0].action == "trunk.remove"


async def test_a_secret_is_kept_replaced_and_removed_and_never_told(
    core: Core, clock: SettableClock, caplog: pytest.LogCaptureFixture
) -> None:
    secretive = TRUNK.model_copy(update={"secret": "hush-hush"})
    stored = await core.configuration.put(secretive, by="test")
    assert (stored.secret, stored.secret_set) == (None, True)
    assert core.configuration.secret(Trunk, "main") == "hush-hush"
    await put(core, TRUNK.model_copy(update={"port": 5080}))
    async with open_core(core.settings, clock) as again:
        assert again.configuration.secret(Trunk, "main") == "hush-hush"
        assert again.configuration.get(Trunk, "main").secret_set
    await put(core, TRUNK.model_copy(update={"secret": "other-one"}))
    assert core.configuration.secret(Trunk, "main") == "other-one"
    await put(core, TRUNK.model_copy(update={"secret": "", "secret_set": True}))
    assert core.configuration.secret(Trunk, "main") is None
    assert not core.configuration.get(Trunk, "main").secret_set
    told = caplog.text + repr(secretive) + repr(await core.audit.list()) + repr(core.configuration.snapshot)
    assert "hush" not in told
    if core.db.is_sqlite:
        files = [path for path in core.settings.data.iterdir() if path.name.startswith("linkus.db")]
        assert b"hush-hush" not in b"".join(path.read_bytes() for path in files)


async def test_a_secret_without_its_key_file_is_not_given_away(core: Core, clock: SettableClock) -> None:
    await put(core, TRUNK.model_copy(update={"secret": "hush-hush"}))
    (core.settings.data / "secrets.key").unlink()
    make_keys(core.settings.data)
    async with open_core(core.settings, clock) as reopened:
        with pytest.raises(VaultError, match="restore the key file"):
            reopened.configuration.secret(Trunk, "main")


REFER_TO_NOTHING: list[tuple[ConfigObject, str]] = [
    (InboundRoute(name="x", trunks=["gone"], destination={"kind": "hang_up"}), "trunks"),
    (InboundRoute(name="x", destination={"kind": "extension", "value": "9999"}), "destination"),
    (InboundRoute(name="x", destination={"kind": "ring_group", "value": "6201"}), "destination"),
    (
        InboundRoute(
            name="x", timed=[{"time_condition": "gone", "destination": TO_1001}], destination=TO_1001
        ),
        "timed.0",
    ),
    (
        InboundRoute(name="x", timed=[{"holidays": "gone", "destination": TO_1001}], destination=TO_1001),
        "timed.0",
    ),
    (
        OutboundRoute(name="x", patterns=[{"pattern": "0."}], everybody=True, trunks=["gone"]),
        "trunks",
    ),
    (
        OutboundRoute(name="x", patterns=[{"pattern": "0."}], extensions=["9999"], trunks=["main"]),
        "extensions",
    ),
    (
        OutboundRoute(
            name="x",
            patterns=[{"pattern": "0."}],
            everybody=True,
            trunks=["main"],
            time_condition="gone",
        ),
        "time_condition",
    ),
    (TimeCondition(name="x", periods=[PERIOD], except_holidays=["gone"]), "except_holidays"),
    (EmergencyNumber(number="155", trunks=["gone"]), "trunks"),
    (RingGroup(number="6300", members=["9999"]), "members"),
    (SystemSettings(time_zone="Europe/Nowhere"), "time_zone"),
    (Trunk(name="x", kind="register", host="192.0.2.1", username="u"), "secret"),
    (InboundRoute(name="x", destination={"kind": "external", "value": "112"}), "destination"),
    (InboundRoute(destination={"kind": "hang_up"}), "name"),
]


async def test_what_refers_to_nothing_is_refused_with_the_field_and_changes_nothing(office: Core) -> None:
    before = office.configuration.snapshot
    for item, field in REFER_TO_NOTHING:
        error = await refused(office, item, ErrorCode.INVALID, field)
        assert [problem.field for problem in error.fields] == [field], item
        assert office.configuration.snapshot is before, item


async def test_what_something_refers_to_cannot_be_removed(office: Core) -> None:
    used: list[tuple[type[ConfigObject], str, str]] = [
        (Trunk, "main", "inbound route 'in'.*outbound route 'out'"),
        (RingGroup, "6200", "inbound route 'in'"),
        (TimeCondition, "office", "inbound route 'in', outbound route 'out'"),
        (Holidays, "feasts", "time condition 'office'"),
    ]
    for model, key, users in used:
        with pytest.raises(ServiceError, match=users) as caught:
            await office.configuration.remove(model, key, by="test")
        assert caught.value.code is ErrorCode.CONFLICT
        assert office.configuration.get(model, key)


async def test_an_extension_that_something_refers_to_cannot_be_removed(office: Core) -> None:
    for number, user in (("1001", "ring group 6200"), ("1002", "outbound route 'out'")):
        with pytest.raises(ServiceError, match=user) as caught:
            await office.extensions.remove(number, by="test")
        assert caught.value.code is ErrorCode.CONFLICT
        assert (await office.extensions.get(number)).number == number


async def test_what_nothing_refers_to_any_more_can_be_removed(office: Core) -> None:
    for model, key in ((InboundRoute, "in"), (RingGroup, "6200")):
        await office.configuration.remove(model, key, by="test")
    await office.extensions.remove("1001", by="test")
    with pytest.raises(ServiceError, match="no ring group 6200") as caught:
        await office.configuration.remove(RingGroup, "6200", by="test")
    assert caught.value.code is ErrorCode.NOT_FOUND


async def test_a_number_belongs_to_one_thing_only(office: Core) -> None:
    taken = RingGroup(number="1001", members=["1002"])
    await refused(office, taken, ErrorCode.CONFLICT, "1001 is the number of an extension")
    taken = RingGroup(number="112", members=["1002"])
    await refused(office, taken, ErrorCode.CONFLICT, "112 is the number of emergency number 112")
    urgent = EmergencyNumber(number="6200", trunks=["main"])
    await refused(office, urgent, ErrorCode.CONFLICT, "6200 is the number of ring group 6200")
    for number in ("112", "6200"):
        with pytest.raises(ServiceError, match=f"{number} is the number of") as caught:
            await office.extensions.add(ExtensionCreate(number=number), by="test")
        assert caught.value.code is ErrorCode.CONFLICT
    await put(office, RingGroup(number="6200", members=["1002"]))  # its own number is not in its way


async def test_two_that_want_the_same_number_at_once_do_not_both_get_it(office: Core) -> None:
    results = await asyncio.gather(
        office.extensions.add(ExtensionCreate(number="7000"), by="test"),
        office.configuration.put(RingGroup(number="7000", members=["1001"]), by="test"),
        return_exceptions=True,
    )
    assert sum(isinstance(result, ServiceError) for result in results) == 1


async def test_an_emergency_number_keeps_a_trunk_that_is_enabled_SIP_12(office: Core) -> None:
    off = TRUNK.model_copy(update={"enabled": False})
    await refused(office, off, ErrorCode.CONFLICT, "last enabled one for emergency number 112")
    await put(office, Trunk(name="spare", kind="peer", host="192.0.2.2"))
    await put(office, EmergencyNumber(number="112", trunks=["main", "spare"]), off)
    only = EmergencyNumber(number="155", trunks=["main"])
    await refused(office, only, ErrorCode.INVALID, "none of these trunks is enabled")


async def test_ring_groups_do_not_lead_in_a_circle(office: Core) -> None:
    def group(number: str, to: str) -> RingGroup:
        return RingGroup(number=number, members=["1001"], destination={"kind": "ring_group", "value": to})

    await refused(office, group("6200", "6200"), ErrorCode.INVALID, "circle: 6200 to 6200")
    await put(office, group("6201", "6200"), group("6202", "6201"))
    await refused(office, group("6200", "6202"), ErrorCode.INVALID, "6200 to 6202 to 6201 to 6200")


async def test_call_flows_and_ring_groups_do_not_lead_in_a_circle_Q_3(office: Core) -> None:
    def flow(name: str, *to: dict[str, str]) -> CallFlow:
        steps = [{"origin": "internal", "destination": one} for one in to]
        return CallFlow(name=name, steps=steps, destination=TO_1001)

    to_group = {"kind": "ring_group", "value": "6200"}
    to_night, to_day = ({"kind": "call_flow", "value": name} for name in ("night", "day"))
    await refused(office, flow("day", TO_1001, to_day), ErrorCode.INVALID, "circle: day to day")
    await put(office, flow("night", to_group), flow("day", TO_1001, to_night))
    group = RingGroup(number="6200", members=["1001"], destination=to_day)
    await refused(office, group, ErrorCode.INVALID, "circle: 6200 to day to night to 6200")
    await refused(office, flow("night", to_group, to_day), ErrorCode.INVALID, "night to day to night")
    with pytest.raises(ServiceError, match="is used by call flow 'day'"):
        await office.configuration.remove(CallFlow, "night", by="test")
    emergency = {"kind": "external", "value": "112"}
    await refused(office, flow("urgent", emergency), ErrorCode.INVALID, "112 is an emergency number")


async def test_observers_are_told_after_the_commit_and_never_of_a_failure(core: Core) -> None:
    told: list[ConfigurationChanged] = []

    def broken(_: ConfigurationChanged) -> None:
        raise RuntimeError("an observer with a bug")

    core.configuration.observe(broken)
    stop = core.configuration.observe(told.append)
    await put(core, TRUNK)
    await refused(core, EmergencyNumber(number="112", trunks=["gone"]), ErrorCode.INVALID, "gone")
    await core.configuration.remove(Trunk, "main", by="test")
    stop()
    await put(core, TRUNK)
    assert [(change.model, change.key, change.item) for change in told] == [
        (Trunk, "main", TRUNK),
        (Trunk, "main", None),
    ]


@pytest.mark.parametrize(
    "damage", [{"body": {"kind": "carrier pigeon"}}, {"kind": "of-a-newer-version"}], ids=["body", "kind"]
)
async def test_an_object_that_cannot_be_read_is_left_out_and_logged_and_can_be_replaced(
    office: Core, clock: SettableClock, caplog: pytest.LogCaptureFixture, damage: dict[str, Any]
) -> None:
    async with office.db.session() as session:
        await session.execute(
            update(ConfigurationRow).where(ConfigurationRow.kind == "trunk").values(**damage)
        )
    async with open_core(office.settings, clock) as again:
        assert again.configuration.list(Trunk) == []
        assert again.configuration.get(EmergencyNumber, "112").trunks == ("main",)
        await put(again, TRUNK)
        assert again.configuration.list(Trunk) == [TRUNK]
    assert "cannot be read, and is left out" in caplog.text


async def test_settings_that_were_never_changed_have_their_defaults(core: Core) -> None:
    assert core.configuration.get(SystemSettings, "system").time_zone == "UTC"
    with pytest.raises(ServiceError):
        core.configuration.get(Trunk, "main")


async def test_parking_slots_are_numbers_of_the_numbering_plan(office: Core) -> None:
    with pytest.raises(ServiceError, match="6905 is a parking slot"):
        await office.extensions.add(ExtensionCreate(number="6905"), by="test")
    with pytest.raises(ServiceError, match="6919 is a parking slot"):
        await put(office, RingGroup(number="6919", members=("1001",)))
    with pytest.raises(ServiceError, match="1001 is the number of an extension"):
        await put(office, Parking(first_slot="1000", last_slot="1010"))
    await put(office, Parking(first_slot="70", last_slot="79"))
    await office.extensions.add(ExtensionCreate(number="6905"), by="test")


async def test_a_time_condition_is_switched_by_hand_and_that_is_audited_CODE_1(office: Core) -> None:
    def opened(condition: TimeCondition) -> TimeCondition:
        return condition.model_copy(update={"by_hand": ByHand.OPEN})

    await office.configuration.alter(TimeCondition, "office", opened, by="1001")
    assert office.configuration.get(TimeCondition, "office").by_hand is ByHand.OPEN
    await office.configuration.load()
    assert office.configuration.get(TimeCondition, "office").by_hand is ByHand.OPEN, "it is stored"
    newest = (await office.audit.list(limit=1))[0]
    assert (newest.action, newest.actor, newest.subject) == ("time-condition.change", "1001", "office")
    assert newest.detail["fields"] == ["by_hand"]
    with pytest.raises(ServiceError) as missing:
        await office.configuration.alter(TimeCondition, "night", opened, by="1001")
    assert missing.value.code is ErrorCode.NOT_FOUND


async def test_what_a_time_switch_is_for_must_exist_CODE_1(office: Core) -> None:
    for wrong, why in (
        ({"time_condition": "night", "everybody": True}, "no time condition"),
        ({"time_condition": "office", "extensions": ("1009",)}, "1009"),
    ):
        await refused(office, TimeSwitch(digits="1", **wrong), ErrorCode.INVALID, why)
    with pytest.raises(ValueError, match="nobody may use it"):
        TimeSwitch(digits="1", time_condition="office")
    await put(office, TimeSwitch(digits="1", time_condition="office", extensions=("1001",)))
    with pytest.raises(ServiceError, match="time switch 1"):
        await office.configuration.remove(TimeCondition, "office", by="test")


async def test_queues_have_the_numbers_of_their_range_and_keep_them_Q_1(core: Core) -> None:
    await put(core, Queue(number="6400"), Queue(number="6499", outbound=True))
    for number in ("6300", "6500", "64000", "50400"):
        with pytest.raises(ServiceError, match="from 6400 to 6499"):
            await put(core, Queue(number=number))
    with pytest.raises(ServiceError, match="there is no extension"):
        await put(core, Queue(number="6401", static_agents=({"extension": "1999"},)))
    with pytest.raises(ServiceError, match="there is no queue"):
        await put(core, Queue(number="6401", failover={"kind": "queue", "value": "6450"}))
    for number in range(6410, 6441):
        await put(core, Queue(number=str(number), outbound=True))
    with pytest.raises(ServiceError, match="32 outbound queues"):
        await put(core, Queue(number="6450", outbound=True))
    await put(core, Queue(number="6440", outbound=True, name="changed"))


@pytest.mark.parametrize(("size", "number"), [(6000, "6450"), (6001, "50450")])
def test_the_range_of_queues_is_that_of_the_size_of_the_system_Q_1(size: int, number: str) -> None:
    wrong = "50450" if number == "6450" else "6450"
    check_change(Queue(number=number), (), (), size=size)
    check_change(Queue(number=wrong), (), (), size=size, before=Queue(number=wrong))
    with pytest.raises(ServiceError, match="queues have the numbers from"):
        check_change(Queue(number=wrong), (), (), size=size)
