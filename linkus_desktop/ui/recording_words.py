"""How a call is recorded, and what can be done about that, in words."""

from dataclasses import dataclass

from server.contract.recording import CallRecording, RecordingAction, RecordingRefusal, RecordingState

LIGHT = {
    RecordingState.RECORDING: "Recording",
    RecordingState.PAUSED: "Recording paused",
    RecordingState.DISK_FULL: "No room to record",
    RecordingState.INTERRUPTED: "Recording interrupted",
}
"""What the light says; it is dark in all other states."""

SHORT = {
    RecordingState.RECORDING: "REC",
    RecordingState.PAUSED: "Paused",
    RecordingState.DISK_FULL: "No room",
    RecordingState.INTERRUPTED: "Cut off",
}
"""The same where there is hardly any room."""

REASONS = {
    RecordingRefusal.NOT_ALLOWED: "You may not record calls. Your administrator can allow it.",
    RecordingRefusal.BY_RULE: "A rule records this call, and you may not pause that.",
    RecordingRefusal.NOT_YOURS: "The other person records this call. Only they can pause that.",
    RecordingRefusal.OVER: "The recording of this call has ended.",
}
NOT_KNOWN = "The server does not say whether this call can be recorded."


@dataclass(frozen=True, slots=True)
class Offer:
    """What the button is: `action` None where it cannot be pressed, and then `tip` says why.

    `word` is short, since a card has many buttons; `name` is what a screen reader says.
    """

    word: str
    name: str
    icon: str
    tip: str
    action: RecordingAction | None
    busy: str = ""
    """The word while the server is asked."""


_OFFERS = {
    RecordingAction.START: Offer(
        "Record", "Record", "record", "Record this call", RecordingAction.START, "Starting…"
    ),
    RecordingAction.PAUSE: Offer(
        "Pause rec.", "Pause recording", "pause", "Pause the recording: what is said now is left out",
        RecordingAction.PAUSE, "Pausing…",
    ),
    RecordingAction.RESUME: Offer(
        "Resume rec.", "Resume recording", "record", "Resume the recording",
        RecordingAction.RESUME, "Resuming…",
    ),
}  # fmt: skip
_WOULD_BE = {RecordingState.RECORDING: RecordingAction.PAUSE, RecordingState.PAUSED: RecordingAction.RESUME}


def offer(recording: CallRecording | None) -> Offer:
    """What the record button offers; `recording` None: the server has not told."""
    if recording is None:
        return Offer("Record", "Record", "record", NOT_KNOWN, None)
    for action, found in _OFFERS.items():
        if action in recording.actions:
            return found
    would_be = _WOULD_BE.get(recording.state) if recording.state is not None else None
    shown = _OFFERS[would_be or RecordingAction.START]
    reason = REASONS.get(recording.refusal, NOT_KNOWN) if recording.refusal is not None else NOT_KNOWN
    return Offer(shown.word, shown.name, shown.icon, reason, None)


def light_words(recording: CallRecording | None, *, short: bool = False) -> str:
    """What the light says; empty while it is dark."""
    words = SHORT if short else LIGHT
    return words.get(recording.state, "") if recording is not None and recording.state is not None else ""
