"""Dial patterns and caller-ID patterns, as text (DIR-5)."""

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

MAX_PATTERN = 64

_SET = re.compile(r"\[[^\]]*\]")
_PATTERN = re.compile(r"\+?(?:[0-9*#XZN]|\[[0-9-]*\])*[.!]?", re.ASCII | re.IGNORECASE)
_IN_SET = re.compile(r"(?:[0-9](?:-[0-9])?)+", re.ASCII)


def check_pattern(text: str) -> str:
    """`text` itself, if it is a pattern.

    A pattern is: a `+` (at most one, in front), then digits, `*`, `#`, `X` any digit, `Z` 1 to 9, `N` 2 to 9,
    sets such as `[1-5]` or `[13-57]`, and at the end `.` for one or more of anything or `!` for none or more.

    Raises:
        ValueError: what is wrong with it.
    """
    if not text or len(text) > MAX_PATTERN:
        raise ValueError(f"a pattern has 1 to {MAX_PATTERN} characters")
    if text.startswith("_"):
        raise ValueError("a pattern is written without the underscore in front")
    if re.search(r"[.!].", text, re.DOTALL):
        raise ValueError("'.' and '!' may only stand at the end")
    if not _PATTERN.fullmatch(text):
        raise ValueError(
            "only digits, * and #, X, Z, N, sets such as [1-5], a + in front and a '.' or '!' at the end"
        )
    for part in _SET.findall(text):
        inner = part[1:-1]
        if not _IN_SET.fullmatch(inner) or any(low > high for low, high in re.findall(r"(.)-(.)", inner)):
            raise ValueError(f"{part} is not a set of digits such as [1-5] or [13-57]")
    return text


def certain_length(text: str) -> int:
    """How many characters every number that matches this (valid) pattern has at least."""
    bare = _SET.sub("X", text)
    return len(bare) - bare.endswith("!")


NumberPattern = Annotated[str, StringConstraints(max_length=MAX_PATTERN), AfterValidator(check_pattern)]
"""A pattern that numbers are matched with."""


def _check_optional(text: str) -> str:
    return check_pattern(text) if text else text


OptionalPattern = Annotated[str, StringConstraints(max_length=MAX_PATTERN), AfterValidator(_check_optional)]
"""A pattern; empty: anything matches, even an absent number."""
