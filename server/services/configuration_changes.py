"""Several objects of the configuration at once: what changes, and all that keeps it from being done."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from server.contract.configuration import ConfigObject
from server.contract.kinds import kind_of
from server.services.configuration_checks import problems_of, users_of
from server.services.errors import ServiceError

Node = tuple[type[ConfigObject], str]
"""An object, by kind and key."""


class Action(StrEnum):
    """What becomes of an object; the words of the audit log."""

    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that is to be another one, or none."""

    model: type[ConfigObject]
    key: str
    action: Action


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an object that would be put; `field`: "" for all of it."""

    model: type[ConfigObject]
    key: str
    field: str
    problem: str


class Unfit(Exception):
    """Objects that cannot be put together; nothing was changed."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


def differences(before: Collection[ConfigObject], after: Sequence[ConfigObject]) -> list[Difference]:
    """What makes `after` of `before`: additions and changes in order, then what is removed.

    An object of which there is only one has its default values where it is not there.
    """
    known: dict[Node, ConfigObject] = {(type(item), item.key): item for item in before}
    found = []
    for item in after:
        model = type(item)
        default = model() if kind_of(model).single else None
        old = known.pop((model, item.key), None)
        if item != (old or default):
            found.append(Difference(model, item.key, Action.CHANGE if old else Action.ADD))
    gone = (node for node in known if not kind_of(node[0]).single)
    return found + [Difference(model, key, Action.REMOVE) for model, key in gone]


def problems_together(
    after: Sequence[ConfigObject],
    found: Iterable[Difference],
    others: Sequence[ConfigObject],
    extensions: Collection[str],
    *,
    size: int,
    there: Collection[Node],
) -> list[Problem]:
    """All that is wrong with putting `after` beside `others`.

    `extensions`: those that exist, of all numbers that matter. `size`: how many there are. `there`: the
    objects that exist already.
    """
    problems = []
    for item in after:
        beside = [*others, *(one for one in after if one is not item)]
        is_new = (type(item), item.key) not in there
        for error in problems_of(item, beside, extensions, is_new=is_new, size=size):
            problems += _said(item, error)
    for one in found:
        if one.action is Action.REMOVE and (
            users := users_of(kind_of(one.model).word, one.key, [*others, *after])
        ):
            used = f"is to be removed, but is used by {', '.join(users)}"
            problems.append(Problem(one.model, one.key, "", used))
    return problems


def _said(item: ConfigObject, error: ServiceError) -> list[Problem]:
    model, key = type(item), item.key
    if not error.fields:
        return [Problem(model, key, "", error.message)]
    return [Problem(model, key, one.field, one.problem) for one in error.fields]
