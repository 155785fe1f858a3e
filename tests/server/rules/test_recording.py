"""Which calls are recorded, and who may do what with that (SIP-5)."""

import pytest
from pydantic import ValidationError

from server.contract.features import Feature, FeatureCodes
from server.contract.recording import (
    CallKind,
    RecordingAction,
    RecordingPermission,
    RecordingRefusal,
    RecordingRight,
    RecordingRule,
    RecordingState,
)
from server.rules.features import FeatureCall, in_call, may_become_in_call, parking_of
from server.rules.recording import TRANSITIONS, Ruled, actions, call_kind, permissions_of, ruled
from tests.server.flows.office import extension

PEOPLE = {number: extension(number) for number in ("1001", "1002")}
ALL = frozenset(RecordingPermission)


def test_a_call_is_inbound_outbound_or_internal_SIP_5():
    assert call_kind(from_outside=False, to_outside=False) is CallKind.INTERNAL
    assert call_kind(from_outside=True, to_outside=False) is CallKind.INBOUND
    assert call_kind(from_outside=False, to_outside=True) is CallKind.OUTBOUND


def test_a_rule_is_about_extensions_groups_or_everybody_and_kinds_of_calls_SIP_5():
    of_boris = RecordingRule(name="boris", extensions=("1002",), calls=("internal",))
    assert ruled([of_boris], PEOPLE, CallKind.INTERNAL, ["1001", "1002"]) == Ruled("boris", ("1002",), "")
    assert ruled([of_boris], PEOPLE, CallKind.INTERNAL, ["1001"]) is None
    assert ruled([of_boris], PEOPLE, CallKind.INBOUND, ["1002"]) is None
    office = RecordingRule(name="office", groups=("office",))
    assert ruled([office], PEOPLE, CallKind.OUTBOUND, ["1001"]) == Ruled("office", ("1001",), "")
    everybody = RecordingRule(name="all", everybody=True, announcement="conf-now-recording")
    assert ruled([everybody], PEOPLE, CallKind.INTERNAL, ["9999"]) is None, "only extensions that there are"
    both = ruled([of_boris, everybody], PEOPLE, CallKind.INTERNAL, ["1001", "1002"])
    assert both == Ruled("boris", ("1002", "1001"), "conf-now-recording")


def test_permissions_of_several_rights_add_up_SIP_5():
    rights = [
        RecordingRight(name="a", extensions=("1001",), permissions=("record",)),
        RecordingRight(name="b", groups=("office",), permissions=("listen",)),
        RecordingRight(name="c", extensions=("1002",)),
    ]
    assert permissions_of(rights, PEOPLE["1001"]) == {RecordingPermission.RECORD, RecordingPermission.LISTEN}
    assert permissions_of(rights, PEOPLE["1002"]) == ALL
    assert permissions_of([], PEOPLE["1001"]) == frozenset()


@pytest.mark.parametrize(
    ("state", "permissions", "owns", "by_rule", "offered"),
    [
        (None, ALL, False, False, [RecordingAction.START]),
        (None, ALL - {RecordingPermission.RECORD}, False, False, RecordingRefusal.NOT_ALLOWED),
        ("recording", ALL, True, False, [RecordingAction.PAUSE, RecordingAction.STOP]),
        ("paused", ALL, True, False, [RecordingAction.RESUME, RecordingAction.STOP]),
        ("recording", ALL, False, False, RecordingRefusal.NOT_YOURS),
        ("recording", ALL, True, True, [RecordingAction.PAUSE]),
        ("paused", ALL, True, True, [RecordingAction.RESUME]),
        ("recording", {RecordingPermission.RECORD}, True, True, RecordingRefusal.BY_RULE),
        ("recording", frozenset(), True, False, RecordingRefusal.NOT_ALLOWED),
        ("finished", ALL, True, False, RecordingRefusal.OVER),
        ("disk_full", ALL, True, True, RecordingRefusal.OVER),
    ],
)
def test_only_who_owns_a_recording_and_may_changes_it_SIP_5(state, permissions, owns, by_rule, offered):
    state = RecordingState(state) if state else None
    assert actions(state, permissions, owns=owns, by_rule=by_rule) == offered


def test_one_that_has_ended_is_never_begun_again_SIP_5():
    assert {state for state, _ in TRANSITIONS} == {None, RecordingState.RECORDING, RecordingState.PAUSED}


def test_the_code_is_dialled_in_a_call_but_is_no_target_of_a_transfer_CODE_1():
    codes = FeatureCodes()
    assert in_call(codes, "*1") == FeatureCall(Feature.RECORD)
    assert parking_of(codes, "*1") is None
    assert parking_of(codes, "*5") == FeatureCall(Feature.PARK)
    assert may_become_in_call(codes, "*", slot_digits=4)
    assert not may_become_in_call(codes, "*1", slot_digits=4), "nothing is waited for after it"
    assert in_call(FeatureCodes(record=""), "*1") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "nobody"},
        {"name": "no calls", "everybody": True, "calls": []},
        {"name": "prompt", "everybody": True, "announcement": "../../etc/passwd"},
        {"name": "number", "extensions": ["x"]},
    ],
)
def test_a_rule_that_cannot_work_is_refused_SIP_5(wrong):
    with pytest.raises(ValidationError):
        RecordingRule.model_validate(wrong)
