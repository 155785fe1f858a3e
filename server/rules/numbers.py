"""Dialled numbers: from what a phone sent to what is looked up, and to what may be logged."""

import re

MAX_DIALLED = 32
"""Digits in the longest number that is looked up: E.164 has 15, a prefix and a feature code come before."""

MAX_KEPT = 64
"""Characters of a dialled text that are kept in logs and in the database."""

_SEPARATORS = re.compile(r"[\s()./-]+")
_DIALLABLE = re.compile(rf"\+?[0-9*#]{{1,{MAX_DIALLED}}}", re.ASCII)


def canonical(dialled: str) -> str | None:
    """The number to look up for `dialled`, without separators; None for what cannot be a number.

    Separators that people write (`+420 530-335 533`) are dropped. Letters, control characters, digits of
    other scripts, and texts that are too long cannot be a number.
    """
    if len(dialled) > MAX_KEPT:
        return None
    number = _SEPARATORS.sub("", dialled)
    return number if _DIALLABLE.fullmatch(number) else None


def printable(dialled: str) -> str:
    """`dialled` as it may stand in a log, a database and a window: bounded and without control characters.

    Whatever is not printable (also line ends, NUL, direction marks and lone surrogates) becomes `?`.
    """
    kept = "".join(char if char.isprintable() else "?" for char in dialled[:MAX_KEPT])
    return kept + "…" if len(dialled) > MAX_KEPT else kept
