"""Why to pause, for oneself and for others (Q-10, Q-6)."""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from PySide6.QtWidgets import QMenu, QWidget

from linkus_desktop.ui.texts import on_button


class Reasons(Protocol):
    """Who knows the reasons: `OwnQueues` and `QueueBoards`, which say more."""

    reasons: list[str] | None
    reasons_problem: str
    reasons_changed: Any

    def load_reasons(self) -> None:
        """Ask which reasons there are; the last ones stay until the answer is there."""


class PauseMenu(QMenu):
    """The reasons are asked for when it is opened. `pause` is given the one that is chosen; "": none."""

    def __init__(self, source: Reasons, pause: Callable[[str], object], parent: QWidget) -> None:
        super().__init__("Pause", parent)
        self._source, self._pause = source, pause
        self._shown: tuple[list[str] | None, str] | None = None
        self.aboutToShow.connect(self.fill)
        source.reasons_changed.connect(self._on_reasons)

    def fill(self) -> None:
        """What can be chosen now; asked anew, as the administrator may have changed it."""
        self._fill()
        self._source.load_reasons()
        self._fill()  # the answer may be there already

    def _fill(self) -> None:
        """Nothing is touched if it says so already: something may be chosen right now."""
        source = self._source
        shown = source.reasons, source.reasons_problem
        if shown == self._shown:
            return
        self._shown = shown
        self.clear()
        self.addAction("Without a reason", partial(self._pause, ""))
        self.addSeparator()
        for reason in source.reasons or ():
            self.addAction(on_button(reason), partial(self._pause, reason))
        if source.reasons_problem:
            self._say(f"The reasons could not be loaded. {source.reasons_problem}")
        elif source.reasons is None:
            self._say("Loading the reasons…")

    def _say(self, text: str) -> None:
        self.addAction(on_button(text)).setEnabled(False)

    def _on_reasons(self) -> None:
        if self.isVisible():
            self._fill()
