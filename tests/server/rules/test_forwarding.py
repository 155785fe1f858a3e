"""PRES-3, PRES-4, PRES-7, PRES-8: how a call reaches an extension."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.contract.destinations import Destination, DestinationKind
from server.contract.presence import PresenceStatus
from server.contract.reaching import (
    CallerRule,
    DoNotDisturbSettings,
    EndpointKind,
    Forwarding,
    ForwardingAlways,
    ReachingSettings,
    SettingsByStatus,
    StatusSettings,
)
from server.rules.endpoints import kind_of
from server.rules.forwarding import Arrival, DecidedBy, Endpoints, Stage, leads_on, reach
from server.rules.outcomes import Ending

DESK, DESKTOP, MOBILE, WEB = EndpointKind
AVAILABLE, DND = PresenceStatus.AVAILABLE, PresenceStatus.DO_NOT_DISTURB
COLLEAGUE, OUTSIDE = Arrival("1002", internal=True), Arrival("+420530335533", internal=False)
BOTH = Endpoints(frozenset({DESK, DESKTOP}), mobile="+420 601-234 567")
HANG_UP = Destination(kind="hang_up")


def to(number):
    return Destination(kind="extension", value=number)


def available(**settings):
    more = {name: settings.pop(name) for name in list(settings) if name in ReachingSettings.model_fields}
    return ReachingSettings(statuses=SettingsByStatus(available=StatusSettings(**settings)), **more)


def kinds(plan):
    return [set(stage.kinds) for stage in plan.stages]


def test_without_any_settings_every_phone_rings_at_once_PRES_4():
    plan = reach(ReachingSettings(), AVAILABLE, COLLEAGUE, BOTH)
    assert plan.at_once is None
    assert plan.stages == (Stage(frozenset({DESK, DESKTOP}), 30),)
    assert (plan.mobile, plan.all_reject) == ("", False)
    endings = [plan.busy, plan.no_answer, plan.rejected, plan.unregistered]
    assert [follow.destination for follow in endings] == [None] * 4
    expected = [Ending.BUSY, Ending.NO_ANSWER, Ending.DECLINED, Ending.UNREGISTERED]
    assert [follow.ending for follow in endings] == expected


def test_a_call_to_nobody_is_told_so_at_once():
    plan = reach(ReachingSettings(), AVAILABLE, COLLEAGUE, Endpoints(frozenset()))
    assert plan.at_once.ending is Ending.UNREGISTERED
    assert plan.stages == ()


def test_stages_ring_one_after_the_other_and_absent_kinds_are_passed_over_PRES_4():
    settings = available(ring_first=[WEB, DESKTOP], ring_second=[DESK, MOBILE], ring_timeout_s=12)
    plan = reach(settings, AVAILABLE, COLLEAGUE, BOTH)
    assert plan.stages == (Stage(frozenset({DESKTOP}), 12), Stage(frozenset({DESK}), 12))
    plan = reach(settings, AVAILABLE, COLLEAGUE, Endpoints(frozenset({DESK})))
    assert kinds(plan) == [{DESK}]
    plan = reach(available(ring_first=[WEB]), AVAILABLE, COLLEAGUE, BOTH)
    assert plan.at_once.ending is Ending.UNREGISTERED


def test_internal_and_external_calls_are_forwarded_separately_PRES_3():
    settings = available(internal=Forwarding(always=to("1003")), external=Forwarding(always=to("1004")))
    assert reach(settings, AVAILABLE, COLLEAGUE, BOTH).at_once.destination == to("1003")
    assert reach(settings, AVAILABLE, OUTSIDE, BOTH).at_once.destination == to("1004")
    assert reach(settings, PresenceStatus.AWAY, OUTSIDE, BOTH).at_once is None, "each status has its own"


def test_what_follows_a_call_that_nobody_took_PRES_3():
    settings = available(internal=Forwarding(no_answer=to("1003"), busy=to("1004")))
    plan = reach(settings, AVAILABLE, COLLEAGUE, BOTH)
    assert plan.no_answer.destination == plan.unregistered.destination == to("1003")
    assert plan.rejected.destination == to("1003")
    assert plan.busy.destination == to("1004")
    away = reach(settings, AVAILABLE, COLLEAGUE, Endpoints(frozenset()))
    assert away.at_once.destination == to("1003")


@pytest.mark.parametrize(
    ("options", "busy", "decided_by"),
    [
        ({}, {DESK, DESKTOP}, DecidedBy.RING_STRATEGY),
        ({"all_busy": True}, {DESK}, DecidedBy.ALL_BUSY),
        ({"all_busy": True}, set(), DecidedBy.RING_STRATEGY),
        ({"internal": Forwarding(busy=HANG_UP)}, {DESK}, DecidedBy.RING_STRATEGY),
        ({"internal": Forwarding(busy=HANG_UP)}, {DESK, DESKTOP}, DecidedBy.BUSY),
        ({"internal": Forwarding(busy=HANG_UP), "ring_first": [DESK]}, {DESK}, DecidedBy.BUSY),
    ],
)
def test_who_is_busy_PRES_3_PRES_4(options, busy, decided_by):
    endpoints = Endpoints(BOTH.registered, frozenset(busy))
    plan = reach(available(**options), AVAILABLE, COLLEAGUE, endpoints)
    assert plan.decided_by is decided_by
    if decided_by is not DecidedBy.RING_STRATEGY:
        assert plan.at_once.ending is Ending.BUSY


def test_a_rejection_on_one_rejects_on_all_where_it_is_set_PRES_4():
    assert reach(available(all_reject=True), AVAILABLE, COLLEAGUE, BOTH).all_reject


def test_the_mobile_number_rings_beside_with_its_prefix_PRES_2():
    plan = reach(available(ring_mobile=True), AVAILABLE, COLLEAGUE, BOTH)
    assert plan.mobile == "+420601234567"
    plan = reach(available(ring_mobile=True, mobile_prefix="9"), AVAILABLE, COLLEAGUE, BOTH)
    assert plan.mobile == "900420601234567"
    assert kinds(plan) == [{DESK, DESKTOP}]
    alone = reach(
        available(ring_mobile=True), AVAILABLE, COLLEAGUE, Endpoints(frozenset(), mobile="601234567")
    )
    assert (alone.mobile, kinds(alone), alone.at_once) == ("601234567", [set()], None)
    without = reach(available(ring_mobile=True), AVAILABLE, COLLEAGUE, Endpoints(frozenset({DESK})))
    assert without.mobile == ""


def test_a_call_is_not_lost_by_a_mobile_number_that_is_not_there_PRES_3():
    settings = available(internal=Forwarding(always=Destination(kind="mobile")))
    assert reach(settings, AVAILABLE, COLLEAGUE, BOTH).at_once.destination == Destination(
        kind="external", value="+420601234567"
    )
    assert kinds(reach(settings, AVAILABLE, COLLEAGUE, Endpoints(frozenset({DESK})))) == [{DESK}]


def test_a_queue_ignores_forwarding_and_rules_but_not_do_not_disturb_PRES_7():
    settings = ReachingSettings(
        statuses=SettingsByStatus(
            available=StatusSettings(
                internal=Forwarding(always=to("1003"), no_answer=to("1003"), busy=to("1003")),
                ring_mobile=True,
            ),
            do_not_disturb=DoNotDisturbSettings(internal=ForwardingAlways(always=to("1003"))),
        ),
        caller_rules=[CallerRule(pattern="1002", destination=HANG_UP)],
    )
    queued = Arrival("1002", internal=True, through_group=True)
    plan = reach(settings, AVAILABLE, queued, BOTH)
    assert kinds(plan) == [{DESK, DESKTOP}]
    assert plan.busy.destination is plan.no_answer.destination is None
    assert plan.mobile == ""
    refused = reach(settings, DND, queued, BOTH)
    assert (refused.decided_by, refused.at_once.destination) == (DecidedBy.DO_NOT_DISTURB, None)
    transferred = Arrival("1009", internal=True, through_group=True, transferred=True)
    assert reach(settings, AVAILABLE, transferred, BOTH).at_once.destination == to("1003")


def test_the_order_of_decisions_PRES_8():
    settings = ReachingSettings(
        statuses=SettingsByStatus(
            do_not_disturb=DoNotDisturbSettings(internal=ForwardingAlways(always=to("1003")))
        ),
        caller_rules=[CallerRule(pattern="1002", destination=HANG_UP), CallerRule(pattern="1004")],
    )

    def decided(caller, **more):
        return reach(settings, DND, Arrival(caller, internal=True, **more), BOTH).decided_by

    assert decided("1002", emergency_call_back=True) is DecidedBy.EMERGENCY_CALL_BACK
    assert decided("1002") is DecidedBy.CALLER_RULE
    assert decided("1004") is DecidedBy.FORWARDING, "accepted is not exempt"
    assert decided("1005") is DecidedBy.FORWARDING
    assert reach(ReachingSettings(), DND, COLLEAGUE, BOTH).decided_by is DecidedBy.DO_NOT_DISTURB


def test_an_emergency_call_back_rings_everything_whatever_is_set_PRES_8():
    settings = ReachingSettings(all_busy=True, caller_rules=[CallerRule(pattern="!", destination=HANG_UP)])
    arrival = Arrival("112", internal=False, emergency_call_back=True)
    plan = reach(settings, DND, arrival, Endpoints(BOTH.registered, BOTH.registered))
    assert kinds(plan) == [{DESK, DESKTOP}]


@pytest.mark.parametrize(
    ("user_agent", "kind"),
    [
        ("Linkus Desktop/0.1.0", DESKTOP),
        ("Linkus Mobile iOS 5", MOBILE),
        ("linkus web/1", WEB),
        ("Yealink SIP-T46U 108.86.0.20", DESK),
        ("Not Linkus Desktop/1", DESK),
        ("", DESK),
    ],
)
def test_kinds_are_told_by_how_a_phone_registered_PRES_4(user_agent, kind):
    assert kind_of(user_agent) is kind


destinations = st.one_of(
    st.sampled_from(["1001", "1002", "1003"]).map(to),
    st.just(Destination(kind="mobile")),
    st.just(HANG_UP),
    st.just(Destination(kind="external", value="+420530335533")),
    st.just(Destination(kind="ring_group", value="6300")),
)
optional = st.none() | destinations
always = st.builds(ForwardingAlways, always=optional)
forwarding = st.builds(Forwarding, always=optional, no_answer=optional, busy=optional)


@st.composite
def status_settings(draw):
    order = draw(st.permutations(list(EndpointKind)))
    first = draw(st.integers(1, 4))
    second = draw(st.integers(first, 4))
    return StatusSettings(
        internal=draw(forwarding),
        external=draw(forwarding),
        ring_first=order[:first],
        ring_second=order[first:second],
        ring_timeout_s=draw(st.integers(5, 300)),
        ring_mobile=draw(st.booleans()),
    )


rules = st.builds(
    CallerRule,
    pattern=st.sampled_from(["!", "10XX", "+."]),
    destination=st.none() | st.sampled_from([HANG_UP, to("1002")]),
)
all_settings = st.builds(
    ReachingSettings,
    statuses=st.builds(
        SettingsByStatus,
        available=status_settings(),
        do_not_disturb=st.builds(DoNotDisturbSettings, internal=always, external=always),
    ),
    caller_rules=st.lists(rules, max_size=3),
    all_busy=st.booleans(),
    all_reject=st.booleans(),
    mobile_prefix=st.sampled_from(["", "0", "*9#", "+"]),
)
arrivals = st.builds(
    Arrival,
    caller=st.sampled_from(["", "1002", "+420530335533"]),
    internal=st.booleans(),
    through_group=st.booleans(),
    transferred=st.booleans(),
    emergency_call_back=st.booleans(),
)
some_kinds = st.frozensets(st.sampled_from(list(EndpointKind)))
all_endpoints = st.builds(
    Endpoints, registered=some_kinds, busy=some_kinds, mobile=st.none() | st.text(max_size=31)
)
statuses = st.sampled_from([AVAILABLE, DND])


@given(all_settings, statuses, arrivals, all_endpoints)
def test_every_call_has_a_plan_that_rings_registered_kinds_once_or_does_something_PRES_4(
    settings, status, arrival, endpoints
):
    plan = reach(settings, status, arrival, endpoints)
    rung = [kind for stage in plan.stages for kind in stage.kinds]
    assert set(rung) <= endpoints.registered
    assert len(rung) == len(set(rung))
    assert (plan.at_once is None) is bool(plan.stages)
    assert all(stage.kinds or plan.mobile for stage in plan.stages)
    for follow in (plan.busy, plan.no_answer, plan.rejected, plan.unregistered):
        assert follow.destination is None or follow.destination.kind is not DestinationKind.MOBILE


@given(all_settings, arrivals, all_endpoints)
def test_do_not_disturb_never_rings_PRES_8(settings, arrival, endpoints):
    plan = reach(settings, DND, arrival, endpoints)
    if not arrival.emergency_call_back:
        assert (plan.stages, plan.mobile) == ((), "")
        assert plan.at_once is not None


@given(st.lists(destinations, min_size=1, max_size=50))
def test_forwarding_ends_whatever_the_settings_are_PRES_3(hops):
    visited = [to("1000")]
    for hop in hops * 3:
        if not leads_on(visited, hop):
            break
        visited.append(hop)
    assert len(visited) == len(set(map(str, visited))) <= 9


def test_two_who_forward_to_each_other_are_a_loop_PRES_3():
    assert leads_on([to("1001")], to("1002"))
    assert not leads_on([to("1001"), to("1002")], to("1001"))
    group = Destination(kind="ring_group", value="1001")
    assert leads_on([to("1001")], group), "a group is not the extension of its number"
