"""Opens addresses and starts programs, few at a time and not for long (SIP-10)."""

import shutil
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from linkus_desktop.calls.popup import Facts, Opens, PopUp, PopUpError, address, command

MOST_AT_ONCE = 4
"""Programs that run at a time."""
RUN_MS = 30_000
"""A program that takes longer is stopped."""
MOST_ADDRESSES, WITHIN_S = 8, 10.0
"""So many addresses are opened in so many seconds: a storm of calls must not bury the desktop in tabs."""
_KEPT = 500
"""Bytes of what a program complains of that are kept."""


def open_address(text: str) -> bool:
    """Open it in the browser, or in the program of its scheme; whether the system knows how."""
    return QDesktopServices.openUrl(QUrl(text, QUrl.ParsingMode.StrictMode))


class Run(QProcess):
    """A program that was started, without a shell.

    Signals: over(object Run, str): it is over; the text says what went wrong, "" if nothing did.
    """

    over = Signal(object, str)

    def __init__(self, words: list[str], run_ms: int, parent: QObject) -> None:
        super().__init__(parent)
        self.name = Path(words[0]).name
        self._complaint = b""
        self._late = self._told = False
        self._limit_s = run_ms / 1000
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(run_ms)
        self._timer.timeout.connect(self._on_late)
        self.setProgram(words[0])
        self.setArguments(words[1:])
        self.setStandardInputFile(QProcess.nullDevice())
        self.setStandardOutputFile(QProcess.nullDevice())
        self.readyReadStandardError.connect(self._on_complaint)
        self.errorOccurred.connect(self._on_error)
        self.finished.connect(self._on_finished)

    def begin(self) -> None:
        """Start it; `over` follows."""
        self._timer.start()
        self.start()

    def stop(self) -> None:
        """End it at once, and tell nobody."""
        self._told = True
        self._timer.stop()
        self.kill()
        self.waitForFinished(1000)

    def _on_complaint(self) -> None:
        self._complaint = (self._complaint + bytes(self.readAllStandardError().data()))[-_KEPT:]

    def _on_late(self) -> None:
        self._late = True
        self.kill()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._tell(f"“{self.name}” could not be started: {self.errorString()}.")

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        if self._late:
            self._tell(f"“{self.name}” did not end within {self._limit_s:g} s and was stopped.")
        elif status is QProcess.ExitStatus.CrashExit:
            self._tell(f"“{self.name}” crashed.")
        elif code:
            self._on_complaint()
            lines = self._complaint.decode(errors="replace").strip().splitlines()
            why = f": {lines[-1][:200]}" if lines else ""
            self._tell(f"“{self.name}” ended with code {code}{why}")
        else:
            self._tell("")

    def _tell(self, problem: str) -> None:
        self._timer.stop()
        if not self._told:
            self._told = True
            self.over.emit(self, problem)


class PopUpRunner(QObject):
    """Opens pop-ups.

    Args:
        open_address: for tests.

    Signals: done(object token, str problem): what was asked for is over; "" if all went well.
    """

    done = Signal(object, str)

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        run_ms: int = RUN_MS,
        open_address: Callable[[str], bool] = open_address,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._run_ms = run_ms
        self._open_address = open_address
        self._clock = clock
        self._opened: deque[float] = deque(maxlen=MOST_ADDRESSES)
        self._runs: dict[Run, object] = {}

    @property
    def running(self) -> int:
        """How many programs run now."""
        return len(self._runs)

    def open(self, pop_up: PopUp, facts: Facts, token: object = None) -> None:
        """Open it for a call; `done` tells what came of it, with `token`."""
        try:
            if pop_up.opens is Opens.ADDRESS:
                self._visit(address(pop_up.template, facts))
                self.done.emit(token, "")
            else:
                self._start(command(pop_up.template, facts), token)
        except PopUpError as error:
            self.done.emit(token, str(error))

    def close(self) -> None:
        """Stop what runs."""
        for run in list(self._runs):
            run.stop()
            run.deleteLater()
        self._runs.clear()

    def _visit(self, text: str) -> None:
        now = self._clock()
        if len(self._opened) == MOST_ADDRESSES and now - self._opened[0] < WITHIN_S:
            raise PopUpError(f"{MOST_ADDRESSES} addresses were opened just now; this one was not.")
        self._opened.append(now)
        if not self._open_address(text):
            raise PopUpError("The system knows no program for this address.")

    def _start(self, words: list[str], token: object) -> None:
        if len(self._runs) >= MOST_AT_ONCE:
            raise PopUpError(f"{MOST_AT_ONCE} programs of pop-ups run already; this one was not started.")
        found = shutil.which(words[0])
        if found is None:
            raise PopUpError(f"There is no program “{words[0][:100]}”. Give its whole path.")
        run = Run([found, *words[1:]], self._run_ms, self)
        self._runs[run] = token
        run.over.connect(self._on_over)
        run.begin()

    def _on_over(self, run: Run, problem: str) -> None:
        token = self._runs.pop(run, None)
        run.deleteLater()
        self.done.emit(token, problem)
