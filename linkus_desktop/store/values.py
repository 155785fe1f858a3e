"""What a setting may hold: how it is written as JSON, and what is refused."""

import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")

Pairs = tuple[tuple[str, str], ...]
"""A small table of two columns, in order."""
Table = tuple[tuple[str, ...], ...]
"""A small table, in order."""


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A type of setting.

    Attributes:
        check: returns the value if it is allowed, else raises `ValueError` saying what is.
        encode, decode: to and from what `json` can write.
    """

    check: Callable[[Any], T]
    encode: Callable[[T], Any] = lambda value: value
    decode: Callable[[Any], Any] = lambda value: value


def one_of(*allowed: str) -> Kind[str]:
    """One of these words."""

    def check(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"{value!r} is not one of {', '.join(allowed)}")
        return str(value)

    return Kind(check)


def flag() -> Kind[bool]:
    """On or off."""

    def check(value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"{value!r} is not true or false")  # noqa: TRY004  one error for every bad value
        return value

    return Kind(check)


def text(longest: int = 255) -> Kind[str]:
    """A text without control characters."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or len(value) > longest or not value.isprintable():
            raise ValueError(f"{value!r} is not a text of at most {longest} characters")
        return value

    return Kind(check)


def table(columns: int, longest: int = 255, most: int = 50) -> Kind[Table]:
    """A small table: at most `most` rows of so many texts."""
    part = text(longest)

    def check(value: Any) -> Table:
        if not isinstance(value, list | tuple) or len(value) > most:
            raise ValueError(f"{value!r} is not a table of at most {most} rows")
        if not all(isinstance(row, list | tuple) and len(row) == columns for row in value):
            raise ValueError(f"{value!r} is not a table of {columns} columns")
        return tuple(tuple(part.check(cell) for cell in row) for row in value)

    return Kind(check)


def pairs(longest: int = 255, most: int = 50) -> Kind[Pairs]:
    """A small table of two columns."""
    return cast("Kind[Pairs]", table(2, longest, most))


def octets() -> Kind[bytes | None]:
    """Bytes that mean something to Qt or to the sound system, or nothing; written in hexadecimal."""

    def check(value: Any) -> bytes | None:
        if value is not None and not isinstance(value, bytes):
            raise ValueError(f"{value!r} is not bytes")
        return value

    def decode(value: Any) -> bytes | None:
        if value is None:
            return None
        try:
            return bytes.fromhex(value)
        except (TypeError, ValueError, binascii.Error) as error:
            raise ValueError(f"{value!r} is not hexadecimal") from error

    return Kind(check, lambda value: None if value is None else value.hex(), decode)
