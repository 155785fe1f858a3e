"""Blocking a number, and unblocking it, by the own rules by caller ID (DIR-5)."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from linkus_desktop.calls.emergency import is_emergency
from linkus_desktop.pbx.errors import PbxError
from linkus_desktop.pbx.reaching import ReachingDraft, Rules
from server.contract.pattern_match import matches
from server.contract.reaching import MAX_RULES

HANG_UP = {"kind": "hang_up", "value": ""}
WITHHELD = "This caller has withheld the number: there is nothing to block."
COLLEAGUE = "This is a colleague. Rules for colleagues are made in the preferences."
EMERGENCY = "Emergency numbers cannot be blocked here."
NO_NUMBER = "Only numbers can be blocked, no names and no codes."
FULL = (
    f"There are {MAX_RULES} rules already, as many as there can be. "
    "Remove one in the preferences, Presence and calls."
)
CHANGED = "The rules have been changed since. Look at them in the preferences, Presence and calls."
_NUMBER = re.compile(r"\+?[0-9]{1,40}", re.ASCII)


class Colleagues(Protocol):
    """Who is a colleague; see `pbx.colleagues.ColleaguesModel`."""

    def state(self, number: str) -> object | None:
        """None: nobody."""


class Refused(PbxError):
    """The rules cannot be changed so; the text is for people."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the rules: what was done, in words, and how to take it back."""

    text: str
    undo: Callable[[], None]


def is_blocked(rules: Rules, number: str) -> bool:
    """Whether calls from this number are hung up: the first rule that fits it decides."""
    for rule in rules:
        if matches(rule["pattern"], number):
            return bool(rule["destination"] == HANG_UP)
    return False


def blocked(rules: Rules, number: str) -> Rules:
    """The rules with one on top that hangs up. What else was said of this very number is over.

    Raises:
        Refused: there are too many.
    """
    return _on_top(rules, number, HANG_UP)


def unblocked(rules: Rules, number: str) -> Rules:
    """The rules with which calls from this number are not hung up.

    Its own rules go; where a pattern blocks it with others, one on top accepts it.

    Raises:
        Refused: there are too many.
    """
    rest = _without(rules, number)
    return _on_top(rest, number, None) if is_blocked(rest, number) else rest


def _without(rules: Rules, number: str) -> Rules:
    return [rule for rule in rules if rule["pattern"] != number]


def _on_top(rules: Rules, number: str, destination: dict[str, Any] | None) -> Rules:
    made = [{"pattern": number, "destination": destination}, *_without(rules, number)]
    if len(made) > MAX_RULES:
        raise Refused(FULL)
    return made


class Blocking(QObject):
    """Blocks numbers of calls by the rules that the preferences show.

    Args:
        draft: the own settings; what is being edited there stays.
        emergency_numbers: those that the administrator has entered, now.

    Signals:
        changed(): other numbers may be blocked now.
        done(object Change): a number is blocked, or no longer.
        failed(str): it did not work; the text is for people.
    """

    changed = Signal()
    done = Signal(object)
    failed = Signal(str)

    def __init__(
        self,
        draft: ReachingDraft,
        colleagues: Colleagues,
        emergency_numbers: Callable[[], Iterable[str]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._draft = draft
        self._colleagues = colleagues
        self._emergency_numbers = emergency_numbers
        draft.changed.connect(self.changed)

    def refresh(self) -> None:
        """Ask the server which numbers are blocked."""
        self._draft.load()

    def is_blocked(self, number: str) -> bool:
        """Whether a rule hangs up on this number, as far as is known."""
        return bool(number) and is_blocked(self._draft.kept_rules, number)

    def why_not(self, number: str) -> str:
        """Why this number cannot be blocked, for people; "" where it can."""
        if not number:
            return WITHHELD
        if self._colleagues.state(number) is not None:
            return COLLEAGUE
        if is_emergency(number, self._emergency_numbers()):
            return EMERGENCY
        return "" if _NUMBER.fullmatch(number) else NO_NUMBER

    def block(self, number: str) -> None:
        """Hang up on this number from the next call on; nothing where `why_not` says why."""
        if not self.why_not(number):
            self._change(lambda rules: blocked(rules, number), f"{number} is blocked.", "The number was not")

    def unblock(self, number: str) -> None:
        """Take calls from this number again."""
        self._change(
            lambda rules: unblocked(rules, number),
            f"{number} is not blocked any more.",
            "The number is still",
        )

    def _change(self, change: Callable[[Rules], Rules], text: str, failure: str) -> None:
        def done(before: Rules, after: Rules) -> None:
            self.done.emit(Change(text, lambda: self._undo(before, after)))

        def failed(problem: str) -> None:
            self.failed.emit(f"{failure} blocked. {problem}")

        self._draft.change_rules(change, on_done=done, on_error=failed)

    def _undo(self, before: Rules, after: Rules) -> None:
        def back(rules: Rules) -> Rules:
            if rules != after:
                raise Refused(CHANGED)
            return before

        def failed(problem: str) -> None:
            self.failed.emit(f"This was not undone. {problem}")

        self._draft.change_rules(back, on_done=lambda _before, _after: None, on_error=failed)
