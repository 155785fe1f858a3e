"""PRES-2, PRES-3, DIR-5: the settings of extensions, kept and checked."""

import pytest

from server.contract.destinations import Destination
from server.contract.errors import ErrorCode
from server.contract.extensions import ExtensionCreate
from server.contract.presence import PresenceStatus
from server.contract.reaching import (
    CallerRule,
    Forwarding,
    ReachingSettings,
    SettingsByStatus,
    StatusSettings,
)
from server.contract.routing import EmergencyNumber, OutboundRoute, RingGroup
from server.contract.trunks import Trunk
from server.rules.routing.snapshot import snapshot_of
from server.services.errors import ServiceError
from server.services.reaching import Reaching

AVAILABLE = PresenceStatus.AVAILABLE


def to(number):
    return Destination(kind="extension", value=number)


def forwarded(destination, **more):
    away = StatusSettings(external=Forwarding(no_answer=destination), **more)
    return ReachingSettings(statuses=SettingsByStatus(away=away))


@pytest.fixture
async def reaching(core):
    for number, mobile in (("1001", None), ("1002", "+420 601 234 567")):
        await core.extensions.add(ExtensionCreate(number=number, mobile=mobile), by="test")
    await core.reaching.start()
    yield core.reaching
    core.reaching.stop()


def another(core, **more):
    """The service of the next server process."""
    return Reaching(
        db=core.db,
        clock=core.clock,
        audit=core.audit,
        extensions=core.extensions,
        ring_timeout_s=more.pop("ring_timeout_s", 30.0),
        **more,
    )


async def test_settings_hold_at_once_and_after_a_restart_PRES_2(core, reaching):
    assert await reaching.get("1001") == reaching.of("1001") == ReachingSettings()
    settings = forwarded(to("1002"), ring_timeout_s=12)
    await reaching.change("1001", settings, by="1001")
    assert reaching.of("1001") == settings
    assert reaching.of("1002") == ReachingSettings()
    again = another(core)
    await again.start()
    assert again.of("1001") == await again.get("1001") == settings
    again.stop()
    newest = (await core.audit.list(limit=1))[0]
    assert (newest.action, newest.actor, newest.subject) == ("presence.settings", "1001", "1001")


async def test_where_nothing_is_set_phones_ring_as_long_as_the_server_says(core, reaching):
    other = another(core, ring_timeout_s=45.4)
    assert other.of("1001").statuses.of(AVAILABLE).ring_timeout_s == 45
    await reaching.change("1001", ReachingSettings(), by="1001")
    assert (await other.get("1001")).statuses.of(AVAILABLE).ring_timeout_s == 30


async def test_a_destination_that_is_not_there_is_named_and_nothing_is_lost_PRES_3(reaching):
    settings = forwarded(to("1002"))
    await reaching.change("1001", settings, by="1001")
    for destination, problem in (
        (to("1001"), "this is the extension itself"),
        (to("1999"), "there is no extension 1999"),
        (Destination(kind="ring_group", value="6300"), "there is no ring group 6300"),
        (Destination(kind="mobile"), "has no mobile number"),
    ):
        with pytest.raises(ServiceError, match=problem) as refused:
            await reaching.change("1001", forwarded(destination), by="1001")
        assert refused.value.code is ErrorCode.INVALID
        assert [field.field for field in refused.value.fields] == ["statuses.away.external.no_answer"]
        assert reaching.of("1001") == await reaching.get("1001") == settings, destination


async def test_rules_and_the_mobile_number_are_checked_too_DIR_5(reaching):
    rule = CallerRule(pattern="1XXX", destination=to("1999"))
    settings = forwarded(None, ring_mobile=True).model_copy(update={"caller_rules": [rule]})
    with pytest.raises(ServiceError) as refused:
        await reaching.change("1001", settings, by="1001")
    fields = [field.field for field in refused.value.fields]
    assert fields == ["caller_rules.0.destination", "statuses.away.ring_mobile"]


async def test_a_mobile_number_and_a_ring_group_that_are_there_will_do_PRES_3(core, reaching):
    to_mobile = forwarded(Destination(kind="mobile"), ring_mobile=True)
    await reaching.change("1002", to_mobile, by="1002")
    assert reaching.of("1002") == await reaching.get("1002") == to_mobile
    groups = another(core, snapshot=lambda: snapshot_of([RingGroup(number="6300", members=("1001",))]))
    to_group = forwarded(Destination(kind="ring_group", value="6300"))
    await groups.change("1001", to_group, by="1001")
    assert groups.of("1001") == await groups.get("1001") == to_group


async def test_a_number_that_is_given_again_does_not_inherit_settings(core, reaching):
    await reaching.change("1001", forwarded(to("1002")), by="1001")
    await core.extensions.remove("1001", by="test")
    await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    assert reaching.of("1001") == await reaching.get("1001") == ReachingSettings()


async def test_an_extension_that_is_not_there_has_no_settings(reaching):
    for work in (reaching.get("9999"), reaching.change("9999", ReachingSettings(), by="test")):
        with pytest.raises(ServiceError) as refused:
            await work
        assert refused.value.code is ErrorCode.NOT_FOUND


async def test_forwarding_to_an_emergency_number_is_refused_DIAL_2(core, reaching):
    trunk = Trunk(name="main", kind="peer", host="192.0.2.1")
    await core.configuration.put(trunk, by="test")
    await core.configuration.put(EmergencyNumber(number="112", trunks=("main",)), by="test")
    patterns = ({"pattern": "0X.", "strip": 1},)
    way_out = OutboundRoute(name="out", patterns=patterns, trunks=("main",), everybody=True)
    await core.configuration.put(way_out, by="test")
    for number in ("112", "0112"):
        with pytest.raises(ServiceError, match="emergency") as refused:
            await reaching.change("1001", forwarded(Destination(kind="external", value=number)), by="1001")
        assert refused.value.fields[0].field == "statuses.away.external.no_answer"
    await reaching.change("1001", forwarded(Destination(kind="external", value="0113")), by="1001")


async def test_the_last_destination_of_a_code_outlives_settings_that_leave_it_out_CODE_1(core, reaching):
    last = Forwarding(always=to("1002"))
    await reaching.change("1001", ReachingSettings(last_forwarding=last), by="1001")
    await reaching.change("1001", forwarded(to("1002")), by="1001")
    assert reaching.of("1001").last_forwarding == (await reaching.get("1001")).last_forwarding == last
    await reaching.change("1001", ReachingSettings(last_forwarding=Forwarding()), by="1001")
    assert reaching.of("1001").last_forwarding == Forwarding()
