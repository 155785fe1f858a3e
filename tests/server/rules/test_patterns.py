"""Dial patterns and caller-ID patterns (DIR-5)."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.contract.patterns import certain_length, check_pattern
from server.rules.patterns import matches


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("112", ["112"], ["1120", "11", ""]),
        ("0.", ["01", "00420530335533"], ["0", "1"]),
        ("0!", ["0", "01"], ["", "1"]),
        ("NXX", ["200", "999"], ["199", "20", "2000"]),
        ("ZZ", ["11", "99"], ["10", "01"]),
        ("[1-5]X", ["10", "59"], ["60", "00"]),
        ("[13-57]", ["1", "3", "4", "5", "7"], ["2", "6", "8"]),
        ("+420.", ["+4205"], ["420530", "+420", "00420530"]),
        ("*5X", ["*51"], ["51"]),
        ("nxx", ["200"], ["100"]),
        (".", ["1", "+1", "*"], [""]),
    ],
)
def test_patterns_mean_what_the_field_means_DIR_5(pattern, matching, other):
    assert [number for number in matching + other if matches(pattern, number)] == matching


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("", "1 to 64"),
        ("X" * 65, "1 to 64"),
        ("_0.", "without the underscore"),
        ("0.1", "at the end"),
        ("0!.", "at the end"),
        ("0 1", "only digits"),
        ("1+2", "only digits"),
        ("abc", "only digits"),
        ("[1-", "only digits"),
        ("[]", "not a set"),
        ("[5-1]", "not a set"),
        ("[1--3]", "not a set"),
        ("١", "only digits"),
    ],
)
def test_what_is_no_pattern_is_refused_in_words_and_matches_nothing_DIR_5(pattern, why):
    with pytest.raises(ValueError, match=re.escape(why)):
        check_pattern(pattern)
    assert not matches(pattern, "1")
    assert not matches(pattern, pattern)


DIGITS = st.characters(codec="ascii", categories=["Nd"])
PAIRS = st.tuples(DIGITS, DIGITS).map(lambda pair: "-".join(sorted(pair)))
SETS = st.lists(DIGITS | PAIRS, min_size=1, max_size=3).map(lambda parts: f"[{''.join(parts)}]")
PATTERNS = st.builds(
    lambda plus, parts, rest: plus + "".join(parts) + rest,
    st.sampled_from(["", "", "+"]),
    st.lists(st.sampled_from("0123456789*#XZNxzn") | SETS, min_size=1, max_size=8),
    st.sampled_from(["", ".", "!"]),
)
NUMBERS = st.from_regex(r"\+?[0-9*#]{1,9}", fullmatch=True)
CLASSES = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*", "+": r"\+", "*": r"\*"}


def as_regex(pattern: str) -> re.Pattern[str]:
    """The same language, in the words of another engine."""
    parts = re.findall(r"\[.*?\]|.", pattern.upper())
    return re.compile("".join(CLASSES.get(part, part) for part in parts))


@st.composite
def patterns_and_numbers(draw):
    """Half of the numbers are made from the pattern: chance alone would hardly ever hit it."""
    pattern = draw(PATTERNS)
    return pattern, draw(NUMBERS | st.from_regex(as_regex(pattern), alphabet="0123456789*#+", fullmatch=True))


@settings(max_examples=60, deadline=None)  # the other engine takes its time
@given(patterns_and_numbers())
def test_matching_agrees_with_a_regular_expression_DIR_5(case):
    pattern, number = case
    assert check_pattern(pattern) == pattern
    found = as_regex(pattern).fullmatch(number) is not None
    assert matches(pattern, number) is found
    if found:
        assert len(number) >= certain_length(pattern)


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_may_be_a_pattern_or_a_number_without_harm(pattern, number):
    assert matches(pattern, number) in {True, False}
