"""Which mails one gets (LOG-3): each change is sent at once, and taken back where that does not work."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Signal

from linkus_desktop.pbx.tasks import spawn
from server.contract.mail import MailPreferences

if TYPE_CHECKING:
    from linkus_desktop.pbx.api import Api


class Runner(Protocol):
    """Runs a request and calls back on the loop: `tasks.spawn`, or at once in a test."""

    def __call__(
        self,
        coro: Coroutine[Any, Any, MailPreferences],
        *,
        on_done: Callable[[MailPreferences], None],
        on_error: Callable[[Exception], None],
    ) -> object:
        """Exactly one of the two is called."""


class OwnMail(QObject):
    """What the server has, and what was chosen here since.

    Attributes:
        preferences: as chosen; None until the server has told.

    Signals:
        changed(): `preferences`.
        failed(str): a request did not work; the text is for people. `preferences` are those of the server.
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(self, api: "Api", parent: QObject | None = None, *, run: Runner = spawn) -> None:
        super().__init__(parent)
        self.preferences: MailPreferences | None = None
        self._api = api
        self._run = run
        self._kept: MailPreferences | None = None
        self._sent: MailPreferences | None = None
        self._loading = False

    def load(self) -> None:
        """Ask the server, unless something is being sent to it."""
        if not self._loading and self._sent is None:
            self._loading = True
            self._run(self._api.mail_preferences(), on_done=self._on_loaded, on_error=self._on_error)

    def put(self, name: str, *, on: bool) -> None:
        """Choose whether to get the mails of this name (a field of `MailPreferences`)."""
        if self.preferences is None or getattr(self.preferences, name) is on:
            return
        self.preferences = self.preferences.model_copy(update={name: on})
        self.changed.emit()
        self._send()

    def _send(self) -> None:
        """One request at a time; what is chosen meanwhile is sent afterwards."""
        if self._sent is None and self.preferences is not None and self.preferences != self._kept:
            self._sent = self.preferences
            self._run(
                self._api.set_mail_preferences(self._sent), on_done=self._on_saved, on_error=self._on_error
            )

    def _on_loaded(self, preferences: MailPreferences) -> None:
        self._loading = False
        if self._sent is None:
            self._kept = self.preferences = preferences
            self.changed.emit()

    def _on_saved(self, preferences: MailPreferences) -> None:
        sent, self._sent, self._kept = self._sent, None, preferences
        if self.preferences == sent:
            self.preferences = preferences
            self.changed.emit()
        else:
            self._send()

    def _on_error(self, error: Exception) -> None:
        self._loading, self._sent = False, None
        self.preferences = self._kept
        self.changed.emit()
        self.failed.emit(str(error))
