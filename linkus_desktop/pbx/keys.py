"""The own function keys, and changing them (KEY-1)."""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from linkus_desktop.pbx.errors import is_lasting
from linkus_desktop.pbx.live import LiveTopic
from linkus_desktop.pbx.tasks import spawn
from server.contract.keys import CHANGE_KEYS, MAX_KEYS, FunctionKey, FunctionKeys, FunctionKeysChange

KEY = "keys"
"""Of the one item of the topic."""


class KeysApi(Protocol):
    """What is asked of the server; see `Api`."""

    async def set_keys(self, change: FunctionKeysChange) -> FunctionKeys:
        """Replace the own keys."""

    async def check_key(self, key: FunctionKey) -> None:
        """Whether a key could do something."""


class OwnKeys(QObject):
    """The keys as they are shown: a change shows at once, is saved behind, and taken back if that fails.

    Changes that follow each other while one is being saved are saved together.

    Attributes:
        known: the keys are those that the server has now.
        may_change: the user may change them.
        saving: a change is on its way.

    Signals:
        changed(): other keys, or another order.
        state_changed(): `known`, `may_change` or `saving`.
        failed(str, bool): a change was taken back, and why; whether trying again makes sense.
    """

    changed = Signal()
    state_changed = Signal()
    failed = Signal(str, bool)

    def __init__(
        self,
        topic: LiveTopic[FunctionKeys],
        api: KeysApi,
        parent: QObject | None = None,
        *,
        run: Callable[..., object] = spawn,
    ) -> None:
        super().__init__(parent)
        self._topic = topic
        self._api = api
        self._run = run
        self._told = topic.get(KEY) or FunctionKeys()
        self._wanted: list[FunctionKey] | None = None
        self._base = 0
        self._sent: list[FunctionKey] | None = None
        self._refused: list[FunctionKey] | None = None
        self.may_change = False
        topic.reset.connect(self._on_told)
        topic.changed.connect(self._on_told)
        topic.became_unknown.connect(self.state_changed)

    @property
    def known(self) -> bool:
        """Whether the server has told them, and the connection has not been lost since."""
        return self._topic.known

    @property
    def ever_known(self) -> bool:
        """Whether the server has told them at all."""
        return self._topic.known or len(self._topic) > 0

    @property
    def saving(self) -> bool:
        """Whether a change is on its way."""
        return self._sent is not None

    @property
    def keys(self) -> Sequence[FunctionKey]:
        """The keys in their order."""
        return self._told.keys if self._wanted is None else self._wanted

    @property
    def full(self) -> bool:
        """Whether there is no room for another one."""
        return len(self.keys) >= MAX_KEYS

    def set_permissions(self, permissions: Iterable[str]) -> None:
        """What the user may do, as in `Me.permissions`."""
        may = CHANGE_KEYS in permissions or "administration" in permissions
        if may != self.may_change:
            self.may_change = may
            self.state_changed.emit()

    def add(self, key: FunctionKey) -> None:
        """One more, at the end."""
        self.set([*self.keys, key])

    def row_of(self, key: FunctionKey) -> int | None:
        """Where this key is by now; told anew it is an equal one. None: it is gone."""
        there = list(enumerate(self.keys))
        same = [row for row, one in there if one is key]
        equal = [row for row, one in there if one == key]
        return next(iter((*same, *equal)), None)

    def replace(self, row: int, key: FunctionKey) -> None:
        """Another key in the place of this one."""
        self.set([*self.keys[:row], key, *self.keys[row + 1 :]])

    def move(self, row: int, to: int) -> int:
        """Put a key before what is at `to` now (the number of keys: at the end); where it is then."""
        if not 0 <= row < len(self.keys) or to in {row, row + 1}:
            return row
        kept = list(self.keys)
        key = kept.pop(row)
        place = to - 1 if to > row else to
        kept.insert(place, key)
        self.set(kept)
        return place

    def hide(self, row: int) -> FunctionKey:
        """Show a key no more; `save` makes it so, `restore` brings it back."""
        kept = list(self.keys)
        gone = kept.pop(row)
        self._want(kept)
        return gone

    def restore(self, row: int, key: FunctionKey) -> None:
        """A key that was hidden is there again."""
        kept = list(self.keys)
        kept.insert(min(row, len(kept)), key)
        self._want(kept)
        if self._sent is None and kept == self._told.keys:
            self._wanted = None

    def set(self, keys: Sequence[FunctionKey]) -> None:
        """These keys from now on."""
        self._want(list(keys))
        self.save()

    def save(self) -> None:
        """Send what is shown, unless the server has it, or something is on its way."""
        if self._wanted is None or self._sent is not None:
            return
        if self._wanted == self._told.keys:
            self._wanted = None
            return
        self._sent = self._wanted
        change = FunctionKeysChange(keys=self._sent, revision=self._base)
        self.state_changed.emit()
        self._run(self._api.set_keys(change), on_done=self._on_saved, on_error=self._on_refused)

    def try_again(self) -> None:
        """Make the change that failed once more."""
        if self._refused is not None:
            self.set(self._refused)

    def check(self, key: FunctionKey) -> Coroutine[Any, Any, None]:
        """Ask whether the key could do something; raises `PbxError` with the reason."""
        return self._api.check_key(key)

    def _want(self, keys: list[FunctionKey]) -> None:
        if self._wanted is None:
            self._base = self._told.revision
        self._wanted = keys
        self._refused = None
        self.changed.emit()

    def _on_saved(self, stored: FunctionKeys) -> None:
        sent, self._sent = self._sent, None
        if stored.revision >= self._told.revision:
            self._told = stored
        self._base = stored.revision
        if self._wanted is sent:
            self._wanted = None
            self.changed.emit()
        else:
            self.save()
        self.state_changed.emit()

    def _on_refused(self, error: Exception) -> None:
        self._refused, self._sent, self._wanted = self._wanted, None, None
        self.changed.emit()
        self.state_changed.emit()
        self.failed.emit(str(error), not is_lasting(error))

    def _on_told(self, *_: object) -> None:
        told = self._topic.get(KEY)
        if told is not None and told.revision >= self._told.revision:
            self._told = told
            if self._wanted is None:
                self.changed.emit()
        elif told is not None and self._sent is None and self._wanted is None:
            self._told = told  # the server was set back
            self.changed.emit()
        self.state_changed.emit()
