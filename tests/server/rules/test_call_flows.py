"""Q-3: call flows choose a destination by time and caller, and say why."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from server.contract.call_flows import CallFlow, FlowStep, Origin
from server.contract.decisions import DecisionKind, Refusal, Rule
from server.contract.destinations import Destination
from server.contract.hours import Holidays, TimeCondition
from server.contract.prompts import Prompt
from server.contract.routing import InboundRoute
from server.contract.trunks import Trunk
from server.rules.hours import in_hours, local_time, on_holiday, zone_named
from server.rules.patterns import matches
from server.rules.routing import Asker, FromTrunk, route, route_to, snapshot_of
from tests.server.flows.office import extension

PEOPLE = {number: extension(number) for number in ("1001", "1002", "1003")}
MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
CHRISTMAS = datetime(2026, 12, 24, 10, tzinfo=UTC)
OFFICE = TimeCondition(
    name="office", periods=[{"days": ["monday", "thursday"], "start": "09:00", "end": "17:00"}]
)
FEASTS = Holidays(name="feasts", dates=[{"first": "2026-12-24", "yearly": True}])
COLLEAGUE, CUSTOMER, HIDDEN = Asker("1001", internal=True), Asker("0777123456"), Asker("")


def to(text: str) -> Destination:
    return Destination.parse(text)


def decide(asker: Asker, at: datetime, *flows: CallFlow, start: str = "call_flow:main"):
    snapshot = snapshot_of([OFFICE, FEASTS, Prompt(name="closed"), *flows])
    return route_to(snapshot, PEOPLE, to(start), at, asker)


MAIN = CallFlow(
    name="main",
    steps=[
        FlowStep(holidays="feasts", destination=to("prompt:closed")),
        FlowStep(origin=Origin.INTERNAL, destination=to("extension:1003")),
        FlowStep(time_condition="office", callers=["0777.", "0888."], destination=to("extension:1002")),
        FlowStep(time_condition="office", destination=to("extension:1001")),
    ],
    destination=to("voicemail:1001"),
)


@pytest.mark.parametrize(
    ("asker", "at", "kind", "number"),
    [
        (CUSTOMER, CHRISTMAS, DecisionKind.PROMPT, "closed"),
        (COLLEAGUE, CHRISTMAS, DecisionKind.PROMPT, "closed"),
        (COLLEAGUE, MONDAY, DecisionKind.EXTENSION, "1003"),
        (CUSTOMER, MONDAY, DecisionKind.EXTENSION, "1002"),
        (Asker("0605123456"), MONDAY, DecisionKind.EXTENSION, "1001"),
        (HIDDEN, MONDAY, DecisionKind.EXTENSION, "1001"),
        (CUSTOMER, MONDAY + timedelta(hours=7), DecisionKind.VOICEMAIL, "1001"),
    ],
)
def test_the_first_step_that_is_for_a_call_takes_it_Q_3(asker, at, kind, number):
    decision = decide(asker, at, MAIN)
    assert (decision.kind, decision.number) == (kind, number)


def test_every_step_that_was_tried_says_why_Q_3():
    reasons = [
        (step.matched, step.reason)
        for step in decide(CUSTOMER, MONDAY, MAIN).steps
        if step.rule is Rule.CALL_FLOW
    ]
    inside = "Monday 2026-03-02 10:00 is inside 'office': 09:00 to 17:00"
    assert reasons == [
        (False, "step 1: 2026-03-02 is not in the holidays 'feasts'"),
        (False, "step 2: the caller is external"),
        (
            True,
            f"step 3: 0777. matches the caller 0777123456, {inside}: extension:1002",
        ),
    ]
    late = decide(HIDDEN, MONDAY + timedelta(hours=7), MAIN).steps
    assert late[2].reason == "step 3: the caller's number is withheld"
    assert late[4].reason == "no step is for this call: voicemail:1001"


def test_an_inbound_route_leads_through_a_call_flow_Q_3():
    objects = [
        Trunk(name="main", kind="peer", host="192.0.2.1"),
        InboundRoute(name="all", destination=to("call_flow:main")),
        OFFICE,
        FEASTS,
        MAIN,
    ]
    decision = route(snapshot_of(objects), PEOPLE, FromTrunk("main", "530", "0777 123 456"), MONDAY)
    assert (decision.kind, decision.number, decision.route) == (DecisionKind.EXTENSION, "1002", "all")


def test_a_call_flow_may_lead_to_another_and_a_circle_or_a_gap_ends_the_call_Q_3():
    first = CallFlow(
        name="first",
        steps=[FlowStep(origin=Origin.INTERNAL, destination=to("call_flow:gone"))],
        destination=to("call_flow:main"),
    )
    assert decide(CUSTOMER, MONDAY, MAIN, first, start="call_flow:first").number == "1002"
    gone = decide(COLLEAGUE, MONDAY, MAIN, first, start="call_flow:first")
    assert (gone.refusal, gone.steps[-2].reason) == (
        Refusal.UNKNOWN_NUMBER,
        "call_flow:gone does not exist, or is disabled",
    )
    circle = MAIN.model_copy(update={"steps": (), "destination": to("call_flow:first")})
    round_ = decide(CUSTOMER, MONDAY, circle, first, start="call_flow:first")
    assert (round_.refusal, round_.steps[-2].reason) == (
        Refusal.UNKNOWN_NUMBER,
        "call_flow:first goes round in a circle",
    )


@pytest.mark.parametrize(
    "step",
    [
        {"destination": {"kind": "hang_up"}},
        {"origin": "internal", "destination": {"kind": "mobile"}},
        {"callers": ["abc"], "destination": {"kind": "hang_up"}},
        {"origin": "nowhere", "destination": {"kind": "hang_up"}},
    ],
)
def test_a_step_that_says_nothing_is_refused_Q_3(step):
    with pytest.raises(ValidationError):
        CallFlow.model_validate({"name": "x", "steps": [step]})


NUMBERS = st.sampled_from(["", "1001", "0777123456", "00420777", "*5"])
STEPS = st.fixed_dictionaries(
    {
        "destination": st.sampled_from(["extension:1001", "extension:1002", "voicemail:1003", "hang_up"]).map(
            to
        )
    },
    optional={
        "time_condition": st.sampled_from(["office", "gone"]),
        "holidays": st.sampled_from(["feasts", "gone"]),
        "origin": st.sampled_from(Origin),
        "callers": st.lists(st.sampled_from(["0777.", "X!", "1001"]), min_size=1, max_size=2),
    },
).filter(lambda given: len(given) > 1)
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(
    steps=st.lists(STEPS, min_size=1, max_size=6),
    asker=st.builds(Asker, NUMBERS, st.booleans()),
    at=MOMENTS,
)
def test_what_takes_a_call_is_the_first_whose_conditions_all_hold_Q_3(steps, asker, at):
    """Said once more, each condition by itself."""
    wall = local_time(at, zone_named("UTC"))

    def is_for(step: dict) -> bool:
        times = {"office": OFFICE}
        days = {"feasts": FEASTS}
        known = asker.number and [one for one in step.get("callers", ()) if matches(one, asker.number)]
        return (
            ("origin" not in step or (step["origin"] is Origin.INTERNAL) == asker.internal)
            and ("callers" not in step or known)
            and ("time_condition" not in step or in_hours(step["time_condition"], times, days, wall).holds)
            and ("holidays" not in step or on_holiday(step["holidays"], days, wall).holds)
        )

    flow = CallFlow(name="main", steps=[FlowStep(**step) for step in steps], destination=to("prompt:closed"))
    wanted = next((step["destination"] for step in steps if is_for(step)), flow.destination)
    decision = decide(asker, at, flow)
    assert (str(decision.kind), decision.number) == (str(wanted.kind), wanted.value)
    tried = [step.matched for step in decision.steps if step.rule is Rule.CALL_FLOW]
    assert tried.count(True) == 1
    assert tried[-1]
