"""Rules by caller ID: which of them decides about a call (DIR-5)."""

import re
from collections.abc import Iterable
from functools import lru_cache

from server.contract.reaching import CallerRule

_PARTS = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*"}
_TOKEN = re.compile(r"\[[^\]]*\]|.", re.DOTALL)


def first_match(rules: Iterable[CallerRule], caller: str) -> CallerRule | None:
    """The first rule whose pattern fits the whole number of the caller; "" is a number that is withheld."""
    return next((rule for rule in rules if matches(rule.pattern, caller)), None)


def matches(pattern: str, number: str) -> bool:
    """Whether a pattern (see `CallerRule.pattern`) fits the whole of a number; `+` stands for itself."""
    return _compiled(pattern).fullmatch(number) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (
        token if token.startswith("[") else _PARTS.get(token) or re.escape(token)
        for token in _TOKEN.findall(pattern)
    )
    return re.compile("".join(parts), re.ASCII | re.DOTALL)
