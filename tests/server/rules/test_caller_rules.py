"""DIR-5: rules by caller ID."""

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from server.contract.destinations import Destination, DestinationKind
from server.contract.reaching import CallerRule
from server.rules.caller_rules import first_match
from server.rules.patterns import matches

SETS = {
    "X": set(string.digits),
    "Z": set("123456789"),
    "N": set("23456789"),
    "[1-5]": set("12345"),
    "[13-58]": set("13458"),
}
TOKENS = [*SETS, *"0123456789*#"]
CHARACTERS = string.digits + "+*#"


@pytest.mark.parametrize(
    ("pattern", "number", "fits"),
    [
        ("10086", "10086", True),
        ("10086", "100861", False),
        ("100XX", "10099", True),
        ("100XX", "1009", False),
        ("Z23", "023", False),
        ("N23", "123", False),
        ("[1-5]00", "500", True),
        ("[1-5]00", "600", False),
        ("00.", "00", False),
        ("00.", "00420", True),
        ("00!", "00", True),
        ("!", "", True),
        (".", "", False),
        ("+420!", "+420530335533", True),
        ("+420!", "00420530335533", False),
    ],
)
def test_a_pattern_fits_whole_numbers_DIR_5(pattern, number, fits):
    assert matches(pattern, number) is fits


@given(
    st.booleans(),
    st.lists(st.sampled_from(TOKENS), max_size=6),
    st.sampled_from(["", ".", "!"]),
    st.text(CHARACTERS, max_size=8),
)
def test_a_pattern_means_the_same_as_walking_it_by_hand_DIR_5(plus, tokens, tail, number):
    tokens = ["+"] * plus + tokens
    assume(tokens or tail)
    sets = [SETS.get(token, {token}) for token in tokens]
    fixed, rest = number[: len(sets)], number[len(sets) :]
    expected = len(fixed) == len(sets) and all(
        char in allowed for char, allowed in zip(fixed, sets, strict=True)
    )
    expected = expected and {"": not rest, ".": bool(rest), "!": True}[tail]
    assert matches("".join(tokens) + tail, number) is expected


@given(st.text(max_size=70))
def test_what_is_taken_as_a_pattern_can_be_matched_DIR_5(text):
    try:
        rule = CallerRule(pattern=text)
    except ValidationError:
        return
    assert rule.pattern.isascii()
    matches(rule.pattern, "1001")


@pytest.mark.parametrize(
    "bad", ["", "abc", "1.2", "!1", "[5-1]", "[]", "[12", "1]", "[1-5]0-0", "1+2", "1" * 65]
)
def test_what_is_no_pattern_is_refused_DIR_5(bad):
    with pytest.raises(ValidationError, match=r"pattern|number|character"):
        CallerRule(pattern=bad)


def test_numbers_are_taken_as_people_write_them():
    assert CallerRule(pattern="+420 530-335 533").pattern == "+420530335533"
    assert CallerRule(pattern="(100) xx").pattern == "100XX"


def test_the_first_rule_that_matches_decides_so_one_number_can_be_let_through_DIR_5():
    hang_up = Destination(kind=DestinationKind.HANG_UP)
    rules = [CallerRule(pattern="10086"), CallerRule(pattern="100XX", destination=hang_up)]
    assert first_match(rules, "10086") is rules[0]
    assert first_match(rules, "10087") is rules[1]
    assert first_match(rules, "20000") is None
    assert first_match(reversed(rules), "10086") is rules[1]


@pytest.mark.parametrize("kind", ["ring_group", "external", "mobile"])
def test_a_rule_hangs_up_accepts_or_names_an_extension_DIR_5(kind):
    value = "" if kind == "mobile" else "6300"
    with pytest.raises(ValidationError, match="accepted, hung up, or sent to an extension"):
        CallerRule(pattern="1", destination=Destination(kind=kind, value=value))
