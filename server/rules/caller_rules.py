"""Rules by caller ID: which of them decides about a call (DIR-5)."""

from collections.abc import Iterable

from server.contract.reaching import CallerRule
from server.rules.patterns import matches


def first_match(rules: Iterable[CallerRule], caller: str) -> CallerRule | None:
    """The first rule whose pattern fits the whole number of the caller; "" is a number that is withheld."""
    return next((rule for rule in rules if matches(rule.pattern, caller)), None)
