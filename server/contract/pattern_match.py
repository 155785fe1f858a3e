"""What patterns of numbers mean: server and client have to agree (DIR-5)."""

from collections.abc import Iterator
from functools import lru_cache

from server.contract.patterns import check_pattern

_CLASSES = {"X": "0123456789", "Z": "123456789", "N": "23456789"}


def matches(pattern: str, number: str) -> bool:
    """Whether the whole of `number`, canonical (without separators), matches.

    Letters of patterns count in either case. A text that is no pattern matches nothing.
    """
    try:
        allowed, rest = _parse(pattern)
    except ValueError:
        return False
    if len(number) < len(allowed) + (rest == ".") or (not rest and len(number) > len(allowed)):
        return False
    return all(char in chars for chars, char in zip(allowed, number, strict=False))


@lru_cache(maxsize=4096)
def _parse(pattern: str) -> tuple[tuple[str, ...], str]:
    """What each character may be, and what may follow them: "", "." or "!"."""
    check_pattern(pattern)
    rest = pattern[-1] if pattern[-1] in ".!" else ""
    chars = iter(pattern.removesuffix(rest).upper())
    return tuple(_set(chars) if char == "[" else _CLASSES.get(char, char) for char in chars), rest


def _set(chars: Iterator[str]) -> str:
    """The digits of a set, whose opening bracket was read."""
    inner = "".join(iter(lambda: next(chars), "]"))
    digits = ""
    for index, char in enumerate(inner):
        if char == "-":
            digits += "".join(map(str, range(int(inner[index - 1]), int(inner[index + 1]) + 1)))
        else:
            digits += char
    return digits
