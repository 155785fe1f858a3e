"""Where a dialled number goes, and the explanation (ADMIN-2, SIP-12)."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.contract.decisions import DecisionKind, Refusal, Rule
from server.contract.destinations import Destination
from server.contract.extensions import Extension, SrtpMode
from server.contract.hours import Holidays, TimeCondition
from server.contract.routing import (
    DialPattern,
    EmergencyNumber,
    InboundRoute,
    OutboundRoute,
    RingGroup,
    SystemSettings,
)
from server.contract.trunks import Trunk
from server.rules.routing import Asker, Forwarded, FromExtension, FromTrunk, route, route_to, snapshot_of

MONDAY_10 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # 10:00 in Prague
MONDAY_20 = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)
CHRISTMAS = datetime(2026, 12, 24, 9, 0, tzinfo=UTC)


def extension(number, *groups):
    return Extension(
        number=number,
        first_name="",
        last_name="",
        email=None,
        mobile=None,
        groups=list(groups),
        enabled=True,
        client_enabled=True,
        srtp=SrtpMode.OPTIONAL,
        avatar=None,
        created_at=MONDAY_10,
    )


PEOPLE = {one.number: one for one in (extension("1000", "Sales"), extension("1001"), extension("1002"))}

BASE = (
    SystemSettings(time_zone="Europe/Prague"),
    Trunk(name="main", kind="peer", host="192.0.2.1", caller_id_number="+420530000000"),
    Trunk(name="backup", kind="peer", host="192.0.2.2"),
    Trunk(name="off", kind="peer", host="192.0.2.3", enabled=False),
    EmergencyNumber(number="112", trunks=["off", "backup", "main"], caller_id_number="+420530000112"),
    RingGroup(number="6200", name="Desk", members=["1000", "1001"]),
    Holidays(name="feasts", dates=[{"first": "2026-12-24", "yearly": True}]),
    TimeCondition(
        name="office",
        periods=[{"days": ["monday", "thursday"], "start": "09:00", "end": "17:00"}],
        except_holidays=["feasts"],
    ),
    OutboundRoute(
        name="abroad",
        position=1,
        patterns=[{"pattern": "000."}],
        groups=["Sales"],
        trunks=["main"],
        time_condition="office",
    ),
    OutboundRoute(
        name="national",
        position=2,
        patterns=[
            {"pattern": "00420XXXXXXXXX", "strip": 5},
            {"pattern": "0Z.", "strip": 1, "prepend": "+420"},
        ],
        everybody=True,
        trunks=["off", "main", "backup"],
    ),
)


def decide(call, *more, at=MONDAY_10, without=()):
    objects = [item for item in BASE if item.key not in without]
    return route(snapshot_of([*objects, *more]), PEOPLE, call, at)


def trunks(decision):
    return [choice.trunk for choice in decision.trunks]


def test_a_number_outside_goes_by_the_first_route_rewritten_by_the_trunks_in_order_ADMIN_2():
    decision = decide(FromExtension("1000", "00420 530-335 533"))
    assert (decision.kind, decision.number, decision.route) == (
        DecisionKind.OUTBOUND,
        "530335533",
        "national",
    )
    assert trunks(decision) == ["main", "backup"]  # the disabled one is passed over
    assert [choice.caller_number for choice in decision.trunks] == ["+420530000000", ""]
    assert decide(FromExtension("1000", "0530335533")).number == "+420530335533"


def test_routes_are_tried_by_position_whatever_the_length_of_the_pattern_ADMIN_2():
    early = OutboundRoute(
        name="z", position=0, patterns=[{"pattern": "."}], everybody=True, trunks=["backup"]
    )
    assert decide(FromExtension("1000", "0530335533"), early).route == "z"
    late = early.model_copy(update={"position": 3})
    assert decide(FromExtension("1000", "0530335533"), late).route == "national"


@pytest.mark.parametrize(
    ("caller", "at", "without", "expected"),
    [
        ("1000", MONDAY_10, (), None),
        ("1001", MONDAY_10, (), Refusal.FORBIDDEN),
        ("1000", MONDAY_20, (), Refusal.OUTSIDE_HOURS),
        ("1000", CHRISTMAS, (), Refusal.OUTSIDE_HOURS),
        ("1000", MONDAY_10, ("office",), Refusal.OUTSIDE_HOURS),
        ("1000", MONDAY_10, ("feasts",), Refusal.OUTSIDE_HOURS),
        ("1000", MONDAY_10, ("main",), Refusal.NO_TRUNK),
        ("1000", MONDAY_10, ("abroad",), Refusal.UNKNOWN_NUMBER),
        ("9999", MONDAY_10, (), Refusal.UNKNOWN_CALLER),
    ],
)
def test_who_may_dial_abroad_and_when_ADMIN_2(caller, at, without, expected):
    """What cannot be evaluated (the condition or its holidays are gone) counts as closed."""
    assert decide(FromExtension(caller, "00049301234"), at=at, without=without).refusal is expected


def test_an_unknown_time_zone_counts_as_closed_and_calls_inside_go_on():
    nowhere = SystemSettings(time_zone="Nowhere/Atall")
    assert decide(FromExtension("1000", "00049301234"), nowhere).refusal is Refusal.OUTSIDE_HOURS
    assert decide(FromExtension("1000", "1001"), nowhere).kind is DecisionKind.EXTENSION


def test_emergency_numbers_come_first_with_their_own_caller_id_SIP_12():
    decision = decide(FromExtension("1001", "112"))
    assert (decision.kind, decision.number) == (DecisionKind.EMERGENCY, "112")
    assert trunks(decision) == ["backup", "main"]
    assert {choice.caller_number for choice in decision.trunks} == {"+420530000112"}
    assert [step.rule for step in decision.steps] == [Rule.EMERGENCY, Rule.DECISION]


def test_no_rule_blocks_an_emergency_call_SIP_12():
    """Not a caller who is disabled, nor trunks that all are, nor routes, hours, and permissions."""
    assert decide(FromExtension("9999", "112")).kind is DecisionKind.EMERGENCY
    alone = EmergencyNumber(number="155", trunks=["off"])
    decision = decide(FromExtension("1001", "155"), alone, at=CHRISTMAS)
    assert (decision.kind, trunks(decision)) == (DecisionKind.EMERGENCY, ["off"])
    prefix = OutboundRoute(
        name="boss only",
        position=9,
        patterns=[{"pattern": "9.", "strip": 1}],
        extensions=["1002"],
        trunks=["off"],
        time_condition="gone",
    )
    assert decide(FromExtension("1001", "9112"), prefix).number == "112"
    assert decide(FromExtension("1001", "9112"), prefix).kind is DecisionKind.EMERGENCY
    off = prefix.model_copy(update={"enabled": False})
    assert decide(FromExtension("1001", "9112"), off).refusal is Refusal.UNKNOWN_NUMBER


def test_a_colleague_whose_number_ends_like_an_emergency_number_is_still_reached():
    prefix = OutboundRoute(
        name="out", patterns=[{"pattern": "1.", "strip": 1}], everybody=True, trunks=["main"]
    )
    emergency = EmergencyNumber(number="001", trunks=["main"])
    assert decide(FromExtension("1000", "1001"), prefix, emergency).kind is DecisionKind.EXTENSION
    assert decide(FromExtension("1000", "001"), prefix, emergency).kind is DecisionKind.EMERGENCY


def test_without_a_number_of_its_own_an_emergency_call_shows_that_of_the_trunk_SIP_12():
    plain = EmergencyNumber(number="155", trunks=["main"])
    assert decide(FromExtension("1001", "155"), plain).trunks[0].caller_number == "+420530000000"


def test_extensions_come_before_ring_groups_and_routes_ADMIN_2():
    everything = OutboundRoute(name="all", patterns=[{"pattern": "."}], everybody=True, trunks=["main"])
    assert decide(FromExtension("1000", "1001"), everything).kind is DecisionKind.EXTENSION
    assert decide(FromExtension("1000", "6200"), everything).kind is DecisionKind.RING_GROUP
    assert decide(FromExtension("1000", "7000"), everything).kind is DecisionKind.OUTBOUND
    assert decide(FromExtension("1000", "no number")).refusal is Refusal.INVALID_NUMBER


def inbound(**more):
    given = {"name": "in", "destination": {"kind": "extension", "value": "1001"}} | more
    return InboundRoute.model_validate(given)


def came_in(*routes, dialled="+420530335533", caller="+49301234", trunk="main", at=MONDAY_10, **more):
    return decide(FromTrunk(trunk, dialled, caller), *routes, at=at, **more)


@pytest.mark.parametrize(
    ("more", "matches"),
    [
        ({}, True),
        ({"trunks": ["main"]}, True),
        ({"trunks": ["backup"]}, False),
        ({"did_pattern": "+42053033553X"}, True),
        ({"did_pattern": "42053033553X"}, False),  # the + is matched literally
        ({"caller_pattern": "+49."}, True),
        ({"caller_pattern": "+43."}, False),
        ({"enabled": False}, False),
    ],
)
def test_a_call_from_a_trunk_is_taken_by_trunk_number_and_caller_ADMIN_2(more, matches):
    decision = came_in(inbound(**more))
    assert (decision.kind is DecisionKind.EXTENSION) is matches
    assert decision.refusal is (None if matches else Refusal.UNKNOWN_NUMBER)


def test_a_withheld_number_matches_no_caller_pattern_ADMIN_2():
    for withheld in ("", "anonymous"):
        assert came_in(inbound(caller_pattern="!"), caller=withheld).kind is DecisionKind.EXTENSION
        assert came_in(inbound(caller_pattern="."), caller=withheld).refusal is Refusal.UNKNOWN_NUMBER
        assert came_in(inbound(), caller=withheld).kind is DecisionKind.EXTENSION


def test_the_first_time_condition_that_holds_gives_the_destination_ADMIN_2():
    made = inbound(
        timed=[
            {"holidays": "feasts", "destination": {"kind": "hang_up"}},
            {"time_condition": "office", "destination": {"kind": "ring_group", "value": "6200"}},
        ]
    )
    assert came_in(made).kind is DecisionKind.RING_GROUP
    assert came_in(made, at=MONDAY_20).kind is DecisionKind.EXTENSION
    assert came_in(made, at=CHRISTMAS).kind is DecisionKind.HANG_UP
    assert came_in(made, without=("office",)).kind is DecisionKind.EXTENSION


def test_a_call_from_a_trunk_never_picks_a_way_out_ADMIN_2():
    """Toll fraud: the dialled number is for the inbound routes only."""
    for dialled in ("0530335533", "112", "1001", "6200"):
        assert came_in(dialled=dialled).refusal is Refusal.UNKNOWN_NUMBER
    assert came_in(inbound(), trunk="off").refusal is Refusal.UNKNOWN_CALLER
    assert came_in(inbound(), trunk="stranger").refusal is Refusal.UNKNOWN_CALLER


def test_a_trunk_with_a_list_of_numbers_takes_no_others_ADMIN_2():
    trunk = Trunk(name="main", kind="peer", host="192.0.2.1", dids=["+420530335533"])
    assert came_in(trunk, inbound()).kind is DecisionKind.EXTENSION
    assert came_in(trunk, inbound(), dialled="+420530335534").refusal is Refusal.UNKNOWN_NUMBER


def test_a_destination_outside_is_reached_by_the_routes_whoever_may_use_them_ADMIN_2():
    made = inbound(destination={"kind": "external", "value": "00049301234"})
    decision = came_in(made)
    assert (decision.kind, decision.route, decision.number) == (
        DecisionKind.OUTBOUND,
        "abroad",
        "00049301234",
    )
    assert came_in(made, at=MONDAY_20).refusal is Refusal.OUTSIDE_HOURS


@pytest.mark.parametrize("value", ["112", "0112"])
def test_only_people_call_emergency_numbers_no_rule_DIAL_2(value):
    prefix = OutboundRoute(
        name="out", patterns=[{"pattern": "0.", "strip": 1}], everybody=True, trunks=["main"]
    )
    made = inbound(destination={"kind": "external", "value": value})
    assert came_in(made, prefix, without=("national",)).refusal is Refusal.FORBIDDEN
    assert decide(Forwarded(value), prefix, without=("national",)).refusal is Refusal.FORBIDDEN


def test_a_forwarding_has_the_permissions_of_its_owner_PRES_3():
    assert decide(Forwarded("00049301234", "1000")).kind is DecisionKind.OUTBOUND
    assert decide(Forwarded("00049301234", "1001")).refusal is Refusal.FORBIDDEN
    assert decide(Forwarded("00049301234")).kind is DecisionKind.OUTBOUND
    assert decide(Forwarded("1002", "1001")).kind is DecisionKind.EXTENSION
    assert decide(Forwarded("1002", "9999")).refusal is Refusal.UNKNOWN_CALLER


@pytest.mark.parametrize(
    ("destination", "kind"),
    [
        ({"kind": "extension", "value": "1001"}, DecisionKind.EXTENSION),
        ({"kind": "extension", "value": "9999"}, DecisionKind.REFUSED),
        ({"kind": "ring_group", "value": "6200"}, DecisionKind.RING_GROUP),
        ({"kind": "ring_group", "value": "6201"}, DecisionKind.REFUSED),
        ({"kind": "external", "value": "0530335533"}, DecisionKind.OUTBOUND),
        ({"kind": "hang_up"}, DecisionKind.HANG_UP),
        ({"kind": "mobile"}, DecisionKind.REFUSED),
    ],
)
def test_a_destination_leads_where_it_says_or_nowhere(destination, kind):
    made = Destination.model_validate(destination)
    assert route_to(snapshot_of(BASE), PEOPLE, made, MONDAY_10, Asker()).kind is kind


def test_every_rule_that_was_tried_is_told_in_order_with_the_reason_ADMIN_2():
    decision = decide(FromExtension("1001", "00049301234"))
    assert [(step.rule.value, step.name, step.matched) for step in decision.steps] == [
        ("emergency", "", False),
        ("extension", "", False),
        ("ring_group", "", False),
        ("ivr", "", False),
        ("queue", "", False),
        ("conference", "", False),
        ("group_mailbox", "", False),
        ("outbound_route", "abroad", False),
        ("outbound_route", "national", False),
        ("decision", "", False),
    ]
    reasons = [step.reason for step in decision.steps]
    assert reasons[7] == "000. matches, but 1001 may not use it"
    assert reasons[8] == "none of its patterns matches 00049301234"
    assert reasons[9] == "Refused: not permitted."


TEXT = st.text(max_size=12)
DIALLED = st.from_regex(r"\+?[0-9*#]{1,14}", fullmatch=True) | st.sampled_from(
    ["112", "9112", "1000", "1001", "6200", "+420530335533", "0530335533", "00049301234"]
)
CALLS = (
    st.builds(FromExtension, st.sampled_from([*PEOPLE, "9999", ""]) | TEXT, DIALLED | TEXT)
    | st.builds(FromTrunk, st.sampled_from(["main", "off"]) | TEXT, DIALLED | TEXT, DIALLED | TEXT)
    | st.builds(Forwarded, DIALLED | TEXT, st.sampled_from([*PEOPLE, ""]) | TEXT)
)
MOMENTS = st.datetimes(timezones=st.just(UTC)) | st.datetimes()
MORE = st.lists(
    st.sampled_from(
        [
            inbound(),
            inbound(
                name="b",
                did_pattern="+4205.",
                timed=[{"time_condition": "gone", "destination": {"kind": "hang_up"}}],
            ),
            inbound(name="c", position=2, destination={"kind": "external", "value": "0112"}),
            OutboundRoute(
                name="all",
                position=5,
                patterns=[{"pattern": "!", "prepend": "0" * 31}],
                everybody=True,
                trunks=["main"],
            ),
            OutboundRoute(
                name="gone",
                patterns=[{"pattern": "9."}],
                everybody=True,
                trunks=["gone"],
                time_condition="gone",
            ),
            SystemSettings(time_zone="Nowhere/Atall"),
            EmergencyNumber(number="9112", trunks=["gone"]),
        ]
    ),
    max_size=5,
)


def check_decision(call, decision):
    """What holds of every decision."""
    last = decision.steps[-1]
    assert last.rule is Rule.DECISION
    assert sum(step.rule is Rule.DECISION for step in decision.steps) == 1
    assert (decision.refusal is not None) is (decision.kind is DecisionKind.REFUSED)
    assert last.matched is (decision.refusal is None)
    outside = decision.kind in {DecisionKind.OUTBOUND, DecisionKind.EMERGENCY}
    assert bool(decision.trunks) is outside
    if outside:
        assert decision.number in last.reason
        assert all(choice.trunk in last.reason for choice in decision.trunks)
    if decision.kind is DecisionKind.EMERGENCY:
        assert isinstance(call, FromExtension)
    assert all(step.reason.isprintable() for step in decision.steps)


@settings(deadline=None)
@given(CALLS, MOMENTS, MORE, st.sets(st.sampled_from([item.key for item in BASE])))
def test_any_call_at_any_time_gets_a_decision_and_its_last_step_says_it(call, now, more, without):
    decision = decide(call, *more, at=now, without=without)
    check_decision(call, decision)
    if isinstance(call, FromExtension) and call.dialled == "112" and "112" not in without:
        assert decision.kind is DecisionKind.EMERGENCY


def test_a_thousand_random_numbers_go_where_the_plan_says_ADMIN_2():
    """The plan of `BASE`, said once more in other words; the same seed, the same numbers and times."""
    chance = random.Random(20260302)
    seen = Counter()
    for _ in range(1000):
        start = chance.choice(["", "0", "0", "000", "000", "00420", "62", "100", "11", "+420"])
        dialled = start + "".join(chance.choices("0123456789", k=chance.choice([0, 1, 2, 6, 9]))) or "0"
        caller, now = chance.choice(["1000", "1001"]), MONDAY_10 + timedelta(hours=chance.randint(0, 9000))
        call = FromExtension(caller, dialled)
        decision = decide(call, at=now)
        check_decision(call, decision)
        wall = now.astimezone(ZoneInfo("Europe/Prague"))
        is_open = wall.weekday() in {0, 3} and 9 <= wall.hour < 17 and (wall.month, wall.day) != (12, 24)
        if dialled in {"112", "1000", "1001", "1002", "6200"}:
            expected = DecisionKind.EXTENSION
            if dialled in {"112", "6200"}:
                expected = DecisionKind.EMERGENCY if dialled == "112" else DecisionKind.RING_GROUP
        elif dialled.startswith("000") and len(dialled) > 3:
            expected = DecisionKind.OUTBOUND if caller == "1000" and is_open else DecisionKind.REFUSED
        elif dialled.startswith("00420") and len(dialled) == 14:
            expected = DecisionKind.OUTBOUND
        else:
            goes = dialled[0] == "0" and len(dialled) > 2 and dialled[1] != "0"
            expected = DecisionKind.OUTBOUND if goes else DecisionKind.REFUSED
        assert decision.kind is expected, (caller, dialled, wall)
        seen[expected] += 1
    assert min(seen[kind] for kind in (DecisionKind.OUTBOUND, DecisionKind.REFUSED)) > 100


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ({"pattern": "0X", "strip": 3}, "strip drops 3"),
        ({"pattern": "0X", "strip": 2}, "nothing would be left"),
        ({"pattern": "0!", "strip": 1}, "nothing would be left"),
        ({"pattern": "0.", "strip": 2}, "nothing would be left"),
        ({"pattern": "0X", "strip": 2, "prepend": "+"}, "nothing would be left"),
        ({"pattern": "+420.", "prepend": "0"}, "strip it"),
        ({"pattern": "0.", "prepend": "0+"}, "prepend"),
    ],
)
def test_a_pattern_that_leaves_nothing_to_dial_is_refused_ADMIN_2(pattern, why):
    with pytest.raises(ValueError, match=why):
        DialPattern.model_validate(pattern)
