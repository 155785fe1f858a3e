"""Emergency calls: which numbers they go to, and what the caller has to know (SIP-12); no I/O."""

from collections.abc import Iterable

EVERYWHERE = frozenset({"112", "911", "999"})
"""Emergency numbers even where the administrator has entered none."""
_PREFIX = 3
"""Characters that may stand before an emergency number to reach a line outside."""

NOT_LOCATED = "Emergency call. This phone cannot be located: say where you are first."
DESK_NOT_LOCATED = "Emergency call. Where your desk phone stands may not be known: say where you are first."
CALL_BACK = "You have called for help: this is probably the emergency service calling back."
EXPLAINED = (
    "Emergency services cannot see where a call from this program comes from. "
    "Whenever you call them, say where you are first."
)
ASK = "This is an emergency number. To call it, press Return or Call."


def is_emergency(number: str, known: Iterable[str], *, colleague: bool = False) -> bool:
    """Whether a number leads to an emergency service, or may: with a prefix, too.

    It is better to say so once too often, so any short prefix counts; but not for a number that is a
    colleague's, as for the server.

    Args:
        number: as it is dialled.
        known: what the administrator has entered (`Me.emergency_numbers`).
        colleague: whether it is the number of an extension.
    """
    numbers = {*known, *EVERYWHERE}
    if number in numbers:
        return True
    return not colleague and any(
        number.endswith(emergency) and len(number) - len(emergency) <= _PREFIX for emergency in numbers
    )
