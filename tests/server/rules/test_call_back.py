"""Which call is taken as the call-back of an emergency call (PRES-8, RFC 7090)."""

from datetime import timedelta

import pytest

from server.contract.call_flows import CallFlow, FlowStep
from server.contract.decisions import DecisionKind, Rule
from server.contract.destinations import Destination
from server.contract.routing import EmergencyNumber, InboundRoute
from server.contract.trunks import Trunk
from server.rules.routing import EmergencyCall, FromTrunk, is_marked, route, snapshot_of
from server.rules.routing.call_back import same_line
from tests.server.rules.test_routing import BASE, CHRISTMAS, MONDAY_10, PEOPLE

ELIN = "+420530000112"
AT_NIGHT = InboundRoute(
    name="line",
    did_pattern="555",
    timed=[{"time_condition": "office", "destination": {"kind": "extension", "value": "1000"}}],
    destination={"kind": "hang_up"},
)
"""The line of 1000, which is closed at night and on holidays."""


def made(extension="1000", *, trunk="main", shown=ELIN, minutes_ago=1, number="112", now=MONDAY_10):
    return EmergencyCall(extension, number, trunk, shown, now - timedelta(minutes=minutes_ago))


def called_back(call, *calls, more=(), now=MONDAY_10):
    """Who is called back; None if it is an ordinary call."""
    decision = route(snapshot_of([*BASE, AT_NIGHT, *more]), PEOPLE, call, now, calls)
    if not decision.emergency_call_back:
        assert decision.kind is not DecisionKind.EXTENSION or decision.steps
        return None
    assert decision.kind is DecisionKind.EXTENSION
    assert decision.steps[-2].rule is Rule.EMERGENCY_CALL_BACK
    assert decision.steps[-2].matched
    return decision.number


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+420530000112", "420530000112", True),
        ("+420530000112", "00420530000112", True),
        ("+420530000112", "530000112", True),
        ("+420530000112", "0530000112", True),
        ("+420530000112", "+421530000112", False),
        ("+420530000112", "000112", False),
        ("1001", "1001", True),
        ("1001", "21001", False),
        ("", "", False),
        ("000", "0", False),
        ("", "+420530000112", False),
    ],
)
def test_one_line_is_known_in_every_spelling_of_its_number_PRES_8(one, other, same):
    assert same_line(one, other) is same
    assert same_line(other, one) is same


def test_the_number_that_was_shown_leads_back_whatever_number_is_ours_PRES_8():
    strict = Trunk(name="main", kind="peer", host="192.0.2.1", dids=["530335533"])
    call = FromTrunk("main", "530000112", "112")
    assert called_back(call, made(), more=[strict]) == "1000"
    assert called_back(call, more=[strict]) is None
    assert called_back(FromTrunk("off", "530000112"), made()) is None, "a trunk that is off is nobody's"


def test_a_line_leads_back_at_night_too_PRES_8():
    call = FromTrunk("backup", "555", "999")
    assert called_back(call, made(now=CHRISTMAS), now=CHRISTMAS) == "1000"
    assert called_back(call, made("1001", now=CHRISTMAS), now=CHRISTMAS) is None


def test_a_call_flow_that_leads_to_who_called_for_help_now_leads_back_PRES_8():
    step = FlowStep(time_condition="office", destination=Destination.parse("extension:1000"))
    flow = CallFlow(name="day", steps=(step,), destination=Destination.parse("ring_group:6200"))
    by_flow = InboundRoute(name="flow", did_pattern="556", destination=Destination.parse("call_flow:day"))
    call = FromTrunk("main", "556", "999")
    assert called_back(call, made(), more=[flow, by_flow]) == "1000"
    assert called_back(call, made(now=CHRISTMAS), more=[flow, by_flow], now=CHRISTMAS) is None


def test_the_mark_counts_by_its_trunk_first_and_never_without_an_emergency_call_PRES_8():
    call = FromTrunk("backup", "777", marked=True)
    assert called_back(call, made("1000", minutes_ago=5, trunk="backup"), made("1001")) == "1000"
    assert called_back(call, made("1000", minutes_ago=5), made("1001")) == "1001"
    assert called_back(call) is None
    assert called_back(FromTrunk("backup", "777"), made()) is None


@pytest.mark.parametrize(
    ("minutes_ago", "known"), [(-1, True), (-2, False), (0, True), (29, True), (30, False)]
)
def test_the_time_is_that_of_the_emergency_number_PRES_8(minutes_ago, known):
    short = EmergencyNumber(number="112", trunks=["main"], call_back_minutes=30)
    call = FromTrunk("main", ELIN)
    assert called_back(call, made(minutes_ago=minutes_ago), more=[short]) == ("1000" if known else None)


def test_who_is_gone_or_called_what_is_no_emergency_number_any_more_is_not_called_back_PRES_8():
    call = FromTrunk("main", ELIN, marked=True)
    assert called_back(call, made("1009")) is None
    assert called_back(call, made(number="158")) is None
    assert called_back(call, made("1009"), made("1001", minutes_ago=9)) == "1001"


def test_of_several_the_last_one_counts_PRES_8():
    assert called_back(FromTrunk("main", ELIN), made(minutes_ago=3), made("1001", minutes_ago=2)) == "1001"


@pytest.mark.parametrize(
    ("value", "marked"),
    [
        ("psap-callback", True),
        (" PSAP-Callback ", True),
        ("emergency", False),
        ("", False),
        ("x" * 5000, False),
    ],
)
def test_a_mark_is_read_as_RFC_7090_has_it(value, marked):
    assert is_marked(value) is marked
