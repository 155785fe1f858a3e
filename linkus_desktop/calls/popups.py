"""Opens the user's pop-ups as calls ring, are answered and end (SIP-10)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from linkus_desktop.calls.popup import Facts, PopUp, When
from linkus_desktop.calls.popup_runner import PopUpRunner
from linkus_desktop.sip.values import CallState

if TYPE_CHECKING:
    from linkus_desktop.calls.telephone import Call, Telephone
    from linkus_desktop.store.settings import Settings

_RINGS = frozenset({CallState.INCOMING, CallState.RINGING_OUT})


class _Watched(QObject):
    """A call, and what of it has been told: each once.

    Signals: happened(object Call, object When).
    """

    happened = Signal(object, object)

    def __init__(self, call: "Call", parent: QObject) -> None:
        super().__init__(parent)
        self._call = call
        self._told: set[When] = set()
        call.changed.connect(self.look)
        call.ended.connect(self._on_ended)

    def look(self) -> None:
        """Tell what is new."""
        if self._call.state in _RINGS and not self._call.picks_up:
            self._tell(When.RINGING)
        elif self._call.answered_at is not None and self._call.end is None:
            self._tell(When.ANSWERED)

    def _on_ended(self, _end: object) -> None:
        self._tell(When.ENDED)
        self.deleteLater()

    def _tell(self, when: When) -> None:
        if when not in self._told:
            self._told.add(when)
            self.happened.emit(self._call, when)


class PopUps(QObject):
    """Follows the phone.

    Args:
        name_of: what the caller is called.

    Signals: problem(str): a pop-up could not be opened; not told again while it is the same.
    """

    problem = Signal(str)

    def __init__(
        self,
        phone: "Telephone",
        settings: "Settings",
        name_of: "Callable[[Call], str]",
        parent: QObject | None = None,
        *,
        runner: PopUpRunner | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._name_of = name_of
        self._last_problem = ""
        self.runner = runner or PopUpRunner(self)
        self.runner.done.connect(self._on_done)
        phone.call_added.connect(self._on_added)

    def close(self) -> None:
        """Stop the programs that run."""
        self.runner.close()

    def _on_added(self, call: "Call") -> None:
        watched = _Watched(call, self)
        watched.happened.connect(self._on_happened)
        watched.look()

    def _on_happened(self, call: "Call", when: When) -> None:
        facts = Facts(call.number, self._name_of(call), call.incoming)
        for row in self._settings.pop_ups:
            pop_up = PopUp.from_row(row)
            if pop_up is not None and pop_up.concerns(when, facts):
                self.runner.open(pop_up, facts, self)

    def _on_done(self, token: object, problem: str) -> None:
        if token is not self:
            return  # a test, told where it was made
        if problem and problem != self._last_problem:
            self.problem.emit(f"A pop-up was not opened. {problem}")
        self._last_problem = problem
