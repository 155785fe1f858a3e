"""What a call is doing, in words and as a lamp: card, conference and screen reader say the same."""

from datetime import datetime
from typing import TYPE_CHECKING

from linkus_desktop.sip.values import CallState, TransferState
from linkus_desktop.ui.lamps import Lamp
from linkus_desktop.ui.texts import duration

if TYPE_CHECKING:
    from linkus_desktop.calls.telephone import Call
    from linkus_desktop.ui.callers import Callers


def state_words(call: "Call", callers: "Callers | None" = None) -> str:
    """What the call is doing, in words; `callers` gives names to numbers."""
    if call.said:
        return said_words(call, callers)
    return _end_words(call, callers) if call.state is CallState.ENDED else _state_words(call, callers)


def _state_words(call: "Call", callers: "Callers | None") -> str:
    progress = call.transfer_progress
    if progress.state is TransferState.ASKED:
        return f"Transferring to {_named(progress.to, callers)}…"
    if progress.state is TransferState.RINGING:
        return f"Transferring: {_named(progress.to, callers)} rings"
    first = call.consultation_for
    if first is not None:
        who = (callers.name(first) if callers else first.name) or first.number or "the caller"
        if first.transfer_progress.under_way:
            return f"Connecting with {who}…"
        if call.state is CallState.ACTIVE:
            return f"Asking about {who}" + (", muted" if call.muted else "")
    for_whom = for_whom_words(call, callers)
    return " ".join(filter(None, (_call_words(call), for_whom)))


def said_words(call: "Call", callers: "Callers | None" = None) -> str:
    """`Call.said`; while it rings, whom the caller wants stands before it (BOSS-1)."""
    for_whom = for_whom_words(call, callers) if call.state is CallState.INCOMING else ""
    return f"{for_whom[0].upper()}{for_whom[1:]}. {call.said}" if for_whom and call.said else call.said


def for_whom_words(call: "Call", callers: "Callers | None" = None) -> str:
    """ "for Bob Boss", if the caller wants somebody else than the user; else empty (BOSS-1)."""
    wanted = call.called_for
    if wanted is None:
        return ""
    return f"for {(callers.name_of(wanted.number) if callers else '') or wanted.name or wanted.number}"


def wait_words(call: "Call", now: datetime) -> str:
    """ "waits 0:00:42", and "waited 0:00:42" once it was answered; empty for a call of no queue (Q-4)."""
    if call.waiting_since is None or call.state is CallState.ENDED or not call.known:
        return ""
    ended = call.answered_at
    seconds = ((ended or now) - call.waiting_since).total_seconds()
    return f"{'waited' if ended else 'waits'} {duration(seconds)}"


def failure_words(call: "Call", callers: "Callers | None" = None) -> str:
    """Why a transfer failed, and how the call stands now; empty if none did."""
    progress = call.transfer_progress
    if progress.state is not TransferState.FAILED or call.state is CallState.ENDED:
        return ""
    now = "You are back in the call." if call.state is CallState.ACTIVE else "The call is still on hold."
    return f"Not transferred to {_named(progress.to, callers)}: {progress.text}. {now}"


def lamp_of_call(call: "Call") -> Lamp:
    """The lamp of a call's state; one that is not known is never shown as if it were (KEY-5)."""
    if not call.known:
        return Lamp.UNKNOWN
    match call.state:
        case CallState.DIALLING | CallState.RINGING_OUT | CallState.INCOMING:
            return Lamp.RINGING
        case CallState.HELD:
            return Lamp.HELD
        case CallState.ACTIVE:
            return Lamp.HELD if call.remote_held else Lamp.TALKING
        case _:
            return Lamp.UNREGISTERED


def _call_words(call: "Call") -> str:
    match call.state:
        case CallState.DIALLING:
            return "Picking up…" if call.picks_up else "Calling…"
        case CallState.RINGING_OUT:
            return "Picking up…" if call.picks_up else "Ringing"
        case CallState.INCOMING:
            return "Ignored here" if call.ignored else "Incoming call"
        case CallState.HELD:
            return "On hold"
        case _:
            return _talk_words(call)


def _talk_words(call: "Call") -> str:
    if call.remote_held:
        return "You are on hold"
    if call.muted:
        return "In a call, muted"
    return "Auto-answered" if call.answered_by_itself else "In a call"


def _end_words(call: "Call", callers: "Callers | None") -> str:
    if call.end is None:
        return "Call ended"
    if call.end.transferred and call.transfer_progress.to:
        return f"Transferred to {_named(call.transfer_progress.to, callers)}"
    return call.end.text or "Call ended"


def _named(number: str, callers: "Callers | None") -> str:
    return (callers.name_of(number) if callers else "") or number
