"""VM-6, PRES-3, SIP-3: which calls are led to mailboxes."""

import pytest
from pydantic import ValidationError

from server.contract.decisions import DecisionKind
from server.contract.destinations import Destination
from server.contract.extensions import Extension
from server.contract.presence import PresenceStatus
from server.contract.reaching import (
    CallerRule,
    EndpointKind,
    Forwarding,
    ReachingSettings,
    SettingsByStatus,
    StatusSettings,
)
from server.contract.routing import InboundRoute, RingGroup
from server.contract.voicemail import GroupMailbox
from server.rules.forwarding import Arrival, Endpoints, reach
from server.rules.outcomes import Ending
from server.rules.routing import Asker, FromExtension, route, route_to, snapshot_of
from tests.virtual_time import EPOCH

CALL = Arrival(caller="1001", internal=True)
DESK = EndpointKind.EXTENSION_ENDPOINT
OPEN = Endpoints(frozenset({DESK}), has_voicemail=True)
CLOSED = Endpoints(frozenset({DESK}))


def to(text: str) -> Destination:
    return Destination.parse(text)


def plan(endpoints: Endpoints, **conditions: str):
    forwarding = Forwarding(**{name: to(text) for name, text in conditions.items()})
    settings = ReachingSettings(statuses=SettingsByStatus(available=StatusSettings(internal=forwarding)))
    return reach(settings, PresenceStatus.AVAILABLE, CALL, endpoints)


def extensions(*numbers: str) -> dict[str, Extension]:
    return {
        number: Extension(
            number=number, first_name="", last_name="", email=None, mobile=None, groups=[], enabled=True,
            client_enabled=True, srtp="optional", avatar=None, created_at=EPOCH,
        )
        for number in numbers
    }  # fmt: skip


def test_a_rejected_call_goes_to_the_mailbox_that_takes_the_busy_ones_SIP_3():
    assert plan(OPEN, busy="voicemail").rejected.destination == to("voicemail")
    assert plan(OPEN, busy="extension:1003").rejected.destination is None
    both = plan(OPEN, busy="voicemail", no_answer="extension:1003")
    assert both.rejected.destination == to("extension:1003")


def test_a_mailbox_that_is_off_is_passed_over_PRES_3():
    assert plan(OPEN, always="voicemail").at_once.destination == to("voicemail")
    closed = plan(CLOSED, always="voicemail", no_answer="voicemail", busy="voicemail")
    assert closed.at_once is None
    assert [follow.destination for follow in (closed.no_answer, closed.busy, closed.rejected)] == [None] * 3
    assert closed.rejected.ending is Ending.DECLINED
    assert plan(CLOSED, no_answer="voicemail:1003").no_answer.destination == to("voicemail:1003")


@pytest.mark.parametrize("text", ["voicemail:1", "voicemail:x", "group_voicemail", "group_voicemail:x"])
def test_a_mailbox_is_named_by_its_number_PRES_3(text):
    with pytest.raises(ValueError, match="number"):
        to(text)


def test_what_belongs_to_no_extension_has_no_own_mailbox_ADMIN_2():
    for build in (
        lambda where: RingGroup(number="620", members=("1001",), destination=where),
        lambda where: InboundRoute(name="in", destination=where),
    ):
        assert build(to("voicemail:1001")).destination.value == "1001"
        with pytest.raises(ValidationError, match="whose mailbox"):
            build(to("voicemail"))


def test_a_rule_by_caller_id_may_lead_to_voicemail_but_not_to_any_place_DIR_5():
    assert CallerRule(pattern="100X", destination=to("voicemail")).destination == to("voicemail")
    with pytest.raises(ValidationError, match="voicemail"):
        CallerRule(pattern="100X", destination=to("group_voicemail:650"))


@pytest.mark.parametrize(
    ("destination", "kind"),
    [
        ("voicemail:1001", DecisionKind.VOICEMAIL),
        ("voicemail:1009", DecisionKind.REFUSED),
        ("group_voicemail:650", DecisionKind.GROUP_VOICEMAIL),
        ("group_voicemail:651", DecisionKind.REFUSED),
        ("group_voicemail:1001", DecisionKind.REFUSED),
    ],
)
def test_a_destination_leads_to_a_mailbox_that_exists_VM_6(destination, kind):
    snapshot = snapshot_of([GroupMailbox(number="650", members=("1001",))])
    decision = route_to(snapshot, extensions("1001"), to(destination), EPOCH, Asker())
    assert decision.kind is kind
    assert decision.steps[-1].reason


def test_whoever_dials_the_number_of_a_group_mailbox_gets_it_VM_6():
    snapshot = snapshot_of([GroupMailbox(number="650", members=("1001",))])
    decision = route(snapshot, extensions("1001"), FromExtension("1001", "650"), EPOCH)
    assert (decision.kind, decision.number) == (DecisionKind.GROUP_VOICEMAIL, "650")
    assert decision.steps[-1].reason == "To group voicemail 650."


def test_members_of_a_group_mailbox_are_named_once_VM_6():
    with pytest.raises(ValidationError, match="twice"):
        GroupMailbox(number="650", members=("1001", "1001"))


def test_a_group_mailbox_is_somebodys_VM_6():
    with pytest.raises(ValidationError, match="it is nobody's"):
        GroupMailbox(number="650")
    assert GroupMailbox(number="650", queues=["6400"], name="Sales").summary == "Sales: queue 6400"
