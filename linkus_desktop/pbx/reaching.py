"""How the own extension is reached, as it is being edited (PRES-2, DIR-5): a draft that loses nothing."""

import contextlib
from collections.abc import Callable, Coroutine
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import ValidationError
from PySide6.QtCore import QObject, Signal

from linkus_desktop.pbx.errors import ApiError, PbxError
from linkus_desktop.pbx.tasks import spawn
from server.contract.reaching import ReachingSettings

if TYPE_CHECKING:
    from linkus_desktop.pbx.api import Api

Path = tuple[str | int, ...]
"""Where a setting stands in `ReachingSettings`, as pydantic tells it: `("statuses", "away", "note")`."""


Rules = list[dict[str, Any]]
"""Rules by caller ID as `ReachingSettings.caller_rules` writes them."""

_RULES: Path = ("caller_rules",)
BUSY = "Your settings are being read or saved just now. Try again."


class Runner(Protocol):
    """Runs a request and calls back on the loop: `tasks.spawn`, or at once in a test."""

    def __call__(
        self,
        coro: Coroutine[Any, Any, ReachingSettings],
        *,
        on_done: Callable[[ReachingSettings], None],
        on_error: Callable[[Exception], None],
    ) -> object:
        """Exactly one of the two is called."""


class ReachingDraft(QObject):
    """What the server has, and what of it was changed here; checked with every change, by the contract.

    Attributes:
        known: the server has told its settings.
        busy: a request is on its way.
        dirty: something was changed and is not saved.
        problems: what is wrong, by path; from the contract, or from the server's last refusal.

    Signals:
        loaded(): the settings are there, or are again those of the server.
        changed(): a value, a problem or one of the attributes.
        saved()
        failed(str): a request did not work; the text is for people. The draft is as it was.
    """

    loaded = Signal()
    changed = Signal()
    saved = Signal()
    failed = Signal(str)

    def __init__(self, api: "Api", parent: QObject | None = None, *, run: Runner = spawn) -> None:
        super().__init__(parent)
        self._api = api
        self._run = run
        self._kept: dict[str, Any] = {}
        self._draft: dict[str, Any] = {}
        self._sent: dict[str, Any] = {}
        self.known = self.busy = False
        self.problems: dict[Path, str] = {}

    @property
    def dirty(self) -> bool:
        """Something was changed and is not saved."""
        return self._draft != self._kept

    def value(self, path: Path) -> Any:
        """What the draft has there; None where there is nothing."""
        found: Any = self._draft
        for part in path:
            try:
                found = found[part]
            except (KeyError, IndexError):
                return None
        return found

    def put(self, path: Path, value: Any) -> None:
        """Change a setting, and check everything anew."""
        holder = self.value(path[:-1])
        if holder is None or self.value(path) == value:
            return
        holder[path[-1]] = value
        self._check()
        self.changed.emit()

    def problem(self, path: Path) -> str:
        """What is wrong with this setting or a part of it, "" if nothing."""
        return next((text for at, text in self.problems.items() if at[: len(path)] == path), "")

    def load(self) -> None:
        """Ask the server; a draft that was changed stays."""
        if self.busy or self.dirty:
            return
        self._set_busy(True)
        self._run(self._api.reaching(), on_done=self._on_loaded, on_error=self._on_error)

    def discard(self) -> None:
        """Back to what the server has."""
        self._draft = deepcopy(self._kept)
        self.problems = {}
        self.loaded.emit()
        self.changed.emit()

    def save(self) -> bool:
        """Send the draft; False, and nothing is sent, while something is wrong with it."""
        settings = self._check()
        if settings is None or self.busy:
            self.changed.emit()
            return False
        self._sent = deepcopy(self._draft)
        self._set_busy(True)
        self._run(self._api.set_reaching(settings), on_done=self._on_saved, on_error=self._on_error)
        return True

    @property
    def kept_rules(self) -> Rules:
        """The rules by caller ID that the server has; none until it has told."""
        return list(self._kept.get("caller_rules", []))

    def change_rules(
        self,
        change: Callable[[Rules], Rules],
        *,
        on_done: Callable[[Rules, Rules], object],
        on_error: Callable[[str], object],
    ) -> None:
        """Change the rules of the server at once. What is being edited stays, and is changed so, too.

        `change` gets the rules as the server has them now, and may raise a `PbxError`: then nothing happens.
        Exactly one of the two is called: with the rules before and after, or with what went wrong.
        """
        if self.busy:
            on_error(BUSY)
            return
        before: Rules = []

        async def exchange() -> ReachingSettings:
            now = (await self._api.reaching()).model_dump(mode="json")
            before.extend(now["caller_rules"])
            return await self._api.set_reaching(
                ReachingSettings.model_validate(now | {"caller_rules": change(now["caller_rules"])})
            )

        def done(settings: ReachingSettings) -> None:
            self._take_rules(settings, change)
            on_done(before, self.kept_rules)

        def failed(error: Exception) -> None:
            self._set_busy(False)
            on_error(str(error))

        self._set_busy(True)
        self._run(exchange(), on_done=done, on_error=failed)

    def _take_rules(self, settings: ReachingSettings, change: Callable[[Rules], Rules]) -> None:
        """The server has changed its rules: so are those of the draft, if it was changed otherwise."""
        edited = self.dirty
        mine, old = self.value(_RULES), self.kept_rules
        self._kept = settings.model_dump(mode="json")
        self.known, self.busy = True, False
        if not edited:
            self.discard()
            return
        if mine == old:
            self._draft["caller_rules"] = self.kept_rules
        else:
            with contextlib.suppress(PbxError):  # there is no room in what is being edited
                self._draft["caller_rules"] = change(list(mine))
        self._check()
        self.loaded.emit()
        self.changed.emit()

    def _check(self) -> ReachingSettings | None:
        self.problems = {}
        try:
            return ReachingSettings.model_validate(self._draft)
        except ValidationError as error:
            for problem in error.errors(include_url=False, include_input=False):
                self.problems[problem["loc"]] = _sentence(str(problem["msg"]))
            return None

    def _on_loaded(self, settings: ReachingSettings) -> None:
        edited = self.dirty  # since it was asked for: that stays
        self._kept = settings.model_dump(mode="json")
        self.known, self.busy = True, False
        if edited:
            self.changed.emit()
        else:
            self.discard()

    def _on_saved(self, settings: ReachingSettings) -> None:
        self._kept = settings.model_dump(mode="json")
        self.busy = False
        if self._draft == self._sent:
            self.discard()
        else:
            self.changed.emit()  # it was edited on meanwhile
        self.saved.emit()

    def _on_error(self, error: Exception) -> None:
        self.busy = False
        if isinstance(error, ApiError):
            for field in error.body.fields:
                path = tuple(int(part) if part.isdigit() else part for part in field.field.split("."))
                self.problems[path] = _sentence(field.problem)
        self.changed.emit()
        self.failed.emit(str(error))

    def _set_busy(self, busy: bool) -> None:
        self.busy = busy
        self.changed.emit()


def _sentence(problem: str) -> str:
    """A problem of the contract as it stands below a field."""
    text = problem.removeprefix("Value error, ")
    return f"{text[:1].upper()}{text[1:]}."
