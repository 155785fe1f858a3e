"""DIR-5: blocking a number by the own rules, next to what is being edited of them."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from linkus_desktop.pbx import blocking
from linkus_desktop.pbx.api import Api
from linkus_desktop.pbx.blocking import Blocking, Change, Refused, is_blocked
from linkus_desktop.pbx.errors import NotConnected
from linkus_desktop.pbx.reaching import ReachingDraft, Rules
from server.contract.reaching import MAX_RULES, ReachingSettings

CALLER = "+420530335533"
RULES = ("caller_rules",)


def hang_up(pattern: str) -> dict[str, Any]:
    return {"pattern": pattern, "destination": {"kind": "hang_up", "value": ""}}


def accept(pattern: str) -> dict[str, Any]:
    return {"pattern": pattern, "destination": None}


class Server:
    """Has the settings; `problem` is raised instead, if set."""

    def __init__(self) -> None:
        self.settings = ReachingSettings(mobile_prefix="9")
        self.problem: Exception | None = None

    async def reaching(self) -> ReachingSettings:
        if self.problem:
            raise self.problem
        return self.settings

    async def set_reaching(self, settings: ReachingSettings) -> ReachingSettings:
        self.settings = settings
        return settings

    def have(self, *rules: dict[str, Any]) -> None:
        self.settings = ReachingSettings.model_validate({"mobile_prefix": "9", "caller_rules": rules})

    @property
    def rules(self) -> Rules:
        return cast("Rules", self.settings.model_dump(mode="json")["caller_rules"])


class Later:
    """Runs a request when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[Any] = []

    def __call__(self, coro: Any, *, on_done: Callable[..., Any], on_error: Callable[..., Any]) -> None:
        self.waiting.append((coro, on_done, on_error))

    def answer(self) -> None:
        coro, on_done, on_error = self.waiting.pop(0)
        try:
            result = asyncio.run(coro)
        except Exception as error:  # noqa: BLE001  as `spawn` does
            on_error(error)
        else:
            on_done(result)


class People:
    def state(self, number: str) -> object | None:
        return object() if number == "1002" else None


class Desk:
    def __init__(self) -> None:
        self.server, self.later = Server(), Later()
        self.draft = ReachingDraft(cast("Api", self.server), run=self.later)
        self.blocking = Blocking(self.draft, People(), lambda: ["150"], self.draft)
        self.changes: list[Change] = []
        self.told: list[str] = []
        self.blocking.done.connect(self.changes.append)
        self.blocking.failed.connect(self.told.append)

    def do(self, what: Callable[[], None]) -> None:
        what()
        while self.later.waiting:
            self.later.answer()

    def block(self) -> None:
        self.do(lambda: self.blocking.block(CALLER))

    def unblock(self) -> None:
        self.do(lambda: self.blocking.unblock(CALLER))


@pytest.fixture
def desk(qapp: object) -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("rules", "blocked"),
    [
        ([], False),
        ([hang_up(CALLER)], True),
        ([hang_up("+420X!")], True),
        ([accept(CALLER), hang_up("+420X!")], False),
        ([hang_up("+421X!")], False),
        ([{"pattern": CALLER, "destination": {"kind": "voicemail", "value": "1001"}}], False),
    ],
)
def test_the_first_rule_that_fits_tells_whether_it_is_blocked_DIR_5(rules: Rules, *, blocked: bool) -> None:
    assert is_blocked(rules, CALLER) is blocked


def test_a_blocked_number_has_a_rule_on_top_and_the_other_settings_stay_DIR_5(desk: Desk) -> None:
    desk.server.have(accept("1X"), accept(CALLER))
    desk.block()
    assert desk.server.rules == [hang_up(CALLER), accept("1X")]
    assert desk.server.settings.mobile_prefix == "9"
    assert desk.blocking.is_blocked(CALLER)
    assert [change.text for change in desk.changes] == [f"{CALLER} is blocked."]
    desk.do(desk.changes[0].undo)
    assert desk.server.rules == [accept("1X"), accept(CALLER)], "undone, at its old place"
    assert not desk.blocking.is_blocked(CALLER)
    assert desk.told == []


def test_unblocking_takes_its_rule_away_and_undo_puts_it_back_DIR_5(desk: Desk) -> None:
    rules = [accept("1X"), hang_up(CALLER), accept("2X")]
    desk.server.have(*rules)
    desk.unblock()
    assert desk.server.rules == [accept("1X"), accept("2X")]
    desk.do(desk.changes[0].undo)
    assert desk.server.rules == rules


def test_unblocking_one_of_many_leaves_the_others_blocked_DIR_5(desk: Desk) -> None:
    desk.server.have(hang_up("+420X!"))
    desk.unblock()
    assert desk.server.rules == [accept(CALLER), hang_up("+420X!")]
    assert not desk.blocking.is_blocked(CALLER)
    assert desk.blocking.is_blocked("+420530335534")


def test_undo_never_takes_back_what_was_changed_since_DIR_5(desk: Desk) -> None:
    desk.block()
    desk.server.have(hang_up("2X"), hang_up(CALLER))
    desk.do(desk.changes[0].undo)
    assert desk.server.rules == [hang_up("2X"), hang_up(CALLER)]
    assert "changed since" in desk.told[0]


def test_what_is_being_edited_stays_and_has_the_rule_too_DIR_5(desk: Desk) -> None:
    desk.server.have(accept("1X"))
    desk.do(desk.draft.load)
    desk.draft.put(("mobile_prefix",), "7")
    desk.block()
    assert desk.server.settings.mobile_prefix == "9", "what is not saved is not sent"
    assert desk.draft.dirty
    assert (desk.draft.value(("mobile_prefix",)), desk.draft.value(RULES)[0]) == ("7", hang_up(CALLER))
    desk.draft.put(RULES, [hang_up("3X"), *desk.draft.value(RULES)])
    desk.unblock()
    assert desk.draft.value(RULES) == [hang_up("3X"), accept("1X")]
    desk.do(desk.draft.save)
    assert desk.server.rules == [hang_up("3X"), accept("1X")]


@pytest.mark.parametrize("half_typed", ["", "[", "[9-1]", "+420["])
def test_half_typed_rules_are_in_nobodys_way_DIR_5(desk: Desk, half_typed: str) -> None:
    desk.do(desk.draft.load)
    desk.draft.put(RULES, [hang_up(half_typed)])
    desk.block()
    assert desk.server.rules == [hang_up(CALLER)]
    desk.unblock()
    assert desk.server.rules == []
    assert hang_up(half_typed) in desk.draft.value(RULES)


def test_what_goes_wrong_is_told_and_nothing_changes_DIR_5(desk: Desk) -> None:
    desk.server.problem = NotConnected("The network is down.")
    desk.block()
    assert "The number was not blocked." in desk.told[0]
    assert "network is down" in desk.told[0]
    assert (desk.changes, desk.server.rules, desk.draft.busy) == ([], [], False)
    desk.server.problem = None
    desk.server.have(*(hang_up(f"{2000 + n}") for n in range(MAX_RULES)))
    desk.block()
    assert blocking.FULL in desk.told[1]
    assert len(desk.server.rules) == MAX_RULES
    with pytest.raises(Refused):
        blocking.blocked(desk.server.rules, CALLER)


def test_it_never_crosses_a_request_that_is_under_way_DIR_5(desk: Desk) -> None:
    desk.draft.load()
    desk.blocking.block(CALLER)
    assert "Try again" in desk.told[0]
    assert len(desk.later.waiting) == 1
    desk.later.answer()
    desk.blocking.block(CALLER)
    desk.draft.put(("mobile_prefix",), "7")
    assert not desk.draft.save()
    desk.later.answer()
    assert desk.server.rules == [hang_up(CALLER)]


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("", "withheld"),
        ("1002", "colleague"),
        ("112", "Emergency"),
        ("0150", "Emergency"),
        ("*97", "codes"),
        ("anna", "names"),
        (CALLER, ""),
        ("1999", "Emergency"),
        ("2001", ""),
    ],
)
def test_what_cannot_be_blocked_says_why_and_is_not_DIR_5(desk: Desk, number: str, why: str) -> None:
    assert why in desk.blocking.why_not(number)
    assert bool(desk.blocking.why_not(number)) == bool(why)
    desk.do(lambda: desk.blocking.block(number))
    assert [rule["pattern"] for rule in desk.server.rules] == ([] if why else [number])
