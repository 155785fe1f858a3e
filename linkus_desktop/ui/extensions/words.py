"""What colleagues are doing, in words: lists, tooltips, screen readers and the clipboard say the same."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex

from linkus_desktop.pbx.colleagues import ColleagueRole
from linkus_desktop.ui.lamps import PRESENCE_WORDS, Lamp, lamp_of
from server.contract.extensions import ExtensionState
from server.contract.presence import PresenceStatus

PICK_UP = "Shift+Return"
"""The keys that take the call which rings at a colleague."""

NOT_SHOWN = "Not shown"
"""Of one who may not be monitored."""


def state_words(state: ExtensionState | None) -> str:
    """The lamp's word; while somebody talks their status matters too, so it follows."""
    lamp = lamp_of(state)
    if state is not None and not state.monitored:
        return NOT_SHOWN
    if state is None or lamp in {Lamp.UNKNOWN, Lamp.IDLE}:
        return lamp.word
    status = PRESENCE_WORDS[state.presence.status]
    if state.presence.status is PresenceStatus.AVAILABLE or status == lamp.word:
        return lamp.word
    return f"{lamp.word} · {status}"


def described(name: str, number: str, state: ExtensionState | None) -> str:
    """A colleague in one line, for tooltips, screen readers and the clipboard."""
    return f"{name}, {number}: {state_words(state)}{note_words(state)}"


def spoken(index: QModelIndex | QPersistentModelIndex) -> str:
    """What a screen reader says of a colleague's row: the state in words, as the lamp is seen."""
    name, number = index.data(ColleagueRole.NAME) or "", index.data(ColleagueRole.NUMBER) or ""
    return described(name, number, index.data(ColleagueRole.STATE))


def note_words(state: ExtensionState | None) -> str:
    """The note of a status, to be set behind its word; empty without one, or while nothing is known."""
    if state is None or lamp_of(state) is Lamp.UNKNOWN or not state.presence.note:
        return ""
    return f" – {state.presence.note}"
