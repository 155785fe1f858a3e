"""CODE-1: which feature a dialled number asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from server.contract.extensions import Extension
from server.contract.features import Feature, FeatureCodes
from server.rules.features import (
    DIALLED,
    FeatureCall,
    feature_of,
    in_call,
    may_become_in_call,
    parking_of,
)
from server.rules.routing import FromExtension, FromTrunk, route, snapshot_of
from tests.virtual_time import EPOCH

CODES = FeatureCodes()
CODE = st.from_regex(r"[*#][0-9*#]{1,7}", fullmatch=True)


@pytest.mark.parametrize(
    ("dialled", "found"),
    [
        ("*4", FeatureCall(Feature.GROUP_PICKUP)),
        ("*041002", FeatureCall(Feature.DIRECTED_PICKUP, "1002")),
        ("*04", None),
        ("*41002", None),
        ("*2", FeatureCall(Feature.VOICEMAIL)),
        ("*21002", FeatureCall(Feature.VOICEMAIL, "1002")),
        ("*121002", FeatureCall(Feature.LEAVE_MESSAGE, "1002")),
        ("*12", None),
        ("4", None),
        ("1002", None),
        ("**4", None),
    ],
)
def test_a_code_fits_with_what_belongs_behind_it_CODE_1(dialled, found):
    assert feature_of(CODES, dialled) == found


@given(st.text("0123456789*#+", max_size=12), CODE, CODE)
def test_the_longest_code_counts_and_no_number_is_lost_CODE_1(dialled, one, other):
    if one == other:
        return
    off = dict.fromkeys((feature.value for feature in Feature), "")
    codes = FeatureCodes.model_validate({**off, "group_pickup": one, "directed_pickup": other})
    found = feature_of(codes, dialled)
    fitting = [
        f
        for f in Feature
        if codes.code(f)
        and dialled.startswith(codes.code(f))
        and f.takes_number == (dialled != codes.code(f))
    ]
    if found is None:
        assert not fitting
    else:
        assert dialled == codes.code(found.feature) + found.number
        assert all(len(codes.code(f)) <= len(codes.code(found.feature)) for f in fitting)


@pytest.mark.parametrize(
    "wrong",
    [
        {"group_pickup": "4"},
        {"group_pickup": "*"},
        {"group_pickup": "*04"},
        {"directed_pickup": "*4x"},
        {"directed_pickup": "*123456789"},
        {"hold": "*5"},
    ],
)
def test_codes_that_cannot_be_CODE_1(wrong):
    with pytest.raises(ValidationError):
        FeatureCodes(**wrong)


def test_a_feature_without_a_code_is_off_CODE_1():
    codes = FeatureCodes(group_pickup="")
    assert feature_of(codes, "*4") is None
    assert codes.by_name() | {"group_pickup": "*4"} == FeatureCodes().by_name()
    assert "group pickup off" in codes.summary


def test_who_calls_from_outside_or_is_unknown_uses_no_code_CODE_1():
    extension = Extension.model_construct(number="1001", groups=[])
    snapshot = snapshot_of([])
    inside = route(snapshot, {"1001": extension}, FromExtension("1001", "*041002"), EPOCH)
    assert (inside.feature, inside.number) == (Feature.DIRECTED_PICKUP, "1002")
    assert inside.steps[-1].reason == "Do directed pickup 1002."
    for call in (FromExtension("1009", "*041002"), FromTrunk("main", "*041002")):
        assert route(snapshot, {"1001": extension}, call, EPOCH).feature is None


@pytest.mark.parametrize(
    ("dialled", "found"),
    [
        ("*311002", FeatureCall(Feature.FORWARD_ALWAYS, "1002")),
        ("*31", FeatureCall(Feature.FORWARD_ALWAYS)),
        ("*031", FeatureCall(Feature.FORWARD_ALWAYS_OFF)),
        ("*0311002", None),
        ("*33+420601234567", FeatureCall(Feature.FORWARD_NO_ANSWER, "+420601234567")),
        ("*61002", FeatureCall(Feature.INTERCOM, "1002")),
        ("*6", None),
        ("*82", None),
        ("*991", FeatureCall(Feature.TIME_CONDITION, "1")),
        ("*341002", None),
        ("*01", None),
    ],
)
def test_codes_that_change_settings_are_dialled_CODE_1(dialled, found):
    assert feature_of(CODES, dialled) == found


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("*311002", FeatureCall(Feature.ATTENDED_TRANSFER, "11002")),
        ("*31002", FeatureCall(Feature.ATTENDED_TRANSFER, "1002")),
        ("*031", FeatureCall(Feature.BLIND_TRANSFER, "1")),
        ("*01", FeatureCall(Feature.FLIP)),
        ("*5", FeatureCall(Feature.PARK)),
        ("*61002", None),
        ("*3", None),
    ],
)
def test_keys_in_a_call_mean_what_is_for_calls_CODE_1(keys, found):
    assert in_call(CODES, keys) == found
    assert parking_of(CODES, keys) == (found if found and found.feature is Feature.PARK else None)


@given(st.text("0123456789*#", min_size=1, max_size=20))
def test_keys_are_listened_to_until_they_are_a_code_CODE_1(keys):
    """Whoever presses the keys of a code one by one is never given up on before the last one."""
    if in_call(CODES, keys) is not None:
        for pressed in range(1, len(keys)):
            begun = keys[:pressed]
            assert may_become_in_call(CODES, begun, slot_digits=20), begun


@given(st.sampled_from([*Feature]), st.text("0123456789", max_size=8))
def test_what_is_dialled_with_a_code_is_found_with_its_number_CODE_1(feature, number):
    if bool(number) != feature.takes_number and not feature.number_optional:
        return
    found = (feature_of if feature in DIALLED else in_call)(CODES, CODES.code(feature) + number)
    assert found is not None
    if found.feature is not feature:  # a longer code begins with this one
        assert CODES.code(found.feature).startswith(CODES.code(feature))
        assert len(CODES.code(found.feature)) > len(CODES.code(feature))
    else:
        assert found.number == number
